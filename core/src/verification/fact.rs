//! What single things can be observed of a key?

use std::fmt;

use serde::{Deserialize, Serialize};

use super::reason::Failure;
use crate::{
    ids::{Digest, KeyId, ProtectorId, VolumeId, Word},
    key::Kind,
    policy::escrow::Level,
    time::Timestamp,
};

/// What a key is for: keys of one place replace each other, keys of different places do not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Place {
    /// The kind of key: a passphrase does not replace a recovery password.
    pub kind: Kind,
    /// The volume; none: the boot volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeId>,
    /// What protects the volume key; none: the only one that there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protector: Option<ProtectorId>,
}

impl Place {
    /// The place of the only key of this kind on the boot volume; volume and protector are fields.
    pub fn new(kind: Kind) -> Self {
        Self { kind, volume: None, protector: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind.description())?;
        match &self.volume {
            Some(volume) => write!(f, " of volume {volume}")?,
            None => f.write_str(" of the boot volume")?,
        }
        self.protector.as_ref().map_or(Ok(()), |protector| write!(f, ", protector {protector}"))
    }
}

/// How a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// In clear, checked by grammar and sealed on arrival.
    Plaintext,
    /// Sealed by the device.
    Sealed,
}

/// What binds an envelope's content to its device, volume and protector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Binding {
    /// Nothing: whoever has the certificate could have sealed it.
    None,
    /// It was sealed here with a record of whence it came; its origin itself was not bound.
    Recorded,
    /// The content names them, and is authenticated.
    Sealed,
}

/// Who showed that a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProvedBy {
    /// The device said so.
    Device,
    /// The server saw it.
    Server,
}

/// One envelope of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EnvelopeFacts {
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// When it was added.
    pub added: Timestamp,
    /// Whether a check tried it, however that ended.
    pub checked: bool,
}

/// The first time that a key was shown to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Revelation {
    /// When.
    pub at: Timestamp,
    /// Whether it was in an emergency, without the approvals that are asked for otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
}

/// The last time that a key was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Success {
    /// When.
    pub at: Timestamp,
    /// Which envelope opened.
    pub envelope: Digest,
    /// The certificate of the identity that opened it, by the SHA-256 of its DER.
    pub identity: Digest,
    /// What binds what was inside to this device.
    pub binding: Binding,
    /// Whether the volume's metadata agree with each other; none: not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_consistent: Option<bool>,
    /// Why it could not be shown that the key opens the volume, if that could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverifiable: Option<Word>,
}

/// The last time that opening a key was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// Why it did not open; none: it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Which identities were tried: a digest that the caller makes, so that a key is checked again when they
    /// are others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyring: Option<Digest>,
}

/// The last time that a key was shown to open its volume, by the volume's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unlocked {
    /// When.
    pub at: Timestamp,
    /// `protector_opens` or `volume_key_unwrapped`.
    pub level: Level,
}

/// A certificate that a key was sealed to is compromised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exposure {
    /// When that was recorded.
    pub at: Timestamp,
    /// The certificate, by the SHA-256 of its DER.
    pub certificate: Digest,
}

/// Another key took this one's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retirement {
    /// When.
    pub at: Timestamp,
    /// The key that is used instead.
    pub replacement: KeyId,
}

/// Whether a key is set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Quarantine {
    /// An operator accepted it; it is a key like any other.
    Accepted,
    /// Nobody has decided yet.
    Pending,
    /// An operator rejected it.
    Rejected,
}

/// How far a key was shown to work, and by whom. Ordered: the level first, then who showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Reached {
    /// How far.
    pub level: Level,
    /// By whom.
    pub proved_by: ProvedBy,
}

/// A key that has just come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewKey {
    /// The id that it was given.
    pub id: KeyId,
    /// What it is for.
    pub place: Place,
    /// How it came.
    pub origin: Origin,
    /// Its first envelope, by the SHA-256 of its bytes.
    pub envelope: Digest,
    /// Whether it is to be set apart, because another device had sent it before. Default: no.
    pub quarantined: bool,
    /// When it came.
    pub at: Timestamp,
}

impl NewKey {
    /// A key that is not to be set apart.
    pub fn new(id: KeyId, place: Place, origin: Origin, envelope: Digest, at: Timestamp) -> Self {
        Self { id, place, origin, envelope, quarantined: false, at }
    }
}
