//! What does a subscriber of `tracing` see of a commit in a database?
//!
//! A span `write` of level INFO and target `fdescrow_stores`: which database, how many change sets and rows, how many were
//! refused, and the name of an error. Nothing of what is in a row. Without the feature `tracing`, a plain call.

use fdescrow::store::{ChangeSet, CommitError, Revision, StoreError};

/// What became of each change set of one transaction.
type Answers = Result<Vec<Result<Revision, CommitError>>, StoreError>;

/// Writes change sets within a span.
#[cfg(feature = "tracing")]
pub(crate) fn written(database: &'static str, changes: &[ChangeSet], work: impl FnOnce() -> Answers) -> Answers {
    use tracing::field::Empty;
    let rows: usize = changes.iter().map(|changes| changes.edits().len()).sum();
    let span = tracing::info_span!(
        target: "fdescrow_stores", "write", database, changes = changes.len(), rows, refused = Empty, error = Empty
    );
    let answers = span.in_scope(work);
    match &answers {
        Ok(answers) => span.record("refused", answers.iter().filter(|answer| answer.is_err()).count()),
        Err(error) => span.record("error", error.code().name()),
    };
    answers
}

/// Writes change sets.
#[cfg(not(feature = "tracing"))]
#[inline]
pub(crate) fn written(_database: &'static str, _changes: &[ChangeSet], work: impl FnOnce() -> Answers) -> Answers {
    work()
}
