//! How is a recovery key replaced without ever being without one?
//!
//! A [`Rotation`] is the replacement of the key of one place: `requested → delivered → new_key_received → verified →
//! old_retired`. It is a value. [`Rotation::apply`] is the only way it changes, [`Rotation::assess`] says what is to be
//! done next under the rules of a policy at a moment, and changes nothing. What may happen in which phase is data:
//! [`TABLE`], rendered into `docs/rotation.md`.
//!
//! **Feed events with [`Rotation::apply`]; commit the rotation together with what the event is about; do what the
//! [`Assessment`] names as [`next`](Assessment::next); assess again at its [`wake_at`](Assessment::wake_at).** Replies
//! are late, lost, doubled and out of order: each names the attempt that it answers, and what was heard before, or is
//! about an attempt that was given up, changes nothing.
//!
//! # Rules
//!
//! - **The old key is retired only after the new one was verified** at the level that the policy demands.
//! - **Only a later key completes a rotation**: one that came after the request, in the order of the store. The
//!   old key reported again, and a key that came before, change nothing; a new envelope that turns out to hold the old
//!   key's text ([`RotationEvent::KeyFailed`]) sends the rotation back.
//! - **A new key counts whatever became of the request**: the reply was lost, the user changed the key, the retries are
//!   used up.
//! - A device that fails is asked again after a while, and after so many times an operator is.

mod assess;
mod cause;
mod event;
mod follow;
mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use assess::{Assessment, NextStep};
pub use cause::{Due, PlaceFacts, due_cause};
pub use event::{Rejected, RotationEvent};
pub use table::{Case, EventKind, Outcome, Row, TABLE, cases, row};

pub use crate::policy::rotation::{Cause, Method, RotationRules};
use crate::{
    ids::{KeyId, Word, random_id, words},
    time::Timestamp,
    verification::Place,
};

random_id! {
    /// A rotation, by 128 random bits; printed as 32 lower-case hexadecimal digits.
    RotationId, "rotation id"
}

words! {
    /// How far a rotation is, in order. That a place has none is `idle`.
    Phase {
        /// The device is to be asked, or was asked and has not agreed.
        Requested = "requested";
        /// The device agreed to make a new key.
        Delivered = "delivered";
        /// A later key came, and waits for its check.
        NewKeyReceived = "new_key_received";
        /// The new key was shown to work as far as the policy demands.
        Verified = "verified";
        /// The old key is used no more. The end.
        OldRetired = "old_retired";
        /// An operator took the request back. The end.
        Cancelled = "cancelled";
    }
}

impl Phase {
    /// Whether nothing more happens.
    pub fn is_final(self) -> bool {
        matches!(self, Self::OldRetired | Self::Cancelled)
    }
}

/// What became of the present attempt, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// No reply came yet.
    Awaited,
    /// The device could not at that moment (`NotNow`).
    Deferred,
    /// It failed.
    Failed,
}

/// The replacement of the key of one place.
///
/// Stored as JSON; members of a newer version are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    id: RotationId,
    cause: Cause,
    method: Method,
    place: Place,
    requested: Timestamp,
    not_before: Timestamp,
    /// The key that is replaced; none: there was none that anybody could open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old: Option<KeyId>,
    /// Keys up to this order are not new: they were there before, or failed since.
    known: u64,
    phase: Phase,
    since: Timestamp,
    attempt: u32,
    /// When the present attempt was sent, or answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempted: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    failures: u32,
    /// Attempts up to this number do not count any more: an operator asked again.
    pardoned: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Word>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    new: Option<KeyId>,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

impl Rotation {
    /// A rotation that was asked for; nothing was sent to the device yet.
    ///
    /// `old` is the key that is replaced; `known` the highest order that a key of the device had so far, so
    /// that only a later one is new. It begins at once, unless [`starting`](Self::starting) says when.
    pub fn request(
        id: RotationId,
        cause: Cause,
        method: Method,
        place: Place,
        old: Option<KeyId>,
        known: u64,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            cause,
            method,
            place,
            requested: now,
            not_before: now,
            old,
            known,
            phase: Phase::Requested,
            since: now,
            attempt: 0,
            attempted: None,
            answer: None,
            failures: 0,
            pardoned: 0,
            failure: None,
            new: None,
            other: BTreeMap::new(),
        }
    }

    /// The same, not to begin before this time.
    #[must_use]
    pub fn starting(mut self, not_before: Timestamp) -> Self {
        self.not_before = not_before.max(self.requested);
        self
    }

    /// Which rotation. With the number of the attempt, it makes the id of a command.
    pub fn id(&self) -> RotationId {
        self.id
    }

    /// Why the key is replaced.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// How the device makes the new key.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Whose key is replaced.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// When it was asked for.
    pub fn requested(&self) -> Timestamp {
        self.requested
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when it is so far.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// The number of the last attempt that was sent; 0: none was.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What became of the present attempt; none: nothing was sent, or the device agreed.
    pub fn answer(&self) -> Option<Answer> {
        self.answer
    }

    /// How many attempts failed or were never answered, since an operator asked last.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Why the last attempt that failed did.
    pub fn failure(&self) -> Option<&Word> {
        self.failure.as_ref()
    }

    /// The key that is replaced; none: there was none that anybody could open.
    pub fn old_key(&self) -> Option<KeyId> {
        self.old
    }

    /// The key that takes its place, once it came.
    pub fn new_key(&self) -> Option<KeyId> {
        self.new
    }

    /// The rotation after an event. An event that was heard before, or comes too late to matter, changes nothing.
    ///
    /// # Errors
    /// [`Rejected`] if the event cannot be true of this rotation; nothing was changed.
    pub fn apply(mut self, event: &RotationEvent) -> Result<Self, Rejected> {
        let case = self.case(event);
        let to = match row(self.phase, event.kind(), case).outcome {
            Outcome::Keep => return Ok(self),
            Outcome::Reject(why) => return Err(why),
            Outcome::Move(to) => to,
        };
        if self.phase != to || matches!(event, RotationEvent::KeyReceived { .. }) {
            self.since = event.at();
        }
        self.record(event);
        self.phase = to;
        Ok(self)
    }

    /// Which case of its kind an event is.
    fn case(&self, event: &RotationEvent) -> Case {
        match event {
            RotationEvent::Deferred { attempt, .. }
            | RotationEvent::Delivered { attempt, .. }
            | RotationEvent::Failed { attempt, .. }
            | RotationEvent::Sent { attempt, .. } => self.case_of_attempt(*attempt),
            RotationEvent::KeyFailed { key, .. } | RotationEvent::KeyVerified { key, .. } => {
                if self.new == Some(*key) {
                    Case::NewKey
                } else {
                    Case::OtherKey
                }
            }
            RotationEvent::KeyReceived { key, order, .. } => {
                if *order > self.known && self.old != Some(*key) {
                    Case::LaterKey
                } else {
                    Case::OtherKey
                }
            }
            RotationEvent::Cancelled { .. } | RotationEvent::OldRetired { .. } | RotationEvent::Requested { .. } => {
                Case::Any
            }
        }
    }

    fn case_of_attempt(&self, attempt: u32) -> Case {
        if attempt > self.attempt.saturating_add(1) || attempt == 0 {
            return Case::Unknown;
        }
        if attempt > self.attempt {
            return Case::Next;
        }
        match self.answer {
            _ if attempt < self.attempt => Case::Earlier,
            None | Some(Answer::Awaited) => Case::Present,
            Some(Answer::Deferred) => Case::PresentDeferred,
            Some(Answer::Failed) => Case::PresentFailed,
        }
    }

    /// Takes down what an event that counts says.
    fn record(&mut self, event: &RotationEvent) {
        match event {
            RotationEvent::Cancelled { .. } | RotationEvent::KeyVerified { .. } | RotationEvent::OldRetired { .. } => {}
            RotationEvent::Deferred { at, .. } => self.answered(Some(Answer::Deferred), *at),
            RotationEvent::Delivered { at, .. } => self.answered(None, *at),
            RotationEvent::Failed { why, at, .. } => {
                self.failures = self.failures.saturating_add(1);
                self.failure = Some(why.clone());
                self.answered(Some(Answer::Failed), *at);
            }
            RotationEvent::KeyFailed { why, at, .. } => {
                self.failures = self.failures.saturating_add(1);
                self.failure = Some(why.clone());
                self.answered(Some(Answer::Failed), *at);
                self.new = None;
            }
            RotationEvent::KeyReceived { key, order, .. } => {
                self.new = Some(*key);
                self.known = *order;
            }
            RotationEvent::Requested { cause, not_before, .. } => {
                self.not_before = self.not_before.min(*not_before);
                self.cause = cause::more_urgent(self.cause, *cause);
                if *cause == Cause::Operator {
                    (self.failures, self.pardoned) = (0, self.attempt);
                }
            }
            RotationEvent::Sent { attempt, at } => {
                if *attempt > self.attempt {
                    self.failures = self.failures.saturating_add(self.uncounted());
                }
                self.attempt = *attempt;
                self.answered(Some(Answer::Awaited), *at);
            }
        }
    }

    /// An attempt that was not answered, or after which no key came, is a failure as soon as it is given up.
    fn uncounted(&self) -> u32 {
        u32::from(self.attempt > self.pardoned && matches!(self.answer, None | Some(Answer::Awaited)))
    }

    fn answered(&mut self, answer: Option<Answer>, at: Timestamp) {
        self.answer = answer;
        self.attempted = Some(at);
    }
}

#[cfg(test)]
mod tests;
