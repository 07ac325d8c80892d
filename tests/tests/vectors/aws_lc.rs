//! Does the AWS-LC identity answer as the software identity does, whatever it is asked?
//!
//! Every question is put to both, and their content keys have to be equal: those that came out of the wrapped key, and
//! those that stand in for it. What the answer has to be is then held against the vectors.

#[path = "aws_lc/agreement.rs"]
mod agreement;
#[path = "aws_lc/transport.rs"]
mod transport;

use std::{sync::Arc, thread};

use fdescrow::{
    envelope::{
        Certificate, Envelope, Format, Identity, KeyAlgorithm, Keyring, Limits, NewCertificate, OpenOptions, Payload,
        PrivateKey, PublicKey, Suite,
        identity::{WrappedKey, software_identity},
        private_key,
    },
    key::{Kind, RecoveryKey},
};
use fdescrow_identities::{SystemRandomness, aws_lc_identity};
use fdescrow_tests::generator::{
    Authority, filevault_prk,
    primitives::{random, wrap_pkcs1},
};
use rsa::BoxedUint;

use crate::pack::{self, entries};

/// Two identities over one private key.
struct Pair {
    software: Arc<dyn Identity>,
    aws_lc: Arc<dyn Identity>,
}

impl Pair {
    /// Of a private key in a file.
    fn of(file: &[u8]) -> Self {
        let key = || PrivateKey::parse_all(file, None).unwrap().pop().unwrap();
        Self {
            software: software_identity(key(), Vec::new(), Arc::new(SystemRandomness::new())),
            aws_lc: aws_lc_identity(key(), Vec::new()).unwrap(),
        }
    }

    /// The answer of both.
    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Vec<u8> {
        let [software, aws_lc] = [&self.software, &self.aws_lc].map(|identity| identity.unwrap(wrapped).unwrap());
        assert_eq!(software.len(), wrapped.content_key_length);
        assert_eq!(software.expose(), aws_lc.expose(), "{wrapped:?}");
        aws_lc.expose().to_vec()
    }

    /// The public key, as the generator takes it.
    fn rsa(&self) -> rsa::PublicKey {
        let PublicKey::Rsa(key) = self.aws_lc.public_key() else { panic!("not RSA") };
        let modulus = BoxedUint::from_be_slice(key.modulus(), key.bits().next_multiple_of(8)).unwrap();
        rsa::PublicKey::new(modulus, BoxedUint::from(key.exponent())).unwrap()
    }
}

/// A keyring of the keys in a file, used by AWS-LC.
fn keyring(file: &[u8]) -> Keyring {
    let keys = PrivateKey::parse_all(file, None).unwrap_or_default();
    keys.into_iter().map(|key| aws_lc_identity(key, Vec::new()).unwrap()).collect()
}

#[test]
fn both_identities_of_a_key_say_the_same_about_it() {
    for algorithm in private_key::KeyAlgorithm::ALL {
        let key = PrivateKey::generate(*algorithm, &SystemRandomness::new()).unwrap();
        let pair = Pair::of(key.to_pkcs8_pem().expose().as_bytes());
        assert_eq!(pair.aws_lc.public_key(), pair.software.public_key());
        assert_eq!(*pair.aws_lc.public_key(), key.public_key());
        for algorithm in [KeyAlgorithm::RsaPkcs1v15, KeyAlgorithm::Unsupported("none".into())] {
            assert_eq!(pair.aws_lc.permits(&algorithm), pair.software.permits(&algorithm));
        }
        let shown = format!("{:?}", pair.aws_lc);
        assert!(shown.contains("RejectionSecret([redacted])") && shown.len() < 400, "{shown}");
    }
}

#[test]
fn messages_of_others_open_with_aws_lc_as_with_the_software_identity_counted() {
    let Some(entries) = entries("cms-positive") else { return };
    let (mut opened, mut refused) = (0, 0);
    for entry in &entries {
        let Some(file) = entry.key_file() else { continue };
        let Ok(envelope) = Envelope::parse(&entry.bytes, &Limits::default()) else { continue };
        let options = pack::options(Suite::Legacy);
        let ours = envelope.danger_open_raw(&keyring(&file), &options);
        match (ours, envelope.danger_open_raw(&entry.keyring(), &options)) {
            (Ok(ours), Ok(software)) => {
                assert_eq!(ours.content.expose(), software.content.expose(), "{}", entry.file);
                opened += 1;
            }
            (Err(ours), Err(software)) => {
                assert_eq!(ours, software, "{}", entry.file);
                refused += 1;
            }
            _ => panic!("{}: only one of them opens it", entry.file),
        }
    }
    println!("{opened} messages opened alike, {refused} refused alike");
    assert_eq!((opened, refused), (18, 6));
}

#[test]
fn a_key_that_a_mac_wrote_opens_with_aws_lc() {
    const KEY: &str = "5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";
    let authority = Authority::fleet();
    let envelope = Envelope::parse(&filevault_prk(&authority, KEY.as_bytes(), &[24, 8]), &Limits::default()).unwrap();
    let key = PrivateKey::parse_all(authority.key_pem().as_bytes(), None).unwrap().pop().unwrap();
    let certificate = Certificate::from_der(&authority.certificate).unwrap();
    let keyring = Keyring::new().with(aws_lc_identity(key, vec![certificate]).unwrap());
    let opened = envelope.open(&keyring, &OpenOptions::new(Suite::FileVault).kind(Kind::FileVault)).unwrap();
    assert_eq!(opened.payload.key.expose(), KEY);
}

#[test]
fn a_key_sealed_to_any_certificate_opens_with_aws_lc() {
    let rng = SystemRandomness::new();
    let from = "2026-11-24T00:00:00Z".parse().unwrap();
    for algorithm in private_key::KeyAlgorithm::ALL {
        let new = NewCertificate::new("CN=Escrow", *algorithm, from, from.saturating_add(86_400)).unwrap();
        let (certificate, key) = new.generate(&rng).unwrap();
        let sealed = RecoveryKey::generate(Kind::BitLocker, &rng).unwrap();
        let text = sealed.expose().to_owned();
        let payload = Payload::bare(sealed);
        let envelope = Envelope::seal(&payload, &[&certificate], Format::Auth, &rng).unwrap();
        let keyring = Keyring::new().with(aws_lc_identity(key, vec![certificate]).unwrap());
        let opened = envelope.open(&keyring, &OpenOptions::new(Suite::Modern).kind(Kind::BitLocker)).unwrap();
        assert_eq!(opened.payload.key.expose(), text, "{algorithm}");
    }
}

#[test]
fn eight_threads_share_one_identity_and_each_gets_its_own_answers_counted() {
    const THREADS: usize = 8;
    let authority = Authority::escrow("fdescrow tests");
    let pair = Pair::of(authority.key_pem().as_bytes());
    let questions: Vec<(Vec<u8>, Vec<u8>)> = (0..48)
        .map(|number| {
            let ciphertext = match number % 3 {
                0 => random(255),
                _ => wrap_pkcs1(&pair.rsa(), &random(24)),
            };
            let wrapped = WrappedKey::transported(&KeyAlgorithm::RsaPkcs1v15, &ciphertext, 24);
            let answer = pair.software.unwrap(&wrapped).unwrap().expose().to_vec();
            (ciphertext, answer)
        })
        .collect();
    let identity = pair.aws_lc.as_ref();
    let answers: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| {
                let questions = &questions;
                scope.spawn(move || {
                    // each begins elsewhere
                    let rounds = questions.iter().cycle().skip(6 * first).take(4 * questions.len());
                    rounds
                        .map(|(ciphertext, answer)| {
                            let wrapped = WrappedKey::transported(&KeyAlgorithm::RsaPkcs1v15, ciphertext, 24);
                            assert!(identity.unwrap(&wrapped).unwrap().constant_time_eq(answer));
                        })
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{answers} answers in {THREADS} threads, each the right one");
    assert_eq!(answers, THREADS * 4 * 48);
}
