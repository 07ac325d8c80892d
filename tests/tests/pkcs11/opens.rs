//! A token that does what it should.

use std::{fs, sync::Arc};

use fdescrow::{
    Kind, RecoveryKey, Secret,
    envelope::{
        Certificate, Envelope, EnvelopeError, Format, Identity, Keyring, Limits, NewCertificate, OpenOptions, Owner,
        Payload, Suite, private_key::KeyAlgorithm,
    },
    escrow::CheckOptions,
};
use fdescrow_identities::pkcs11::{TokenError, TokenKey, TokenUri};
use fdescrow_tests::{
    fleet::{Seeded, SqliteFile, agent, at, device},
    token::{LABEL, PIN, SoftToken, in_its_own_process},
};

use super::{UNPADS, door, fill, fleet_in_memory, fleet_over, from_a_mac, key, open, vault};

/// Seals in our own form and opens.
pub(super) fn round_trip(identity: &Arc<dyn Identity>, certificate: &Certificate) {
    let rng = Seeded::next();
    for _ in 0..20 {
        let secret = RecoveryKey::generate(Kind::BitLocker, rng.as_ref()).unwrap();
        let text = secret.expose().to_owned();
        let payload = Payload::new(secret, Owner::new().device(device("PC-1")));
        let envelope = Envelope::seal(&payload, &[certificate], Format::Auth, rng.as_ref()).unwrap();
        let keyring = Keyring::new().with(Arc::clone(identity));
        let opened = envelope.open(&keyring, &OpenOptions::new(Suite::Modern)).unwrap();
        assert_eq!(opened.payload.key.expose(), text);
    }
}

pub(super) fn opens_a_mac(identity: &Arc<dyn Identity>, certificate: &Certificate) -> Result<(), EnvelopeError> {
    let message = Envelope::parse(&from_a_mac(certificate), &Limits::default()).unwrap();
    let options = OpenOptions::new(Suite::FileVault).kind(Kind::FileVault);
    message.open(&Keyring::new().with(Arc::clone(identity)), &options).map(drop)
}

#[test]
fn keys_that_the_token_made_open_what_is_sealed_to_them() {
    in_its_own_process("opens::keys_that_the_token_made_open_what_is_sealed_to_them", "ALL", |token| {
        let (door, vault) = (door(token), vault(token));
        let opened = open("door", &door);
        round_trip(&opened, &door);
        opens_a_mac(&opened, &door).unwrap();
        round_trip(&open("vault", &vault), &vault);
    });
}

#[test]
fn a_token_that_only_unpads_by_itself_opens_what_macs_send() {
    in_its_own_process("opens::a_token_that_only_unpads_by_itself_opens_what_macs_send", UNPADS, |token| {
        let door = door(token);
        let identity = open("door", &door);
        for _ in 0..20 {
            opens_a_mac(&identity, &door).unwrap();
        }
        // SoftHSM has OAEP with SHA-1 alone; what cannot be unpadded is not tried.
        let sha256 = fdescrow::envelope::KeyAlgorithm::RsaOaep {
            hash: fdescrow::envelope::HashAlgorithm::Sha256,
            mgf: fdescrow::envelope::HashAlgorithm::Sha256,
            label: Vec::new(),
        };
        assert!(!identity.permits(&sha256));
    });
}

#[test]
fn a_key_that_was_brought_into_the_token_is_found_with_its_certificate() {
    in_its_own_process("opens::a_key_that_was_brought_into_the_token_is_found_with_its_certificate", "ALL", |token| {
        for (number, algorithm) in [(1, KeyAlgorithm::Rsa2048), (2, KeyAlgorithm::P256), (3, KeyAlgorithm::P384)] {
            let new = NewCertificate::new("CN=Made in software", algorithm, at(0), at(300_000_000)).unwrap();
            let (certificate, private_key) = new.generate(Seeded::next().as_ref()).unwrap();
            fs::write(token.file("key.pem"), private_key.to_pkcs8_pem().expose()).unwrap();
            fs::write(token.file("certificate.der"), certificate.der()).unwrap();
            let (id, label) = (format!("0{number}"), format!("key {number}"));
            let usage = if number == 1 { "--usage-decrypt" } else { "--usage-derive" };
            let names = ["--id", &id, "--label", &label];
            token.tool(&[&["--write-object", "key.pem", "--type", "privkey", usage], &names[..]].concat());
            token.tool(&[&["--write-object", "certificate.der", "--type", "cert"], &names[..]].concat());

            // By its id, and without being given the certificate.
            let wanted = TokenKey::new(SoftToken::module()).token(LABEL).id([number]);
            let identity = wanted.open(&[], |_| Some(Secret::<str>::copy_from(PIN))).unwrap();
            assert_eq!(identity.certificates(), std::slice::from_ref(&certificate));
            round_trip(&identity, &certificate);
        }
    });
}

#[test]
fn what_does_not_name_exactly_one_key_is_said() {
    in_its_own_process("opens::what_does_not_name_exactly_one_key_is_said", "ALL", |token| {
        let vault = vault(token);
        token.generate("EC:prime256v1", "vault", "03");
        let problem = |key: TokenKey| key.open(&[], |_| Some(Secret::<str>::copy_from(PIN))).unwrap_err();
        assert!(matches!(problem(key("vault")), TokenError::KeyAmbiguous));
        assert!(matches!(problem(key("none")), TokenError::KeyMissing));
        assert!(matches!(problem(key("vault").token("another")), TokenError::TokenMissing));
        assert!(matches!(problem(TokenKey::new(token.file("none.so"))), TokenError::Module { .. }));
        assert!(matches!(key("vault").id([2]).open(&[], |_| None).unwrap_err(), TokenError::PinMissing));

        let uri: TokenUri =
            format!("pkcs11:token={LABEL};id=%02?module-path={}", SoftToken::module().display()).parse().unwrap();
        let identity = uri.key.open(&[vault], |_| Some(Secret::<str>::copy_from(PIN))).unwrap();
        assert_eq!(identity.certificates().len(), 1);
    });
}

#[test]
fn a_thousand_keys_are_checked_in_the_token_counted() {
    in_its_own_process("opens::a_thousand_keys_are_checked_in_the_token_counted", "ALL", |token| {
        let (door, vault) = (door(token), vault(token));
        let macs = fleet_in_memory(&door);
        fill(&macs, &door, 1000);
        let file = SqliteFile::new();
        let machines = fleet_over(fdescrow::store::conformance::Fixture::store(&file), &vault);
        let custodian = fdescrow_tests::fleet::Custodian {
            certificate: vault.clone(),
            identity: open("vault", &vault),
            authority: None,
        };
        for number in 0..1000 {
            let pc = device(format!("PC-{number}"));
            machines.receive(agent(&pc, "{A}", &custodian).upload(&pc), at(0));
        }
        let options = CheckOptions::default().workers(4);
        for (what, fleet, identity) in
            [("RSA-2048, MemoryStore", &macs, open("door", &door)), ("P-256, SQLite", &machines, custodian.identity)]
        {
            let keyring = Keyring::new().with(identity);
            let mut opened = 0;
            loop {
                let report = fleet.escrow.check(&keyring, &options, at(10)).unwrap();
                assert_eq!((report.failed(), report.unavailable, report.stale), (0, 0, 0), "{report:?}");
                opened += report.opened;
                if !report.more {
                    break;
                }
            }
            assert_eq!(opened, 1000, "{what}");
            fleet.assert_intact();
            println!("token: {opened} keys of 1000 opened ({what})");
        }
    });
}

/// What stands behind this header in a message, as long as it says or as given.
fn behind<'a>(message: &'a [u8], header: &[u8], length: usize) -> &'a [u8] {
    let start = message.windows(header.len()).position(|window| window == header).unwrap() + header.len();
    &message[start..start + length]
}

#[test]
fn break_glass_by_tools_that_know_none_of_us_gives_a_macs_key() {
    in_its_own_process("opens::break_glass_by_tools_that_know_none_of_us_gives_a_macs_key", "ALL", |token| {
        let door = door(token);
        let message = from_a_mac(&door);
        fs::write(token.file("wrapped.bin"), behind(&message, &[0x04, 0x82, 0x01, 0x00], 256)).unwrap();
        token.tool(&["--decrypt", "-m", "RSA-PKCS", "--id", "01", "-i", "wrapped.bin", "-o", "content.key"]);
        // AES-256-CBC (2.16.840.1.101.3.4.1.42), and the IV as its parameter.
        let cipher = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A, 0x04, 0x10];
        let iv = behind(&message, &cipher, 16);
        // The ciphertext ends the message: 29 characters, padded.
        fs::write(token.file("ciphertext.bin"), &message[message.len() - 32..]).unwrap();
        let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
        let key = hex(&fs::read(token.file("content.key")).unwrap());
        assert_eq!(key.len(), 64, "32 octets");
        let mut openssl = token.command("openssl");
        openssl.args(["enc", "-d", "-aes-256-cbc", "-K", &key, "-iv", &hex(iv), "-in", "ciphertext.bin"]);
        let printed = String::from_utf8(openssl.output().unwrap().stdout).unwrap();
        assert!(RecoveryKey::parse_exact(Kind::FileVault, &Secret::<str>::copy_from(printed.trim())).is_ok());
    });
}
