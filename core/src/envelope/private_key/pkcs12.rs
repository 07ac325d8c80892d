//! What is in a PKCS#12 file?
//!
//! PFX (RFC 7292) under a password: the MAC is checked first, so that a wrong password is one clear answer; then
//! the bags are opened. Certificates and private keys are taken, other bags passed over. Nothing here is
//! encrypted to a public key: such files are refused.

use std::borrow::Cow;

use der::{
    Decode, Reader, Sequence, SliceReader, Tag, TagNumber, Tagged,
    asn1::{AnyRef, ObjectIdentifier, OctetStringRef},
};
use hmac::{
    EagerHash, Hmac, KeyInit, Mac,
    digest::{Digest, FixedOutputReset, block_api::BlockSizeUser},
};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use spki::AlgorithmIdentifierRef;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    Bundle, IdentityError,
    encryption::{self, Budget, EncryptedPrivateKeyInfo, Password},
    kdf::{self, pkcs12_kdf},
    syntax,
};
use crate::{
    envelope::{
        Limits, ber,
        certificate::{Certificate, MAX_INPUT},
    },
    secret::Secret,
};

/// Reads a PFX.
pub(super) fn read(
    der: &[u8],
    password: Option<&Secret<str>>,
    budget: &mut Budget,
    found: &mut Bundle,
) -> Result<(), IdentityError> {
    let pfx = Pfx::from_der(der).map_err(|_| MALFORMED)?;
    if pfx.auth_safe.content_type == SIGNED_DATA {
        return Err(IdentityError::Unsupported("it is a PKCS#12 file that is signed, not protected by a password"));
    }
    let safe = pfx.auth_safe.data()?;
    let mut opener = Opener { password: Password::new(password.map_or("", Secret::expose)), budget, found };
    let result = match pfx.mac_data {
        Some(mac) => opener.check(&mac, safe).and_then(|()| opener.authenticated_safe(safe)),
        None => opener.authenticated_safe(safe),
    };
    match result {
        // Many such files have the empty password; only where that did not open it is one asked for.
        Err(IdentityError::PasswordWrong) if password.is_none() => Err(IdentityError::PasswordMissing),
        result => result,
    }
}

struct Opener<'a> {
    password: Password<'a>,
    budget: &'a mut Budget,
    found: &'a mut Bundle,
}

impl Opener<'_> {
    /// RFC 7292 §5.1: HMAC over the content of authSafe.
    fn check(&mut self, data: &MacData<'_>, safe: &[u8]) -> Result<(), IdentityError> {
        let verify = match data.mac.digest_algorithm.oid {
            SHA1 => verify::<Sha1>,
            SHA224 => verify::<Sha224>,
            SHA256 => verify::<Sha256>,
            SHA384 => verify::<Sha384>,
            SHA512 => verify::<Sha512>,
            _ => {
                return Err(IdentityError::Unsupported(
                    "its PKCS#12 integrity check uses an unknown hash; convert it with \
                     `openssl pkcs12 -in OLD -nodes | openssl pkcs12 -export -out NEW`",
                ));
            }
        };
        let iterations = self.budget.charge(data.iterations.unwrap_or(1))?;
        if verify(self.password.bmp(), data, iterations, safe) {
            return Ok(());
        }
        if self.password.is_empty() {
            self.budget.charge(iterations.into())?;
            self.password.use_empty_bmp();
            if verify(self.password.bmp(), data, iterations, safe) {
                return Ok(());
            }
        }
        Err(IdentityError::PasswordWrong)
    }

    /// AuthenticatedSafe ::= SEQUENCE OF ContentInfo, RFC 7292 §4.1.
    fn authenticated_safe(&mut self, der: &[u8]) -> Result<(), IdentityError> {
        let der = from_ber(der).ok_or(MALFORMED)?;
        let parts = Vec::<ContentInfo<'_>>::from_der(&der).map_err(|_| MALFORMED)?;
        for part in parts {
            match part.content_type {
                DATA => self.safe_contents(part.data()?, 0)?,
                ENCRYPTED_DATA => {
                    let data: EncryptedData<'_> = part.content()?.decode_as().map_err(|_| MALFORMED)?;
                    let info = data.encrypted_content_info;
                    let content = encrypted_content(info.encrypted_content).map_err(|_| MALFORMED)?;
                    let contents = self.decrypt(info.content_encryption_algorithm, &content)?;
                    // What was decrypted may hold keys, so that it is copied only where it has to be.
                    let contents = match bags(&contents) {
                        Ok(_) => contents,
                        Err(_) => from_ber(&contents).ok_or(IdentityError::PasswordWrong)?,
                    };
                    self.safe_contents(&contents, 0).map_err(wrong_password)?;
                }
                _ => return Err(IdentityError::Unsupported("it is a PKCS#12 file encrypted to a public key")),
            }
        }
        Ok(())
    }

    /// SafeContents, RFC 7292 §4.2.
    fn safe_contents(&mut self, der: &[u8], depth: u8) -> Result<(), IdentityError> {
        for (id, value) in bags(der).map_err(|_| MALFORMED)? {
            match id {
                KEY_BAG => self.key(value)?,
                SHROUDED_KEY_BAG => {
                    let info = EncryptedPrivateKeyInfo::from_der(value).map_err(|_| MALFORMED)?;
                    let key = self.decrypt(info.encryption_algorithm, info.encrypted_data.as_bytes())?;
                    self.key(&key).map_err(wrong_password)?;
                }
                CERT_BAG => {
                    let bag = CertBag::from_der(value).map_err(|_| MALFORMED)?;
                    if bag.cert_id == X509_CERTIFICATE {
                        self.found.certificates.push(Certificate::from_der(bag.cert_value.as_bytes())?);
                    }
                }
                // RFC 7292 §4.2.6. Nobody nests these, but a file may.
                SAFE_CONTENTS_BAG if depth < MAX_DEPTH => self.safe_contents(value, depth + 1)?,
                SAFE_CONTENTS_BAG => return Err(MALFORMED),
                _ => {}
            }
        }
        Ok(())
    }

    fn key(&mut self, der: &[u8]) -> Result<(), IdentityError> {
        self.found.add(syntax::pkcs8(der))
    }

    fn decrypt(
        &mut self,
        algorithm: AlgorithmIdentifierRef<'_>,
        content: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        encryption::decrypt(algorithm, content, &self.password, self.budget)
    }
}

fn verify<H>(password: &[u8], data: &MacData<'_>, iterations: u32, content: &[u8]) -> bool
where
    H: Digest + FixedOutputReset + BlockSizeUser + EagerHash,
{
    let mut key = Zeroizing::new(vec![0; <H as Digest>::output_size()]);
    pkcs12_kdf::<H>(kdf::MAC, password, data.mac_salt.as_bytes(), iterations, &mut key);
    let Ok(mut mac) = Hmac::<H>::new_from_slice(&key) else { return false };
    mac.update(content);
    mac.finalize().into_bytes().as_slice().ct_eq(data.mac.digest.as_bytes()).into()
}

/// PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }
#[derive(Sequence)]
struct Pfx<'a> {
    version: u8,
    auth_safe: ContentInfo<'a>,
    #[asn1(optional = "true")]
    mac_data: Option<MacData<'a>>,
}

/// MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
#[derive(Sequence)]
struct MacData<'a> {
    mac: DigestInfo<'a>,
    mac_salt: &'a OctetStringRef,
    #[asn1(optional = "true")]
    iterations: Option<u64>,
}

#[derive(Sequence)]
struct DigestInfo<'a> {
    digest_algorithm: AlgorithmIdentifierRef<'a>,
    digest: &'a OctetStringRef,
}

/// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY OPTIONAL }
#[derive(Sequence)]
struct ContentInfo<'a> {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<AnyRef<'a>>,
}

impl<'a> ContentInfo<'a> {
    fn content(&self) -> Result<AnyRef<'a>, IdentityError> {
        self.content.ok_or(MALFORMED)
    }

    /// The content of type Data: an OCTET STRING.
    fn data(&self) -> Result<&'a [u8], IdentityError> {
        if self.content_type != DATA {
            return Err(MALFORMED);
        }
        self.content()?.decode_as::<&OctetStringRef>().map(OctetStringRef::as_bytes).map_err(|_| MALFORMED)
    }
}

/// EncryptedData, RFC 5652 §8.
#[derive(Sequence)]
struct EncryptedData<'a> {
    version: u8,
    encrypted_content_info: EncryptedContentInfo<'a>,
}

#[derive(Sequence)]
struct EncryptedContentInfo<'a> {
    content_type: ObjectIdentifier,
    content_encryption_algorithm: AlgorithmIdentifierRef<'a>,
    encrypted_content: AnyRef<'a>,
}

/// [0] IMPLICIT OCTET STRING, in one piece or in several.
fn encrypted_content(field: AnyRef<'_>) -> der::Result<Cow<'_, [u8]>> {
    let tag = |constructed| Tag::ContextSpecific { constructed, number: TagNumber(0) };
    if field.tag() == tag(false) {
        return Ok(Cow::Borrowed(field.value()));
    }
    field.tag().assert_eq(tag(true))?;
    let mut reader = SliceReader::new(field.value())?;
    let mut whole = Vec::new();
    while !reader.is_finished() {
        whole.extend_from_slice(<&OctetStringRef>::decode(&mut reader)?.as_bytes());
    }
    Ok(Cow::Owned(whole))
}

/// The DER of BER; of DER itself, unless it is too large or too deep.
pub(super) fn from_ber(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let limits = Limits::default().input_bytes(MAX_INPUT);
    ber::to_der(bytes, &limits).ok().map(Zeroizing::new)
}

/// CertBag ::= SEQUENCE { certId OBJECT IDENTIFIER, certValue [0] EXPLICIT OCTET STRING }
#[derive(Sequence)]
struct CertBag<'a> {
    cert_id: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    cert_value: &'a OctetStringRef,
}

/// SEQUENCE OF SafeBag ::= SEQUENCE { bagId OBJECT IDENTIFIER, bagValue [0] EXPLICIT ANY, bagAttributes SET OPTIONAL }:
/// each identifier with the DER of its value.
fn bags(der: &[u8]) -> der::Result<Vec<(ObjectIdentifier, &[u8])>> {
    let mut reader = SliceReader::new(der)?;
    let mut bags = Vec::new();
    reader.sequence(|list| {
        while !list.is_finished() {
            bags.push(list.sequence(|bag| {
                let id = bag.decode()?;
                let value: AnyRef<'_> = bag.decode()?;
                value.tag().assert_eq(Tag::ContextSpecific { constructed: true, number: TagNumber(0) })?;
                if !bag.is_finished() {
                    bag.tlv_bytes()?;
                }
                Ok::<_, der::Error>((id, value.value()))
            })?);
        }
        Ok::<_, der::Error>(())
    })?;
    reader.finish()?;
    Ok(bags)
}

/// What was decrypted cannot be read: bad padding would have said so with all but one wrong password in 256.
fn wrong_password(error: IdentityError) -> IdentityError {
    match error {
        IdentityError::Syntax(_) => IdentityError::PasswordWrong,
        other => other,
    }
}

const MALFORMED: IdentityError = IdentityError::Syntax("malformed PKCS#12");

/// How deep SafeContents may nest.
const MAX_DEPTH: u8 = 4;

// RFC 5652 §4, §5, §8.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
// RFC 7292 §4.2, RFC 2985 §5.
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
// RFC 8017 §B.1.
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
