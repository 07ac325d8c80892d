//! What is to become of the volume's slots, and by which rules?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use crate::policy::luks::{Authorization, SlotKind};
use crate::{
    ids::{ProtectorId, Word},
<<<<<<< HEAD
    key::Kind,
    policy::{
        escrow::Level,
        luks::{Authorization, MIN_ITERATIONS},
    },
    profile::luks::{Kdf, KdfHash, LuksPlan, NeverTouch},
=======
    policy::{Policy, escrow::Level},
    profile::{LuksPlan, luks::Kdf},
>>>>>>> policy
};

/// What is to be made true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aim {
    /// A slot of ours is on the volume, and its key in escrow.
    Escrow,
    /// A slot that was made for this goal is on the volume, its key in escrow, and these old slots of ours are gone.
    Rotate {
        /// The slots to be removed, all that the server wants replaced. Of those, only slots that we made are.
        replace: BTreeSet<ProtectorId>,
    },
}

impl Aim {
    /// The word in documents and serialized state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Escrow => "escrow",
            Self::Rotate { .. } => "rotate",
        }
    }
}

/// An aim and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Goal {
    /// Names this request for good: a rotation's id. The upload carries it, so that a receipt of another request
    /// never counts.
    pub id: Word,
    /// What is to be made true.
    pub aim: Aim,
}

impl Goal {
    /// An aim under this name.
    pub fn new(id: Word, aim: Aim) -> Self {
        Self { id, aim }
    }
}

<<<<<<< HEAD
/// The type of the token that must be in the header for a way to authorize a slot.
pub(super) fn needed_token(authorization: Authorization) -> Option<&'static str> {
    match authorization {
        Authorization::Clevis => Some("clevis"),
        Authorization::Tpm2 => Some("systemd-tpm2"),
        _ => None,
=======
impl Authorization {
    /// The type of the token that must be in the header.
    pub(super) fn token(self) -> Option<&'static str> {
        match self {
            Self::Clevis => Some("clevis"),
            Self::Tpm2 => Some("systemd-tpm2"),
            Self::KeyFile | Self::Prompt | Self::ReleasedKey => None,
        }
>>>>>>> policy
    }
}

/// How the planner goes about it: what the organization's policy says, for this volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// The kind of the new key: `luks`, or `systemd` on LUKS2. Default: `luks`. snapd makes its slots itself.
    pub kind: Kind,
    /// How a new slot stretches its key: at least so many iterations of PBKDF2. On LUKS1 the header names the hash.
    /// Default: 1000 of SHA-512, for a key of 128 random bits needs no stretching.
    pub iterations: u32,
    /// The hash. Default: SHA-512.
    pub hash: KdfHash,
    /// The level that *verified* means. Default: `envelope_opens`.
    pub level: Level,
<<<<<<< HEAD
    /// What may authorize a new slot, the first that is at hand. Default: what asks nobody, then the prompt.
    pub authorize: Vec<Authorization>,
    /// What is never removed, though it be ours. A new key is never put into a slot of such a number.
    pub never_touch: NeverTouch,
=======
    /// What may authorize a new slot, the first that is at hand. Default: key file, TPM2, clevis, released key, prompt.
    pub authorizations: Vec<Authorization>,
    /// Whether the header is backed up before it is changed, until the goal is reached. A backup keeps what is removed
    /// from the header: whoever has it opens the volume with old keys. Default: yes.
    pub header_backup: bool,
    /// Whether a token names the new slot on LUKS2. Default: yes.
    pub token: bool,
    /// Slots that are not ours, whatever is in them: a new key is never put into one, and none is removed. Default: none.
    pub keep_free: BTreeSet<u8>,
>>>>>>> policy
    /// Seconds before the server is asked again about an envelope. Default: 15 minutes.
    pub ask_again_after: u32,
    /// How many slots may be made for one goal. Default: 5.
    pub attempts: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            kind: Kind::Luks,
            iterations: MIN_ITERATIONS,
            hash: KdfHash::Sha512,
            level: Level::EnvelopeOpens,
            authorize: Authorization::DEFAULT.to_vec(),
            never_touch: NeverTouch::default(),
            ask_again_after: 15 * 60,
            attempts: 5,
        }
    }
}

<<<<<<< HEAD
impl From<&LuksPlan> for Rules {
    /// What the plan says; the rest has its default.
    fn from(plan: &LuksPlan) -> Self {
        let mut rules = Self {
            kind: plan.slot.kind,
            authorize: plan.authorize.clone(),
            never_touch: plan.never_touch.clone(),
            ..Self::default()
        };
        if let Some(Kdf::Pbkdf2 { hash, iterations }) = plan.slot.kdf {
            (rules.hash, rules.iterations) = (hash, iterations);
        }
        rules
=======
impl Rules {
    /// The rules that a plan sets for each of its volumes, and the level that the organization's policy asks for;
    /// the rest has its default.
    pub fn of(plan: &LuksPlan, policy: Option<&Policy>) -> Self {
        let Kdf::Pbkdf2 { iterations } = plan.slot.kdf;
        let rules = Self {
            kind: plan.slot.kind,
            iterations,
            authorizations: plan.authorize.clone(),
            header_backup: plan.header_backup,
            keep_free: plan.never_touch.clone(),
            ..Self::default()
        };
        match policy {
            Some(policy) => Self { level: policy.escrow().required_level(plan.slot.kind.key()), ..rules },
            None => rules,
        }
>>>>>>> policy
    }
}
