//! Does an identity still answer sensibly?
//!
//! A broken HSM that answers nonsense looks like a fleet of broken keys. So a content-encryption key that is known
//! is wrapped and must come back, before a batch and again before its failures are believed.

use super::{Format, Identity, KeyAlgorithm, Unavailable, identity::WrappedKey, seal::wrap_to_key};
use crate::{
    random::Randomness,
    secret::{Secret, on_wiped_stack},
};

/// Wraps a random key for the identity and looks whether it comes back.
///
/// # Errors
/// [`Unavailable`] if it does not, whatever the reason: the identity's answers then prove nothing.
pub fn answers(identity: &dyn Identity, rng: &dyn Randomness) -> Result<(), Unavailable> {
    on_wiped_stack(|| returns(identity, rng))
}

fn returns(identity: &dyn Identity, rng: &dyn Randomness) -> Result<(), Unavailable> {
    let mut expected = Secret::<[u8]>::copy_from(&[0; 32]);
    rng.fill(expected.expose_mut()).map_err(|_| Unavailable::new())?;
    // An identity that may only be used for what macOS writes is tried with that.
    let format = if identity.permits(&KeyAlgorithm::RsaPkcs1v15) && !permits_oaep(identity) {
        Format::EnvelopedPkcs1v15
    } else {
        Format::Auth
    };
    let wrapped = wrap_to_key(&expected, identity.public_key(), format, rng).map_err(|_| Unavailable::new())?;
    let (ephemeral, shared_info) = match &wrapped.agreement {
        Some(agreement) => (agreement.ephemeral.as_slice(), agreement.shared_info.as_slice()),
        None => (&[][..], &[][..]),
    };
    let wrapped =
        WrappedKey::agreed(&wrapped.algorithm, &wrapped.encrypted_key, ephemeral, shared_info, expected.len());
    let answer = identity.unwrap(&wrapped)?;
    if answer.constant_time_eq(expected.expose()) { Ok(()) } else { Err(Unavailable::new()) }
}

fn permits_oaep(identity: &dyn Identity) -> bool {
    identity.permits(&KeyAlgorithm::oaep(super::HashAlgorithm::Sha256))
}
