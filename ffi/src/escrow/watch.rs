//! How does an embedder see what an escrow does?

mod spans;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tracing::{Dispatch, dispatcher::with_default};

use self::spans::Spans;
use super::fdescrow_escrow;
use crate::{
    boundary::{Errors, boundary},
    callback::{Watcher, fdescrow_watch_functions},
    failure::{Failure, fdescrow_result},
    handle::borrow,
};

/// Whoever watches an escrow.
#[derive(Debug)]
pub(super) struct Watch {
    watcher: Watcher,
    spans: Arc<Spans>,
    dispatch: Dispatch,
    runs: Mutex<BTreeMap<&'static str, Run>>,
}

/// Batches, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) total: u64,
    pub(super) done: u64,
    since: Instant,
}

/// Tells what is to be told at the end of a call, after a panic, too.
struct AtTheEnd<'a>(&'a Watch);

impl Drop for AtTheEnd<'_> {
    fn drop(&mut self) {
        for record in self.0.spans.take() {
            self.0.watcher.log(record.level, record.message, &record.fields);
        }
    }
}

impl Watch {
    fn new(functions: fdescrow_watch_functions) -> Result<Self, Failure> {
        let watcher = Watcher::new(functions).map_err(Failure::misuse)?;
        let spans = Arc::new(Spans::new(watcher.level().unwrap_or_default()));
        let dispatch = if watcher.level().is_some() { Dispatch::new(Arc::clone(&spans)) } else { Dispatch::none() };
        Ok(Self { watcher, spans, dispatch, runs: Mutex::default() })
    }

    /// Does the work of a call; what came of it is told afterwards.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.watcher.level().is_none() {
            return work();
        }
        let _told = AtTheEnd(self);
        with_default(&self.dispatch, work)
    }

    /// A batch begins: the first one, if none is going on or it is to begin anew, asks how much there is.
    pub(super) fn begins(&self, operation: &'static str, anew: bool, total: impl FnOnce() -> u64) {
        let goes_on = |runs: &BTreeMap<&'static str, Run>| !anew && runs.contains_key(operation);
        if goes_on(&self.runs.lock().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        // Asked while nothing is locked.
        let run = Run { total: total(), done: 0, since: Instant::now() };
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).insert(operation, run);
    }

    /// A batch ended.
    pub(super) fn ends(&self, operation: &'static str, more: bool, done: impl FnOnce(Run) -> u64) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut run) = runs.remove(operation) else { return };
        run.done = done(run);
        if more {
            runs.insert(operation, run);
        }
        drop(runs);
        let left = if more { run.total.saturating_sub(run.done) } else { 0 };
        let milliseconds = u64::try_from(run.since.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let per_minute = run.done.saturating_mul(60_000).checked_div(milliseconds).unwrap_or_default();
        self.watcher.progress(operation, run.done, left, per_minute);
    }
}

/// Whoever is told how far a run is; nobody is asked anything otherwise.
pub(super) fn waits(escrow: Option<&fdescrow_escrow>) -> Option<Arc<Watch>> {
    borrow(escrow).ok()?.watch().filter(|watch| watch.watcher.wants_progress())
}

/// Method of `fdescrow_escrow`: tells these functions what it does from now on, in place of those before; NULL: nobody is told.
///
/// Whatever the outcome, `functions.free` is called when the context is not needed any more.
/// Errors: `MISUSE` for a level that there is not, or another version.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_escrow_watch(
    escrow: Option<&fdescrow_escrow>,
    functions: Option<&fdescrow_watch_functions>,
    error_out: Errors<'_>,
) -> fdescrow_result {
    boundary(error_out, || {
        let watch = functions.map(|functions| Watch::new(*functions)).transpose()?.map(Arc::new);
        borrow(escrow)?.set_watch(watch);
        Ok(())
    })
}
