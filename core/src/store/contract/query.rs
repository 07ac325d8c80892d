//! How are rows listed?

use std::{fmt, str::FromStr};

use crate::{
    ids::Organization,
    store::{
        contract::{
            error::{Corrupt, StoreError},
            row::{Row, RowKey, Value},
        },
        schema::Index,
    },
};

/// The most rows that one page, one batch of claims or one page of events has.
pub const PAGE_LIMIT: u32 = 1000;

/// Rows of one organization in the order of one index: those with given values in the first columns of the
/// index, within a range of the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowQuery {
    organization: Organization,
    index: Index,
    equal: Vec<Value>,
    from: Option<Value>,
    to: Option<Value>,
    after: Option<RowCursor>,
    descending: bool,
    limit: u32,
}

impl RowQuery {
    /// All rows of an index, in ascending order, 100 to a page.
    pub fn new(organization: &Organization, index: Index) -> Self {
        Self {
            organization: organization.clone(),
            index,
            equal: Vec::new(),
            from: None,
            to: None,
            after: None,
            descending: false,
            limit: 100,
        }
    }

    /// Only rows with this value in the next column of the index.
    #[must_use]
    pub fn equal(mut self, value: impl Into<Value>) -> Self {
        self.equal.push(value.into());
        self
    }

    /// Only rows with at least this value in the column after the equal ones.
    #[must_use]
    pub fn from(mut self, value: impl Into<Value>) -> Self {
        self.from = Some(value.into());
        self
    }

    /// Only rows with at most this value in the column after the equal ones.
    #[must_use]
    pub fn to(mut self, value: impl Into<Value>) -> Self {
        self.to = Some(value.into());
        self
    }

    /// Only rows that come after the last row of an earlier page of the same query.
    #[must_use]
    pub fn after(mut self, cursor: RowCursor) -> Self {
        self.after = Some(cursor);
        self
    }

    /// In descending order.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// At most this many rows a page: 1 to [`PAGE_LIMIT`].
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit.clamp(1, PAGE_LIMIT);
        self
    }

    /// The organization whose rows are listed.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The index.
    pub fn index(&self) -> Index {
        self.index
    }

    /// Whether the order is descending.
    pub fn is_descending(&self) -> bool {
        self.descending
    }

    /// How many rows a page has at most.
    pub fn page_limit(&self) -> u32 {
        self.limit
    }

    /// The cursor with which the next page begins, if this row is the last of a page.
    pub fn cursor_after(&self, row: &Row) -> Option<RowCursor> {
        RowCursor::of(row, self.index)
    }

    /// The same query without a cursor.
    #[must_use]
    pub fn from_the_start(mut self) -> Self {
        self.after = None;
        self
    }

    /// What the query asks for, column by column, checked against the index.
    ///
    /// # Errors
    /// [`StoreError::Misuse`] if there are more values than columns, a value is of the wrong kind, or the
    /// cursor belongs to another index.
    pub fn terms(&self) -> Result<Terms<'_>, StoreError> {
        let misuse = |problem: &str| {
            StoreError::Misuse(format!("a query by {} of {} {problem}", self.index.as_str(), self.index.table()))
        };
        let order: Vec<&'static str> = self.index.order().collect();
        let description = self.index.description();
        let fits = |name: &str, value: &Value| match description.column(name) {
            Some(column) => value.fits(column).map_err(misuse),
            None => Err(misuse("names a column that is not there")),
        };
        if self.equal.len() > order.len() {
            return Err(misuse("has more values than the index has columns"));
        }
        let (fixed, sorted) = order.split_at_checked(self.equal.len()).unwrap_or_default();
        let equal: Vec<_> = fixed.iter().copied().zip(&self.equal).collect();
        equal.iter().try_for_each(|(name, value)| fits(name, value))?;
        for bound in [&self.from, &self.to].into_iter().flatten() {
            fits(sorted.first().ok_or_else(|| misuse("has a range but no column left for it"))?, bound)?;
        }
        let after = match &self.after {
            None => None,
            Some(cursor) => {
                if cursor.0.len() != order.len() {
                    return Err(misuse("has the cursor of another index"));
                }
                order.iter().zip(&cursor.0).try_for_each(|(name, value)| fits(name, value))?;
                let (before, after) = cursor.0.split_at_checked(self.equal.len()).unwrap_or_default();
                if before != self.equal {
                    return Err(misuse("has the cursor of another query"));
                }
                Some(after)
            }
        };
        Ok(Terms { equal, from: self.from.as_ref(), to: self.to.as_ref(), after, sorted: sorted.to_vec() })
    }
}

/// A [`RowQuery`] column by column, as a database needs it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Terms<'a> {
    /// Columns that have a given value.
    pub equal: Vec<(&'static str, &'a Value)>,
    /// The least value of the first sorted column.
    pub from: Option<&'a Value>,
    /// The greatest value of the first sorted column.
    pub to: Option<&'a Value>,
    /// Only rows after this one: its values in the sorted columns, in their order. Where no column is left to
    /// sort by, nothing comes after it.
    pub after: Option<&'a [Value]>,
    /// The columns to sort by, in this order; with the equal ones they name one row.
    pub sorted: Vec<&'static str>,
}

/// The place of a row in an index: where the next page begins.
///
/// Printed and parsed as JSON, to be handed out and taken back; what comes back is checked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCursor(Vec<Value>);

impl RowCursor {
    /// The place of this row in this index; `None` if the row is not in it.
    pub fn of(row: &Row, index: Index) -> Option<Self> {
        index.order().map(|name| row.value(name).cloned()).collect::<Option<_>>().map(Self)
    }
}

impl fmt::Display for RowCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for RowCursor {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        // Six columns of 255 bytes, each byte escaped: nothing longer was ever printed.
        let readable = if text.len() <= 10_000 { serde_json::from_str(text).ok() } else { None };
        readable.map(Self).ok_or_else(|| StoreError::Misuse("a cursor is not one that was handed out".to_owned()))
    }
}

/// A page of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowPage {
    /// The rows, in the order of the index.
    pub rows: Vec<Row>,
    /// Rows between these that cannot be read.
    pub corrupt: Vec<Corrupt>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<RowCursor>,
}

impl RowPage {
    /// A page, for those who write a store.
    pub fn new(rows: Vec<Row>, corrupt: Vec<Corrupt>, next: Option<RowCursor>) -> Self {
        Self { rows, corrupt, next }
    }
}

/// What one worker has claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// The rows, the longest due first.
    pub rows: Vec<Row>,
    /// Rows that are due and cannot be read; they are not claimed.
    pub corrupt: Vec<Corrupt>,
}

impl Claims {
    /// What was claimed, for those who write a store.
    pub fn new(rows: Vec<Row>, corrupt: Vec<Corrupt>) -> Self {
        Self { rows, corrupt }
    }

    /// The keys of the claimed rows.
    pub fn keys(&self) -> Vec<RowKey> {
        self.rows.iter().map(|row| row.key().clone()).collect()
    }
}

/// A place in the order of all audit entries of an organization. Its text is the store's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// Before the first entry.
    pub fn start() -> Self {
        Self(String::new())
    }

    /// A place by the store's own text of 1 to 64 bytes.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The store's own text; empty at the start.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One audit entry with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its place in the order of all entries.
    pub cursor: Cursor,
    /// The entry.
    pub row: Row,
}

impl Event {
    /// An event, for those who write a store.
    pub fn new(cursor: Cursor, row: Row) -> Self {
        Self { cursor, row }
    }
}

/// A page of audit entries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventPage {
    /// The entries, in the order in which they were committed.
    pub events: Vec<Event>,
    /// Entries between these that cannot be read.
    pub corrupt: Vec<Corrupt>,
    /// Where to go on: after the last entry of this page, also when there is nothing after it yet.
    pub next: Cursor,
}

impl EventPage {
    /// A page, for those who write a store.
    pub fn new(events: Vec<Event>, corrupt: Vec<Corrupt>, next: Cursor) -> Self {
        Self { events, corrupt, next }
    }
}
