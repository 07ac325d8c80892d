//! By what is a key slot known as one in escrow?
//!
//! By a LUKS2 token, which lies in the header beside the slot and survives what renumbers slots. Anybody with root
//! on the device can write one: it says which slots an agent may remove, and proves nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ids::{Digest, Organization},
    key::Kind,
    policy::luks::SLOTS,
};

/// The type of our tokens. Types that begin with `luks2-` belong to cryptsetup.
pub const TOKEN_TYPE: &str = "fdescrow";

/// The type of the token of a slot with a key of this kind. systemd's is the one that systemd knows: it takes two tokens
/// of one slot for a conflict.
pub fn token_type(kind: Kind) -> &'static str {
    if kind == Kind::Systemd { "systemd-recovery" } else { TOKEN_TYPE }
}

/// The largest token that is read, in bytes; the JSON area of a header has 12 KiB in all.
const MAX_BYTES: usize = 12 * 1024;

/// A LUKS2 token that names a slot as escrowed (LUKS2 On-Disk Format Specification, tokens).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EscrowToken {
    /// The slot; none once it was removed, because cryptsetup leaves the token behind.
    pub slot: Option<u8>,
    /// Whose slot it is.
    pub organization: Organization,
    /// The kind of its key.
    pub kind: Kind,
    /// What the agent adds to know its own slot again, for example the id of a rotation.
    pub request: Option<String>,
    /// SHA-256 of the envelope that its key was sealed in.
    pub envelope: Option<Digest>,
    /// The salt of the slot's key derivation, base64: a slot with another salt has another key, and is not meant.
    pub salt: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    r#type: String,
    keyslots: Vec<String>,
    organization: String,
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    envelope: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
}

impl EscrowToken {
    /// The token of this slot.
    pub fn new(slot: u8, organization: &Organization, kind: Kind) -> Self {
        let organization = organization.clone();
        Self { slot: Some(slot), organization, kind, request: None, envelope: None, salt: None }
    }

    /// The token with what the agent adds.
    #[must_use]
    pub fn request(mut self, request: impl Into<String>) -> Self {
        self.request = Some(request.into());
        self
    }

    /// The token with what its key is known by.
    #[must_use]
    pub fn key(mut self, envelope: Digest, salt: impl Into<String>) -> Self {
        self.envelope = Some(envelope);
        self.salt = Some(salt.into());
        self
    }

    /// The JSON that `cryptsetup token import` takes.
    pub fn to_json(&self) -> String {
        let written = Written {
            r#type: token_type(self.kind).to_owned(),
            keyslots: self.slot.iter().map(u8::to_string).collect(),
            organization: self.organization.as_str().to_owned(),
            kind: self.kind,
            request: self.request.clone(),
            envelope: self.envelope,
            salt: self.salt.clone(),
        };
        // text and whole numbers always have a JSON form
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// Reads a token as `cryptsetup token export` or `luksDump --dump-json-metadata` gives it; `None` if it is not one
    /// of ours, names several slots, or has a value that we do not write.
    pub fn parse(json: &str) -> Option<Self> {
        if json.len() > MAX_BYTES {
            return None;
        }
        Self::of(serde_json::from_str(json).ok()?)
    }

    /// The same, of a value that was parsed.
    pub fn of(value: Value) -> Option<Self> {
        let written: Written = serde_json::from_value(value).ok()?;
        let slot = match written.keyslots.as_slice() {
            [] => None,
            [slot] => Some(slot.parse().ok().filter(|number: &u8| *number < SLOTS && number.to_string() == *slot)?),
            _ => return None,
        };
        let organization = Organization::new(written.organization).ok()?;
        (written.r#type == token_type(written.kind)).then_some(Self {
            slot,
            organization,
            kind: written.kind,
            request: written.request,
            envelope: written.envelope,
            salt: written.salt,
        })
    }
}
