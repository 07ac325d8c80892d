//! What does a device or an agent send, and what does it get back?

use std::fmt;

use serde::Serialize;

use crate::{
    ids::{Actor, DeviceId, Digest, KeyId, ProtectorId, VolumeId},
    key::Kind,
    policy::Level,
    secret::Secret,
    verification::Place,
};

/// A recovery key that was sent, sealed or in clear.
///
/// Whose device it is, and who sends it, is what the embedder authenticated: the library records both and can
/// check neither.
#[derive(Debug)]
#[non_exhaustive]
pub struct Upload {
    pub(super) device: DeviceId,
    pub(super) place: Place,
    pub(super) content: Content,
    pub(super) by: Option<Actor>,
    pub(super) request: Option<String>,
}

pub(super) enum Content {
    Sealed(Vec<u8>),
    Plaintext(Secret<str>),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Nobody has looked yet whether it is sealed.
            Self::Sealed(bytes) => write!(f, "Sealed({} bytes)", bytes.len()),
            Self::Plaintext(key) => f.debug_tuple("Plaintext").field(key).finish(),
        }
    }
}

impl Upload {
    /// A key that the device sealed, in any spelling of CMS: DER, BER, base64, PEM.
    pub fn sealed(device: DeviceId, kind: Kind, envelope: impl Into<Vec<u8>>) -> Self {
        Self::new(device, kind, Content::Sealed(envelope.into()))
    }

    /// A key in clear, as a person or a program writes it: checked, and sealed to the primary certificate before
    /// anything is stored.
    pub fn plaintext(device: DeviceId, kind: Kind, key: Secret<str>) -> Self {
        Self::new(device, kind, Content::Plaintext(key))
    }

    fn new(device: DeviceId, kind: Kind, content: Content) -> Self {
        Self { device, place: Place::new(kind), content, by: None, request: None }
    }

    /// Who sends it. Without, it is refused.
    #[must_use]
    pub fn by(mut self, actor: &Actor) -> Self {
        self.by = Some(actor.clone());
        self
    }

    /// The volume; without, the boot volume.
    #[must_use]
    pub fn volume(mut self, volume: VolumeId) -> Self {
        self.place.volume = Some(volume);
        self
    }

    /// The protector.
    #[must_use]
    pub fn protector(mut self, protector: ProtectorId) -> Self {
        self.place.protector = Some(protector);
        self
    }

    /// The sender's own name of the request: the same request sent again is stored once, however often it
    /// comes and whatever was lost in between.
    #[must_use]
    pub fn request(mut self, request: impl Into<String>) -> Self {
        self.request = Some(request.into());
        self
    }
}

/// What became of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReceiptStatus {
    /// It is set apart, because another device had sent it before. Nothing opens it until an operator decides.
    Quarantined,
    /// It is stored, and not known to work yet.
    Stored,
    /// It is stored, and was shown to work as far as the policy demands.
    Verified,
}

impl ReceiptStatus {
    /// The word in documents and `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quarantined => "quarantined",
            Self::Stored => "stored",
            Self::Verified => "verified",
        }
    }
}

/// What an agent holds on to: an old key may go only when this says `verified` for the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The device.
    pub device: DeviceId,
    /// Kind, volume and protector.
    #[serde(flatten)]
    pub place: Place,
    /// The stored key.
    pub key: KeyId,
    /// SHA-256 of the envelope as DER.
    pub envelope: Digest,
    /// What became of it.
    pub status: ReceiptStatus,
    /// How far the key was shown to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// How often it was received, this time included.
    pub sightings: u64,
    /// The sender's name of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}
