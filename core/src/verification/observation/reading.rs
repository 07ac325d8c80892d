//! What did a device say of its disks?
//!
//! The same form for every platform and every source. What was not said is unknown, and never a reason to act.
//! Identifiers are in the one spelling that [`ids`](crate::ids) gives them, whatever the source wrote.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};

use super::{
    Ignored, Reading, Source,
    apple::CommandReply,
    bitlocker::{Conversion, EncryptionMethod, ProtectorKind},
    csp::CspReading,
};
use crate::{
    ids::{Digest, Platform, ProtectorId, VolumeId},
    key::Kind,
    time::Timestamp,
};

/// One protector of a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProtectorReading {
    /// Its id: a GUID as Windows writes it (BitLocker), the number of a key slot (LUKS).
    pub id: ProtectorId,
    /// What it is. Every LUKS key slot is a [`ProtectorKind::Passphrase`]; its tokens say what it is used for.
    pub kind: ProtectorKind,
    /// Whether it opens the volume as it stands: a LUKS slot may be bound to no data.
    #[serde(default = "unknown", skip_serializing_if = "is_unknown")]
    pub enabled: Reading,
    /// The salt of a LUKS key slot, base64: it changes when the slot gets another key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// The types of the LUKS2 tokens that name this slot (`systemd-recovery`, `systemd-tpm2`, …), in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<String>,
}

impl ProtectorReading {
    /// A protector of this id and kind; what else is known of it are fields.
    pub fn new(id: ProtectorId, kind: ProtectorKind) -> Self {
        Self { id, kind, enabled: Reading::Unknown, salt: None, tokens: Vec::new() }
    }

    /// Whether it is there for recovery: a BitLocker recovery password, or a LUKS slot that a token names as a recovery
    /// key of systemd or snapd.
    pub fn is_for_recovery(&self) -> bool {
        const TOKENS: [&str; 2] = ["systemd-recovery", "ubuntu-fde-recovery"];
        self.kind == ProtectorKind::NumericalPassword
            || self.tokens.iter().any(|token| TOKENS.contains(&token.as_str()))
    }
}

fn unknown() -> Reading {
    Reading::Unknown
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_unknown(reading: &Reading) -> bool {
    *reading == Reading::Unknown
}

/// The protectors of a volume at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProtectorSnapshot {
    /// Whether these are all: only then something can be missing.
    pub complete: bool,
    /// The protectors, each id once.
    pub protectors: Vec<ProtectorReading>,
}

impl ProtectorSnapshot {
    /// All protectors of a volume.
    pub fn new(protectors: Vec<ProtectorReading>) -> Self {
        Self { complete: true, protectors }
    }

    /// Some protectors of a volume; there may be others.
    pub fn partial(protectors: Vec<ProtectorReading>) -> Self {
        Self { complete: false, protectors }
    }
}

/// What was said of one volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VolumeReading {
    /// Which volume; none: the boot volume.
    pub volume: Option<VolumeId>,
    /// Whether all that is on it is encrypted; unknown while it is being converted.
    pub encrypted: Reading,
    /// Whether its key is protected: BitLocker can be suspended, with the key in clear on the disk.
    pub protected: Reading,
    /// What BitLocker is doing with it.
    pub conversion: Option<Conversion>,
    /// What BitLocker encrypts it with.
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
    /// Whether there is an institutional recovery key; it has no function on Apple silicon.
    #[serde(default = "unknown", skip_serializing_if = "is_unknown")]
    pub institutional_recovery_key: Reading,
    /// How often the user may still put it off at login; -1: as often as they like.
    pub bypasses_left: Option<i32>,
    /// The name by which the Mac has its key escrowed: its serial number, unless the profile says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_key: Option<String>,
}

impl Default for FileVaultReading {
    fn default() -> Self {
        Self {
            enabled: Reading::Unknown,
            personal_recovery_key: Reading::Unknown,
            institutional_recovery_key: Reading::Unknown,
            bypasses_left: None,
            device_key: None,
        }
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
    /// Its volumes, each once.
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
    /// The message as it came: nobody looked into it yet.
    pub bytes: Vec<u8>,
    /// Whether it came by a way that is known to lose octets (osquery's `file_lines` drops a carriage return before a
    /// line feed): that it does not open then says nothing about the key.
    pub lossy: bool,
}

impl ReportedEnvelope {
    /// A message that came whole, for the boot volume; the rest are fields.
    pub fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        Self { kind, volume: None, protector: None, bytes, lossy: false }
    }
}

/// A document names the message by its digest, and its length: nobody needs its octets to read what was understood.
impl Serialize for ReportedEnvelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("ReportedEnvelope", 6)?;
        document.serialize_field("kind", &self.kind)?;
        document.serialize_field("volume", &self.volume)?;
        document.serialize_field("protector", &self.protector)?;
        document.serialize_field("digest", &Digest::of(&self.bytes))?;
        document.serialize_field("bytes", &self.bytes.len())?;
        document.serialize_field("lossy", &self.lossy)?;
        document.end()
    }
}

/// What was understood of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// What kind of report it is; none: the embedder made it of its own readings.
    pub source: Option<Source>,
    /// What it says.
    pub observation: Observation,
    /// The sealed keys that are in it.
    pub envelopes: Vec<ReportedEnvelope>,
    /// The answer to an MDM command that it is.
    pub reply: Option<CommandReply>,
    /// What the BitLocker CSP says of the device as a whole.
    pub csp: Option<CspReading>,
    /// What was in it and could not be used. It hides nothing else.
    pub ignored: Vec<Ignored>,
}

impl Report {
    /// An observation, and nothing else; the rest are fields.
    pub fn new(observation: Observation) -> Self {
        Self { source: None, observation, envelopes: Vec::new(), reply: None, csp: None, ignored: Vec::new() }
    }
}
