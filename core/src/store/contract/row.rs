//! What does a store keep?

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    audit::row_digest,
    ids::{Digest, MAX_BYTES, Organization},
    store::{
        contract::error::Corrupt,
        schema::{Column, ColumnKind, Table},
    },
};

/// The longest body, in bytes of JSON.
pub const BODY_LIMIT: usize = 4 << 20;

/// The longest envelope, in bytes.
pub const BYTES_LIMIT: usize = 1 << 20;

/// What one column of one row holds. An empty column is `None`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Value {
    /// A number, or a time in seconds since 1970.
    Integer(i64),
    /// 0 to 255 bytes of UTF-8 without control characters, ordered by its bytes.
    Text(String),
}

impl Value {
    /// Which kind of column it belongs into.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Integer(_) => ColumnKind::Integer,
            Self::Text(_) => ColumnKind::Text,
        }
    }

    /// The integer, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            Self::Text(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Integer(_) => None,
            Self::Text(text) => Some(text),
        }
    }

    /// Whether it may stand in this column.
    pub(crate) fn fits(&self, column: &Column) -> Result<(), &'static str> {
        if self.kind() != column.kind {
            return Err("has a value of the wrong kind");
        }
        match self {
            Self::Text(text) if text.len() > MAX_BYTES => Err("has a text of more than 255 bytes"),
            Self::Text(text) if text.chars().any(char::is_control) => Err("has a text with control characters"),
            _ => Ok(()),
        }
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Which row: a table, and the values of its key, of which the first is the organization.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowKey {
    table: Table,
    parts: Vec<Value>,
}

impl RowKey {
    /// The key with these parts, the organization first.
    ///
    /// # Errors
    /// [`Corrupt`] if they do not fit the table's key.
    pub fn from_parts(table: Table, parts: Vec<Value>) -> Result<Self, Corrupt> {
        let key = table.description().key;
        let problem = if key.len() == parts.len() {
            key.iter().zip(&parts).find_map(|(column, part)| part.fits(column).err())
        } else {
            Some("has a key of the wrong length")
        };
        let row = Self { table, parts };
        match problem {
            Some(problem) => Err(Corrupt::new(&row, problem)),
            None => Ok(row),
        }
    }

    /// A key made in this crate, where the parts are known to fit.
    pub(crate) fn new(table: Table, organization: &Organization, rest: impl IntoIterator<Item = Value>) -> Self {
        let mut parts = vec![Value::from(organization.as_str())];
        parts.extend(rest);
        Self { table, parts }
    }

    /// The table.
    pub fn table(&self) -> Table {
        self.table
    }

    /// The values of the key columns, the organization first.
    pub fn parts(&self) -> &[Value] {
        &self.parts
    }

    /// The table and the key without the organization: how audit entries name a row of an audited table. Not
    /// more than 300 bytes there.
    pub fn name(&self) -> String {
        let mut name = self.table.as_str().to_owned();
        for part in self.parts.iter().skip(1) {
            name.push('/');
            match part {
                Value::Integer(integer) => name.push_str(&integer.to_string()),
                Value::Text(text) => name.push_str(text),
            }
        }
        name
    }

    /// Whether the row is of this organization.
    pub fn belongs_to(&self, organization: &Organization) -> bool {
        self.parts.first().and_then(Value::as_text) == Some(organization.as_str())
    }
}

impl PartialOrd for RowKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RowKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.table.cmp(&other.table).then_with(|| self.parts.cmp(&other.parts))
    }
}

impl fmt::Display for RowKey {
    /// The table and the parts, each cut after 64 characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.table)?;
        self.parts.iter().try_for_each(|part| match part {
            Value::Integer(integer) => write!(f, "/{integer}"),
            Value::Text(text) => write!(f, "/{}", text.chars().take(64).collect::<String>().escape_debug()),
        })
    }
}

/// One row of a table.
///
/// A store takes it apart with the accessors, keeps every part unchanged, and puts it together again with
/// [`Row::from_parts`]. A row that goes into a store comes from a record, inside of a
/// [`ChangeSet`](super::ChangeSet).
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    key: RowKey,
    columns: Vec<Option<Value>>,
    body: Option<String>,
    bytes: Option<Vec<u8>>,
}

impl Row {
    /// A row as a database holds it; `columns` in the order of the table's description, without the key.
    ///
    /// # Errors
    /// [`Corrupt`] if the parts do not fit the table's description.
    pub fn from_parts(
        key: RowKey,
        columns: Vec<Option<Value>>,
        body: Option<String>,
        bytes: Option<Vec<u8>>,
    ) -> Result<Self, Corrupt> {
        let row = Self { key, columns, body, bytes };
        match row.problem() {
            Some(problem) => Err(Corrupt::new(&row.key, problem)),
            None => Ok(row),
        }
    }

    /// A row made in this crate, where the parts are known to fit.
    pub(crate) fn known(
        key: RowKey,
        columns: Vec<Option<Value>>,
        body: Option<String>,
        bytes: Option<Vec<u8>>,
    ) -> Self {
        Self { key, columns, body, bytes }
    }

    pub(crate) fn problem(&self) -> Option<&'static str> {
        let description = self.key.table.description();
        if description.columns.len() != self.columns.len() {
            return Some("has the wrong number of columns");
        }
        if description.body != self.body.is_some() || description.bytes != self.bytes.is_some() {
            return Some("lacks its body or bytes, or has them where there should be none");
        }
        if self.body.as_ref().is_some_and(|body| body.len() > BODY_LIMIT) {
            return Some("has a body of more than 4 MiB");
        }
        if self.bytes.as_ref().is_some_and(|bytes| bytes.len() > BYTES_LIMIT) {
            return Some("has an envelope of more than 1 MiB");
        }
        description.columns.iter().zip(&self.columns).find_map(|(column, value)| match value {
            Some(value) => value.fits(column).err(),
            None if column.nullable => None,
            None => Some("has an empty column that must not be"),
        })
    }

    /// The table.
    pub fn table(&self) -> Table {
        self.key.table
    }

    /// Which row it is.
    pub fn key(&self) -> &RowKey {
        &self.key
    }

    /// The columns beside the key, in the order of the table's description.
    pub fn columns(&self) -> &[Option<Value>] {
        &self.columns
    }

    /// The body: JSON, to be kept byte for byte.
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// The sealed envelope.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// The value of a column, of the key or beside it; `None` also where there is no such column.
    pub fn value(&self, column: &str) -> Option<&Value> {
        let description = self.key.table.description();
        if let Some(place) = description.key.iter().position(|part| part.name == column) {
            return self.key.parts.get(place);
        }
        let place = description.columns.iter().position(|other| other.name == column)?;
        self.columns.get(place)?.as_ref()
    }

    /// The integer in a column.
    pub fn integer(&self, column: &str) -> Option<i64> {
        self.value(column)?.as_integer()
    }

    /// The text in a column.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.value(column)?.as_text()
    }

    /// The columns beside the key with their descriptions.
    pub fn described_columns(&self) -> impl Iterator<Item = (&'static Column, Option<&Value>)> {
        self.key.table.description().columns.iter().zip(self.columns.iter().map(Option::as_ref))
    }

    /// The digest of the row that audit entries hold ([`row_digest`]): over the table, the parts of the key, the
    /// digested columns in the order of their description, the body and the bytes. A text is `t` and its bytes,
    /// an integer `i` and eight bytes, most significant first; what is empty or not there has no bytes.
    pub fn digest(&self) -> Digest {
        let value = |value: Option<&Value>| match value {
            None => Vec::new(),
            Some(Value::Integer(integer)) => [b"i".as_slice(), &integer.to_be_bytes()].concat(),
            Some(Value::Text(text)) => [b"t", text.as_bytes()].concat(),
        };
        let key = self.key.parts.iter().map(|part| value(Some(part)));
        let columns = self.described_columns().filter(|(column, _)| column.digested).map(|(_, content)| value(content));
        let values: Vec<Vec<u8>> = key.chain(columns).collect();
        let table = self.key.table.as_str().as_bytes();
        let (body, bytes) = (self.body.as_deref().unwrap_or_default(), self.bytes.as_deref().unwrap_or_default());
        let values = values.iter().map(Vec::as_slice);
        row_digest(std::iter::once(table).chain(values).chain([body.as_bytes(), bytes]))
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = f.debug_struct("Row");
        row.field("key", &format_args!("{}", self.key));
        self.described_columns().for_each(|(column, value)| {
            row.field(column.name, &value);
        });
        row.field("body", &self.body);
        row.field("bytes", &self.bytes.as_ref().map(Vec::len));
        row.finish()
    }
}
