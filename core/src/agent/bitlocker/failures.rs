//! Which steps failed, and when are they tried again?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    hresult::{Decision, Hresult},
    step::{Held, Step},
};
use crate::time::Timestamp;

/// Which steps failed, by method and protector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Failures(BTreeMap<String, Failure>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    count: u32,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<Hresult>,
}

impl Failures {
    pub(super) fn count(&mut self, step: &Step, code: Option<Hresult>, now: Timestamp) {
        let failure = self.0.entry(step.subject()).or_insert(Failure { count: 0, at: now, code });
        *failure = Failure { count: failure.count.saturating_add(1), at: now, code };
    }

    pub(super) fn clear(&mut self, step: &Step) {
        self.0.remove(&step.subject());
    }

    /// Whether a step failed so lately that it is not tried at this time.
    pub(super) fn held(&self, step: &Step, now: Timestamp) -> Option<Held> {
        let failure = self.0.get(&step.subject())?;
        let decision = failure.code.map_or(Decision::Retry, Hresult::decision);
        let pause = decision.pause(failure.count);
        let waited = now.seconds_since(failure.at);
        // A clock that was put back does not make anybody wait for it to come round again.
        (0..pause).contains(&waited).then(|| Held {
            until: failure.at.saturating_add(pause),
            code: failure.code,
            decision,
            failures: failure.count,
        })
    }
}
