//! Does a key have to be replaced, why, and when?

use super::{Cause, RotationRules};
use crate::time::Timestamp;

/// What is known of the newest key of a place, as far as it may be a cause. What is not known is no cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaceFacts {
    /// When the key came.
    pub received: Option<Timestamp>,
    /// When it was shown to a person for the first time.
    pub revealed: Option<Timestamp>,
    /// Whether it was shown without the approvals that are asked for otherwise: then it is replaced in any case.
    pub break_glass: bool,
    /// Since when it is known that no envelope of it opens.
    pub undecryptable: Option<Timestamp>,
    /// Since when a certificate that it is sealed to, or the key itself, is compromised.
    pub compromised: Option<Timestamp>,
    /// Since when a certificate that it is sealed to is to be used no more.
    pub certificate: Option<Timestamp>,
    /// Since when the policy asks for another key than this one.
    pub policy: Option<Timestamp>,
    /// When an operator asked for it.
    pub operator: Option<Timestamp>,
}

/// A cause, and from when on it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Due {
    /// Why the key is to be replaced.
    pub cause: Cause,
    /// When that begins. It may lie ahead.
    pub at: Timestamp,
}

/// The causes, the most urgent first.
const URGENCY: [Cause; 7] = [
    Cause::Compromise,
    Cause::Undecryptable,
    Cause::Operator,
    Cause::Certificate,
    Cause::Policy,
    Cause::Reveal,
    Cause::Age,
];

/// Why the key of a place is to be replaced: the most urgent cause of those that are there, or the one that will be
/// there first; none: there is none.
pub fn due_cause(facts: &PlaceFacts, rules: &RotationRules, now: Timestamp) -> Option<Due> {
    let due = || URGENCY.iter().filter_map(|cause| due(*cause, facts, rules));
    due().find(|due| due.at <= now).or_else(|| due().min_by_key(|due| due.at))
}

/// When a cause begins, if these facts are one and the policy wants it to be.
fn due(cause: Cause, facts: &PlaceFacts, rules: &RotationRules) -> Option<Due> {
    let wanted = rules.starts(cause) || cause == Cause::Operator || (cause == Cause::Reveal && facts.break_glass);
    let (since, delay) = match cause {
        Cause::Age => (facts.received, rules.max_age),
        Cause::Certificate => (facts.certificate, 0),
        Cause::Compromise => (facts.compromised, 0),
        Cause::Operator => (facts.operator, 0),
        Cause::Policy => (facts.policy, 0),
        Cause::Reveal => (facts.revealed, rules.after_reveal),
        Cause::Undecryptable => (facts.undecryptable, 0),
    };
    since.filter(|_| wanted).map(|since| Due { cause, at: since.saturating_add(i64::from(delay)) })
}

/// The more urgent of two.
pub(super) fn more_urgent(one: Cause, other: Cause) -> Cause {
    URGENCY.into_iter().find(|cause| *cause == one || *cause == other).unwrap_or(one)
}
