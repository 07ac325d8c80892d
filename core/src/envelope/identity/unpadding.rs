//! What if a device takes the padding off by itself?
//!
//! Then all that is left to us is that its failures are never told: a key that opens nothing stands in for each.

use std::fmt;

use super::{ContentKey, Identity, RejectionSecret, Unavailable, WrappedKey};
use crate::{
    envelope::{
        certificate::{Certificate, PublicKey, RsaPublicKey},
        suite::KeyAlgorithm,
    },
    secret::Secret,
};

/// An RSA key in a device or service that decrypts and unpads, and gives nothing less: a token without the bare operation, most
/// key services.
pub trait UnpaddingRsa: fmt::Debug + Send + Sync {
    /// The public key.
    fn public_key(&self) -> &RsaPublicKey;

    /// Whether it can take off this padding.
    fn permits(&self, algorithm: &KeyAlgorithm) -> bool;

    /// What was encrypted; `None` for whatever it calls a bad padding. `ciphertext` has as many octets as the modulus, and
    /// `algorithm` is one that it [permits](Self::permits). What has not `length` octets is no key of this message: a device
    /// that can be told so answers with random octets instead (RFC 3218 §2.3.2), and says nothing by how long it takes.
    ///
    /// # Errors
    /// [`Unavailable`] if the private key cannot be reached.
    fn decrypt(
        &self,
        algorithm: &KeyAlgorithm,
        ciphertext: &[u8],
        length: usize,
    ) -> Result<Option<Secret<[u8]>>, Unavailable>;
}

/// The identity of a key that unpads by itself. For PKCS#1 v1.5, how long the device takes may tell what our answers do not.
#[derive(Debug)]
pub struct UnpaddingIdentity<U> {
    device: U,
    public_key: PublicKey,
    certificates: Vec<Certificate>,
    rejection: RejectionSecret,
}

impl<U: UnpaddingRsa> UnpaddingIdentity<U> {
    /// `rejection` is derived from the private key where it can be had, and random otherwise.
    pub fn new(device: U, certificates: Vec<Certificate>, rejection: RejectionSecret) -> Self {
        let public_key = PublicKey::Rsa(device.public_key().clone());
        Self { device, public_key, certificates, rejection }
    }
}

impl<U: UnpaddingRsa> Identity for UnpaddingIdentity<U> {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        self.device.permits(algorithm)
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        let length = wrapped.content_key_length;
        // Public: no such ciphertext can exist, or nobody can unpad it here.
        let ciphertext = self.device.public_key().ciphertext(wrapped.encrypted_key);
        let Some(ciphertext) = ciphertext.filter(|_| self.device.permits(wrapped.algorithm)) else {
            return Ok(self.rejection.substitute(wrapped.encrypted_key, length));
        };
        let substitute = self.rejection.substitute(&ciphertext, length);
        let answer = self.device.decrypt(wrapped.algorithm, &ciphertext, length)?;
        Ok(answer.filter(|answer| answer.len() == length).unwrap_or(substitute))
    }
}
