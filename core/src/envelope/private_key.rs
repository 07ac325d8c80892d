//! What opens a recovery key, and how is it kept in files?
//!
//! A [`PrivateKey`] is read from whatever people have: PKCS#1, SEC 1, PKCS#8 (encrypted or not), PKCS#12, in DER
//! or PEM, several in one file. What an encrypted file asks of the password's derivation is bounded before any
//! of it is done. Keys are checked when they are read, wiped when they are dropped, and never printed.

mod bundle;
mod encryption;
mod error;
mod kdf;
mod pkcs12;
mod syntax;

use std::{fmt, str::FromStr};

use p256::elliptic_curve::Generate;
use pkcs8::EncodePrivateKey;

pub use bundle::{Bundle, pair};
pub use error::IdentityError;

use super::{
    armor,
    certificate::{Certificate, P256PublicKey, P384PublicKey, PublicKey, RsaPublicKey},
};
use crate::{
    random::{CryptoRng, Randomness, RandomnessError},
    secret::{Secret, on_wiped_stack},
};

/// A private key: RSA of 1024 to 8192 bits, P-256 or P-384.
pub struct PrivateKey(Inner);

/// The key as the crate of its algorithm has it; each of them wipes it when it is dropped. Boxed: what is moved leaves a
/// copy of itself behind.
pub(crate) enum Inner {
    P256(Box<p256::SecretKey>),
    P384(Box<p384::SecretKey>),
    Rsa(Box<rsa::PrivateKey>, RsaPublicKey),
}

/// The kinds of keys that can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// NIST P-256 (secp256r1).
    P256,
    /// NIST P-384 (secp384r1).
    P384,
    /// RSA with 2048 bits: what FileVault escrow needs, and any tool can use.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
}

impl KeyAlgorithm {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The word on the command line: `rsa-2048`, `p-256`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p-256",
            Self::P384 => "p-384",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == text).ok_or(UnknownAlgorithm)
    }
}

/// The word names no kind of key that can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such key algorithm: rsa-2048, rsa-3072, rsa-4096, p-256 and p-384 are known")]
#[non_exhaustive]
pub struct UnknownAlgorithm;

impl PrivateKey {
    /// Reads every private key, in order: PKCS#1, SEC 1 (named curves), PKCS#8, encrypted PKCS#8 and PKCS#12, in
    /// DER, base64 or PEM with text around; certificates are passed over. At least one. `password` is used where
    /// a key is encrypted.
    ///
    /// # Errors
    /// [`IdentityError`] if there is no key, or one cannot be read.
    pub fn parse_all(bytes: &[u8], password: Option<&Secret<str>>) -> Result<Vec<Self>, IdentityError> {
        let keys = Bundle::parse(bytes, password)?.private_keys;
        if keys.is_empty() { Err(IdentityError::Syntax("there is no private key in the input")) } else { Ok(keys) }
    }

    /// Makes a new one.
    ///
    /// # Errors
    /// [`RandomnessError`] if the source failed.
    pub fn generate(algorithm: KeyAlgorithm, rng: &dyn Randomness) -> Result<Self, RandomnessError> {
        on_wiped_stack(|| {
            let mut rng = CryptoRng::new(rng);
            let inner = match algorithm {
                KeyAlgorithm::P256 => Inner::P256(Box::new(p256::SecretKey::generate_from_rng(&mut rng))),
                KeyAlgorithm::P384 => Inner::P384(Box::new(p384::SecretKey::generate_from_rng(&mut rng))),
                KeyAlgorithm::Rsa2048 => Inner::rsa(&mut rng, 2048)?,
                KeyAlgorithm::Rsa3072 => Inner::rsa(&mut rng, 3072)?,
                KeyAlgorithm::Rsa4096 => Inner::rsa(&mut rng, 4096)?,
            };
            rng.finish()?;
            Ok(Self(inner))
        })
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        match &self.0 {
            Inner::P256(key) => PublicKey::P256(P256PublicKey::from_key(key.public_key())),
            Inner::P384(key) => PublicKey::P384(P384PublicKey::from_key(key.public_key())),
            Inner::Rsa(_, public) => PublicKey::Rsa(public.clone()),
        }
    }

    /// Whether this is the private key of the certificate.
    pub fn matches(&self, certificate: &Certificate) -> bool {
        self.public_key() == *certificate.public_key()
    }

    /// PKCS#8 (RFC 5958) in PEM, not encrypted.
    pub fn to_pkcs8_pem(&self) -> Secret<str> {
        on_wiped_stack(|| {
            let der = self.to_pkcs8_der();
            secret_text(armor::to_pem("PRIVATE KEY", der.expose()))
        })
    }

    /// PKCS#8 in PEM, encrypted as RFC 8018 PBES2: AES-256-CBC under PBKDF2-HMAC-SHA-256 with 600,000 iterations.
    /// OpenSSL 1.1 and newer read it.
    ///
    /// # Errors
    /// [`RandomnessError`] if the source of salt and initialization vector failed.
    pub fn to_encrypted_pkcs8_pem(
        &self,
        password: &Secret<str>,
        rng: &dyn Randomness,
    ) -> Result<Secret<str>, RandomnessError> {
        on_wiped_stack(|| {
            let der = self.to_pkcs8_der();
            let encrypted = encryption::encrypt_pkcs8(der.expose(), password, rng)?;
            Ok(secret_text(armor::to_pem("ENCRYPTED PRIVATE KEY", &encrypted)))
        })
    }

    /// PKCS#8 in DER, not encrypted: what another implementation of the algorithm reads.
    pub fn to_pkcs8_der(&self) -> Secret<[u8]> {
        on_wiped_stack(|| {
            let der = match &self.0 {
                Inner::P256(key) => key.to_pkcs8_der(),
                Inner::P384(key) => key.to_pkcs8_der(),
                Inner::Rsa(key, _) => key.to_pkcs8_der(),
            };
            // Encoding fails only beyond 256 MiB, which no key of bounded size reaches.
            Secret::<[u8]>::copy_from(der.as_ref().map(pkcs8::SecretDocument::as_bytes).unwrap_or_default())
        })
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    pub(crate) fn into_inner(self) -> Inner {
        self.0
    }
}

impl Inner {
    fn rsa(rng: &mut CryptoRng<'_>, bits: usize) -> Result<Self, RandomnessError> {
        // Fails only for sizes and exponents that are not asked for here, or after randomness failed.
        let key = rsa::PrivateKey::new(rng, bits).map_err(|_| RandomnessError::new())?;
        let public = RsaPublicKey::from_key(key.as_public_key()).map_err(|_| RandomnessError::new())?;
        Ok(Self::Rsa(Box::new(key), public))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, [redacted])", self.public_key().description())
    }
}

fn secret_text(mut text: zeroize::Zeroizing<String>) -> Secret<str> {
    Secret::from_string(std::mem::take(&mut *text))
}

#[cfg(test)]
mod tests;
