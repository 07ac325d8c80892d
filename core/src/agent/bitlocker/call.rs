//! Which methods of `Win32_EncryptableVolume` are called, and with what?
//!
//! The rule: what is not in this list cannot be planned. `Decrypt`, `DisableKeyProtectors`, `DeleteKeyProtectors`,
//! `PauseConversion`, `Lock` and the methods that take a secret from us are not, but for a PIN that the agent asks for.

use serde::{Deserialize, Serialize};

use super::rules::EncryptionType;
use crate::{ids::ProtectorId, verification::EncryptionMethod};

/// A method of `Win32_EncryptableVolume` (namespace `ROOT\CIMV2\Security\MicrosoftVolumeEncryption`) with its
/// arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method")]
#[non_exhaustive]
pub enum Call {
    /// Whether the volume is locked.
    GetLockStatus,
    /// Whether it is encrypted, decrypted, or on the way.
    GetConversionStatus,
    /// Whether protection is on.
    GetProtectionStatus,
    /// How it is encrypted.
    GetEncryptionMethod,
    /// For how many restarts protection is off.
    GetSuspendCount,
    /// Which protectors it has, of every type.
    GetKeyProtectors,
    /// What a protector is.
    GetKeyProtectorType {
        /// Which.
        protector: ProtectorId,
    },
    /// How a protector is called.
    GetKeyProtectorFriendlyName {
        /// Which.
        protector: ProtectorId,
    },
    /// What a recovery password is. Its answer is a secret, and goes into [`Planner::seal`](super::Planner::seal).
    GetKeyProtectorNumericalPassword {
        /// Which.
        protector: ProtectorId,
    },
    /// Makes the volume one of BitLocker's: encrypted by software, with the default discovery volume.
    PrepareVolume,
    /// Adds a recovery password that Windows makes.
    ProtectKeyWithNumericalPassword {
        /// How it is to be called: by this a later observation knows it as ours.
        friendly_name: String,
    },
    /// Adds the TPM, with the default validation profile.
    ProtectKeyWithTPM,
    /// Adds the TPM with a PIN, which the agent asks the user for; the planner never sees it.
    ProtectKeyWithTPMAndPIN,
    /// Begins to encrypt.
    Encrypt {
        /// How.
        encryption_method: EncryptionMethod,
        /// How much.
        encryption_type: EncryptionType,
    },
    /// Goes on encrypting.
    ResumeConversion,
    /// Turns protection on again.
    EnableKeyProtectors,
    /// Removes one protector.
    DeleteKeyProtector {
        /// Which.
        protector: ProtectorId,
    },
}

/// An argument as WMI takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argument {
    /// None: Windows chooses.
    Null,
    /// A `uint32`.
    Number(u32),
    /// A PIN that the agent asks for.
    Pin,
    /// A `string`.
    Text(String),
}

/// One row of [`METHODS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// The names of what goes in, in the order of the class's definition.
    pub inputs: &'static [&'static str],
    /// The names of what comes out, beside the return value.
    pub outputs: &'static [&'static str],
    /// Whether it changes the volume.
    pub changes: bool,
    /// With which arguments, and what for.
    pub purpose: &'static str,
}

macro_rules! methods {
    ($( $name:ident ($($input:ident),*) -> ($($output:ident),*) $changes:literal $purpose:literal; )*) => {
        /// The methods that are called: those that look, then those that change something.
        pub const METHODS: &[Method] = &[ $( Method {
            name: stringify!($name), inputs: &[$(stringify!($input)),*], outputs: &[$(stringify!($output)),*],
            changes: $changes, purpose: $purpose,
        }, )* ];
    };
}

// Microsoft, Win32_EncryptableVolume class.
methods! {
    GetLockStatus() -> (LockStatus) false "a locked volume is left alone";
    GetConversionStatus(PrecisionFactor) -> (ConversionStatus, EncryptionPercentage, EncryptionFlags, WipingStatus, WipingPercentage)
        false "precision 0; only `ConversionStatus` counts, percentages are rounded";
    GetProtectionStatus() -> (ProtectionStatus) false "off, on, or unknown (locked)";
    GetEncryptionMethod() -> (EncryptionMethod, SelfEncryptionDriveEncryptionMethod) false "a weaker method than the policy's is remarked";
    GetSuspendCount() -> (SuspendCount) false "protection that comes back by itself is left to Windows";
    GetKeyProtectors(KeyProtectorType) -> (VolumeKeyProtectorID) false "type 0, every type; at the beginning and at the end of an observation";
    GetKeyProtectorType(VolumeKeyProtectorID) -> (KeyProtectorType) false "of each protector";
    GetKeyProtectorFriendlyName(VolumeKeyProtectorID) -> (FriendlyName) false "of each recovery password: is it ours?";
    GetKeyProtectorNumericalPassword(VolumeKeyProtectorID) -> (NumericalPassword) false "of each recovery password that is not in escrow; sealed at once";
    PrepareVolume(DiscoveryVolumeType, ForceEncryptionType) -> () true "`<default>`, 1 (software)";
    ProtectKeyWithNumericalPassword(FriendlyName, NumericalPassword) -> (VolumeKeyProtectorID) true "our name and the goal's id; no password: Windows makes it";
    ProtectKeyWithTPM(FriendlyName, PlatformValidationProfile) -> (VolumeKeyProtectorID) true "nothing: the default profile";
    ProtectKeyWithTPMAndPIN(FriendlyName, PlatformValidationProfile, PIN) -> (VolumeKeyProtectorID) true "the default profile; the agent asks for the PIN";
    Encrypt(EncryptionMethod, EncryptionFlags) -> () true "the policy's method; 1 for used space only, 0 for the whole volume";
    ResumeConversion() -> () true "only while encryption, never while decryption is paused";
    EnableKeyProtectors() -> () true "protection on again";
    DeleteKeyProtector(VolumeKeyProtectorID) -> () true "an old recovery password that the goal names";
}

impl Call {
    /// Its row in [`METHODS`].
    pub fn method(&self) -> &'static Method {
        // METHODS and the variants of `Call` are in the same order; a test compares the names.
        METHODS.get(self.index()).unwrap_or(&NONE)
    }

    fn index(&self) -> usize {
        match self {
            Self::GetLockStatus => 0,
            Self::GetConversionStatus => 1,
            Self::GetProtectionStatus => 2,
            Self::GetEncryptionMethod => 3,
            Self::GetSuspendCount => 4,
            Self::GetKeyProtectors => 5,
            Self::GetKeyProtectorType { .. } => 6,
            Self::GetKeyProtectorFriendlyName { .. } => 7,
            Self::GetKeyProtectorNumericalPassword { .. } => 8,
            Self::PrepareVolume => 9,
            Self::ProtectKeyWithNumericalPassword { .. } => 10,
            Self::ProtectKeyWithTPM => 11,
            Self::ProtectKeyWithTPMAndPIN => 12,
            Self::Encrypt { .. } => 13,
            Self::ResumeConversion => 14,
            Self::EnableKeyProtectors => 15,
            Self::DeleteKeyProtector { .. } => 16,
        }
    }

    /// Each input of the method with what it is.
    pub fn arguments(&self) -> Vec<(&'static str, Argument)> {
        let values = match self {
            Self::GetLockStatus
            | Self::GetProtectionStatus
            | Self::GetEncryptionMethod
            | Self::GetSuspendCount
            | Self::ResumeConversion
            | Self::EnableKeyProtectors => Vec::new(),
            Self::GetConversionStatus | Self::GetKeyProtectors => vec![Argument::Number(0)],
            Self::GetKeyProtectorType { protector }
            | Self::GetKeyProtectorFriendlyName { protector }
            | Self::GetKeyProtectorNumericalPassword { protector }
            | Self::DeleteKeyProtector { protector } => vec![Argument::Text(protector.as_str().to_owned())],
            Self::PrepareVolume => vec![Argument::Text("<default>".to_owned()), Argument::Number(1)],
            Self::ProtectKeyWithNumericalPassword { friendly_name } => {
                vec![Argument::Text(friendly_name.clone()), Argument::Null]
            }
            Self::ProtectKeyWithTPM => vec![Argument::Null, Argument::Null],
            Self::ProtectKeyWithTPMAndPIN => vec![Argument::Null, Argument::Null, Argument::Pin],
            Self::Encrypt { encryption_method, encryption_type } => {
                vec![Argument::Number(encryption_method.number()), Argument::Number(encryption_type.flags())]
            }
        };
        self.method().inputs.iter().copied().zip(values).collect()
    }

    /// Whether it changes the volume.
    pub fn changes(&self) -> bool {
        self.method().changes
    }
}

const NONE: Method = Method { name: "", inputs: &[], outputs: &[], changes: true, purpose: "" };
