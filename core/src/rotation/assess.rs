//! What is to be done for a rotation now, and when is it to be looked at again?

use serde::{Deserialize, Serialize};

use super::{Answer, Method, Phase, Rotation, RotationRules};
use crate::{ids::KeyId, time::Timestamp};

/// What a server does next for a rotation. What is done twice does no harm: attempts are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NextStep {
    /// Ask the Mac for `SecurityInfo`: `RotateFileVaultKey` was acknowledged, and no key came with the reply. To be
    /// repeated at each wake-up.
    AskSecurityInfo,
    /// Check the new key.
    CheckKey {
        /// Which key.
        key: KeyId,
    },
    /// An operator has to look: the device failed, or did not answer, as often as the policy allows.
    CallOperator,
    /// Have the agent remove the old key from the device; then retire it here.
    RemoveOld,
    /// Retire the old key here: on the device it died when the new one was made.
    RetireOld,
    /// Send this attempt to the device, and withdraw the one before if it was not delivered; then report
    /// [`Sent`](super::RotationEvent::Sent). A number that was sent before is the same command again.
    SendRequest {
        /// Its number.
        attempt: u32,
    },
}

/// What is to be done for a rotation at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assessment {
    /// How far it is.
    pub phase: Phase,
    /// Whether the phase takes longer than the policy allows.
    pub overdue: bool,
    /// What is to be done now; none: wait.
    pub next: Option<NextStep>,
    /// When to look again, if no event comes before; none: only an event changes anything.
    pub wake_at: Option<Timestamp>,
}

impl Rotation {
    /// When the present phase is overdue, by these rules; none: it has ended.
    pub fn deadline(&self, rules: &RotationRules) -> Option<Timestamp> {
        let limit = match self.phase {
            Phase::Requested | Phase::Verified => rules.deliver_within,
            Phase::Delivered => rules.new_key_within,
            Phase::NewKeyReceived => rules.verify_within,
            Phase::Cancelled | Phase::OldRetired => return None,
        };
        Some(self.since.max(self.not_before).saturating_add(i64::from(limit)))
    }

    /// What is to be done now. Pure and total: it looks at nothing else, and changes nothing.
    pub fn assess(&self, rules: &RotationRules, now: Timestamp) -> Assessment {
        let deadline = self.deadline(rules);
        let overdue = deadline.is_some_and(|deadline| now >= deadline);
        let (next, look) = self.next(rules, overdue, now);
        let wake_at = [look, deadline].into_iter().flatten().filter(|at| *at > now).min();
        Assessment { phase: self.phase, overdue, next, wake_at }
    }

    /// What is to be done now, and when something else will be.
    fn next(&self, rules: &RotationRules, overdue: bool, now: Timestamp) -> (Option<NextStep>, Option<Timestamp>) {
        match self.phase {
            Phase::Requested => self.next_request(rules, now),
            Phase::Delivered if overdue => (Some(self.again(rules)), None),
            Phase::Delivered if self.method == Method::Mdm => {
                (Some(NextStep::AskSecurityInfo), Some(now.saturating_add(i64::from(rules.retry_after))))
            }
            Phase::Delivered => (None, None),
            Phase::NewKeyReceived => (self.new.map(|key| NextStep::CheckKey { key }), None),
            Phase::Verified if self.method.adds_before_it_removes() && self.old.is_some() => {
                (Some(NextStep::RemoveOld), None)
            }
            Phase::Verified => (Some(NextStep::RetireOld), None),
            Phase::Cancelled | Phase::OldRetired => (None, None),
        }
    }

    fn next_request(&self, rules: &RotationRules, now: Timestamp) -> (Option<NextStep>, Option<Timestamp>) {
        let attempted = self.attempted.unwrap_or(self.not_before);
        let after = |seconds: u32| attempted.saturating_add(i64::from(seconds));
        let (step, at) = match self.answer {
            None => (NextStep::SendRequest { attempt: 1 }, self.not_before),
            // The same command, because a device that could not may still have it: two would make two keys.
            Some(Answer::Deferred) => (NextStep::SendRequest { attempt: self.attempt }, after(rules.retry_after)),
            Some(Answer::Awaited) => (self.again(rules), after(rules.deliver_within)),
            Some(Answer::Failed) => match self.again(rules) {
                NextStep::CallOperator => (NextStep::CallOperator, attempted),
                again => (again, after(rules.retry_after)),
            },
        };
        if now >= at { (Some(step), None) } else { (None, Some(at)) }
    }

    /// The next attempt, unless there were enough.
    fn again(&self, rules: &RotationRules) -> NextStep {
        if self.failures.saturating_add(self.uncounted()) > rules.retries {
            return NextStep::CallOperator;
        }
        NextStep::SendRequest { attempt: self.attempt.saturating_add(1) }
    }
}
