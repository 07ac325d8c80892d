//! What does one entry say, and what is its hash?
//!
//! An entry names things (keys, envelopes, rows) by their ids and digests; it has no place for a key or for
//! the bytes of an envelope.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{action::Action, chain::Head, mac::MacKey};
use crate::{
    canonical::Canonical,
    error::ErrorCode,
    ids::{Actor, DeviceId, Digest, KeyId, Organization, ProtectorId, VolumeId, Word},
    policy::escrow::Level,
    time::Timestamp,
};

/// Whose chain an entry belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// The organization's own chain: what concerns no device, such as certificates.
    Organization,
    /// A device's chain.
    Device(DeviceId),
}

impl Subject {
    pub(super) fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::Organization => None,
            Self::Device(device) => Some(device),
        }
    }
}

impl From<Option<DeviceId>> for Subject {
    fn from(device: Option<DeviceId>) -> Self {
        device.map_or(Self::Organization, Self::Device)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization => f.write_str("the organization"),
            Self::Device(device) => write!(f, "device {device}"),
        }
    }
}

/// Text that a person gave, of 1 to 1024 bytes without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

/// A text is blank, longer than 1024 bytes, or has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("text is blank, longer than 1024 bytes, or has control characters")]
#[non_exhaustive]
pub struct TextError;

impl TextError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::IdInvalid
    }
}

impl Text {
    /// The longest text, in bytes of UTF-8.
    pub const MAX_BYTES: usize = 1024;

    /// Takes a text.
    ///
    /// # Errors
    /// [`TextError`] if it is blank, too long, or has control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        if text.trim().is_empty() || text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
            return Err(TextError);
        }
        Ok(Self(text))
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What an entry refers to. Everything is optional; what is absent is not written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct References {
    /// The certificate, by the SHA-256 of its DER, whose registration or state changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Digest>,
    /// The envelope, by the SHA-256 of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Digest>,
    /// The certificate of the identity that opened the envelope, by the SHA-256 of its DER.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Digest>,
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
    /// The level that the key reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// How it ended, if it did not end well: the word of a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Word>,
    /// The key's protector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protector: Option<ProtectorId>,
    /// Whom the envelope is sealed to: the SHA-256 of each certificate's DER.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Digest>,
    /// The request that this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Text>,
    /// Every row of this chain's subject that the same commit changed, with its hash after the change
    /// ([`row_digest`]); nothing if the commit removed it. The row that holds the chain's head is hashed
    /// without the head.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<Text, Option<Digest>>,
    /// The key's volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<VolumeId>,
    /// Members of a newer version; private, so that they only ever come from a document that was read.
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

/// An entry that is not in a chain yet.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Draft {
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// Why, as the actor said.
    pub reason: Option<Text>,
    /// What it refers to.
    pub references: References,
}

impl Draft {
    /// Says who did what; reason and references are fields.
    pub fn new(actor: Actor, action: Action) -> Self {
        Self { actor, action, reason: None, references: References::default() }
    }
}

/// An entry of a chain, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    action: Action,
    actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<DeviceId>,
    hash: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mac: Option<Digest>,
    number: u64,
    organization: Organization,
    previous: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Text>,
    #[serde(default, skip_serializing_if = "is_empty")]
    references: References,
    time: Timestamp,
    version: u32,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

fn is_empty(references: &References) -> bool {
    *references == References::default()
}

/// The bytes are no entry in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an audit entry: {problem}")]
#[non_exhaustive]
pub struct EntryError {
    problem: &'static str,
}

impl EntryError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::StoreCorrupt
    }
}

impl Entry {
    const LABEL: &'static [u8] = b"fdescrow audit entry 1\n";
    const VERSION: u32 = 1;

    pub(super) fn new(
        organization: &Organization,
        subject: &Subject,
        head: &Head,
        draft: Draft,
        now: Timestamp,
        mac_key: Option<&MacKey>,
    ) -> Self {
        let mut entry = Self {
            action: draft.action,
            actor: draft.actor,
            device: subject.device().cloned(),
            hash: Head::GENESIS.hash,
            mac: None,
            number: head.number.saturating_add(1),
            organization: organization.clone(),
            previous: head.hash,
            reason: draft.reason,
            references: draft.references,
            time: now,
            version: Self::VERSION,
            other: BTreeMap::new(),
        };
        entry.hash = entry.computed_hash();
        entry.mac = mac_key.map(|key| key.mac(&entry.hash));
        entry
    }

    /// Reads a stored entry. That its hash fits is for [`ChainVerifier`](super::ChainVerifier) to say.
    ///
    /// # Errors
    /// [`EntryError`] if it is not JSON, of another version, lacks a member, has one twice, or writes one in
    /// another form than this library does.
    pub fn parse(json: &[u8]) -> Result<Self, EntryError> {
        Self::read(json).map(|(entry, _)| entry)
    }

    /// The entry, and the hash of its content.
    pub(super) fn read(json: &[u8]) -> Result<(Self, Digest), EntryError> {
        let problem = |problem| EntryError { problem };
        let document = Canonical::parse(json).ok_or(problem("not JSON that has one meaning"))?;
        let entry: Self = serde_json::from_slice(json).map_err(|_| problem("a member is missing or malformed"))?;
        if entry.version != Self::VERSION {
            return Err(problem("of a version that is not known"));
        }
        // What is hashed is the document; that it is also the entry has to be seen to.
        if Canonical::of(&entry).as_ref() != Some(&document) {
            return Err(problem("a member is not written in its one form"));
        }
        let hash = Self::hash_of(document);
        Ok((entry, hash))
    }

    fn hash_of(mut document: Canonical) -> Digest {
        document.remove("hash");
        document.remove("mac");
        Digest::of(&[Self::LABEL, document.to_string().as_bytes()].concat())
    }

    /// The entry as it is stored: JSON in canonical form, on one line.
    pub fn to_json(&self) -> String {
        Canonical::of(self).map_or_else(String::new, |document| document.to_string())
    }

    /// The hash that the content has: SHA-256 over `fdescrow audit entry 1`, a line feed, and the canonical
    /// JSON of the entry without its members `hash` and `mac`.
    pub fn computed_hash(&self) -> Digest {
        Self::hash_of(Canonical::of(self).unwrap_or(Canonical::Null))
    }

    /// The head of the chain that ends with this entry.
    pub fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash }
    }

    /// What was done.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Who did it.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The hash that the entry says it has.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// HMAC-SHA-256 over `fdescrow audit mac 1`, a line feed, and the 32 bytes of the hash, if there was a key.
    pub fn mac(&self) -> Option<&Digest> {
        self.mac.as_ref()
    }

    /// Its place in the chain, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whose keys these are.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// The hash of the entry before it; 32 zero bytes for the first.
    pub fn previous(&self) -> Digest {
        self.previous
    }

    /// Why, as the actor said.
    pub fn reason(&self) -> Option<&Text> {
        self.reason.as_ref()
    }

    /// What it refers to.
    pub fn references(&self) -> &References {
        &self.references
    }

    /// Whose chain it belongs to.
    pub fn subject(&self) -> Subject {
        self.device.clone().into()
    }

    /// When, by the clock of the server that wrote it. The order of entries is their number.
    pub fn time(&self) -> Timestamp {
        self.time
    }
}

/// The hash of a stored row: SHA-256 over `fdescrow row 1`, a line feed, and each part with its length in
/// bytes before it, as eight bytes, most significant first.
///
/// The parts are the row's table, key, index columns and body, always in one order; which, the store says.
pub fn row_digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    use sha2::{Digest as _, Sha256};
    let mut hasher = Sha256::new_with_prefix(b"fdescrow row 1\n");
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    Digest::from_bytes(hasher.finalize().into())
}
