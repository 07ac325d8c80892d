//! How does a sealed key get other recipients?
//!
//! The content-encryption key is unwrapped in memory and wrapped anew; the content stays as it is, to the byte. It
//! is done only when the content was shown to open, so that a key that unwraps wrongly is never wrapped again and
//! taken for good.

use super::{
    Certificate, Envelope, EnvelopeError, Format, Keyring, OpenOptions, Payload, SealError, cms::Message,
    seal::wrap_for,
};
use crate::{error::ErrorCode, random::Randomness, secret::on_wiped_stack};

/// An envelope with other recipients, over the same content.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rewrapped {
    /// The new envelope.
    pub envelope: Envelope,
    /// Which identity opened the old one: its index in the keyring.
    pub identity: usize,
}

/// An envelope could not be re-wrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RewrapError {
    /// The old one did not open: it is reported and never re-wrapped.
    #[error(transparent)]
    Open(#[from] EnvelopeError),
    /// The new one could not be made.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl RewrapError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Open(error) => error.code(),
            Self::Seal(error) => error.code(),
        }
    }
}

impl Envelope {
    /// Wraps the content-encryption key for other certificates, by RSAES-OAEP or ECDH.
    ///
    /// Every identity that matches is tried; the one whose content has tag or form, and the owner that `options`
    /// names, decides.
    ///
    /// # Errors
    /// [`RewrapError::Open`] as [`open`](Self::open); [`RewrapError::Seal`] as [`seal`](fn@super::seal).
    pub fn rewrap(
        &self,
        keyring: &Keyring,
        options: &OpenOptions,
        to: &[&Certificate],
        rng: &dyn Randomness,
    ) -> Result<Rewrapped, RewrapError> {
        if !self.message.content.is_authenticated() && options.kind.is_none() {
            return Err(EnvelopeError::KindNeeded.into());
        }
        let found = self.find(keyring, &options.allowed, options.unmatched, |content| {
            let payload = Payload::decode(content, options.kind)?;
            (payload.bare || payload.owner.is(&options.owner)).then_some(())
        })?;
        let recipients = on_wiped_stack(|| wrap_for(&found.content_key, to, Format::Auth, rng))?;
        let envelope = Self::of(Message { recipients, other_recipients: 0, ..self.message.clone() })?;
        Ok(Rewrapped { envelope, identity: found.identity })
    }
}
