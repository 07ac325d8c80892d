//! Who do the tests seal to, and where do they draw from?
//!
//! [`Recipient`] is a certificate of our own making with its private key; [`Seeded`] is randomness that is the same
//! in every run, so that what failed once fails again. Keys are made by the test that uses them; none is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fdescrow::envelope::identity::software_identity;
use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Certificate, Identity, Keyring, NewCertificate, PrivateKey};
use fdescrow::random::{Randomness, RandomnessError};
use fdescrow::{Digest, Timestamp};
use fdescrow_identities::SystemRandomness;

use crate::generator::Authority;
use crate::generator::asn1::Node;

/// Randomness that repeats: SHA-256 of seed and counter.
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    counter: AtomicU64,
}

impl Seeded {
    /// The stream of this seed. One that is in `FDESCROW_SEED` goes before it; the seed is printed.
    pub fn new(seed: u64) -> Arc<Self> {
        let seed = std::env::var("FDESCROW_SEED").map_or(seed, |given| given.parse().expect("FDESCROW_SEED"));
        println!("seed {seed}");
        Arc::new(Self { seed, counter: AtomicU64::new(0) })
    }

    /// So many octets.
    pub fn octets(&self, length: usize) -> Vec<u8> {
        let mut octets = vec![0; length];
        for chunk in octets.chunks_mut(32) {
            let counter = self.counter.fetch_add(1, Ordering::Relaxed);
            let block = Digest::of(&[self.seed.to_be_bytes(), counter.to_be_bytes()].concat());
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
        octets
    }

    /// A number below this one.
    ///
    /// # Panics
    /// If that is zero.
    pub fn below(&self, limit: usize) -> usize {
        let octets: [u8; 8] = self.octets(8).try_into().unwrap();
        usize::try_from(u64::from_be_bytes(octets) % limit as u64).unwrap()
    }

    /// One of several.
    pub fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

impl Randomness for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        out.copy_from_slice(&self.octets(out.len()));
        Ok(())
    }
}

/// A certificate and its private key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recipient {
    /// What is sealed to.
    pub certificate: Certificate,
    /// What opens: the key with its certificate.
    pub identity: Arc<dyn Identity>,
    /// The same key without a certificate.
    pub bare_identity: Arc<dyn Identity>,
}

impl Recipient {
    /// A new escrow certificate.
    pub fn new(algorithm: KeyAlgorithm, rng: &Arc<Seeded>) -> Self {
        let (certificate, key) = generate(algorithm, rng);
        Self::of(certificate, &key, rng.clone())
    }

    /// Another key under issuer and serial number of this certificate: nothing in a message tells them apart.
    pub fn twin(&self, algorithm: KeyAlgorithm, rng: &Arc<Seeded>) -> Self {
        let (certificate, key) = generate(algorithm, rng);
        let mut root = Node::parse(certificate.der()).unwrap();
        // TBSCertificate, RFC 5280 §4.1: version, serialNumber, signature, issuer. The signature breaks, and nobody
        // looks at it: recipients are pinned.
        let fields = root.children_mut()[0].children_mut();
        fields[1] = Node::integer(self.certificate.serial_number());
        fields[3] = Node::parse(self.certificate.issuer_der()).unwrap();
        Self::of(Certificate::from_der(&root.encode()).unwrap(), &key, rng.clone())
    }

    fn of(certificate: Certificate, key: &PrivateKey, rng: Arc<dyn Randomness>) -> Self {
        let identity = |certificates| software_identity(copy(key), certificates, rng.clone());
        Self { identity: identity(vec![certificate.clone()]), bare_identity: identity(Vec::new()), certificate }
    }

    /// A keyring of this one.
    pub fn keyring(&self) -> Keyring {
        Keyring::new().with(self.identity.clone())
    }

    /// A keyring of the key alone, for messages that name somebody else.
    pub fn bare_keyring(&self) -> Keyring {
        Keyring::new().with(self.bare_identity.clone())
    }
}

impl From<&Authority> for Recipient {
    fn from(authority: &Authority) -> Self {
        let key = PrivateKey::parse_all(authority.key_pem().as_bytes(), None).unwrap().pop().unwrap();
        Self::of(Certificate::from_der(&authority.certificate).unwrap(), &key, Arc::new(SystemRandomness::new()))
    }
}

fn generate(algorithm: KeyAlgorithm, rng: &Arc<Seeded>) -> (Certificate, PrivateKey) {
    let start: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let end = start.saturating_add(10 * 365 * 86_400);
    let new = NewCertificate::new("CN=Escrow,O=Example", algorithm, start, end).unwrap();
    new.generate(rng.as_ref()).unwrap()
}

/// Private keys are not cloned; a test may.
fn copy(key: &PrivateKey) -> PrivateKey {
    PrivateKey::parse_all(key.to_pkcs8_pem().expose().as_bytes(), None).unwrap().pop().unwrap()
}
