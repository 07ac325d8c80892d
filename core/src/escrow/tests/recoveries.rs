//! Several people are several people, what was approved is what is opened, and each door leaves its trace.

use super::*;
use crate::{
    envelope::OpenOptions,
    ids::Person,
    recovery::{Outcome, RecoveryState, Rejected},
};

const TWO_PEOPLE: &str = "[recovery]\napprovals = 1\n[recovery.break_glass]\nper_day = 1";

fn person(subject: &str) -> Person {
    Person::new("https://login.example.com", subject).unwrap()
}

fn asks(device: &DeviceId) -> Reveal {
    Reveal::of(device).by(&actor("ana")).person(person("ana")).reason("lost passphrase")
}

fn rejected<T: std::fmt::Debug>(result: Result<T, Error>) -> Rejected {
    match result {
        Err(Error::Recovery(why)) => why,
        other => panic!("{other:?}"),
    }
}

struct Desk {
    world: World,
    escrow: Escrow,
    keyring: Keyring,
    mac: DeviceId,
    key: KeyId,
}

fn desk(policy: &str) -> Desk {
    let world = World::new();
    let (certificate, keyring) = world.identity(KeyAlgorithm::P256);
    let escrow = world.escrow_by(std::slice::from_ref(&certificate), policy);
    let mac = device("C02XYZ");
    let key = world.escrowed(&escrow, &keyring, world.in_clear(&mac, Kind::FileVault), 0).key;
    Desk { world, escrow, keyring, mac, key }
}

#[test]
fn a_second_person_approves_and_only_what_was_approved_is_opened() {
    let Desk { world, escrow, keyring, mac, key } = desk(TWO_PEOPLE);
    assert_eq!(rejected(escrow.reveal(asks(&mac), &keyring, at(10))), Rejected::NotApproved);
    let unnamed = Reveal::of(&mac).by(&actor("ana")).reason("lost");
    assert_eq!(rejected(escrow.request_recovery(&unnamed, at(10))), Rejected::PersonMissing);
    let request = escrow.request_recovery(&asks(&mac), at(10)).unwrap();
    assert_eq!((request.now, request.lacking), (RecoveryState::Requested, 1));
    let id = request.recovery;
    assert_eq!(rejected(escrow.reveal(asks(&mac).under(id), &keyring, at(11))), Rejected::NotApproved);
    for spelling in ["ana", "ANA", " ana ", "a\u{200b}na"] {
        let approval = escrow.approve_recovery(&id, &person(spelling), &actor("x"), None, at(12));
        assert_eq!(rejected(approval), Rejected::SamePerson, "{spelling:?}");
    }
    let approved = escrow.approve_recovery(&id, &person("ben"), &actor("ben"), Some("knows her"), at(20)).unwrap();
    assert_eq!((approved.now, approved.lacking), (RecoveryState::Approved, 0));
    let somebody = Reveal::of(&mac).by(&actor("eve")).person(person("eve")).reason("lost").under(id);
    assert_eq!(rejected(escrow.reveal(somebody, &keyring, at(21))), Rejected::OtherRequester);

    // A newer key came: what was approved is the one before it.
    let newer = world.escrowed(&escrow, &keyring, world.in_clear(&mac, Kind::FileVault), 30);
    assert_ne!(newer.key, key);
    let revealed = escrow.reveal(asks(&mac).under(id), &keyring, at(40)).unwrap();
    assert_eq!((revealed.id, revealed.recovery), (key, id));
    assert_eq!(rejected(escrow.reveal(asks(&mac).under(id), &keyring, at(41))), Rejected::Used);
    assert_eq!(
        escrow.report_recovery(&id, Outcome::Worked, &actor("ana"), at(50)).unwrap().now,
        RecoveryState::Released
    );
    let actions: Vec<String> =
        escrow.audit_of(&mac, 0, 100).unwrap().iter().map(|entry| entry.action().to_string()).collect();
    let told = ["recovery_requested", "recovery_approved", "release_authorized", "released", "recovery_reported"];
    let found: Vec<&str> = actions.iter().map(String::as_str).filter(|action| told.contains(action)).collect();
    assert_eq!(found, told);
    assert!(escrow.verify_audit(&[], None).unwrap().is_intact());
    assert_eq!(escrow.recoveries(Some(RecoveryState::Released), &Page::first(), at(60)).unwrap().items.len(), 1);
}

#[test]
fn an_approval_can_be_taken_back_a_request_denied_and_time_runs_out() {
    let Desk { escrow, keyring, mac, .. } = desk(TWO_PEOPLE);
    let ask = |seconds| escrow.request_recovery(&asks(&mac), at(seconds)).unwrap().recovery;
    let approve = |id, seconds| escrow.approve_recovery(&id, &person("ben"), &actor("ben"), None, at(seconds));
    let id = ask(10);
    approve(id, 11).unwrap();
    let back = escrow.revoke_approval(&id, &person("ben"), &actor("ben"), at(12)).unwrap();
    assert_eq!((back.now, back.lacking), (RecoveryState::Requested, 1));
    assert_eq!(rejected(escrow.reveal(asks(&mac).under(id), &keyring, at(13))), Rejected::NotApproved);
    assert_eq!(escrow.deny_recovery(&id, &actor("ben"), "not now", at(14)).unwrap().now, RecoveryState::Denied);
    assert_eq!(rejected(approve(id, 15)), Rejected::Over);
    let id = ask(20);
    assert_eq!(escrow.deny_recovery(&id, &actor("ana"), "found it", at(21)).unwrap().now, RecoveryState::Revoked);
    let id = ask(30);
    let day = 86_400 + 31;
    assert_eq!(escrow.recovery(&id, at(day)).unwrap().now, RecoveryState::Expired);
    assert_eq!(rejected(approve(id, day)), Rejected::Expired);
}

#[test]
fn in_an_emergency_nobody_is_asked_once_a_day_and_the_key_is_replaced() {
    let Desk { world, escrow, keyring, mac, .. } = desk(TWO_PEOPLE);
    escrow.reveal(asks(&mac).break_glass(), &keyring, at(10)).unwrap();
    let other = device("OTHER");
    world.escrowed(&escrow, &keyring, world.in_clear(&other, Kind::FileVault), 11);
    assert_eq!(rejected(escrow.reveal(asks(&other).break_glass(), &keyring, at(20))), Rejected::Quota);
    escrow.reveal(asks(&other).break_glass(), &keyring, at(10 + 86_401)).unwrap();
    escrow.assess_due(10, &actor("worker"), at(3_610)).unwrap();
    assert_eq!(escrow.rotations(&mac, at(3_610)).unwrap().len(), 1);
    let Desk { escrow, keyring, mac, .. } = desk("[recovery]\napprovals = 1");
    assert_eq!(rejected(escrow.reveal(asks(&mac).break_glass(), &keyring, at(10))), Rejected::BreakGlassNotAllowed);
}

#[test]
fn a_person_is_shown_so_many_keys_a_day_and_a_ticket_is_given_where_it_is_asked_for() {
    let Desk { world, escrow, keyring, .. } = desk("[recovery]\nreveals_per_day = 2\nticket_required = true");
    let mut results = Vec::new();
    for number in 0..3 {
        let name = device(&format!("mac-{number}"));
        world.escrowed(&escrow, &keyring, world.in_clear(&name, Kind::FileVault), 0);
        assert_eq!(rejected(escrow.reveal(asks(&name), &keyring, at(10))), Rejected::TicketMissing);
        results.push(escrow.reveal(asks(&name).ticket("T-1"), &keyring, at(10)).map(|_| ()));
    }
    assert!(results[0].is_ok() && results[1].is_ok());
    assert_eq!(rejected(results.remove(2)), Rejected::Quota);
    let ben = Reveal::of(&device("mac-2")).by(&actor("ben")).reason("lost").ticket("T-2");
    escrow.reveal(ben, &keyring, at(10)).unwrap();
}

#[test]
fn a_key_for_a_technician_is_sealed_to_their_certificate() {
    let Desk { world, escrow, keyring, mac, .. } = desk("");
    let (technician, theirs) = world.identity(KeyAlgorithm::P384);
    let handed = escrow.reveal_to(asks(&mac), &technician, &keyring, at(10)).unwrap();
    let opened = handed.envelope.open(&theirs, &OpenOptions::new(crate::envelope::Suite::Modern)).unwrap();
    let shown = escrow.reveal(asks(&mac), &keyring, at(20)).unwrap();
    assert_eq!(opened.payload.key.expose(), shown.expose());
    assert!(handed.envelope.open(&keyring, &OpenOptions::new(crate::envelope::Suite::Modern)).is_err());
    let released = escrow.audit_of(&mac, 0, 100).unwrap();
    let recipients =
        &released.iter().find(|entry| entry.action().as_str() == "released").unwrap().references().recipients;
    assert_eq!(recipients, &[Digest::from_bytes(*technician.fingerprint().as_bytes())]);
}

#[test]
fn a_command_gets_the_key_of_its_device_once_and_only_where_the_policy_says_so() {
    let Desk { escrow, keyring, mac, .. } = desk("");
    let refused = escrow.release_to_device(asks(&mac), "cmd-1", &keyring, at(10));
    assert_eq!(rejected(refused), Rejected::DeviceReleaseNotAllowed);
    let Desk { escrow, keyring, mac, .. } = desk("[recovery]\napprovals = 2\nrelease_to_device = true");
    let command = Reveal::of(&mac).by(&actor("mdm")).reason("RotateFileVaultKey");
    escrow.release_to_device(command.clone(), "cmd-1", &keyring, at(10)).unwrap();
    assert_eq!(rejected(escrow.release_to_device(command.clone(), "cmd-1", &keyring, at(11))), Rejected::Used);
    escrow.release_to_device(command, "cmd-2", &keyring, at(12)).unwrap();
    assert_eq!(escrow.assess(&mac, at(13)).unwrap().wake_at, Some(at(12 + 90 * 86_400)), "nobody saw it");
    let last = escrow.audit_of(&mac, 0, 100).unwrap().pop().unwrap();
    assert_eq!(last.action().as_str(), "released_to_device");
}
