//! A device: which keys decide, and what its status is.

use super::*;

const EARLIER: Reason = Reason::EarlierKeyWorks;

#[test]
fn a_key_never_displaces_one_of_its_place_that_reached_a_higher_level() {
    let place = filevault();
    let mut device = Device::new();
    device.receive(1, place.clone(), 1);
    device.change(1, opened_with(1, HeaderProof::ProtectorOpens, 2)).unwrap();
    device.receive(2, place.clone(), 3);
    assert_eq!(device.numbers(&place), (2, 1));
    device.change(2, opened(2, 4)).unwrap();
    assert_eq!(device.numbers(&place), (2, 1), "opened, but less than the first");
    device.change(2, KeyChange::Attested { opens: true, at: at(5) }).unwrap();
    assert_eq!(device.numbers(&place), (2, 1), "as far, but only by the device's word");
    device.change(2, opened_with(2, HeaderProof::ProtectorOpens, 6)).unwrap();
    assert_eq!(device.numbers(&place), (2, 2), "as far, and newer");
}

#[test]
fn a_key_between_may_turn_out_to_be_the_best() {
    let place = filevault();
    let mut device = Device::new();
    for number in 1..=5 {
        device.receive(number, place.clone(), i64::from(number));
    }
    device.change(2, opened(2, 10)).unwrap();
    assert_eq!(device.numbers(&place), (5, 2));
    device.change(4, opened(4, 11)).unwrap();
    assert_eq!(device.numbers(&place), (5, 4));
    device.change(3, opened(3, 12)).unwrap();
    assert_eq!(device.numbers(&place), (5, 4), "the order of checks does not matter, that of keys does");
    device.change(1, opened_with(1, HeaderProof::ProtectorOpens, 13)).unwrap();
    assert_eq!(device.numbers(&place), (5, 1));
    device.change(1, opened_with(1, HeaderProof::Refused, 14)).unwrap();
    assert_eq!(device.place(&place).proven().unwrap().id(), KeyId::from_bytes([1; 16]), "it still opens");
}

#[test]
fn stale_facts_are_refused_and_change_nothing() {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    let before = device.key(1).clone();
    device.change(1, opened(1, 2)).unwrap();
    let apply = |event: &Event| device.state.clone().apply(event);
    let stale = |key: &KeyFacts| apply(&Event::KeyChanged { key: Box::new(key.clone()), change: opened(1, 3) });
    assert_eq!(stale(&before), Err(Rejected::Stale));
    assert!(stale(device.key(1)).is_ok());

    let later = State::new(at(0)).apply(&Event::InstallationChanged { number: 2, at: at(1) }).unwrap();
    let stranger = later.receive(new_key(9, filevault(), 1));
    assert_eq!(stale(&stranger), Err(Rejected::Stale), "of an installation that is not known");
    let other = device.state.receive(new_key(9, filevault(), 1));
    assert_eq!(stale(&other), Err(Rejected::Stale), "never received");
    let again = Event::KeyReceived { key: Box::new(device.key(1).clone()) };
    assert_eq!(apply(&again), Err(Rejected::Stale));
    assert_eq!(apply(&Event::KeyReceived { key: Box::new(stranger) }), Err(Rejected::Stale));
    for number in [0, 1, 3] {
        assert_eq!(apply(&Event::InstallationChanged { number, at: at(3) }), Err(Rejected::Stale));
    }
    let other = Box::new(before.clone());
    let retired = Event::KeyRetired { key: other.clone(), replacement: other, at: at(4) };
    assert_eq!(apply(&retired), Err(Rejected::Stale));
}

#[test]
fn after_an_installation_no_earlier_key_counts_and_none_is_forgotten() {
    let place = filevault();
    let mut device = Device::new();
    device.receive(1, place.clone(), 1);
    device.change(1, opened_with(1, HeaderProof::ProtectorOpens, 2)).unwrap();
    device.receive(2, place.clone(), 3);
    device.reinstall(10);
    assert_eq!((device.state.installation(), device.state.installed()), (2, at(10)));
    assert_eq!(device.numbers(&place), (0, 0));
    assert_eq!(device.place(&place).earlier().unwrap(), device.key(1));
    assert_eq!(device.status(59), (Status::Enforcing, vec![Reason::NoKey, EARLIER]));
    assert_eq!(device.status(60), (Status::ActionRequired, vec![Reason::NoKey, EARLIER]));

    // A key of before that is checked only now.
    device.change(2, opened(2, 11)).unwrap();
    assert_eq!(device.place(&place).earlier().unwrap(), device.key(1), "the first reached more");
    device.change(2, opened_with(2, HeaderProof::VolumeKeyUnwrapped, 12)).unwrap();
    assert_eq!(device.place(&place).earlier().unwrap(), device.key(2));
    device.change(1, not_opened(1, Failure::DidNotOpen, 13)).unwrap();

    // A present key that opens less is the one that counts.
    device.receive(3, place.clone(), 20);
    assert_eq!(device.status(30), (Status::Verifying, vec![Reason::NotChecked, EARLIER]));
    device.change(3, opened(3, 21)).unwrap();
    assert_eq!((device.numbers(&place), device.status(30)), ((3, 3), (Status::Verified, vec![])));
    device.reinstall(40);
    assert_eq!(device.place(&place).earlier().unwrap(), device.key(3), "the later installation comes first");
    assert_eq!(device.chosen(), Some(3));
}

#[test]
fn an_unopened_key_of_before_leaves_no_place_behind() {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    device.reinstall(2);
    assert_eq!(device.state.places(), []);
    device.change(1, not_opened(1, Failure::NoIdentity, 3)).unwrap();
    assert_eq!(device.state.places(), []);
    device.change(1, opened(1, 4)).unwrap();
    assert_eq!(device.place(&filevault()).earlier().unwrap(), device.key(1));
}

#[test]
fn a_retired_key_leaves_its_place() {
    let (old, new) = (bitlocker("C:", "{1}"), bitlocker("C:", "{2}"));
    let mut device = Device::new();
    device.receive(1, old.clone(), 1);
    device.change(1, opened(1, 2)).unwrap();
    device.receive(2, new.clone(), 3);
    device.change(2, opened(2, 4)).unwrap();
    device.retire(1, 2, 5).unwrap();
    assert_eq!(device.state.places().len(), 1);
    assert_eq!(device.numbers(&new), (2, 2));
    // A check of the retired one goes into its row and nowhere else.
    let before = device.state.clone();
    device.change(1, not_opened(1, Failure::DidNotOpen, 6)).unwrap();
    assert_eq!(device.state, before);
}

#[test]
fn a_replacement_that_the_state_had_passed_over_is_known_again() {
    let place = filevault();
    let mut device = Device::new();
    for number in 1..=3 {
        device.receive(number, place.clone(), 1);
    }
    device.change(1, opened(1, 2)).unwrap();
    device.change(2, opened(2, 3)).unwrap();
    assert_eq!(device.numbers(&place), (3, 2));
    device.retire(2, 1, 4).unwrap();
    assert_eq!(device.numbers(&place), (3, 1));
}

#[test]
fn a_place_of_the_past_is_no_matter_to_a_device_that_is_in_order() {
    let mut device = Device::new();
    for (number, volume) in [(1, "C:"), (2, "D:")] {
        device.receive(number, bitlocker(volume, "{1}"), 1);
        device.change(number, opened(number, 2)).unwrap();
    }
    device.reinstall(3);
    device.receive(3, bitlocker("C:", "{1}"), 4);
    assert_eq!(device.status(5), (Status::Verifying, vec![Reason::NotChecked, EARLIER]));
    device.change(3, opened(3, 5)).unwrap();
    assert_eq!(device.status(6), (Status::Verified, vec![]));
}

#[test]
fn a_key_that_was_only_noise_can_be_retired_for_the_one_before_it() {
    let place = filevault();
    let mut device = Device::new();
    device.receive(1, place.clone(), 1);
    device.change(1, opened(1, 2)).unwrap();
    device.receive(2, place.clone(), 3);
    device.change(2, not_opened(2, Failure::WrongContent, 4)).unwrap();
    assert_eq!(device.status(5), (Status::ActionRequired, vec![Reason::WrongContent, EARLIER]));
    device.retire(2, 1, 6).unwrap();
    assert_eq!((device.numbers(&place), device.status(7)), ((1, 1), (Status::Verified, vec![])));
}

#[test]
fn a_key_that_is_set_apart_is_no_key_until_it_is_accepted() {
    let place = filevault();
    let apart = |number, seconds| NewKey { quarantined: true, ..new_key(number, filevault(), seconds) };
    let mut device = Device::new();
    device.receive_as(apart(1, 1));
    assert_eq!((device.state.quarantined(), device.state.places().len()), (1, 0));
    assert_eq!(device.status(2), (Status::ActionRequired, vec![Reason::Quarantined]));
    device.receive(2, place.clone(), 3);
    device.change(2, opened(2, 4)).unwrap();
    assert_eq!(device.status(5), (Status::Verified, vec![Reason::Quarantined]), "said, and hides nothing");
    device.receive_as(apart(3, 6));
    device.change(3, KeyChange::QuarantineRejected).unwrap();
    device.change(1, KeyChange::QuarantineAccepted).unwrap();
    assert_eq!(device.state.quarantined(), 0);
    assert_eq!(device.numbers(&place), (2, 2), "accepted, and older than the one that is there");
    assert_eq!(device.status(7), (Status::Verified, vec![]));
    device.receive_as(apart(4, 8));
    device.change(4, KeyChange::QuarantineAccepted).unwrap();
    assert_eq!(device.numbers(&place), (4, 2));
}

#[test]
fn a_hidden_device_keeps_its_keys_and_comes_back_with_a_sign_of_life() {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    device.change(1, opened(1, 2)).unwrap();
    let visible = device.state.clone();
    let hidden = visible.clone().apply(&Event::DeviceForgotten { at: at(3) }).unwrap();
    assert_eq!((hidden.forgotten(), hidden.places()), (Some(at(3)), visible.places()));
    assert_eq!(assess(&hidden, &rules().into(), at(4)).status, Status::NotRequired);
    assert_eq!(assess(&hidden, &rules().into(), at(4)).reasons, [Reason::DeviceForgotten]);
    assert_eq!(hidden.clone().apply(&Event::DeviceForgotten { at: at(5) }), Err(Rejected::AlreadyForgotten));
    assert_eq!(hidden.clone().apply(&Event::KeySighted).unwrap(), visible);
    let key = Box::new(hidden.receive(new_key(2, filevault(), 6)));
    assert_eq!(hidden.apply(&Event::KeyReceived { key }).unwrap().forgotten(), None);
}

#[test]
fn the_most_urgent_place_gives_the_status_and_every_reason_is_said() {
    let mut device = Device::new();
    device.receive(1, bitlocker("C:", "{1}"), 1);
    device.change(1, opened(1, 2)).unwrap();
    device.receive(2, bitlocker("D:", "{2}"), 3);
    device.receive(3, bitlocker("E:", "{3}"), 4);
    device.change(3, not_opened(3, Failure::SealedByMacos, 5)).unwrap();
    let assessment = device.assess(6);
    assert_eq!(assessment.status, Status::ActionRequired);
    assert_eq!(assessment.reasons, [Reason::SealedByMacos, Reason::NotChecked]);
    assert_eq!(assessment.actions, [Action::DeliverProfile, Action::RequestNewKey, Action::CheckKey]);
    assert_eq!(assessment.wake_at, Some(at(103)), "the second one's deadline");
    assert_eq!(assessment.awaits, [Awaited::KeyChecked, Awaited::KeyReceived]);
    // 103 s on, the second one is late: that is ours to mend, and comes first.
    assert_eq!(device.status(103), (Status::Failed, vec![Reason::CheckOverdue, Reason::SealedByMacos]));
}

#[test]
fn a_device_may_have_only_so_many_places() {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    device.change(1, opened(1, 2)).unwrap();
    device.reinstall(3);
    let place = |number: usize| bitlocker("C:", &number.to_string());
    let receive = |device: &mut Device, number: usize| {
        let id = KeyId::from_bytes(u128::try_from(number + 1_000).unwrap().to_be_bytes());
        let key = device.state.receive(NewKey::new(id, place(number), Origin::Sealed, envelope(1), at(4)));
        let event = Event::KeyReceived { key: Box::new(key) };
        device.state.clone().apply(&event).map(|state| device.state = state)
    };
    for number in 0..State::MAX_PLACES {
        receive(&mut device, number).unwrap();
    }
    assert_eq!(device.state.places().len(), State::MAX_PLACES);
    assert!(device.state.places().iter().all(|place| place.earlier().is_none()), "the one of the past made room");
    assert_eq!(receive(&mut device, 999), Err(Rejected::TooManyPlaces));
    receive(&mut device, 7).unwrap();
    // The key of the past has its row, and a check of it is not refused for lack of room here.
    device.change(1, opened(1, 5)).unwrap();
    assert!(device.state.places().is_sorted_by_key(|place| place.place().clone()));
}
