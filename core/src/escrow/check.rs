//! Do the stored keys open?
//!
//! One call is one bounded batch: devices that are due are claimed, their keys tried, and what came out is committed
//! where nothing changed meanwhile. Nothing is recorded of a key whose private key could not be reached, and nothing
//! is believed of an identity that does not open what is known to open, before and after.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;

use super::{
    Error, Escrow,
    certificates::Recipients,
    opening::{self, Outcome},
    trace::{Operation, traced},
    transaction::Change,
};
use crate::{
    audit::{Action, Draft},
    envelope::{Envelope, Fingerprint, Keyring, Limits},
    ids::{Actor, DeviceId, Digest, KeyId, Word},
    policy::EscrowRules,
    store::{
        ChangeId, Claims, Holder, Index, ReadRecords, Record, RowKey, RowQuery, Work,
        records::{DeviceRecord, EnvelopeOrigin, EnvelopeRecord, KeyRecord},
    },
    time::Timestamp,
    verification::{KeyChange, Opening, Reason},
};

/// How a batch of checks is done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckOptions {
    /// Devices in one batch, 1 to 1,000. Default: 64.
    pub devices: u32,
    /// Keys of one device in one batch: what one device sends does not hold up the others, if this is well below
    /// the number of devices. Default: 16.
    pub keys_per_device: u32,
    /// Threads that open keys. Default: 1.
    pub workers: usize,
    /// Whether keys that did not open with another keyring are tried with this one. Default: yes.
    pub retry_failed: bool,
    /// Who checks, for the audit. Default: `check`.
    pub actor: Option<Actor>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { devices: 64, keys_per_device: 16, workers: 1, retry_failed: true, actor: None }
    }
}

impl CheckOptions {
    /// The options with another number of threads.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.clamp(1, 256);
        self
    }

    /// The options with another number of devices in a batch.
    #[must_use]
    pub fn devices(mut self, devices: u32) -> Self {
        self.devices = devices.clamp(1, 1000);
        self
    }

    /// Checks in the name of this actor.
    #[must_use]
    pub fn by(mut self, actor: &Actor) -> Self {
        self.actor = Some(actor.clone());
        self
    }
}

/// What one batch of checks came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// Keys that opened.
    pub opened: u64,
    /// Keys that did not open, by the word of the reason.
    pub not_opened: BTreeMap<String, u64>,
    /// Keys about which nothing is known, because a private key could not be reached. Nothing was recorded of them.
    pub unavailable: u64,
    /// Keys that somebody else changed at the same time: their results were dropped.
    pub stale: u64,
    /// Records that cannot be read. They stop nothing; `audit verify` names them.
    pub unreadable: u64,
    /// Whether there is more to do: call again, with a fresh `now`.
    pub more: bool,
}

impl CheckReport {
    /// Keys that were tried and did not open.
    pub fn failed(&self) -> u64 {
        self.not_opened.values().sum()
    }

    /// Adds another batch to this one; `more` is that of the other.
    pub fn add(&mut self, other: &Self) {
        self.opened += other.opened;
        for (reason, count) in &other.not_opened {
            *self.not_opened.entry(reason.clone()).or_default() += count;
        }
        self.unavailable += other.unavailable;
        self.stale += other.stale;
        self.unreadable += other.unreadable;
        self.more = other.more;
    }
}

/// A key to be tried, and what came of it.
struct Job {
    record: KeyRecord,
    envelopes: Vec<EnvelopeRecord>,
    outcome: Outcome,
}

/// The jobs of one device.
struct Batch {
    device: DeviceId,
    jobs: Vec<Job>,
}

/// What is the same for all results of a batch.
struct Run {
    actor: Actor,
    keyring: Digest,
    now: Timestamp,
}

/// For how long claimed devices are left to us.
const LEASE: Duration = Duration::from_secs(300);

impl Escrow {
    /// Checks one batch of the keys that are due.
    ///
    /// # Errors
    /// [`Error::Store`] if the store cannot be reached; what was recorded before stays.
    pub fn check(&self, keyring: &Keyring, options: &CheckOptions, now: Timestamp) -> Result<CheckReport, Error> {
        traced(Operation::Check, None, || self.check_batch(keyring, options, now))
    }

    fn check_batch(&self, keyring: &Keyring, options: &CheckOptions, now: Timestamp) -> Result<CheckReport, Error> {
        let mut report = CheckReport::default();
        let answering = self.answering(keyring);
        if answering.silent {
            // Nothing can come of it: not even a claim is made, and none is kept.
            self.release_held()?;
            report.unavailable = 1;
            return Ok(report);
        }
        let actor = match &options.actor {
            Some(actor) => actor.clone(),
            None => Actor::new("check")?,
        };
        let holder = Holder::new(format!("check {}", ChangeId::generate(self.rng())?))?;
        let claims =
            self.store.claim(&self.organization, Work::Check, &holder, options.devices.clamp(1, 1000), LEASE, now)?;
        report.unreadable += count(claims.corrupt.len());
        let claimed: Vec<RowKey> = claims.keys();
        let batch = self.check_claimed(&claims, (keyring, &answering.keyring), options, &actor, now);
        let (unsettled, found) = match batch {
            Ok(batch) => batch,
            Err(error) => {
                // What could not be done is left to whoever comes next; if that cannot be said, the lease ends.
                let _ = self.store.release(Work::Check, &holder, &claimed);
                return Err(error);
            }
        };
        report.add(&found);
        report.more = !claimed.is_empty() || report.opened + report.failed() > 0;
        let (kept, done): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|key| unsettled.contains(key));
        self.store.release(Work::Check, &holder, &done)?;
        self.keep_or_release(holder, kept, report.more)?;
        Ok(report)
    }

    /// Checks the devices that were claimed, or if there are none, keys that failed with another keyring. Gives the
    /// claimed devices of which nothing was recorded, and the report.
    fn check_claimed(
        &self,
        claims: &Claims,
        (keyring, answering): (&Keyring, &Keyring),
        options: &CheckOptions,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Vec<RowKey>, CheckReport), Error> {
        let mut report = CheckReport::default();
        let mut batches = Vec::new();
        for row in &claims.rows {
            match DeviceRecord::from_row(row) {
                Ok(record) => batches.push(self.due_batch(record.device, options, now, &mut report)?),
                Err(_) => report.unreadable += 1,
            }
        }
        if claims.rows.is_empty() && options.retry_failed {
            batches = self.failed_batches(keyring, options, &mut report)?;
        }

        open_all(self, &mut batches, answering, options.workers, now);
        self.doubt_failures(&mut batches, keyring);

        let run = Run { actor: actor.clone(), keyring: keyring.digest(), now };
        let mut unsettled = claims.keys();
        for batch in batches {
            let device = DeviceRecord::row_key(&self.organization, &batch.device);
            let unavailable = batch.jobs.iter().any(|job| matches!(job.outcome, Outcome::Unavailable));
            if self.record(batch, &run, &mut report)? && !unavailable {
                unsettled.retain(|key| *key != device);
            }
        }
        Ok((unsettled, report))
    }

    /// Devices of which nothing could be recorded stay claimed until the last batch of this run, so that they do not
    /// come back again and again: a private key was out of reach, a row cannot be read or does not fit the others.
    fn keep_or_release(&self, holder: Holder, kept: Vec<RowKey>, more: bool) -> Result<(), Error> {
        if !kept.is_empty() {
            self.held().push((holder, kept));
        }
        if more { Ok(()) } else { self.release_held() }
    }

    fn release_held(&self) -> Result<(), Error> {
        let held = std::mem::take(&mut *self.held());
        for (holder, keys) in held {
            self.store.release(Work::Check, &holder, &keys)?;
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Vec<(Holder, Vec<RowKey>)>> {
        // A thread that panicked while it held the list left it whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys of a device that are due.
    fn due_batch(
        &self,
        device: DeviceId,
        options: &CheckOptions,
        now: Timestamp,
        report: &mut CheckReport,
    ) -> Result<Batch, Error> {
        let limit = usize::try_from(options.keys_per_device.max(1)).unwrap_or(usize::MAX);
        let mut query = self.keys_by_due(&device).to(now.unix_seconds());
        let mut jobs = Vec::new();
        loop {
            let page = self.store.as_ref().read_page::<KeyRecord>(&query)?;
            report.unreadable += count(page.unreadable.len());
            for record in page.records.into_iter().take(limit.saturating_sub(jobs.len())) {
                jobs.push(self.job(record)?);
            }
            match page.next {
                Some(next) if jobs.len() < limit => query = query.after(next),
                _ => return Ok(Batch { device, jobs }),
            }
        }
    }

    /// When a device is due for its keys but these. What is due already waits behind the devices that are, so that one
    /// that sends more than a batch takes does not stand before them again and again.
    pub(super) fn due_without(
        &self,
        device: &DeviceId,
        keys: &[KeyId],
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let mut query = self.keys_by_due(device);
        loop {
            let page = self.store.as_ref().read_page::<KeyRecord>(&query)?;
            let first = page.records.iter().find(|record| !keys.contains(&record.facts.id()));
            match (first, page.next) {
                (Some(first), _) => return Ok(first.check_due.map(|due| due.max(now))),
                // Records that cannot be read do not hide those behind them.
                (None, Some(next)) => query = query.after(next),
                (None, None) => return Ok(None),
            }
        }
    }

    fn keys_by_due(&self, device: &DeviceId) -> RowQuery {
        RowQuery::new(&self.organization, Index::KEYS_BY_DUE).equal(device.as_str()).limit(16)
    }

    fn job(&self, record: KeyRecord) -> Result<Job, Error> {
        let envelopes = self.envelopes_of(&record.facts.id())?;
        Ok(Job { record, envelopes, outcome: Outcome::Unavailable })
    }

    /// Keys that did not open with another keyring.
    fn failed_batches(
        &self,
        keyring: &Keyring,
        options: &CheckOptions,
        report: &mut CheckReport,
    ) -> Result<Vec<Batch>, Error> {
        let digest = Some(keyring.digest());
        let wanted = usize::try_from(options.devices.saturating_mul(options.keys_per_device)).unwrap_or(usize::MAX);
        let mut by_device: BTreeMap<DeviceId, Vec<Job>> = BTreeMap::new();
        let mut found = 0;
        let mut query =
            RowQuery::new(&self.organization, Index::KEYS_BY_PROBLEM).limit(crate::store::contract::PAGE_LIMIT);
        loop {
            let page = self.store.as_ref().read_page::<KeyRecord>(&query)?;
            report.unreadable += count(page.unreadable.len());
            for record in page.records {
                // With another keyring it failed, or one of its envelopes was passed over.
                let unopened = record.problem() == Some(Reason::EnvelopeNotOpened);
                let other_keyring = |attempt: &crate::verification::Attempt| {
                    (attempt.failure.is_some() || unopened) && attempt.keyring != digest
                };
                let jobs = by_device.entry(record.device.clone()).or_default();
                let room = jobs.len() < usize::try_from(options.keys_per_device).unwrap_or(usize::MAX);
                if found < wanted && room && record.facts.last_attempt().is_some_and(other_keyring) {
                    jobs.push(self.job(record)?);
                    found += 1;
                }
            }
            match page.next {
                Some(next) if found < wanted => query = query.after(next),
                _ => break,
            }
        }
        let mut batches = Vec::new();
        for (device, jobs) in by_device.into_iter().filter(|(_, jobs)| !jobs.is_empty()) {
            batches.push(Batch { device, jobs });
        }
        Ok(batches)
    }

    /// Failures are believed only of identities that still open what is known to open.
    fn doubt_failures(&self, batches: &mut [Batch], keyring: &Keyring) {
        let failed = |job: &Job| matches!(&job.outcome, Outcome::NotOpened(crate::verification::Failure::DidNotOpen));
        if batches.iter().flat_map(|batch| &batch.jobs).any(failed) && self.answering(keyring).degraded {
            for job in batches.iter_mut().flat_map(|batch| &mut batch.jobs).filter(|job| failed(job)) {
                job.outcome = Outcome::Unavailable;
            }
        }
    }

    /// Records the results of one device, if they are still about what is there. Says whether any was.
    fn record(&self, batch: Batch, run: &Run, report: &mut CheckReport) -> Result<bool, Error> {
        let Batch { device, jobs } = batch;
        let Run { actor, keyring, now } = run;
        let (keyring, now) = (Some(*keyring), *now);
        let unavailable = jobs.iter().filter(|job| matches!(job.outcome, Outcome::Unavailable)).count();
        report.unavailable += count(unavailable);
        let id = ChangeId::generate(self.rng())?;
        let rules_of = |change: &Change| self.policies.policy(change.device.group.as_deref()).escrow();
        let mut counted = CheckReport::default();
        let result = self.transact(&device, id, now, |change| {
            counted = CheckReport::default();
            let rules = rules_of(change);
            let mut due = None;
            let mut recorded = Vec::new();
            for job in &jobs {
                let id = job.record.facts.id();
                // What was tried is what has to be there still.
                let record = self.key_within(change, &id)?.filter(|record| record.facts == job.record.facts);
                let Some(mut record) = record else {
                    counted.stale += 1;
                    continue;
                };
                let (draft, result) = match &job.outcome {
                    Outcome::Unavailable => continue,
                    Outcome::Opened(opened) => {
                        let envelope = opened.opening.envelope;
                        let opening = opened.opening.clone();
                        let result = change.change_key(&mut record, KeyChange::Opened(opening));
                        (draft(actor, Action::KeyChecked, &record, Some(envelope), None), result)
                    }
                    Outcome::NotOpened(failure) => {
                        let tried = record.facts.envelopes().iter().map(|envelope| envelope.digest).collect();
                        let not_opened = KeyChange::NotOpened { tried, failure: failure.clone(), keyring, at: now };
                        let result = change.change_key(&mut record, not_opened);
                        (draft(actor, Action::KeyCheckFailed, &record, None, Word::new(failure.as_str()).ok()), result)
                    }
                };
                if matches!(result, Err(Error::Rejected(_))) {
                    counted.stale += 1;
                    continue;
                }
                result?;
                match &job.outcome {
                    Outcome::Opened(opened) => {
                        counted.opened += 1;
                        let envelopes = &job.envelopes;
                        self.settle_envelopes(change, &mut record, envelopes, &opened.opening, (actor, now))?;
                    }
                    Outcome::NotOpened(failure) => {
                        *counted.not_opened.entry(failure.as_str().to_owned()).or_default() += 1;
                    }
                    Outcome::Unavailable => {}
                }
                recorded.push(id);
                change.audit(draft);
                change.replace_key(record);
            }
            // What one key proves may end another that was checked with it: first all are checked.
            for id in &recorded {
                let record = self.key_within(change, id)?.ok_or(Error::KeyUnknown)?;
                self.rotate_tried(change, &record, &rules, actor, now)?;
            }
            for id in &recorded {
                let mut record = self.key_within(change, id)?.ok_or(Error::KeyUnknown)?;
                record.check_due = due_after(&record, &rules, now);
                due = earlier(due, record.check_due);
                change.replace_key(record);
            }
            // Asked now: a key may have come since the batch was read.
            change.device.check_due = earlier(due, self.due_without(&device, &recorded, now)?);
            Ok(())
        });
        match result {
            Ok(()) => report.add(&counted),
            // Somebody changes this device all the time: its turn comes again.
            Err(Error::Conflict) => {
                report.stale += count(jobs.len());
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(counted.opened + counted.failed() > 0)
    }
}

/// When a key is due that was tried just now. Where one of its envelopes was passed over, since its private key was
/// not at hand, that is not at once: the keyring has to change first.
pub(super) fn due_after(record: &KeyRecord, rules: &EscrowRules, now: Timestamp) -> Option<Timestamp> {
    let due = record.facts.check_due(rules)?;
    Some(if due > now { due } else { now.saturating_add(i64::from(rules.check_within.max(60))) })
}

impl Escrow {
    /// Marks an envelope that opened for the first time; what it was wrapped anew from is not needed any more. Learns
    /// who it is sealed to, where its certificate was not known when it came: else it would never be wrapped anew.
    pub(super) fn settle_envelopes(
        &self,
        change: &mut Change,
        record: &mut KeyRecord,
        envelopes: &[EnvelopeRecord],
        opening: &Opening,
        (by, now): (&Actor, Timestamp),
    ) -> Result<(), Error> {
        let Some(before) = envelopes.iter().find(|envelope| envelope.digest() == opening.envelope) else {
            return Ok(());
        };
        let mut opened = before.clone();
        if let Ok(envelope) = Envelope::parse(opened.der(), &Limits::default()) {
            let recipients = Recipients::of(&envelope, &self.certificates);
            let unknown = |fingerprint: &&Fingerprint| !opened.recipients.contains(fingerprint);
            let learned: Vec<Fingerprint> = recipients.known.iter().filter(unknown).copied().collect();
            if !learned.is_empty() {
                opened.recipients.extend(learned);
                self.guard_certificates(change, &recipients, by, now)?;
            }
        }
        if opened.opened.is_none() {
            opened.opened = Some(now);
            retire_replaced(change, record, envelopes, &opened, now)?;
        }
        if opened != *before {
            change.edit(move |builder| {
                builder.replace(&opened);
            });
        }
        Ok(())
    }
}

/// Retires what an envelope that opened was wrapped anew from.
fn retire_replaced(
    change: &mut Change,
    record: &mut KeyRecord,
    envelopes: &[EnvelopeRecord],
    opened: &EnvelopeRecord,
    now: Timestamp,
) -> Result<(), Error> {
    let EnvelopeOrigin::Rewrapped(from) = opened.origin else { return Ok(()) };
    let replaced = envelopes.iter().find(|envelope| envelope.digest() == from && envelope.retired.is_none());
    let Some(mut replaced) = replaced.cloned() else { return Ok(()) };
    change.change_key(record, KeyChange::EnvelopeRetired { digest: replaced.digest() })?;
    replaced.retired = Some(now);
    change.edit(move |builder| {
        builder.replace(&replaced);
    });
    Ok(())
}

/// Opens all keys, split over threads. Only memory is touched here.
fn open_all(escrow: &Escrow, batches: &mut [Batch], keyring: &Keyring, workers: usize, now: Timestamp) {
    let identities = opening::Identities::of(keyring);
    let mut jobs: Vec<&mut Job> = batches.iter_mut().flat_map(|batch| &mut batch.jobs).collect();
    let run = &|jobs: &mut [&mut Job]| {
        for job in jobs {
            job.outcome = opening::open(&escrow.organization, &job.record, &job.envelopes, &identities, now);
        }
    };
    let share = jobs.len().div_ceil(workers.max(1)).max(1);
    if workers <= 1 || jobs.len() <= 1 {
        return run(&mut jobs);
    }
    std::thread::scope(|scope| {
        for share in jobs.chunks_mut(share) {
            scope.spawn(move || run(share));
        }
    });
}

fn draft(actor: &Actor, action: Action, record: &KeyRecord, envelope: Option<Digest>, outcome: Option<Word>) -> Draft {
    let place = record.facts.place();
    let mut draft = Draft::new(actor.clone(), action);
    draft.references.key = Some(record.facts.id());
    draft.references.volume.clone_from(&place.volume);
    draft.references.protector.clone_from(&place.protector);
    draft.references.envelope = envelope;
    draft.references.outcome = outcome;
    draft.references.level = record.facts.reached(false).map(|reached| reached.level);
    draft.references.identity =
        record.facts.last_success().filter(|_| envelope.is_some()).map(|success| success.identity);
    draft
}

pub(super) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
