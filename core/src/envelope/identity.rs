//! Who can open a message?
//!
//! An [`Identity`] is a private key, wherever it lives, and the certificates that were made for it. It turns a
//! wrapped key into a content-encryption key, or says that it cannot be reached; it never says whether the wrapped
//! key was right. All unpadding and checking is done here, once, in constant time, over two small traits for the bare
//! private operations: [`RawRsa`] and [`RawEcdh`]. A device that unpads by itself has a third: [`UnpaddingRsa`].

mod ecdh;
mod oaep;
mod pkcs1v15;
mod rejection;
mod software;
mod unpadding;

use std::{fmt, sync::Arc};

pub use ecdh::{EcIdentity, PeerPoint, RawEcdh};
pub(super) use ecdh::{derive, wrap_key};
pub use rejection::RejectionSecret;
pub use software::software_identity;
pub use unpadding::{UnpaddingIdentity, UnpaddingRsa};

use super::{
    certificate::{Certificate, PublicKey, RsaPublicKey},
    suite::KeyAlgorithm,
};
use crate::{error::ErrorCode, secret::Secret};

/// A content-encryption key, or what stands in for it where the wrapped key was wrong.
pub type ContentKey = Secret<[u8]>;

/// The private key cannot be reached: an HSM is gone, a key service does not answer. Says nothing about the
/// message, and changes no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key cannot be reached at the moment")]
#[non_exhaustive]
pub struct Unavailable;

impl Unavailable {
    /// The answer of an implementation that cannot reach its key.
    pub fn new() -> Self {
        Self
    }

    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::IdentityUnavailable
    }
}

impl Default for Unavailable {
    fn default() -> Self {
        Self::new()
    }
}

/// A wrapped content-encryption key, as a message holds it for one recipient.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WrappedKey<'a> {
    /// How it is wrapped.
    pub algorithm: &'a KeyAlgorithm,
    /// The `encryptedKey` octets.
    pub encrypted_key: &'a [u8],
    /// For ECDH: the sender's ephemeral public key, a SEC 1 point.
    pub ephemeral: &'a [u8],
    /// For ECDH: the DER of ECC-CMS-SharedInfo (RFC 5753 §7.2).
    pub shared_info: &'a [u8],
    /// Octets that the content algorithm needs. Whatever comes out has this length.
    pub content_key_length: usize,
}

impl<'a> WrappedKey<'a> {
    /// A key wrapped for an RSA certificate.
    pub fn transported(algorithm: &'a KeyAlgorithm, encrypted_key: &'a [u8], content_key_length: usize) -> Self {
        Self { algorithm, encrypted_key, ephemeral: &[], shared_info: &[], content_key_length }
    }

    /// A key wrapped for an elliptic-curve certificate.
    pub fn agreed(
        algorithm: &'a KeyAlgorithm,
        encrypted_key: &'a [u8],
        ephemeral: &'a [u8],
        shared_info: &'a [u8],
        content_key_length: usize,
    ) -> Self {
        Self { algorithm, encrypted_key, ephemeral, shared_info, content_key_length }
    }
}

/// A private key, wherever it lives, and its certificates.
///
/// **Contract.** `unwrap` gives a key of `content_key_length` octets for every input, right or wrong, with as nearly
/// the same work as it can; where the wrapped key was wrong, a substitute that is the same each time for the same
/// input and tells nothing. Only *unavailable* is an error. A device that can only unpad by itself answers a
/// failure with a substitute (see [`RejectionSecret`]), never with an error of its own.
pub trait Identity: fmt::Debug + Send + Sync {
    /// The public key.
    fn public_key(&self) -> &PublicKey;

    /// The certificates made for it: more than one if it was renewed with the same key, none if only the
    /// key is known.
    fn certificates(&self) -> &[Certificate];

    /// Whether it may be used for this algorithm. By default for every one that fits its public key.
    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        fits(self.public_key(), algorithm)
    }

    /// The content-encryption key.
    ///
    /// # Errors
    /// [`Unavailable`] if the private key cannot be reached.
    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable>;

    /// Many at once, for identities that truly batch; one by one otherwise.
    fn unwrap_many(&self, wrapped: &[WrappedKey<'_>]) -> Vec<Result<ContentKey, Unavailable>> {
        wrapped.iter().map(|wrapped| self.unwrap(wrapped)).collect()
    }
}

/// Whether an algorithm is one for this kind of key.
pub(super) fn fits(key: &PublicKey, algorithm: &KeyAlgorithm) -> bool {
    matches!(
        (key, algorithm),
        (PublicKey::Rsa(_), KeyAlgorithm::RsaPkcs1v15 | KeyAlgorithm::RsaOaep { .. })
            | (PublicKey::P256(_) | PublicKey::P384(_), KeyAlgorithm::Ecdh { .. })
    )
}

/// The bare RSA private operation: `input` to the power of d modulo n (RFC 8017 §5.1.2), and nothing else.
pub trait RawRsa: fmt::Debug + Send + Sync {
    /// The public key.
    fn public_key(&self) -> &RsaPublicKey;

    /// The operation on `input`, which has as many octets as the modulus and is smaller; the result has as
    /// many again.
    ///
    /// # Errors
    /// [`Unavailable`] if the private key cannot be reached.
    fn raw_private(&self, input: &[u8]) -> Result<Secret<[u8]>, Unavailable>;
}

/// The result of a private operation: an encoded message, right or wrong.
struct Decrypted {
    /// The ciphertext, as long as the modulus.
    ciphertext: Vec<u8>,
    encoded: Secret<[u8]>,
}

/// An RSA key that can do the bare private operation.
#[derive(Debug)]
pub struct RsaIdentity<R> {
    raw: R,
    public_key: PublicKey,
    certificates: Vec<Certificate>,
    rejection: RejectionSecret,
}

impl<R: RawRsa> RsaIdentity<R> {
    /// `rejection` is derived from the private key where it can be had, so that every process rejects alike, and
    /// random otherwise.
    pub fn new(raw: R, certificates: Vec<Certificate>, rejection: RejectionSecret) -> Self {
        let public_key = PublicKey::Rsa(raw.public_key().clone());
        Self { raw, public_key, certificates, rejection }
    }

    /// The RSA private operation on a ciphertext from a message; `None` if no such ciphertext can exist, which
    /// anybody can see.
    fn decrypt(&self, ciphertext: &[u8]) -> Result<Option<Decrypted>, Unavailable> {
        let Some(padded) = self.raw.public_key().ciphertext(ciphertext) else { return Ok(None) };
        let encoded = self.raw.raw_private(&padded)?;
        Ok((encoded.len() == padded.len()).then_some(Decrypted { ciphertext: padded, encoded }))
    }
}

impl<R: RawRsa> Identity for RsaIdentity<R> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        let length = wrapped.content_key_length;
        let Some(Decrypted { ciphertext, encoded }) = self.decrypt(wrapped.encrypted_key)? else {
            return Ok(self.rejection.for_ciphertext(wrapped.encrypted_key).content_key(length));
        };
        let rejection = self.rejection.for_ciphertext(&ciphertext);
        Ok(match wrapped.algorithm {
            KeyAlgorithm::RsaPkcs1v15 => pkcs1v15::content_key(&encoded, &rejection, length),
            KeyAlgorithm::RsaOaep { hash, mgf, label } => {
                oaep::content_key(&encoded, *hash, *mgf, label, &rejection, length)
            }
            _ => rejection.content_key(length),
        })
    }
}

impl<T: Identity + ?Sized> Identity for Arc<T> {
    fn public_key(&self) -> &PublicKey {
        (**self).public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        (**self).certificates()
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        (**self).permits(algorithm)
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        (**self).unwrap(wrapped)
    }

    fn unwrap_many(&self, wrapped: &[WrappedKey<'_>]) -> Vec<Result<ContentKey, Unavailable>> {
        (**self).unwrap_many(wrapped)
    }
}

#[cfg(test)]
mod tests;
