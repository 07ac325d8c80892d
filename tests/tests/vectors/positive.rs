//! Every message opens to its plaintext, with the suites that allow it and with no other.

use fdescrow::envelope::{Envelope, EnvelopeError, Limits, OpenOptions, Suite};
use fdescrow::key::Kind;

use crate::pack::{Entry, entries, options};

/// The only ones that are not opened, and why.
const REFUSED: [(&str, &str); 8] = [
    ("cms-positive/bc/encSess1.asc.der", "3DES key wrap"),
    ("cms-positive/bc/encSess2.asc.der", "3DES key wrap"),
    ("cms-positive/bc/encSessA.asc.der", "3DES key wrap"),
    ("cms-positive/bc/encSessB.asc.der", "3DES key wrap"),
    ("cms-positive/openssl/ciphertext_from_1_1_1.cms", "3DES key wrap"),
    ("cms-positive/rfc4134/5.2.bin", "RC2"),
    ("cms-positive/rfc4134/7.1.bin", "EncryptedData"),
    ("cms-positive/rfc4134/7.2.bin", "EncryptedData"),
];

/// The strictest suite that allows a message, where that is not `legacy`.
const STRICTEST: [(&str, Suite); 3] = [
    ("cms-positive/own/aed_authattrs.der", Suite::Modern),
    ("cms-positive/own/aed_noattr.der", Suite::Modern),
    ("cms-positive/pyca/enveloped-triple-des.pem", Suite::FileVault),
];

/// The manifest leaves it empty; this is what OpenSSL gives.
const TRIPLE_DES_PLAINTEXT: &[u8] = b"Hello, World!\r\n";

#[test]
fn every_message_of_others_opens_to_its_plaintext_counted() {
    let Some(entries) = entries("cms-positive") else { return };
    let (mut opened, mut too_strict, mut refused) = (0, 0, Vec::new());
    for entry in &entries {
        if let Some((_, reason)) = REFUSED.iter().find(|(file, _)| *file == entry.file) {
            is_refused(entry, reason);
            refused.push(format!("  {} ({reason})", entry.file));
            continue;
        }
        let strictest =
            STRICTEST.iter().find(|(file, _)| *file == entry.file).map_or(Suite::Legacy, |(_, suite)| *suite);
        for suite in Suite::ALL {
            let envelope = Envelope::parse(&entry.bytes, &Limits::default()).unwrap();
            let content = envelope.danger_open_raw(&entry.keyring(), &options(*suite));
            if *suite < strictest {
                assert!(matches!(content, Err(EnvelopeError::Suite { .. })), "{} {suite}", entry.file);
                too_strict += 1;
                continue;
            }
            let content = content.unwrap_or_else(|error| panic!("{} {suite}: {error}", entry.file));
            assert_eq!(content.content.expose(), plaintext(entry), "{} {suite}", entry.file);
            assert_eq!(content.authenticated, entry.file.contains("/aed_"), "{}", entry.file);
            opened += usize::from(*suite == strictest);
        }
    }
    println!(
        "{opened} of {} messages opened to their plaintext, {too_strict} times refused by a stricter suite",
        entries.len()
    );
    println!("{} are never opened:\n{}", refused.len(), refused.join("\n"));
    assert_eq!((opened, refused.len(), entries.len()), (18, REFUSED.len(), 26));
}

fn plaintext(entry: &Entry) -> &[u8] {
    if entry.file.ends_with("enveloped-triple-des.pem") {
        return TRIPLE_DES_PLAINTEXT;
    }
    entry.plaintext.as_deref().unwrap()
}

fn is_refused(entry: &Entry, reason: &str) {
    match Envelope::parse(&entry.bytes, &Limits::default()) {
        Err(error) => {
            assert!(matches!(error, EnvelopeError::Type(_)), "{}: {error}", entry.file);
            assert!(error.to_string().contains(reason), "{}: {error}", entry.file);
        }
        Ok(envelope) => {
            for suite in Suite::ALL {
                let error = envelope.danger_open_raw(&entry.keyring(), &options(*suite)).unwrap_err();
                assert!(matches!(error, EnvelopeError::Suite { .. }), "{}: {error}", entry.file);
                assert!(error.to_string().contains(reason), "{}: {error}", entry.file);
            }
            let inspection = envelope.inspect(&[]);
            assert!(inspection.suites.is_empty() && inspection.to_string().contains(reason), "{inspection}");
        }
    }
}

/// What a key is, decides its form: the same bytes opened as a key, or as raw content.
#[test]
fn content_without_a_tag_needs_its_kind_named() {
    let Some(entries) = entries("cms-positive") else { return };
    for entry in entries.iter().filter(|entry| REFUSED.iter().all(|(file, _)| *file != entry.file)) {
        let envelope = Envelope::parse(&entry.bytes, &Limits::default()).unwrap();
        let opened = envelope.open(&entry.keyring(), &options(Suite::Legacy));
        let named = envelope.open(&entry.keyring(), &options(Suite::Legacy).kind(Kind::FileVault));
        if entry.file.contains("/aed_") {
            for opened in [opened, named] {
                let opened = opened.unwrap();
                assert_eq!(opened.payload.key.expose().as_bytes(), plaintext(entry));
                assert!(opened.authenticated && opened.payload.bare && !opened.bound);
            }
        } else {
            assert_eq!(opened.unwrap_err(), EnvelopeError::KindNeeded, "{}", entry.file);
            assert_eq!(named.unwrap_err(), EnvelopeError::Open, "{}", entry.file);
        }
    }
}

/// Authenticated attributes are under the tag: no bit of them can change.
#[test]
fn authenticated_attributes_are_authenticated_counted() {
    let Some(entries) = entries("cms-positive") else { return };
    let entry = entries.iter().find(|entry| entry.file.ends_with("aed_authattrs.der")).unwrap();
    let (keyring, options) = (entry.keyring(), OpenOptions::new(Suite::Modern).try_unmatched());
    // [1] after EncryptedContentInfo: the value of HOST-A and what is around it.
    let message = &entry.bytes;
    let value = message.windows(6).position(|window| window == b"HOST-A").unwrap();
    let start = message[..value].iter().rposition(|octet| *octet == 0xa1).unwrap();
    let end = start + 2 + usize::from(message[start + 1]);
    assert_eq!(message[end], 0x04, "the mac follows");
    let mut refused = 0;
    for place in start..end {
        for bit in 0..8 {
            let mut changed = message.clone();
            changed[place] ^= 1 << bit;
            let opened =
                Envelope::parse(&changed, &Limits::default()).and_then(|envelope| envelope.open(&keyring, &options));
            assert!(opened.is_err(), "octet {place} bit {bit}");
            refused += 1;
        }
    }
    println!("{refused} of {refused} changes to authenticated attributes refused");
    assert!(refused >= 400);
}
