//! Tokens that are not as SoftHSM's: with OAEP of their own, few sessions, a keypad, no public key.
//!
//! By a module in front of the token's own (`peers/pkcs11/module.c`), and by NSS's token.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fdescrow::{
    Secret,
    envelope::{Certificate, HashAlgorithm, Identity, KeyAlgorithm, Keyring, identity::WrappedKey},
    escrow::{CheckOptions, CheckReport},
};
use fdescrow_identities::pkcs11::{TokenError, TokenKey};
use fdescrow_tests::{
    fleet::{Custodian, Fleet, agent, at, device},
    token::{Front, LABEL, NSS_LABEL, NssToken, PIN, in_its_own_process},
};

use super::{
    UNPADS, broken_from_a_mac, changed, door, fill, fleet_in_memory, open,
    opens::{opens_a_mac, round_trip},
    receive_from_a_mac, rows, vault,
};

/// The right PIN.
fn pin(_: &str) -> Option<Secret<str>> {
    Some(Secret::<str>::copy_from(PIN))
}

/// The key with this label in SoftHSM's token, through a module in front of it.
fn behind(front: &Front, label: &str) -> TokenKey {
    TokenKey::new(front.module()).token(LABEL).label(label)
}

/// Checks until nothing is due.
fn check_all(fleet: &Fleet, identities: &[Arc<dyn Identity>], workers: usize) -> CheckReport {
    let keyring = identities.iter().cloned().fold(Keyring::new(), Keyring::with);
    let (options, mut whole) = (CheckOptions::default().workers(workers), CheckReport::default());
    loop {
        whole.add(&fleet.escrow.check(&keyring, &options, at(10)).unwrap());
        if !whole.more {
            return whole;
        }
    }
}

/// What a token has to answer to RSAES-OAEP: hash, hash of the mask, in our words and in OpenSSL's.
const OAEP: [(HashAlgorithm, HashAlgorithm, [&str; 2]); 5] = [
    (HashAlgorithm::Sha1, HashAlgorithm::Sha1, ["sha1", "sha1"]),
    (HashAlgorithm::Sha256, HashAlgorithm::Sha256, ["sha256", "sha256"]),
    (HashAlgorithm::Sha256, HashAlgorithm::Sha1, ["sha256", "sha1"]),
    (HashAlgorithm::Sha384, HashAlgorithm::Sha384, ["sha384", "sha384"]),
    (HashAlgorithm::Sha512, HashAlgorithm::Sha512, ["sha512", "sha512"]),
];

/// Which of them the identity permits; what OpenSSL wrapped for each of those it unwraps, and what is broken gives the
/// same substitute each time.
fn unwraps(identity: &dyn Identity, certificate: &Certificate, folder: &Path) -> Vec<[&'static str; 2]> {
    let content_key = [0xC3; 32];
    fs::write(folder.join("to.der"), certificate.der()).unwrap();
    fs::write(folder.join("content"), content_key).unwrap();
    let mut permitted = Vec::new();
    for (hash, mgf, words) in OAEP {
        let algorithm = KeyAlgorithm::RsaOaep { hash, mgf, label: Vec::new() };
        if !identity.permits(&algorithm) {
            continue;
        }
        permitted.push(words);
        let mut openssl = Command::new("openssl");
        openssl.current_dir(folder).args(["pkeyutl", "-encrypt", "-certin", "-keyform", "DER", "-inkey", "to.der"]);
        openssl.args(["-pkeyopt", "rsa_padding_mode:oaep"]);
        openssl.arg("-pkeyopt").arg(format!("rsa_oaep_md:{}", words[0]));
        openssl.arg("-pkeyopt").arg(format!("rsa_mgf1_md:{}", words[1])).args(["-in", "content"]);
        let output = openssl.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let unwrap = |octets: &[u8]| identity.unwrap(&WrappedKey::transported(&algorithm, octets, 32)).unwrap();
        assert!(unwrap(&output.stdout).constant_time_eq(&content_key), "{words:?}");
        let mut broken = output.stdout;
        broken[20..200].reverse();
        let substitute = unwrap(&broken);
        assert!(!substitute.constant_time_eq(&content_key) && substitute.len() == 32);
        assert!(unwrap(&broken).constant_time_eq(substitute.expose()), "{words:?}");
    }
    permitted
}

#[test]
fn a_token_that_has_oaep_with_sha_1_alone_unwraps_that_and_nothing_else() {
    let name = "unusual::a_token_that_has_oaep_with_sha_1_alone_unwraps_that_and_nothing_else";
    in_its_own_process(name, UNPADS, |token| {
        let door = door(token);
        assert_eq!(unwraps(&*open("door", &door), &door, &token.file("")), [["sha1", "sha1"]]);
    });
}

#[test]
fn a_second_token_opens_by_its_own_oaep_by_bare_rsa_and_by_ecdh_counted() {
    let name = "unusual::a_second_token_opens_by_its_own_oaep_by_bare_rsa_and_by_ecdh_counted";
    in_its_own_process(name, "ALL", |token| {
        let Some(nss) = NssToken::new(&token.file("nss")) else { return };
        let (door, door_id) = nss.generate(&["-k", "rsa", "-g", "2048"], "door", "keyEncipherment");
        let (vault, vault_id) = nss.generate(&["-k", "ec", "-q", "nistp256"], "vault", "keyAgreement");
        let open = |id: &[u8]| TokenKey::new(nss.front.module()).token(NSS_LABEL).id(id).open(&[], pin).unwrap();
        round_trip(&open(&vault_id), &vault);
        for (how, troubles) in [("bare RSA", &[][..]), ("its own unpadding", &["no-raw-rsa"])] {
            nss.front.has(troubles);
            let identity = open(&door_id);
            assert_eq!(identity.certificates(), std::slice::from_ref(&door));
            round_trip(&identity, &door);
            opens_a_mac(&identity, &door).unwrap();
            let all: Vec<_> = OAEP.iter().map(|(.., words)| *words).collect();
            assert_eq!(unwraps(&*identity, &door, &token.file("")), all, "{how}");

            // In a fleet: our own form, and some of it broken.
            let fleet = fleet_in_memory(&door);
            let custodian = Custodian { certificate: door.clone(), identity: Arc::clone(&identity), authority: None };
            for number in 0..100 {
                let pc = device(format!("PC-{number}"));
                let mut sent = agent(&pc, "{A}", &custodian);
                let message = sent.message.as_mut().unwrap();
                if number % 5 == 0 {
                    let start = message.windows(4).position(|window| window == [0x04, 0x82, 0x01, 0x00]).unwrap();
                    message[start + 50..start + 250].reverse();
                }
                fleet.receive(sent.upload(&pc), at(0));
            }
            let report = check_all(&fleet, &[identity], 2);
            assert_eq!((report.opened, report.failed(), report.unavailable), (80, 20, 0), "{how}: {report:?}");
            fleet.assert_intact();
            println!("token: NSS by {how}: {} opened, {} broken ones told", report.opened, report.failed());
        }
    });
}

#[test]
fn a_token_with_one_session_serves_several_threads_and_several_keys() {
    let name = "unusual::a_token_with_one_session_serves_several_threads_and_several_keys";
    in_its_own_process(name, "ALL", |token| {
        let (door, vault) = (door(token), vault(token));
        let Some(front) = token.front() else { return };
        front.has(&["sessions 1"]);
        let begun = Instant::now();
        let open = |label, own: &Certificate| behind(&front, label).open(std::slice::from_ref(own), pin).unwrap();
        let identities = [open("door", &door), open("vault", &vault)];
        let fleet = fleet_in_memory(&door);
        fill(&fleet, &door, 100);
        receive_from_a_mac(&fleet, &device("BAD"), broken_from_a_mac(&door));
        let report = check_all(&fleet, &identities, 8);
        assert_eq!((report.opened, report.failed(), report.unavailable), (100, 1, 0), "{report:?}");
        // The other key has the session again at once.
        round_trip(&identities[1], &vault);
        assert!(opens_a_mac(&identities[0], &door).is_ok());
        assert!(begun.elapsed() < Duration::from_secs(9), "somebody waited until the patience ended");
    });
}

#[test]
fn sessions_that_others_have_are_waited_for_and_then_the_token_is_unavailable() {
    let name = "unusual::sessions_that_others_have_are_waited_for_and_then_the_token_is_unavailable";
    in_its_own_process(name, "ALL", |token| {
        let door = door(token);
        let Some(front) = token.front() else { return };
        let identity = behind(&front, "door").open(std::slice::from_ref(&door), pin).unwrap();
        let fleet = fleet_in_memory(&door);
        fill(&fleet, &door, 3);
        let before = rows(&fleet);
        // Our own session is gone, and no other is to be had.
        front.has(&["sessions 0", "lost"]);
        let report = check_all(&fleet, &[Arc::clone(&identity)], 1);
        assert!(report.opened == 0 && report.failed() == 0 && report.unavailable > 0, "{report:?}");
        assert_eq!(changed(&before, &rows(&fleet)), 0);

        // One becomes free while it is waited for.
        super::after_a_while();
        front.has(&["sessions 0"]);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(700));
                front.has(&[]);
            });
            let begun = Instant::now();
            let report = check_all(&fleet, &[Arc::clone(&identity)], 1);
            assert_eq!((report.opened, report.failed(), report.unavailable), (3, 0, 0), "{report:?}");
            assert!(begun.elapsed() >= Duration::from_millis(600));
        });
    });
}

#[test]
fn on_a_keypad_the_pin_is_typed_and_nobody_is_asked_for_it() {
    let name = "unusual::on_a_keypad_the_pin_is_typed_and_nobody_is_asked_for_it";
    in_its_own_process(name, "ALL", |token| {
        let door = door(token);
        let Some(front) = token.front() else { return };
        front.has(&["keypad"]);
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let pin = move |label: &str| {
            count.fetch_add(1, Ordering::SeqCst);
            pin(label)
        };
        let identity = behind(&front, "door").open(std::slice::from_ref(&door), pin).unwrap();
        opens_a_mac(&identity, &door).unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        // What the module in front does with a PIN is what a token with a keypad does.
        let mut tool = token.command("pkcs11-tool");
        tool.arg("--module").arg(front.module()).args(["--login", "--pin", PIN, "--list-objects"]);
        assert!(!tool.output().unwrap().status.success());
    });
}

#[test]
fn without_a_public_key_in_the_token_its_certificate_tells_it() {
    let name = "unusual::without_a_public_key_in_the_token_its_certificate_tells_it";
    in_its_own_process(name, "ALL", |token| {
        let Some(front) = token.front() else { return };
        front.has(&["no-public-key"]);
        for (certificate, id, label) in [(door(token), "01", "door"), (vault(token), "02", "vault")] {
            let own = std::slice::from_ref(&certificate);
            let problem = behind(&front, label).open(own, pin).unwrap_err();
            assert!(matches!(problem, TokenError::PublicKeyMissing), "{label}: {problem}");
            fs::write(token.file("certificate.der"), certificate.der()).unwrap();
            token.tool(&["--write-object", "certificate.der", "--type", "cert", "--id", id, "--label", label]);
            let identity = behind(&front, label).open(&[], pin).unwrap();
            assert_eq!(identity.certificates(), own);
            round_trip(&identity, &certificate);

            // Another key's certificate under the same id: what it opens is asked before it is believed.
            let kind = if id == "01" { "rsa:2048" } else { "EC:prime256v1" };
            token.generate(kind, "other", "0A");
            let usage = if id == "01" { "keyEncipherment" } else { "keyAgreement" };
            let other = token.certify("0A", "/CN=Other", usage);
            fs::write(token.file("certificate.der"), other.der()).unwrap();
            token.tool(&["--delete-object", "--type", "cert", "--id", id]);
            token.tool(&["--write-object", "certificate.der", "--type", "cert", "--id", id, "--label", label]);
            let problem = behind(&front, label).open(&[], pin).unwrap_err();
            assert!(matches!(problem, TokenError::Answers), "{label}: {problem}");
            for kind in ["privkey", "pubkey"] {
                token.tool(&["--delete-object", "--type", kind, "--id", "0A"]);
            }
        }
    });
}

/// What tokens have been seen to answer to bad padding, and answer when they are out of order.
const ANSWERS: [(&str, u32); 6] = [
    ("CKR_GENERAL_ERROR", 0x5),
    ("CKR_FUNCTION_FAILED", 0x6),
    ("CKR_DATA_INVALID", 0x20),
    ("CKR_DEVICE_ERROR", 0x30),
    ("CKR_ENCRYPTED_DATA_INVALID", 0x40),
    ("a vendor's own", 0x8000_0123),
];

#[test]
fn whatever_a_broken_token_answers_no_key_is_taken_for_broken() {
    let name = "unusual::whatever_a_broken_token_answers_no_key_is_taken_for_broken";
    in_its_own_process(name, "ALL", |token| {
        let door = door(token);
        let Some(front) = token.front() else { return };
        let identity = behind(&front, "door").open(std::slice::from_ref(&door), pin).unwrap();
        let fleet = fleet_in_memory(&door);
        fill(&fleet, &door, 10);
        let before = rows(&fleet);
        for (answer, number) in ANSWERS {
            front.has(&[&format!("decrypt {number}")]);
            let report = check_all(&fleet, &[Arc::clone(&identity)], 1);
            assert!(report.unavailable > 0 && report.opened == 0 && report.failed() == 0, "{answer}: {report:?}");
            assert_eq!(changed(&before, &rows(&fleet)), 0, "{answer}");
        }
        front.has(&[]);
        super::after_a_while();
        assert_eq!(check_all(&fleet, &[identity], 1).opened, 10);
    });
}
