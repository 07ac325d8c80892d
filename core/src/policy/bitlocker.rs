//! What must be true of BitLocker on a Windows device?
//!
//! [`BitLockerPolicy`] says it: who turns BitLocker on, how drives are encrypted and started, which recovery
//! options there are. It is [`BitLockerSettings`] that passed every rule: combinations that Windows rejects, that
//! never come true or that leave no recovery password do not exist as a policy. What is left out is not said to
//! Windows: its own default holds, or what another policy set.
//!
#![doc = include_str!("bitlocker/nodes.md")]

mod drives;
mod rules;
pub mod schema;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use drives::{
    Backup, BackupContent, FixedDrives, RecoveryMessage, RecoveryOptions, RemovableControl, RemovableDrives, Startup,
    SystemDrive, Usage,
};

use super::error::PolicyError;

/// What a policy asks of BitLocker, as a person writes it: any combination, not checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BitLockerSettings {
    /// Which directory these devices are joined to. Windows does some things on joined devices alone.
    #[serde(skip_serializing_if = "is_default")]
    pub join: Join,
    /// BitLocker is turned on; left out, another tool or the user turns it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<Enforcement>,
    /// How drives are encrypted (`EncryptionMethodByDriveType`); left out, Windows' default, XTS-AES 128.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Methods>,
    /// What is asked of the drive that Windows starts from.
    #[serde(skip_serializing_if = "is_default")]
    pub system_drive: SystemDrive,
    /// What is asked of other internal drives.
    #[serde(skip_serializing_if = "is_default")]
    pub fixed_drives: FixedDrives,
    /// What is asked of removable drives.
    #[serde(skip_serializing_if = "is_default")]
    pub removable_drives: RemovableDrives,
    /// Whose drives they are (`IdentificationField`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identification: Option<Identification>,
    /// Whether Windows itself replaces a recovery password that was used (`ConfigureRecoveryPasswordRotation`).
    /// Left out, nothing is said: Windows does on devices that are joined to Entra alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows_rotation: Option<WindowsRotation>,
}

/// Which directory a device is joined to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Join {
    /// None.
    #[default]
    None,
    /// An Active Directory domain.
    Domain,
    /// Entra.
    Entra,
    /// Both.
    Hybrid,
}

impl Join {
    /// Whether it is joined to Entra.
    pub fn entra(self) -> bool {
        matches!(self, Self::Entra | Self::Hybrid)
    }
}

/// How BitLocker is turned on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Enforcement {
    /// Who turns it on. Default: the agent, which has the recovery password in escrow first.
    #[serde(skip_serializing_if = "is_default")]
    pub by: EnforcedBy,
    /// How far in escrow the recovery password must be before the agent lets encryption begin.
    #[serde(skip_serializing_if = "is_default")]
    pub before_encryption: Before,
    /// Windows asks nobody (`AllowWarningForOtherDiskEncryption` is 0): on devices that are joined to Entra. With the
    /// encryption of another vendor on the disk, that may make Windows unusable.
    #[serde(skip_serializing_if = "is_false")]
    pub silent: bool,
    /// Windows does it for users who are not administrators too (`AllowStandardUserEncryption`); needs `silent`.
    #[serde(skip_serializing_if = "is_false")]
    pub standard_users: bool,
}

/// Who turns BitLocker on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EnforcedBy {
    /// An agent with the planner of this library; nothing about it is said to Windows.
    #[default]
    Agent,
    /// Windows (`RequireDeviceEncryption`).
    Windows,
}

/// How far in escrow the recovery password must be before encryption begins or goes on, and before protection of a
/// volume that is to be protected is turned on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Before {
    /// Sealed, and in the agent's spool: for devices that are encrypted while they cannot reach the server.
    Spooled,
    /// The server has it.
    #[default]
    Stored,
    /// The server showed that it works, at the level of the rules.
    Verified,
}

/// How much of a drive is encrypted at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EncryptionType {
    /// All of it: what was deleted earlier too.
    Full,
    /// What is in use; the rest when it is written.
    UsedSpaceOnly,
}

/// The encryption methods by drive. Windows takes all three or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Methods {
    /// Of the drive that Windows starts from. Default: XTS-AES 256.
    pub system: EncryptionMethod,
    /// Of other internal drives. Default: XTS-AES 256.
    pub fixed: EncryptionMethod,
    /// Of removable drives. Default: AES-CBC 256, which Windows before 10 1511 reads too.
    pub removable: EncryptionMethod,
}

impl Default for Methods {
    fn default() -> Self {
        Self {
            system: EncryptionMethod::XtsAes256,
            fixed: EncryptionMethod::XtsAes256,
            removable: EncryptionMethod::AesCbc256,
        }
    }
}

/// An encryption method that a policy may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EncryptionMethod {
    /// AES-CBC, 128 bits.
    #[serde(rename = "aes_cbc_128")]
    AesCbc128,
    /// AES-CBC, 256 bits.
    #[serde(rename = "aes_cbc_256")]
    AesCbc256,
    /// XTS-AES, 128 bits.
    #[serde(rename = "xts_aes_128")]
    XtsAes128,
    /// XTS-AES, 256 bits.
    #[serde(rename = "xts_aes_256")]
    XtsAes256,
}

impl EncryptionMethod {
    /// Microsoft's number, the same in the CSP and in WMI.
    pub fn number(self) -> u8 {
        match self {
            Self::AesCbc128 => 3,
            Self::AesCbc256 => 4,
            Self::XtsAes128 => 6,
            Self::XtsAes256 => 7,
        }
    }
}

/// The identification fields of drives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Identification {
    /// What new drives of the organization carry (`IdentificationField`): 1 to 260 characters.
    pub field: String,
    /// What drives that may be written to may carry (`SecIdentificationField`), separated by commas: at most 260
    /// characters. Left out: the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
}

/// Whether Windows itself replaces a recovery password that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WindowsRotation {
    /// Never.
    Off,
    /// On devices that are joined to Entra alone.
    Entra,
    /// On devices that are joined to a domain beside it too.
    EntraAndHybrid,
}

/// What an organization decided about BitLocker: settings that passed every rule.
///
/// Its serde form is that of [`BitLockerSettings`]; reading goes through [`BitLockerPolicy::new`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BitLockerSettings", into = "BitLockerSettings")]
pub struct BitLockerPolicy(BitLockerSettings);

impl BitLockerPolicy {
    /// Takes settings that break no rule.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with every broken rule: the field, what is wrong, and the page that says so.
    pub fn new(settings: BitLockerSettings) -> Result<Self, PolicyError> {
        rules::check(&settings)?;
        Ok(Self(settings))
    }

    /// The settings.
    pub fn settings(&self) -> &BitLockerSettings {
        &self.0
    }

    /// Whether BitLocker is turned on by this policy.
    pub fn enforces(&self) -> bool {
        self.0.enforcement.is_some()
    }

    /// Whether a PIN is asked for when Windows starts.
    pub fn requires_pin(&self) -> bool {
        self.0.system_drive.startup.is_some_and(|startup| startup.requires_pin())
    }
}

impl TryFrom<BitLockerSettings> for BitLockerPolicy {
    type Error = PolicyError;

    fn try_from(settings: BitLockerSettings) -> Result<Self, PolicyError> {
        Self::new(settings)
    }
}

impl From<BitLockerPolicy> for BitLockerSettings {
    fn from(policy: BitLockerPolicy) -> Self {
        policy.0
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}
