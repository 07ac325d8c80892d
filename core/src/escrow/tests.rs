//! One key's life over the store in memory; the flows over every store stand in the tests crate.

mod agreement;
mod find;
mod observations;
mod pipeline;
mod recoveries;
mod retention;
mod rotations;

use std::sync::Arc;

use super::*;
use crate::{
    envelope::{
        Certificate, Format, Keyring, NewCertificate, Owner, Payload, identity::software_identity,
        private_key::KeyAlgorithm,
    },
    error::ErrorCode,
    ids::{Actor, DeviceId, Digest, KeyId},
    key::{Kind, RecoveryKey},
    random::RandomnessError,
    secret::Secret,
    store::MemoryStore,
    time::Timestamp,
    verification::{Reason, Status},
};

/// SHA-256 in counter mode: the same in every run.
#[derive(Debug, Default)]
struct Seeded(std::sync::atomic::AtomicU64);

impl Randomness for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for chunk in out.chunks_mut(32) {
            let block = Digest::of(&self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

struct World {
    rng: Arc<Seeded>,
    store: Arc<MemoryStore>,
}

const NOW: i64 = 1_790_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW + seconds).unwrap()
}

fn device(name: &str) -> DeviceId {
    DeviceId::new(name).unwrap()
}

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

impl World {
    fn new() -> Self {
        Self { rng: Arc::new(Seeded::default()), store: Arc::new(MemoryStore::new()) }
    }

    fn identity(&self, algorithm: KeyAlgorithm) -> (Certificate, Keyring) {
        let new = NewCertificate::new("CN=Escrow", algorithm, at(0), at(100_000_000)).unwrap();
        let (certificate, key) = new.generate(self.rng.as_ref()).unwrap();
        let identity = software_identity(key, vec![certificate.clone()], self.rng.clone());
        (certificate, Keyring::new().with(identity))
    }

    fn escrow_by(&self, certificates: &[Certificate], policy: &str) -> Escrow {
        Escrow::builder(self.store.clone(), "example.com".parse().unwrap())
            .randomness(self.rng.clone())
            .certificates(certificates.iter().cloned())
            .policies(Arc::new(Arc::new(crate::policy::Policy::from_toml(policy).unwrap())))
            .build()
            .unwrap()
    }

    /// Receives a key in clear and checks it.
    fn escrowed(&self, escrow: &Escrow, keyring: &Keyring, upload: Upload, seconds: i64) -> Receipt {
        let receipt = escrow.receive(upload.by(&actor("agent")), at(seconds)).unwrap();
        while escrow.check(keyring, &CheckOptions::default(), at(seconds + 1)).unwrap().more {}
        escrow.receipt(&receipt.key).unwrap()
    }

    fn in_clear(&self, device: &DeviceId, kind: Kind) -> Upload {
        let key = RecoveryKey::generate(kind, self.rng.as_ref()).unwrap();
        Upload::plaintext(device.clone(), kind, Secret::<str>::copy_from(key.expose()))
    }

    fn escrow(&self, certificates: &[Certificate]) -> Escrow {
        Escrow::builder(self.store.clone(), "example.com".parse().unwrap())
            .randomness(self.rng.clone())
            .certificates(certificates.iter().cloned())
            .build()
            .unwrap()
    }

    /// A key as macOS would seal it, but for the cipher.
    fn sealed_by_mac(&self, certificate: &Certificate) -> (String, Vec<u8>) {
        let key = RecoveryKey::generate(Kind::FileVault, self.rng.as_ref()).unwrap();
        let text = key.expose().to_owned();
        let payload = Payload::bare(key);
        let envelope =
            crate::envelope::Envelope::seal(&payload, &[certificate], Format::EnvelopedPkcs1v15, self.rng.as_ref());
        (text, envelope.unwrap().der().to_vec())
    }
}

#[test]
fn a_macs_key_is_received_checked_revealed_and_accounted_for() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let (mac, agent, ana) = (device("C02XYZ"), actor("orbit"), actor("ana"));
    let (text, sealed) = world.sealed_by_mac(&certificate);

    let upload = || Upload::sealed(mac.clone(), Kind::FileVault, sealed.clone()).by(&agent);
    let receipt = escrow.receive(upload(), at(0)).unwrap();
    assert_eq!((receipt.status, receipt.level, receipt.sightings), (ReceiptStatus::Stored, None, 1));
    let again = escrow.receive(upload(), at(60)).unwrap();
    assert_eq!((again.key, again.sightings), (receipt.key, 2));
    assert_eq!(escrow.assess(&mac, at(60)).unwrap().status, Status::Verifying);

    let report = escrow.check(&keyring, &CheckOptions::default(), at(100)).unwrap();
    assert_eq!((report.opened, report.failed(), report.more), (1, 0, true));
    let report = escrow.check(&keyring, &CheckOptions::default(), at(101)).unwrap();
    assert_eq!((report.opened, report.more), (0, false));
    assert_eq!(escrow.receipt(&receipt.key).unwrap().status, ReceiptStatus::Verified);
    assert_eq!(escrow.assess(&mac, at(102)).unwrap().status, Status::Verified);

    let revealed = escrow.reveal(Reveal::of(&mac).by(&ana).reason("lost passphrase"), &keyring, at(200)).unwrap();
    assert_eq!(revealed.expose(), text);
    assert_eq!(revealed.candidates.len(), 1);
    let actions: Vec<String> =
        escrow.audit_of(&mac, 0, 100).unwrap().iter().map(|entry| entry.action().to_string()).collect();
    assert_eq!(
        actions,
        ["device_created", "key_received", "key_sighted", "key_checked", "release_authorized", "released"]
    );
    let report = escrow.verify_audit(&[], None).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!(escrow.history(&mac).unwrap()[0].sightings, 2);
}

#[test]
fn a_key_in_clear_is_sealed_on_arrival_and_bound() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let pc = device("PC-17");
    let key = RecoveryKey::generate(Kind::BitLocker, world.rng.as_ref()).unwrap();
    let upload = || {
        Upload::plaintext(pc.clone(), Kind::BitLocker, Secret::<str>::copy_from(key.expose()))
            .protector("{8A2F0B1C-0000-4000-8000-000000000000}".parse().unwrap())
            .by(&actor("agent"))
            .request("r-1")
    };
    let receipt = escrow.receive(upload(), at(0)).unwrap();
    for _ in 0..5 {
        assert_eq!(escrow.receive(upload(), at(5)).unwrap(), receipt);
    }
    assert_eq!(receipt.request.as_deref(), Some("r-1"));
    assert_eq!(escrow.receipt(&receipt.key).unwrap(), receipt, "an agent compares it with its spool");
    assert_eq!(escrow.check(&keyring, &CheckOptions::default(), at(10)).unwrap().opened, 1);
    let history = escrow.history(&pc).unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].binding, Some(crate::verification::Binding::Sealed));
    assert!(
        escrow
            .receive(
                Upload::plaintext(pc.clone(), Kind::BitLocker, Secret::<str>::copy_from("123")).by(&actor("a")),
                at(1)
            )
            .is_err()
    );
    let error =
        escrow.receive(Upload::sealed(pc, Kind::BitLocker, b"123456".to_vec()).by(&actor("a")), at(1)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::UploadNotSealed);
}

#[test]
fn another_macs_blob_is_set_apart_until_an_operator_decides() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let (_, sealed) = world.sealed_by_mac(&certificate);
    let agent = actor("orbit");
    escrow.receive(Upload::sealed(device("A"), Kind::FileVault, sealed.clone()).by(&agent), at(0)).unwrap();
    let receipt = escrow.receive(Upload::sealed(device("B"), Kind::FileVault, sealed).by(&agent), at(1)).unwrap();
    assert_eq!(receipt.status, ReceiptStatus::Quarantined);
    assert_eq!(escrow.check(&keyring, &CheckOptions::default(), at(2)).unwrap().opened, 1);
    let refused = escrow.reveal(Reveal::of(&device("B")).by(&agent).reason("x"), &keyring, at(3)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::RecoveryRefused);
    assert_eq!(escrow.quarantine(&Page::first()).unwrap().items[0].seen_on, Some(device("A")));
    escrow.accept_quarantined(&receipt.key, &agent, "enrolled anew", at(4)).unwrap();
    assert_eq!(escrow.check(&keyring, &CheckOptions::default(), at(5)).unwrap().opened, 1);
    assert!(escrow.reveal(Reveal::of(&device("B")).by(&agent).reason("x"), &keyring, at(6)).is_ok());
    assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
}

#[test]
fn a_key_that_one_of_its_envelopes_opens_is_rewrapped_and_not_listed_as_failed() {
    let world = World::new();
    let (old, old_keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let (new, _) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(&[old.clone(), new.clone()]);
    let (_, sealed) = world.sealed_by_mac(&old);
    // The same wrapped key with other content, so that it is met first.
    let digest = |bytes: &[u8]| Digest::of(bytes).to_string();
    let damaged = (1..=u8::MAX).map(|bits| {
        let mut damaged = sealed.clone();
        *damaged.last_mut().unwrap() ^= bits;
        damaged
    });
    let damaged = damaged.min_by_key(|bytes| digest(bytes)).unwrap();
    assert!(digest(&damaged) < digest(&sealed));
    let receive = |bytes: Vec<u8>| {
        let upload = Upload::sealed(device("A"), Kind::FileVault, bytes).by(&actor("agent"));
        escrow.receive(upload, at(0)).unwrap().key
    };
    assert_eq!(receive(damaged), receive(sealed.clone()));
    let report = escrow.rewrap(&old_keyring, &new, &RewrapOptions::default(), at(10)).unwrap();
    assert_eq!((report.rewrapped, report.already, report.failures), (1, 1, vec![]));
    let again = escrow.rewrap(&old_keyring, &new, &RewrapOptions::default(), at(11)).unwrap();
    assert_eq!((again.rewrapped, again.already, again.failures), (0, 2, vec![]));
}

#[test]
fn keys_are_rewrapped_and_the_old_envelope_goes_when_the_new_one_opened() {
    let world = World::new();
    let (old, old_keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let (new, new_keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(&[old.clone(), new.clone()]);
    let agent = actor("orbit");
    for name in ["A", "B", "C"] {
        let (_, sealed) = world.sealed_by_mac(&old);
        escrow.receive(Upload::sealed(device(name), Kind::FileVault, sealed).by(&agent), at(0)).unwrap();
    }
    escrow.check(&old_keyring, &CheckOptions::default(), at(1)).unwrap();
    let failed = escrow.rewrap(&new_keyring, &new, &RewrapOptions::default(), at(2)).unwrap();
    assert_eq!((failed.rewrapped, failed.failures.len()), (0, 3));
    let mut options = RewrapOptions::default().limit(2);
    let mut rewrapped = 0;
    loop {
        let report = escrow.rewrap(&old_keyring, &new, &options, at(3)).unwrap();
        rewrapped += report.rewrapped;
        match report.next {
            Some(next) => options = options.after(Some(next)),
            None => break,
        }
    }
    assert_eq!(rewrapped, 3);
    assert_eq!(escrow.live_references(&old.fingerprint()).unwrap(), 3);
    let in_use = escrow.retire_certificate(&old.fingerprint(), &agent, "rollover", at(4)).unwrap_err();
    assert_eq!(in_use.code(), ErrorCode::CertificateInUse);
    assert_eq!(escrow.check(&new_keyring, &CheckOptions::default(), at(5)).unwrap().opened, 3);
    assert_eq!(escrow.live_references(&old.fingerprint()).unwrap(), 0);
    escrow.retire_certificate(&old.fingerprint(), &agent, "rollover", at(6)).unwrap();
    assert!(escrow.reveal(Reveal::of(&device("A")).by(&agent).reason("x"), &new_keyring, at(7)).is_ok());
    assert!(escrow.verify_audit(&[], None).unwrap().is_intact());

    // A late envelope for it is kept and brings it back.
    let (_, late) = world.sealed_by_mac(&old);
    escrow.receive(Upload::sealed(device("D"), Kind::FileVault, late).by(&agent), at(8)).unwrap();
    let states: Vec<_> = escrow.registered_certificates().unwrap().iter().map(|record| record.state).collect();
    assert!(!states.contains(&crate::store::records::CertificateState::Retired));
}

#[test]
fn who_an_envelope_is_sealed_to_is_learned_when_it_opens() {
    let world = World::new();
    let (old, old_keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let (new, new_keyring) = world.identity(KeyAlgorithm::P256);
    let (_, sealed) = world.sealed_by_mac(&old);
    let unaware = world.escrow(&[]);
    unaware.receive(Upload::sealed(device("A"), Kind::FileVault, sealed).by(&actor("orbit")), at(0)).unwrap();
    let escrow = world.escrow(&[new.clone(), old.clone()]);
    assert_eq!(escrow.live_references(&old.fingerprint()).unwrap(), 0);
    assert_eq!(escrow.check(&old_keyring, &CheckOptions::default(), at(1)).unwrap().opened, 1);
    assert_eq!(escrow.live_references(&old.fingerprint()).unwrap(), 1);
    assert_eq!(escrow.rewrap(&old_keyring, &new, &RewrapOptions::default(), at(2)).unwrap().rewrapped, 1);
    assert_eq!(escrow.check(&new_keyring, &CheckOptions::default(), at(3)).unwrap().opened, 1);
    assert_eq!(escrow.live_references(&old.fingerprint()).unwrap(), 0);
    assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
}

#[test]
fn a_key_for_nobody_here_is_found_explained_and_tried_again_with_another_keyring() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let (other, other_keyring) = world.identity(KeyAlgorithm::P384);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let key = RecoveryKey::generate(Kind::BitLocker, world.rng.as_ref()).unwrap();
    let owner = Owner::new().organization("example.com".parse().unwrap()).device(device("PC"));
    let sealed = crate::envelope::seal(&Payload::new(key, owner), &[&other], world.rng.as_ref()).unwrap();
    escrow
        .receive(Upload::sealed(device("PC"), Kind::BitLocker, sealed.der().to_vec()).by(&actor("a")), at(0))
        .unwrap();
    let report = escrow.check(&keyring, &CheckOptions::default(), at(1)).unwrap();
    assert_eq!(report.not_opened.get("no_identity"), Some(&1));
    let found = escrow.undecryptable(&Page::first()).unwrap();
    assert_eq!(found.items[0].reason, Reason::NoIdentity);
    assert_eq!(escrow.summary(at(2)).unwrap().problems.get("no_identity"), Some(&1));
    let report = escrow.check(&other_keyring, &CheckOptions::default(), at(3)).unwrap();
    assert_eq!(report.opened, 1);
    assert!(escrow.undecryptable(&Page::first()).unwrap().items.is_empty());
}

#[test]
fn checking_ends_also_where_a_key_was_revealed_before_it_was_checked() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let (pc, agent) = (device("PC"), actor("agent"));
    let receive = |seconds| {
        let key = RecoveryKey::generate(Kind::BitLocker, world.rng.as_ref()).unwrap();
        let text = Secret::<str>::copy_from(key.expose());
        escrow.receive(Upload::plaintext(pc.clone(), Kind::BitLocker, text).by(&agent), at(seconds)).unwrap().key
    };
    let first = receive(0);
    let reveal = |key| Reveal::of(&pc).by(&agent).reason("lost").key(key);
    escrow.reveal(reveal(first), &keyring, at(1)).unwrap();
    assert_eq!(escrow.check_total(at(2)).unwrap(), 0, "what was revealed was checked");
    assert!(!escrow.check(&keyring, &CheckOptions::default(), at(2)).unwrap().more);

    // One of two: the other is still due.
    let (second, _third) = (receive(3), receive(4));
    escrow.reveal(reveal(second), &keyring, at(5)).unwrap();
    assert_eq!(escrow.check_total(at(6)).unwrap(), 1);
    let reports: Vec<_> = (0..2).map(|_| escrow.check(&keyring, &CheckOptions::default(), at(6)).unwrap()).collect();
    assert_eq!(reports.iter().map(|report| (report.opened, report.more)).collect::<Vec<_>>(), [(1, true), (0, false)]);
    assert_eq!(escrow.check_total(at(7)).unwrap(), 0);
    assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
}

#[test]
fn a_key_that_opens_with_another_keyring_is_due_by_that_opening() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let (_, other_keyring) = world.identity(KeyAlgorithm::P384);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let pc = device("PC");
    let key = RecoveryKey::generate(Kind::BitLocker, world.rng.as_ref()).unwrap();
    let text = Secret::<str>::copy_from(key.expose());
    escrow.receive(Upload::plaintext(pc, Kind::BitLocker, text).by(&actor("a")), at(0)).unwrap();
    assert_eq!(escrow.check(&other_keyring, &CheckOptions::default(), at(1)).unwrap().failed(), 1);
    assert_eq!(escrow.check(&keyring, &CheckOptions::default(), at(1000)).unwrap().opened, 1);
    let ninety_days = 90 * 24 * 60 * 60;
    assert_eq!(escrow.check_total(at(ninety_days + 999)).unwrap(), 0);
    assert_eq!(escrow.check_total(at(ninety_days + 1000)).unwrap(), 1);
    assert!(!escrow.check(&keyring, &CheckOptions::default(), at(ninety_days + 999)).unwrap().more);
}

#[test]
fn a_lost_row_that_only_helps_to_find_holds_up_nothing_and_is_found_by_the_audit() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(&[certificate]);
    let mac = device("C02XYZ");
    world.escrowed(&escrow, &keyring, world.in_clear(&mac, Kind::FileVault), 0);
    world.store.lose(crate::store::Table::Recipients);
    let report = escrow.verify_audit(&[], None).unwrap();
    assert_eq!(report.findings.iter().map(|it| it.problem.as_str()).collect::<Vec<_>>(), ["index_row_missing"]);
    escrow.reveal(Reveal::of(&mac).by(&actor("ana")).reason("lost"), &keyring, at(10)).unwrap();
    while escrow.check(&keyring, &CheckOptions::default(), at(10 + 90 * 86_400)).unwrap().more {}
    assert_eq!(escrow.history(&mac).unwrap()[0].last_success, Some(at(10 + 90 * 86_400)));
}

#[test]
fn what_was_sealed_anew_is_opened_by_the_check_with_the_new_identity_whoever_checked_before() {
    let world = World::new();
    let (old, old_ring) = world.identity(KeyAlgorithm::P256);
    let (new, new_ring) = world.identity(KeyAlgorithm::P384);
    let escrow = world.escrow(&[new.clone(), old]);
    let mac = device("C02XYZ");
    let other = world.escrow(&escrow.certificates()[1..]);
    world.escrowed(&other, &old_ring, world.in_clear(&mac, Kind::FileVault), 0);
    escrow.rewrap(&old_ring, &new, &RewrapOptions::default().by(&actor("ana")), at(10)).unwrap();
    // The nightly check, with the old identity, comes first.
    while escrow.check(&old_ring, &CheckOptions::default(), at(20)).unwrap().more {}
    assert_eq!(escrow.summary(at(20)).unwrap().problems.get("envelope_not_opened"), Some(&1));
    assert!(escrow.undecryptable(&Page::first()).unwrap().items.is_empty());
    let mut opened = 0;
    loop {
        let report = escrow.check(&new_ring, &CheckOptions::default(), at(30)).unwrap();
        opened += report.opened;
        if !report.more {
            break;
        }
    }
    assert_eq!(opened, 1);
    let history = escrow.history(&mac).unwrap();
    assert!(history[0].envelopes[0].retired.is_some() && history[0].envelopes[1].opened.is_some());
    assert!(escrow.summary(at(30)).unwrap().problems.is_empty());
}
