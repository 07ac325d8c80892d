//! How does a profile say who made it?
//!
//! By a CMS signature around it (RFC 5652 §5), as Macs and MDM servers take it: SignedData in DER with the
//! profile inside, one signer, signed attributes. The signing key is any [`Signer`]'s and has nothing to do
//! with the escrow certificate. Signatures are checked before they leave.

mod key;

use std::{fmt, time::Duration};

use der::{
    Encode as _,
    asn1::{GeneralizedTime, ObjectIdentifier, UtcTime},
};
use sha2::{Digest as _, Sha256, Sha384};

pub use key::KeySigner;

use super::Profile;
use crate::{
    envelope::{
        Certificate, PublicKey,
        ber::{element, set_of, tag},
    },
    error::ErrorCode,
    time::Timestamp,
};

/// Signs for the holder of a certificate: a private key in memory ([`KeySigner`]), or one in an HSM or a
/// signing service.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The certificate that the signature is checked against.
    fn certificate(&self) -> &Certificate;

    /// The algorithm of [`sign`](Self::sign); it must be that of the certificate's key.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The signature over this message, which the signer hashes: PKCS#1 v1.5 (RFC 8017 §8.2) for RSA,
    /// Ecdsa-Sig-Value in DER (RFC 3279 §2.2.3) for the curves.
    ///
    /// # Errors
    /// [`SigningError::Unavailable`] if the private key cannot be reached.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError>;
}

/// How a profile is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ECDSA over P-256 with SHA-256, RFC 5754 §3.3.
    EcdsaP256Sha256,
    /// ECDSA over P-384 with SHA-384, RFC 5754 §3.3.
    EcdsaP384Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-256, RFC 5754 §3.2.
    RsaPkcs1v15Sha256,
}

/// A profile could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The signature does not verify against the signer's certificate.
    #[error("the signature does not verify against the signer's certificate")]
    Mismatch,
    /// The private key could not be reached.
    #[error("the signing key cannot be reached: {0}")]
    Unavailable(String),
    /// The certificate or the time cannot be used to sign.
    #[error("cannot sign: {0}")]
    Unsuitable(&'static str),
}

impl SigningError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Mismatch => ErrorCode::IdentityMismatch,
            Self::Unavailable(_) => ErrorCode::ProfileSigning,
            Self::Unsuitable(_) => ErrorCode::CertificateUnsuitable,
        }
    }
}

/// Signs a profile: SignedData in DER, SHA-256 (SHA-384 for P-384), with the attributes contentType,
/// messageDigest and, if a time is given, signingTime.
///
/// `chain` is what stands between the signer's certificate and one that the Mac knows; it may be empty.
///
/// # Errors
/// [`SigningError`]; in particular [`SigningError::Mismatch`] if what the signer made does not verify.
pub fn sign(
    profile: &Profile,
    signer: &dyn Signer,
    chain: &[Certificate],
    signing_time: Option<Timestamp>,
) -> Result<Vec<u8>, SigningError> {
    let algorithm = signer.algorithm();
    let certificate = signer.certificate();
    let digest = element(tag::OCTET_STRING, &[&algorithm.digest(profile.as_bytes())]);
    let mut attributes = vec![attribute(CONTENT_TYPE, &oid(DATA)), attribute(MESSAGE_DIGEST, &digest)];
    if let Some(time) = signing_time {
        attributes.push(attribute(SIGNING_TIME, &time_of(time)?));
    }
    // RFC 5652 §5.4: signed is the DER of the attributes as a SET, although they are written as [0]
    let message = set_of(tag::SET, attributes.clone());
    let signature = signer.sign(&message)?;
    key::verify(certificate, algorithm, &message, &signature)?;

    let serial = element(tag::INTEGER, &[certificate.serial_number()]);
    let signer_info = element(
        tag::SEQUENCE,
        &[
            VERSION_1,
            &element(tag::SEQUENCE, &[certificate.issuer_der(), &serial]),
            &algorithm.digest_identifier(),
            &set_of(tag::context_constructed(0), attributes),
            &algorithm.signature_identifier(),
            &element(tag::OCTET_STRING, &[&signature]),
        ],
    );
    let content = element(tag::context_constructed(0), &[&element(tag::OCTET_STRING, &[profile.as_bytes()])]);
    let mut certificates = vec![certificate.der().to_vec()];
    certificates.extend(chain.iter().filter(|other| *other != certificate).map(|other| other.der().to_vec()));
    let signed_data = element(
        tag::SEQUENCE,
        &[
            VERSION_1,
            &element(tag::SET, &[&algorithm.digest_identifier()]),
            &element(tag::SEQUENCE, &[&oid(DATA), &content]),
            &set_of(tag::context_constructed(0), certificates),
            &element(tag::SET, &[&signer_info]),
        ],
    );
    let explicit = element(tag::context_constructed(0), &[&signed_data]);
    Ok(element(tag::SEQUENCE, &[&oid(SIGNED_DATA), &explicit]))
}

impl SignatureAlgorithm {
    /// The algorithm that belongs to a certificate's key.
    ///
    /// # Errors
    /// [`SigningError::Unsuitable`] for a key that is neither RSA nor on P-256 or P-384.
    pub fn of(certificate: &Certificate) -> Result<Self, SigningError> {
        match certificate.public_key() {
            PublicKey::P256(_) => Ok(Self::EcdsaP256Sha256),
            PublicKey::P384(_) => Ok(Self::EcdsaP384Sha384),
            PublicKey::Rsa(_) => Ok(Self::RsaPkcs1v15Sha256),
            PublicKey::Unsupported { .. } => {
                Err(SigningError::Unsuitable("the certificate's key is neither RSA nor on P-256 or P-384"))
            }
        }
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::EcdsaP256Sha256 | Self::RsaPkcs1v15Sha256 => Sha256::digest(message).to_vec(),
            Self::EcdsaP384Sha384 => Sha384::digest(message).to_vec(),
        }
    }

    /// RFC 5754 §2: without parameters.
    fn digest_identifier(self) -> Vec<u8> {
        let digest = match self {
            Self::EcdsaP256Sha256 | Self::RsaPkcs1v15Sha256 => SHA_256,
            Self::EcdsaP384Sha384 => SHA_384,
        };
        element(tag::SEQUENCE, &[&oid(digest)])
    }

    /// RFC 5754 §3.2 (NULL parameters), §3.3 (none).
    fn signature_identifier(self) -> Vec<u8> {
        const NULL: &[u8] = &[0x05, 0x00];
        match self {
            Self::EcdsaP256Sha256 => element(tag::SEQUENCE, &[&oid(ECDSA_SHA_256)]),
            Self::EcdsaP384Sha384 => element(tag::SEQUENCE, &[&oid(ECDSA_SHA_384)]),
            Self::RsaPkcs1v15Sha256 => element(tag::SEQUENCE, &[&oid(RSA_ENCRYPTION), NULL]),
        }
    }
}

/// `Attribute ::= SEQUENCE { attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue }`, RFC 5652 §5.3.
fn attribute(kind: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    element(tag::SEQUENCE, &[&oid(kind), &element(tag::SET, &[value])])
}

/// RFC 5652 §11.3: UTCTime through 2049, GeneralizedTime after.
fn time_of(time: Timestamp) -> Result<Vec<u8>, SigningError> {
    const YEAR_2050: i64 = 2_524_608_000;
    const RANGE: SigningError = SigningError::Unsuitable("the signing time lies before 1970");
    let since_1970 = Duration::from_secs(u64::try_from(time.unix_seconds()).map_err(|_| RANGE)?);
    let encoded = if time.unix_seconds() < YEAR_2050 {
        UtcTime::from_unix_duration(since_1970).and_then(|time| time.to_der())
    } else {
        GeneralizedTime::from_unix_duration(since_1970).and_then(|time| time.to_der())
    };
    encoded.map_err(|_| RANGE)
}

fn oid(oid: ObjectIdentifier) -> Vec<u8> {
    element(tag::OBJECT_IDENTIFIER, &[oid.as_bytes()])
}

/// `INTEGER 1`: RFC 5652 §5.1 (content of type id-data), §5.3 (signer named by issuerAndSerialNumber).
const VERSION_1: &[u8] = &[0x02, 0x01, 0x01];

/// RFC 5652 §4.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// RFC 5652 §5.1.
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// RFC 5652 §11.1.
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
/// RFC 5652 §11.2.
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// RFC 5652 §11.3.
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// RFC 5754 §2.2.
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
/// RFC 5754 §2.3.
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
/// RFC 5754 §3.2.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5754 §3.3.
const ECDSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// RFC 5754 §3.3.
const ECDSA_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
