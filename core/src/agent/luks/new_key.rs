//! Which key is in the agent's memory?

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rules::Rules;
use crate::{
    key::RecoveryKey,
    policy::luks::MIN_ITERATIONS,
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// The PBKDF2 iterations by which a slot of ours is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(u32);

impl Mark {
    /// The number of iterations.
    pub fn iterations(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key that was made and is not in escrow yet, with the mark that its slot will bear. It lives in memory alone.
#[derive(Debug)]
pub struct NewKey {
    pub(super) key: RecoveryKey,
    mark: Mark,
}

impl NewKey {
    /// Makes a key of the kind that the rules name, for a slot with a little more than the iterations that they name.
    ///
    /// # Errors
    /// [`RandomnessError`] if the source failed.
    pub fn generate(rules: &Rules, rng: &dyn Randomness) -> Result<Self, RandomnessError> {
        let mut drawn = [0; 2];
        rng.fill(&mut drawn)?;
        let more = u32::from(u16::from_be_bytes(drawn));
        let mark = Mark(rules.iterations.max(MIN_ITERATIONS).saturating_add(more));
        Ok(Self { key: RecoveryKey::generate(rules.kind, rng)?, mark })
    }

    /// The iterations of its slot.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// The passphrase, as cryptsetup is given it by standard input: without an end of line.
    pub fn passphrase(&self) -> Secret<[u8]> {
        Secret::<[u8]>::copy_from(self.key.expose().as_bytes())
    }
}
