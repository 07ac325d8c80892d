//! Every key comes out of its envelope as it went in; and a changed octet never makes it another.

use std::sync::Arc;

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Certificate, Envelope, Format, Keyring, Limits, OpenOptions, Payload, Suite};
use fdescrow_tests::recipients::{Recipient, Seeded};
use proptest::prelude::*;

use crate::payload;

fn opens(envelope: &Envelope, keyring: &Keyring, options: &OpenOptions, payload: &Payload) -> usize {
    let opened = envelope.open(keyring, options).unwrap();
    assert!(opened.payload.key.constant_time_eq(&payload.key));
    assert_eq!(
        (opened.payload.key.kind(), &opened.payload.owner, opened.payload.bare),
        (payload.key.kind(), &payload.owner, payload.bare)
    );
    opened.identity
}

/// Seals `count` keys, each to one of several certificates, and opens them with a keyring of all.
fn round_trips(seed: u64, algorithm: KeyAlgorithm, formats: &[Format], count: usize) {
    let rng = Seeded::new(seed);
    let recipients: Vec<Recipient> = (0..5).map(|_| Recipient::new(algorithm, &rng)).collect();
    let keyring: Keyring = recipients.iter().map(|recipient| recipient.identity.clone()).collect();
    for _ in 0..count {
        let payload = payload(&rng);
        let to = rng.below(recipients.len());
        let format = *rng.pick(formats);
        let sealed = Envelope::seal(&payload, &[&recipients[to].certificate], format, rng.as_ref()).unwrap();
        let envelope = Envelope::parse(sealed.der(), &Limits::default()).unwrap();
        assert_eq!(envelope.digest(), sealed.digest());
        let suite = if format == Format::Auth { Suite::Modern } else { Suite::Legacy };
        let options = OpenOptions::new(suite).kind(payload.key.kind()).owner(payload.owner.clone());
        assert_eq!(opens(&envelope, &keyring, &options, &payload), to);
    }
    println!("{count} keys to {algorithm}: {count} came back, 0 failed");
}

#[test]
fn keys_come_back_from_p256_counted() {
    round_trips(10, KeyAlgorithm::P256, &[Format::Auth], 15_000);
}

#[test]
fn keys_come_back_from_p256_unauthenticated_counted() {
    round_trips(11, KeyAlgorithm::P256, &[Format::Enveloped], 3_000);
}

#[test]
fn keys_come_back_from_p384_counted() {
    round_trips(12, KeyAlgorithm::P384, &[Format::Auth, Format::Enveloped], 300);
}

#[test]
fn keys_come_back_from_rsa_counted() {
    round_trips(13, KeyAlgorithm::Rsa2048, &[Format::Auth, Format::Enveloped, Format::EnvelopedPkcs1v15], 1_400);
}

/// To several certificates at once, and out again with each of them alone.
#[test]
fn keys_come_back_from_several_recipients_counted() {
    let rng = Seeded::new(14);
    let algorithms = [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384];
    let recipients: Vec<Recipient> = (0..9).map(|number| Recipient::new(algorithms[number % 3], &rng)).collect();
    let (mut sealed, mut opened) = (0, 0);
    while sealed < 300 {
        let payload = payload(&rng);
        let first = rng.below(recipients.len());
        let to: Vec<&Recipient> =
            (0..1 + rng.below(4)).map(|next| &recipients[(first + next) % recipients.len()]).collect();
        let certificates: Vec<&Certificate> = to.iter().map(|recipient| &recipient.certificate).collect();
        let envelope = Envelope::seal(&payload, &certificates, Format::Auth, rng.as_ref()).unwrap();
        let options = OpenOptions::new(Suite::Modern).kind(payload.key.kind()).owner(payload.owner.clone());
        opened += opens(&envelope, &to[rng.below(to.len())].keyring(), &options, &payload) + 1;
        sealed += 1;
    }
    println!("{sealed} keys to one to four certificates: {opened} came back, 0 failed");
    assert_eq!(opened, sealed);
}

/// What is done to the octets of a message.
#[derive(Clone, Debug)]
enum Change {
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    Put(prop::sample::Index, u8),
    Repeat(prop::sample::Index, usize),
    Swap(prop::sample::Index, prop::sample::Index),
}

impl Change {
    fn apply(&self, message: &mut Vec<u8>) {
        let length = message.len();
        match self {
            Self::Cut(at) => drop(message.remove(at.index(length))),
            Self::Insert(at, octet) => message.insert(at.index(length + 1), *octet),
            Self::Put(at, octet) => message[at.index(length)] = *octet,
            Self::Repeat(at, size) => {
                let start = at.index(length);
                let end = (start + size).min(length);
                message.extend_from_within(start..end);
                message[start..].rotate_right(end - start);
            }
            Self::Swap(one, other) => message.swap(one.index(length), other.index(length)),
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => (index(), any::<u8>()).prop_map(|(at, octet)| Change::Put(at, octet)),
        1 => index().prop_map(Change::Cut),
        1 => (index(), any::<u8>()).prop_map(|(at, octet)| Change::Insert(at, octet)),
        1 => (index(), 1..20usize).prop_map(|(at, size)| Change::Repeat(at, size)),
        2 => (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
    ]
}

/// Changed anywhere, an authenticated message opens to its key or not at all: never to another.
fn changed_messages(algorithm: KeyAlgorithm, cases: u32) {
    let rng = Seeded::new(15);
    let to = Recipient::new(algorithm, &rng);
    let samples: Vec<(Vec<u8>, Payload)> = (0..16)
        .map(|_| {
            let payload = payload(&rng);
            (fdescrow::envelope::seal(&payload, &[&to.certificate], rng.as_ref()).unwrap().der().to_vec(), payload)
        })
        .collect();
    let samples = Arc::new(samples);
    let (same, changed) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let seeded = prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha);
    let mut runner = prop::test_runner::TestRunner::new_with_rng(config, seeded);
    let strategy = (any::<prop::sample::Index>(), prop::collection::vec(change(), 1..4));
    let result = runner.run(&strategy, |(sample, changes)| {
        let (message, payload) = sample.get(&samples);
        let mut bytes = message.clone();
        changes.iter().for_each(|change| change.apply(&mut bytes));
        changed.set(changed.get() + usize::from(bytes != *message));
        let options = OpenOptions::new(Suite::Legacy).try_unmatched();
        if let Ok(opened) = Envelope::parse(&bytes, &Limits::default()).and_then(|e| e.open(&to.keyring(), &options)) {
            prop_assert!(opened.payload.key.constant_time_eq(&payload.key));
            prop_assert_eq!(&opened.payload.owner, &payload.owner);
            prop_assert!(opened.authenticated);
            same.set(same.get() + 1);
        }
        Ok(())
    });
    result.unwrap();
    println!("{} changed messages to {algorithm}: {} opened, all to their own key", changed.get(), same.get());
    assert!(changed.get() * 10 > 9 * usize::try_from(cases).unwrap());
}

#[test]
fn changed_messages_to_p256_open_to_their_own_key_or_not_counted() {
    changed_messages(KeyAlgorithm::P256, 10_000);
}

#[test]
fn changed_messages_to_rsa_open_to_their_own_key_or_not_counted() {
    changed_messages(KeyAlgorithm::Rsa2048, 1_000);
}
