//! Which key is handed out, and what is said of the others.

use super::*;

fn standings(device: &Device) -> Vec<(u8, Standing)> {
    let sorted = candidates(&device.keys, device.state.installation());
    sorted.all.iter().map(|(key, standing)| (key.id().as_bytes()[0], *standing)).collect()
}

fn untried(device: &Device) -> Vec<u8> {
    let sorted = candidates(&device.keys, device.state.installation());
    sorted.untried.iter().map(|key| key.id().as_bytes()[0]).collect()
}

#[test]
fn every_key_is_named_with_what_it_is() {
    let mut device = Device::new();
    for number in 1..=2 {
        device.receive(number, filevault(), 1);
        device.change(number, opened(number, 2)).unwrap();
    }
    device.reinstall(3);
    for number in 3..=9 {
        device.receive_as(NewKey { quarantined: number == 8, ..new_key(number, filevault(), 4) });
    }
    for number in [4, 5, 6] {
        device.change(number, opened_with(number, HeaderProof::ProtectorOpens, 5)).unwrap();
    }
    device.change(7, not_opened(7, Failure::NoIdentity, 5)).unwrap();
    device.retire(5, 6, 6).unwrap();
    assert_eq!(
        standings(&device),
        [
            (9, Standing::Newer),
            (8, Standing::Quarantined),
            (7, Standing::NewerNotOpened),
            (6, Standing::Chosen),
            (5, Standing::Retired),
            (4, Standing::Previous),
            (3, Standing::PreviousNotOpened),
            (2, Standing::EarlierInstallation),
            (1, Standing::EarlierInstallation),
        ]
    );
    assert_eq!(untried(&device), [9, 7], "with another keyring the seventh may open");
    device.change(9, opened(9, 7)).unwrap();
    assert_eq!(standings(&device)[0], (9, Standing::Newer), "opened, and not shown to open the volume");
    assert_eq!(untried(&device), [7]);
}

#[test]
fn without_a_key_that_opened_all_are_to_be_tried() {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    device.receive(2, filevault(), 2);
    assert_eq!((device.chosen(), untried(&device)), (None, vec![2, 1]));
    device.keys.reverse();
    assert_eq!(untried(&device), [2, 1], "newest first, however the rows come");
}

#[test]
fn a_retired_key_is_handed_out_if_no_other_works() {
    let mut device = Device::new();
    for number in 1..=2 {
        device.receive(number, filevault(), 1);
        device.change(number, opened(number, 2)).unwrap();
    }
    device.change(1, opened_with(1, HeaderProof::ProtectorOpens, 2)).unwrap();
    assert_eq!(device.chosen(), Some(1));
    device.retire(1, 2, 3).unwrap();
    assert_eq!(device.chosen(), Some(2), "though the retired one had reached more");
    device.keys.remove(1);
    assert_eq!(device.chosen(), Some(1));
}

#[test]
fn a_key_that_is_set_apart_is_not_handed_out_even_if_its_row_says_that_it_opened() {
    let mut device = Device::new();
    device.receive(1, filevault(), 1);
    device.change(1, opened(1, 2)).unwrap();
    device.row(1).quarantine = Some(Quarantine::Pending);
    assert_eq!((device.chosen(), untried(&device)), (None, vec![]));
    assert_eq!(standings(&device), [(1, Standing::Quarantined)]);
}

#[test]
fn words_and_sentences_are_there() {
    for (word, standing) in [
        ("chosen", Standing::Chosen),
        ("earlier_installation", Standing::EarlierInstallation),
        ("newer", Standing::Newer),
        ("newer_not_opened", Standing::NewerNotOpened),
        ("previous", Standing::Previous),
        ("previous_not_opened", Standing::PreviousNotOpened),
        ("quarantined", Standing::Quarantined),
        ("retired", Standing::Retired),
    ] {
        assert_eq!(standing.as_str(), word);
        assert!(!standing.sentence().is_empty());
    }
}
