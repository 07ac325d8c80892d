//! Sealing and opening, from one end to the other.

use std::sync::Arc;

use super::{identity::software_identity, private_key::KeyAlgorithm as Algorithm, *};
use crate::{
    ids::DeviceId,
    key::{Kind, RecoveryKey},
    random::{Randomness, RandomnessError},
    secret::Secret,
    time::Timestamp,
};

/// SHA-256 in counter mode: the same in every run.
#[derive(Debug, Default)]
struct Seeded(std::sync::atomic::AtomicU64);

impl Randomness for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in out.chunks_mut(32) {
            let block = Digest::of(&self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

struct World {
    rng: Arc<Seeded>,
}

impl World {
    fn new() -> Self {
        Self { rng: Arc::new(Seeded::default()) }
    }

    fn identity(&self, algorithm: Algorithm) -> (Certificate, Keyring) {
        let start = Timestamp::from_unix_seconds(1_700_000_000).unwrap();
        let new = NewCertificate::new("CN=Escrow", algorithm, start, start.saturating_add(86_400 * 365)).unwrap();
        let (certificate, key) = new.generate(self.rng.as_ref()).unwrap();
        let identity = software_identity(key, vec![certificate.clone()], self.rng.clone());
        (certificate, Keyring::new().with(identity))
    }

    fn payload(&self) -> Payload {
        let key = RecoveryKey::generate(Kind::BitLocker, self.rng.as_ref()).unwrap();
        Payload::new(key, Owner::new().organization("example.com".parse().unwrap()).device("PC-17".parse().unwrap()))
    }
}

fn options() -> OpenOptions {
    let owner = Owner::new().organization("example.com".parse().unwrap()).device("PC-17".parse().unwrap());
    OpenOptions::new(Suite::Modern).kind(Kind::BitLocker).owner(owner)
}

#[test]
fn what_is_sealed_to_any_key_opens_bound_to_its_device() {
    let world = World::new();
    for algorithm in [Algorithm::Rsa2048, Algorithm::P256, Algorithm::P384] {
        let (certificate, keyring) = world.identity(algorithm);
        let payload = world.payload();
        let sealed = seal(&payload, &[&certificate], world.rng.as_ref()).unwrap();
        let envelope = Envelope::parse(sealed.der(), &Limits::default()).unwrap();
        let opened = envelope.open(&keyring, &options()).unwrap();
        assert!(opened.authenticated && opened.bound);
        assert!(opened.payload.key.constant_time_eq(&payload.key));
        assert_eq!(opened.payload.owner, payload.owner);

        let other = Owner::new().device(DeviceId::new("PC-18").unwrap());
        let moved = envelope.open(&keyring, &OpenOptions::new(Suite::Modern).owner(other)).unwrap_err();
        assert_eq!(moved, EnvelopeError::Open);
        let (_, foreign) = world.identity(algorithm);
        assert_eq!(envelope.open(&foreign, &options()).unwrap_err(), EnvelopeError::NoRecipient);
        let unmatched = options().try_unmatched();
        assert_eq!(envelope.open(&foreign, &unmatched).unwrap_err(), EnvelopeError::Open);
        assert!(canary::answers(keyring.identities()[0].as_ref(), world.rng.as_ref()).is_ok());
    }
}

#[test]
fn the_compatible_form_opens_with_the_legacy_suite_only() {
    let world = World::new();
    let (certificate, keyring) = world.identity(Algorithm::Rsa2048);
    let payload = world.payload();
    for format in [Format::Enveloped, Format::EnvelopedPkcs1v15] {
        let envelope = Envelope::seal(&payload, &[&certificate], format, world.rng.as_ref()).unwrap();
        assert!(matches!(envelope.open(&keyring, &options()), Err(EnvelopeError::Suite { .. })));
        let legacy = OpenOptions::new(Suite::Legacy).kind(Kind::BitLocker);
        let opened = envelope.open(&keyring, &legacy).unwrap();
        assert!(!opened.authenticated && !opened.bound);
        let no_kind = envelope.open(&keyring, &OpenOptions::new(Suite::Legacy)).unwrap_err();
        assert_eq!(no_kind, EnvelopeError::KindNeeded);
    }
}

#[test]
fn a_rewrapped_envelope_opens_for_the_new_recipient_and_keeps_its_content() {
    let world = World::new();
    let (old, old_keyring) = world.identity(Algorithm::Rsa2048);
    let (new, new_keyring) = world.identity(Algorithm::P256);
    let sealed = seal(&world.payload(), &[&old], world.rng.as_ref()).unwrap();
    let rewrapped = sealed.rewrap(&old_keyring, &options(), &[&new], world.rng.as_ref()).unwrap().envelope;
    assert!(rewrapped.open(&new_keyring, &options()).is_ok());
    assert_eq!(rewrapped.open(&old_keyring, &options()).unwrap_err(), EnvelopeError::NoRecipient);
    let allowed =
        Allowed::Rewrapped { content_type: sealed.content_type(), content: sealed.content_algorithm().clone() };
    assert!(rewrapped.open(&new_keyring, &OpenOptions::new(allowed)).is_ok());
    let wrong = sealed.rewrap(&new_keyring, &options(), &[&new], world.rng.as_ref());
    assert!(matches!(wrong, Err(RewrapError::Open(EnvelopeError::NoRecipient))));
}

#[test]
fn each_of_several_recipients_opens_and_one_twice_is_refused() {
    let world = World::new();
    let (first, first_keyring) = world.identity(Algorithm::P256);
    let (second, second_keyring) = world.identity(Algorithm::Rsa2048);
    let sealed = seal(&world.payload(), &[&first, &second], world.rng.as_ref()).unwrap();
    for keyring in [first_keyring, second_keyring] {
        assert!(sealed.open(&keyring, &options()).is_ok());
    }
    let twice = seal(&world.payload(), &[&first, &first], world.rng.as_ref()).unwrap_err();
    assert_eq!(twice, SealError::Recipients);
    assert_eq!(seal(&world.payload(), &[], world.rng.as_ref()).unwrap_err(), SealError::Recipients);
}

#[test]
fn an_identity_that_answers_nonsense_or_nothing_is_unavailable() {
    #[derive(Debug)]
    struct Broken(Certificate, Option<Unavailable>);
    impl Identity for Broken {
        fn public_key(&self) -> &PublicKey {
            self.0.public_key()
        }
        fn certificates(&self) -> &[Certificate] {
            std::slice::from_ref(&self.0)
        }
        fn unwrap(&self, wrapped: &identity::WrappedKey<'_>) -> Result<identity::ContentKey, Unavailable> {
            self.1.map_or(Ok(Secret::<[u8]>::copy_from(&vec![0; wrapped.content_key_length])), Err)
        }
    }
    let world = World::new();
    let (certificate, _) = world.identity(Algorithm::Rsa2048);
    let sealed = seal(&world.payload(), &[&certificate], world.rng.as_ref()).unwrap();
    for answer in [None, Some(Unavailable::new())] {
        let keyring = Keyring::new().with(Arc::new(Broken(certificate.clone(), answer)));
        assert!(canary::answers(keyring.identities()[0].as_ref(), world.rng.as_ref()).is_err());
        let rows = [judge::Row::new(sealed.der(), Kind::BitLocker), judge::Row::new(b"garbage", Kind::BitLocker)];
        let verdicts = judge(&rows, &keyring, Suite::Modern, world.rng.as_ref());
        assert_eq!(verdicts[0], judge::Verdict::Unavailable);
        assert!(matches!(verdicts[1], judge::Verdict::DoesNotOpen { code: ErrorCode::EnvelopeSyntax, .. }));
    }
}

#[test]
fn inspection_tells_who_a_message_is_for() {
    let world = World::new();
    let (certificate, _) = world.identity(Algorithm::Rsa2048);
    let (other, _) = world.identity(Algorithm::P256);
    let sealed = seal(&world.payload(), &[&certificate], world.rng.as_ref()).unwrap();
    let inspection = sealed.inspect(std::slice::from_ref(&certificate));
    assert_eq!(inspection.recipients[0].certificates, [certificate.fingerprint()]);
    assert_eq!(inspection.suites, Suite::ALL);
    assert!(inspection.notes.is_empty());
    assert_eq!(sealed.inspect(&[other]).notes, [Note::NoKnownRecipient]);
    assert!(inspection.to_string().contains("RSAES-OAEP with SHA-256"), "{inspection}");
}
