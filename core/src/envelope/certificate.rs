//! Who is a recovery key sealed to?
//!
//! A [`Certificate`] is read leniently where that does no harm (text around PEM, empty names, long, zero or
//! negative serial numbers, missing key usage, any size of RSA key) and kept byte for byte: messages name
//! their recipient by the exact bytes of issuer and serial number. It is never checked against an authority:
//! recipients are pinned by [`Fingerprint`].

mod fingerprint;
mod generate;
mod name;
mod public_key;
mod structure;

use std::{fmt, sync::Arc};

use sha1::Sha1;
use sha2::{Digest, Sha256};

pub use fingerprint::{Fingerprint, FingerprintError};
pub use generate::NewCertificate;
pub(super) use name::to_text as name_text;
pub(crate) use public_key::{EC_PUBLIC_KEY, P256, P384, RSA_ENCRYPTION};
pub use public_key::{P256PublicKey, P384PublicKey, PublicKey, RsaPublicKey};
pub use structure::KeyUsage;

use super::armor::{self, ArmorProblem, Armored};
use crate::{error::ErrorCode, random::RandomnessError, time::Timestamp};

/// The largest certificate, in bytes of DER.
pub const MAX_CERTIFICATE: usize = 64 * 1024;

/// The largest input, in bytes: a file of PEM blocks with text around.
pub const MAX_INPUT: usize = 1024 * 1024;

/// An X.509 certificate, RFC 5280, as it was given.
///
/// Equal to another exactly when their bytes are. Cloning is cheap.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Vec<u8>,
    fields: structure::Fields,
    fingerprint: Fingerprint,
}

/// Where a time stands to the dates of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Validity {
    /// The time lies after notAfter. An expired certificate silently stops FileVault escrow.
    Expired,
    /// The time lies before notBefore.
    NotYetValid,
    /// The time lies between both.
    Valid,
}

/// A certificate could not be read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Randomness failed while a certificate was made.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The bytes are not a certificate.
    #[error("not a certificate: {0}")]
    Syntax(&'static str),
    /// The certificate that was asked for cannot be made, or the one given not be used.
    #[error("certificate cannot be used: {0}")]
    Unsuitable(&'static str),
}

impl CertificateError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Randomness(error) => error.code(),
            Self::Syntax(_) => ErrorCode::CertificateSyntax,
            Self::Unsuitable(_) => ErrorCode::CertificateUnsuitable,
        }
    }
}

impl From<ArmorProblem> for CertificateError {
    fn from(problem: ArmorProblem) -> Self {
        Self::Syntax(problem.as_str())
    }
}

impl Certificate {
    /// Reads the first certificate: DER, PEM (text and other blocks around it, lines of any width), or base64
    /// alone. At most [`MAX_CERTIFICATE`] bytes of DER in at most [`MAX_INPUT`] bytes.
    ///
    /// # Errors
    /// [`CertificateError::Syntax`] says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        Self::read(bytes, 1)?.into_iter().next().ok_or(NONE)
    }

    /// Reads every certificate, in order: PEM with several blocks, or DER certificates one after the other.
    /// At least one.
    ///
    /// # Errors
    /// [`CertificateError::Syntax`] if one cannot be read or there is none.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let found = Self::read(bytes, usize::MAX)?;
        if found.is_empty() { Err(NONE) } else { Ok(found) }
    }

    fn read(bytes: &[u8], limit: usize) -> Result<Vec<Self>, CertificateError> {
        if bytes.len() > MAX_INPUT {
            return Err(CertificateError::Syntax("the input is larger than 1 MiB"));
        }
        match armor::read(bytes)? {
            Armored::Binary => Self::sequence(bytes),
            Armored::Base64(der) => Self::sequence(&der),
            Armored::Pem(blocks) => {
                let wanted = blocks.iter().filter(|block| is_certificate_label(block.label()));
                wanted.take(limit).map(Self::from_block).collect()
            }
        }
    }

    /// The first DER element, and what follows it.
    pub(crate) fn split_first(der: &[u8]) -> Result<(&[u8], &[u8]), CertificateError> {
        structure::split_first(der)
    }

    pub(crate) fn from_block(block: &armor::Block) -> Result<Self, CertificateError> {
        let der = block.decode()?;
        let (certificate, rest) = structure::split_first(&der)?;
        // OpenSSL's own form has what the certificate is trusted for behind it.
        if !armor::trim_end(rest).is_empty() && block.label() != "TRUSTED CERTIFICATE" {
            return Err(CertificateError::Syntax("something follows it"));
        }
        Self::from_der(certificate)
    }

    /// DER certificates one after the other, white space and NUL at the end. The last octets of a certificate are
    /// those of its signature and may be white space, so that only what lies behind its end is trimmed.
    fn sequence(der: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let mut found = Vec::new();
        let mut rest = der;
        while !armor::trim_end(rest).is_empty() {
            let (certificate, after) = structure::split_first(rest)?;
            found.push(Self::from_der(certificate)?);
            rest = after;
        }
        Ok(found)
    }

    /// Reads exactly one certificate in DER, without anything around.
    ///
    /// # Errors
    /// [`CertificateError::Syntax`] says what is wrong.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE {
            return Err(CertificateError::Syntax("it is larger than 64 KiB"));
        }
        let fields = structure::Fields::parse(der)?;
        let fingerprint = Fingerprint::from_bytes(Sha256::digest(der).into());
        Ok(Self(Arc::new(Parts { der: der.to_vec(), fields, fingerprint })))
    }

    /// The bytes of the certificate.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The certificate as PEM, label CERTIFICATE.
    pub fn to_pem(&self) -> String {
        armor::to_pem("CERTIFICATE", self.der()).as_str().to_owned()
    }

    /// SHA-256 of the DER: what recipients are pinned by.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// The subject, for people: RFC 4514, control and formatting characters escaped, at most 512 characters.
    pub fn subject(&self) -> String {
        name::to_text(self.subject_der())
    }

    /// The issuer, for people; see [`subject`](Self::subject).
    pub fn issuer(&self) -> String {
        name::to_text(self.issuer_der())
    }

    /// The DER of the subject Name, exactly as it stands in the certificate.
    pub fn subject_der(&self) -> &[u8] {
        self.slice(&self.0.fields.subject)
    }

    /// The DER of the issuer Name, exactly as it stands in the certificate.
    pub fn issuer_der(&self) -> &[u8] {
        self.slice(&self.0.fields.issuer)
    }

    /// The content octets of the serial number's INTEGER, exactly as encoded: big-endian two's complement.
    pub fn serial_number(&self) -> &[u8] {
        self.slice(&self.0.fields.serial_number)
    }

    /// The SubjectKeyIdentifier extension, RFC 5280 §4.2.1.2.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.fields.subject_key_identifier.as_deref()
    }

    /// SHA-1 of the subjectPublicKey bits, RFC 5280 §4.2.1.2 method 1: the identifier that a certificate
    /// without the extension is known by, and that most have in it.
    pub fn key_identifier(&self) -> [u8; 20] {
        Sha1::digest(self.slice(&self.0.fields.subject_public_key)).into()
    }

    /// The KeyUsage extension, RFC 5280 §4.2.1.3, if there is one. For information: macOS seals to
    /// certificates without keyEncipherment, and so do we.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.fields.key_usage
    }

    /// From when the certificate is valid; years before 1 are given as [`Timestamp::MIN`].
    pub fn not_before(&self) -> Timestamp {
        self.0.fields.not_before
    }

    /// Until when the certificate is valid.
    pub fn not_after(&self) -> Timestamp {
        self.0.fields.not_after
    }

    /// Where `now` stands to both dates, which belong to the time of validity (RFC 5280 §4.1.2.5).
    pub fn validity(&self, now: Timestamp) -> Validity {
        if now < self.not_before() {
            Validity::NotYetValid
        } else if now > self.not_after() {
            Validity::Expired
        } else {
            Validity::Valid
        }
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.0.fields.public_key
    }

    /// The DER of the SubjectPublicKeyInfo, exactly as it stands in the certificate.
    pub fn public_key_der(&self) -> &[u8] {
        self.slice(&self.0.fields.subject_public_key_info)
    }

    fn slice(&self, range: &std::ops::Range<usize>) -> &[u8] {
        // The ranges were cut from these bytes.
        self.0.der.get(range.clone()).unwrap_or_default()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl std::hash::Hash for Certificate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.fingerprint().hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("fingerprint", &self.fingerprint())
            .field("subject", &self.subject())
            .finish_non_exhaustive()
    }
}

/// The labels that certificates have had: RFC 7468 §5, and OpenSSL's older ones.
pub(crate) fn is_certificate_label(label: &str) -> bool {
    matches!(label, "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" | "X.509 CERTIFICATE")
}

const NONE: CertificateError = CertificateError::Syntax("there is no CERTIFICATE block in the input");

#[cfg(test)]
pub(crate) mod tests;
