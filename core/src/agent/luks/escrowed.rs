//! How far in escrow is the key of a slot?
//!
//! The rule: it is where its receipts say it is, and a receipt counts only if it names everything that was sealed.

use serde::{Deserialize, Serialize};

use crate::{
    agent::spool::Entry,
    ids::{Digest, KeyId, Word},
    policy::escrow::Level,
    time::Timestamp,
    verification::{Receipt, ReceiptStatus},
};

/// What is known of the escrow of one slot's key. The key itself is not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Escrowed {
    /// The goal for which it was made.
    pub request: Word,
    /// SHA-256 of the envelope in the spool.
    pub envelope: Digest,
    /// The salt that the slot had when its key was tested.
    pub salt: String,
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
    pub(super) fn new(entry: &Entry, salt: String) -> Self {
        let (request, envelope) = (entry.request.clone(), entry.envelope());
        Self { request, envelope, salt, stored: false, quarantined: false, verified: None, key: None, asked: None }
    }

    pub(super) fn is_verified(&self, level: Level) -> bool {
        self.verified.is_some_and(|verified| verified >= level)
    }

    /// Whether the server is to be asked about it at this time. Asked once, it is not asked again in the same second.
    pub(super) fn is_due(&self, ask_again_after: u32, now: Timestamp) -> bool {
        self.asked.is_none_or(|asked| {
            let waited = now.seconds_since(asked);
            // A clock that was put back does not make anybody wait for it to come round again.
            waited < 0 || waited >= i64::from(ask_again_after.max(1))
        })
    }

    /// Takes what a receipt of this envelope says. What was reached is never taken back: an envelope does not change.
    pub(super) fn take(&mut self, receipt: &Receipt) {
        self.quarantined = receipt.status == ReceiptStatus::Quarantined;
        self.stored |= matches!(receipt.status, ReceiptStatus::Stored | ReceiptStatus::Verified);
        if receipt.status == ReceiptStatus::Verified {
            self.verified = self.verified.max(receipt.level);
        }
        self.key = Some(receipt.key);
    }
}
