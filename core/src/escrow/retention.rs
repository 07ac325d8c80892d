//! When is a stored key removed?
//!
//! In two steps. [`Escrow::plan_removals`] finds the keys that the policy's
//! [`RetentionRules`](crate::policy::RetentionRules) let go and decides that they go; [`Escrow::remove_due`] removes
//! them, with their envelopes, when the waiting period is over and nothing speaks against it then. Both are decided
//! over all keys of the device by one rule, [`Obstacle`], in the commit that records them. Whoever needs a key
//! meanwhile takes it off the list, and anybody can cancel. What the audit says of a key stays.

mod obstacle;

use std::collections::BTreeMap;

use serde::Serialize;

pub use obstacle::Obstacle;
use obstacle::Surroundings;

use super::{Error, Escrow, Page, Paged, transaction::Change};
use crate::{
    audit::{Action, Draft, Text},
    ids::{Actor, DeviceId, KeyId, Word},
    store::{
        ChangeId, Index, ReadRecords, RowQuery,
        records::{EnvelopeRecord, KeyRecord, RecoveryRecord, Removal},
    },
    time::Timestamp,
    verification::Place,
};

/// How many keys of a device are decided in one commit: each entry of the audit names all rows that it removed.
const KEYS_AT_ONCE: usize = 16;

/// A key that is to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedRemoval {
    /// The key.
    pub key: KeyId,
    /// Whose key.
    pub device: DeviceId,
    /// Kind, volume and protector.
    #[serde(flatten)]
    pub place: Place,
    /// When another key took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Timestamp>,
    /// When it was decided that it goes.
    pub planned: Timestamp,
    /// From when on it may be removed.
    pub due: Timestamp,
    /// Who decided it.
    pub by: Actor,
}

impl PlannedRemoval {
    fn of(record: &KeyRecord, removal: &Removal) -> Self {
        Self {
            key: record.facts.id(),
            device: record.device.clone(),
            place: record.facts.place().clone(),
            retired: record.facts.retired().map(|retirement| retirement.at),
            planned: removal.planned,
            due: removal.due,
            by: removal.by.clone(),
        }
    }
}

/// What became of a key whose waiting period is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RemovalReport {
    /// The key, and what was decided about it.
    #[serde(flatten)]
    pub removal: PlannedRemoval,
    /// Why it is kept and off the list; none: it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Obstacle>,
}

impl Escrow {
    /// The keys that are to be removed, the one that is due first first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn removals(&self, page: &Page) -> Result<Paged<PlannedRemoval>, Error> {
        let found = self.removal_page(page, None)?;
        let of = |record: KeyRecord| record.removal.as_ref().map(|removal| PlannedRemoval::of(&record, removal));
        Ok(Paged::new(found.items.into_iter().filter_map(of).collect(), found.unreadable, found.next))
    }

    /// Decides that the keys of one page of the retired ones are removed, as far as their policy lets them go. Nothing
    /// is removed yet. Gives the keys that were decided about now, and where to go on.
    ///
    /// # Errors
    /// [`Error::Store`] if the store cannot be reached; what was committed before stays.
    pub fn plan_removals(&self, page: &Page, by: &Actor, now: Timestamp) -> Result<Paged<PlannedRemoval>, Error> {
        let query = page.query(RowQuery::new(&self.organization, Index::KEYS_BY_RETIRED).to(now.unix_seconds()));
        let found = self.store.as_ref().read_page::<KeyRecord>(&query)?;
        let waiting = found.records.into_iter().filter(|record| record.removal.is_none());
        let mut planned = Vec::new();
        for (device, keys) in by_device(waiting) {
            for keys in keys.chunks(KEYS_AT_ONCE) {
                planned.extend(self.plan(&device, keys, by, now)?);
            }
        }
        Ok(Paged::new(planned, found.unreadable.len(), found.next))
    }

    fn plan(
        &self,
        device: &DeviceId,
        keys: &[KeyId],
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<PlannedRemoval>, Error> {
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            let policy = self.policies.policy(change.device.group.as_deref());
            let rules = policy.retention();
            if rules.retired_keys == 0 {
                return Ok(Vec::new());
            }
            let surroundings = self.surroundings(change)?;
            let may_go = |record: &&KeyRecord| {
                let wanted = keys.contains(&record.facts.id()) && record.removal.is_none();
                wanted && surroundings.obstacle(record, &policy, now).is_none()
            };
            let mut planned = Vec::new();
            for record in surroundings.keys.iter().filter(may_go) {
                let mut record = record.clone();
                let removal = Removal::new(by.clone(), rules.waiting_period, now);
                planned.push(PlannedRemoval::of(&record, &removal));
                let mut draft = draft(by, Action::RemovalPlanned, &record);
                draft.reason = Text::new(format!("to be removed from {} on", removal.due)).ok();
                change.audit(draft);
                record.removal = Some(removal);
                change.replace_key(record);
            }
            Ok(planned)
        })
    }

    /// Keeps a key that is to be removed; for how long, the policy says anew.
    ///
    /// # Errors
    /// [`Error::KeyUnknown`]; [`Error::RemovalUnknown`] if it is not to be removed; [`Error::ReasonMissing`];
    /// [`Error::Store`].
    pub fn cancel_removal(&self, key: &KeyId, by: &Actor, reason: &str, now: Timestamp) -> Result<(), Error> {
        let reason = Text::new(reason).map_err(|_| Error::ReasonMissing)?;
        let device = self.key_record(key)?.ok_or(Error::KeyUnknown)?.device;
        let id = ChangeId::generate(self.rng())?;
        self.transact(&device, id, now, |change| {
            let mut record = self.key_within(change, key)?.ok_or(Error::KeyUnknown)?;
            if record.removal.take().is_none() {
                return Err(Error::RemovalUnknown);
            }
            record.kept_since = Some(now);
            let mut draft = draft(by, Action::RemovalCancelled, &record);
            draft.reason = Some(reason.clone());
            change.audit(draft);
            change.replace_key(record);
            Ok(())
        })
    }

    /// Removes the keys of one page of those whose waiting period is over, with their envelopes. A key that something
    /// speaks against now is kept, and off the list. Gives what became of each, and where to go on.
    ///
    /// # Errors
    /// [`Error::Store`] if the store cannot be reached; what was committed before stays.
    pub fn remove_due(&self, page: &Page, by: &Actor, now: Timestamp) -> Result<Paged<RemovalReport>, Error> {
        let found = self.removal_page(page, Some(now))?;
        let mut reports = Vec::new();
        for (device, keys) in by_device(found.items.into_iter()) {
            for keys in keys.chunks(KEYS_AT_ONCE) {
                reports.extend(self.remove(&device, keys, by, now)?);
            }
        }
        Ok(Paged::new(reports, found.unreadable, found.next))
    }

    fn remove(
        &self,
        device: &DeviceId,
        keys: &[KeyId],
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<RemovalReport>, Error> {
        let id = ChangeId::generate(self.rng())?;
        self.transact(device, id, now, |change| {
            let policy = self.policies.policy(change.device.group.as_deref());
            let surroundings = self.surroundings(change)?;
            let (mut reports, mut removed) = (Vec::new(), Vec::new());
            for record in surroundings.keys.iter().filter(|record| keys.contains(&record.facts.id())) {
                let Some(removal) = record.removal.as_ref().filter(|removal| removal.due <= now) else { continue };
                let (envelopes, unreadable) = self.all_envelopes_of(&record.facts.id())?;
                let unreadable = (unreadable > 0).then_some(Obstacle::Unreadable);
                let kept = surroundings.obstacle(record, &policy, now).or(unreadable);
                reports.push(RemovalReport { removal: PlannedRemoval::of(record, removal), kept });
                match kept {
                    Some(obstacle) => spare(change, record, obstacle, by),
                    None => {
                        erase(change, record, envelopes, by);
                        removed.push(record.facts.id());
                    }
                }
            }
            if !removed.is_empty() {
                change.device.check_due = self.due_without(device, &removed, now)?;
            }
            Ok(reports)
        })
    }

    /// All that decides about the keys of a device.
    pub(super) fn surroundings(&self, change: &Change) -> Result<Surroundings, Error> {
        let device = &change.device;
        let found = self.keys_of(&device.device)?;
        let mut unreadable = found.unreadable;
        let mut recoveries = Vec::new();
        let mut query = RowQuery::new(&self.organization, Index::RECOVERIES_BY_DEVICE).equal(device.device.as_str());
        loop {
            let page = self.store.as_ref().read_page::<RecoveryRecord>(&query)?;
            unreadable = unreadable.saturating_add(page.unreadable.len());
            recoveries.extend(page.records.into_iter().map(|record| record.course));
            match page.next {
                Some(next) => query = query.after(next),
                None => break,
            }
        }
        let rotations = device.rotations.clone();
        Ok(Surroundings { keys: found.keys, recoveries, rotations, unreadable: unreadable > 0 })
    }

    fn removal_page(&self, page: &Page, until: Option<Timestamp>) -> Result<Paged<KeyRecord>, Error> {
        let query = RowQuery::new(&self.organization, Index::KEYS_BY_REMOVAL);
        let query = match until {
            Some(until) => query.to(until.unix_seconds()),
            None => query,
        };
        let found = self.store.as_ref().read_page::<KeyRecord>(&page.query(query))?;
        Ok(Paged::new(found.records, found.unreadable.len(), found.next))
    }
}

/// Takes a key off the list that something speaks against now. It may be decided about again when nothing does.
fn spare(change: &mut Change, record: &KeyRecord, obstacle: Obstacle, by: &Actor) {
    let mut draft = draft(by, Action::RemovalCancelled, record);
    draft.references.outcome = Word::new(obstacle.as_str()).ok();
    change.audit(draft);
    let mut record = record.clone();
    record.removal = None;
    change.replace_key(record);
}

/// Removes a key and its envelopes. The entry names every row that went, an envelope's by its digest.
fn erase(change: &mut Change, record: &KeyRecord, envelopes: Vec<EnvelopeRecord>, by: &Actor) {
    change.audit(draft(by, Action::KeyRemoved, record));
    let record = record.clone();
    change.edit(move |builder| {
        builder.delete(&record);
        for envelope in &envelopes {
            builder.delete(envelope);
        }
    });
}

fn draft(by: &Actor, action: Action, record: &KeyRecord) -> Draft {
    let (facts, mut draft) = (&record.facts, Draft::new(by.clone(), action));
    draft.references.key = Some(facts.id());
    draft.references.volume.clone_from(&facts.place().volume);
    draft.references.protector.clone_from(&facts.place().protector);
    draft.references.level = facts.reached(false).map(|reached| reached.level);
    draft
}

fn by_device(records: impl Iterator<Item = KeyRecord>) -> BTreeMap<DeviceId, Vec<KeyId>> {
    let mut devices: BTreeMap<DeviceId, Vec<KeyId>> = BTreeMap::new();
    for record in records {
        devices.entry(record.device).or_default().push(record.facts.id());
    }
    devices
}
