//! What did a device say of its disks?
//!
//! The same form for every platform and every source. What was not said is unknown, and never a reason to act.

use serde::{Deserialize, Serialize};

use super::{
    Reading,
    bitlocker::{Conversion, EncryptionMethod, ProtectorKind},
};
use crate::{
    ids::{Platform, ProtectorId, VolumeId},
    key::Kind,
    time::Timestamp,
};

/// One protector of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProtectorReading {
    /// Its id: a GUID (BitLocker), the number of a key slot (LUKS).
    pub id: ProtectorId,
    /// What it is.
    pub kind: ProtectorKind,
}

impl ProtectorReading {
    /// A protector of this id and kind.
    pub fn new(id: ProtectorId, kind: ProtectorKind) -> Self {
        Self { id, kind }
    }
}

/// The protectors of a volume at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProtectorSnapshot {
    /// Whether these are all: only then something can be missing.
    pub complete: bool,
    /// The protectors.
    pub protectors: Vec<ProtectorReading>,
}

impl ProtectorSnapshot {
    /// All protectors of a volume.
    pub fn new(protectors: Vec<ProtectorReading>) -> Self {
        Self { complete: true, protectors }
    }
}

/// What was said of one volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VolumeReading {
    /// Which volume; none: the boot volume.
    pub volume: Option<VolumeId>,
    /// Whether what is on it is encrypted.
    pub encrypted: Reading,
    /// Whether its key is protected.
    pub protected: Reading,
    /// What BitLocker is doing with it.
    pub conversion: Option<Conversion>,
    /// What it is encrypted with.
    pub method: Option<EncryptionMethod>,
    /// Its protectors.
    pub protectors: Option<ProtectorSnapshot>,
}

impl VolumeReading {
    /// A volume of which nothing was said yet.
    pub fn new(volume: Option<VolumeId>) -> Self {
        let (encrypted, protected) = (Reading::Unknown, Reading::Unknown);
        Self { volume, encrypted, protected, conversion: None, method: None, protectors: None }
    }
}

/// What a Mac said of FileVault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileVaultReading {
    /// Whether it is on.
    pub enabled: Reading,
    /// Whether there is a personal recovery key.
    pub personal_recovery_key: Reading,
    /// How often the user may still put it off at login; -1: as often as they like.
    pub bypasses_left: Option<i32>,
}

impl Default for FileVaultReading {
    fn default() -> Self {
        Self { enabled: Reading::Unknown, personal_recovery_key: Reading::Unknown, bypasses_left: None }
    }
}

/// What a device said of its disks at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// What kind of system it is, where that follows from what was said.
    pub platform: Option<Platform>,
    /// Its volumes.
    pub volumes: Vec<VolumeReading>,
    /// FileVault, on a Mac.
    pub filevault: Option<FileVaultReading>,
}

impl Observation {
    /// Nothing yet.
    pub fn new(at: Timestamp) -> Self {
        Self { at, platform: None, volumes: Vec::new(), filevault: None }
    }
}

/// A sealed key that was in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedEnvelope {
    /// What kind of key it is said to be.
    pub kind: Kind,
    /// The volume; none: the boot volume.
    pub volume: Option<VolumeId>,
    /// The protector.
    pub protector: Option<ProtectorId>,
    /// The message.
    pub bytes: Vec<u8>,
}

/// What was understood of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What it says.
    pub observation: Observation,
    /// The sealed keys that are in it.
    pub envelopes: Vec<ReportedEnvelope>,
}
