//! Many keys are checked at once: on threads, by identities that batch, sealed anew on the way, stopped in between.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::*;
use crate::{
    envelope::{
        Identity, PublicKey, Unavailable,
        identity::{ContentKey, WrappedKey},
    },
    store::records::EnvelopeOrigin,
    verification::Binding,
};

/// An identity that answers many at once, all or the first of them.
#[derive(Debug)]
struct Batching {
    inner: Arc<dyn Identity>,
    asked: Mutex<Vec<usize>>,
    answers: usize,
}

impl Identity for Batching {
    fn public_key(&self) -> &PublicKey {
        self.inner.public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        self.inner.certificates()
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        self.inner.unwrap(wrapped)
    }

    fn unwrap_many(&self, wrapped: &[WrappedKey<'_>]) -> Vec<Result<ContentKey, Unavailable>> {
        self.asked.lock().unwrap().push(wrapped.len());
        wrapped.iter().take(self.answers).map(|wrapped| self.unwrap(wrapped)).collect()
    }
}

fn batching(keyring: &Keyring, answers: usize) -> (Arc<Batching>, Keyring) {
    let inner = Arc::clone(&keyring.identities()[0]);
    let identity = Arc::new(Batching { inner, asked: Mutex::default(), answers });
    (Arc::clone(&identity), Keyring::new().with(identity))
}

/// Ten devices with three keys each, the last one of which does not open.
fn fleet(world: &World, escrow: &Escrow) {
    for number in 0..10 {
        for _ in 0..3 {
            let upload = world.in_clear(&device(&format!("PC-{number}")), Kind::BitLocker).by(&actor("agent"));
            escrow.receive(upload, at(0)).unwrap();
        }
    }
    let (_, damaged) = world.sealed_by_mac(&world.identity(KeyAlgorithm::Rsa2048).0);
    let upload = Upload::sealed(device("PC-3"), Kind::FileVault, damaged).by(&actor("agent"));
    escrow.receive(upload, at(0)).unwrap();
}

fn check_all(escrow: &Escrow, keyring: &Keyring, options: &CheckOptions) -> CheckReport {
    let mut total = CheckReport::default();
    for second in 1..20 {
        let report = escrow.check(keyring, options, at(second)).unwrap();
        total.add(&report);
        if !report.more || report.unavailable > 0 {
            break;
        }
    }
    total
}

#[test]
fn threads_and_batches_come_to_the_same_as_one_key_after_the_other() {
    let mut reports = Vec::new();
    for (workers, devices) in [(1, 64), (1, 3), (4, 64), (4, 3)] {
        let world = World::new();
        let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
        let escrow = world.escrow(&[certificate]);
        fleet(&world, &escrow);
        let (identity, keyring) = batching(&keyring, usize::MAX);
        let report = check_all(&escrow, &keyring, &CheckOptions::default().workers(workers).devices(devices));
        assert!(identity.asked.lock().unwrap().iter().any(|asked| *asked > 1), "{workers}, {devices}");
        assert_eq!((report.opened, report.failed(), report.stale, report.unavailable), (30, 1, 0, 0));
        assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
        reports.push(report);
    }
    assert!(reports.iter().all(|report| *report == reports[0]), "{reports:?}");
}

#[test]
fn what_an_identity_leaves_unanswered_it_could_not_reach() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(&[certificate]);
    fleet(&world, &escrow);
    let (_, silent) = batching(&keyring, 1);
    let report = check_all(&escrow, &silent, &CheckOptions::default());
    assert!(report.unavailable > 0 && report.opened > 0, "{report:?}");
    // Nothing is said of what was not answered, and the rest is checked when it is.
    let later = escrow.check_total(at(1_000)).unwrap();
    assert!(later > 0);
    let (_, keyring) = batching(&keyring, usize::MAX);
    let mut rest = check_all(&escrow, &keyring, &CheckOptions::default());
    // Devices with a key that was out of reach were kept until the end of that run.
    rest.add(&check_all(&escrow, &keyring, &CheckOptions::default()));
    assert_eq!((report.opened + rest.opened, rest.unavailable), (30, 0), "{report:?}, {rest:?}");
}

#[test]
fn a_batch_is_stopped_between_two_keys_and_what_is_left_can_be_claimed_at_once() {
    for workers in [1, 2] {
        let world = World::new();
        let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
        let escrow = world.escrow(std::slice::from_ref(&certificate));
        fleet(&world, &escrow);
        let stop = Arc::new(AtomicBool::new(true));
        let options = CheckOptions::default().workers(workers).stop(&stop);
        let report = escrow.check(&keyring, &options, at(1)).unwrap();
        assert_eq!((report.opened, report.failed(), report.unavailable, report.more), (0, 0, 0, true));
        stop.store(false, Ordering::Relaxed);
        // somebody else, who knows nothing of this one's claims
        let other = world.escrow(&[certificate]);
        assert_eq!(check_all(&other, &keyring, &CheckOptions::default()).opened, 30);
    }
}

#[test]
fn a_macs_key_is_sealed_anew_when_it_is_checked_and_costs_an_operation_on_a_curve_from_then_on() {
    let world = World::new();
    let (door, door_ring) = world.identity(KeyAlgorithm::Rsa2048);
    let (vault, vault_ring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(std::slice::from_ref(&door));
    let mac = device("C02XYZ");
    let (key, sealed) = world.sealed_by_mac(&door);
    let receipt =
        escrow.receive(Upload::sealed(mac.clone(), Kind::FileVault, sealed).by(&actor("agent")), at(0)).unwrap();
    let options = CheckOptions::default().reseal_to(&vault);
    let report = check_all(&escrow, &door_ring, &options);
    assert_eq!((report.opened, report.resealed), (1, 1));
    let history = escrow.history(&mac).unwrap();
    let [from, to] = history[0].envelopes.as_slice() else { panic!("{history:?}") };
    assert_eq!((from.digest, from.retired), (receipt.envelope, None), "it is needed until the other one was opened");
    assert_eq!(to.origin, EnvelopeOrigin::Resealed(receipt.envelope));
    assert_eq!(to.recipients, [vault.fingerprint()]);

    // The next check is due soon, and needs nothing but the vault's key.
    let due = history[0].check_due.unwrap();
    let report = escrow.check(&vault_ring, &options, due).unwrap();
    assert_eq!((report.opened, report.resealed), (1, 0));
    let history = escrow.history(&mac).unwrap();
    assert_eq!(history[0].envelopes[0].retired, Some(due));
    assert_eq!(history[0].binding, Some(Binding::Recorded), "no more than its origin, which nothing bound");
    let revealed = escrow.reveal(Reveal::of(&mac).by(&actor("ana")).reason("lost"), &vault_ring, due).unwrap();
    assert_eq!(revealed.expose(), key);
    let actions: Vec<String> =
        escrow.audit_of(&mac, 0, 100).unwrap().iter().map(|entry| entry.action().to_string()).collect();
    assert_eq!(actions.iter().filter(|action| *action == "resealed").count(), 1, "{actions:?}");
    assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
}
