//! What is uploaded, and is this receipt its receipt?

use serde::{Deserialize, Serialize};

use crate::{
    envelope::{Envelope, Limits},
    error::ErrorCode,
    ids::{DeviceId, Digest, Word},
    time::Timestamp,
    verification::{Place, Receipt},
};

/// A sealed key, and the names under which it is uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The device.
    pub device: DeviceId,
    /// Kind, volume and protector.
    pub place: Place,
    /// The name of the request.
    pub request: Word,
    /// When it was sealed.
    pub sealed: Timestamp,
    /// The salt of a LUKS key slot: its number says nothing when it was used again.
    pub salt: Option<String>,
    message: Vec<u8>,
    digest: Digest,
}

/// Why a receipt is not that of an entry. Nothing changes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mismatch {
    /// It names another device.
    #[error("the receipt is of another device")]
    Device,
    /// It names an envelope that is not in the spool.
    #[error("the receipt is of another envelope")]
    Envelope,
    /// It names another kind, volume or protector.
    #[error("the receipt is of another place")]
    Place,
    /// It names another request, or none.
    #[error("the receipt is of another request")]
    Request,
}

impl Mismatch {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::EventRejected
    }
}

impl Entry {
    /// An envelope that was sealed now.
    pub fn new(device: DeviceId, place: Place, request: Word, envelope: &Envelope, sealed: Timestamp) -> Self {
        Self { device, place, request, sealed, salt: None, message: envelope.der().to_vec(), digest: envelope.digest() }
    }

    /// From a message that was read back; none if it is no envelope.
    pub(super) fn from_message(
        device: DeviceId,
        place: Place,
        request: Word,
        sealed: Timestamp,
        message: &[u8],
    ) -> Option<Self> {
        let envelope = Envelope::parse(message, &Limits::default()).ok()?;
        Some(Self::new(device, place, request, &envelope, sealed))
    }

    /// SHA-256 of the envelope as DER: by this it is known.
    pub fn envelope(&self) -> Digest {
        self.digest
    }

    /// The envelope, DER: what is uploaded.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Compares what the receipt names with what was sent: device, place, request and envelope.
    ///
    /// # Errors
    /// [`Mismatch`]: the first that is another.
    pub fn compare(&self, receipt: &Receipt) -> Result<(), Mismatch> {
        compare(receipt, &self.device, &self.place, &self.request, self.digest)
    }
}

/// Compares what a receipt names with what was sent.
pub(in crate::agent) fn compare(
    receipt: &Receipt,
    device: &DeviceId,
    place: &Place,
    request: &Word,
    envelope: Digest,
) -> Result<(), Mismatch> {
    let checks = [
        (receipt.device == *device, Mismatch::Device),
        (receipt.place == *place, Mismatch::Place),
        (receipt.request.as_deref() == Some(request.as_str()), Mismatch::Request),
        (receipt.envelope == envelope, Mismatch::Envelope),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, mismatch)| Err(mismatch))
}

#[cfg(test)]
impl Entry {
    /// The same under another digest: sealing a thousand envelopes takes long.
    pub(super) fn digest_of_test(&mut self, number: usize) {
        self.digest = Digest::of(&number.to_be_bytes());
    }
}
