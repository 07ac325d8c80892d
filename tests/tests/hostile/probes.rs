//! A second wrapped key beside the right one is no question that gets an answer (CVE-2026-42768).

use std::collections::BTreeSet;

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{EnvelopeError, Malformed, OpenOptions, Suite};
use fdescrow::key::Kind;
use fdescrow_tests::generator::asn1::{CONTEXT, Node};
use fdescrow_tests::generator::forge::{Forge, encrypt_encoded};
use fdescrow_tests::generator::primitives::{Cipher, wrap_pkcs1};
use fdescrow_tests::generator::{Authority, Blueprint, KeyTransport};
use fdescrow_tests::recipients::{Recipient, Seeded};

use crate::open;

const KEY: &str = "5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";

/// A wrapped key that somebody tries: random octets, a padding that is nearly right, a wrapped key of another
/// message, of every length.
fn probe(rng: &Seeded, authority: &Authority) -> Vec<u8> {
    let key = authority.key.to_public_key();
    let size = rsa_size(authority);
    match rng.below(4) {
        0 => {
            let mut octets = rng.octets(size);
            octets[0] = 0;
            octets
        }
        1 => {
            let mut encoded = vec![0xff; size];
            let length = rng.below(64);
            encoded[..2].copy_from_slice(&[0, 2]);
            encoded[size - length - 1] = 0;
            encoded[size - length..].copy_from_slice(&rng.octets(length));
            encrypt_encoded(&key, &encoded)
        }
        2 => wrap_pkcs1(&key, &rng.octets(*rng.pick(&[8, 16, 24, 32]))),
        _ => rng.octets(rng.below(size)),
    }
}

fn rsa_size(authority: &Authority) -> usize {
    wrap_pkcs1(&authority.key.to_public_key(), &[]).len()
}

/// Puts a second KeyTransRecipientInfo with this identifier and wrapped key before or behind the first.
fn with_probe(message: &[u8], identifier: Option<Node>, encrypted_key: Vec<u8>, first: bool) -> Vec<u8> {
    let mut forge = Forge::of(message);
    let mut second = forge.recipients()[0].clone();
    if let Some(identifier) = identifier {
        second.children_mut()[1] = identifier;
    }
    second.children_mut()[3] = Node::octet_string(encrypted_key);
    let place = if first { 0 } else { 1 };
    forge.recipients().insert(place, second);
    forge.encode()
}

struct World {
    rng: std::sync::Arc<Seeded>,
    authority: Authority,
    recipient: Recipient,
    messages: Vec<Vec<u8>>,
}

impl World {
    fn new() -> Self {
        let authority = Authority::escrow("fdescrow tests");
        let transport = KeyTransport::Pkcs1 { null: true };
        let messages = [Cipher::TripleDesCbc, Cipher::AesCbc(256), Cipher::AesGcm(256)]
            .map(|cipher| Blueprint::new(cipher, transport.clone()).seal(&[&authority], KEY.as_bytes()));
        Self { rng: Seeded::new(5), recipient: Recipient::from(&authority), authority, messages: messages.into() }
    }

    /// The different answers to 200 probes in both orders, and how many there were.
    fn answers(
        &self,
        options: &OpenOptions,
        bare: bool,
        identifier: impl Fn() -> Option<Node>,
    ) -> (usize, BTreeSet<String>) {
        let keyring = if bare { self.recipient.bare_keyring() } else { self.recipient.keyring() };
        let (mut asked, mut answers) = (0, BTreeSet::new());
        for number in 0..200 {
            let message = &self.messages[number % self.messages.len()];
            let probe = probe(&self.rng, &self.authority);
            for first in [false, true] {
                let answer = open(&with_probe(message, identifier(), probe.clone(), first), &keyring, options);
                answers.insert(match answer {
                    Ok(opened) => opened.payload.key.expose().to_owned(),
                    Err(error) => format!("{error:?}: {error}"),
                });
                asked += 1;
            }
        }
        (asked, answers)
    }
}

fn options() -> OpenOptions {
    OpenOptions::new(Suite::Legacy).kind(Kind::FileVault)
}

fn text(error: EnvelopeError) -> BTreeSet<String> {
    BTreeSet::from([format!("{error:?}: {error}")])
}

#[test]
fn probe_under_the_same_name_is_never_asked_counted() {
    let world = World::new();
    let (asked, answers) = world.answers(&options(), false, || None);
    println!("{asked} messages with the right wrapped key and a probe under one name: {} answer", answers.len());
    assert_eq!((asked, answers), (400, text(Malformed::RecipientTwice.into())));
}

#[test]
fn probe_under_another_name_of_the_key_is_never_asked_counted() {
    let world = World::new();
    let by_key = Node::octets(CONTEXT, world.authority.key_identifier.clone());
    let (asked, answers) = world.answers(&options(), false, || Some(by_key.clone()));
    println!("{asked} messages with a probe under the key's identifier: {} answer", answers.len());
    assert_eq!((asked, answers), (400, text(Malformed::RecipientTwice.into())));
}

#[test]
fn probe_for_somebody_else_changes_nothing_counted() {
    let world = World::new();
    let mut somebody = Forge::of(&world.messages[0]).identifier().clone();
    somebody.children_mut()[1] = Node::integer([0x2a]);
    let (asked, answers) = world.answers(&options(), false, || Some(somebody.clone()));
    println!("{asked} messages with a probe for somebody else: {} answer, the key", answers.len());
    assert_eq!((asked, answers), (400, BTreeSet::from([KEY.to_owned()])));
    // Nor when everything may be tried: of two recipients that fit nobody, none is.
    let (asked, answers) = world.answers(&options().try_unmatched(), true, || Some(somebody.clone()));
    assert_eq!((asked, answers), (400, text(EnvelopeError::NoRecipient)));
}

/// Two identities of one keyring in one message: whose key is wrong does not matter, and is not told.
#[test]
fn probe_for_another_key_of_the_keyring_changes_nothing_counted() {
    let rng = Seeded::new(6);
    let [one, other] = [Authority::escrow("one"), Authority::escrow("other")];
    let keyring = [&one, &other].map(|authority| Recipient::from(authority).identity).into_iter().collect();
    let mut asked = 0;
    for cipher in [Cipher::TripleDesCbc, Cipher::AesGcm(256)] {
        let good = Blueprint::new(cipher, KeyTransport::Pkcs1 { null: true }).seal(&[&one], KEY.as_bytes());
        for _ in 0..50 {
            let identifier = Node::sequence([other.issuer.clone(), Node::integer(other.serial.clone())]);
            for first in [false, true] {
                let message = with_probe(&good, Some(identifier.clone()), probe(&rng, &other), first);
                let opened = open(&message, &keyring, &options()).unwrap();
                assert_eq!((opened.payload.key.expose(), opened.identity), (KEY, 0));
                asked += 1;
            }
        }
    }
    println!("{asked} messages with a probe for another key of the keyring: all open with the right one");
}

/// What holds for RSA holds for agreed keys.
#[test]
fn probe_in_a_second_agreement_is_never_asked_counted() {
    let rng = Seeded::new(7);
    let to = Recipient::new(KeyAlgorithm::P256, &rng);
    let key = fdescrow::RecoveryKey::generate(Kind::FileVault, rng.as_ref()).unwrap();
    let payload = fdescrow::envelope::Payload::bare(key);
    let message = fdescrow::envelope::seal(&payload, &[&to.certificate], rng.as_ref()).unwrap();
    let mut answers = BTreeSet::new();
    for _ in 0..200 {
        for first in [false, true] {
            let mut forge = Forge::of(message.der());
            let good = forge.recipients()[0].clone();
            *forge.encrypted_key() = Node::octet_string(rng.octets(40));
            let place = if first { 0 } else { 1 };
            forge.recipients().insert(place, good);
            answers.insert(open(&forge.encode(), &to.keyring(), &options()).unwrap_err().to_string());
        }
    }
    println!("400 messages with a probe in a second agreement: {} answer", answers.len());
    assert_eq!(answers, BTreeSet::from([Malformed::RecipientTwice.to_string()]));
}
