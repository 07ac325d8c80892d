//! Escrow certificates with their private keys, made once per process.

use std::sync::{Arc, LazyLock};

use fdescrow::envelope::{
    Certificate, Identity, Keyring, NewCertificate, PrivateKey, identity::software_identity, private_key::KeyAlgorithm,
};
use rsa::pkcs8::EncodePrivateKey as _;

use super::{Seeded, at};
use crate::generator::Authority;

/// An escrow certificate and who can open what is sealed to it.
#[derive(Debug)]
pub struct Custodian {
    /// The certificate.
    pub certificate: Certificate,
    /// The private key, where keys are opened.
    pub identity: Arc<dyn Identity>,
    /// What our own generator of messages seals to; RSA only.
    pub authority: Option<Authority>,
}

impl Custodian {
    /// RSA-2048: what Macs seal to at first.
    pub fn first() -> &'static Self {
        static FIRST: LazyLock<Custodian> = LazyLock::new(|| Custodian::rsa("Escrow 2024"));
        &FIRST
    }

    /// RSA-2048: what Macs seal to after the certificate was replaced.
    pub fn second() -> &'static Self {
        static SECOND: LazyLock<Custodian> = LazyLock::new(|| Custodian::rsa("Escrow 2026"));
        &SECOND
    }

    /// P-256: what keys in clear are sealed to, and what is quick to open.
    pub fn curve() -> &'static Self {
        static CURVE: LazyLock<Custodian> = LazyLock::new(|| Custodian::ec("CN=Escrow of agents"));
        &CURVE
    }

    /// P-256: another one, that keys are re-wrapped to.
    pub fn later_curve() -> &'static Self {
        static LATER: LazyLock<Custodian> = LazyLock::new(|| Custodian::ec("CN=Later escrow of agents"));
        &LATER
    }

    /// P-256: one that no escrow knows.
    pub fn stranger() -> &'static Self {
        static STRANGER: LazyLock<Custodian> = LazyLock::new(|| Custodian::ec("CN=Somebody else"));
        &STRANGER
    }

    fn rsa(name: &str) -> Self {
        let authority = Authority::escrow(name);
        let certificate = Certificate::from_der(&authority.certificate).unwrap();
        let pem = authority.key.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).unwrap();
        let key = PrivateKey::parse_all(pem.as_bytes(), None).unwrap().remove(0);
        let identity = software_identity(key, vec![certificate.clone()], Seeded::next());
        Self { certificate, identity, authority: Some(authority) }
    }

    fn ec(subject: &str) -> Self {
        let new = NewCertificate::new(subject, KeyAlgorithm::P256, at(0), at(300_000_000)).unwrap();
        let (certificate, key) = new.generate(Seeded::next().as_ref()).unwrap();
        let identity = software_identity(key, vec![certificate.clone()], Seeded::next());
        Self { certificate, identity, authority: None }
    }

    /// A keyring with this identity alone.
    pub fn keyring(&self) -> Keyring {
        Keyring::new().with(Arc::clone(&self.identity))
    }

    /// A keyring with the identities of these.
    pub fn keyring_of(custodians: &[&Self]) -> Keyring {
        custodians.iter().map(|custodian| Arc::clone(&custodian.identity)).collect()
    }
}
