//! How long are keys kept that nobody needs any more?
//!
//! Whatever the rules say: the last key that is known to work is never removed, and what an operator removes
//! stays for a waiting period in which that can be undone.

use serde::{Deserialize, Serialize};

use super::error::Violations;

const DAY: u32 = 24 * 60 * 60;

/// What an organization decided about keeping keys. All durations are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RetentionRules {
    /// How long a key is kept after another one took its place; 0: for ever. Default: 0. Backups of a disk
    /// open with the key of their day.
    pub retired_keys: u32,
    /// How long it takes from the decision to remove keys until they are gone; it can be cancelled until then.
    /// Default: 30 days.
    pub waiting_period: u32,
}

impl Default for RetentionRules {
    fn default() -> Self {
        Self { retired_keys: 0, waiting_period: 30 * DAY }
    }
}

impl RetentionRules {
    pub(super) fn check(&self, violations: &mut Violations) {
        violations.require(
            self.waiting_period >= DAY,
            "retention.waiting_period",
            "is shorter than a day: nobody would notice in time",
            "removing a key cannot be undone",
        );
        violations.require(
            self.retired_keys == 0 || self.retired_keys >= self.waiting_period,
            "retention.retired_keys",
            "is shorter than retention.waiting_period",
            "0 keeps them for ever",
        );
    }
}
