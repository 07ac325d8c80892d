//! The operating system's own randomness.

use fdescrow::random::{Randomness, RandomnessError};

/// The operating system's source of randomness (`getrandom(2)` on Linux).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemRandomness;

impl SystemRandomness {
    /// The source; it has no state of its own.
    pub fn new() -> Self {
        Self
    }
}

impl Randomness for SystemRandomness {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        getrandom::fill(out).map_err(|_| RandomnessError::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        SystemRandomness::new().fill(&mut first).unwrap();
        SystemRandomness::new().fill(&mut second).unwrap();
        assert_ne!(first, second);
    }
}
