//! Not an octet of plaintext comes out before the tag held.
//!
//! There is no buffer and no callback that could be looked at: the content is in the answer or the answer is an
//! error. So it is enough that no tampered message of any size gives one, also raw.

use fdescrow::envelope::{Envelope, EnvelopeError, Limits, OpenOptions, Suite};
use fdescrow_tests::generator::asn1::{CONTEXT, Node};
use fdescrow_tests::generator::forge::Forge;
use fdescrow_tests::generator::primitives::{Cipher, Hash};
use fdescrow_tests::generator::{Authority, Blueprint, KeyTransport, OaepParameters};
use fdescrow_tests::recipients::{Recipient, Seeded};

/// Where a message is changed.
const CHANGES: [&str; 5] = ["ciphertext", "tag", "nonce", "length", "attributes"];

fn change(message: &[u8], what: &str, rng: &Seeded) -> Vec<u8> {
    let flipped = |node: &Node| {
        let mut octets = node.content();
        let place = rng.below(octets.len());
        octets[place] ^= 1 << rng.below(8);
        Node::octets(node.tag, octets)
    };
    let mut forge = Forge::of(message);
    match what {
        "ciphertext" => *forge.ciphertext() = flipped(forge.ciphertext()),
        "tag" => *forge.mac() = flipped(forge.mac()),
        "nonce" => *forge.iv() = flipped(forge.iv()),
        "length" => {
            let mut octets = forge.ciphertext().content();
            if rng.below(2) == 0 {
                octets.pop();
            } else {
                octets.push(0);
            }
            *forge.ciphertext() = Node::octets(CONTEXT, octets);
        }
        _ => forge.set_authenticated_attributes(&[Node::sequence([
            Node::oid("1.2.840.113549.1.9.3"),
            Node::set([Node::oid("1.2.840.113549.1.7.1")]),
        ])]),
    }
    forge.encode()
}

#[test]
fn tampered_messages_release_nothing_counted() {
    let rng = Seeded::new(6);
    let authority = Authority::escrow("fdescrow tests");
    let recipient = Recipient::from(&authority);
    let oaep = KeyTransport::Oaep {
        hash: Hash::Sha256,
        mgf1: Hash::Sha256,
        label: Vec::new(),
        parameters: OaepParameters::Full,
    };
    let blueprint = Blueprint::new(Cipher::AesGcm(256), oaep);
    let limits = Limits::default().input_bytes(128 * 1024);
    let options = OpenOptions::new(Suite::Modern);
    let (mut good, mut refused, mut octets) = (0, 0, 0);
    while refused < 1_000 {
        // One octet to 64 KiB, as many small as large.
        let largest = 1 << rng.below(17);
        let plaintext = rng.octets(1 + rng.below(largest));
        let message = blueprint.seal(&[&authority], &plaintext);
        let opened =
            Envelope::parse(&message, &limits).unwrap().danger_open_raw(&recipient.keyring(), &options).unwrap();
        assert!(opened.authenticated && opened.content.constant_time_eq(&plaintext));
        good += 1;
        for what in CHANGES {
            let changed = Envelope::parse(&change(&message, what, &rng), &limits).unwrap();
            let raw = changed.danger_open_raw(&recipient.keyring(), &options).map(|raw| raw.content.len());
            assert_eq!(raw, Err(EnvelopeError::Open), "{what}");
            assert_eq!(changed.open(&recipient.keyring(), &options).unwrap_err(), EnvelopeError::Open, "{what}");
            refused += 1;
            octets += plaintext.len();
        }
    }
    println!("{refused} tampered messages over {octets} octets released nothing; {good} untouched ones opened");
}
