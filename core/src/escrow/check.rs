//! Do the stored keys open?
//!
//! One call is one bounded batch: devices that are due are claimed, their keys tried, and what came out is committed
//! where nothing changed meanwhile. Nothing is recorded of a key whose private key could not be reached, and nothing
//! is believed of an identity that does not open what is known to open, before and after.

mod claiming;
mod record;
mod trial;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub(super) use record::due_after;

use claiming::Claiming;
use serde::Serialize;

use super::{
    Error, Escrow,
    trace::{Operation, traced},
};
use crate::{
    envelope::{Certificate, Envelope, Keyring, SealError},
    ids::{Actor, DeviceId, Digest, KeyId},
    store::{
        ChangeId, Holder, Index, ReadRecords, Record, Revision, RowKey, RowQuery, Work,
        records::{DeviceRecord, EnvelopeRecord, KeyRecord},
    },
    time::Timestamp,
    verification::{Failure, Opening, Reason},
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
    /// A certificate that keys which open are sealed to anew, where they are not yet: a Mac's key then costs the next
    /// check and its reveal an operation of this certificate's kind. The envelope that came stays, and is in use until
    /// the new one was opened once. Default: none.
    pub reseal_to: Option<Certificate>,
    /// Set it, from any thread, and no further key is tried: what was tried is recorded, the rest is due still.
    pub stop: Option<Arc<AtomicBool>>,
    /// Who checks, for the audit. Default: `check`.
    pub actor: Option<Actor>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            devices: 64,
            keys_per_device: 16,
            workers: 1,
            retry_failed: true,
            reseal_to: None,
            stop: None,
            actor: None,
        }
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

    /// Seals anew to this certificate.
    #[must_use]
    pub fn reseal_to(mut self, certificate: &Certificate) -> Self {
        self.reseal_to = Some(certificate.clone());
        self
    }

    /// Stops when this is set.
    #[must_use]
    pub fn stop(mut self, stop: &Arc<AtomicBool>) -> Self {
        self.stop = Some(Arc::clone(stop));
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
    /// Those of them that were sealed anew.
    #[serde(skip_serializing_if = "is_zero")]
    pub resealed: u64,
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
        self.resealed += other.resealed;
        for (reason, count) in &other.not_opened {
            *self.not_opened.entry(reason.clone()).or_default() += count;
        }
        self.unavailable += other.unavailable;
        self.stale += other.stale;
        self.unreadable += other.unreadable;
        self.more = other.more;
    }
}

/// What trying a key gave. The key itself is wiped by then.
enum Tried {
    Opened(Box<Opening>),
    NotOpened(Failure),
    Unavailable,
}

/// A key to be tried, and what came of it.
struct Job {
    record: KeyRecord,
    envelopes: Vec<EnvelopeRecord>,
    /// None: it was not tried, because the batch was stopped.
    tried: Option<Tried>,
    /// The envelope that it was sealed into anew.
    resealed: Option<Result<Envelope, SealError>>,
}

/// The jobs of one device.
struct Batch {
    device: DeviceId,
    jobs: Vec<Job>,
    seen: Option<Seen>,
}

/// A device as it was before its keys were read, so that it is not read again when they are recorded. Whoever changes
/// it or one of its keys in between changes its revision, and then what was made of this is not committed.
struct Seen {
    revision: Revision,
    /// Taken by whoever records first.
    record: Option<Box<DeviceRecord>>,
    /// When the first key is due that is not among the jobs, if that is known.
    others: Option<Option<Timestamp>>,
}

impl Batch {
    fn did_not_open(&self) -> bool {
        self.jobs.iter().any(Job::did_not_open)
    }
}

impl Job {
    fn did_not_open(&self) -> bool {
        matches!(&self.tried, Some(Tried::NotOpened(Failure::DidNotOpen)))
    }
}

/// What is the same for all keys of a batch.
struct Run<'a> {
    actor: Actor,
    /// The digest of the keyring.
    keyring: Digest,
    /// The keyring, without identities that do not answer.
    answering: &'a Keyring,
    workers: usize,
    reseal_to: Option<&'a Certificate>,
    stop: Option<&'a AtomicBool>,
    now: Timestamp,
}

impl Run<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
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
        let mut claiming = Claiming::new(self, &holder, options, now);
        let run = Run {
            actor,
            keyring: keyring.digest(),
            answering: &answering.keyring,
            workers: options.workers,
            reseal_to: options.reseal_to.as_ref(),
            stop: options.stop.as_deref(),
            now,
        };
        let checked = claiming.first().and_then(|()| self.check_claimed(&mut claiming, keyring, options, &run));
        let (claimed, corrupt) = claiming.end();
        report.unreadable += corrupt;
        let (settled, found) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                // What could not be done is left to whoever comes next; if that cannot be said, the lease ends.
                let _ = self.store.release(Work::Check, &holder, &claimed);
                return Err(error);
            }
        };
        report.add(&found);
        report.more = !claimed.is_empty() || report.opened + report.failed() > 0;
        // The claims on the others ended when they were committed.
        let unsettled = claimed.into_iter().filter(|key| !settled.contains(key)).collect();
        self.keep_or_release(holder, unsettled, report.more && !run.is_stopped())?;
        Ok(report)
    }

    /// Checks the devices that were claimed, or if there are none, keys that failed with another keyring. Gives the
    /// devices of which all was recorded, and the report.
    fn check_claimed(
        &self,
        claiming: &mut Claiming<'_>,
        keyring: &Keyring,
        options: &CheckOptions,
        run: &Run<'_>,
    ) -> Result<(BTreeSet<RowKey>, CheckReport), Error> {
        let (mut report, mut read) = (CheckReport::default(), CheckReport::default());
        let mut settled = BTreeSet::new();
        // Failures are recorded last, when the identities were asked once more.
        let mut doubtful = Vec::new();
        let tried = |batches: Vec<Batch>| {
            let (failed, mut done): (Vec<_>, Vec<_>) = batches.into_iter().partition(Batch::did_not_open);
            doubtful.extend(failed);
            settled.extend(self.record_all(&mut done, run, &mut report)?);
            Ok(())
        };
        if claiming.is_empty() && options.retry_failed {
            let failed = self.failed_batches(keyring, options, &mut read)?;
            self.try_all(failed.into_iter().map(Ok), run, tried)?;
        } else {
            let due = claiming.filter_map(|row| match row.map(|row| DeviceRecord::from_row(&row)) {
                Ok(Ok(record)) => Some(self.due_batch(record, options, run.now, &mut read)),
                Ok(Err(_)) => {
                    read.unreadable += 1;
                    None
                }
                Err(error) => Some(Err(error)),
            });
            self.try_all(due, run, tried)?;
        }
        self.doubt_failures(&mut doubtful, keyring);
        settled.extend(self.record_all(&mut doubtful, run, &mut report)?);
        report.add(&read);
        Ok((settled, report))
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
        record: DeviceRecord,
        options: &CheckOptions,
        now: Timestamp,
        report: &mut CheckReport,
    ) -> Result<Batch, Error> {
        let (limit, device) =
            (usize::try_from(options.keys_per_device.max(1)).unwrap_or(usize::MAX), record.device.clone());
        let mut seen = Seen { revision: record.revision, record: Some(Box::new(record)), others: None };
        let is_due = |record: &&KeyRecord| record.check_due.is_some_and(|due| due.unix_seconds() <= now.unix_seconds());
        let mut query = self.keys_by_due(&device);
        let mut jobs = Vec::new();
        // Most devices have few keys: one page tells which are due and when the next one is.
        let page = self.store.as_ref().read_page::<KeyRecord>(&query)?;
        let due = page.records.iter().take_while(is_due).count().min(limit);
        // Of what cannot be read it is not known whether it is due.
        if page.unreadable.is_empty() && (page.next.is_none() || due < page.records.len()) {
            seen.others = Some(page.records.get(due).and_then(|next| next.check_due));
            for record in page.records.into_iter().take(due) {
                jobs.push(self.job(record)?);
            }
            return Ok(Batch { device, jobs, seen: Some(seen) });
        }
        query = query.to(now.unix_seconds());
        loop {
            let page = self.store.as_ref().read_page::<KeyRecord>(&query)?;
            report.unreadable += count(page.unreadable.len());
            for record in page.records.into_iter().take(limit.saturating_sub(jobs.len())) {
                jobs.push(self.job(record)?);
            }
            match page.next {
                Some(next) if jobs.len() < limit => query = query.after(next),
                _ => return Ok(Batch { device, jobs, seen: Some(seen) }),
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
        Ok(Job { record, envelopes, tried: None, resealed: None })
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
            batches.push(Batch { device, jobs, seen: None });
        }
        Ok(batches)
    }

    /// Failures are believed only of identities that still open what is known to open.
    fn doubt_failures(&self, batches: &mut [Batch], keyring: &Keyring) {
        let mut jobs = batches.iter_mut().flat_map(|batch| &mut batch.jobs).filter(|job| job.did_not_open()).peekable();
        if jobs.peek().is_some() && self.answering(keyring).degraded {
            jobs.for_each(|job| job.tried = Some(Tried::Unavailable));
        }
    }
}

pub(super) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
