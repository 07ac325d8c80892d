//! What stands in for a key that did not unwrap?
//!
//! A wrong wrapped key must not be told apart from a right one by an error or by time. So every failure
//! yields a key all the same: pseudo-random, derived from a secret of the identity and from the ciphertext, and
//! therefore the same whenever the same ciphertext comes again (draft-irtf-cfrg-rsa-guidance, "implicit
//! rejection").

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use rsa::{BoxedUint, traits::PrivateKeyParts};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::ContentKey;
use crate::{
    envelope::private_key::{Inner, PrivateKey},
    random::{Randomness, RandomnessError},
    secret::{Secret, on_wiped_stack},
};

/// The secret from which substitutes are derived.
pub struct RejectionSecret(Secret<[u8; 32]>);

impl RejectionSecret {
    /// That of a private key in memory: the same in every implementation over the same key, so that all reject alike.
    pub fn from_private_key(key: &PrivateKey) -> Self {
        on_wiped_stack(|| {
            Self::from_private_exponent(&match key.inner() {
                Inner::P256(key) => Secret::<[u8]>::copy_from(&key.to_bytes()),
                Inner::P384(key) => Secret::<[u8]>::copy_from(&key.to_bytes()),
                Inner::Rsa(key, public_key) => Secret::filled(public_key.modulus().len(), |out| write_be(key.d(), out)),
            })
        })
    }

    /// From the private exponent, big-endian and as long as the modulus: the same in every process and in every
    /// implementation of the draft.
    pub fn from_private_exponent(exponent: &Secret<[u8]>) -> Self {
        Self(Secret::new(Sha256::digest(exponent.expose()).into()))
    }

    /// A random one, where the private exponent cannot be had (an HSM).
    ///
    /// # Errors
    /// [`RandomnessError`] if the source failed.
    pub fn random(rng: &dyn Randomness) -> Result<Self, RandomnessError> {
        let mut secret = Secret::new([0; 32]);
        rng.fill(secret.expose_mut())?;
        Ok(Self(secret))
    }

    /// The substitute for a ciphertext that a device of its own refused.
    pub fn substitute(&self, ciphertext: &[u8], length: usize) -> ContentKey {
        self.for_ciphertext(ciphertext).content_key(length)
    }

    /// What is derived for one ciphertext: the draft's key derivation key.
    pub(super) fn for_ciphertext(&self, ciphertext: &[u8]) -> Rejection {
        let mut mac = hmac(self.0.expose());
        mac.update(ciphertext);
        Rejection(Zeroizing::new(mac.finalize().into_bytes().into()))
    }
}

impl fmt::Debug for RejectionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RejectionSecret([redacted])")
    }
}

/// The key derivation key of one ciphertext.
pub(super) struct Rejection(Zeroizing<[u8; 32]>);

impl Rejection {
    /// The draft's pseudo-random function: HMAC-SHA-256 over counter, label and length in bits.
    pub(super) fn prf(&self, label: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
        let bits = u16::try_from(length * 8).unwrap_or(u16::MAX).to_be_bytes();
        let mut out = Zeroizing::new(Vec::with_capacity(length + 32));
        let mut counter = 0u16;
        while out.len() < length {
            let mut mac = hmac(&self.0);
            mac.update(&counter.to_be_bytes());
            mac.update(label);
            mac.update(&bits);
            out.extend_from_slice(&mac.finalize().into_bytes());
            counter = counter.wrapping_add(1);
        }
        out.truncate(length);
        out
    }

    /// A content-encryption key that opens nothing.
    pub(super) fn content_key(&self, length: usize) -> ContentKey {
        Secret::<[u8]>::copy_from(&self.prf(b"content key", length))
    }
}

/// Writes an integer big-endian into all of `out`, cut or filled up with zeros in front.
pub(super) fn write_be(integer: &BoxedUint, out: &mut [u8]) {
    let octets = Zeroizing::new(integer.to_be_bytes().to_vec());
    for (target, octet) in out.iter_mut().rev().zip(octets.iter().rev()) {
        *target = *octet;
    }
}

fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key shorter than the block is filled up with zeros by HMAC itself (RFC 2104 §2).
    let mut block = Zeroizing::new([0; 64]);
    for (octet, key) in block.iter_mut().zip(key) {
        *octet = *key;
    }
    Hmac::<Sha256>::new((&*block).into())
}

#[cfg(test)]
mod tests;
