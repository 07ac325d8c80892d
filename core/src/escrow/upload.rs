//! What does a device or an agent send?

use std::fmt;

use crate::{
    ids::{Actor, DeviceId, ProtectorId, VolumeId},
    key::Kind,
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
    /// As it came: it may be a key in clear.
    Sealed(Secret<[u8]>),
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
        Self::new(device, kind, Content::Sealed(Secret::from_vec(envelope.into())))
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
