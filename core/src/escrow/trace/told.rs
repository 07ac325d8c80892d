//! What may be said of an answer?
//!
//! Words that the library wrote, counts, and the names of errors. What is said of each answer is written down here, so
//! that nothing is said by accident: there is no `Debug` in it.

use super::super::{
    AssessReport, CheckReport, Error, Observed, RecoveryReport, Revealed, RevealedTo, RewrapReport, RotationReport,
};
use crate::{
    error::ErrorCode,
    rotation::RotationId,
    store::{CommitError, Revision, RowCursor, StoreError},
    verification::{Assessment, Receipt},
};

/// What is said of one answer.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Said {
    outcome: Option<&'static str>,
    done: Option<u64>,
    failed: Option<u64>,
    error: Option<ErrorCode>,
}

impl Said {
    fn outcome(outcome: &'static str) -> Self {
        Self { outcome: Some(outcome), ..Self::default() }
    }

    fn error(code: ErrorCode) -> Self {
        Self { outcome: Some("failed"), error: Some(code), ..Self::default() }
    }

    fn done(self, done: u64) -> Self {
        Self { done: Some(done), ..self }
    }

    fn failed(self, failed: u64) -> Self {
        Self { failed: Some(failed), ..self }
    }

    pub(super) fn record(self, span: &tracing::Span) {
        let Self { outcome, done, failed, error } = self;
        // A field without a value is none.
        span.record("outcome", outcome).record("done", done).record("failed", failed);
        span.record("error", error.map(ErrorCode::name));
    }
}

/// An answer of which something may be said.
pub(in super::super) trait Told {
    fn told(&self) -> Said;
}

impl<T: Told> Told for Result<T, Error> {
    fn told(&self) -> Said {
        match self {
            Ok(answer) => answer.told(),
            Err(error) => Said::error(error.code()),
        }
    }
}

impl Told for Result<(), CommitError> {
    fn told(&self) -> Said {
        match self {
            Ok(()) => Said::outcome("committed"),
            Err(CommitError::Conflict(_)) => Said::outcome("conflict"),
            Err(CommitError::Unknown(_)) => Said::outcome("unknown"),
            Err(CommitError::Store(error)) => Said::error(error.code()),
        }
    }
}

/// Many commits in one go.
impl Told for Result<Vec<Result<Revision, CommitError>>, StoreError> {
    fn told(&self) -> Said {
        match self {
            Ok(answers) => {
                let done = answers.iter().filter(|answer| answer.is_ok()).count();
                let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
                Said::outcome("committed").done(number(done)).failed(number(answers.len().saturating_sub(done)))
            }
            Err(error) => Said::error(error.code()),
        }
    }
}

impl Told for Assessment {
    fn told(&self) -> Said {
        Said::outcome(self.status.as_str())
    }
}

impl Told for AssessReport {
    fn told(&self) -> Said {
        Said::outcome("done").done(self.judged).failed(self.unreadable)
    }
}

impl Told for (AssessReport, Option<RowCursor>) {
    fn told(&self) -> Said {
        self.0.told()
    }
}

impl Told for CheckReport {
    fn told(&self) -> Said {
        let outcome = if self.unavailable > 0 { "unavailable" } else { "done" };
        Said::outcome(outcome).done(self.opened).failed(Self::failed(self))
    }
}

impl Told for Observed {
    fn told(&self) -> Said {
        let taken = count(self.receipts.iter().filter(|receipt| receipt.is_ok()).count());
        let refused = count(self.receipts.len()).saturating_sub(taken);
        Said::outcome(if self.recorded { "recorded" } else { "unchanged" }).done(taken).failed(refused)
    }
}

impl Told for Receipt {
    fn told(&self) -> Said {
        Said::outcome(self.status.as_str())
    }
}

impl Told for RecoveryReport {
    fn told(&self) -> Said {
        Said::outcome(self.now.as_str())
    }
}

impl Told for Revealed {
    fn told(&self) -> Said {
        Said::outcome(self.level.as_str())
    }
}

impl Told for RevealedTo {
    fn told(&self) -> Said {
        Said::outcome(self.level.as_str())
    }
}

impl Told for RewrapReport {
    fn told(&self) -> Said {
        let outcome = if self.unavailable > 0 { "unavailable" } else { "done" };
        Said::outcome(outcome).done(self.rewrapped).failed(count(self.failures.len()))
    }
}

impl Told for RotationReport {
    fn told(&self) -> Said {
        Said::outcome(self.rotation.phase().as_str())
    }
}

impl Told for Vec<RotationId> {
    fn told(&self) -> Said {
        Said::outcome("requested").done(count(self.len()))
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
