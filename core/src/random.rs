//! Where does randomness come from?
//!
//! From the caller: core has none of its own. `fdescrow-identities` has `SystemRandomness`, the operating
//! system's; tests give a seeded one.

use std::{convert::Infallible, fmt};

use rand_core::{TryCryptoRng, TryRng};

use crate::error::ErrorCode;

/// A source of cryptographically secure random bytes.
pub trait Randomness: fmt::Debug + Send + Sync {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`RandomnessError`] if the source failed; `out` must then not be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError>;
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed")]
#[non_exhaustive]
pub struct RandomnessError;

impl RandomnessError {
    /// The failure, for implementations of [`Randomness`].
    pub fn new() -> Self {
        Self
    }

    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::RandomnessUnavailable
    }
}

impl Default for RandomnessError {
    fn default() -> Self {
        Self::new()
    }
}

/// A [`Randomness`] in the shape that the RustCrypto crates take.
///
/// Their traits for key generation are infallible, so a failure is remembered, the output is zero, and
/// the caller must ask [`CryptoRng::finish`] before it uses anything made with it.
#[derive(Debug)]
pub(crate) struct CryptoRng<'a> {
    source: &'a dyn Randomness,
    failed: bool,
}

impl<'a> CryptoRng<'a> {
    pub(crate) fn new(source: &'a dyn Randomness) -> Self {
        Self { source, failed: false }
    }

    /// Says whether every byte so far was random.
    pub(crate) fn finish(&self) -> Result<(), RandomnessError> {
        if self.failed { Err(RandomnessError) } else { Ok(()) }
    }
}

impl TryRng for CryptoRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        // After a failure the output still has to change from call to call: key generation that draws until
        // a candidate fits would otherwise never return.
        if self.failed || self.source.fill(out).is_err() {
            self.failed = true;
            for (index, byte) in out.iter_mut().enumerate() {
                *byte = byte.wrapping_mul(31).wrapping_add(index.to_le_bytes()[0] | 1);
            }
        }
        Ok(())
    }
}

impl TryCryptoRng for CryptoRng<'_> {}
