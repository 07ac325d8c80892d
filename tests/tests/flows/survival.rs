//! Is the last key that was shown to work still there, whatever happened?

use std::sync::Arc;

use fdescrow::{
    DeviceId, Policy,
    error::ErrorCode,
    escrow::{Page, Receipt, ReceiptStatus},
    policy::Level,
    rotation::RotationEvent,
    store::conformance::Fixture,
    verification::Standing,
};
use fdescrow_tests::{
    fleet::{Custodian, Fleet, Sent, actor, at, device, mac_sealing, nonsense},
    over_every_store,
};

over_every_store! {
    an_upload_of_nonsense_leaves_the_verified_key,
    a_failed_check_leaves_the_verified_key,
    a_rotation_is_handed_out_first_and_the_verified_key_stays,
    a_new_certificate_leaves_the_verified_key,
    opening_with_the_old_private_key_does_not_keep_the_new_one_from_its_check,
    a_lost_new_private_key_leaves_the_verified_key,
    a_forgotten_device_keeps_the_verified_key,
    a_new_installation_keeps_the_verified_key,
    an_earlier_key_that_was_never_checked_is_tried_when_nothing_else_opens,
    a_quarantined_key_leaves_the_verified_key,
    a_rotation_that_brings_no_key_that_works_leaves_the_verified_key,
    a_wish_to_remove_what_is_old_leaves_the_verified_key,
    everything_at_once_leaves_the_verified_key,
}

/// A device whose key was verified.
struct Scene {
    fleet: Fleet,
    mac: DeviceId,
    sent: Sent,
    receipt: Receipt,
}

impl Scene {
    fn of(fixture: &dyn Fixture) -> Self {
        Self::over(Fleet::of(fixture))
    }

    fn over(fleet: Fleet) -> Self {
        let mac = device("C02XYZ");
        let (sent, receipt) = fleet.receive_from_mac(&mac, at(0));
        let report = fleet.check(&Custodian::first().keyring(), at(10));
        assert_eq!((report.opened, report.failed()), (1, 0));
        assert_eq!(fleet.escrow.receipt(&receipt.key).unwrap().status, ReceiptStatus::Verified);
        Self { fleet, mac, sent, receipt }
    }

    /// The key is there, says what it said, and is handed out: when it is named, and when it is not.
    fn survives(&self, keyring: &fdescrow::envelope::Keyring) {
        self.is_there(keyring);
        let revealed = self.fleet.reveal(&self.mac, keyring, at(1001)).unwrap();
        assert_eq!((revealed.id, revealed.expose()), (self.receipt.key, self.sent.text.as_str()));
    }

    fn is_there(&self, keyring: &fdescrow::envelope::Keyring) {
        assert_eq!(self.fleet.escrow.receipt(&self.receipt.key).unwrap().level, Some(Level::EnvelopeOpens));
        let revealed = self.fleet.reveal_key(&self.mac, self.receipt.key, keyring, at(1000)).unwrap();
        assert_eq!(revealed.expose(), self.sent.text);
        self.fleet.assert_intact();
    }
}

fn an_upload_of_nonsense_leaves_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let upload = nonsense(Custodian::first()).upload(&scene.mac);
    assert_eq!(scene.fleet.receive(upload, at(20)).status, ReceiptStatus::Stored);
    scene.survives(&Custodian::first().keyring());
    assert_eq!(scene.fleet.check(&Custodian::first().keyring(), at(2000)).failed(), 1);
    scene.survives(&Custodian::first().keyring());
}

fn a_failed_check_leaves_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let late = at(91 * 86_400);
    let report = scene.fleet.check(&Custodian::stranger().keyring(), late);
    assert_eq!(report.not_opened.get("no_identity"), Some(&1), "{report:?}");
    let history = scene.fleet.escrow.history(&scene.mac).unwrap();
    assert_eq!((history[0].last_success, history[0].last_attempt), (Some(at(10)), Some(late)));
    scene.survives(&Custodian::first().keyring());
}

fn a_rotation_is_handed_out_first_and_the_verified_key_stays(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let (newer, receipt) = scene.fleet.receive_from_mac(&scene.mac, at(20));
    let keyring = Custodian::first().keyring();
    // Before any check: the newer one is tried first, and it opens.
    let revealed = scene.fleet.reveal(&scene.mac, &keyring, at(30)).unwrap();
    assert_eq!((revealed.id, revealed.expose()), (receipt.key, newer.text.as_str()));
    let standings: Vec<Standing> = revealed.candidates.iter().map(|candidate| candidate.standing).collect();
    assert_eq!(standings, [Standing::Newer, Standing::Chosen]);
    assert_eq!(scene.fleet.check(&keyring, at(40)).failed(), 0);
    let revealed = scene.fleet.reveal(&scene.mac, &keyring, at(50)).unwrap();
    assert_eq!(revealed.id, receipt.key);
    scene.is_there(&keyring);
}

/// Nobody had checked it, the device was set up anew, and what it sent then is no key.
fn an_earlier_key_that_was_never_checked_is_tried_when_nothing_else_opens(fixture: &dyn Fixture) {
    let fleet = Fleet::of(fixture);
    let mac = device("C02XYZ");
    let (sent, receipt) = fleet.receive_from_mac(&mac, at(0));
    fleet.escrow.new_installation(&mac, &actor("ana"), "wiped", at(1)).unwrap();
    fleet.receive(nonsense(Custodian::first()).upload(&mac), at(2));
    let revealed = fleet.reveal(&mac, &Custodian::first().keyring(), at(3)).unwrap();
    assert_eq!((revealed.id, revealed.expose()), (receipt.key, sent.text.as_str()));
    let standings: Vec<Standing> = revealed.candidates.iter().map(|candidate| candidate.standing).collect();
    assert_eq!(standings, [Standing::Newer, Standing::EarlierInstallation]);
}

/// The certificate is replaced. Retiring the old one is refused until no key needs it.
fn a_new_certificate_leaves_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let (old, new) = (Custodian::first(), Custodian::second());
    let retire = |seconds| {
        scene.fleet.escrow.retire_certificate(&old.certificate.fingerprint(), &actor("ana"), "rollover", at(seconds))
    };
    assert_eq!(retire(15).unwrap_err().code(), ErrorCode::CertificateInUse);
    assert_eq!(scene.fleet.rewrap(&old.keyring(), new, at(20)).rewrapped, 1);
    assert_eq!(retire(25).unwrap_err().code(), ErrorCode::CertificateInUse);
    assert_eq!(scene.fleet.check(&new.keyring(), at(30)).opened, 1);
    retire(35).unwrap();
    scene.survives(&new.keyring());
}

/// Who has the old private key alone opens the old envelope, and has not tried the new one.
fn opening_with_the_old_private_key_does_not_keep_the_new_one_from_its_check(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let (old, new) = (Custodian::first(), Custodian::second());
    let live = || scene.fleet.escrow.live_references(&old.certificate.fingerprint()).unwrap();
    assert_eq!(scene.fleet.rewrap(&old.keyring(), new, at(20)).rewrapped, 1);
    scene.is_there(&old.keyring());
    assert_eq!(live(), 1);
    // Not again and again, but on the next day.
    assert_eq!(scene.fleet.check(&old.keyring(), at(1001)).opened, 0);
    assert_eq!(scene.fleet.check(&old.keyring(), at(90_000)).opened, 1);
    // Whoever has the new one does not have to wait.
    assert_eq!(scene.fleet.check(&new.keyring(), at(90_000)).opened, 1);
    assert_eq!(live(), 0);
    scene.survives(&new.keyring());
}

fn a_lost_new_private_key_leaves_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let (old, new) = (Custodian::first(), Custodian::second());
    assert_eq!(scene.fleet.rewrap(&old.keyring(), new, at(20)).rewrapped, 1);
    // The private key of the new certificate turns out to be gone: what was there before was kept.
    let report = scene.fleet.check(&Custodian::stranger().keyring(), at(30));
    assert_eq!(report.not_opened.get("no_identity"), Some(&1), "{report:?}");
    scene.survives(&old.keyring());
}

fn a_forgotten_device_keeps_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    scene.fleet.escrow.forget_device(&scene.mac, &actor("ana"), "sold", at(20)).unwrap();
    assert!(scene.fleet.escrow.device(&scene.mac, at(21)).unwrap().forgotten.is_some());
    scene.survives(&Custodian::first().keyring());
    // It is checked again like any other, and comes back with its next upload.
    assert_eq!(scene.fleet.check(&Custodian::first().keyring(), at(91 * 86_400)).opened, 1);
    scene.fleet.receive(scene.sent.upload(&scene.mac), at(91 * 86_400));
    assert_eq!(scene.fleet.escrow.device(&scene.mac, at(91 * 86_400)).unwrap().forgotten, None);
    scene.survives(&Custodian::first().keyring());
}

fn a_new_installation_keeps_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    scene.fleet.escrow.new_installation(&scene.mac, &actor("ana"), "wiped", at(20)).unwrap();
    scene.survives(&Custodian::first().keyring());
    let upload = nonsense(Custodian::first()).upload(&scene.mac);
    scene.fleet.receive(upload, at(2000));
    assert_eq!(scene.fleet.check(&Custodian::first().keyring(), at(2001)).failed(), 1);
    scene.survives(&Custodian::first().keyring());
}

fn a_quarantined_key_leaves_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let other = mac_sealing(Custodian::first());
    scene.fleet.receive(other.upload(&device("OTHER")), at(20));
    let receipt = scene.fleet.receive(other.upload(&scene.mac), at(21));
    assert_eq!(receipt.status, ReceiptStatus::Quarantined);
    scene.survives(&Custodian::first().keyring());
    scene.fleet.escrow.reject_quarantined(&receipt.key, &actor("ana"), "a replay", at(22)).unwrap();
    scene.survives(&Custodian::first().keyring());
}

/// The device agrees to a new key, sends nonsense, refuses, sends nothing; at last one comes that works.
fn a_rotation_that_brings_no_key_that_works_leaves_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let (escrow, keyring, mdm) = (&scene.fleet.escrow, Custodian::first().keyring(), actor("mdm"));
    let id = escrow.request_rotation(&scene.mac, None, &actor("ana"), "she left", at(20)).unwrap()[0];
    let hear = |event: RotationEvent, seconds| {
        escrow.rotation_reported(&scene.mac, &id, &event, &mdm, at(seconds)).unwrap();
    };
    hear(RotationEvent::Sent { attempt: 1, at: at(21) }, 21);
    hear(RotationEvent::Delivered { attempt: 1, at: at(22) }, 22);
    scene.fleet.receive(nonsense(Custodian::first()).upload(&scene.mac), at(23));
    assert_eq!(scene.fleet.check(&keyring, at(24)).failed(), 1);
    scene.survives(&keyring);
    hear(RotationEvent::Sent { attempt: 2, at: at(2000) }, 2000);
    scene.fleet.receive(scene.sent.upload(&scene.mac), at(2001));
    scene.survives(&keyring);
    let retired = |action: &String| action == "key_retired";
    let before = scene.fleet.actions(&scene.mac).into_iter().filter(retired).count();
    // The new one works: the old one takes the second place, and is there all the same.
    let (newer, receipt) = scene.fleet.receive_from_mac(&scene.mac, at(3000));
    assert_eq!(scene.fleet.check(&keyring, at(3001)).failed(), 0);
    assert!(scene.fleet.actions(&scene.mac).into_iter().filter(retired).count() > before);
    let revealed = scene.fleet.reveal(&scene.mac, &keyring, at(3002)).unwrap();
    assert_eq!((revealed.id, revealed.expose()), (receipt.key, newer.text.as_str()));
    scene.is_there(&keyring);
}

/// Whatever is planned and removed each year: it is the only one that works.
fn a_wish_to_remove_what_is_old_leaves_the_verified_key(fixture: &dyn Fixture) {
    let store = fixture.store();
    let policy = Policy::from_toml("[retention]\nretired_keys = 8640000\nwaiting_period = 2592000\n").unwrap();
    let builder = Fleet::builder(Arc::clone(&store)).policies(Arc::new(Arc::new(policy)));
    let scene = Scene::over(Fleet { escrow: builder.build().unwrap(), store });
    let (escrow, keyring, cron) = (&scene.fleet.escrow, Custodian::first().keyring(), actor("cron"));
    for year in 1..5_i64 {
        let day = |day: i64| at((365 * year + day) * 86_400);
        scene.fleet.receive(nonsense(Custodian::first()).upload(&scene.mac), day(0));
        scene.fleet.check(&keyring, day(1));
        escrow.plan_removals(&Page::first(), &cron, day(2)).unwrap();
        escrow.remove_due(&Page::first(), &cron, day(100)).unwrap();
        assert!(escrow.cancel_removal(&scene.receipt.key, &cron, "it was never planned", day(101)).is_err());
        scene.survives(&keyring);
    }
}

fn everything_at_once_leaves_the_verified_key(fixture: &dyn Fixture) {
    let scene = Scene::of(fixture);
    let (old, new) = (Custodian::first(), Custodian::second());
    for round in 0..3_i64 {
        let time = |seconds| at(20 + 100 * round + seconds);
        scene.fleet.receive(nonsense(old).upload(&scene.mac), time(0));
        scene.fleet.check(&Custodian::stranger().keyring(), time(10));
        scene.fleet.rewrap(&Custodian::keyring_of(&[old, new]), if round % 2 == 0 { new } else { old }, time(20));
        scene.fleet.check(&Custodian::keyring_of(&[old, new]), time(30));
        scene.fleet.escrow.forget_device(&scene.mac, &actor("ana"), "sold", time(40)).unwrap();
        scene.fleet.escrow.new_installation(&scene.mac, &actor("ana"), "wiped", time(50)).unwrap();
        scene.fleet.receive(scene.sent.upload(&scene.mac), time(60));
    }
    scene.survives(&Custodian::keyring_of(&[old, new]));
}
