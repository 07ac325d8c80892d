//! Do we open the messages that are out there, in every encoding, and nothing that was relabelled?
//!
//! All messages are of the generator, which others have opened (`generator.rs`).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking, and show what they counted"
)]

use std::sync::Arc;

use fdescrow::envelope::identity::software_identity;
use fdescrow::envelope::{
    Certificate, Envelope, EnvelopeError, Identity, Keyring, Limits, Note, OpenOptions, PrivateKey, Suite,
};
use fdescrow::key::Kind;
use fdescrow_identities::SystemRandomness;
use fdescrow_tests::generator::ber::{Manner, berify};
use fdescrow_tests::generator::primitives::{Cipher, Hash};
use fdescrow_tests::generator::relabel::{DOWNGRADES, Relabel, relabel};
use fdescrow_tests::generator::{
    Authority, Blueprint, GoLibrary, Identifier, KeyTransport, OaepParameters, filevault_prk, fleet_bitlocker, go_gcm,
    smallstep_oaep,
};

const FILEVAULT: &str = "5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";
const BITLOCKER: &str = "111111-222222-333333-444444-555555-666666-000000-720885";

fn certificate(authority: &Authority) -> Certificate {
    Certificate::from_der(&authority.certificate).unwrap()
}

fn identity(authority: &Authority) -> Arc<dyn Identity> {
    let key = PrivateKey::parse_all(authority.key_pem().as_bytes(), None).unwrap().pop().unwrap();
    software_identity(key, vec![certificate(authority)], Arc::new(SystemRandomness::new()))
}

fn keyring<'a>(authorities: impl IntoIterator<Item = &'a Authority>) -> Keyring {
    authorities.into_iter().map(identity).collect()
}

fn open(message: &[u8], keyring: &Keyring, suite: Suite, kind: Kind) -> Result<String, EnvelopeError> {
    let opened = Envelope::parse(message, &Limits::default())?.open(keyring, &OpenOptions::new(suite).kind(kind))?;
    Ok(opened.payload.key.expose().to_owned())
}

fn is_refused_by_suite(answer: &Result<String, EnvelopeError>) -> bool {
    matches!(answer, Err(EnvelopeError::Suite { .. }))
}

fn oaep() -> KeyTransport {
    let (hash, parameters) = (Hash::Sha256, OaepParameters::Full);
    KeyTransport::Oaep { hash, mgf1: hash, label: Vec::new(), parameters }
}

#[test]
fn filevault_prk_opens_whatever_its_chunks() {
    let fleet = Authority::fleet();
    let keyring = keyring([&fleet]);
    for chunks in [&[24][..], &[8, 8, 8], &[1, 30], &[32], &[5, 0, 3, 11]] {
        let message = filevault_prk(&fleet, FILEVAULT.as_bytes(), chunks);
        assert!(is_refused_by_suite(&open(&message, &keyring, Suite::Modern, Kind::FileVault)), "{chunks:?}");
        assert_eq!(open(&message, &keyring, Suite::FileVault, Kind::FileVault).unwrap(), FILEVAULT, "{chunks:?}");
    }
}

#[test]
fn message_to_macos_own_certificate_is_told() {
    let (macos, fleet) = (Authority::macos("Anas-MacBook-Pro"), Authority::fleet());
    let message = filevault_prk(&macos, FILEVAULT.as_bytes(), &[24]);
    let known = [certificate(&fleet)];
    let inspection = Envelope::parse(&message, &Limits::default()).unwrap().inspect(&known);
    assert!(inspection.notes.contains(&Note::SealedByMacOsToItself), "{:?}", inspection.notes);
    let answer = open(&message, &keyring([&fleet]), Suite::FileVault, Kind::FileVault);
    assert!(matches!(answer, Err(EnvelopeError::NoRecipient)), "{answer:?}");
    assert_eq!(open(&message, &keyring([&macos]), Suite::FileVault, Kind::FileVault).unwrap(), FILEVAULT);
}

#[test]
fn rows_of_fleet_open_in_legacy_alone() {
    let fleet = Authority::newer_fleet();
    let keyring = keyring([&fleet]);
    for library in [GoLibrary::Mozilla, GoLibrary::Smallstep] {
        let rows = [
            fleet_bitlocker(&fleet, BITLOCKER.as_bytes(), library),
            go_gcm(&fleet, BITLOCKER.as_bytes(), 128, library),
            go_gcm(&fleet, BITLOCKER.as_bytes(), 256, library),
        ];
        for row in rows {
            for suite in [Suite::Modern, Suite::FileVault] {
                assert!(is_refused_by_suite(&open(&row, &keyring, suite, Kind::BitLocker)), "{library:?} {suite}");
            }
            assert_eq!(open(&row, &keyring, Suite::Legacy, Kind::BitLocker).unwrap(), BITLOCKER, "{library:?}");
        }
    }
}

/// Above SHA-1, smallstep/pkcs7 states other OAEP parameters than it used. Nobody but itself opens that,
/// and neither do we: Fleet never asks it for OAEP.
#[test]
fn oaep_of_smallstep_opens_where_it_says_what_it_did() {
    let fleet = Authority::fleet();
    let keyring = keyring([&fleet]);
    for hash in Hash::ALL {
        let message = smallstep_oaep(&fleet, BITLOCKER.as_bytes(), Cipher::AesCbc(256), hash);
        let answer = open(&message, &keyring, Suite::Legacy, Kind::BitLocker);
        match hash {
            Hash::Sha1 => assert_eq!(answer.unwrap(), BITLOCKER),
            _ => assert!(matches!(answer, Err(EnvelopeError::Open)), "{hash:?}: {answer:?}"),
        }
    }
}

#[test]
fn key_of_either_generation_opens_with_both_in_the_keyring() {
    let generations = Authority::two_generations_of_fleet();
    for order in [[0, 1], [1, 0]] {
        let keyring = keyring(order.map(|index| &generations[index]));
        for (index, authority) in generations.iter().enumerate() {
            let message = filevault_prk(authority, FILEVAULT.as_bytes(), &[24]);
            let envelope = Envelope::parse(&message, &Limits::default()).unwrap();
            let options = OpenOptions::new(Suite::FileVault).kind(Kind::FileVault);
            let opened = envelope.open(&keyring, &options).unwrap();
            assert_eq!(opened.payload.key.expose(), FILEVAULT);
            assert_eq!(order[opened.identity], index);
            let known = generations.each_ref().map(certificate);
            assert!(envelope.inspect(&known).notes.contains(&Note::RecipientAmbiguous));
        }
    }
}

/// The messages that are written in every manner, to this authority and another.
fn samples(to: &Authority) -> Vec<Vec<u8>> {
    let other = Authority::fleet();
    let mut samples = Vec::new();
    for cipher in [Cipher::AesCbc(256), Cipher::AesGcm(256), Cipher::TripleDesCbc] {
        for key_transport in [KeyTransport::Pkcs1 { null: true }, KeyTransport::Pkcs1 { null: false }, oaep()] {
            for identifier in [Identifier::IssuerAndSerial, Identifier::SubjectKeyIdentifier] {
                let blueprint = Blueprint { identifier, ..Blueprint::new(cipher, key_transport.clone()) };
                samples.push(blueprint.seal(&[&other, to], FILEVAULT.as_bytes()));
            }
        }
    }
    for library in [GoLibrary::Mozilla, GoLibrary::Smallstep] {
        samples.push(fleet_bitlocker(to, FILEVAULT.as_bytes(), library));
        samples.push(go_gcm(to, FILEVAULT.as_bytes(), 256, library));
    }
    samples
}

#[test]
fn every_manner_of_ber_opens_to_the_same_key_counted() {
    let escrow = Authority::escrow("fdescrow tests");
    let keyring = keyring([&escrow]);
    let mut count = 0;
    for message in samples(&escrow) {
        for manner in Manner::ALL {
            let written = berify(&message, manner);
            let answer = open(&written, &keyring, Suite::Legacy, Kind::FileVault);
            assert_eq!(answer.unwrap_or_else(|error| panic!("{manner:?}: {error}")), FILEVAULT, "{manner:?}");
            count += 1;
        }
    }
    println!("{count} messages in {} manners of BER opened", Manner::ALL.len());
}

/// No relabelled message gives a plaintext, even where everything that can be read is allowed.
#[test]
fn no_downgrade_opens_counted() {
    let escrow = Authority::escrow("fdescrow tests");
    let keyring = keyring([&escrow]);
    let mut counts = [0; DOWNGRADES.len()];
    let mut refused_before_the_key = 0;
    let mut total = 0;
    while total < 1_000 {
        for message in samples(&escrow) {
            for (changes, count) in DOWNGRADES.iter().zip(&mut counts) {
                let Some(changed) = relabel(&message, changes) else { continue };
                match open(&changed, &keyring, Suite::Legacy, Kind::FileVault) {
                    Ok(_) => panic!("{changes:?} opened"),
                    Err(EnvelopeError::Open) => {}
                    Err(_) => refused_before_the_key += 1,
                }
                *count += 1;
                total += 1;
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    println!("{total} relabelled messages, {refused_before_the_key} of them refused before the private key was used:");
    for (changes, count) in DOWNGRADES.iter().zip(counts) {
        println!("  {count} {changes:?}");
    }
}

/// Relabelled to the older path, a message takes it in no suite that does not name it.
#[test]
fn key_transport_relabelled_to_pkcs1_is_refused_before_the_key() {
    let escrow = Authority::escrow("fdescrow tests");
    let keyring = keyring([&escrow]);
    let message = Blueprint::new(Cipher::AesGcm(256), oaep()).seal(&[&escrow], FILEVAULT.as_bytes());
    assert_eq!(open(&message, &keyring, Suite::Modern, Kind::FileVault).unwrap(), FILEVAULT);
    let changed = relabel(&message, &[Relabel::KeyToPkcs1]).unwrap();
    for suite in [Suite::Modern, Suite::FileVault] {
        assert!(is_refused_by_suite(&open(&changed, &keyring, suite, Kind::FileVault)), "{suite}");
    }
}
