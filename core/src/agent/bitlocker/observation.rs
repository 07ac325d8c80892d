//! What was seen of a volume?
//!
//! Every reading may be missing, and missing is neither yes nor no. The list of protectors is whole or missing.

use serde::{Deserialize, Serialize};

use super::rules::EncryptionType;
use crate::{
    ids::{ProtectorId, VolumeId},
    time::Timestamp,
    verification::{
        Conversion, EncryptionMethod, LockStatus, ProtectionStatus, ProtectorKind, Reading,
        observation::{ProtectorReading, ProtectorSnapshot, VolumeReading, windows},
    },
};

/// One look at a volume; [`Observer`](super::Observer) makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// The computer.
    pub machine: Machine,
    /// Whether the volume is locked.
    pub lock: Option<LockStatus>,
    /// Whether it is encrypted, decrypted, or on the way.
    pub conversion: Option<Conversion>,
    /// Whether protection is on.
    pub protection: Option<ProtectionStatus>,
    /// How it is encrypted.
    pub encryption_method: Option<EncryptionMethod>,
    /// For how many restarts protection is off; 0: until somebody turns it on.
    pub suspend_count: Option<u32>,
    /// All protectors of the volume.
    pub protectors: Option<Vec<Protector>>,
}

impl Observation {
    /// What the server is told of the volume: the same facts in the form of every platform.
    pub fn reading(&self, volume: Option<VolumeId>) -> VolumeReading {
        let mut reading = windows::volume(volume, self.conversion, self.protection, self.encryption_method);
        let told = |protector: &Protector| {
            ProtectorReading::new(protector.id.clone(), protector.kind.unwrap_or(ProtectorKind::Unknown))
        };
        let protectors = self.protectors.as_ref().map(|protectors| protectors.iter().map(told).collect());
        reading.protectors = protectors.map(ProtectorSnapshot::new);
        reading
    }

    /// Nothing was read yet.
    pub fn new(machine: Machine, at: Timestamp) -> Self {
        Self {
            at,
            machine,
            lock: None,
            conversion: None,
            protection: None,
            encryption_method: None,
            suspend_count: None,
            protectors: None,
        }
    }
}

/// What the agent knows of the computer beside what `Win32_EncryptableVolume`'s methods say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Machine {
    /// Whether this is Windows Server (`Win32_OperatingSystem.ProductType` other than 1).
    pub server: Reading,
    /// Whether there is a TPM that is ready to be used (`Win32_Tpm.IsReady`).
    pub tpm: Reading,
    /// Whether the volume is that of the running operating system (`Win32_EncryptableVolume.VolumeType` 0).
    pub system_volume: Reading,
    /// What group policy says; none: the registry could not be read.
    pub registry: Option<Registry>,
}

impl Machine {
    /// A computer of which nothing is known; what is known are fields.
    pub fn unknown() -> Self {
        Self { server: Reading::Unknown, tpm: Reading::Unknown, system_volume: Reading::Unknown, registry: None }
    }
}

/// Windows' own policy, below `HKLM\SOFTWARE\Policies\Microsoft\FVE`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Registry {
    /// `OSEncryptionType` (`REG_DWORD`): 0 the user chooses, 1 full, 2 used space only. None: it is not there.
    pub os_encryption_type: Option<u32>,
    /// `EncryptionMethodWithXtsOs` (`REG_DWORD`), in the numbers of [`EncryptionMethod`]. None: it is not there.
    pub encryption_method_with_xts_os: Option<u32>,
}

impl Registry {
    /// What group policy demands to be encrypted; none: it leaves the choice.
    pub fn encryption_type(&self) -> Option<EncryptionType> {
        match self.os_encryption_type {
            Some(1) => Some(EncryptionType::Full),
            Some(2) => Some(EncryptionType::UsedSpaceOnly),
            _ => None,
        }
    }
}

/// One protector of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Protector {
    /// Its GUID, as Windows writes it.
    pub id: ProtectorId,
    /// What it is; none: a type that is not known here.
    pub kind: Option<ProtectorKind>,
    /// How it is called. Read of recovery passwords only.
    pub name: Name,
}

impl Protector {
    /// A protector whose name was not read.
    pub fn new(id: ProtectorId, kind: Option<ProtectorKind>) -> Self {
        Self { id, kind, name: Name::Unread }
    }

    /// Whether it is a recovery password.
    pub fn is_recovery_password(&self) -> bool {
        self.kind == Some(ProtectorKind::NumericalPassword)
    }
}

/// How a protector is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Name {
    /// So; empty: it has no name.
    Is(String),
    /// It was not read, or could not be.
    Unread,
}

/// What starts Windows on a volume, if not the recovery password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootProtector {
    /// Nothing: only recovery passwords, and protectors that never start a computer.
    Absent,
    /// Something.
    Present,
    /// There is a protector of an unknown type: it may be one, it may be none.
    Unclear,
}

impl BootProtector {
    /// Of these protectors.
    ///
    /// An external key and a passphrase count: they are how a computer without a TPM starts, and a TPM beside them
    /// would start it without them.
    pub fn of(protectors: &[Protector]) -> Self {
        let starts_nothing = |kind: Option<ProtectorKind>| {
            matches!(kind, Some(ProtectorKind::NumericalPassword | ProtectorKind::PublicKey | ProtectorKind::Sid))
        };
        let unclear = |kind: Option<ProtectorKind>| matches!(kind, None | Some(ProtectorKind::Unknown));
        let mut found = Self::Absent;
        for protector in protectors {
            if unclear(protector.kind) {
                return Self::Unclear;
            }
            if !starts_nothing(protector.kind) {
                found = Self::Present;
            }
        }
        found
    }
}
