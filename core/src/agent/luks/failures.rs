//! Which steps failed, and when are they tried again?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::step::{Held, Step};
use crate::time::Timestamp;

/// `cryptsetup`: no key slot opened with this passphrase.
const NO_PERMISSION: i32 = 2;
/// How often in a row a wrong passphrase is asked for again at once.
const AT_ONCE: u32 = 3;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Which steps failed, by what they do to which slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Failures(BTreeMap<String, Failure>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    count: u32,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<i32>,
}

impl Failures {
    pub(super) fn count(&mut self, step: &Step, status: Option<i32>, now: Timestamp) {
        let count = self.0.get(&step.subject()).map_or(0, |failure| failure.count).saturating_add(1);
        self.0.insert(step.subject(), Failure { count, at: now, status });
    }

    pub(super) fn clear(&mut self, step: &Step) {
        self.0.remove(&step.subject());
    }

    /// Whether a step failed so lately that it is not tried at this time.
    pub(super) fn held(&self, step: &Step, now: Timestamp) -> Option<Held> {
        let failure = self.0.get(&step.subject())?;
        let pause = match (failure.status, failure.count) {
            (Some(NO_PERMISSION), count) if count < AT_ONCE => 0,
            (Some(NO_PERMISSION), _) => HOUR,
            (_, count) => MINUTE.saturating_mul(1 << count.min(6)).min(HOUR),
        };
        let waited = now.seconds_since(failure.at);
        // A clock that was put back does not make anybody wait for it to come round again.
        (0..pause).contains(&waited).then(|| Held {
            until: failure.at.saturating_add(pause),
            status: failure.status,
            failures: failure.count,
        })
    }
}
