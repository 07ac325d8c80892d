//! Who wanted to see a key, and what became of it?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    Place, Record, Stored,
    body::{self, Version},
};
use crate::{
    audit::Subject,
    ids::{DeviceId, Organization},
    recovery::{Recovery, RecoveryId},
    store::{
        contract::{Row, RowKey, StoreError, Value},
        schema::Table,
    },
};

/// A request to see a key, who approved it, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecoveryRecord {
    version: Version,
    /// Which recovery.
    pub recovery: RecoveryId,
    /// Whose key.
    pub device: DeviceId,
    /// What was asked for, and what became of it.
    #[serde(flatten)]
    pub course: Recovery,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    more: BTreeMap<String, Json>,
}

impl RecoveryRecord {
    /// A recovery of a device's key.
    pub fn new(recovery: RecoveryId, device: DeviceId, course: Recovery) -> Self {
        Self { version: Version, recovery, device, course, more: BTreeMap::new() }
    }

    /// Which row it is.
    pub fn row_key(organization: &Organization, recovery: &RecoveryId) -> RowKey {
        RowKey::new(Table::Recoveries, organization, [Value::from(recovery.to_string())])
    }
}

impl Record for RecoveryRecord {
    const TABLE: Table = Table::Recoveries;

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let record: Self = body::read(row)?;
        body::in_its_place(row, record.place(&body::organization(row)?))?;
        Ok(record)
    }
}

impl Stored for RecoveryRecord {
    fn place(&self, organization: &Organization) -> Place {
        let asked = self.course.asked();
        let columns = vec![
            body::text(&self.device),
            body::text(self.course.state().as_str()),
            body::text(&asked.actor),
            body::seconds(Some(asked.at)),
        ];
        (Self::row_key(organization, &self.recovery), columns)
    }

    fn to_row(&self, organization: &Organization) -> Result<Row, StoreError> {
        body::row(self.place(organization), self, None)
    }

    fn subject(&self) -> Subject {
        Subject::Device(self.device.clone())
    }
}
