//! Somebody who can write the database and has read the documentation: what the chain alone cannot find,
//! and what finds it.

use super::*;

const LENGTH: usize = 50;

fn keys() -> [MacKey; 1] {
    [mac_key()]
}

#[test]
fn a_recomputed_chain_is_found_against_a_mac_key_or_a_checkpoint_and_not_without() {
    let with_mac = Device::with_history("C02XYZ", u64::try_from(LENGTH).unwrap(), Some(&mac_key()));
    let before = checkpoint(&[&with_mac]);
    let (mut by_chain, mut by_mac, mut by_checkpoint) = (0, 0, 0);
    for index in 0..LENGTH {
        let mut device = with_mac.clone();
        device.entries[index].1 = device.entries[index].1.replace("routine", "ordinary");
        device.recompute(index);
        by_chain += usize::from(!device.verify(&[]).is_intact());
        by_mac += usize::from(words(&device.verify(&keys())).contains(&"mac_wrong"));
        by_checkpoint += usize::from(against(&before, &[&device]) == ["rewritten"]);
    }
    println!(
        "{LENGTH} recomputed chains: {by_chain} found alone, {by_mac} with the MAC key, {by_checkpoint} with a checkpoint"
    );
    assert_eq!((by_chain, by_mac, by_checkpoint), (0, LENGTH, LENGTH));
}

#[test]
fn a_chain_cut_off_with_its_head_put_back_is_found_only_against_a_checkpoint() {
    let whole = Device::with_history("C02XYZ", u64::try_from(LENGTH).unwrap(), Some(&mac_key()));
    let before = checkpoint(&[&whole]);
    let (mut by_chain, mut by_mac, mut by_checkpoint) = (0, 0, 0);
    for length in 0..LENGTH {
        // The whole device as it was on that day: entries, head and rows are all genuine.
        let device = Device::with_history("C02XYZ", u64::try_from(length).unwrap(), Some(&mac_key()));
        by_chain += usize::from(!device.verify(&[]).is_intact());
        by_mac += usize::from(!device.verify(&keys()).is_intact());
        let found = against(&before, &[&device]);
        by_checkpoint += usize::from(found == if length == 0 { ["chain_missing"] } else { ["shortened"] });
    }
    println!(
        "{LENGTH} chains cut off: {by_chain} found alone, {by_mac} with the MAC key, {by_checkpoint} with a checkpoint"
    );
    assert_eq!((by_chain, by_mac, by_checkpoint), (0, 0, LENGTH));
}

#[test]
fn a_deleted_device_is_found_only_against_a_checkpoint() {
    let devices: Vec<Device> =
        (0..10).map(|number| Device::with_history(&format!("device {number}"), 5, Some(&mac_key()))).collect();
    let all: Vec<&Device> = devices.iter().collect();
    let before = checkpoint(&all);
    assert_eq!(against(&before, &all), [""; 0]);
    for gone in 0..devices.len() {
        let left: Vec<&Device> = all.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, d)| *d).collect();
        assert!(left.iter().all(|device| device.verify(&keys()).is_intact()));
        assert_eq!(against(&before, &left), ["chain_missing"]);
    }
}

#[test]
fn chains_exchanged_with_names_and_hashes_recomputed() {
    let one = Device::with_history("C02AAA", 20, Some(&mac_key()));
    let two = Device::with_history("C02BBB", 20, Some(&mac_key()));
    let before = checkpoint(&[&one, &two]);
    let mut moved = two.clone();
    moved.subject = one.subject.clone();
    for (_, body) in &mut moved.entries {
        *body = body.replace("C02BBB", "C02AAA");
    }
    moved.recompute(0);
    assert_eq!(words(&moved.verify(&[])), [""; 0], "not found without");
    assert!(words(&moved.verify(&keys())).iter().all(|word| ["mac_wrong", "mac_missing"].contains(word)));
    assert_eq!(against(&before, &[&moved, &two]), ["rewritten"]);
}

#[test]
fn a_forged_verdict() {
    let mut device = Device::with_history("C02XYZ", 20, Some(&mac_key()));
    let before = checkpoint(&[&device]);
    let genuine = device.clone();

    // Only the row: the chain alone finds it.
    device.rows.insert(text("keys/2"), "protector_opens".to_owned());
    assert_eq!(words(&device.verify(&[])), ["row_altered"]);

    // The row and the entry that last wrote it, everything computed anew.
    device.recompute(19);
    assert_eq!(words(&device.verify(&[])), [""; 0], "not found without");
    assert_eq!(words(&device.verify(&keys())), ["mac_wrong", "mac_missing"]);
    assert_eq!(against(&before, &[&device]), ["rewritten"]);

    // A new entry after the checkpoint, without MAC, or with one that was made for another entry.
    let mut added = genuine.clone();
    added.record(Action::KeyChecked, "keys/1", "protector_opens", None);
    assert_eq!(words(&added.verify(&[])), [""; 0], "not found without");
    assert_eq!(against(&before, &[&added]), [""; 0], "a checkpoint says nothing of what came after it");
    let report = added.verify(&keys());
    assert_eq!((words(&report), report.vouched), (vec!["mac_missing"], 20));
    assert!(report.findings[0].to_string().contains("nothing vouches for entries 21 to 21"));
    let borrowed = *Entry::parse(genuine.entries[19].1.as_bytes()).unwrap().mac().unwrap();
    let body = &mut added.entries[20].1;
    *body = body.replacen("\"number\":21", &format!("\"mac\":\"{borrowed}\",\"number\":21"), 1);
    assert_eq!(words(&added.verify(&keys())), ["mac_wrong", "mac_missing"]);
}

#[test]
fn a_mac_vouches_for_what_came_before_the_key() {
    let mut device = Device::with_history("C02XYZ", 10, None);
    assert_eq!(words(&device.verify(&keys())), ["mac_missing"], "nothing vouches for it yet");
    device.record(Action::KeyChecked, "keys/1", "opens", Some(&mac_key()));
    let report = device.verify(&keys());
    assert_eq!((words(&report), report.vouched), (vec![], 11));
    // Now the entries before the key are held too.
    device.entries[2].1 = device.entries[2].1.replace("routine", "ordinary");
    let mac = device.entries[10].1.clone();
    device.recompute(2);
    device.entries[10].1 = mac;
    device.head = Entry::parse(device.entries[10].1.as_bytes()).unwrap().head();
    assert_eq!(words(&device.verify(&keys())), ["unlinked"]);
}

#[test]
fn an_entry_that_comes_again_takes_nothing_back_that_was_vouched_for() {
    let mut device = Device::with_history("C02XYZ", 9, Some(&mac_key()));
    device.entries.push(device.entries[4].clone());
    let report = device.verify(&keys());
    assert_eq!(report.vouched, 9);
    assert!(words(&report).contains(&"out_of_order") && !words(&report).contains(&"mac_missing"));
}

#[test]
fn a_mac_key_can_be_replaced() {
    let (old, new) = (MacKey::parse(&[1; 32]).unwrap(), MacKey::parse(&[2; 32]).unwrap());
    let mut device = Device::with_history("C02XYZ", 5, Some(&old));
    device.record(Action::KeyChecked, "keys/1", "opens", Some(&new));
    assert_eq!(words(&device.verify(&[old, new])), [""; 0]);
    let new = [MacKey::parse(&[2; 32]).unwrap()];
    assert_eq!(words(&device.verify(&new)), ["mac_wrong"; 5]);
}
