//! What kind of public key does a certificate have, and can a key be sealed to it?
//!
//! RSA of 1024 to 8192 bits and points of P-256 and P-384 are understood. Other keys are named, not refused:
//! a certificate with such a key can still be shown.

use std::fmt;

use der::{Decode, asn1::ObjectIdentifier};
use rsa::{BoxedUint, traits::PublicKeyParts};
use sha1::{Digest, Sha1};
use spki::SubjectPublicKeyInfoRef;

use super::CertificateError;

/// A public key, RFC 5280 §4.1.2.7.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// NIST P-256 (secp256r1).
    P256(P256PublicKey),
    /// NIST P-384 (secp384r1).
    P384(P384PublicKey),
    /// RSA, 1024 to 8192 bits.
    Rsa(RsaPublicKey),
    /// Anything else.
    Unsupported {
        /// The object identifier in dotted form, and what is unusual in parentheses.
        algorithm: String,
    },
}

/// An RSA public key of 1024 to 8192 bits, RFC 8017 §3.1.
#[derive(Clone)]
pub struct RsaPublicKey {
    key: rsa::PublicKey,
    modulus: Box<[u8]>,
    exponent: u64,
}

impl RsaPublicKey {
    /// The modulus, big-endian, without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The public exponent: odd, 3 to 2³³ − 1.
    pub fn exponent(&self) -> u64 {
        self.exponent
    }

    /// The length of the modulus in bits.
    pub fn bits(&self) -> u32 {
        self.key.n().bit_width_vartime()
    }

    /// The key as the `rsa` crate has it.
    pub(crate) fn key(&self) -> &rsa::PublicKey {
        &self.key
    }

    /// Takes modulus and exponent, big-endian, as a device names its key; leading zeros may stand.
    ///
    /// # Errors
    /// [`CertificateError::Unsuitable`] if the modulus is even or has less than 1024 or more than 8192 bits, or the
    /// exponent is unusual.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, CertificateError> {
        Self::from_octets(without_zeros(modulus), without_zeros(exponent)).map_err(CertificateError::Unsuitable)
    }

    /// A ciphertext from a message as the private operation takes it: as many octets as the modulus. `None` if no
    /// such ciphertext can exist, which anybody can see.
    pub fn ciphertext(&self, octets: &[u8]) -> Option<Vec<u8>> {
        // Some encoders drop leading zeros.
        let missing = self.modulus.len().checked_sub(octets.len())?;
        let mut padded = vec![0; missing];
        padded.extend_from_slice(octets);
        (padded.as_slice() < self.modulus()).then_some(padded)
    }

    /// The size is checked before any arithmetic.
    fn from_octets(modulus: &[u8], exponent: &[u8]) -> Result<Self, &'static str> {
        if modulus.len() > MAX_MODULUS_OCTETS {
            return Err("more than 8192 bits");
        }
        let octets = modulus.len().try_into().unwrap_or(u32::MAX);
        let n = BoxedUint::from_be_slice(modulus, 8 * octets).map_err(|_| "malformed modulus")?;
        let exponent = match exponent {
            [] | [_, _, _, _, _, _, _, _, _, ..] => return Err("unusual exponent"),
            octets => octets.iter().fold(0, |value: u64, octet| (value << 8) | u64::from(*octet)),
        };
        let key = rsa::PublicKey::new(n, BoxedUint::from(exponent)).map_err(|error| match error {
            rsa::Error::ModulusTooSmall => "less than 1024 bits",
            rsa::Error::ModulusTooLarge => "more than 8192 bits",
            rsa::Error::InvalidModulus => "even modulus",
            _ => "unusual exponent",
        })?;
        Ok(Self { key, modulus: modulus.into(), exponent })
    }

    /// The public half of a private key that was checked when it was read.
    pub(crate) fn from_key(key: &rsa::PublicKey) -> Result<Self, &'static str> {
        Self::from_octets(without_zeros(&key.n().to_be_bytes()), without_zeros(&key.e().to_be_bytes()))
    }
}

/// A big-endian number without leading zeros.
fn without_zeros(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

impl PartialEq for RsaPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.modulus == other.modulus && self.exponent == other.exponent
    }
}

impl Eq for RsaPublicKey {}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({} bits, exponent {})", self.bits(), self.exponent)
    }
}

macro_rules! ec_public_key {
    ($(#[$doc:meta])* $type:ident, $curve:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $type {
            key: $curve::PublicKey,
            sec1: Box<[u8]>,
        }

        impl $type {
            /// The point, SEC 1 §2.3.3, uncompressed.
            pub fn sec1(&self) -> &[u8] {
                &self.sec1
            }

            /// The key as the curve's crate has it.
            pub(crate) fn key(&self) -> &$curve::PublicKey {
                &self.key
            }

            /// Takes a point (SEC 1 §2.3.3), compressed or not; `None` if it does not lie on the curve.
            pub fn from_sec1(point: &[u8]) -> Option<Self> {
                $curve::PublicKey::from_sec1_bytes(point).ok().map(Self::from_key)
            }

            pub(crate) fn from_key(key: $curve::PublicKey) -> Self {
                use $curve::elliptic_curve::sec1::ToSec1Point;
                Self { key, sec1: key.to_sec1_point(false).as_bytes().into() }
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(", $name, ")"))
            }
        }
    };
}

ec_public_key! {
    /// A public key on P-256, RFC 5480; never the point at infinity.
    P256PublicKey, p256, "P-256"
}
ec_public_key! {
    /// A public key on P-384, RFC 5480; never the point at infinity.
    P384PublicKey, p384, "P-384"
}

impl PublicKey {
    /// What people call it: `RSA-2048`, `P-256`, or the object identifier.
    pub fn description(&self) -> String {
        match self {
            Self::P256(_) => "P-256".to_owned(),
            Self::P384(_) => "P-384".to_owned(),
            Self::Rsa(key) => format!("RSA-{}", key.bits()),
            Self::Unsupported { algorithm } => algorithm.clone(),
        }
    }

    /// SHA-1 of the subjectPublicKey bits, RFC 5280 §4.2.1.2 method 1, with points uncompressed. A key that is
    /// not understood has none here; its certificate has.
    pub fn key_identifier(&self) -> Option<[u8; 20]> {
        let bits = self.subject_public_key()?;
        Some(Sha1::digest(bits).into())
    }

    /// The content of subjectPublicKey.
    fn subject_public_key(&self) -> Option<Vec<u8>> {
        match self {
            Self::P256(key) => Some(key.sec1().to_vec()),
            Self::P384(key) => Some(key.sec1().to_vec()),
            Self::Rsa(key) => {
                pkcs1::EncodeRsaPublicKey::to_pkcs1_der(key.key()).ok().map(|der| der.as_bytes().to_vec())
            }
            Self::Unsupported { .. } => None,
        }
    }

    /// Reads a SubjectPublicKeyInfo. A key of a known kind that is broken is an error: nothing could be sealed
    /// to it, and something else might read it differently.
    pub(super) fn from_spki(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<Self, CertificateError> {
        let bits =
            spki.subject_public_key.as_bytes().ok_or(CertificateError::Syntax("its public key is not whole octets"))?;
        let oid = spki.algorithm.oid;
        let unsupported = |what: String| Self::Unsupported { algorithm: what };
        if oid == RSA_ENCRYPTION {
            let key = pkcs1::RsaPublicKeyRef::from_der(bits)
                .map_err(|_| CertificateError::Syntax("its RSA public key is malformed"))?;
            let (modulus, exponent) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
            return Ok(RsaPublicKey::from_octets(modulus, exponent)
                .map_or_else(|problem| unsupported(format!("{oid} ({problem})")), Self::Rsa));
        }
        if oid == EC_PUBLIC_KEY {
            let off_curve = CertificateError::Syntax("its public key is not a point of its curve");
            return match spki.algorithm.parameters_oid() {
                Ok(P256) => P256PublicKey::from_sec1(bits).map(Self::P256).ok_or(off_curve),
                Ok(P384) => P384PublicKey::from_sec1(bits).map(Self::P384).ok_or(off_curve),
                Ok(curve) => Ok(unsupported(format!("{oid} (curve {curve})"))),
                Err(_) => Ok(unsupported(format!("{oid} (curve without a name)"))),
            };
        }
        Ok(unsupported(oid.to_string()))
    }
}

/// RFC 8017 §A.1.
pub(crate) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480 §2.1.1.
pub(crate) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 5480 §2.1.1.1.
pub(crate) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// RFC 5480 §2.1.1.1.
pub(crate) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// 8192 bits.
const MAX_MODULUS_OCTETS: usize = 1024;
