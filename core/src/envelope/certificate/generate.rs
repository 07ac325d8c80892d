//! How is an escrow certificate made?
//!
//! Self-signed, for one purpose: keys are sealed to it. It is no authority (basicConstraints CA:FALSE), may only
//! encipher or agree on keys (keyUsage), has a random serial number, and its key identifier, so that any tool can
//! name it as a recipient.

use std::{str::FromStr, time::Duration};

use der::{
    DateTime, Encode, Tag, Tagged,
    asn1::{Ia5StringRef, ObjectIdentifier, OctetString, PrintableStringRef, Utf8StringRef},
    oid::AssociatedOid,
};
use rsa::pkcs1v15;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::{
    TbsCertificate,
    builder::{self, Builder, CertificateBuilder, profile::BuilderProfile},
    ext::{Extension, pkix},
    name::Name,
    serial_number::SerialNumber,
    time::{Time, Validity},
};

use super::{Certificate, CertificateError};
use crate::{
    envelope::private_key::{Inner, KeyAlgorithm, PrivateKey},
    random::{CryptoRng, Randomness},
    secret::on_wiped_stack,
    time::Timestamp,
};

/// What a new escrow certificate says.
///
/// ```
/// # use fdescrow::{Timestamp, random::{Randomness, RandomnessError}};
/// use fdescrow::envelope::{NewCertificate, private_key::KeyAlgorithm};
/// # #[derive(Debug)] struct Seeded;
/// # impl Randomness for Seeded {
/// #     fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
/// #         out.iter_mut().enumerate().for_each(|(i, octet)| *octet = (i % 251) as u8 + 1);
/// #         Ok(())
/// #     }
/// # }
/// # let rng = &Seeded;
/// let from: Timestamp = "2026-11-24T00:00:00Z".parse()?;
/// let to = from.saturating_add(10 * 365 * 86_400);
/// let (certificate, private_key) =
///     NewCertificate::new("CN=Escrow 2026,O=Example", KeyAlgorithm::P256, from, to)?.generate(rng)?;
/// assert!(private_key.matches(&certificate));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewCertificate {
    subject: Name,
    algorithm: KeyAlgorithm,
    validity: Validity,
}

impl NewCertificate {
    /// Takes a subject as RFC 4514 writes it (`CN=Escrow 2026,O=Example`; spaces after commas may stand), the kind
    /// of key, and the first and last second of validity.
    ///
    /// # Errors
    /// [`CertificateError::Unsuitable`] if the subject is no such text, empty or longer than 1,024 bytes, or the
    /// dates are in the wrong order or before 1970.
    pub fn new(
        subject: &str,
        algorithm: KeyAlgorithm,
        not_before: Timestamp,
        not_after: Timestamp,
    ) -> Result<Self, CertificateError> {
        if not_after < not_before {
            return Err(CertificateError::Unsuitable("it would end before it begins"));
        }
        let time = |time: Timestamp| {
            let seconds = u64::try_from(time.unix_seconds()).ok()?;
            DateTime::from_unix_duration(Duration::from_secs(seconds)).ok().map(Time::from)
        };
        let early = CertificateError::Unsuitable("its dates lie before 1970");
        let validity = Validity::new(time(not_before).ok_or(early)?, time(not_after).ok_or(early)?);
        Ok(Self { subject: parse_subject(subject)?, algorithm, validity })
    }

    /// Makes the key and the certificate.
    ///
    /// # Errors
    /// [`CertificateError::Randomness`] if the source failed.
    pub fn generate(&self, rng: &dyn Randomness) -> Result<(Certificate, PrivateKey), CertificateError> {
        let key = PrivateKey::generate(self.algorithm, rng)?;
        let certificate = on_wiped_stack(|| self.certify(&key, rng))?;
        Ok((certificate, key))
    }

    fn certify(&self, key: &PrivateKey, rng: &dyn Randomness) -> Result<Certificate, CertificateError> {
        let mut serial = [0; 16];
        rng.fill(&mut serial)?;
        // Positive and of full length: 126 bits are random.
        if let Some(first) = serial.first_mut() {
            *first = *first & 0x7F | 0x40;
        }
        let mut rng = CryptoRng::new(rng);
        let der = match key.inner() {
            Inner::P256(key) => {
                let signer = p256::ecdsa::SigningKey::from(&**key);
                self.builder(&serial, *signer.verifying_key())?.build::<_, p256::ecdsa::DerSignature>(&signer)
            }
            Inner::P384(key) => {
                let signer = p384::ecdsa::SigningKey::from(&**key);
                self.builder(&serial, *signer.verifying_key())?.build::<_, p384::ecdsa::DerSignature>(&signer)
            }
            Inner::Rsa(key, _) => {
                let signer = pkcs1v15::SigningKey::<Sha256>::new((**key).clone());
                self.builder(&serial, key.to_public_key())?
                    .build_with_rng::<_, pkcs1v15::Signature, _>(&signer, &mut rng)
            }
        };
        rng.finish()?;
        let der = der.map_err(|_| FAILED)?.to_der().map_err(|_| FAILED)?;
        Certificate::from_der(&der)
    }

    fn builder(
        &self,
        serial: &[u8],
        key: impl spki::EncodePublicKey,
    ) -> Result<CertificateBuilder<Escrow>, CertificateError> {
        let serial = SerialNumber::new(serial).map_err(|_| FAILED)?;
        let key = SubjectPublicKeyInfo::from_key(&key).map_err(|_| FAILED)?;
        let profile = Escrow { subject: self.subject.clone(), algorithm: self.algorithm };
        CertificateBuilder::new(profile, serial, self.validity, key).map_err(|_| FAILED)
    }
}

/// The extensions of an escrow certificate.
struct Escrow {
    subject: Name,
    algorithm: KeyAlgorithm,
}

impl BuilderProfile for Escrow {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        key: SubjectPublicKeyInfoRef<'_>,
        _issuer: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> builder::Result<Vec<Extension>> {
        let usage = match self.algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => pkix::KeyUsages::KeyAgreement,
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => pkix::KeyUsages::KeyEncipherment,
        };
        let identifier = OctetString::new(Sha1::digest(key.subject_public_key.raw_bytes()).as_slice())?;
        Ok(vec![
            // RFC 5280 §4.2.1.9 and §4.2.1.3: critical, so that nobody takes it for what it is not.
            extension(true, &pkix::BasicConstraints { ca: false, path_len_constraint: None })?,
            extension(true, &pkix::KeyUsage(usage.into()))?,
            extension(false, &pkix::SubjectKeyIdentifier(identifier))?,
        ])
    }
}

fn extension<E: AssociatedOid + Encode>(critical: bool, value: &E) -> builder::Result<Extension> {
    Ok(Extension { extn_id: E::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

/// countryName, two letters of ISO 3166: RFC 5280, appendix A.1.
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");

/// RFC 4514, with spaces around its separators, and values that their string types can hold.
fn parse_subject(text: &str) -> Result<Name, CertificateError> {
    if text.len() > MAX_SUBJECT {
        return Err(CertificateError::Unsuitable("its subject is longer than 1,024 bytes"));
    }
    let malformed = CertificateError::Unsuitable(
        "its subject is not written as RFC 4514 has it (an example of one that is: `CN=Escrow 2026,O=Example`)",
    );
    let name = Name::from_str(&without_spaces(text)).map_err(|_| malformed)?;
    let mut empty = true;
    for attribute in name.iter() {
        let value = &attribute.value;
        let fits = match value.tag() {
            Tag::PrintableString => PrintableStringRef::try_from(value).is_ok(),
            Tag::Ia5String => Ia5StringRef::try_from(value).is_ok(),
            Tag::Utf8String => Utf8StringRef::try_from(value).is_ok(),
            _ => true,
        };
        if !fits {
            return Err(CertificateError::Unsuitable("its subject has characters that its attribute cannot hold"));
        }
        let letters = value.value();
        if attribute.oid == COUNTRY && !(letters.len() == 2 && letters.iter().all(u8::is_ascii_alphabetic)) {
            return Err(CertificateError::Unsuitable(
                "its subject has a country (C) that is not two letters, as in `C=DE`",
            ));
        }
        empty &= value.value().is_empty();
    }
    if empty { Err(CertificateError::Unsuitable("its subject is empty")) } else { Ok(name) }
}

/// The text without unescaped spaces after a separator, where people put some.
fn without_spaces(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let (mut escaped, mut start) = (false, true);
    for character in text.chars() {
        if start && character == ' ' {
            continue;
        }
        tidy.push(character);
        start = !escaped && matches!(character, ',' | '+');
        escaped = !escaped && character == '\\';
    }
    tidy
}

const MAX_SUBJECT: usize = 1024;

/// Not reached: everything that could fail was checked before.
const FAILED: CertificateError = CertificateError::Unsuitable("it could not be encoded");
