//! What happens to a key that another device had sent before?
//!
//! Nothing opens it until an operator accepts it (the Mac was enrolled anew) or rejects it (somebody replays
//! another Mac's blob).

use super::{Error, Escrow, KeySummary, Page, Paged};
use crate::{
    audit::{Action, Draft, Text},
    ids::{Actor, KeyId},
    rotation::RotationEvent,
    store::{ChangeId, Index, ReadRecords, RowQuery, records::KeyRecord},
    time::Timestamp,
    verification::KeyChange,
};

impl Escrow {
    /// The keys that wait for a decision, the longest waiting first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn quarantine(&self, page: &Page) -> Result<Paged<KeySummary>, Error> {
        let query = page.query(RowQuery::new(&self.organization, Index::KEYS_BY_QUARANTINE));
        let found = self.store.as_ref().read_page::<KeyRecord>(&query)?;
        let items = found.records.iter().map(|key| Ok(KeySummary::of(key, &self.envelopes_of(&key.facts.id())?)));
        Ok(Paged::new(items.collect::<Result<_, Error>>()?, found.unreadable.len(), found.next))
    }

    /// Accepts a key: it is this device's own, and is checked like any other.
    ///
    /// # Errors
    /// [`Error::KeyUnknown`]; [`Error::Rejected`] if it does not wait for a decision; [`Error::ReasonMissing`];
    /// [`Error::Store`].
    pub fn accept_quarantined(&self, key: &KeyId, by: &Actor, reason: &str, now: Timestamp) -> Result<(), Error> {
        self.decide_quarantine(key, by, reason, (KeyChange::QuarantineAccepted, Action::QuarantineAccepted), now)
    }

    /// Rejects a key: nothing ever opens it. It is kept.
    ///
    /// # Errors
    /// As [`accept_quarantined`](Self::accept_quarantined).
    pub fn reject_quarantined(&self, key: &KeyId, by: &Actor, reason: &str, now: Timestamp) -> Result<(), Error> {
        self.decide_quarantine(key, by, reason, (KeyChange::QuarantineRejected, Action::QuarantineRejected), now)
    }

    fn decide_quarantine(
        &self,
        key: &KeyId,
        by: &Actor,
        reason: &str,
        (decision, action): (KeyChange, Action),
        now: Timestamp,
    ) -> Result<(), Error> {
        let reason = Text::new(reason).map_err(|_| Error::ReasonMissing)?;
        let device = self.key_record(key)?.ok_or(Error::KeyUnknown)?.device;
        let id = ChangeId::generate(self.rng())?;
        self.transact(&device, id, now, |change| {
            let mut record = self.key_within(change, key)?.ok_or(Error::KeyUnknown)?;
            change.change_key(&mut record, decision.clone())?;
            if matches!(decision, KeyChange::QuarantineAccepted) {
                let came = RotationEvent::KeyReceived { key: *key, order: record.facts.order(), at: now };
                change.rotate(record.facts.place(), &came);
            }
            let rules = self.policies.policy(change.device.group.as_deref()).escrow();
            record.check_due = record.facts.check_due(&rules);
            let mut draft = Draft::new(by.clone(), action.clone());
            draft.reason = Some(reason.clone());
            draft.references.key = Some(*key);
            change.audit(draft);
            change.replace_key(record);
            Ok(())
        })
    }
}
