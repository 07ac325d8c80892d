//! How is a record written as JSON, and read again?

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

use super::Place;
use crate::store::contract::{Corrupt, Row, StoreError, Value};

/// The member `version` of a body of version 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Version;

const VERSION: u64 = 1;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if u64::deserialize(deserializer)? == VERSION {
            return Ok(Self);
        }
        Err(serde::de::Error::custom("another version"))
    }
}

#[derive(Deserialize)]
struct AnyVersion {
    version: u64,
}

/// The record in the body of a row.
pub(super) fn read<B: DeserializeOwned>(row: &Row) -> Result<B, StoreError> {
    let body = row.body().unwrap_or_default();
    serde_json::from_str(body).map_err(|_| match serde_json::from_str::<AnyVersion>(body) {
        Ok(AnyVersion { version }) if version > VERSION => {
            StoreError::Schema(format!("the row {} has version {version}; this library knows {VERSION}", row.key()))
        }
        _ => Corrupt::new(row.key(), "has a body that is not what it should be").into(),
    })
}

/// The row of a record, whose parts fit.
pub(super) fn row((key, columns): Place, body: &impl Serialize, bytes: Option<Vec<u8>>) -> Result<Row, StoreError> {
    let Ok(body) = serde_json::to_string(body) else {
        return Err(Corrupt::new(&key, "has a body that cannot be written").into());
    };
    within_limits(Row::known(key, columns, Some(body), bytes))
}

/// A row, if its parts fit.
pub(super) fn within_limits(row: Row) -> Result<Row, StoreError> {
    match row.problem() {
        Some(problem) => Err(StoreError::Limit { key: row.key().to_string(), problem }),
        None => Ok(row),
    }
}

/// Makes sure that a row stands where its record belongs: the same key, the same fixed columns. So a body that
/// was exchanged for another one is not believed.
pub(super) fn in_its_place(row: &Row, (key, columns): Place) -> Result<(), StoreError> {
    let again = Row::known(key, columns, row.body().map(str::to_owned), row.bytes().map(<[u8]>::to_vec));
    let again = within_limits(again)?;
    let fixed = |row: &Row| -> Vec<Option<Value>> {
        row.described_columns().filter(|(column, _)| column.fixed).map(|(_, value)| value.cloned()).collect()
    };
    if row.key() == again.key() && fixed(row) == fixed(&again) {
        return Ok(());
    }
    Err(Corrupt::new(row.key(), "has a body that belongs to another row").into())
}

/// A time in an integer column.
pub(super) fn seconds(time: Option<crate::time::Timestamp>) -> Option<Value> {
    time.map(|time| Value::from(time.unix_seconds()))
}

/// Anything that prints as the text of a column.
pub(super) fn text(what: impl std::fmt::Display) -> Option<Value> {
    Some(Value::from(what.to_string()))
}

/// The organization of a row.
pub(super) fn organization(row: &Row) -> Result<crate::ids::Organization, StoreError> {
    let organization = row.text("organization").unwrap_or_default();
    crate::ids::Organization::new(organization)
        .map_err(|_| Corrupt::new(row.key(), "has an organization that is no name").into())
}
