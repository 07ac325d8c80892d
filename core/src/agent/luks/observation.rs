//! What does the header of the volume say, and what is at hand?
//!
//! The header is untrusted: limits come first, and what is not understood makes it unreadable as a whole, for a header
//! that is half understood is not written to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    header,
    new_key::Mark,
    rules::{Rules, needed_token},
    step::Command,
};
use crate::{
    error::ErrorCode, ids::VolumeId, policy::luks::Authorization, profile::luks::EscrowToken, time::Timestamp,
    verification::Reading,
};

/// The largest metadata of LUKS2 are 4 MiB.
const MAX_METADATA: usize = 4 << 20;
/// LUKS2 has 32 slots, and as many tokens.
const MAX_SLOTS: u8 = 32;

/// The version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Version {
    /// Eight slots, no tokens.
    Luks1,
    /// 32 slots, tokens.
    Luks2,
}

impl Version {
    /// How many slots there can be.
    pub fn slots(self) -> u8 {
        match self {
            Self::Luks1 => 8,
            Self::Luks2 => MAX_SLOTS,
        }
    }
}

/// A key slot that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slot {
    /// The salt of its key derivation, base64: another key in this slot has another one.
    pub salt: String,
    /// The iterations, if its key derivation is PBKDF2.
    pub iterations: Option<u32>,
    /// Whether it has the key of the volume's data: a slot of LUKS2 may be bound to none.
    pub opens: Reading,
}

/// A token of LUKS2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// Its type.
    pub kind: String,
    /// The slots that it names; slots that were removed are not among them.
    pub slots: BTreeSet<u8>,
    /// What it says, if it has the form of ours. It proves nothing against whoever is root on the device.
    pub escrow: Option<EscrowToken>,
}

/// One look at the volume.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// The version of the format.
    pub version: Version,
    /// The LUKS UUID; none: it could not be read.
    pub volume: Option<VolumeId>,
    /// The slots that are used; none: the header could not be read whole.
    pub slots: Option<BTreeMap<u8, Slot>>,
    /// The tokens.
    pub tokens: BTreeMap<u8, Token>,
    /// Whether the header may be written to: it is not being reencrypted, and demands nothing that we do not know.
    pub writable: bool,
    /// What is at hand to authorize a new slot. The agent says it; what needs a token of the header counts only where
    /// the token is.
    pub authorizations: BTreeSet<Authorization>,
    /// The key in the agent's memory. The agent says it.
    pub new_key: Option<Mark>,
}

/// The bytes are no LUKS header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no LUKS volume")]
#[non_exhaustive]
pub struct ObservationError;

impl ObservationError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::ObservationSyntax
    }
}

/// What prints the metadata of a LUKS2 volume.
pub fn metadata_command(volume: &str) -> Command {
    Command::cryptsetup(&["luksDump", "--dump-json-metadata", volume])
}

impl Observation {
    /// Reads the first 4096 bytes of a volume or of its detached header, and, for LUKS2, what [`metadata_command`]
    /// printed. Metadata that are missing or cannot be read give an observation that says so.
    ///
    /// # Errors
    /// [`ObservationError`] if this is no LUKS volume.
    pub fn read(header: &[u8], metadata: Option<&[u8]>, at: Timestamp) -> Result<Self, ObservationError> {
        let (version, volume) = header::identity(header).ok_or(ObservationError)?;
        let mut seen = Self {
            at,
            version,
            volume,
            slots: None,
            tokens: BTreeMap::new(),
            writable: false,
            authorizations: BTreeSet::new(),
            new_key: None,
        };
        match version {
            Version::Luks1 => {
                seen.slots = header::luks1_slots(header);
                seen.writable = seen.slots.is_some();
            }
            Version::Luks2 => {
                if let Some(metadata) = metadata.and_then(Metadata::read) {
                    seen.writable = metadata.is_plain();
                    // Both or none: a token may say of a slot that it is never to be touched.
                    (seen.slots, seen.tokens) = metadata
                        .slots()
                        .zip(metadata.tokens())
                        .map_or_else(Default::default, |(slots, tokens)| (Some(slots), tokens));
                }
            }
        }
        Ok(seen)
    }

    /// Says what is at hand to authorize a new slot.
    #[must_use]
    pub fn authorizations(mut self, authorizations: impl IntoIterator<Item = Authorization>) -> Self {
        self.authorizations = authorizations.into_iter().collect();
        self
    }

    /// Says which key is in memory.
    #[must_use]
    pub fn new_key(mut self, mark: Option<Mark>) -> Self {
        self.new_key = mark;
        self
    }

    /// The first authorization of the rules that is at hand.
    pub(super) fn authorization(&self, rules: &Rules) -> Option<Authorization> {
        let has = |kind: &str| self.tokens.values().any(|token| token.kind == kind && !token.slots.is_empty());
        let mut ways = rules.authorize.iter().copied();
        ways.find(|way| self.authorizations.contains(way) && needed_token(*way).is_none_or(has))
    }

    /// The lowest slot that a token of this type names.
    pub(super) fn slot_of_token(&self, kind: &str) -> Option<u8> {
        self.tokens.values().filter(|token| token.kind == kind).find_map(|token| token.slots.first().copied())
    }
}

/// The metadata of LUKS2 as they are on the disk; only what is looked at here.
#[derive(Deserialize)]
struct Metadata {
    keyslots: BTreeMap<String, Keyslot>,
    #[serde(default)]
    tokens: BTreeMap<String, serde_json::Value>,
    segments: BTreeMap<String, Segment>,
    digests: BTreeMap<String, KeyDigest>,
    config: Config,
}

#[derive(Deserialize)]
struct Keyslot {
    r#type: String,
    #[serde(default)]
    kdf: Option<Kdf>,
}

#[derive(Deserialize)]
struct Kdf {
    r#type: String,
    salt: String,
    #[serde(default)]
    iterations: Option<u32>,
}

/// What every token has.
#[derive(Deserialize)]
struct AnyToken {
    r#type: String,
    keyslots: Vec<String>,
}

#[derive(Deserialize)]
struct Segment {
    r#type: String,
}

#[derive(Deserialize)]
struct KeyDigest {
    keyslots: Vec<String>,
    segments: Vec<String>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    requirements: Option<Requirements>,
}

#[derive(Deserialize)]
struct Requirements {
    #[serde(default)]
    mandatory: Vec<String>,
}

impl Metadata {
    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_METADATA {
            return None;
        }
        serde_json::from_str(std::str::from_utf8(bytes).ok()?).ok()
    }

    /// Whether nothing is going on, and all data are encrypted by the kernel.
    fn is_plain(&self) -> bool {
        self.config.requirements.as_ref().is_none_or(|requirements| requirements.mandatory.is_empty())
            && self.keyslots.values().all(|slot| slot.r#type == "luks2")
            && !self.segments.is_empty()
            && self.segments.values().all(|segment| segment.r#type == "crypt")
    }

    fn slots(&self) -> Option<BTreeMap<u8, Slot>> {
        let slots = self.keyslots.iter().map(|(name, slot)| {
            let kdf = slot.kdf.as_ref()?;
            let iterations = kdf.iterations.filter(|_| kdf.r#type == "pbkdf2");
            Some((number(name)?, Slot { salt: kdf.salt.clone(), iterations, opens: self.opens(name) }))
        });
        slots.collect()
    }

    fn opens(&self, slot: &str) -> Reading {
        let mut digests = self.digests.values().filter(|digest| digest.keyslots.iter().any(|name| name == slot));
        digests.any(|digest| digest.segments.iter().any(|segment| self.segments.contains_key(segment))).into()
    }

    fn tokens(&self) -> Option<BTreeMap<u8, Token>> {
        let tokens = self.tokens.iter().map(|(name, value)| {
            let token: AnyToken = serde_json::from_value(value.clone()).ok()?;
            let slots = token.keyslots.iter().map(|slot| number(slot)).collect::<Option<BTreeSet<u8>>>()?;
            Some((number(name)?, Token { kind: token.r#type, slots, escrow: EscrowToken::of(value.clone()) }))
        });
        tokens.collect()
    }
}

/// A number of a slot or token: "01" would be another name of 1.
pub(super) fn number(text: &str) -> Option<u8> {
    let number = text.parse::<u8>().ok()?;
    (number < MAX_SLOTS && number.to_string() == text).then_some(number)
}
