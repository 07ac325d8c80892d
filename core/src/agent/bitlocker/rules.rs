//! What is to become of the volume, and by which rules?

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

pub use crate::policy::bitlocker::{Before, EncryptionType};
use crate::{
    ids::{ProtectorId, Word},
    key::Kind,
    policy::{Policy, bitlocker, bitlocker::Usage, escrow::Level},
    verification::{EncryptionMethod, ProtectorKind},
};

/// What is to be made true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aim {
    /// Every recovery password that the volume has is in escrow; an encrypted volume without one gets one.
    Adopt,
    /// The volume is encrypted, its recovery password is in escrow, protection is on.
    Protect,
    /// Protection that was suspended is on again.
    RestoreProtection,
    /// The volume has a new recovery password, and these old ones are gone.
    Rotate {
        /// The protectors to be removed, all that the server wants replaced: those whose password somebody has seen.
        /// What is not named here is never removed.
        replace: BTreeSet<ProtectorId>,
    },
}

/// An aim and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Goal {
    /// Names this request for good: a rotation's id. A password that is made for it carries the name, so that it
    /// is known again after a crash, and so do the uploads, so that a receipt of another request never counts.
    pub id: Word,
    /// What is to be made true.
    pub aim: Aim,
}

impl Goal {
    /// An aim under this name.
    pub fn new(id: Word, aim: Aim) -> Self {
        Self { id, aim }
    }

    /// What a recovery password that is made for this goal is called.
    pub fn friendly_name(&self) -> String {
        format!("fdescrow {}", self.id)
    }
}

impl EncryptionType {
    /// `EncryptionFlags` of `Encrypt`: bit 0 is "data only"; without it, the whole volume is converted. (Bit 1 wipes
    /// free space of a volume that is encrypted already.)
    pub fn flags(self) -> u32 {
        match self {
            Self::Full => 0,
            Self::UsedSpaceOnly => 1,
        }
    }
}

/// What a volume that has no boot protector gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Boot {
    /// The TPM.
    Tpm,
    /// The TPM and a PIN, which the agent asks the user for.
    TpmAndPin,
    /// The TPM, a PIN and a startup key; a person makes it with Windows' own tools.
    TpmAndPinAndStartupKey,
    /// The TPM and a startup key; a person makes it with Windows' own tools.
    TpmAndStartupKey,
}

impl Boot {
    /// The protector that it is.
    pub fn kind(self) -> ProtectorKind {
        match self {
            Self::Tpm => ProtectorKind::Tpm,
            Self::TpmAndPin => ProtectorKind::TpmAndPin,
            Self::TpmAndPinAndStartupKey => ProtectorKind::TpmAndPinAndStartupKey,
            Self::TpmAndStartupKey => ProtectorKind::TpmAndStartupKey,
        }
    }
}

impl fmt::Display for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tpm => "TPM",
            Self::TpmAndPin => "TPM and PIN",
            Self::TpmAndPinAndStartupKey => "TPM, PIN and startup key",
            Self::TpmAndStartupKey => "TPM and startup key",
        })
    }
}

/// How the planner goes about it: what the organization's policy says, for this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// The level that *verified* means. Default: `envelope_opens`.
    pub level: Level,
    /// How far in escrow the recovery password must be before encryption begins. Default: the server has it.
    pub before_encryption: Before,
    /// How a volume is encrypted. Default: XTS-AES, 256 bits.
    pub encryption_method: EncryptionMethod,
    /// How much of it. Windows' policy `OSEncryptionType` goes first. Default: used space only.
    pub encryption_type: EncryptionType,
    /// What a volume without a boot protector gets. Default: the TPM.
    pub boot: Boot,
    /// Whether Windows Server is dealt with at all. Default: no.
    pub servers: bool,
    /// Seconds before the server is asked again about an envelope. Default: 15 minutes.
    pub ask_again_after: u32,
    /// How many recovery passwords may be made for one goal: more are made only when something removes them.
    /// Default: 3.
    pub new_passwords: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            level: Level::EnvelopeOpens,
            before_encryption: Before::Stored,
            encryption_method: EncryptionMethod::XtsAes256,
            encryption_type: EncryptionType::UsedSpaceOnly,
            boot: Boot::Tpm,
            servers: false,
            ask_again_after: 15 * 60,
            new_passwords: 3,
        }
    }
}

impl Rules {
    /// What a policy says; the rest has its default.
    pub fn of(policy: &Policy) -> Self {
        let mut rules = Self { level: policy.escrow().required_level(Kind::BitLocker), ..Self::default() };
        let Some(settings) = policy.bitlocker().map(bitlocker::BitLockerPolicy::settings) else { return rules };
        if let Some(enforcement) = &settings.enforcement {
            rules.before_encryption = enforcement.before_encryption;
        }
        if let Some(methods) = &settings.methods {
            rules.encryption_method = match methods.system {
                bitlocker::EncryptionMethod::AesCbc128 => EncryptionMethod::Aes128,
                bitlocker::EncryptionMethod::AesCbc256 => EncryptionMethod::Aes256,
                bitlocker::EncryptionMethod::XtsAes128 => EncryptionMethod::XtsAes128,
                bitlocker::EncryptionMethod::XtsAes256 => EncryptionMethod::XtsAes256,
            };
        }
        if let Some(encryption_type) = settings.system_drive.encryption_type {
            rules.encryption_type = encryption_type;
        }
        if let Some(startup) = &settings.system_drive.startup {
            rules.boot = boot(startup);
        }
        rules
    }
}

/// What is required; otherwise the first that is not disallowed, the simplest first.
fn boot(startup: &bitlocker::Startup) -> Boot {
    let ways = [
        (startup.tpm, Boot::Tpm),
        (startup.pin, Boot::TpmAndPin),
        (startup.startup_key, Boot::TpmAndStartupKey),
        (startup.pin_and_startup_key, Boot::TpmAndPinAndStartupKey),
    ];
    let required = ways.iter().find(|(usage, _)| *usage == Usage::Required);
    let allowed = || ways.iter().find(|(usage, _)| *usage == Usage::Allowed);
    required.or_else(allowed).map_or(Boot::Tpm, |(_, boot)| *boot)
}
