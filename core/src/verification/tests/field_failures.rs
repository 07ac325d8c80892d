//! What happened to others: keys that were lost, hidden or taken for good, each held at this level. Numbers are
//! those of Fleet's issues and pull requests.

use super::*;

fn with_a_good_key() -> Device {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    device.change(1, opened(1, 2)).unwrap();
    device
}

/// After each of these the key that worked is still the one that is handed out.
#[test]
fn the_last_good_key_survives() {
    type Happening<'a> = (&'a str, &'a dyn Fn(&mut Device));
    let happenings: [Happening<'_>; 6] = [
        ("an upload", &|device| device.receive(2, filevault(), 3)),
        ("a failed check", &|device| device.change(1, not_opened(1, Failure::DidNotOpen, 3)).unwrap()),
        ("a rotation that ended in nonsense", &|device| {
            device.receive(2, filevault(), 3);
            device.change(2, not_opened(2, Failure::WrongContent, 4)).unwrap();
        }),
        ("a new certificate", &|device| {
            device.change(1, KeyChange::EnvelopeAdded { digest: envelope(9), at: at(3) }).unwrap();
            let tried = vec![envelope(1), envelope(9)];
            let change = KeyChange::NotOpened { tried, failure: Failure::NoIdentity, keyring: None, at: at(4) };
            device.change(1, change).unwrap();
        }),
        ("a deleted device", &|device| {
            device.state = device.state.clone().apply(&Event::DeviceForgotten { at: at(3) }).unwrap();
        }),
        ("a wiped device", &|device| device.reinstall(3)),
    ];
    for (what, happen) in happenings {
        let mut device = with_a_good_key();
        happen(&mut device);
        assert_eq!(device.chosen(), Some(1), "{what}");
        let place = device.place(&filevault());
        assert_eq!(place.proven().or(place.earlier()).unwrap().id(), KeyId::from_bytes([1; 16]), "{what}");
    }
    println!("{} of {} happenings left the good key", happenings.len(), happenings.len());
}

/// Fleet 28754: a valid key was hidden behind an error.
#[test]
fn an_error_does_not_hide_a_valid_key() {
    let mut device = with_a_good_key();
    device.change(1, not_opened(1, Failure::NoIdentity, 3)).unwrap();
    assert_eq!(device.status(4), (Status::Verified, vec![Reason::NoIdentity]));
    // Only when its age asks for a check anyway does the failure count.
    assert_eq!(device.status(1_001).0, Status::Verified);
    assert_eq!(device.status(1_002), (Status::ActionRequired, vec![Reason::NoIdentity]));
    assert_eq!(device.chosen(), Some(1));
}

/// Fleet PR 52660: the late result of a check deleted a key that had just come.
#[test]
fn a_late_result_does_not_touch_a_fresh_key() {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    let checked = device.key(1).clone();
    device.receive(2, filevault(), 2);
    device.change(2, opened(2, 3)).unwrap();
    // The result about the first key arrives now.
    let change = not_opened(1, Failure::DidNotOpen, 4);
    let late = Event::KeyChanged { key: Box::new(checked), change };
    device.state = device.state.clone().apply(&late).unwrap();
    assert_eq!(device.numbers(&filevault()), (2, 2));
    assert_eq!(device.status(5), (Status::Verified, vec![]));

    // And one about a key that was rewrapped meanwhile is no result at all.
    let before = device.key(2).clone();
    device.change(2, KeyChange::EnvelopeAdded { digest: envelope(9), at: at(5) }).unwrap();
    let change = not_opened(2, Failure::DidNotOpen, 6);
    let late = Event::KeyChanged { key: Box::new(before), change: change.clone() };
    assert_eq!(device.state.clone().apply(&late), Err(Rejected::Stale));
    assert_eq!(device.change(2, change), Err(Rejected::Stale));
}

/// Fleet PR 52660: a dead archived key was served as if it were the present one.
#[test]
fn an_old_key_is_never_served_as_the_present_one() {
    let mut device = with_a_good_key();
    device.reinstall(3);
    device.receive(2, filevault(), 4);
    let sorted = candidates(&device.keys, device.state.installation());
    let standings: Vec<Standing> = sorted.all.iter().map(|(_, standing)| *standing).collect();
    assert_eq!(standings, [Standing::Newer, Standing::Chosen]);
    assert_eq!(sorted.untried.iter().map(|key| key.id()).collect::<Vec<_>>(), [KeyId::from_bytes([2; 16])]);
    device.change(2, opened(2, 5)).unwrap();
    assert_eq!(device.chosen(), Some(2));
}

/// Crypt-Server takes the key with the latest date: a clock that is wrong serves the wrong key.
#[test]
fn clocks_do_not_decide() {
    let ten_years = 10 * 365 * 86_400;
    for (first, second) in [(ten_years, -ten_years), (-ten_years, ten_years), (0, 0)] {
        let mut device = Device::new();
        device.receive(1, filevault(), first);
        device.change(1, opened(1, first)).unwrap();
        device.receive(2, filevault(), second);
        device.change(2, opened(2, second)).unwrap();
        assert_eq!((device.numbers(&filevault()), device.chosen()), ((2, 2), Some(2)));
        device.change(2, not_opened(2, Failure::NoIdentity, first)).unwrap();
        assert_eq!(device.key(2).reason(), Some(Reason::NoIdentity), "the last in order, whatever the clock says");
    }
}
