//! Relabelled to another algorithm, no message gives a plaintext.

use std::collections::BTreeMap;

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Envelope, EnvelopeError, Limits, OpenOptions, Owner, Payload, Suite, seal};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow_tests::generator::relabel::{DOWNGRADES, Relabel, relabel};
use fdescrow_tests::recipients::{Recipient, Seeded};

use crate::open;

/// Kinds, owners and sizes, so that the blocks behind a relabelled nonce are of every sort.
fn payload(rng: &Seeded) -> Payload {
    let kind = *rng.pick(Kind::ALL);
    let key = RecoveryKey::generate(kind, rng).unwrap();
    if rng.below(2) == 0 {
        return Payload::bare(key);
    }
    let device = "x".repeat(1 + rng.below(40));
    Payload::new(key, Owner::new().organization("example.com".parse().unwrap()).device(device.parse().unwrap()))
}

fn check(algorithm: KeyAlgorithm, bodies: usize) {
    let rng = Seeded::new(7);
    let to = Recipient::new(algorithm, &rng);
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    let (mut relabelled, mut garbage) = (0, 0);
    for _ in 0..bodies {
        let payload = payload(&rng);
        let message = seal(&payload, &[&to.certificate], rng.as_ref()).unwrap();
        let secret = payload.key.expose().as_bytes();
        for changes in DOWNGRADES {
            let Some(changed) = relabel(message.der(), changes) else { continue };
            relabelled += 1;
            for suite in Suite::ALL {
                let options = OpenOptions::new(*suite).kind(payload.key.kind());
                let error = match open(&changed, &to.keyring(), &options) {
                    Ok(opened) => panic!("{changes:?} opened with {suite}: {opened:?}"),
                    Err(error) => error,
                };
                let answer = if error == EnvelopeError::Open { "after the key" } else { "before the key" };
                *answers.entry(format!("{suite}: {answer}")).or_default() += 1;
            }
            // Raw, what nothing authenticates may be garbage, but is never what was sealed: not its last block either.
            let raw = Envelope::parse(&changed, &Limits::default())
                .and_then(|envelope| envelope.danger_open_raw(&to.keyring(), &OpenOptions::new(Suite::Legacy)));
            if let Ok(raw) = raw {
                let content = raw.content.expose();
                assert!(!raw.authenticated);
                assert!(!content.windows(8).any(|window| secret.windows(8).any(|part| part == window)), "{changes:?}");
                garbage += 1;
            }
        }
    }
    println!(
        "{bodies} bodies to {algorithm}, {relabelled} relabelled messages, 0 plaintexts; {garbage} gave garbage raw"
    );
    for (answer, count) in answers {
        println!("  refused with suite {answer}: {count}");
    }
    assert!(relabelled >= 9 * bodies, "{relabelled}");
}

#[test]
fn relabelled_messages_to_rsa_give_nothing_counted() {
    check(KeyAlgorithm::Rsa2048, 300);
}

#[test]
fn relabelled_messages_to_p256_give_nothing_counted() {
    check(KeyAlgorithm::P256, 700);
}

/// OAEP declared as PKCS#1 v1.5 is refused before the key where v1.5 is not for this content, and fails like all
/// else where it is.
#[test]
fn oaep_declared_as_pkcs1_takes_no_older_path_counted() {
    let rng = Seeded::new(8);
    let to = Recipient::new(KeyAlgorithm::Rsa2048, &rng);
    let mut refused = 0;
    for _ in 0..100 {
        let payload = Payload::bare(RecoveryKey::generate(Kind::FileVault, rng.as_ref()).unwrap());
        let message = seal(&payload, &[&to.certificate], rng.as_ref()).unwrap();
        let options = |suite| OpenOptions::new(suite).kind(Kind::FileVault);
        let alone = relabel(message.der(), &[Relabel::KeyToPkcs1]).unwrap();
        for suite in [Suite::Modern, Suite::FileVault] {
            let error = open(&alone, &to.keyring(), &options(suite)).unwrap_err();
            assert!(matches!(error, EnvelopeError::Suite { .. }), "{suite}: {error}");
        }
        assert_eq!(open(&alone, &to.keyring(), &options(Suite::Legacy)).unwrap_err(), EnvelopeError::Open);
        let all = [
            Relabel::KeyToPkcs1,
            Relabel::ToEnveloped,
            Relabel::Content(fdescrow_tests::generator::relabel::Mode::Cbc),
        ];
        let as_macos = relabel(message.der(), &all).unwrap();
        let error = open(&as_macos, &to.keyring(), &options(Suite::Modern)).unwrap_err();
        assert!(matches!(error, EnvelopeError::Suite { .. }), "{error}");
        for suite in [Suite::FileVault, Suite::Legacy] {
            assert_eq!(open(&as_macos, &to.keyring(), &options(suite)).unwrap_err(), EnvelopeError::Open);
        }
        refused += 6;
    }
    println!("{refused} of {refused} openings of OAEP declared as PKCS#1 v1.5 refused");
}
