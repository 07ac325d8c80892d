//! What is told of a run?

use std::fmt;

use fdescrow::{
    Digest, ProtectorId, Timestamp, VolumeId,
    agent::luks::{Outcome, Situation, Standing, Step},
    ids::Word,
    policy::Level,
};
use serde::Serialize;

/// What became of the volume.
#[derive(Serialize)]
pub(super) struct Document {
    pub(super) volume: VolumeId,
    pub(super) situation: Situation,
    pub(super) standing: Standing,
    pub(super) because: &'static str,
    pub(super) steps: Vec<Did>,
    pub(super) slots: Vec<EscrowedSlot>,
    /// How many sealed keys the spool holds.
    pub(super) unacknowledged: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wake_at: Option<Timestamp>,
}

/// A step that was taken.
#[derive(Serialize)]
pub(super) struct Did {
    step: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<u8>,
    outcome: &'static str,
    /// The exit status of a command that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i32>,
}

#[derive(Serialize)]
pub(super) struct EscrowedSlot {
    pub(super) slot: ProtectorId,
    pub(super) request: Word,
    pub(super) envelope: Digest,
    pub(super) stored: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verified: Option<Level>,
}

impl Did {
    pub(super) fn new(step: &Step, outcome: &Outcome) -> Self {
        let (word, status) = match outcome {
            Outcome::Failed(status) => ("failed", *status),
            Outcome::NoAnswer => ("no_answer", None),
            Outcome::NotInSpool => ("not_in_spool", None),
            Outcome::Receipt(receipt) => (receipt.status.as_str(), None),
            _ => ("done", None),
        };
        Self { step: step.name(), slot: step.slot(), outcome: word, status }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Did { step, slot, outcome, status } in &self.steps {
            write!(f, "{step}")?;
            slot.map_or(Ok(()), |slot| write!(f, " {slot}"))?;
            write!(f, ": {outcome}")?;
            status.map_or(Ok(()), |status| write!(f, " (status {status})"))?;
            writeln!(f)?;
        }
        for slot in &self.slots {
            let level =
                slot.verified.map_or(if slot.stored { "stored" } else { "in the spool" }, |level| level.as_str());
            writeln!(f, "slot {}: {level}", slot.slot)?;
        }
        write!(f, "{}: {}", self.standing.as_str(), self.because)
    }
}
