//! Where is an audit entry kept?

use super::{Place, Record};
use crate::{
    audit::{Entry, Subject},
    ids::Organization,
    store::{
        contract::{Corrupt, Row, RowKey, StoreError, Value},
        schema::Table,
    },
};

/// An entry of an audit chain. It is kept as the JSON that its hash covers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuditRecord {
    /// The entry.
    pub entry: Entry,
}

impl AuditRecord {
    /// Which row holds the entry of this number.
    pub fn row_key(organization: &Organization, subject: &Subject, number: u64) -> RowKey {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        RowKey::new(Table::Audit, organization, [Value::from(subject.as_str()), Value::from(number)])
    }

    fn place_of(entry: &Entry) -> Place {
        let key = Self::row_key(entry.organization(), &entry.subject(), entry.number());
        (key, vec![Some(Value::from(entry.hash().to_string()))])
    }

    pub(super) fn row_of(entry: &Entry) -> Row {
        let (key, columns) = Self::place_of(entry);
        Row::known(key, columns, Some(entry.to_json()), None)
    }
}

impl Record for AuditRecord {
    const TABLE: Table = Table::Audit;

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let entry = Entry::parse(row.body().unwrap_or_default().as_bytes());
        let entry = entry.map_err(|_| Corrupt::new(row.key(), "has a body that is no audit entry"))?;
        super::body::in_its_place(row, Self::place_of(&entry))?;
        Ok(Self { entry })
    }
}
