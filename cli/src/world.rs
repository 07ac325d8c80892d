//! What does a command need of the world?
//!
//! The time, randomness and a place to answer: given to every command, so that none fetches them itself.

use std::{fmt, sync::Arc};

use fdescrow::{Randomness, Timestamp};

use crate::{exit::Failure, output::Output};

/// What every command is given.
pub(crate) struct World<'a> {
    clock: fn() -> Result<Timestamp, Failure>,
    randomness: Arc<dyn Randomness>,
    /// Where answers and notes go.
    pub(crate) output: &'a Output,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        clock: fn() -> Result<Timestamp, Failure>,
        randomness: Arc<dyn Randomness>,
        output: &'a Output,
    ) -> Self {
        Self { clock, randomness, output }
    }

    /// The time at this moment.
    pub(crate) fn now(&self) -> Result<Timestamp, Failure> {
        (self.clock)()
    }

    /// The operating system's randomness.
    pub(crate) fn randomness(&self) -> &dyn Randomness {
        self.randomness.as_ref()
    }

    /// The same, for what keeps it.
    pub(crate) fn shared_randomness(&self) -> Arc<dyn Randomness> {
        Arc::clone(&self.randomness)
    }
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
