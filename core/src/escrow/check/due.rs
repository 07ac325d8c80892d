//! Which keys of which devices are tried, and when is a device due again?

use std::collections::BTreeMap;

use super::{Batch, CheckOptions, CheckReport, Job, Seen, count};
use crate::{
    envelope::Keyring,
    escrow::{Error, Escrow},
    ids::{DeviceId, KeyId},
    store::{
        Index, ReadRecords, RowQuery,
        records::{DeviceRecord, KeyRecord},
    },
    time::Timestamp,
    verification::Reason,
};

impl Escrow {
    /// The keys of a device that are due.
    pub(super) fn due_batch(
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
    pub(in crate::escrow) fn due_without(
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
    pub(super) fn failed_batches(
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
}
