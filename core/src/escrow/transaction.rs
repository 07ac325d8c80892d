//! How is a device changed while others change it too?
//!
//! Read, decide, commit; and again from the start if somebody else was faster. A lost answer is asked for before
//! anything else is done.

use std::collections::BTreeMap;

use super::{
    Error, Escrow,
    rotations::judge,
    trace::{Operation, traced},
};
use crate::{
    audit::{Action, Draft},
    ids::{DeviceId, KeyId, Word},
    store::{
        ChangeId, ChangeSet, CommitError, ReadRecords, Revision, StoreError,
        records::{ChangeSetBuilder, DeviceRecord, Judged, KeyRecord, OrganizationRecord},
    },
    time::Timestamp,
    verification::{Event, HeaderProof, KeyChange, Opening},
};

/// How often somebody else may be faster.
const ATTEMPTS: u32 = 64;

/// What is added to a change set when it is built.
type RowEdit = Box<dyn FnOnce(&mut ChangeSetBuilder)>;

/// A change of one device that is being put together.
pub(super) struct Change {
    /// Its name, so that it is stored once.
    pub(super) id: ChangeId,
    pub(super) device: DeviceRecord,
    /// Whether the device was there before.
    pub(super) known: bool,
    pub(super) drafts: Vec<Draft>,
    /// The keys that it changes. One key may be changed for several reasons: checked, and retired by the check of another.
    keys: BTreeMap<KeyId, KeyRecord>,
    edits: Vec<RowEdit>,
    /// The keys that were to be removed and are kept, and why.
    kept: Vec<(KeyId, &'static str)>,
}

impl Change {
    pub(super) fn of(id: ChangeId, device: DeviceRecord, known: bool) -> Self {
        Self { id, device, known, drafts: Vec::new(), keys: BTreeMap::new(), edits: Vec::new(), kept: Vec::new() }
    }

    /// Records what was done.
    pub(super) fn audit(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Applies an event to what is known of the device.
    pub(super) fn apply(&mut self, event: &Event) -> Result<(), Error> {
        self.device.state = self.device.state.clone().apply(event)?;
        Ok(())
    }

    /// Applies a change to a key, to its record and to the device.
    pub(super) fn change_key(&mut self, record: &mut KeyRecord, change: KeyChange) -> Result<(), Error> {
        let event = Event::KeyChanged { key: Box::new(record.facts.clone()), change };
        let Event::KeyChanged { change, .. } = &event else { return Ok(()) };
        let after = record.facts.after(change)?;
        self.apply(&event)?;
        record.facts = after;
        if let Some(at) = proof_of_use(change) {
            self.keep(record, "proven", at);
        }
        Ok(())
    }

    /// Somebody needs this key: if it is to be removed, it is not.
    pub(super) fn keep(&mut self, record: &mut KeyRecord, why: &'static str, at: Timestamp) {
        if record.removal.take().is_some() {
            record.kept_since = Some(at);
            self.kept.push((record.facts.id(), why));
        }
    }

    /// Whether it changes this key.
    pub(super) fn changes_key(&self, key: &KeyId) -> bool {
        self.keys.contains_key(key)
    }

    /// The record of a key becomes this one.
    pub(super) fn replace_key(&mut self, record: KeyRecord) {
        self.keys.insert(record.facts.id(), record);
    }

    /// Adds to the change set.
    pub(super) fn edit(&mut self, edit: impl FnOnce(&mut ChangeSetBuilder) + 'static) {
        self.edits.push(Box::new(edit));
    }
}

impl Escrow {
    /// The record of a device.
    pub(super) fn device_record(&self, device: &DeviceId) -> Result<Option<DeviceRecord>, Error> {
        Ok(self.store.as_ref().read(&DeviceRecord::row_key(&self.organization, device))?)
    }

    /// The record of a key.
    pub(super) fn key_record(&self, key: &KeyId) -> Result<Option<KeyRecord>, Error> {
        Ok(self.store.as_ref().read(&KeyRecord::row_key(&self.organization, key))?)
    }

    /// The record of a key, as this change leaves it so far.
    pub(super) fn key_within(&self, change: &Change, key: &KeyId) -> Result<Option<KeyRecord>, Error> {
        match change.keys.get(key) {
            Some(record) => Ok(Some(record.clone())),
            None => self.key_record(key),
        }
    }

    /// The organization's own record.
    pub(super) fn organization_record(&self) -> Result<OrganizationRecord, Error> {
        let key = OrganizationRecord::row_key(&self.organization);
        Ok(self.store.as_ref().read(&key)?.unwrap_or(OrganizationRecord::NEW))
    }

    /// The change set of a change, with the device judged anew.
    pub(super) fn change_set(&self, mut change: Change, now: Timestamp) -> Result<ChangeSet, Error> {
        let policy = self.policies.policy(change.device.group.as_deref());
        self.begin_rotations(&mut change, &policy, now)?;
        let Change { id, mut device, mut drafts, keys, edits, kept, .. } = change;
        // Who did what the key was needed for, kept it.
        if let Some(actor) = drafts.first().map(|draft| draft.actor.clone()) {
            let kept = kept.into_iter().map(|(key, why)| {
                let mut draft = Draft::new(actor.clone(), Action::RemovalCancelled);
                draft.references.key = Some(key);
                draft.references.outcome = Word::new(why).ok();
                draft
            });
            drafts.splice(0..0, kept);
        }
        let assessment = judge(&device, &policy, now);
        device.judged = Some(Judged::new(assessment, Some(policy.digest())));
        let mut builder = ChangeSetBuilder::of_device(id, &self.organization, device);
        for record in keys.values() {
            builder.replace(record);
        }
        for edit in edits {
            edit(&mut builder);
        }
        Ok(builder.build(drafts, now, self.mac_key.as_ref())?)
    }

    /// Changes a device: reads it, lets `decide` say what happens, and commits that; if somebody else was faster,
    /// all of it again. Where `decide` records nothing, nothing is committed.
    pub(super) fn transact<T>(
        &self,
        device: &DeviceId,
        id: ChangeId,
        now: Timestamp,
        mut decide: impl FnMut(&mut Change) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for _ in 0..ATTEMPTS {
            let mut change = self.begin_change(device, id, now)?;
            let read = change.device.revision;
            let value = match decide(&mut change) {
                Ok(value) => value,
                Err(_) if self.is_outdated(device, read) => continue,
                Err(error) => return Err(error),
            };
            if change.drafts.is_empty() {
                return Ok(value);
            }
            let changes = self.change_set(change, now)?;
            match self.commit(&changes) {
                Ok(()) => return Ok(value),
                Err(CommitError::Conflict(_)) => {}
                Err(error) => return Err(Error::of_commit(error, changes.change_id())),
            }
        }
        Err(Error::Conflict)
    }

    /// As [`transact`](Self::transact), for several devices, each for itself: what nobody else changed meanwhile is
    /// committed in one go. `decide` is told the place of the device. A device whose record is given is not read; what
    /// was made of a record that was old is made anew.
    pub(super) fn transact_all<T>(
        &self,
        devices: Vec<(DeviceId, Option<DeviceRecord>)>,
        now: Timestamp,
        mut decide: impl FnMut(usize, &mut Change) -> Result<T, Error>,
    ) -> Result<Vec<Result<T, Error>>, Error> {
        let mut sets = Vec::new();
        let (devices, read): (Vec<_>, Vec<_>) = devices.into_iter().unzip();
        let mut prepare =
            |place: usize, known: Option<DeviceRecord>, decide: &mut dyn FnMut(usize, &mut Change) -> _| {
                let Some(device) = devices.get(place) else { return Ok(None) };
                let id = ChangeId::generate(self.rng())?;
                let mut change = match known {
                    Some(record) => Change::of(id, record, true),
                    None => self.begin_change(device, id, now)?,
                };
                let read = change.device.revision;
                let value: T = match decide(place, &mut change) {
                    Ok(value) => value,
                    Err(_) if self.is_outdated(device, read) => return Ok(None),
                    Err(error) => return Err(error),
                };
                if change.drafts.is_empty() {
                    return Ok(Some((value, false)));
                }
                sets.push(self.change_set(change, now)?);
                Ok(Some((value, true)))
            };
        let prepared: Vec<Result<Option<(T, bool)>, Error>> =
            read.into_iter().enumerate().map(|(place, known)| prepare(place, known, &mut decide)).collect();
        let answers = if sets.is_empty() { Vec::new() } else { self.store_all(&sets)? };
        let mut committed = sets.iter().zip(answers);
        let settled = devices.iter().zip(prepared).enumerate().map(|(place, (device, prepared))| {
            let again = |decide: &mut dyn FnMut(usize, &mut Change) -> Result<T, Error>| {
                let id = ChangeId::generate(self.rng())?;
                self.transact(device, id, now, |change| decide(place, change))
            };
            let Some((value, commits)) = prepared? else { return again(&mut decide) };
            if !commits {
                return Ok(value);
            }
            let (changes, answer) = committed.next().ok_or(Error::Misuse("the store left a change set unanswered"))?;
            match self.settled(changes, answer.map(|_| ())) {
                Ok(()) => Ok(value),
                Err(CommitError::Conflict(_)) => again(&mut decide),
                Err(error) => Err(Error::of_commit(error, changes.change_id())),
            }
        });
        Ok(settled.collect())
    }

    /// Whether somebody changed the device since it was read. What was decided then may rest on the device of before and a
    /// key of after, which fit no more: that is a conflict, and no answer.
    fn is_outdated(&self, device: &DeviceId, read: Revision) -> bool {
        let now = self.device_record(device).map(|record| record.map(|record| record.revision));
        now.is_ok_and(|now| now.is_some_and(|now| now != read))
    }

    fn begin_change(&self, device: &DeviceId, id: ChangeId, now: Timestamp) -> Result<Change, Error> {
        Ok(match self.device_record(device)? {
            Some(record) => Change::of(id, record, true),
            None => Change::of(id, DeviceRecord::new(device.clone(), now), false),
        })
    }

    /// Commits, and finds out what became of it if the answer was lost.
    pub(super) fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        self.settled(changes, self.store_changes(changes))
    }

    /// What became of a commit whose answer this is.
    fn settled(&self, changes: &ChangeSet, answer: Result<(), CommitError>) -> Result<(), CommitError> {
        match answer {
            Err(CommitError::Unknown(source)) => match self.store.committed(&self.organization, changes.change_id()) {
                Ok(Some(_)) => Ok(()),
                // It is known now that nothing was stored, so that it can be tried once more.
                Ok(None) => self.store_changes(changes),
                Err(_) => Err(CommitError::Unknown(source)),
            },
            answer => answer,
        }
    }

    fn store_all(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
        traced(Operation::Commit, None, || self.store.commit_batch(changes))
    }

    fn store_changes(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        traced(Operation::Commit, None, || self.store.commit(changes).map(|_| ()))
    }
}

/// When a volume was shown to open with a key, if this change says so. That an envelope opened says nothing of a disk.
fn proof_of_use(change: &KeyChange) -> Option<Timestamp> {
    match change {
        KeyChange::Attested { opens: true, at } => Some(*at),
        KeyChange::Opened(Opening {
            header: HeaderProof::ProtectorOpens | HeaderProof::VolumeKeyUnwrapped,
            at,
            ..
        }) => Some(*at),
        _ => None,
    }
}
