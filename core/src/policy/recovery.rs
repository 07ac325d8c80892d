//! Who may see a recovery key, after whose approval, and how often?
//!
//! [`RecoveryRules`] is the part of a policy that concerns handing out keys. What a request becomes under these
//! rules is the business of the module `recovery`.

use serde::{Deserialize, Serialize};

use super::error::Violations;

const HOUR: u32 = 60 * 60;
const DAY: u32 = 24 * HOUR;

/// What an organization decided about handing out keys. All durations are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RecoveryRules {
    /// How many people other than the one who asks must approve: 0, 1 or 2. Default: 0.
    pub approvals: u8,
    /// How long a request may wait for its approvals, and then to be used. Default: one day.
    pub request_expires: u32,
    /// How long an authorized release may be tried again until the key opened. Default: one hour.
    pub authorization_expires: u32,
    /// How many keys one person may be shown in a day (any 24 hours); 0: no limit. Default: 0.
    pub reveals_per_day: u32,
    /// Whether a request must name its ticket. Default: no.
    pub ticket_required: bool,
    /// Whether a command to a device may be given the key that it needs (replacing it by MDM, adding a key slot).
    /// Default: no.
    pub release_to_device: bool,
    /// Whether, and how often, a person may be shown a key without approvals in an emergency. Left out: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlassRules>,
}

/// What is allowed in an emergency. The key that was shown is always replaced afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BreakGlassRules {
    /// How many keys one person may be shown this way in a day (any 24 hours), beside `reveals_per_day`; at least 1.
    pub per_day: u32,
}

impl BreakGlassRules {
    /// This many a day for each person.
    pub fn per_day(per_day: u32) -> Self {
        Self { per_day }
    }
}

/// The most approvals that a policy may ask for.
pub const MAX_APPROVALS: u8 = 2;

impl Default for RecoveryRules {
    fn default() -> Self {
        Self {
            approvals: 0,
            request_expires: DAY,
            authorization_expires: HOUR,
            reveals_per_day: 0,
            ticket_required: false,
            release_to_device: false,
            break_glass: None,
        }
    }
}

impl RecoveryRules {
    pub(super) fn check(&self, violations: &mut Violations) {
        violations.require(
            self.approvals <= MAX_APPROVALS,
            "recovery.approvals",
            "is more than 2",
            "nobody, one or two other people approve",
        );
        let durations = [
            ("recovery.request_expires", self.request_expires),
            ("recovery.authorization_expires", self.authorization_expires),
        ];
        for (field, duration) in durations {
            violations.require(duration > 0, field, "is 0: it would expire at once", "an expiry needs time");
        }
        violations.require(
            self.break_glass.is_none_or(|rules| rules.per_day > 0),
            "recovery.break_glass.per_day",
            "is 0: leave break_glass out instead",
            "an emergency access that is never allowed",
        );
    }
}
