//! How far in escrow is a recovery password?
//!
//! The rule: a password is where its receipts say it is, and a receipt counts only if it names everything that was
//! sealed: device, volume, protector, request and envelope.

use serde::{Deserialize, Serialize};

use super::rules::Before;
use crate::{
    agent::spool::{Mismatch, compare},
    ids::{DeviceId, Digest, KeyId, Word},
    policy::escrow::Level,
    time::Timestamp,
    verification::{Place, Receipt, ReceiptStatus},
};

/// What is known of the escrow of one recovery password. The password itself is not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Escrowed {
    /// The goal for which it was sealed.
    pub request: Word,
    /// SHA-256 of the envelope in the spool.
    pub envelope: Digest,
    /// Whether the server has it.
    #[serde(default)]
    pub stored: bool,
    /// Whether the server set it apart.
    #[serde(default)]
    pub quarantined: bool,
    /// How far it was shown to work, by a receipt that says *verified*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Level>,
    /// The server's id of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// When the server was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
}

impl Escrowed {
    pub(super) fn new(request: Word, envelope: Digest) -> Self {
        Self { request, envelope, stored: false, quarantined: false, verified: None, key: None, asked: None }
    }

    /// How far it is, if *verified* means this level.
    pub fn reached(&self, level: Level) -> Before {
        match (self.verified, self.stored) {
            (Some(verified), _) if verified >= level => Before::Verified,
            (_, true) => Before::Stored,
            _ => Before::Spooled,
        }
    }

    /// Whether the server is to be asked about it at this time.
    pub(super) fn is_due(&self, ask_again_after: u32, now: Timestamp) -> bool {
        self.asked.is_none_or(|asked| {
            let waited = now.seconds_since(asked);
            // A clock that was put back does not make anybody wait for it to come round again.
            waited < 0 || waited >= i64::from(ask_again_after)
        })
    }

    /// Takes a receipt, if it is this password's. What was reached is never taken back: an envelope does not change.
    pub(super) fn take(&mut self, receipt: &Receipt, device: &DeviceId, place: &Place) -> Result<(), Mismatch> {
        compare(receipt, device, place, &self.request, self.envelope)?;
        self.quarantined = receipt.status == ReceiptStatus::Quarantined;
        match receipt.status {
            ReceiptStatus::Quarantined => {}
            ReceiptStatus::Stored => self.stored = true,
            ReceiptStatus::Verified => {
                self.stored = true;
                self.verified = self.verified.max(receipt.level);
            }
        }
        self.key = Some(receipt.key);
        Ok(())
    }
}
