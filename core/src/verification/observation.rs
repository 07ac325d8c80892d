//! What was observed of a device?

pub mod bitlocker;

use serde::{Deserialize, Serialize};

/// An answer that may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reading {
    /// No.
    No,
    /// It is not known; never a reason to act.
    Unknown,
    /// Yes.
    Yes,
}
