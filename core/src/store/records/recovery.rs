//! Who wanted to see a key, and what became of it?

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::{
    Record, Stored,
    body::{self, Version},
};
use crate::{
    audit::{Subject, Text},
    ids::{Actor, DeviceId, Digest, IdError, KeyId, Organization, parse_hex},
    random::{Randomness, RandomnessError},
    store::{
        contract::{Row, RowKey, StoreError, Value},
        schema::Table,
    },
    time::Timestamp,
};

/// A recovery, by 128 random bits; printed as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecoveryId([u8; 16]);

impl RecoveryId {
    /// A new random id.
    ///
    /// # Errors
    /// [`RandomnessError`] if the source failed.
    pub fn generate(rng: &dyn Randomness) -> Result<Self, RandomnessError> {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// From its sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for RecoveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for RecoveryId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self).ok_or(IdError { what: "recovery id", problem: "is not 32 hexadecimal digits" })
    }
}

impl Serialize for RecoveryId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecoveryId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How far a recovery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecoveryState {
    /// Enough people approved it.
    Approved,
    /// Somebody who could have approved it refused.
    Denied,
    /// It took too long.
    Expired,
    /// The key may be opened; it was not yet, or not as far as is known.
    ReleaseAuthorized,
    /// The key did not open.
    ReleaseFailed,
    /// The key was handed out.
    Released,
    /// Somebody asked for it.
    Requested,
    /// An approval or the request was taken back.
    Revoked,
}

impl RecoveryState {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::Approved,
        Self::Denied,
        Self::Expired,
        Self::ReleaseAuthorized,
        Self::ReleaseFailed,
        Self::Released,
        Self::Requested,
        Self::Revoked,
    ];

    /// The word in documents and in the column `state`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::ReleaseAuthorized => "release_authorized",
            Self::ReleaseFailed => "release_failed",
            Self::Released => "released",
            Self::Requested => "requested",
            Self::Revoked => "revoked",
        }
    }
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// Who asked.
    pub actor: Actor,
    /// Why.
    pub reason: Text,
    /// The ticket that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Text>,
    /// When.
    pub at: Timestamp,
    /// Until when it can be approved and released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl Request {
    /// A request; ticket and expiry are fields.
    pub fn new(actor: Actor, reason: Text, at: Timestamp) -> Self {
        Self { actor, reason, ticket: None, at, expires: None }
    }
}

/// Who approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Approval {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

impl Approval {
    /// An approval; the note is a field.
    pub fn new(actor: Actor, at: Timestamp) -> Self {
        Self { actor, at, note: None, revoked: None }
    }
}

/// How the key was handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Release {
    /// When it was authorised.
    pub authorized: Timestamp,
    /// How often opening it was tried under this authorisation.
    pub attempts: u32,
    /// When it was handed out, or had failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
}

impl Release {
    /// A release that was authorised now and not tried yet.
    pub fn new(authorized: Timestamp) -> Self {
        Self { authorized, attempts: 0, finished: None }
    }
}

/// A request to see a key, who approved it, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecoveryRecord {
    version: Version,
    /// Which recovery.
    pub recovery: RecoveryId,
    /// Whose key.
    pub device: DeviceId,
    /// Which key; none until one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// Which of its envelopes, by the digest; none until one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Digest>,
    /// How far it is.
    pub state: RecoveryState,
    /// What was asked for.
    pub request: Request,
    /// Who approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// How the key was handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    more: BTreeMap<String, Json>,
}

impl RecoveryRecord {
    /// A recovery that was asked for; what it is about is in fields.
    pub fn new(recovery: RecoveryId, device: DeviceId, request: Request) -> Self {
        Self {
            version: Version,
            recovery,
            device,
            key: None,
            envelope: None,
            state: RecoveryState::Requested,
            request,
            approvals: Vec::new(),
            release: None,
            more: BTreeMap::new(),
        }
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
        body::in_its_place(row, &record.to_row(&body::organization(row)?)?)?;
        Ok(record)
    }
}

impl Stored for RecoveryRecord {
    fn to_row(&self, organization: &Organization) -> Result<Row, StoreError> {
        let columns = vec![body::text(&self.device), body::text(self.state.as_str())];
        body::row(Self::row_key(organization, &self.recovery), columns, Some(self), None)
    }

    fn subject(&self) -> Subject {
        Subject::Device(self.device.clone())
    }
}
