//! Opened with a wrong key, a message that nothing authenticates decrypts to garbage, now and then with a padding
//! that holds. None of it is released as a key.

use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Envelope, EnvelopeError, Format, OpenOptions, Payload, Suite};
use fdescrow::key::{Kind, RecoveryKey};
use fdescrow_tests::generator::primitives::Cipher;
use fdescrow_tests::generator::{Authority, Blueprint, GoLibrary, KeyTransport, filevault_prk, fleet_bitlocker};
use fdescrow_tests::recipients::{Recipient, Seeded};

/// Opens with a wrong key: a fresh wrong one for each message would cost more than it shows, since the substitute
/// for a wrapped key depends on both.
fn opens_nothing(envelope: &Envelope, wrong: &Recipient, kind: Kind) -> usize {
    let options = OpenOptions::new(Suite::Legacy).try_unmatched();
    let error = envelope.open(&wrong.bare_keyring(), &options.clone().kind(kind)).unwrap_err();
    assert_eq!(error, EnvelopeError::Open);
    assert_eq!(envelope.open(&wrong.bare_keyring(), &options).unwrap_err(), EnvelopeError::KindNeeded);
    usize::from(envelope.danger_open_raw(&wrong.bare_keyring(), &options).is_ok())
}

fn wrong_keys(seed: u64, algorithm: KeyAlgorithm, formats: &[Format], count: usize) {
    let rng = Seeded::new(seed);
    let [to, wrong] = [0, 1].map(|_| Recipient::new(algorithm, &rng));
    let mut garbage = 0;
    for number in 0..count {
        let kind = Kind::ALL[number % Kind::ALL.len()];
        let payload = Payload::bare(RecoveryKey::generate(kind, rng.as_ref()).unwrap());
        let format = formats[number % formats.len()];
        let envelope = Envelope::seal(&payload, &[&to.certificate], format, rng.as_ref()).unwrap();
        garbage += opens_nothing(&envelope, &wrong, kind);
    }
    println!(
        "{count} openings of CBC with a wrong key of {algorithm}: 0 keys released; {garbage} paddings held by chance"
    );
    // One in 256: were it none at all, the test would not have met what it is about.
    assert!(garbage > 0 && garbage * 64 < count, "{garbage}");
}

#[test]
fn wrong_key_on_p256_releases_nothing_counted() {
    wrong_keys(20, KeyAlgorithm::P256, &[Format::Enveloped], 8_000);
}

#[test]
fn wrong_key_of_rsa_releases_nothing_counted() {
    wrong_keys(21, KeyAlgorithm::Rsa2048, &[Format::Enveloped, Format::EnvelopedPkcs1v15], 1_000);
}

/// The same for what macOS and Fleet write: 3DES and DES, whose blocks are shorter.
#[test]
fn wrong_key_releases_nothing_of_older_ciphers_counted() {
    let [to, wrong] = [Authority::fleet(), Authority::fleet()];
    let recipient = Recipient::from(&wrong);
    let filevault = "5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT".as_bytes();
    let bitlocker = "471207-278498-422125-177177-561902-537405-468006-693451".as_bytes();
    let cbc = Blueprint::new(Cipher::AesCbc(128), KeyTransport::Pkcs1 { null: true });
    let (mut count, mut garbage) = (0, 0);
    while count < 1_000 {
        for (message, kind) in [
            (filevault_prk(&to, filevault, &[24]), Kind::FileVault),
            (fleet_bitlocker(&to, bitlocker, GoLibrary::Smallstep), Kind::BitLocker),
            (cbc.seal(&[&to], filevault), Kind::FileVault),
        ] {
            let envelope = Envelope::parse(&message, &fdescrow::envelope::Limits::default()).unwrap();
            garbage += opens_nothing(&envelope, &recipient, kind);
            count += 1;
        }
    }
    println!(
        "{count} openings of 3DES, DES and AES-128 in CBC with a wrong key: 0 keys released; {garbage} paddings held"
    );
}
