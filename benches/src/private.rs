//! What comes of a private operation, without the private operation?
//!
//! [`Answers`] stands in the place of a private key and gives blocks that were made before: so what is counted is all
//! that we do around the operation, and what is read from a file may be taken for a secret. [`CLASSES`] are the ways in
//! which a message does not open.

use std::sync::atomic::{AtomicUsize, Ordering};

use fdescrow::{
    Secret,
    envelope::{
        Certificate, HashAlgorithm, Identity, KeyAlgorithm, PublicKey, RsaPublicKey, Unavailable,
        identity::{ContentKey, RawRsa, RejectionSecret, RsaIdentity, WrappedKey},
    },
};
use fdescrow_identities::SystemRandomness;

use crate::Failure;

/// A way in which a message does not open, or does.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    /// How the content key is wrapped.
    pub(crate) scheme: &'static str,
    /// Octets of a content key that is wrapped in the place of the right one.
    pub(crate) content_key_octets: Option<usize>,
    /// What is then wrong with the block.
    pub(crate) change: fn(&mut [u8]),
    /// The message.
    pub(crate) message: &'static str,
}

const fn class(name: &'static str, scheme: &'static str, change: fn(&mut [u8])) -> Class {
    let message = if scheme.len() == 4 { "auth.der" } else { "filevault.der" };
    Class { name, scheme, content_key_octets: None, change, message }
}

const fn other_key(name: &'static str, scheme: &'static str, octets: usize) -> Class {
    let right = class(name, scheme, |_| {});
    Class { content_key_octets: Some(octets), ..right }
}

fn set(block: &mut [u8], index: usize, octet: u8) {
    block.iter_mut().skip(index).take(1).for_each(|place| *place = octet);
}

/// All of them: of the message as macOS writes it, and of ours.
pub(crate) const CLASSES: [Class; 13] = [
    class("pkcs1-right", "pkcs1", |_| {}),
    class("pkcs1-first-octet", "pkcs1", |block| set(block, 0, 1)),
    class("pkcs1-type", "pkcs1", |block| set(block, 1, 1)),
    class("pkcs1-no-separator", "pkcs1", |block| {
        block.iter_mut().skip(2).for_each(|octet| *octet |= 1);
    }),
    class("pkcs1-early-separator", "pkcs1", |block| set(block, 5, 0)),
    other_key("pkcs1-length", "pkcs1", 16),
    other_key("pkcs1-content-key", "pkcs1", 24),
    class("oaep-right", "oaep", |_| {}),
    class("oaep-first-octet", "oaep", |block| set(block, 0, 1)),
    class("oaep-hash", "oaep", |block| {
        block.iter_mut().skip(40).take(1).for_each(|octet| *octet ^= 1);
    }),
    other_key("oaep-length", "oaep", 16),
    other_key("oaep-content-key", "oaep", 32),
    Class { message: "auth-tampered.der", ..class("oaep-tag", "oaep", |_| {}) },
];

/// The algorithm that a scheme is in messages.
pub(crate) fn algorithm(scheme: &str) -> Result<KeyAlgorithm, Failure> {
    let hash = HashAlgorithm::Sha256;
    match scheme {
        "pkcs1" => Ok(KeyAlgorithm::RsaPkcs1v15),
        "oaep" => Ok(KeyAlgorithm::RsaOaep { hash, mgf: hash, label: Vec::new() }),
        _ => Err(format!("no scheme {scheme}").into()),
    }
}

/// Blocks, one after the other and again from the first: what a bare private operation might have given.
#[derive(Debug)]
pub(crate) struct Answers {
    public_key: RsaPublicKey,
    blocks: Vec<Vec<u8>>,
    next: AtomicUsize,
}

impl Answers {
    pub(crate) fn new(certificate: &Certificate, blocks: Vec<Vec<u8>>) -> Result<Self, Failure> {
        let PublicKey::Rsa(public_key) = certificate.public_key() else { return Err("not RSA".into()) };
        Ok(Self { public_key: public_key.clone(), blocks, next: AtomicUsize::new(0) })
    }

    fn next(&self) -> Result<Secret<[u8]>, Unavailable> {
        let index = self.next.fetch_add(1, Ordering::Relaxed).checked_rem(self.blocks.len());
        let block = index.and_then(|index| self.blocks.get(index)).ok_or_else(Unavailable::new)?;
        Ok(Secret::<[u8]>::copy_from(block))
    }

    /// An identity that unpads these blocks.
    pub(crate) fn identity(certificate: &Certificate, blocks: Vec<Vec<u8>>) -> Result<RsaIdentity<Self>, Failure> {
        let rejection = RejectionSecret::random(&SystemRandomness::new())?;
        Ok(RsaIdentity::new(Self::new(certificate, blocks)?, vec![certificate.clone()], rejection))
    }
}

impl RawRsa for Answers {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn raw_private(&self, _: &[u8]) -> Result<Secret<[u8]>, Unavailable> {
        self.next()
    }
}

/// An identity that has unwrapped the content key already.
#[derive(Debug)]
pub(crate) struct Unwrapped {
    public_key: PublicKey,
    certificates: Vec<Certificate>,
    content_key: Vec<u8>,
}

impl Unwrapped {
    pub(crate) fn new(certificate: Certificate, content_key: Vec<u8>) -> Self {
        Self { public_key: certificate.public_key().clone(), certificates: vec![certificate], content_key }
    }
}

impl Identity for Unwrapped {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    fn unwrap(&self, _: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        Ok(Secret::<[u8]>::copy_from(&self.content_key))
    }
}
