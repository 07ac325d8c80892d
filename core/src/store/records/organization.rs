//! What does an organization have beside its devices?

use super::Record;
use crate::{
    audit::{Head, Subject},
    ids::Organization,
    store::{
        contract::{Corrupt, Revision, Row, RowKey, StoreError, Value},
        schema::Table,
    },
};

/// The head of the organization's own audit chain, and the revision under which its certificates change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationRecord {
    /// How many changes were committed.
    pub revision: Revision,
    /// Where the organization's own audit chain ends.
    pub head: Head,
}

impl OrganizationRecord {
    /// An organization to which nothing has happened yet.
    pub const NEW: Self = Self { revision: Revision::NONE, head: Head::GENESIS };

    /// Its row.
    pub fn row_key(organization: &Organization) -> RowKey {
        Subject::Organization.row_key(organization)
    }

    pub(super) fn row_of(organization: &Organization, revision: Revision, head: &Head) -> Row {
        Row::known(Self::row_key(organization), subject_columns(revision, head, Vec::new()), None, None)
    }
}

impl Record for OrganizationRecord {
    const TABLE: Table = Table::Organizations;

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let (revision, head) = subject_of(row)?;
        Ok(Self { revision, head })
    }
}

/// The columns of a subject's row: the revision, then its own, then the head.
pub(super) fn subject_columns(revision: Revision, head: &Head, own: Vec<Option<Value>>) -> Vec<Option<Value>> {
    let number = i64::try_from(head.number).unwrap_or(i64::MAX);
    let hash = (*head != Head::GENESIS).then(|| Value::from(head.hash.to_string()));
    let mut columns = vec![Some(Value::from(revision.to_integer()))];
    columns.extend(own);
    columns.extend([Some(Value::from(number)), hash]);
    columns
}

/// The revision and the head in a subject's row.
pub(super) fn subject_of(row: &Row) -> Result<(Revision, Head), StoreError> {
    let corrupt = |problem| StoreError::from(Corrupt::new(row.key(), problem));
    let revision = row.integer("revision").and_then(Revision::from_integer);
    let number = row.integer("audit_number").and_then(|number| u64::try_from(number).ok());
    let head = match (number, row.text("audit_head")) {
        (Some(0), None) => Some(Head::GENESIS),
        (Some(number), Some(hash)) if number > 0 => hash.parse().ok().map(|hash| Head::new(number, hash)),
        _ => None,
    };
    Ok((
        revision.ok_or_else(|| corrupt("has no revision"))?,
        head.ok_or_else(|| corrupt("has a head of the audit chain that cannot be"))?,
    ))
}
