//! What was done for the goal that no observation shows?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{new_key::Mark, rules::Goal};
use crate::ids::ProtectorId;

/// The goal, and what was done for it that no observation shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pursuit {
    pub(super) goal: Goal,
    /// Whether there is a backup of the header that was made for it.
    #[serde(default)]
    pub(super) backed_up: bool,
    /// How many keys were made.
    #[serde(default)]
    pub(super) attempts: u32,
    /// The slot that is being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attempt: Option<Attempt>,
    /// The old slots that were removed: who uses their numbers now is none of ours.
    #[serde(default)]
    pub(super) removed: BTreeSet<ProtectorId>,
}

/// A slot that is being made: written down before it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number.
    pub slot: u8,
    /// The iterations by which it is known again.
    pub mark: Mark,
    /// The salt that it had when its key was seen to open it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
    /// Whether its key did not open it.
    #[serde(default)]
    pub failed: bool,
}
