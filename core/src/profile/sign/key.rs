//! Who signs with a private key in memory, and does a signature verify?

use std::fmt;

use p256::ecdsa::signature::{RandomizedSigner as _, Signer as _, Verifier as _};
use rsa::pkcs1v15;
use sha2::Sha256;

use super::{SignatureAlgorithm, Signer, SigningError};
use crate::{
    envelope::{Certificate, PrivateKey, PublicKey, private_key::Inner},
    random::{CryptoRng, Randomness},
    secret::on_wiped_stack,
};

/// Signs with a private key in memory, in pure Rust.
///
/// RSA signatures are blinded with the randomness given; what comes out does not depend on it. ECDSA's are
/// deterministic (RFC 6979).
pub struct KeySigner<'a> {
    key: &'a PrivateKey,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    rng: &'a dyn Randomness,
}

impl<'a> KeySigner<'a> {
    /// Takes a private key and its certificate.
    ///
    /// # Errors
    /// [`SigningError::Mismatch`] if they do not belong together.
    pub fn new(key: &'a PrivateKey, certificate: Certificate, rng: &'a dyn Randomness) -> Result<Self, SigningError> {
        if !key.matches(&certificate) {
            return Err(SigningError::Mismatch);
        }
        let algorithm = SignatureAlgorithm::of(&certificate)?;
        Ok(Self { key, certificate, algorithm, rng })
    }
}

impl fmt::Debug for KeySigner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySigner").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Signer for KeySigner<'_> {
    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        on_wiped_stack(|| self.signature(message))
    }
}

impl KeySigner<'_> {
    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self.key.inner() {
            Inner::P256(key) => {
                let signature: p256::ecdsa::Signature = p256::ecdsa::SigningKey::from(&**key).sign(message);
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Inner::P384(key) => {
                let signature: p384::ecdsa::Signature = p384::ecdsa::SigningKey::from(&**key).sign(message);
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Inner::Rsa(key, _) => {
                let mut rng = CryptoRng::new(self.rng);
                let signature = pkcs1v15::SigningKey::<Sha256>::new((**key).clone())
                    .try_sign_with_rng(&mut rng, message)
                    .map_err(|_| SigningError::Unsuitable("the RSA key is too small to sign with"))?;
                rng.finish().map_err(|error| SigningError::Unavailable(error.to_string()))?;
                Ok(Box::<[u8]>::from(signature).into_vec())
            }
        }
    }
}

/// Whether the signature is one of the certificate's key over this message.
pub(super) fn verify(
    certificate: &Certificate,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SigningError> {
    let verified = match (certificate.public_key(), algorithm) {
        (PublicKey::P256(key), SignatureAlgorithm::EcdsaP256Sha256) => {
            let key = p256::ecdsa::VerifyingKey::from(key.key());
            p256::ecdsa::Signature::from_der(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        (PublicKey::P384(key), SignatureAlgorithm::EcdsaP384Sha384) => {
            let key = p384::ecdsa::VerifyingKey::from(key.key());
            p384::ecdsa::Signature::from_der(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        (PublicKey::Rsa(key), SignatureAlgorithm::RsaPkcs1v15Sha256) => {
            let key = pkcs1v15::VerifyingKey::<Sha256>::new(key.key().clone());
            pkcs1v15::Signature::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        _ => false,
    };
    if verified { Ok(()) } else { Err(SigningError::Mismatch) }
}
