//! What do the rows mean?
//!
//! One typed record per table. The body of its row is the record as JSON; columns repeat what rows are found
//! by, and alone hold what changes by itself (the revision, the head of the audit chain). No record has a
//! field that a key in clear would fit into: they are ids, digests, times, words, and envelopes that were
//! parsed as CMS. What people write (reasons, host names) is free text, and is theirs to answer for.
//!
//! A body says its version. Members that this version does not know are kept when a record is changed and
//! written again, so a newer version may add some; a body of a higher version is refused.

mod alias;
mod audit;
mod body;
mod certificate;
mod change;
mod device;
mod envelope;
mod key;
mod members;
mod organization;
mod recovery;

pub use alias::{Alias, AliasRecord, Trust};
pub use audit::AuditRecord;
pub use certificate::{CertificateRecord, CertificateState};
pub use device::{DayCount, DeviceRecord, Judged, Judgement};
pub use envelope::{EnvelopeOrigin, EnvelopeRecord};
pub use key::{KeyRecord, Removal, Sightings, protector_prefix};
pub use members::{Member, MemberKind, members};
pub use organization::OrganizationRecord;
pub use recovery::RecoveryRecord;

pub(crate) use change::ChangeSetBuilder;

#[cfg(test)]
mod tests;

use crate::{
    audit::Subject,
    ids::{DeviceId, Organization},
    store::{
        contract::{Row, RowCursor, RowKey, RowQuery, Store, StoreError, Value},
        schema::{Index, Table},
    },
    time::Timestamp,
};

/// What one row of a table means.
pub trait Record: Sized {
    /// The table.
    const TABLE: Table;

    /// Reads a row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is not such a record; [`StoreError::Schema`] if a newer version wrote it.
    fn from_row(row: &Row) -> Result<Self, StoreError>;
}

/// The key and the columns of a row.
pub(crate) type Place = (RowKey, Vec<Option<Value>>);

/// A record on its way into a change set.
pub(crate) trait Stored: Record {
    /// Where its row stands: its key, and its columns.
    fn place(&self, organization: &Organization) -> Place;

    /// Its row.
    fn to_row(&self, organization: &Organization) -> Result<Row, StoreError>;

    /// The rows that follow from it, in other tables.
    fn derived(&self, _organization: &Organization) -> Vec<Row> {
        Vec::new()
    }

    /// What it belongs to.
    fn subject(&self) -> Subject;

    /// When something about it is due to be checked.
    fn check_due(&self) -> Option<Timestamp> {
        None
    }
}

/// A page of records.
#[derive(Debug)]
#[non_exhaustive]
pub struct RecordPage<R> {
    /// The records, in the order of the index.
    pub records: Vec<R>,
    /// Why others between them could not be read.
    pub unreadable: Vec<StoreError>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<RowCursor>,
}

/// Reading records from any store.
pub trait ReadRecords: Store {
    /// Reads one record.
    ///
    /// # Errors
    /// As [`Store::get`] and [`Record::from_row`]; [`StoreError::Misuse`] if the key is one of another table.
    fn read<R: Record>(&self, key: &RowKey) -> Result<Option<R>, StoreError> {
        is_of::<R>(key.table())?;
        self.get(key)?.as_ref().map(R::from_row).transpose()
    }

    /// Lists records.
    ///
    /// # Errors
    /// As [`Store::list`]; [`StoreError::Misuse`] if the query is one of another table.
    fn read_page<R: Record>(&self, query: &RowQuery) -> Result<RecordPage<R>, StoreError> {
        is_of::<R>(query.index().table())?;
        let page = self.list(query)?;
        let mut unreadable: Vec<StoreError> = page.corrupt.into_iter().map(StoreError::from).collect();
        let mut records = Vec::with_capacity(page.rows.len());
        for row in &page.rows {
            match R::from_row(row) {
                Ok(record) => records.push(record),
                Err(error) => unreadable.push(error),
            }
        }
        Ok(RecordPage { records, unreadable, next: page.next })
    }

    /// When the first key of a device will be due, once these records of keys are written: what `check_due` in
    /// its [`DeviceRecord`] has to be in the same change set. None if no key is to be checked.
    ///
    /// # Errors
    /// As [`Store::list`].
    fn next_check(
        &self,
        organization: &Organization,
        device: &DeviceId,
        written: &[KeyRecord],
    ) -> Result<Option<Timestamp>, StoreError> {
        let keys: Vec<String> = written.iter().map(|key| key.facts.id().to_string()).collect();
        let due = written.iter().filter_map(|key| key.check_due).min();
        let mut query = RowQuery::new(organization, Index::KEYS_BY_DUE).equal(device.as_str());
        loop {
            let page = self.list(&query)?;
            let mut others = page.rows.iter().filter(|row| !keys.iter().any(|key| row.text("key_id") == Some(key)));
            if let Some(other) = others.next() {
                let other = other.integer("check_due").and_then(|due| Timestamp::from_unix_seconds(due).ok());
                return Ok(due.into_iter().chain(other).min());
            }
            match page.next {
                Some(cursor) => query = query.after(cursor),
                None => return Ok(due),
            }
        }
    }
}

impl<S: Store + ?Sized> ReadRecords for S {}

fn is_of<R: Record>(table: Table) -> Result<(), StoreError> {
    if table == R::TABLE {
        return Ok(());
    }
    Err(StoreError::Misuse(format!("a row of {table} was to be read as one of {}", R::TABLE)))
}
