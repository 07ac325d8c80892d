//! What is in this file, and which key belongs to which certificate?
//!
//! A [`Bundle`] is whatever one file holds; [`pair`] brings together several, because a key and its certificate
//! often come in two.

use der::{Decode, asn1::ObjectIdentifier};

use super::{
    IdentityError, PrivateKey,
    encryption::{self, Budget, EncryptedPrivateKeyInfo, Password},
    pkcs12,
    syntax::{self, Shape},
};
use crate::{
    envelope::{
        armor::{self, Armored, Block},
        certificate::{Certificate, MAX_INPUT, PublicKey, is_certificate_label},
    },
    secret::{Secret, on_wiped_stack},
};

/// The certificates and private keys of one file, in order.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Bundle {
    /// The certificates.
    pub certificates: Vec<Certificate>,
    /// The private keys.
    pub private_keys: Vec<PrivateKey>,
    unsupported: Option<&'static str>,
}

impl Bundle {
    /// Reads certificates and private keys: any number of PEM blocks with text around, or one DER or base64 of
    /// PKCS#1, SEC 1, PKCS#8, encrypted PKCS#8, PKCS#12, or certificates one after the other. At least one of
    /// either. `password` is used where something is encrypted.
    ///
    /// # Errors
    /// [`IdentityError`] if nothing is found, something cannot be read, a password is missing or wrong, or no key
    /// found is of a kind that can be used.
    pub fn parse(bytes: &[u8], password: Option<&Secret<str>>) -> Result<Self, IdentityError> {
        if bytes.len() > MAX_INPUT {
            return Err(IdentityError::Syntax("the input is larger than 1 MiB"));
        }
        let found = on_wiped_stack(|| Self::read(bytes, password))?;
        match found.unsupported {
            Some(what) if found.private_keys.is_empty() => Err(IdentityError::Unsupported(what)),
            _ if found.private_keys.is_empty() && found.certificates.is_empty() => {
                Err(IdentityError::Syntax("there is neither private key nor certificate in the input"))
            }
            _ => Ok(found),
        }
    }

    fn read(bytes: &[u8], password: Option<&Secret<str>>) -> Result<Self, IdentityError> {
        let mut reader = Reader { password, budget: Budget::new(), found: Self::default() };
        match armor::read(bytes)? {
            Armored::Binary => reader.der(bytes)?,
            Armored::Base64(der) => reader.der(&der)?,
            Armored::Pem(blocks) => reader.pem(&blocks)?,
        }
        Ok(reader.found)
    }

    /// Takes a key that was read. One of a kind that is not used here does not stop others.
    pub(super) fn add(&mut self, key: Result<PrivateKey, IdentityError>) -> Result<(), IdentityError> {
        match key {
            Ok(key) => self.private_keys.push(key),
            Err(IdentityError::Unsupported(what)) => self.unsupported = self.unsupported.or(Some(what)),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

struct Reader<'a> {
    password: Option<&'a Secret<str>>,
    budget: Budget,
    found: Bundle,
}

impl Reader<'_> {
    fn pem(&mut self, blocks: &[Block]) -> Result<(), IdentityError> {
        let mut curve = None;
        for block in blocks {
            match block.label() {
                label if is_certificate_label(label) => {
                    self.found.certificates.push(Certificate::from_block(block)?);
                }
                // OpenSSL writes this block before a key of SEC 1; it may describe a curve that the key then names.
                "EC PARAMETERS" => curve = block.decode().ok().and_then(|der| syntax::named_curve(&der)),
                "OPENSSH PRIVATE KEY" => {
                    self.found.add(Err(IdentityError::Unsupported(
                        "it is in OpenSSH's own format; convert it with `ssh-keygen -p -m PKCS8 -f KEY`",
                    )))?;
                }
                "PKCS12" => self.value(&block.decode()?, None)?,
                label if label.ends_with("PRIVATE KEY") => {
                    if block.is_traditionally_encrypted() {
                        return Err(IdentityError::Unsupported(
                            "it is in the traditional encrypted form, whose password derivation is too weak; \
                             convert it with `openssl pkcs8 -topk8 -in OLD -out NEW`",
                        ));
                    }
                    self.value(&block.decode()?, curve.take())?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// DER without armor: one key or PKCS#12, or certificates.
    fn der(&mut self, der: &[u8]) -> Result<(), IdentityError> {
        let Ok((first, rest)) = Certificate::split_first(der) else { return self.ber(der) };
        if Shape::of(first) == Some(Shape::Certificate) {
            self.found.certificates = Certificate::parse_all(der)?;
            return Ok(());
        }
        if !armor::trim_end(rest).is_empty() {
            return Err(IdentityError::Syntax("something follows it"));
        }
        self.value(first, None)
    }

    fn value(&mut self, der: &[u8], curve: Option<ObjectIdentifier>) -> Result<(), IdentityError> {
        match Shape::of(der) {
            Some(Shape::EncryptedPrivateKeyInfo) => {
                let malformed = IdentityError::Syntax("malformed encrypted PKCS#8");
                let info = EncryptedPrivateKeyInfo::from_der(der).map_err(|_| malformed)?;
                let password = self.password.ok_or(IdentityError::PasswordMissing)?;
                let password = Password::new(password.expose());
                let data = info.encrypted_data.as_bytes();
                let key = encryption::decrypt(info.encryption_algorithm, data, &password, &mut self.budget)?;
                // Padding that was right by chance: then what is under it is no key.
                if Shape::of(&key) != Some(Shape::PrivateKeyInfo) {
                    return Err(IdentityError::PasswordWrong);
                }
                self.found.add(syntax::pkcs8(&key))?;
            }
            Some(Shape::Pfx) => pkcs12::read(der, self.password, &mut self.budget, &mut self.found)?,
            Some(Shape::Pkcs1) => self.found.add(syntax::pkcs1(der))?,
            Some(Shape::PrivateKeyInfo) => self.found.add(syntax::pkcs8(der))?,
            Some(Shape::Sec1) => self.found.add(syntax::sec1(der, curve))?,
            Some(Shape::Certificate) | None => self.ber(der)?,
        }
        Ok(())
    }

    /// NSS writes PKCS#12 in BER, with indefinite lengths and octet strings in pieces; nothing else comes like that.
    fn ber(&mut self, ber: &[u8]) -> Result<(), IdentityError> {
        match pkcs12::from_ber(ber) {
            Some(der) if Shape::of(&der) == Some(Shape::Pfx) => {
                pkcs12::read(&der, self.password, &mut self.budget, &mut self.found)
            }
            _ => Err(NOT_DER),
        }
    }
}

/// Brings private keys together with their certificates, by public key: each key once, with every certificate that
/// is its own (a renewed one has the same key), in the order of the files. A key without certificate has none;
/// certificates without key are passed over.
///
/// # Errors
/// [`IdentityError::Mismatch`] if there are keys and certificates, and none belong together.
pub fn pair(bundles: impl IntoIterator<Item = Bundle>) -> Result<Vec<(PrivateKey, Vec<Certificate>)>, IdentityError> {
    let (mut keys, mut certificates): (Vec<(PrivateKey, PublicKey)>, Vec<Certificate>) = (Vec::new(), Vec::new());
    for bundle in bundles {
        for key in bundle.private_keys {
            let public = key.public_key();
            if keys.iter().all(|(_, known)| *known != public) {
                keys.push((key, public));
            }
        }
        for certificate in bundle.certificates {
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    let paired: Vec<_> = keys
        .into_iter()
        .map(|(key, public)| {
            let own = certificates.iter().filter(|certificate| *certificate.public_key() == public).cloned().collect();
            (key, own)
        })
        .collect();
    let matched = paired.iter().any(|(_, own): &(_, Vec<_>)| !own.is_empty());
    if !paired.is_empty() && !certificates.is_empty() && !matched {
        return Err(IdentityError::Mismatch);
    }
    Ok(paired)
}

const NOT_DER: IdentityError = IdentityError::Syntax("it is none of PKCS#1, SEC 1, PKCS#8, PKCS#12 and X.509");
