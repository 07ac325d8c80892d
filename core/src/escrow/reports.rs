//! How do things stand?

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Error, Escrow, rotations::judge};
use crate::{
    audit::Entry,
    envelope::{Envelope, Inspection, Limits},
    ids::{DeviceId, KeyId},
    store::{
        Cursor, Index, ReadRecords, Record, RowCursor, RowQuery,
        records::{AuditRecord, DeviceRecord},
    },
    time::Timestamp,
    verification::{Assessment, Place, Reason, Status, Walk},
};

/// Which part of a list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    after: Option<RowCursor>,
    limit: u32,
}

impl Page {
    /// The first hundred.
    pub fn first() -> Self {
        Self { after: None, limit: 100 }
    }

    /// What comes after an earlier page.
    #[must_use]
    pub fn after(mut self, cursor: RowCursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// With another number of items: 1 to 1,000.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit.clamp(1, 1000);
        self
    }

    pub(super) fn query(&self, query: RowQuery) -> RowQuery {
        let query = query.limit(self.limit);
        match &self.after {
            Some(after) => query.after(after.clone()),
            None => query,
        }
    }
}

/// A part of a list, to be gone through item by item.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// Records between them that cannot be read.
    pub unreadable: usize,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<RowCursor>,
}

impl<T> Paged<T> {
    pub(super) fn new(items: Vec<T>, unreadable: usize, next: Option<RowCursor>) -> Self {
        Self { items, unreadable, next }
    }
}

impl<T> IntoIterator for Paged<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// Which devices.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Among {
    /// All.
    All,
    /// Those of a group.
    Group(String),
    /// Those with this reason first.
    Reason(Reason),
    /// Those with this status.
    Status(Status),
}

/// A key that does not open, and what to do about it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Undecryptable {
    /// The device.
    pub device: DeviceId,
    /// The key.
    pub key: KeyId,
    /// Kind, volume and protector.
    #[serde(flatten)]
    pub place: Place,
    /// Why.
    pub reason: Reason,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// What to do, in one sentence.
    pub remedy: &'static str,
    /// What can be seen of its newest envelope from outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Inspection>,
}

/// An organization at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Devices.
    pub devices: u64,
    /// Devices by status, as they were judged last.
    pub status: BTreeMap<String, u64>,
    /// Keys, retired and quarantined ones included.
    pub keys: u64,
    /// Devices that have keys to be checked by now.
    pub check_due: u64,
    /// Keys that are known not to work, by reason.
    pub problems: BTreeMap<String, u64>,
    /// Keys that wait for an operator's decision.
    pub quarantined: u64,
}

/// A device at a glance.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeviceReport {
    /// The device.
    pub device: DeviceId,
    /// How it stands.
    pub assessment: Assessment,
    /// Where a Mac stands on its way to a key that works; none unless its policy enforces FileVault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    /// When it was seen for the first time.
    pub created: Timestamp,
    /// When it was hidden, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Timestamp>,
    /// How many keys were received.
    pub keys: u64,
    /// How many keys wait for a decision.
    pub quarantined: u32,
}

/// Entries of the audit in the order in which they were committed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditEvents {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Entries between them that cannot be read.
    pub unreadable: usize,
    /// Where to go on, also when there is nothing more yet.
    pub next: Cursor,
}

impl Escrow {
    /// The keys that are known not to work, with the reason and what to do about each.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn undecryptable(&self, page: &Page) -> Result<Paged<Undecryptable>, Error> {
        let found = self.key_page(&page.query(RowQuery::new(&self.organization, Index::KEYS_BY_PROBLEM)))?;
        let mut items = Vec::new();
        for record in &found.records {
            // One that was sealed anew opens as before.
            let reason = record.problem().filter(|reason| *reason != Reason::EnvelopeNotOpened);
            let Some(reason) = reason else { continue };
            let newest = self.envelopes_of(&record.facts.id())?.pop();
            let parsed = newest.and_then(|envelope| Envelope::parse(envelope.der(), &Limits::default()).ok());
            items.push(Undecryptable {
                device: record.device.clone(),
                key: record.facts.id(),
                place: record.facts.place().clone(),
                reason,
                meaning: reason.sentence(),
                remedy: reason.remedy(),
                inspection: parsed.map(|envelope| envelope.inspect(&self.certificates)),
            });
        }
        Ok(Paged::new(items, found.unreadable.len(), found.next))
    }

    /// The organization at a glance, from index columns.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn summary(&self, now: Timestamp) -> Result<Summary, Error> {
        let query = |index| RowQuery::new(&self.organization, index);
        let mut summary = Summary {
            devices: self.store.count(&query(Index::DEVICES_BY_KEY))?,
            keys: self.store.count(&query(Index::KEYS_BY_KEY))?,
            check_due: self.check_total(now)?,
            quarantined: self.store.count(&query(Index::KEYS_BY_QUARANTINE))?,
            ..Summary::default()
        };
        for status in Status::ALL {
            let count = self.store.count(&query(Index::DEVICES_BY_STATUS).equal(status.as_str()))?;
            if count > 0 {
                summary.status.insert(status.as_str().to_owned(), count);
            }
        }
        for reason in Reason::ALL {
            let count = self.store.count(&query(Index::KEYS_BY_PROBLEM).equal(reason.as_str()))?;
            if count > 0 {
                summary.problems.insert(reason.as_str().to_owned(), count);
            }
        }
        Ok(summary)
    }

    /// One device at a glance, judged now.
    ///
    /// # Errors
    /// [`Error::DeviceUnknown`]; [`Error::Store`].
    pub fn device(&self, device: &DeviceId, now: Timestamp) -> Result<DeviceReport, Error> {
        let record = self.device_record(device)?.ok_or(Error::DeviceUnknown)?;
        Ok(self.device_report(&record, now))
    }

    /// Devices by their id.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn devices(&self, page: &Page, now: Timestamp) -> Result<Paged<DeviceReport>, Error> {
        self.list(&Among::All, page, now)
    }

    /// The devices that have this status, first reason or group, as it was when they were judged last; each is judged anew
    /// for the answer.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn list(&self, among: &Among, page: &Page, now: Timestamp) -> Result<Paged<DeviceReport>, Error> {
        let found = self.store.as_ref().read_page::<DeviceRecord>(&page.query(self.among(among)))?;
        let items = found.records.iter().map(|record| self.device_report(record, now)).collect();
        Ok(Paged::new(items, found.unreadable.len(), found.next))
    }

    /// How many devices have this status, first reason or group, as it was when they were judged last.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn count(&self, among: &Among) -> Result<u64, Error> {
        Ok(self.store.count(&self.among(among))?)
    }

    fn among(&self, among: &Among) -> RowQuery {
        let by = |index| RowQuery::new(&self.organization, index);
        match among {
            Among::All => by(Index::DEVICES_BY_KEY),
            Among::Group(group) => by(Index::DEVICES_BY_GROUP).equal(group.as_str()),
            Among::Reason(reason) => by(Index::DEVICES_BY_REASON).equal(reason.as_str()),
            Among::Status(status) => by(Index::DEVICES_BY_STATUS).equal(status.as_str()),
        }
    }

    /// The records of devices by their id.
    pub(super) fn device_page(&self, page: &Page) -> Result<Paged<DeviceRecord>, Error> {
        let query = page.query(RowQuery::new(&self.organization, Index::DEVICES_BY_KEY));
        let found = self.store.as_ref().read_page::<DeviceRecord>(&query)?;
        Ok(Paged::new(found.records, found.unreadable.len(), found.next))
    }

    fn device_report(&self, record: &DeviceRecord, now: Timestamp) -> DeviceReport {
        let policy = self.policies.policy(record.group.as_deref());
        DeviceReport {
            device: record.device.clone(),
            assessment: judge(record, &policy, now),
            walk: Walk::of(&record.state, &policy, now),
            created: record.state.created(),
            forgotten: record.state.forgotten(),
            keys: record.state.received(),
            quarantined: record.state.quarantined(),
        }
    }

    /// Audit entries of all devices after a place, in an order that never skips one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn events(&self, after: &Cursor, limit: u32) -> Result<AuditEvents, Error> {
        let page = self.store.events(&self.organization, after, limit.clamp(1, 1000))?;
        let mut unreadable = page.corrupt.len();
        let mut entries = Vec::with_capacity(page.events.len());
        for event in &page.events {
            match AuditRecord::from_row(&event.row) {
                Ok(record) => entries.push(record.entry),
                Err(_) => unreadable += 1,
            }
        }
        Ok(AuditEvents { entries, unreadable, next: page.next })
    }
}
