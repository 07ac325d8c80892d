//! What is kept of a recovery key, without the key?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    Place, Record, Stored,
    body::{self, Version},
};
use crate::{
    audit::{Subject, Text},
    ids::{Actor, DeviceId, Digest, KeyId, Organization, ProtectorId},
    recovery::search,
    store::{
        contract::{ChangeId, Row, RowKey, StoreError, Value},
        schema::Table,
    },
    time::Timestamp,
    verification::{KeyFacts, Quarantine, Reason},
};

/// How often a key came again after it had come first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sightings {
    /// How often.
    pub count: u64,
    /// When last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// Who sent it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
}

/// A decision to remove a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Removal {
    /// When it was made.
    pub planned: Timestamp,
    /// From when on it may be carried out.
    pub due: Timestamp,
    /// Who made it.
    pub by: Actor,
}

impl Removal {
    /// A decision of this moment, which may be carried out so many seconds later.
    pub fn new(by: Actor, waiting_period: u32, now: Timestamp) -> Self {
        Self { planned: now, due: now.saturating_add(i64::from(waiting_period)), by }
    }
}

/// A recovery key: where it belongs, who brought it, and what was observed of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeyRecord {
    version: Version,
    /// Whose key.
    pub device: DeviceId,
    /// Who brought it.
    pub by: Actor,
    /// The change that brought it.
    pub change: ChangeId,
    /// The digest of the wrapped key that came with it.
    pub wrapped: Digest,
    /// The name that its sender gave the request that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Text>,
    /// How often it came again.
    #[serde(default)]
    pub sightings: Sightings,
    /// The device that had sent the same wrapped key before, if it is or was set apart for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_on: Option<DeviceId>,
    /// When it is to be checked; none if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_due: Option<Timestamp>,
    /// That it is to be removed, if that was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// Since when it is kept anew: it was to be removed, and somebody needed it or cancelled that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_since: Option<Timestamp>,
    /// What was observed of it: its id, its place, its envelopes, whether it opens.
    pub facts: KeyFacts,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    more: BTreeMap<String, Json>,
}

impl KeyRecord {
    /// A key that came with a change.
    pub fn new(device: DeviceId, facts: KeyFacts, by: Actor, change: ChangeId, wrapped: Digest) -> Self {
        Self {
            version: Version,
            device,
            by,
            change,
            wrapped,
            request: None,
            sightings: Sightings::default(),
            seen_on: None,
            check_due: None,
            removal: None,
            kept_since: None,
            facts,
            more: BTreeMap::new(),
        }
    }

    /// Which row it is.
    pub fn row_key(organization: &Organization, key: &KeyId) -> RowKey {
        RowKey::new(Table::Keys, organization, [Value::from(key.to_string())])
    }

    /// Why it cannot be taken for one that works, as far as an operator has to know: not while it waits for its
    /// first check or for a decision, and not once another key took its place.
    pub fn problem(&self) -> Option<Reason> {
        let settled = self.facts.retired().is_none() && !self.facts.is_apart();
        let unopened = self.facts.last_success().is_some() && self.facts.envelopes().iter().any(|it| !it.checked);
        let reason = self.facts.reason().or(unopened.then_some(Reason::EnvelopeNotOpened));
        reason.filter(|reason| settled && *reason != Reason::NotChecked)
    }
}

impl Record for KeyRecord {
    const TABLE: Table = Table::Keys;

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let record: Self = body::read(row)?;
        body::in_its_place(row, record.place(&body::organization(row)?))?;
        Ok(record)
    }
}

impl Stored for KeyRecord {
    fn place(&self, organization: &Organization) -> Place {
        let facts = &self.facts;
        let pending = facts.quarantine() == Some(Quarantine::Pending);
        let prefix = facts.place().protector.as_ref().and_then(protector_prefix);
        let columns = vec![
            body::text(&self.device),
            Some(Value::from(i64::try_from(facts.order()).unwrap_or(i64::MAX))),
            body::text(facts.place().kind),
            body::text(self.wrapped),
            prefix.map(Value::from),
            facts.place().volume.as_ref().map(|volume| Value::from(search::canonical(volume.as_str()))),
            body::seconds(self.check_due),
            self.problem().and_then(|problem| body::text(problem.as_str())),
            body::seconds(pending.then(|| facts.received())),
            body::seconds(facts.retired().map(|retirement| retirement.at)),
            body::seconds(self.removal.as_ref().map(|removal| removal.due)),
        ];
        (Self::row_key(organization, &facts.id()), columns)
    }

    fn to_row(&self, organization: &Organization) -> Result<Row, StoreError> {
        body::row(self.place(organization), self, None)
    }

    fn subject(&self) -> Subject {
        Subject::Device(self.device.clone())
    }

    fn check_due(&self) -> Option<Timestamp> {
        self.check_due
    }
}

/// What a recovery screen shows of a protector's id: the first eight hexadecimal digits, in lower case; none if
/// it does not begin with eight (braces around it do not count).
pub fn protector_prefix(protector: &ProtectorId) -> Option<String> {
    let digits: String = protector.as_str().trim_start_matches('{').chars().take(8).collect();
    let is_prefix = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_prefix.then(|| digits.to_ascii_lowercase())
}
