//! By when must a disk be encrypted, and how often must a device say so?
//!
//! [`PostureRules`] is the part of a policy that concerns what devices report of their disks. Whether a platform's
//! disks are to be encrypted at all is said in its own section; these are the times.

use serde::{Deserialize, Serialize};

const DAY: u32 = 24 * 60 * 60;

/// How long a device may take to become what the policy demands. All durations are seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PostureRules {
    /// How long after the configuration was confirmed, or the device was set up, its disk may be in clear before
    /// somebody has to act. Default: seven days.
    pub encrypt_within: u32,
    /// How old what the device said last may be; 0: a device that says nothing of its disk is judged by its keys
    /// alone. Default: 0.
    pub report_within: u32,
}

impl Default for PostureRules {
    fn default() -> Self {
        Self { encrypt_within: 7 * DAY, report_within: 0 }
    }
}
