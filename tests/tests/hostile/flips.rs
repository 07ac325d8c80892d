//! Every single bit of a message is flipped.
//!
//! An authenticated message then opens to the same key or not at all, and what may change is known field by field:
//! what the sender's structure says about itself, which no tag covers. A message in CBC is not authenticated; there
//! the form of the key is all that stands between a flip and another key, and for BitLocker it holds.

use std::collections::BTreeMap;
use std::ops::Range;

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Envelope, Format, OpenOptions, Owner, Payload, Suite};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow_tests::recipients::{Recipient, Seeded};

use crate::open;

/// A field of a message, by the numbers of its elements from the outside in.
type Place = &'static [usize];

/// The octets of every element of a DER message: the whole of it, and its content.
fn places(message: &[u8]) -> BTreeMap<Vec<usize>, (Range<usize>, Range<usize>)> {
    fn walk(
        message: &[u8],
        at: Range<usize>,
        path: &[usize],
        found: &mut BTreeMap<Vec<usize>, (Range<usize>, Range<usize>)>,
    ) {
        let (mut start, mut number) = (at.start, 0);
        while start < at.end {
            let (tag, first) = (message[start], message[start + 1]);
            let octets = usize::from(first & 0x7f) * usize::from(first >= 0x80);
            let content = start + 2 + octets;
            let length = match octets {
                0 => usize::from(first),
                _ => message[start + 2..content].iter().fold(0, |length, octet| length << 8 | usize::from(*octet)),
            };
            let place = [path, &[number]].concat();
            if tag & 0x20 != 0 {
                walk(message, content..content + length, &place, found);
            }
            found.insert(place, (start..content + length, content..content + length));
            (start, number) = (content + length, number + 1);
        }
    }
    let mut found = BTreeMap::new();
    walk(message, 0..message.len(), &[], &mut found);
    found
}

/// What no tag covers, in every message.
const VERSION: (&str, Place) = ("version", &[0, 1, 0, 0]);
const RECIPIENT_VERSION: (&str, Place) = ("version of the recipient", &[0, 1, 0, 1, 0, 0]);
const CONTENT_TYPE: (&str, Place) = ("inner content type", &[0, 1, 0, 2, 0]);
/// To an RSA certificate.
const RSA_IDENTIFIER: (&str, Place) = ("recipient identifier", &[0, 1, 0, 1, 0, 1]);
/// To a certificate on an elliptic curve.
const EC_IDENTIFIER: (&str, Place) = ("recipient identifier", &[0, 1, 0, 1, 0, 3, 0, 0]);
const ORIGINATOR_ALGORITHM: (&str, Place) = ("algorithm of the sender's key", &[0, 1, 0, 1, 0, 1, 0, 0]);

struct Flips {
    flipped: usize,
    /// Changed, and opened to the same key: by field.
    same: BTreeMap<&'static str, usize>,
    /// Changed, opened to the same key, and not in a field that is listed.
    unlisted: Vec<String>,
    /// Changed, and opened to another key.
    other: usize,
}

/// Flips every bit. The keyring tries its key whoever the message names, so that a change there hides nothing.
fn flip(message: &[u8], to: &Recipient, payload: &Payload, fields: &[(&'static str, Place)]) -> Flips {
    let places = places(message);
    let options = OpenOptions::new(Suite::Legacy).kind(payload.key.kind()).try_unmatched();
    let mut flips = Flips { flipped: 0, same: BTreeMap::new(), unlisted: Vec::new(), other: 0 };
    for octet in 0..message.len() {
        let field = fields.iter().find(|(_, place)| places[*place].0.contains(&octet)).map(|(name, _)| *name);
        for bit in 0..8 {
            let mut changed = message.to_vec();
            changed[octet] ^= 1 << bit;
            flips.flipped += 1;
            let Ok(opened) = open(&changed, &to.keyring(), &options) else { continue };
            let same = opened.payload.key.constant_time_eq(&payload.key) && opened.payload.owner == payload.owner;
            match field {
                _ if !same => flips.other += 1,
                Some(field) => *flips.same.entry(field).or_default() += 1,
                None => flips.unlisted.push(format!("octet {octet} bit {bit}")),
            }
        }
    }
    flips
}

fn check(name: &str, algorithm: KeyAlgorithm, format: Format, owner: Option<Owner>, fields: &[(&'static str, Place)]) {
    let rng = Seeded::new(1);
    let to = Recipient::new(algorithm, &rng);
    let key = RecoveryKey::generate(Kind::BitLocker, rng.as_ref()).unwrap();
    let payload = match owner {
        Some(owner) => Payload::new(key, owner),
        None => Payload::bare(key),
    };
    let message = Envelope::seal(&payload, &[&to.certificate], format, rng.as_ref()).unwrap();
    let flips = flip(message.der(), &to, &payload, fields);
    let same: usize = flips.same.values().sum();
    println!(
        "{name}, {} octets: {} bits flipped, {} opened to another key",
        message.der().len(),
        flips.flipped,
        flips.other
    );
    println!("  {same} opened to the same key: {:?}; {} elsewhere", flips.same, flips.unlisted.len());
    assert_eq!(flips.other, 0);
    if format == Format::Auth {
        assert!(flips.unlisted.is_empty(), "{:?}", flips.unlisted);
        assert_eq!(flips.same.len(), fields.len(), "each listed field is one where a bit may change");
    }
    assert!(flips.flipped == 8 * message.der().len() && flips.flipped > 3_000);
}

fn owner() -> Owner {
    Owner::new().organization("example.com".parse().unwrap()).device("PC-17".parse().unwrap())
}

#[test]
fn flipped_gcm_to_rsa_counted() {
    let fields = [VERSION, RECIPIENT_VERSION, RSA_IDENTIFIER, CONTENT_TYPE];
    check("GCM to RSA", KeyAlgorithm::Rsa2048, Format::Auth, None, &fields);
}

#[test]
fn flipped_gcm_to_p256_counted() {
    let fields = [VERSION, RECIPIENT_VERSION, EC_IDENTIFIER, ORIGINATOR_ALGORITHM, CONTENT_TYPE];
    check("GCM to P-256", KeyAlgorithm::P256, Format::Auth, Some(owner()), &fields);
}

#[test]
fn flipped_cbc_to_rsa_counted() {
    let fields = [VERSION, RECIPIENT_VERSION, RSA_IDENTIFIER, CONTENT_TYPE];
    check("CBC to RSA", KeyAlgorithm::Rsa2048, Format::EnvelopedPkcs1v15, None, &fields);
}

#[test]
fn flipped_cbc_to_p256_counted() {
    let fields = [VERSION, RECIPIENT_VERSION, EC_IDENTIFIER, ORIGINATOR_ALGORITHM, CONTENT_TYPE];
    check("CBC to P-256", KeyAlgorithm::P256, Format::Enveloped, Some(owner()), &fields);
}
