//! Is a device in order, and if not, why, what should be done, and when to look again?
//!
//! A pure, total function of state, policy and time. The disk and each place of a key are judged apart, and the
//! most urgent decides. A place is judged by its newest key, since that is the one that the device most likely
//! has; that an older one is known to work is said beside it, and takes nothing away from its being handed out.

mod disk;

use serde::{Deserialize, Serialize};

use super::{
    key::KeyFacts,
    posture::{Delivery, Operation},
    reason::{Action, Failure, Reason},
    state::{PlaceState, State},
    table::{Awaited, Because, Situation, Status},
};
use crate::{
    policy::{Policy, escrow::EscrowRules},
    time::Timestamp,
};

/// What follows from a state, the rules and the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Assessment {
    /// The most urgent status of all places.
    pub status: Status,
    /// Why: the reason of the most urgent place first, each once.
    pub reasons: Vec<Reason>,
    /// What to do, in the order of the reasons, each once.
    pub actions: Vec<Action>,
    /// When to assess again although nothing happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// What it waits for. A status that is not final has this, or `wake_at`, or both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaits: Vec<Awaited>,
}

impl Assessment {
    fn of(found: Found) -> Self {
        let row = found.situation.row();
        let mut assessment =
            Self { status: row.status, reasons: Vec::new(), actions: Vec::new(), wake_at: None, awaits: Vec::new() };
        let reason = match row.because {
            Because::Nothing => None,
            Because::Always(reason) => Some(reason),
            Because::LastCheck => found.failure,
        };
        assessment.add(reason);
        assessment.awaits = row.awaits.to_vec();
        assessment.wake_at = found.ends;
        assessment
    }

    fn add(&mut self, reasons: impl IntoIterator<Item = Reason>) {
        for reason in reasons {
            if !self.reasons.contains(&reason) {
                self.reasons.push(reason);
            }
            for action in reason.actions() {
                if !self.actions.contains(action) {
                    self.actions.push(*action);
                }
            }
        }
    }

    /// The same, in this situation too, which has to be looked at again at `wake_at`.
    #[must_use]
    pub(crate) fn and(mut self, situation: Situation, wake_at: Option<Timestamp>) -> Self {
        let mut other = Self::of(Found { ends: wake_at, ..situation.into() });
        if other.status < self.status {
            std::mem::swap(&mut self, &mut other);
        }
        self.join(other);
        self
    }

    /// The same, to be looked at again at this time at the latest.
    #[must_use]
    pub(crate) fn waking(mut self, at: Option<Timestamp>) -> Self {
        self.wake_at = [self.wake_at, at].into_iter().flatten().min();
        self
    }

    /// Joins what is no more urgent than this.
    fn join(&mut self, other: Self) {
        self.add(other.reasons);
        for awaited in other.awaits {
            if !self.awaits.contains(&awaited) {
                self.awaits.push(awaited);
            }
        }
        self.wake_at = [self.wake_at, other.wake_at].into_iter().flatten().min();
    }
}

/// Judges a device: pure and total, the same inputs always give the same answer.
///
/// The disk is judged where the policy demands encryption of the device's platform, by what was said of it; each
/// place of a key by its newest key, since that is the one that the device most likely has. The [`Situation`]
/// each is in says the rest. That an older key is known to work is said beside it, and takes nothing away from
/// its being handed out.
pub fn assess(state: &State, policy: &Policy, now: Timestamp) -> Assessment {
    if state.forgotten().is_some() {
        return Assessment::of(Situation::Forgotten.into());
    }
    let posture = state.posture();
    if posture.configuration().is_some_and(|it| it.operation == Operation::Remove && it.delivery == Delivery::Pending) {
        return Assessment::of(Situation::RemovalPending.into());
    }
    let rules = policy.escrow();
    let places = || state.places().iter().filter_map(|place| judge_place(place, state, &rules, now));
    let mut judged: Vec<Assessment> = if rules.required { places().collect() } else { Vec::new() };
    let works = !judged.is_empty() && judged.iter().all(|assessment| assessment.status == Status::Verified);
    let disk = disk::situation(state, policy, works, now);
    // A device that did not get its configuration yet has nothing to send.
    let no_key = rules.required && judged.is_empty();
    if no_key && disk.as_ref().is_none_or(|found| found.situation != Situation::ConfigurationPending) {
        judged.push(Assessment::of(without_key(state, &rules, now)));
    }
    judged.extend(disk.map(Assessment::of));
    if rules.required && unknown_protector(state) {
        judged.push(Assessment::of(Situation::UnknownProtector.into()));
    }
    // Stable: places of one urgency stay in their order.
    judged.sort_by_key(|assessment| assessment.status);
    let mut judged = judged.into_iter();
    let mut whole = judged.next().unwrap_or_else(|| Assessment::of(Situation::NotRequired.into()));
    judged.for_each(|other| whole.join(other));
    whole.add((rules.required && state.quarantined() > 0).then_some(Reason::Quarantined));
    whole.add((works && posture.failure().is_some()).then_some(Reason::AgentFailed));
    let earlier = state.places().iter().any(|place| place.newest().is_none() && place.earlier().is_some());
    whole.add((rules.required && earlier && !whole.status.is_final()).then_some(Reason::EarlierKeyWorks));
    whole
}

fn unknown_protector(state: &State) -> bool {
    state.posture().unknown_protector(state.places().iter().map(PlaceState::place))
}

/// Judges one place; none if it has no key of the present installation.
pub fn assess_place(place: &PlaceState, state: &State, policy: &Policy, now: Timestamp) -> Option<Assessment> {
    judge_place(place, state, &policy.escrow(), now)
}

fn judge_place(place: &PlaceState, state: &State, rules: &EscrowRules, now: Timestamp) -> Option<Assessment> {
    let newest = place.newest()?;
    let gone = state.posture().protector_of(place.place(), newest.received()) == Some(false);
    let found = match situation(newest, rules, now) {
        found if gone && found.situation != Situation::Exposed => Situation::ProtectorGone.into(),
        found => found,
    };
    let (exposed, works) = (found.situation == Situation::Exposed, found.works);
    let mut assessment = Assessment::of(found);
    if works {
        assessment.add((!reaches(newest, rules)).then_some(Reason::UnverifiableAccepted));
    } else if !exposed {
        let other = place.proven().filter(|key| key.id() != newest.id() && is_enough(key, rules));
        assessment.add(other.or(place.earlier()).map(|_| Reason::EarlierKeyWorks));
    }
    Some(assessment)
}

/// Where a device or a key was found to be.
pub(super) struct Found {
    pub(super) situation: Situation,
    /// Why the last check failed, where that is the reason.
    pub(super) failure: Option<Reason>,
    pub(super) ends: Option<Timestamp>,
    /// Whether it is a key that was shown to work as far as the rules demand, however long ago.
    works: bool,
}

impl From<Situation> for Found {
    fn from(situation: Situation) -> Self {
        Self { situation, failure: None, ends: None, works: false }
    }
}

fn until(situation: Situation, ends: Timestamp) -> Found {
    Found { ends: Some(ends), ..situation.into() }
}

fn because(situation: Situation, failure: &Failure) -> Found {
    Found { failure: Some(failure.reason()), ..situation.into() }
}

fn without_key(state: &State, rules: &EscrowRules, now: Timestamp) -> Found {
    let deadline = after(state.installed(), rules.escrow_within);
    if state.quarantined() > 0 {
        Situation::OnlyQuarantined.into()
    } else if now < deadline {
        until(Situation::NoKey, deadline)
    } else {
        Situation::NoKeyOverdue.into()
    }
}

pub(super) fn situation(key: &KeyFacts, rules: &EscrowRules, now: Timestamp) -> Found {
    if key.exposed().is_some() {
        return Situation::Exposed.into();
    }
    if key.refused().is_some() || (rules.accept_device_proof && key.denied_by_device().is_some()) {
        return Situation::ProtectorRefused.into();
    }
    let failure = key.last_attempt().and_then(|attempt| attempt.failure.as_ref());
    if let (Some(failure), None) = (failure, key.last_success()) {
        return because(Situation::NotOpened, failure);
    }
    let deadline = after(key.received(), rules.check_within);
    let opened = key.last_success();
    if is_enough(key, rules) {
        let shown = opened.map_or(key.received(), |success| success.at);
        return Found { works: true, ..age(shown, failure, rules, now) };
    }
    match opened {
        Some(success) if success.unverifiable.is_some() => Situation::Unverifiable.into(),
        Some(_) if now < deadline => until(Situation::BelowLevel, deadline),
        Some(_) => Situation::BelowLevelOverdue.into(),
        None if now < deadline => until(Situation::Unchecked, deadline),
        None => Situation::UncheckedOverdue.into(),
    }
}

/// A key that was shown to work: how long ago, and what came after?
fn age(shown: Timestamp, failure: Option<&Failure>, rules: &EscrowRules, now: Timestamp) -> Found {
    let due = after(shown, rules.reverify_after);
    let deadline = after(due, rules.check_within);
    match failure {
        Some(failure) if rules.reverify_after == 0 => because(Situation::VerifiedNotReopened, failure),
        None if rules.reverify_after == 0 => Situation::VerifiedForGood.into(),
        Some(failure) if now < due => Found { ends: Some(due), ..because(Situation::VerifiedNotReopened, failure) },
        None if now < due => until(Situation::Verified, due),
        Some(failure) => because(Situation::RecheckFailed, failure),
        None if now < deadline => until(Situation::RecheckDue, deadline),
        None => Situation::RecheckOverdue.into(),
    }
}

/// Whether a key was shown to work as far as the rules demand, however long ago, and nothing speaks against it.
pub fn works(key: &KeyFacts, rules: &EscrowRules) -> bool {
    situation(key, rules, key.received()).works
}

fn reaches(key: &KeyFacts, rules: &EscrowRules) -> bool {
    let required = rules.required_level(key.place().kind);
    key.reached(rules.accept_device_proof).is_some_and(|reached| reached.level >= required)
}

/// Whether the key reached the level demanded, or it cannot be shown that it does and that is accepted.
fn is_enough(key: &KeyFacts, rules: &EscrowRules) -> bool {
    let unverifiable = key.last_success().is_some_and(|success| success.unverifiable.is_some());
    reaches(key, rules) || (rules.accept_unverifiable && unverifiable)
}

fn after(time: Timestamp, seconds: u32) -> Timestamp {
    time.saturating_add(i64::from(seconds))
}
