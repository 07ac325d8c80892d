//! An escrow whose keys and randomness are all known to the watch.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{
    Actor, DeviceId, Escrow, Kind, Secret, Timestamp,
    audit::MacKey,
    envelope::{
        Certificate, Envelope, Format, Identity, Keyring, NewCertificate, Owner, Payload, PrivateKey, PublicKey,
        identity::software_identity, private_key::KeyAlgorithm,
    },
    escrow::{EscrowBuilder, Upload},
    random::Randomness,
    store::Store,
};

use crate::{
    canaries::{self, KEYS, PASSWORD},
    watch::{Recorder, Watch},
};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_790_000_000 + seconds).unwrap()
}

pub(crate) fn device(kind: Kind) -> DeviceId {
    DeviceId::new(format!("device-of-{kind}")).unwrap()
}

pub(crate) fn actor() -> Actor {
    Actor::new("ana").unwrap()
}

/// A certificate and its private key, as the file that holds both.
pub(crate) struct Party {
    pub(crate) certificate: Certificate,
    pub(crate) identity: Arc<dyn Identity>,
    pub(crate) key_file: Secret<str>,
}

impl Party {
    pub(crate) fn private_key(&self) -> PrivateKey {
        PrivateKey::parse_all(self.key_file.expose().as_bytes(), None).unwrap().pop().unwrap()
    }
}

pub(crate) struct World {
    pub(crate) watch: Watch,
    pub(crate) rng: Arc<Recorder>,
    pub(crate) rsa: Party,
    pub(crate) p256: Party,
    pub(crate) p384: Party,
    pub(crate) mac_key: [u8; 32],
}

impl World {
    pub(crate) fn new() -> Self {
        let rng = Arc::new(Recorder::default());
        let mut watch = Watch::new(rng.clone());
        for (kind, text) in KEYS {
            watch.secret_text(kind.as_str(), text);
            canaries::fragments(*kind).iter().for_each(|fragment| watch.secret_text(kind.as_str(), fragment));
            if let Some(bits) = canaries::bits(*kind) {
                watch.secret_bytes(&format!("the bits of {kind}"), &bits);
            }
        }
        watch.secret_text("the password", PASSWORD);
        let party = |algorithm, watch: &mut Watch| {
            // with other randomness: what a key is searched from is not what it becomes
            let new = NewCertificate::new("CN=Escrow", algorithm, at(0), at(100_000_000)).unwrap();
            let (certificate, key) = new.generate(&fdescrow_identities::SystemRandomness::new()).unwrap();
            let key_file = key.to_pkcs8_pem();
            let der =
                STANDARD.decode(key_file.expose().lines().filter(|line| !line.starts_with('-')).collect::<String>());
            let parts = private_parts(&der.unwrap());
            assert!(!parts.is_empty());
            parts.iter().for_each(|part| watch.secret_bytes(&format!("the private key {algorithm}"), part));
            let identity = software_identity(key, vec![certificate.clone()], rng.clone());
            Party { certificate, identity, key_file }
        };
        let rsa = party(KeyAlgorithm::Rsa2048, &mut watch);
        let p256 = party(KeyAlgorithm::P256, &mut watch);
        let p384 = party(KeyAlgorithm::P384, &mut watch);
        let mut mac_key = [0; 32];
        rng.fill(&mut mac_key).unwrap();
        Self { watch, rng, rsa, p256, p384, mac_key }
    }

    pub(crate) fn keyring(&self, parties: &[&Party]) -> Keyring {
        parties.iter().map(|party| party.identity.clone()).collect()
    }

    pub(crate) fn builder(&self, store: Arc<dyn Store>, certificates: &[&Party]) -> EscrowBuilder {
        Escrow::builder(store, "example.com".parse().unwrap())
            .randomness(self.rng.clone())
            .mac_key(MacKey::parse(&self.mac_key).unwrap())
            .certificates(certificates.iter().map(|party| party.certificate.clone()))
    }

    pub(crate) fn escrow(&self, store: Arc<dyn Store>, certificates: &[&Party]) -> Escrow {
        self.builder(store, certificates).build().unwrap()
    }

    /// The canary as its device seals it.
    pub(crate) fn sealed(&self, kind: Kind, to: &Party) -> Upload {
        let key = canaries::key(kind);
        let (payload, format) = match kind {
            // as macOS does, which knows RSA certificates only
            Kind::FileVault if matches!(to.certificate.public_key(), PublicKey::Rsa(_)) => {
                (Payload::bare(key), Format::EnvelopedPkcs1v15)
            }
            _ => {
                let owner = Owner::new().organization("example.com".parse().unwrap()).device(device(kind));
                (Payload::new(key, owner), Format::Auth)
            }
        };
        let envelope = Envelope::seal(&payload, &[&to.certificate], format, self.rng.as_ref()).unwrap();
        Upload::sealed(device(kind), kind, envelope.der()).by(&actor())
    }

    /// The canary in clear.
    pub(crate) fn clear(&self, kind: Kind) -> Upload {
        Upload::plaintext(device(kind), kind, canaries::secret(kind)).by(&actor())
    }
}

/// The numbers of a private key (RFC 8017 §A.1.2, RFC 5915 §3) but the modulus and the public key, which are public.
fn private_parts(der: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut rest = der;
    while let Some((&tag, after)) = rest.split_first() {
        let (length, after) = match after[0] {
            short @ 0..=0x80 => (usize::from(short), &after[1..]),
            0x81 => (usize::from(after[1]), &after[2..]),
            _ => (usize::from(after[1]) << 8 | usize::from(after[2]), &after[3..]),
        };
        let (content, after) = after.split_at(length);
        match tag {
            0x30 => parts.extend(private_parts(content)),
            0x04 if content.first() == Some(&0x30) => parts.extend(private_parts(content)),
            0x02 | 0x04 if content.len() >= 32 => parts.push(content.to_vec()),
            _ => {}
        }
        rest = after;
    }
    // n stands before d, p, q and what follows from them
    if parts.len() == 7 {
        parts.remove(0);
    }
    parts
}
