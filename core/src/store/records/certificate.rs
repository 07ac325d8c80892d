//! Which certificates were keys sealed to, and may they still be?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    Place, Record, Stored,
    body::{self, Version},
};
use crate::{
    audit::{Subject, Text},
    envelope::{Certificate, Fingerprint},
    ids::{Actor, Organization},
    store::{
        contract::{Row, RowKey, StoreError, Value},
        schema::Table,
    },
    time::Timestamp,
};

/// What a registered certificate is good for. That one is primary is configuration and never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CertificateState {
    /// Its private key is in other hands: every key that was sealed to it is exposed.
    Compromised,
    /// Keys that are sealed to it are opened.
    DecryptOnly,
    /// No key is sealed to it any more.
    Retired,
}

impl CertificateState {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Compromised, Self::DecryptOnly, Self::Retired];

    /// The word in documents and in the column `state`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compromised => "compromised",
            Self::DecryptOnly => "decrypt_only",
            Self::Retired => "retired",
        }
    }
}

/// A certificate that keys were sealed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CertificateRecord {
    version: Version,
    /// SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// Its subject, for people.
    pub subject: String,
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// What it is good for.
    pub state: CertificateState,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Who registered it, or changed its state.
    pub by: Actor,
    /// Why, if somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Members of a newer version, kept as they are.
    #[serde(flatten)]
    more: BTreeMap<String, Json>,
}

impl CertificateRecord {
    /// A certificate that is registered now, as `decrypt_only`.
    pub fn new(certificate: &Certificate, by: Actor, now: Timestamp) -> Self {
        Self {
            version: Version,
            fingerprint: certificate.fingerprint(),
            subject: certificate.subject(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            state: CertificateState::DecryptOnly,
            since: now,
            by,
            reason: None,
            more: BTreeMap::new(),
        }
    }

    /// Which row it is.
    pub fn row_key(organization: &Organization, fingerprint: &Fingerprint) -> RowKey {
        RowKey::new(Table::Certificates, organization, [Value::from(fingerprint.to_string())])
    }
}

impl Record for CertificateRecord {
    const TABLE: Table = Table::Certificates;

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let record: Self = body::read(row)?;
        body::in_its_place(row, record.place(&body::organization(row)?))?;
        Ok(record)
    }
}

impl Stored for CertificateRecord {
    fn place(&self, organization: &Organization) -> Place {
        let columns = vec![body::text(self.state.as_str()), body::seconds(Some(self.not_after))];
        (Self::row_key(organization, &self.fingerprint), columns)
    }

    fn to_row(&self, organization: &Organization) -> Result<Row, StoreError> {
        body::row(self.place(organization), self, None)
    }

    fn subject(&self) -> Subject {
        Subject::Organization
    }
}
