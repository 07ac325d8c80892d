//! What is to become of the volume's slots, and by which rules?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProtectorId, Word},
    key::Kind,
    policy::{
        escrow::Level,
        luks::{Authorization, MIN_ITERATIONS},
    },
    profile::luks::{Kdf, KdfHash, LuksPlan, NeverTouch},
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

/// The type of the token that must be in the header for a way to authorize a slot.
pub(super) fn needed_token(authorization: Authorization) -> Option<&'static str> {
    match authorization {
        Authorization::Clevis => Some("clevis"),
        Authorization::Tpm2 => Some("systemd-tpm2"),
        _ => None,
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
    /// What may authorize a new slot, the first that is at hand. Default: what asks nobody, then the prompt.
    pub authorize: Vec<Authorization>,
    /// What is never removed, though it be ours. A new key is never put into a slot of such a number.
    pub never_touch: NeverTouch,
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
    }
}
