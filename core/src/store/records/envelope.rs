//! What is kept of a sealed key?

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    Place, Record, Stored,
    body::{self, Version},
};
use crate::{
    audit::Subject,
    envelope::{Allowed, ContentAlgorithm, ContentType, Envelope, Fingerprint, Suite},
    ids::{DeviceId, Digest, KeyId, Organization},
    store::{
        contract::{Corrupt, Row, RowKey, StoreError, Value},
        schema::Table,
    },
    time::Timestamp,
};

/// Where an envelope comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how", content = "from")]
#[non_exhaustive]
pub enum EnvelopeOrigin {
    /// It was received sealed.
    Received,
    /// The key was opened and sealed anew: from the envelope with this digest.
    Resealed(Digest),
    /// The content key of the envelope with this digest was wrapped for other recipients.
    Rewrapped(Digest),
    /// The key was received in clear and sealed on arrival.
    Sealed,
}

/// An envelope of a key.
///
/// Its bytes come from an [`Envelope`], which is CMS and nothing else; they are written once and never again.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct EnvelopeRecord {
    /// Whose key.
    pub device: DeviceId,
    /// Which key.
    pub key: KeyId,
    /// Its place among all envelopes of the key, in the order in which they were added, from 1.
    pub number: u32,
    /// When it was added.
    pub added: Timestamp,
    /// Where it comes from.
    pub origin: EnvelopeOrigin,
    /// As what it may be opened: fixed when it was added, never taken from the envelope itself.
    pub allowed: Allowed,
    /// The certificates that it is sealed to, as far as they are known.
    pub recipients: Vec<Fingerprint>,
    /// When it was opened for the first time.
    pub opened: Option<Timestamp>,
    /// Since when it is not used any more.
    pub retired: Option<Timestamp>,
    digest: Digest,
    der: Vec<u8>,
    more: BTreeMap<String, Json>,
}

#[derive(Serialize, Deserialize)]
struct Body {
    version: Version,
    key: KeyId,
    device: DeviceId,
    digest: Digest,
    number: u32,
    added: Timestamp,
    origin: EnvelopeOrigin,
    allowed: AllowedBody,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<Fingerprint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired: Option<Timestamp>,
    #[serde(flatten)]
    more: BTreeMap<String, Json>,
}

/// [`Allowed`] as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AllowedBody {
    Rewrapped { content_type: ContentType, content: String },
    Suite(Suite),
}

impl EnvelopeRecord {
    /// An envelope that was added now.
    pub fn new(
        (device, key): (&DeviceId, KeyId),
        envelope: &Envelope,
        number: u32,
        origin: EnvelopeOrigin,
        allowed: Allowed,
        now: Timestamp,
    ) -> Self {
        Self {
            device: device.clone(),
            key,
            number,
            added: now,
            origin,
            allowed,
            recipients: Vec::new(),
            opened: None,
            retired: None,
            digest: envelope.digest(),
            der: envelope.der().to_vec(),
            more: BTreeMap::new(),
        }
    }

    /// SHA-256 of its bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its bytes: DER, for [`Envelope::parse`].
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Which row it is.
    pub fn row_key(organization: &Organization, key: &KeyId, digest: &Digest) -> RowKey {
        RowKey::new(Table::Envelopes, organization, [Value::from(key.to_string()), Value::from(digest.to_string())])
    }

    fn body(&self) -> Option<Body> {
        Some(Body {
            version: Version,
            key: self.key,
            device: self.device.clone(),
            digest: self.digest,
            number: self.number,
            added: self.added,
            origin: self.origin,
            allowed: match &self.allowed {
                Allowed::Suite(suite) => AllowedBody::Suite(*suite),
                Allowed::Rewrapped { content_type, content } => {
                    AllowedBody::Rewrapped { content_type: *content_type, content: content_word(content)? }
                }
            },
            recipients: self.recipients.clone(),
            opened: self.opened,
            retired: self.retired,
            more: self.more.clone(),
        })
    }
}

impl fmt::Debug for EnvelopeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopeRecord")
            .field("device", &self.device)
            .field("key", &self.key)
            .field("digest", &self.digest)
            .field("origin", &self.origin)
            .field("allowed", &self.allowed)
            .field("recipients", &self.recipients)
            .field("retired", &self.retired)
            .finish_non_exhaustive()
    }
}

impl Record for EnvelopeRecord {
    const TABLE: Table = Table::Envelopes;

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let corrupt = |problem| StoreError::from(Corrupt::new(row.key(), problem));
        let body: Body = body::read(row)?;
        let allowed = match body.allowed {
            AllowedBody::Suite(suite) => Allowed::Suite(suite),
            AllowedBody::Rewrapped { content_type, content } => {
                let content =
                    content_algorithm(&content).ok_or_else(|| corrupt("names a content algorithm wrongly"))?;
                Allowed::Rewrapped { content_type, content }
            }
        };
        let der = row.bytes().unwrap_or_default().to_vec();
        if Digest::of(&der) != body.digest {
            return Err(corrupt("has bytes that are not those of its digest"));
        }
        let record = Self {
            device: body.device,
            key: body.key,
            number: body.number,
            added: body.added,
            origin: body.origin,
            allowed,
            recipients: body.recipients,
            opened: body.opened,
            retired: body.retired,
            digest: body.digest,
            der,
            more: body.more,
        };
        body::in_its_place(row, record.place(&body::organization(row)?))?;
        Ok(record)
    }
}

impl Stored for EnvelopeRecord {
    fn place(&self, organization: &Organization) -> Place {
        let number = Some(Value::from(i64::from(self.number)));
        let columns = vec![body::text(&self.device), number, body::seconds(self.retired)];
        (Self::row_key(organization, &self.key, &self.digest), columns)
    }

    fn to_row(&self, organization: &Organization) -> Result<Row, StoreError> {
        let Some(body) = self.body() else {
            return Err(StoreError::Misuse("an envelope of an algorithm that is not known is not kept".to_owned()));
        };
        body::row(self.place(organization), &body, Some(self.der.clone()))
    }

    fn derived(&self, organization: &Organization) -> Vec<Row> {
        let mut recipients = self.recipients.clone();
        recipients.sort_unstable();
        recipients.dedup();
        let live = self.retired.is_none().then(|| Value::from(1));
        let row = |recipient: &Fingerprint| {
            let key = [recipient.to_string(), self.key.to_string(), self.digest.to_string()];
            let key = RowKey::new(Table::Recipients, organization, key.map(Value::from));
            Row::known(key, vec![body::text(&self.device), live.clone()], None, None)
        };
        recipients.iter().map(row).collect()
    }

    fn subject(&self) -> Subject {
        Subject::Device(self.device.clone())
    }
}

const CONTENT: &[(&str, ContentAlgorithm)] = &[
    ("aes_128_cbc", ContentAlgorithm::AesCbc(128)),
    ("aes_192_cbc", ContentAlgorithm::AesCbc(192)),
    ("aes_256_cbc", ContentAlgorithm::AesCbc(256)),
    ("aes_128_gcm", ContentAlgorithm::AesGcm(128)),
    ("aes_192_gcm", ContentAlgorithm::AesGcm(192)),
    ("aes_256_gcm", ContentAlgorithm::AesGcm(256)),
    ("aes_128_gcm_go", ContentAlgorithm::AesGcmGo(128)),
    ("aes_192_gcm_go", ContentAlgorithm::AesGcmGo(192)),
    ("aes_256_gcm_go", ContentAlgorithm::AesGcmGo(256)),
    ("des_cbc", ContentAlgorithm::DesCbc),
    ("triple_des_cbc", ContentAlgorithm::TripleDesCbc),
];

fn content_word(algorithm: &ContentAlgorithm) -> Option<String> {
    CONTENT.iter().find(|(_, known)| known == algorithm).map(|(word, _)| (*word).to_owned())
}

fn content_algorithm(word: &str) -> Option<ContentAlgorithm> {
    CONTENT.iter().find(|(known, _)| *known == word).map(|(_, algorithm)| algorithm.clone())
}
