//! What does the library tell an embedder while it works?

use std::ffi::c_void;

use crate::{version::FDESCROW_ABI_VERSION, view::fdescrow_str};

/// A level of `fdescrow_watch_functions`: an operation failed.
pub const FDESCROW_LOG_WARN: u32 = 2;
/// A level of `fdescrow_watch_functions`: what was done, and how it ended.
pub const FDESCROW_LOG_INFO: u32 = 3;
/// A level of `fdescrow_watch_functions`: whose device it was, too.
pub const FDESCROW_LOG_DEBUG: u32 = 4;

/// What an escrow tells of its work: for a log, and for somebody who waits. No secret is ever among it.
///
/// The functions are called on the thread of the call, several at a time where several threads call; `log` at the end of the call,
/// when nothing is locked any more. They must not throw, jump or unwind.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[allow(clippy::exhaustive_structs, reason = "C fills it in; its version tells its shape")]
pub struct fdescrow_watch_functions {
    /// FDESCROW_ABI_VERSION.
    pub version: u32,
    /// The finest level that `log` is told: FDESCROW_LOG_…
    pub level: u32,
    /// Handed to every function. It must be good from any thread until `free` is called.
    pub context: *mut c_void,
    /// Called once, when the escrow tells it nothing more, or if it was not taken. May be NULL.
    pub free: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// One line for a log. `message` is the name of an operation, as `receive`, `commit`; `fields` is JSON: `outcome`, a word; `done` and
    /// `failed`, how many; `error`, its name; `device`; `microseconds`. May be NULL.
    pub log: Option<
        unsafe extern "C" fn(context: *mut c_void, level: u32, message: fdescrow_str, fields_json: fdescrow_str),
    >,
    /// After each batch of an `operation`: for `check` how many devices are `done` since the first batch and how many are `left`; for
    /// `rewrap` how many envelopes. May be NULL.
    pub progress: Option<
        unsafe extern "C" fn(context: *mut c_void, operation: fdescrow_str, done: u64, left: u64, per_minute: u64),
    >,
}

/// The functions, until nobody needs them any more.
#[derive(Debug)]
pub(crate) struct Watcher(fdescrow_watch_functions);

// SAFETY: rule 10 of docs/c-abi.md: context and functions are good from any thread, several at a time.
unsafe impl Send for Watcher {}
// SAFETY: as above.
unsafe impl Sync for Watcher {}

impl Drop for Watcher {
    fn drop(&mut self) {
        if let Some(free) = self.0.free {
            // SAFETY: rule 10: `free` takes the context, and is called this once.
            unsafe { free(self.0.context) }
        }
    }
}

impl Watcher {
    /// The functions are freed if they are not taken.
    pub(crate) fn new(functions: fdescrow_watch_functions) -> Result<Self, &'static str> {
        let watcher = Self(functions);
        if watcher.0.version != FDESCROW_ABI_VERSION {
            return Err("the functions are of another version of the C ABI");
        }
        if watcher.0.log.is_some() && !(FDESCROW_LOG_WARN..=FDESCROW_LOG_DEBUG).contains(&watcher.0.level) {
            return Err("there is no such level");
        }
        Ok(watcher)
    }

    /// The finest level that is logged; none: nothing is.
    pub(crate) fn level(&self) -> Option<u32> {
        self.0.log.map(|_| self.0.level)
    }

    pub(crate) fn wants_progress(&self) -> bool {
        self.0.progress.is_some()
    }

    pub(crate) fn log(&self, level: u32, message: &str, fields: &str) {
        if let Some(log) = self.0.log {
            // SAFETY: rule 10: the function uses what it is given until it returns.
            unsafe { log(self.0.context, level, fdescrow_str::of(message), fdescrow_str::of(fields)) }
        }
    }

    pub(crate) fn progress(&self, operation: &str, done: u64, left: u64, per_minute: u64) {
        if let Some(progress) = self.0.progress {
            // SAFETY: as above.
            unsafe { progress(self.0.context, fdescrow_str::of(operation), done, left, per_minute) }
        }
    }
}
