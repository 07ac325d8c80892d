//! Where are the fields of a certificate?
//!
//! Certificate and TBSCertificate (RFC 5280 §4.1) are walked once and each field is remembered by its place,
//! so that issuer and serial number can be compared with those of a message byte for byte: decoding into sets
//! and encoding again would sort them.

use std::{fmt, ops::Range};

use der::{
    Decode, ErrorKind, Reader, SliceReader, Tag, TagMode, TagNumber, Tagged,
    asn1::{AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef},
    oid::AssociatedOid,
};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use time::{Date, PrimitiveDateTime, Time};
use x509_cert::{ext::pkix, name::Name};

use super::{CertificateError, PublicKey};
use crate::time::Timestamp;

/// What was read from a certificate; ranges are of its DER.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) serial_number: Range<usize>,
    pub(super) issuer: Range<usize>,
    pub(super) subject: Range<usize>,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) subject_public_key_info: Range<usize>,
    pub(super) subject_public_key: Range<usize>,
    pub(super) public_key: PublicKey,
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    pub(super) key_usage: Option<KeyUsage>,
}

/// What a certificate says its key is for, RFC 5280 §4.2.1.3. Printed as the names of the bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(pkix::KeyUsage);

impl KeyUsage {
    /// May encipher content keys: what RSA recipients of CMS messages are for.
    pub fn key_encipherment(self) -> bool {
        self.0.key_encipherment()
    }

    /// May agree on keys: what recipients on elliptic curves are for.
    pub fn key_agreement(self) -> bool {
        self.0.key_agreement()
    }

    /// May encipher data directly.
    pub fn data_encipherment(self) -> bool {
        self.0.data_encipherment()
    }

    /// May sign other than certificates.
    pub fn digital_signature(self) -> bool {
        self.0.digital_signature()
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = self.0;
        let bits = [
            (usage.digital_signature(), "digitalSignature"),
            (usage.non_repudiation(), "nonRepudiation"),
            (usage.key_encipherment(), "keyEncipherment"),
            (usage.data_encipherment(), "dataEncipherment"),
            (usage.key_agreement(), "keyAgreement"),
            (usage.key_cert_sign(), "keyCertSign"),
            (usage.crl_sign(), "cRLSign"),
            (usage.encipher_only(), "encipherOnly"),
            (usage.decipher_only(), "decipherOnly"),
        ];
        let mut separator = "";
        for (_, name) in bits.into_iter().filter(|(set, _)| *set) {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        Ok(())
    }
}

/// TBSCertificate up to its extensions, by reference.
struct Raw<'a> {
    serial_number: &'a [u8],
    issuer: &'a [u8],
    validity: [AnyRef<'a>; 2],
    subject: &'a [u8],
    public_key: &'a [u8],
    extensions: Option<AnyRef<'a>>,
}

/// The first DER value, and what follows it.
pub(super) fn split_first(der: &[u8]) -> Result<(&[u8], &[u8]), CertificateError> {
    let not_der = |_| CertificateError::Syntax("it is not DER");
    let mut reader = SliceReader::new(der).map_err(not_der)?;
    let first = reader.tlv_bytes().map_err(not_der)?;
    Ok((first, der.get(first.len()..).unwrap_or_default()))
}

impl Fields {
    pub(super) fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let raw = Raw::parse(der).map_err(|_| CertificateError::Syntax("it is not the DER of an X.509 certificate"))?;
        for name in [raw.issuer, raw.subject] {
            Name::from_der(name).map_err(|_| CertificateError::Syntax("its issuer or subject is malformed"))?;
        }
        let [not_before, not_after] = raw.validity.map(timestamp);
        let dates = CertificateError::Syntax("its validity dates are malformed");
        let spki = SubjectPublicKeyInfoRef::from_der(raw.public_key)
            .map_err(|_| CertificateError::Syntax("its public key is malformed"))?;
        let (subject_key_identifier, key_usage) = match raw.extensions {
            None => (None, None),
            Some(list) => extensions(list).map_err(|_| CertificateError::Syntax("its extensions are malformed"))?,
        };
        let place = |slice: &[u8]| place(der, slice);
        Ok(Self {
            serial_number: place(raw.serial_number),
            issuer: place(raw.issuer),
            subject: place(raw.subject),
            not_before: not_before.ok_or(dates)?,
            not_after: not_after.ok_or(dates)?,
            subject_public_key_info: place(raw.public_key),
            subject_public_key: place(spki.subject_public_key.raw_bytes()),
            public_key: PublicKey::from_spki(&spki)?,
            subject_key_identifier,
            key_usage,
        })
    }
}

impl<'a> Raw<'a> {
    /// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }.
    fn parse(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let raw = reader.sequence(|certificate| {
            let raw = certificate.sequence(Self::parse_tbs)?;
            certificate.decode::<AlgorithmIdentifierRef<'_>>()?;
            certificate.decode::<BitStringRef<'_>>()?;
            Ok::<_, der::Error>(raw)
        })?;
        reader.finish()?;
        Ok(raw)
    }

    fn parse_tbs(tbs: &mut SliceReader<'a>) -> der::Result<Self> {
        tbs.context_specific::<u8>(TagNumber(0), TagMode::Explicit)?;
        let serial_number: AnyRef<'_> = tbs.decode()?;
        serial_number.tag().assert_eq(Tag::Integer)?;
        if serial_number.value().is_empty() {
            return Err(ErrorKind::Failed.into());
        }
        tbs.decode::<AlgorithmIdentifierRef<'_>>()?;
        let issuer = tbs.tlv_bytes()?;
        let validity = tbs.sequence(|validity| Ok::<_, der::Error>([validity.decode()?, validity.decode()?]))?;
        let subject = tbs.tlv_bytes()?;
        let public_key = tbs.tlv_bytes()?;
        // issuerUniqueID, subjectUniqueID
        tbs.context_specific::<BitStringRef<'_>>(TagNumber(1), TagMode::Implicit)?;
        tbs.context_specific::<BitStringRef<'_>>(TagNumber(2), TagMode::Implicit)?;
        let extensions = match tbs.is_finished() {
            true => None,
            false => ContextSpecific::<AnyRef<'_>>::decode_explicit(tbs, TagNumber(3))?.map(|field| field.value),
        };
        Ok(Self { serial_number: serial_number.value(), issuer, validity, subject, public_key, extensions })
    }
}

/// SubjectKeyIdentifier and KeyUsage, the first of each. Flags and other extensions are not looked at; one of
/// these two that is malformed is as good as none, because neither decides anything alone.
fn extensions(list: AnyRef<'_>) -> der::Result<(Option<Vec<u8>>, Option<KeyUsage>)> {
    let mut found = (None, None);
    list.sequence(|list| {
        while !list.is_finished() {
            list.sequence(|extension| {
                let oid: ObjectIdentifier = extension.decode()?;
                let mut value: AnyRef<'_> = extension.decode()?;
                if value.tag() == Tag::Boolean {
                    value = extension.decode()?;
                }
                value.tag().assert_eq(Tag::OctetString)?;
                if oid == pkix::SubjectKeyIdentifier::OID && found.0.is_none() {
                    found.0 = <&OctetStringRef>::from_der(value.value()).ok().map(|octets| octets.as_bytes().to_vec());
                } else if oid == pkix::KeyUsage::OID && found.1.is_none() {
                    found.1 = pkix::KeyUsage::from_der(value.value()).ok().map(KeyUsage);
                }
                Ok::<_, der::Error>(())
            })?;
        }
        Ok::<_, der::Error>(())
    })?;
    Ok(found)
}

/// Time ::= CHOICE { utcTime, generalTime }, RFC 5280 §4.1.2.5, in UTC. Seconds may be missing from a UTCTime and
/// fractions stand in a GeneralizedTime, as X.680 has it.
fn timestamp(value: AnyRef<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(value.value()).ok()?.strip_suffix('Z')?;
    let (year, rest) = match value.tag() {
        Tag::UtcTime => {
            let (year, rest) = number(text, 2)?;
            // RFC 5280 §4.1.2.5.1: 50 to 99 are of the twentieth century.
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        Tag::GeneralizedTime => number(text, 4)?,
        _ => return None,
    };
    let (month, rest) = number(rest, 2)?;
    let (day, rest) = number(rest, 2)?;
    let (hour, rest) = number(rest, 2)?;
    let (minute, rest) = number(rest, 2)?;
    let (second, rest) = if rest.is_empty() { (0, rest) } else { number(rest, 2)? };
    let fraction = rest.strip_prefix(['.', ',']).unwrap_or(rest);
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || (fraction.len() == rest.len() && !rest.is_empty()) {
        return None;
    }
    let narrow = |number: i32| u8::try_from(number).ok();
    let month = narrow(month)?.try_into().ok()?;
    let date = Date::from_calendar_date(year, month, narrow(day)?).ok()?;
    let time = Time::from_hms(narrow(hour)?, narrow(minute)?, narrow(second)?).ok()?;
    let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp();
    Some(Timestamp::from_unix_seconds(seconds).unwrap_or(Timestamp::MIN))
}

/// The first `digits` characters as a number, and what follows.
fn number(text: &str, digits: usize) -> Option<(i32, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((number.parse().ok()?, rest))
}

/// Where `slice`, which was cut from `whole`, stands in it.
fn place(whole: &[u8], slice: &[u8]) -> Range<usize> {
    let start = slice.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start.saturating_add(slice.len())
}
