//! What became of an upload?

use serde::{Deserialize, Serialize};

use super::{Level, Place};
use crate::ids::{DeviceId, Digest, KeyId};

/// What became of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// How often it was received, this time included.
    pub sightings: u64,
    /// The sender's name of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Receipt {
    /// A receipt of a key that came once; the rest are fields.
    pub fn new(device: DeviceId, place: Place, key: KeyId, envelope: Digest, status: ReceiptStatus) -> Self {
        Self { device, place, key, envelope, status, level: None, sightings: 1, request: None }
    }
}
