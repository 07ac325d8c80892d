//! A key is replaced in the commits that receive and check the new one, and never before it works.

use super::*;
use crate::{
    ids::Word,
    rotation::{Cause, NextStep, Phase, RotationEvent},
    verification::Action,
};

fn only(escrow: &Escrow, device: &DeviceId, seconds: i64) -> RotationReport {
    let mut reports = escrow.rotations(device, at(seconds)).unwrap();
    assert_eq!(reports.len(), 1, "{reports:?}");
    reports.remove(0)
}

fn actions(escrow: &Escrow, device: &DeviceId) -> Vec<String> {
    escrow.audit_of(device, 0, 1000).unwrap().iter().map(|entry| entry.action().to_string()).collect()
}

#[test]
fn a_macs_key_is_replaced_after_it_was_shown_and_the_old_one_retired_when_the_new_one_works() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let mac = device("C02XYZ");
    let old = world.escrowed(&escrow, &keyring, world.in_clear(&mac, Kind::FileVault), 0);
    escrow.reveal(Reveal::of(&mac).by(&actor("ana")).reason("lost"), &keyring, at(100)).unwrap();
    assert_eq!(escrow.assess(&mac, at(100)).unwrap().wake_at, Some(at(3_700)), "an hour to type it");
    assert!(escrow.rotations(&mac, at(100)).unwrap().is_empty());

    assert_eq!(escrow.assess_due(10, &actor("worker"), at(3_699)).unwrap().judged, 0);
    assert_eq!(escrow.assess_due(10, &actor("worker"), at(3_700)).unwrap().judged, 1);
    assert_eq!(escrow.assess_due(10, &actor("worker"), at(3_700)).unwrap().judged, 0);
    let report = only(&escrow, &mac, 3_700);
    assert_eq!((report.rotation.cause(), report.next), (Cause::Reveal, Some(NextStep::SendRequest { attempt: 1 })));
    let assessment = escrow.assess(&mac, at(3_701)).unwrap();
    assert_eq!((assessment.status, assessment.reasons), (Status::Verified, vec![Reason::Rotating]));

    let id = report.rotation.id();
    let tell = |event: RotationEvent, seconds| escrow.rotation_reported(&mac, &id, &event, &actor("mdm"), at(seconds));
    tell(RotationEvent::Sent { attempt: 1, at: at(3_800) }, 3_800).unwrap();
    tell(RotationEvent::Delivered { attempt: 1, at: at(3_900) }, 3_900).unwrap();
    assert!(tell(RotationEvent::OldRetired { at: at(3_950) }, 3_950).is_err(), "the new key was not verified");
    // The old key reported again completes nothing.
    assert_eq!(only(&escrow, &mac, 3_960).rotation.phase(), Phase::Delivered);

    let new = world.escrowed(&escrow, &keyring, world.in_clear(&mac, Kind::FileVault), 4_000);
    assert_eq!(new.status, ReceiptStatus::Verified);
    let report = only(&escrow, &mac, 4_100);
    assert_eq!((report.rotation.phase(), report.rotation.new_key()), (Phase::OldRetired, Some(new.key)));
    let history = escrow.history(&mac).unwrap();
    assert_eq!((history[0].id, history[0].retired), (old.key, Some(at(4_001))));
    assert_eq!((history[1].id, history[1].retired), (new.key, None));
    assert_eq!(escrow.assess(&mac, at(4_100)).unwrap().reasons, vec![]);
    let done = actions(&escrow, &mac);
    let expected = ["rotation_requested", "rotation_reported", "rotation_reported", "key_received", "key_checked"];
    assert_eq!(done.iter().filter(|action| expected.contains(&action.as_str())).count(), 7, "{done:?}");
    assert_eq!(done.iter().filter(|action| *action == "key_retired").count(), 1);
    assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
}

#[test]
fn the_old_key_is_checked_in_the_batch_that_retires_it() {
    // The old one is tried before the new one, which was received later; or after it, when it is due again.
    for checked_before in [false, true] {
        let world = World::new();
        let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
        let policy = "[escrow]\nreverify_after = 100\ncheck_within = 60";
        let escrow = world.escrow_by(std::slice::from_ref(&certificate), policy);
        let mac = device("C02XYZ");
        let old = world.in_clear(&mac, Kind::FileVault).by(&actor("agent"));
        let old = escrow.receive(old, at(0)).unwrap().key;
        if checked_before {
            while escrow.check(&keyring, &CheckOptions::default(), at(1)).unwrap().more {}
        }
        let id = escrow.request_rotation(&mac, None, &actor("ana"), "she left", at(50)).unwrap()[0];
        let sent = RotationEvent::Sent { attempt: 1, at: at(60) };
        escrow.rotation_reported(&mac, &id, &sent, &actor("mdm"), at(60)).unwrap();
        let new = world.escrowed(&escrow, &keyring, world.in_clear(&mac, Kind::FileVault), 200);
        assert_eq!(
            (new.status, only(&escrow, &mac, 210).rotation.phase()),
            (ReceiptStatus::Verified, Phase::OldRetired)
        );
        let history = escrow.history(&mac).unwrap();
        assert_eq!((history[0].id, history[0].retired, history[0].last_success), (old, Some(at(201)), Some(at(201))));
        assert_eq!((history[1].id, history[1].retired), (new.key, None));
        let state = escrow.device_record(&mac).unwrap().unwrap().state;
        assert_eq!(state.places()[0].newest().unwrap().id(), new.key);
        assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
    }
}

#[test]
fn an_agent_adds_before_it_removes_and_a_failed_new_key_leaves_the_old_one() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let pc = device("PC-17");
    let upload = |protector: &str| world.in_clear(&pc, Kind::BitLocker).protector(protector.parse().unwrap());
    let old = world.escrowed(&escrow, &keyring, upload("p1"), 0);
    let ids = escrow.request_rotation(&pc, None, &actor("ana"), "a laptop came back", at(10)).unwrap();
    assert_eq!(ids, escrow.request_rotation(&pc, None, &actor("ana"), "again", at(11)).unwrap());
    let tell = |event: RotationEvent, seconds| {
        escrow.rotation_reported(&pc, &ids[0], &event, &actor("agent"), at(seconds)).unwrap()
    };
    tell(RotationEvent::Sent { attempt: 1, at: at(12) }, 12);
    let failed = RotationEvent::Failed { attempt: 1, why: Word::new("no_tpm").unwrap(), at: at(13) };
    assert_eq!(tell(failed.clone(), 13).rotation.failures(), 1);
    let before = escrow.audit_of(&pc, 0, 1000).unwrap().len();
    tell(failed, 14);
    assert_eq!(escrow.audit_of(&pc, 0, 1000).unwrap().len(), before, "what was heard already is not recorded");

    let new = world.escrowed(&escrow, &keyring, upload("p2"), 20);
    let report = only(&escrow, &pc, 30);
    assert_eq!((report.rotation.phase(), report.next), (Phase::Verified, Some(NextStep::RemoveOld)));
    assert_eq!(escrow.history(&pc).unwrap()[0].retired, None, "it is on the device still");
    tell(RotationEvent::OldRetired { at: at(40) }, 40);
    let history = escrow.history(&pc).unwrap();
    assert_eq!((history[0].id, history[0].retired, history[1].retired), (old.key, Some(at(40)), None));
    assert_eq!(history[1].id, new.key);
}

#[test]
fn a_key_that_cannot_be_opened_is_replaced_by_itself_unless_only_an_identity_is_missing() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::Rsa2048);
    let (other, _) = world.identity(KeyAlgorithm::Rsa2048);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let (mac, stranger) = (device("A"), device("B"));
    let (_, mut sealed) = world.sealed_by_mac(&certificate);
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    escrow.receive(Upload::sealed(mac.clone(), Kind::FileVault, sealed).by(&actor("agent")), at(0)).unwrap();
    let (_, sealed) = world.sealed_by_mac(&other);
    escrow.receive(Upload::sealed(stranger.clone(), Kind::FileVault, sealed).by(&actor("agent")), at(0)).unwrap();
    while escrow.check(&keyring, &CheckOptions::default(), at(10)).unwrap().more {}
    let report = only(&escrow, &mac, 20);
    assert_eq!(report.rotation.cause(), Cause::Undecryptable);
    assert!(escrow.rotations(&stranger, at(20)).unwrap().is_empty());
    assert!(escrow.assess(&stranger, at(20)).unwrap().actions.contains(&Action::AddIdentity));

    let all = escrow.all_rotations(&Page::first(), at(20)).unwrap();
    assert_eq!(all.items.iter().map(|report| &report.device).collect::<Vec<_>>(), [&mac]);
    let tell = |event: RotationEvent, seconds| {
        escrow.rotation_reported(&mac, &report.rotation.id(), &event, &actor("mdm"), at(seconds)).unwrap()
    };
    for attempt in 1..=4 {
        tell(RotationEvent::Sent { attempt, at: at(30) }, 30);
        tell(RotationEvent::Failed { attempt, why: Word::new("error").unwrap(), at: at(31) }, 31);
    }
    let assessment = escrow.assess(&mac, at(40)).unwrap();
    assert!(assessment.reasons.contains(&Reason::RotationStuck), "{assessment:?}");
    assert!(only(&escrow, &mac, 90_000).overdue);
}

#[test]
fn keys_of_a_compromised_certificate_are_exposed_and_replaced() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    let names = ["A", "B", "C"];
    for name in names {
        world.escrowed(&escrow, &keyring, world.in_clear(&device(name), Kind::FileVault), 0);
    }
    let fingerprint = certificate.fingerprint();
    escrow.compromise_certificate(&fingerprint, &actor("ana"), "the laptop of an admin", at(10)).unwrap();
    let mut exposed = 0;
    let mut page = Page::first().limit(2);
    loop {
        let found = escrow.expose_keys(&fingerprint, &page, &actor("ana"), at(11)).unwrap();
        exposed += found.items.len();
        match found.next {
            Some(next) => page = Page::first().limit(2).after(next),
            None => break,
        }
    }
    assert_eq!(exposed, names.len());
    let again = escrow.expose_keys(&fingerprint, &Page::first(), &actor("ana"), at(12)).unwrap();
    assert!(again.items.is_empty());
    for name in names {
        let assessment = escrow.assess(&device(name), at(20)).unwrap();
        assert_eq!((assessment.status, assessment.reasons[0]), (Status::ActionRequired, Reason::Exposed));
        assert_eq!(only(&escrow, &device(name), 20).rotation.cause(), Cause::Compromise);
    }
    // A new key, sealed to another certificate, puts it right.
    let (safe, safe_ring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(&[safe]);
    let new = world.escrowed(&escrow, &safe_ring, world.in_clear(&device("A"), Kind::FileVault), 30);
    assert_eq!(new.status, ReceiptStatus::Verified);
    assert_eq!(escrow.assess(&device("A"), at(40)).unwrap().status, Status::Verified);
    assert_eq!(only(&escrow, &device("A"), 40).rotation.phase(), Phase::OldRetired);
}

#[test]
fn a_policy_that_changes_is_followed_page_by_page() {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow(std::slice::from_ref(&certificate));
    for number in 0..5 {
        let name = device(&format!("mac-{number}"));
        world.escrowed(&escrow, &keyring, world.in_clear(&name, Kind::FileVault), 0);
    }
    let policy = "[rotation]\non = [\"age\"]\nmax_age = 86400\n[escrow]\nreverify_after = 50\ncheck_within = 50";
    let escrow = world.escrow_by(&[certificate], policy);
    assert_eq!(escrow.count(&Among::Status(Status::Verified)).unwrap(), 5);
    let mut judged = 0;
    let mut page = Page::first().limit(2);
    loop {
        let (report, next) = escrow.assess_changed(&page, &actor("worker"), at(1_000)).unwrap();
        judged += report.judged;
        match next {
            Some(next) => page = Page::first().limit(2).after(next),
            None => break,
        }
    }
    assert_eq!(judged, 5);
    assert_eq!(escrow.assess_changed(&Page::first(), &actor("worker"), at(1_000)).unwrap().0.judged, 0);
    assert_eq!(escrow.count(&Among::Status(Status::Failed)).unwrap(), 5);
    let listed = escrow.list(&Among::Reason(Reason::CheckOverdue), &Page::first(), at(1_000)).unwrap();
    assert_eq!(listed.items.len(), 5);
    assert_eq!(escrow.assess_due(10, &actor("worker"), at(86_400)).unwrap().judged, 5, "a day old");
    assert_eq!(escrow.all_rotations(&Page::first(), at(86_400)).unwrap().items.len(), 5);
    escrow.move_to_group(&device("mac-0"), Some("loans"), &actor("ana"), "lent", at(86_500)).unwrap();
    assert_eq!(escrow.count(&Among::Group("loans".to_owned())).unwrap(), 1);
}
