//! Whatever is wrong once the private key was used, the answer is the same: value, text and number.

use std::collections::{BTreeMap, BTreeSet};

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Envelope, Format, Limits, OpenOptions, Owner, Payload, Suite};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow::{ErrorCode, envelope::EnvelopeError};
use fdescrow_tests::generator::asn1::{CONSTRUCTED, CONTEXT, Node};
use fdescrow_tests::generator::forge::{Forge, encrypt_encoded};
use fdescrow_tests::generator::primitives::{Cipher, Hash, wrap_oaep, wrap_pkcs1};
use fdescrow_tests::generator::{Authority, Blueprint, KeyTransport, OaepParameters};
use fdescrow_tests::recipients::{Recipient, Seeded};

use crate::open;

const KEY: &str = "471207-278498-422125-177177-561902-537405-468006-693451";
const KIND: Kind = Kind::BitLocker;

/// Answers by class of failure.
#[derive(Default)]
struct Answers {
    classes: BTreeMap<&'static str, usize>,
    different: BTreeSet<(String, String, i32)>,
}

impl Answers {
    fn add(&mut self, class: &'static str, message: &[u8], to: &Recipient, options: &OpenOptions) {
        let error = match open(message, &to.keyring(), options) {
            Ok(_) => panic!("{class} opened"),
            Err(error) => error,
        };
        assert_eq!(error, EnvelopeError::Open, "{class}");
        self.different.insert((format!("{error:?}"), error.to_string(), error.code().number()));
        *self.classes.entry(class).or_default() += 1;
    }
}

struct World {
    rng: std::sync::Arc<Seeded>,
    authority: Authority,
    rsa: Recipient,
    p256: Recipient,
    p384: Recipient,
    answers: Answers,
}

impl World {
    fn new() -> Self {
        let rng = Seeded::new(3);
        let authority = Authority::escrow("fdescrow tests");
        Self {
            rsa: Recipient::from(&authority),
            p256: Recipient::new(KeyAlgorithm::P256, &rng),
            p384: Recipient::new(KeyAlgorithm::P384, &rng),
            authority,
            rng,
            answers: Answers::default(),
        }
    }

    fn options() -> OpenOptions {
        OpenOptions::new(Suite::Legacy).kind(KIND)
    }

    /// A good message to the RSA certificate.
    fn good(&self, cipher: Cipher, transport: KeyTransport) -> Forge {
        Forge::of(&Blueprint::new(cipher, transport).seal(&[&self.authority], KEY.as_bytes()))
    }

    /// A good message whose content has this plaintext, and whose key is wrapped as it says.
    fn content(&self, cipher: Cipher, plaintext: &[u8]) -> Forge {
        let mut forge = self.good(cipher, pkcs1());
        let content_key = self.rng.octets(cipher.key_length());
        *forge.encrypted_key() = Node::octet_string(wrap_pkcs1(&self.authority.key.to_public_key(), &content_key));
        forge.seal_content(cipher, &content_key, plaintext);
        forge
    }

    fn fails(&mut self, class: &'static str, forge: &Forge) {
        self.answers.add(class, &forge.encode(), &self.rsa, &Self::options());
    }

    /// Encoded messages that are no PKCS#1 v1.5 of a key of `length` octets.
    fn wrong_paddings(&self, length: usize) -> Vec<(&'static str, Vec<u8>)> {
        let size = wrap_pkcs1(&self.authority.key.to_public_key(), &[]).len();
        let good = |length: usize| {
            let mut encoded = self.rng.octets(size).iter().map(|octet| octet | 1).collect::<Vec<u8>>();
            encoded[..2].copy_from_slice(&[0, 2]);
            encoded[size - length - 1] = 0;
            encoded
        };
        let changed = |place: usize, octet: u8| {
            let mut encoded = good(length);
            encoded[place] = octet;
            encoded
        };
        let mut wrong = vec![
            ("v1.5: first octet", changed(0, 1)),
            ("v1.5: block type", changed(1, 1)),
            ("v1.5: block type", changed(1, 0)),
            ("v1.5: padding of fewer than eight octets", changed(2, 0)),
            ("v1.5: padding of fewer than eight octets", changed(9, 0)),
            ("v1.5: no separator", changed(size - length - 1, 1)),
        ];
        for other in [0, 1, 7, length - 1, length + 1, 2 * length, 200] {
            wrong.push(("v1.5: key of another length", good(other)));
        }
        wrong.push(("v1.5: another key", good(length)));
        wrong
    }
}

fn pkcs1() -> KeyTransport {
    KeyTransport::Pkcs1 { null: true }
}

fn oaep() -> KeyTransport {
    let parameters = OaepParameters::Full;
    KeyTransport::Oaep { hash: Hash::Sha256, mgf1: Hash::Sha256, label: Vec::new(), parameters }
}

const CIPHERS: [Cipher; 4] = [Cipher::AesGcm(256), Cipher::AesGcm(128), Cipher::AesCbc(256), Cipher::TripleDesCbc];

fn flipped(node: &Node, rng: &Seeded) -> Node {
    let mut octets = node.content();
    let place = rng.below(octets.len());
    octets[place] ^= 1 << rng.below(8);
    Node::octets(node.tag, octets)
}

fn wrong_transport(world: &mut World) {
    let public_key = world.authority.key.to_public_key();
    for cipher in CIPHERS {
        let length = cipher.key_length();
        for (class, encoded) in world.wrong_paddings(length) {
            let mut forge = world.good(cipher, pkcs1());
            *forge.encrypted_key() = Node::octet_string(encrypt_encoded(&public_key, &encoded));
            world.fails(class, &forge);
        }
        for (class, octets) in [
            ("ciphertext shorter than the modulus", world.rng.octets(100)),
            ("ciphertext shorter than the modulus", Vec::new()),
            ("ciphertext longer than the modulus", vec![1; 257]),
            ("ciphertext not below the modulus", vec![0xff; 256]),
        ] {
            for transport in [pkcs1(), oaep()] {
                let mut forge = world.good(cipher, transport);
                *forge.encrypted_key() = Node::octet_string(octets.clone());
                world.fails(class, &forge);
            }
        }
        let sha256 = Hash::Sha256;
        for (class, wrapped) in [
            ("OAEP: label", wrap_oaep(&public_key, sha256, sha256, b"label", &world.rng.octets(length))),
            ("OAEP: hash", wrap_oaep(&public_key, Hash::Sha1, sha256, b"", &world.rng.octets(length))),
            ("OAEP: hash of MGF1", wrap_oaep(&public_key, sha256, Hash::Sha1, b"", &world.rng.octets(length))),
            ("OAEP: key of another length", wrap_oaep(&public_key, sha256, sha256, b"", &world.rng.octets(length + 1))),
            ("OAEP: key of another length", wrap_oaep(&public_key, sha256, sha256, b"", &[])),
            ("OAEP: another key", wrap_oaep(&public_key, sha256, sha256, b"", &world.rng.octets(length))),
            ("OAEP: is v1.5", wrap_pkcs1(&public_key, &world.rng.octets(length))),
            ("OAEP: random octets", [vec![0], world.rng.octets(255)].concat()),
        ] {
            let mut forge = world.good(cipher, oaep());
            *forge.encrypted_key() = Node::octet_string(wrapped);
            world.fails(class, &forge);
        }
    }
}

fn wrong_content(world: &mut World) {
    for cipher in CIPHERS {
        let gcm = matches!(cipher, Cipher::AesGcm(_));
        for transport in [pkcs1(), oaep()] {
            for _ in 0..3 {
                let mut forge = world.good(cipher, transport.clone());
                *forge.ciphertext() = flipped(forge.ciphertext(), &world.rng);
                world.fails(if gcm { "GCM: ciphertext" } else { "CBC: ciphertext" }, &forge);
                let mut forge = world.good(cipher, transport.clone());
                *forge.iv() = flipped(forge.iv(), &world.rng);
                world.fails(if gcm { "GCM: nonce" } else { "CBC: initialization vector" }, &forge);
                if gcm {
                    let mut forge = world.good(cipher, transport.clone());
                    *forge.mac() = flipped(forge.mac(), &world.rng);
                    world.fails("GCM: tag", &forge);
                    let mut forge = world.good(cipher, transport.clone());
                    forge.set_authenticated_attributes(&[Node::sequence([Node::oid("1.2.3"), Node::set([])])]);
                    world.fails("GCM: attributes added", &forge);
                }
            }
        }
        // Right key, right tag or padding, and content that is no key.
        let other_kind = "5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";
        let document = |members: &str| format!("{{\"fdescrow\":1,\"kind\":\"bitlocker\",\"key\":\"{KEY}\"{members}}}");
        for (class, plaintext) in [
            ("content: empty", String::new()),
            ("content: another kind", other_kind.to_owned()),
            ("content: a digit changed", KEY.replace("471207", "471208")),
            ("content: a group too large", KEY.replace("471207", "720896")),
            ("content: something behind it", format!("{KEY}x")),
            ("content: as people type it", KEY.replace('-', " ")),
            ("content: broken JSON", "{".to_owned()),
            ("content: another kind in JSON", document("").replace("bitlocker", "luks")),
            ("content: unknown member", document(",\"extra\":1")),
            ("content: member twice", document(",\"kind\":\"bitlocker\"")),
            ("content: another version", document("").replace("\"fdescrow\":1", "\"fdescrow\":2")),
            ("content: owner of no form", document(",\"device\":\"\"")),
            ("content: something behind JSON", document("") + "}"),
        ] {
            let forge = world.content(cipher, plaintext.as_bytes());
            world.fails(class, &forge);
        }
        let not_text = [&[0xff, 0xfe][..], KEY.as_bytes()].concat();
        let forge = world.content(cipher, &not_text);
        world.fails("content: no UTF-8", &forge);
        let good = document("");
        let forge = world.content(cipher, good.as_bytes());
        assert!(open(&forge.encode(), &world.rsa.keyring(), &World::options()).is_ok(), "the pattern itself is good");
        // It names nobody: for a caller who expects somebody that is as wrong as another name.
        let owner = Owner::new().device("PC-17".parse().unwrap());
        world.answers.add("content: no owner", &forge.encode(), &world.rsa, &World::options().owner(owner));
        // A padding that does not hold, over content that would.
        if !gcm {
            for octet in [0u8, 17, 255] {
                let mut forge = world.content(cipher, KEY.as_bytes());
                // The last octet of the padding, by way of the block before it.
                let block = cipher.iv_length();
                let mut octets = forge.ciphertext().content();
                let padding = block - KEY.len() % block;
                let place = octets.len() - block - 1;
                octets[place] ^= u8::try_from(padding).unwrap() ^ octet;
                *forge.ciphertext() = Node::octets(CONTEXT, octets);
                world.fails("CBC: padding", &forge);
            }
        }
    }
}

fn wrong_agreement(world: &mut World) {
    let rng = world.rng.clone();
    for (to, size) in [(world.p256.clone(), 32), (world.p384.clone(), 48)] {
        for format in [Format::Auth, Format::Enveloped] {
            let key = RecoveryKey::generate(KIND, rng.as_ref()).unwrap();
            let payload = Payload::new(key, Owner::new().device("PC-17".parse().unwrap()));
            let good = Envelope::seal(&payload, &[&to.certificate], format, rng.as_ref()).unwrap();
            let mut add = |class, forge: &Forge, options: &OpenOptions| {
                world.answers.add(class, &forge.encode(), &to, options);
            };
            let other_owner = World::options().owner(Owner::new().device("PC-18".parse().unwrap()));
            add("another owner", &Forge::of(good.der()), &other_owner);
            let other_kind = OpenOptions::new(Suite::Legacy).kind(Kind::Luks);
            add("another kind", &Forge::of(good.der()), &other_kind);
            let point = |octets: &[u8]| Node::bit_string(octets);
            let off_curve = [vec![4], rng.octets(2 * size)].concat();
            let compressed = [vec![2], vec![0xff; size]].concat();
            let on_other = if size == 32 { world.p384.certificate.clone() } else { world.p256.certificate.clone() };
            let on_other = on_other.public_key_der()[on_other.public_key_der().len() - 2 * (80 - size) - 1..].to_vec();
            assert_eq!(on_other[0], 4);
            for (class, octets) in [
                ("ECDH: point off the curve", off_curve),
                ("ECDH: no x of the curve", compressed),
                ("ECDH: point at infinity", vec![0]),
                ("ECDH: no point", Vec::new()),
                ("ECDH: point of another curve", on_other),
            ] {
                let mut forge = Forge::of(good.der());
                *forge.ephemeral() = point(&octets);
                add(class, &forge, &World::options());
            }
            // Another sender's point, which is on the curve.
            let mut forge = Forge::of(good.der());
            let own = to.certificate.public_key_der();
            *forge.ephemeral() = point(&own[own.len() - 2 * size - 1..]);
            add("ECDH: another point", &forge, &World::options());
            for _ in 0..5 {
                let mut forge = Forge::of(good.der());
                *forge.encrypted_key() = flipped(forge.encrypted_key(), &rng);
                add("key wrap: integrity", &forge, &World::options());
            }
            for length in [0, 8, 24, 39, 41, 48] {
                let mut forge = Forge::of(good.der());
                *forge.encrypted_key() = Node::octet_string(rng.octets(length));
                add("key wrap: length", &forge, &World::options());
            }
            let mut forge = Forge::of(good.der());
            let recipient = forge.recipients()[0].children_mut();
            recipient.insert(2, Node::nodes(CONTEXT | CONSTRUCTED | 1, [Node::octet_string(rng.octets(8))]));
            add("ECDH: keying material added", &forge, &World::options());
            let mut forge = Forge::of(good.der());
            forge.key_algorithm().children_mut()[0] = Node::oid("1.3.132.1.11.3");
            add("ECDH: another KDF", &forge, &World::options());
            let mut forge = Forge::of(good.der());
            forge.key_algorithm().children_mut()[1] = Node::algorithm("2.16.840.1.101.3.4.1.5", None);
            add("ECDH: another key wrap", &forge, &World::options());
        }
    }
}

fn wrong_identity(world: &mut World) {
    let rng = world.rng.clone();
    for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384] {
        let [to, other] = [0, 1].map(|_| Recipient::new(algorithm, &rng));
        let payload = Payload::bare(RecoveryKey::generate(KIND, rng.as_ref()).unwrap());
        let formats = [Format::Auth, Format::Enveloped, Format::EnvelopedPkcs1v15];
        for format in formats.into_iter().take(if algorithm == KeyAlgorithm::Rsa2048 { 3 } else { 2 }) {
            let sealed = Envelope::seal(&payload, &[&to.certificate], format, rng.as_ref()).unwrap();
            world.answers.add("another private key", sealed.der(), &other, &World::options().try_unmatched());
        }
    }
}

#[test]
fn every_failure_is_one_answer_counted() {
    let mut world = World::new();
    wrong_transport(&mut world);
    wrong_content(&mut world);
    wrong_agreement(&mut world);
    wrong_identity(&mut world);
    let Answers { classes, different } = world.answers;
    let total: usize = classes.values().sum();
    println!("{total} failing messages of {} classes: {} answer", classes.len(), different.len());
    for (class, count) in &classes {
        println!("  {count:>3} {class}");
    }
    assert!(total >= 300 && classes.len() >= 12);
    let code = ErrorCode::EnvelopeOpen.number();
    assert_eq!(different, BTreeSet::from([("Open".to_owned(), EnvelopeError::Open.to_string(), code)]));
    // It names no key, no algorithm, no cause.
    let text = EnvelopeError::Open.to_string();
    for word in ["pad", "tag", "OAEP", "RSA", "wrong", "length"] {
        assert!(!text.contains(word), "{text}");
    }
}

/// What is wrong with the structure is told, because it can be seen without a key: with and without one alike.
#[test]
fn structure_is_told_the_same_with_any_key() {
    let world = World::new();
    let good = Blueprint::new(Cipher::AesGcm(256), oaep()).seal(&[&world.authority], KEY.as_bytes());
    for length in 0..good.len() {
        let with = open(&good[..length], &world.rsa.keyring(), &World::options()).unwrap_err();
        let without = Envelope::parse(&good[..length], &Limits::default()).unwrap_err();
        assert_eq!(with, without);
    }
}
