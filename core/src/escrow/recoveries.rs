//! Who may see which key, and who agreed?
//!
//! Where the policy asks for approvals, a request comes first: it names one envelope of one key, other people approve
//! exactly that, and who asked reveals it under the request. Each step is in the audit, and so is each that a rule forbade.

use serde::Serialize;

use super::{
    Error, Escrow, Page, Paged, Reveal,
    release::{Asked, draft},
    trace::{Operation, traced},
};
use crate::{
    audit::{Action, Draft, Text},
    ids::{Actor, DeviceId, Digest, KeyId, Person, Word},
    recovery::{Approval, Outcome, Recovery, RecoveryEvent, RecoveryId, RecoveryState},
    store::{
        ChangeId, Index, ReadRecords, RowQuery,
        records::{EnvelopeRecord, RecoveryRecord},
    },
    time::Timestamp,
};

/// What somebody tried, as the audit tells it if it is refused.
pub(super) struct Tried<'a> {
    pub(super) actor: &'a Actor,
    /// Under which request.
    pub(super) recovery: Option<RecoveryId>,
    pub(super) reason: Option<&'a Text>,
}

/// A wish to see a key, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// Which recovery.
    pub recovery: RecoveryId,
    /// Whose key.
    pub device: DeviceId,
    /// How far it is at this moment: `expired`, if its time is over.
    pub now: RecoveryState,
    /// How many approvals it still lacks.
    pub lacking: u8,
    /// Until when it can be used as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What was asked for, and what became of it.
    #[serde(flatten)]
    pub course: Recovery,
}

impl RecoveryReport {
    fn new(record: RecoveryRecord, now: Timestamp) -> Self {
        let RecoveryRecord { recovery, device, course, .. } = record;
        let standing = course.approvals().iter().filter(|approval| approval.revoked.is_none()).count();
        let standing = u8::try_from(standing).unwrap_or(u8::MAX);
        let (lacking, until) = (course.needed().saturating_sub(standing), course.expires());
        Self { recovery, device, now: course.state_at(now), lacking, until, course }
    }
}

impl Escrow {
    /// Asks to see a key. Where the policy asks for approvals, others have to give them now; then, and where it asks for
    /// none, [`reveal`](Self::reveal) it under this request.
    ///
    /// # Errors
    /// As [`reveal`](Self::reveal), which opens nothing yet; [`Error::Recovery`] if the policy forbids it.
    pub fn request_recovery(&self, request: &Reveal, now: Timestamp) -> Result<RecoveryReport, Error> {
        traced(Operation::RequestRecovery, Some(request.device()), || {
            let asked = request.asked()?;
            self.or_record_refusal(self.ask_for_recovery(request, &asked, now), &asked.device, &asked.tried(None), now)
        })
    }

    fn ask_for_recovery(&self, request: &Reveal, asked: &Asked, now: Timestamp) -> Result<RecoveryReport, Error> {
        let chosen = self.choose(request)?;
        let rules = self.recovery_rules(&asked.device)?;
        let key = chosen.best;
        let envelope = self.envelope_to_open(&key, &chosen)?;
        let used = self.used(&asked.actor, &rules, now)?;
        let course = Recovery::request(asked.request(now), Some(key), Some(envelope), &rules, used)?;
        let record = RecoveryRecord::new(RecoveryId::generate(self.rng())?, asked.device.clone(), course);
        let id = ChangeId::generate(self.rng())?;
        self.transact(&asked.device, id, now, |change| {
            let mut draft = draft(&record, &asked.actor, Action::RecoveryRequested);
            draft.reason = Some(asked.reason.clone());
            draft.references.envelope = Some(envelope);
            change.audit(draft);
            let stored = record.clone();
            change.edit(move |builder| {
                builder.insert(&stored);
            });
            Ok(())
        })?;
        Ok(RecoveryReport::new(record, now))
    }

    /// The envelope of a key that opened last; if none did, its newest.
    fn envelope_to_open(&self, key: &KeyId, chosen: &super::reveal::Chosen) -> Result<Digest, Error> {
        let facts = chosen.keys.iter().map(|record| &record.facts).find(|facts| facts.id() == *key);
        let opened = facts.and_then(|facts| facts.last_success()).map(|success| success.envelope);
        let envelopes = self.envelopes_of(key)?;
        let in_use: Vec<&EnvelopeRecord> = envelopes.iter().filter(|envelope| envelope.retired.is_none()).collect();
        let is_in_use = |digest: &Digest| in_use.iter().any(|envelope| envelope.digest() == *digest);
        let newest = || in_use.iter().max_by_key(|envelope| envelope.number).map(|envelope| envelope.digest());
        opened.filter(is_in_use).or_else(newest).ok_or(Error::NoKey)
    }

    /// Approves a request: exactly the envelope and the key that it names.
    ///
    /// # Errors
    /// [`Error::RecoveryUnknown`]; [`Error::Recovery`] if this is, or may be, the person who asked or one who approved
    /// before, and if it is too late; [`Error::ReasonMissing`] if the note is none; [`Error::Store`].
    pub fn approve_recovery(
        &self,
        id: &RecoveryId,
        person: &Person,
        by: &Actor,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<RecoveryReport, Error> {
        traced(Operation::ApproveRecovery, None, || {
            let note = note.map(Text::new).transpose().map_err(|_| Error::ReasonMissing)?;
            self.decide_recovery(id, (by, Action::RecoveryApproved), note.as_ref(), now, |record| {
                let (key, envelope) = record.course.key().zip(record.course.envelope()).ok_or(Error::NoKey)?;
                let mut approval = Approval::new(by.clone(), person.clone(), key, envelope, now);
                approval.note.clone_from(&note);
                Ok(RecoveryEvent::Approved(Box::new(approval)))
            })
        })
    }

    /// Takes an approval back.
    ///
    /// # Errors
    /// [`Error::RecoveryUnknown`]; [`Error::Recovery`] if there is none of this person, or the key was released.
    pub fn revoke_approval(
        &self,
        id: &RecoveryId,
        person: &Person,
        by: &Actor,
        now: Timestamp,
    ) -> Result<RecoveryReport, Error> {
        traced(Operation::RevokeApproval, None, || {
            let event = RecoveryEvent::ApprovalRevoked { person: person.clone(), at: now };
            self.decide_recovery(id, (by, Action::RecoveryApproved), None, now, |_| Ok(event.clone()))
        })
    }

    /// Denies a request, or takes it back.
    ///
    /// # Errors
    /// [`Error::RecoveryUnknown`]; [`Error::Recovery`] if it has ended; [`Error::ReasonMissing`]; [`Error::Store`].
    pub fn deny_recovery(
        &self,
        id: &RecoveryId,
        by: &Actor,
        reason: &str,
        now: Timestamp,
    ) -> Result<RecoveryReport, Error> {
        traced(Operation::DenyRecovery, None, || {
            let reason = Text::new(reason).map_err(|_| Error::ReasonMissing)?;
            let asked = self.recovery_record(id)?.course.asked().actor.clone();
            let event = if asked == *by {
                RecoveryEvent::Revoked { actor: by.clone(), at: now }
            } else {
                RecoveryEvent::Denied { actor: by.clone(), at: now }
            };
            self.decide_recovery(id, (by, Action::RecoveryEnded), Some(&reason), now, |_| Ok(event.clone()))
        })
    }

    /// Takes down whether a key that was handed out did its work.
    ///
    /// # Errors
    /// [`Error::RecoveryUnknown`]; [`Error::Recovery`] if no key was handed out; [`Error::Store`].
    pub fn report_recovery(
        &self,
        id: &RecoveryId,
        outcome: Outcome,
        by: &Actor,
        now: Timestamp,
    ) -> Result<RecoveryReport, Error> {
        traced(Operation::ReportRecovery, None, || {
            let event = RecoveryEvent::Reported { outcome, at: now };
            self.decide_recovery(id, (by, Action::RecoveryReported), None, now, |_| Ok(event.clone()))
        })
    }

    /// Changes a recovery by what somebody decides; what the rules forbid leaves its trace.
    fn decide_recovery(
        &self,
        id: &RecoveryId,
        (actor, action): (&Actor, Action),
        reason: Option<&Text>,
        now: Timestamp,
        decide: impl Fn(&RecoveryRecord) -> Result<RecoveryEvent, Error>,
    ) -> Result<RecoveryReport, Error> {
        let device = self.recovery_record(id)?.device;
        let changed = self.change_recovery(id, (actor, action), reason, now, decide);
        let tried = Tried { actor, recovery: Some(*id), reason };
        Ok(RecoveryReport::new(self.or_record_refusal(changed, &device, &tried, now)?, now))
    }

    /// Hands the result on; where a rule forbade it, who tried what is in the audit of the device. No limit of a day
    /// holds here: a device could use it up, so that somebody else's attempt leaves no trace.
    pub(super) fn or_record_refusal<T>(
        &self,
        result: Result<T, Error>,
        device: &DeviceId,
        tried: &Tried<'_>,
        now: Timestamp,
    ) -> Result<T, Error> {
        let Err(Error::Recovery(why)) = &result else { return result };
        let id = ChangeId::generate(self.rng())?;
        let recorded = self.transact(device, id, now, |change| {
            if change.known {
                let mut draft = Draft::new(tried.actor.clone(), Action::RecoveryRefused);
                draft.reason = tried.reason.cloned();
                draft.references.request = tried.recovery.and_then(|id| Text::new(id.to_string()).ok());
                draft.references.outcome = Word::new(why.as_str()).ok();
                change.audit(draft);
            }
            Ok(())
        });
        // That it was refused is told in any case; what is told is why.
        match recorded {
            Ok(()) | Err(Error::Conflict | Error::Store(_) | Error::Unknown { .. }) => result,
            Err(other) => Err(other),
        }
    }

    /// One recovery.
    ///
    /// # Errors
    /// [`Error::RecoveryUnknown`]; [`Error::Store`].
    pub fn recovery(&self, id: &RecoveryId, now: Timestamp) -> Result<RecoveryReport, Error> {
        Ok(RecoveryReport::new(self.recovery_record(id)?, now))
    }

    /// The recoveries in a state, as it is written; or all.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn recoveries(
        &self,
        state: Option<RecoveryState>,
        page: &Page,
        now: Timestamp,
    ) -> Result<Paged<RecoveryReport>, Error> {
        let query = match state {
            Some(state) => RowQuery::new(&self.organization, Index::RECOVERIES_BY_STATE).equal(state.as_str()),
            None => RowQuery::new(&self.organization, Index::RECOVERIES_BY_KEY),
        };
        let found = self.store.as_ref().read_page::<RecoveryRecord>(&page.query(query))?;
        let items = found.records.into_iter().map(|record| RecoveryReport::new(record, now)).collect();
        Ok(Paged::new(items, found.unreadable.len(), found.next))
    }
}
