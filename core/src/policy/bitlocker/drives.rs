//! What is asked of each kind of drive?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{EncryptionType, is_default, is_false};

/// The drive that Windows starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SystemDrive {
    /// How much is encrypted at first (`SystemDrivesEncryptionType`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_type: Option<EncryptionType>,
    /// How Windows starts (`SystemDrivesRequireStartupAuthentication`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup: Option<Startup>,
    /// The fewest digits of a PIN, 4 to 20 (`SystemDrivesMinimumPINLength`). Windows' own default is 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_pin_length: Option<u8>,
    /// PINs may have letters and signs (`SystemDrivesEnhancedPIN`): not every firmware can type them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enhanced_pin: Option<bool>,
    /// Users who are not administrators may change the PIN (`SystemDrivesDisallowStandardUsersCanChangePIN` is the
    /// opposite).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_users_change_pin: Option<bool>,
    /// Devices with InstantGo or HSTI need no PIN although one is required
    /// (`SystemDrivesEnablePreBootPinExceptionOnDECapableDevice`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin_exception: Option<bool>,
    /// A PIN may be asked for on devices without a keyboard (`SystemDrivesEnablePrebootInputProtectorsOnSlates`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preboot_input_on_slates: Option<bool>,
    /// How the drive is recovered (`SystemDrivesRecoveryOptions`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryOptions>,
    /// What is read on the recovery screen (`SystemDrivesRecoveryMessage`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_message: Option<RecoveryMessage>,
}

/// Whether something is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Usage {
    /// It must not.
    Disallowed,
    /// It must.
    Required,
    /// It may.
    #[default]
    Allowed,
}

impl Usage {
    /// Microsoft's number.
    pub fn number(self) -> u8 {
        match self {
            Self::Disallowed => 0,
            Self::Required => 1,
            Self::Allowed => 2,
        }
    }
}

/// How Windows starts. With a TPM, at most one of the four is required; then the others must be disallowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Startup {
    /// By the TPM alone.
    pub tpm: Usage,
    /// By the TPM and a PIN.
    pub pin: Usage,
    /// By the TPM and a key on a USB drive.
    pub startup_key: Usage,
    /// By the TPM, a PIN and a key on a USB drive. Windows' own wizard cannot set it up.
    pub pin_and_startup_key: Usage,
    /// Without a TPM too, by a password or a key on a USB drive.
    #[serde(skip_serializing_if = "is_false")]
    pub without_tpm: bool,
}

impl Startup {
    /// Whether a PIN is asked for in any case.
    pub fn requires_pin(self) -> bool {
        [self.pin, self.pin_and_startup_key].contains(&Usage::Required)
    }
}

/// How a drive is recovered. Windows takes the whole group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RecoveryOptions {
    /// By a recovery password, 48 digits: what this library holds.
    #[serde(skip_serializing_if = "is_default")]
    pub password: Usage,
    /// By a recovery key, a file with 256 bits.
    #[serde(skip_serializing_if = "is_default")]
    pub key: Usage,
    /// By the certificate of a data recovery agent.
    #[serde(skip_serializing_if = "is_false")]
    pub data_recovery_agent: bool,
    /// Windows' wizard leaves out the page on which users store recovery information themselves.
    #[serde(skip_serializing_if = "is_false")]
    pub hide_page: bool,
    /// Recovery information is stored in Active Directory or Entra.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
}

/// What is stored in Active Directory or Entra.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Backup {
    /// What of it.
    #[serde(skip_serializing_if = "is_default")]
    pub content: BackupContent,
    /// BitLocker is not turned on until it is stored.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
}

/// Which recovery information is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BackupContent {
    /// Recovery passwords, and the key packages that help with damaged drives.
    PasswordsAndKeyPackages,
    /// Recovery passwords.
    #[default]
    Passwords,
}

impl BackupContent {
    /// Microsoft's number.
    pub fn number(self) -> u8 {
        match self {
            Self::PasswordsAndKeyPackages => 1,
            Self::Passwords => 2,
        }
    }
}

/// What is read on the recovery screen: a text, an address, or neither for Windows' own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RecoveryMessage {
    /// In place of Windows' own words: at most 900 characters, not every one of which the screen can show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// In place of the address in Windows' own words: at most 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Internal drives that Windows does not start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FixedDrives {
    /// Drives without BitLocker can only be read (`FixedDrivesRequireEncryption`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_encryption: Option<bool>,
    /// How much is encrypted at first (`FixedDrivesEncryptionType`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_type: Option<EncryptionType>,
    /// How a drive is recovered (`FixedDrivesRecoveryOptions`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryOptions>,
}

/// Removable drives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RemovableDrives {
    /// Drives without BitLocker can only be read (`RemovableDrivesRequireEncryption`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_encryption: Option<bool>,
    /// So can those of other organizations (`RDVCrossOrg`); needs `require_encryption` and the identification fields.
    #[serde(skip_serializing_if = "is_false")]
    pub deny_other_organizations: bool,
    /// What users may do with BitLocker on them (`RemovableDrivesConfigureBDE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<RemovableControl>,
    /// How much is encrypted at first (`RemovableDrivesEncryptionType`); needs `control.allow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_type: Option<EncryptionType>,
    /// Hardware IDs of drives that are never encrypted (`RemovableDrivesExcludedFromEncryption`).
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub excluded: BTreeSet<String>,
}

/// What users may do with BitLocker on removable drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RemovableControl {
    /// Turn it on (`RDVAllowBDE_Name`). Default: yes.
    pub allow: bool,
    /// Suspend it and decrypt (`RDVDisableBDE_Name`). Default: yes.
    pub suspend: bool,
}

impl Default for RemovableControl {
    fn default() -> Self {
        Self { allow: true, suspend: true }
    }
}
