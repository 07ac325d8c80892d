//! What can go wrong, and was anything changed?

use std::{error::Error, fmt};

use crate::{
    error::ErrorCode,
    store::{
        contract::{change::Revision, row::RowKey},
        schema::Table,
    },
};

/// What a database said. Its text is printed: it must not hold values of rows.
pub type Source = Box<dyn Error + Send + Sync>;

/// A stored row cannot be read. One such row never stops the others from being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {problem}", subject(.table.as_ref(), .key))]
#[non_exhaustive]
pub struct Corrupt {
    /// The table; none if it could not be told.
    pub table: Option<Table>,
    /// The table and the key, as far as it can be read and printed.
    pub key: String,
    /// What is wrong with it, as the predicate of a sentence about the row.
    pub problem: &'static str,
}

/// What a sentence about something unreadable is about.
fn subject(table: Option<&Table>, key: &str) -> String {
    match (table, key) {
        (None, UNTOLD) => "the database".to_owned(),
        _ => format!("the row {key}"),
    }
}

/// The key of a row of which nothing can be told.
const UNTOLD: &str = "?";

impl Corrupt {
    /// The row of this key cannot be read.
    pub fn new(key: &RowKey, problem: &'static str) -> Self {
        Self { table: Some(key.table()), key: key.to_string(), problem }
    }

    /// A row whose very key cannot be read.
    pub fn without_key(table: Table, problem: &'static str) -> Self {
        Self { table: Some(table), key: format!("{table}/?"), problem }
    }

    /// A database that is damaged as a whole; `problem` is the predicate of a sentence about the database.
    pub fn of_database(problem: &'static str) -> Self {
        Self { table: None, key: UNTOLD.to_owned(), problem }
    }
}

/// A store did not answer a question, or did not do what it was asked: nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A stored row cannot be read.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The database would not keep an acknowledged change over a crash.
    #[error("{0}")]
    Durability(String),
    /// A row is too large.
    #[error("the row {key} {problem}")]
    Limit {
        /// The table and the key.
        key: String,
        /// What is too large about it, as the predicate of a sentence about the row.
        problem: &'static str,
    },
    /// A documented rule of the store was broken.
    #[error("{0}")]
    Misuse(String),
    /// The tables are not such as this version works with.
    #[error("{0}")]
    Schema(String),
    /// The store cannot be reached, or is busy for too long.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Source),
}

impl StoreError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Corrupt(_) => ErrorCode::StoreCorrupt,
            Self::Durability(_) => ErrorCode::StoreDurability,
            Self::Limit { .. } => ErrorCode::StoreLimit,
            Self::Misuse(_) => ErrorCode::Misuse,
            Self::Schema(_) => ErrorCode::StoreSchema,
            Self::Unavailable(_) => ErrorCode::StoreUnavailable,
        }
    }
}

/// A change set was not committed, or it is not known whether it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Something that the change set relied on is not so any more. Nothing was changed: read again, decide
    /// again.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The store could not. Nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The answer was lost: the change may be stored or not. Ask
    /// [`committed`](super::Store::committed), or commit the same change set again.
    #[error("it is not known whether the change was stored")]
    Unknown(#[source] Source),
}

impl CommitError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Conflict(_) => ErrorCode::StoreConflict,
            Self::Store(error) => error.code(),
            Self::Unknown(_) => ErrorCode::StoreUnknown,
        }
    }
}

/// What a change set relied on and found changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}; it is at revision {current}")]
#[non_exhaustive]
pub struct Conflict {
    /// The revision at which the subject is now.
    pub current: Revision,
    /// What was not as expected.
    pub cause: ConflictCause,
}

impl Conflict {
    /// A conflict, for those who write a store.
    pub fn new(current: Revision, cause: ConflictCause) -> Self {
        Self { current, cause }
    }
}

/// What was not as a change set expected it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConflictCause {
    /// A row that was to be replaced or deleted is not there, or belongs to somebody else.
    Absent(Table),
    /// A guard did not hold.
    Guard,
    /// A row that was to be inserted is there already.
    Present(Table),
    /// The subject is not at the expected revision.
    Revision,
}

impl fmt::Display for ConflictCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(table) => write!(f, "a row of {table} that was to be changed is not there"),
            Self::Guard => f.write_str("what the change relied on was changed at the same time"),
            Self::Present(table) => write!(f, "a row of {table} that was to be inserted is there already"),
            Self::Revision => f.write_str("the subject was changed at the same time"),
        }
    }
}
