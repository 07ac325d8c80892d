//! What has broken others is refused, before it can cost anything, by whatever key and suite.

use std::time::Duration;

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Envelope, EnvelopeError, Keyring, Limits, OpenOptions, Payload, Suite, seal};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow_tests::fastest;
use fdescrow_tests::generator::asn1::Node;
use fdescrow_tests::generator::forge::Forge;
use fdescrow_tests::generator::relabel::{Mode, Relabel, relabel};
use fdescrow_tests::recipients::{Recipient, Seeded};

use crate::pack::{all_keys, entries, options};

/// Longest that a refusal may take.
const LIMIT: Duration = Duration::from_millis(10);

/// The table of OpenSSL's failures: what each is, and the files of the pack that show it.
const TABLE: [(&str, &[&str]); 16] = [
    ("tag of one octet, CVE-2026-34182", &["openssl/mal_one_byte_mac_cms_der.der"]),
    ("OFB in AuthEnvelopedData, CVE-2026-34182", &["openssl/mal_bad_cms_der.der", "own/ofb-in-AuthEnveloped.der"]),
    ("OFB in EnvelopedData", &["own/ofb-in-Enveloped.der"]),
    ("tag of four octets", &["own/aed_tag4.der"]),
    ("password recipient without KDF, CVE-2026-42766", &["openssl/missing-kdf.der"]),
    ("OAEP without parameters, wrapped as v1.5", &["own/oaep-params-absent.der"]),
    ("OAEP with NULL, wrapped as v1.5", &["own/oaep-params-NULL.der"]),
    ("OAEP with INTEGER, wrapped as v1.5", &["own/oaep-params-INTEGER.der"]),
    ("authenticated attributes changed", &["own/aed_authattrs-tampered.der"]),
    ("GCM relabelled EnvelopedData with CBC", &[]),
    ("AEAD nonce too long, CVE-2025-15467", &["openssl/encDataWithTooLongIV.pem"]),
    ("password recipient with a short key, CVE-2026-9076", &["openssl/cms_pwri_kek_oob.der"]),
    ("DH recipient malformed, CVE-2026-28389", &["openssl/dh-malformed.der"]),
    ("ECDH recipient malformed, CVE-2026-28389", &["openssl/ecdh-malformed.der"]),
    ("RSA recipient malformed, CVE-2026-28390", &["openssl/rsa-malformed.der"]),
    ("AES key wrap relabelled key wrap with padding, CVE-2026-63072", &[]),
];

/// What a message is opened as: a key of a kind, or raw content.
const KINDS: [Option<Kind>; 6] =
    [None, Some(Kind::BitLocker), Some(Kind::FileVault), Some(Kind::Luks), Some(Kind::Snapd), Some(Kind::Systemd)];

/// Refused with every suite, whatever it is opened as; gives how the strictest and the laxest suite answer, and how
/// long that takes at best.
fn is_refused(
    name: &str,
    message: &[u8],
    keyring: &Keyring,
    options: impl Fn(Suite) -> OpenOptions,
    kinds: &[Option<Kind>],
) -> ([EnvelopeError; 2], Duration) {
    let open = |suite: Suite, kind: Option<Kind>| {
        let envelope = Envelope::parse(message, &Limits::default())?;
        match kind {
            Some(kind) => envelope.open(keyring, &options(suite).kind(kind)).map(|_| ()),
            None => envelope.danger_open_raw(keyring, &options(suite)).map(|_| ()),
        }
    };
    let mut longest = Duration::ZERO;
    for suite in Suite::ALL {
        for kind in kinds.iter().copied() {
            let time =
                fastest(LIMIT, || assert!(open(*suite, kind).is_err(), "{name} opened with {suite} as {kind:?}"));
            longest = longest.max(time);
        }
    }
    assert!(longest < LIMIT, "{name} took {longest:?}");
    let answer = |suite| open(suite, Some(Kind::FileVault)).unwrap_err();
    ([answer(Suite::Modern), answer(Suite::Legacy)], longest)
}

#[test]
fn every_broken_message_is_refused_in_time_counted() {
    let Some(entries) = entries("cms-negative") else { return };
    let mut longest = Duration::ZERO;
    for entry in &entries {
        // Of two recipients no key fits by name: what is to be shown is that none is tried.
        let options: fn(Suite) -> OpenOptions =
            if entry.file.contains("wrong-recipient") { OpenOptions::new } else { options };
        let ([_, legacy], time) = is_refused(&entry.file, &entry.bytes, &entry.keyring(), options, &KINDS);
        println!("{time:>10.1?}  {}: {legacy}", entry.file);
        longest = longest.max(time);
    }
    println!("{} of {} refused, the slowest in {longest:.1?}", entries.len(), entries.len());
    assert_eq!(entries.len(), 24);
}

/// The same with every key there is: whoever else's key is in the keyring makes nothing open.
#[test]
fn no_key_of_the_pack_opens_a_broken_message() {
    let (Some(entries), Some(keyring)) = (entries("cms-negative"), all_keys()) else { return };
    for entry in &entries {
        let Ok(envelope) = Envelope::parse(&entry.bytes, &Limits::default()) else { continue };
        for kind in Kind::ALL {
            assert!(envelope.open(&keyring, &options(Suite::Legacy).kind(*kind)).is_err(), "{}", entry.file);
        }
    }
}

#[test]
fn what_openssl_let_through_is_refused_counted() {
    let Some(entries) = entries("cms-negative") else { return };
    let rng = Seeded::new(2);
    let (rsa, p256) = (Recipient::new(KeyAlgorithm::Rsa2048, &rng), Recipient::new(KeyAlgorithm::P256, &rng));
    let payload = Payload::bare(RecoveryKey::generate(Kind::FileVault, rng.as_ref()).unwrap());
    let sealed = |to: &Recipient| seal(&payload, &[&to.certificate], rng.as_ref()).unwrap().der().to_vec();

    let mut refused = 0;
    for (name, files) in TABLE {
        let mut answers = Vec::new();
        for file in files {
            let entry = entries.iter().find(|entry| entry.file.ends_with(file)).unwrap();
            answers.push(is_refused(name, &entry.bytes, &entry.keyring(), options, &KINDS));
        }
        if name.starts_with("GCM relabelled") {
            let relabelled = relabel(&sealed(&rsa), &[Relabel::ToEnveloped, Relabel::Content(Mode::Cbc)]).unwrap();
            // Raw, one garbage in 256 has a padding that holds: not as a key.
            let answer = is_refused(name, &relabelled, &rsa.keyring(), OpenOptions::new, &KINDS[1..]);
            assert!(matches!(answer.0[0], EnvelopeError::Suite { .. }), "before the key: {:?}", answer.0);
            answers.push(answer);
        }
        if name.starts_with("AES key wrap") {
            let mut forge = Forge::of(&sealed(&p256));
            let wrap = &mut forge.key_algorithm().children_mut()[1];
            assert_eq!(*wrap, Node::algorithm("2.16.840.1.101.3.4.1.45", None), "AES-256 key wrap");
            *wrap = Node::algorithm("2.16.840.1.101.3.4.1.48", None);
            let answer = is_refused(name, &forge.encode(), &p256.keyring(), OpenOptions::new, &KINDS);
            assert!(matches!(answer.0[1], EnvelopeError::Suite { .. }), "before the key: {:?}", answer.0);
            answers.push(answer);
        }
        for ([_, legacy], time) in answers {
            println!("{time:>10.1?}  {name}: {legacy}");
        }
        refused += 1;
    }
    println!("{refused} of {} refused", TABLE.len());
    assert_eq!(refused, 16);
}
