//! May this person see this key, and what became of it?
//!
//! A [`Recovery`] is one wish to see one key: `requested → approved → release_authorized → released` or
//! `release_failed`. It is a value. [`Recovery::request`] begins one under the rules of a policy, [`Recovery::apply`] is the
//! only way it changes. What may happen in which state is data: [`TABLE`], rendered into `docs/recovery.md`.
//!
//! **Commit the recovery together with the audit entry of the event; open the key only after `Authorized` is committed, and
//! return it only after `Released` is.** If it is not known whether one was committed, nothing is released until it is.
//!
//! # Rules
//!
//! - **Several people are several people**: who asked and who approved are compared by [`Person`], their immutable
//!   identity, and also refused where they may be one person in another spelling ([`Person::may_be`]).
//! - **An approval is for one envelope of one key**, by id and digest: a newer key, or the same key sealed
//!   anew, needs a new request.
//! - Only who asked may use it, once, and until it expires. An authorized release may be tried again until the key opened.
//! - Everything can be taken back until the key was released, and what has ended stays so.
//! - Break-glass asks nobody, has a quota of its own, and the key is replaced afterwards.
//!
//! [`sheet`] writes a key down for a person, [`search`] understands what is read out on the phone.

mod event;
mod request;
pub mod search;
pub mod sheet;
mod table;

use serde::{Deserialize, Serialize};

pub use event::{RecoveryEvent, Rejected};
pub use request::{Approval, End, Outcome, Release, Report, Request, Used};
pub use table::{Case, EventKind, RecoveryState, Row, Step, TABLE, cases, row};

pub use crate::{
    ids::Person,
    policy::recovery::{BreakGlassRules, RecoveryRules},
};
use crate::{
    ids::{Digest, KeyId, random_id},
    policy::recovery::MAX_APPROVALS,
    time::Timestamp,
};

random_id! {
    /// A recovery, by 128 random bits; printed as 32 lower-case hexadecimal digits.
    RecoveryId, "recovery id"
}

/// A wish to see a key, who approved it, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<KeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    envelope: Option<Digest>,
    state: RecoveryState,
    request: Request,
    /// How many approvals the policy asked for when it was requested.
    #[serde(default, skip_serializing_if = "is_zero")]
    needed: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    approvals: Vec<Approval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<Release>,
    /// Who denied it, or took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<End>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u8) -> bool {
    *number == 0
}

impl Recovery {
    /// A wish that these rules allow. It waits for its approvals; where none are needed, it is approved.
    ///
    /// Where approvals are needed, `key` and `envelope` are what is approved; where not, they may be left open until the
    /// release. `used` is what this person was shown in the last 24 hours.
    ///
    /// # Errors
    /// [`Rejected::TicketMissing`]; [`Rejected::BreakGlassNotAllowed`]; [`Rejected::Quota`]; where approvals are needed,
    /// [`Rejected::PersonMissing`] and [`Rejected::KeyMissing`].
    pub fn request(
        mut request: Request,
        key: Option<KeyId>,
        envelope: Option<Digest>,
        rules: &RecoveryRules,
        used: Used,
    ) -> Result<Self, Rejected> {
        if rules.ticket_required && request.ticket.is_none() {
            return Err(Rejected::TicketMissing);
        }
        used.allows(rules, request.break_glass)?;
        let needed = if request.break_glass { 0 } else { rules.approvals.min(MAX_APPROVALS) };
        if needed > 0 && request.person.is_none() {
            return Err(Rejected::PersonMissing);
        }
        if needed > 0 && (key.is_none() || envelope.is_none()) {
            return Err(Rejected::KeyMissing);
        }
        let latest = request.at.saturating_add(i64::from(rules.request_expires));
        request.expires = Some(request.expires.map_or(latest, |expires| expires.min(latest)));
        let state = if needed > 0 { RecoveryState::Requested } else { RecoveryState::Approved };
        Ok(Self {
            key,
            envelope,
            state,
            request,
            needed,
            approvals: Vec::new(),
            release: None,
            end: None,
            report: None,
        })
    }

    /// How far it is, as it is written. See [`state_at`](Self::state_at) for what time has done to it.
    pub fn state(&self) -> RecoveryState {
        self.state
    }

    /// How far it is at a moment: expired, if its time is over.
    pub fn state_at(&self, now: Timestamp) -> RecoveryState {
        if self.state.is_open() && self.is_outside_its_time(now) { RecoveryState::Expired } else { self.state }
    }

    /// Which key; none until one was chosen.
    pub fn key(&self) -> Option<KeyId> {
        self.key
    }

    /// Which of its envelopes, by the digest; none until one was chosen.
    pub fn envelope(&self) -> Option<Digest> {
        self.envelope
    }

    /// What was asked for.
    pub fn asked(&self) -> &Request {
        &self.request
    }

    /// How many approvals it needs.
    pub fn needed(&self) -> u8 {
        self.needed
    }

    /// Who approved, those who took it back included.
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    /// How the key was handed out.
    pub fn release(&self) -> Option<&Release> {
        self.release.as_ref()
    }

    /// Who denied it, or took it back.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// What the person said about the key.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// Until when it can be used in its present state; none: for ever, or it has ended.
    pub fn expires(&self) -> Option<Timestamp> {
        let authorized = self.release.as_ref().filter(|_| self.state == RecoveryState::ReleaseAuthorized);
        match authorized.and_then(|release| release.expires) {
            Some(expires) => Some(expires),
            None => self.request.expires.filter(|_| self.state.is_open()),
        }
    }

    /// Whether the key was shown without the approvals that are asked for otherwise, so that it is replaced at once,
    /// whatever the rules about rotation say.
    pub fn forces_rotation(&self) -> bool {
        self.request.break_glass && self.state == RecoveryState::Released
    }

    /// The recovery after an event.
    ///
    /// # Errors
    /// [`Rejected`], if a rule forbids it; nothing was changed.
    pub fn apply(mut self, event: &RecoveryEvent) -> Result<Self, Rejected> {
        let to = match row(self.state, event.kind(), self.case(event)).step {
            Step::Keep => return Ok(self),
            Step::Reject(why) => return Err(why),
            Step::Move(to) => to,
        };
        self.guard(event)?;
        self.record(event);
        self.state = to;
        Ok(self)
    }

    /// Whether an event leaves as many approvals as are needed.
    fn case(&self, event: &RecoveryEvent) -> Case {
        let standing = self.standing().count();
        let then = match event {
            RecoveryEvent::Approved(_) => standing.saturating_add(1),
            RecoveryEvent::ApprovalRevoked { person, .. } => {
                self.standing().filter(|approval| approval.person != *person).count()
            }
            _ => return Case::Any,
        };
        if then >= usize::from(self.needed) { Case::Enough } else { Case::Lacking }
    }

    fn standing(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.iter().filter(|approval| approval.revoked.is_none())
    }

    /// The rules that look at who does it, when, and about which key.
    fn guard(&self, event: &RecoveryEvent) -> Result<(), Rejected> {
        if event.kind().needs_time() && self.is_outside_its_time(event.at()) {
            return Err(Rejected::Expired);
        }
        match event {
            RecoveryEvent::Approved(approval) => {
                let asked = self.request.person.iter();
                let mut others = asked.chain(self.approvals.iter().map(|approval| &approval.person));
                if others.any(|other| other.may_be(&approval.person)) {
                    return Err(Rejected::SamePerson);
                }
                self.guard_key(Some(approval.key), Some(approval.envelope))
            }
            RecoveryEvent::ApprovalRevoked { person, .. } => {
                let known = self.standing().any(|approval| approval.person == *person);
                if known { Ok(()) } else { Err(Rejected::NoSuchApproval) }
            }
            RecoveryEvent::Authorized { actor, person, key, envelope, .. } => {
                let same = match &self.request.person {
                    Some(asked) => person.as_ref() == Some(asked),
                    None => *actor == self.request.actor,
                };
                if !same {
                    return Err(Rejected::OtherRequester);
                }
                self.guard_key(*key, *envelope)
            }
            RecoveryEvent::Expired { at } => {
                let over = self.expires().is_some_and(|expires| *at > expires);
                if over { Ok(()) } else { Err(Rejected::NotExpired) }
            }
            RecoveryEvent::Released { key, envelope, .. } => self.guard_key(Some(*key), Some(*envelope)),
            RecoveryEvent::Denied { .. }
            | RecoveryEvent::NotOpened { .. }
            | RecoveryEvent::Reported { .. }
            | RecoveryEvent::Revoked { .. }
            | RecoveryEvent::Unavailable { .. } => Ok(()),
        }
    }

    /// What was approved is one envelope of one key. Where nobody had to approve, nothing is fixed until the release.
    fn guard_key(&self, key: Option<KeyId>, envelope: Option<Digest>) -> Result<(), Rejected> {
        if self.needed == 0 || (self.key == key && self.envelope == envelope) {
            return Ok(());
        }
        Err(Rejected::OtherKey)
    }

    /// Whether its time is over, or has not begun: then a clock was turned back.
    fn is_outside_its_time(&self, now: Timestamp) -> bool {
        now < self.request.at || self.expires().is_some_and(|expires| now > expires)
    }

    /// Takes down what an event that is allowed says.
    fn record(&mut self, event: &RecoveryEvent) {
        match event {
            RecoveryEvent::Approved(approval) => self.approvals.push((**approval).clone()),
            RecoveryEvent::ApprovalRevoked { person, at } => {
                for approval in self.approvals.iter_mut().filter(|approval| approval.person == *person) {
                    approval.revoked.get_or_insert(*at);
                }
            }
            // The same authorization, tried again, has no more time than it had.
            RecoveryEvent::Authorized { .. } if self.state == RecoveryState::ReleaseAuthorized => {}
            RecoveryEvent::Authorized { key, envelope, until, at, .. } => {
                if self.needed == 0 {
                    (self.key, self.envelope) = (*key, *envelope);
                }
                let attempts = self.release.as_ref().map_or(0, |release| release.attempts);
                self.release = Some(Release { authorized: *at, expires: Some(*until), attempts, finished: None });
            }
            RecoveryEvent::Denied { actor, at } | RecoveryEvent::Revoked { actor, at } => {
                self.end = Some(End { actor: actor.clone(), at: *at });
            }
            RecoveryEvent::Expired { .. } => {}
            RecoveryEvent::NotOpened { at } => self.attempted(Some(*at)),
            RecoveryEvent::Released { key, envelope, at } => {
                (self.key, self.envelope) = (Some(*key), Some(*envelope));
                self.attempted(Some(*at));
            }
            RecoveryEvent::Reported { outcome, at } => self.report = Some(Report { outcome: *outcome, at: *at }),
            RecoveryEvent::Unavailable { .. } => self.attempted(None),
        }
    }

    fn attempted(&mut self, finished: Option<Timestamp>) {
        if let Some(release) = &mut self.release {
            release.attempts = release.attempts.saturating_add(1);
            release.finished = finished;
        }
    }
}

#[cfg(test)]
mod tests;
