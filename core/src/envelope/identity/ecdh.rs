//! How is a key agreed with an elliptic-curve key?
//!
//! RFC 5753 §3.1: ECDH with the sender's ephemeral key, the X9.63 key derivation over ECC-CMS-SharedInfo, AES key
//! unwrap (RFC 3394).

use std::fmt;

use aes_kw::{AesKw, KeyInit};
use zeroize::Zeroizing;

use super::{ContentKey, Identity, RejectionSecret, Unavailable, WrappedKey, oaep::digest};
use crate::{
    envelope::{
        certificate::{Certificate, P256PublicKey, P384PublicKey, PublicKey},
        suite::{HashAlgorithm, KeyAlgorithm},
    },
    secret::Secret,
};

/// The bare key agreement: the x-coordinate of the private key times a point (SEC 1 §3.3.1).
pub trait RawEcdh: fmt::Debug + Send + Sync {
    /// The public key: P-256 or P-384.
    fn public_key(&self) -> &PublicKey;

    /// The shared secret with `point`, SEC 1 octets that claim the compressed or the uncompressed form; `None` if they
    /// are no point of the curve.
    ///
    /// # Errors
    /// [`Unavailable`] if the private key cannot be reached.
    fn agree(&self, point: &[u8]) -> Result<Option<Secret<[u8]>>, Unavailable>;
}

/// The other side of a key agreement, looked at: for a device that may not look itself. One that agrees on points which are on no
/// curve tells about its key by what comes of them (NIST SP 800-56A revision 3 §5.6.2.3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerPoint {
    /// SEC 1 §2.3.3, uncompressed.
    pub sec1: Vec<u8>,
    /// How many octets what is agreed on has.
    pub shared_length: usize,
}

impl PeerPoint {
    /// Octets that claim to be a point of the curve of this key (SEC 1 §2.3.4), compressed or not; `None` if they are none, or
    /// the key is on no curve that is known.
    pub fn on_the_curve_of(public_key: &PublicKey, octets: &[u8]) -> Option<Self> {
        match public_key {
            PublicKey::P256(_) => {
                P256PublicKey::from_sec1(octets).map(|point| Self { sec1: point.sec1().to_vec(), shared_length: 32 })
            }
            PublicKey::P384(_) => {
                P384PublicKey::from_sec1(octets).map(|point| Self { sec1: point.sec1().to_vec(), shared_length: 48 })
            }
            _ => None,
        }
    }
}

/// An elliptic-curve key that can do the bare key agreement.
#[derive(Debug)]
pub struct EcIdentity<E> {
    raw: E,
    certificates: Vec<Certificate>,
    rejection: RejectionSecret,
}

impl<E: RawEcdh> EcIdentity<E> {
    /// `rejection` is derived from the private key where it can be had, and random otherwise.
    pub fn new(raw: E, certificates: Vec<Certificate>, rejection: RejectionSecret) -> Self {
        Self { raw, certificates, rejection }
    }
}

impl<E: RawEcdh> Identity for EcIdentity<E> {
    fn public_key(&self) -> &PublicKey {
        self.raw.public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        let substitute = || self.rejection.substitute(wrapped.encrypted_key, wrapped.content_key_length);
        let KeyAlgorithm::Ecdh { kdf, wrap_bits, .. } = wrapped.algorithm else { return Ok(substitute()) };
        // The compressed and the uncompressed form. RFC 5480 §2.2 allows no other, though libraries read some.
        if !matches!(wrapped.ephemeral.first(), Some(2..=4)) {
            return Ok(substitute());
        }
        let Some(shared) = self.raw.agree(wrapped.ephemeral)? else { return Ok(substitute()) };
        let key = derive(*kdf, shared.expose(), wrapped.shared_info, usize::from(*wrap_bits) / 8);
        Ok(unwrap_key(&key, wrapped.encrypted_key, wrapped.content_key_length).unwrap_or_else(substitute))
    }
}

/// The X9.63 key derivation (SEC 1 §3.6.1): hashes of secret, counter from one, and shared information.
pub(in crate::envelope) fn derive(
    hash: HashAlgorithm,
    secret: &[u8],
    info: &[u8],
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 64));
    let mut counter = 1u32;
    while key.len() < length {
        key.extend_from_slice(&digest(hash, &[secret, &counter.to_be_bytes(), info]));
        counter = counter.wrapping_add(1);
    }
    key.truncate(length);
    key
}

pub(super) fn unwrap_key(key: &[u8], wrapped: &[u8], length: usize) -> Option<ContentKey> {
    // RFC 3394 §2: at least two blocks of 64 bits.
    if length < 16 || wrapped.len() != length + 8 {
        return None;
    }
    let mut held = false;
    let unwrapped = Secret::filled(length, |out| {
        held = match key.len() {
            16 => AesKw::<aes::Aes128>::new_from_slice(key).is_ok_and(|kw| kw.unwrap_key(wrapped, out).is_ok()),
            24 => AesKw::<aes::Aes192>::new_from_slice(key).is_ok_and(|kw| kw.unwrap_key(wrapped, out).is_ok()),
            _ => AesKw::<aes::Aes256>::new_from_slice(key).is_ok_and(|kw| kw.unwrap_key(wrapped, out).is_ok()),
        };
    });
    held.then_some(unwrapped)
}

/// Wraps a content-encryption key with AES-256 (RFC 3394 §2.2.1).
pub(in crate::envelope) fn wrap_key(key: &[u8], content_key: &[u8]) -> Option<Vec<u8>> {
    let mut wrapped = vec![0; content_key.len() + 8];
    AesKw::<aes::Aes256>::new_from_slice(key).ok()?.wrap_key(content_key, &mut wrapped).ok()?;
    Some(wrapped)
}

#[cfg(test)]
mod tests;
