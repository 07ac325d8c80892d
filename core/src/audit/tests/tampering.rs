//! Accidents, and people who do not know how the chain is made: found by the chain alone.

use super::*;

const ROWS: usize = 1_000;

/// A chain's verifier before each of its entries: findings only grow, so what is found at an entry is found
/// by verifying the whole chain, and 5,000 whole verifications need not be run to see it.
fn prefixes<'a>(device: &Device, organization: &'a Organization) -> Vec<ChainVerifier<'a>> {
    let mut verifier = ChainVerifier::new(organization, device.subject.clone(), &[]);
    let mut prefixes = Vec::new();
    for (number, body) in &device.entries {
        prefixes.push(verifier.clone());
        verifier.entry(*number, body.as_bytes());
    }
    prefixes
}

#[test]
fn every_entry_edited_deleted_inserted_reordered_or_cut_off_is_found() {
    let device = Device::with_history("C02XYZ", u64::try_from(ROWS).unwrap(), None);
    let organization = organization();
    assert!(device.verify(&[]).is_intact());
    let prefixes = prefixes(&device, &organization);
    let forged = Device::with_history("C02XYZ", 1, None).entries[0].1.clone();
    let mut detected = BTreeMap::new();
    for (index, prefix) in prefixes.iter().enumerate() {
        let (number, body) = &device.entries[index];
        let next = device.entries.get(index + 1);
        let attempts: [(&str, Vec<(u64, String)>); 5] = [
            ("edited", vec![(*number, body.replace("routine", "ordinary"))]),
            ("deleted", next.cloned().into_iter().collect()),
            ("inserted", vec![(*number, forged.replace("routine", "ordinary")), (*number, body.clone())]),
            // The last entry has none to change places with but the one before it.
            (
                "reordered",
                match next {
                    Some((_, after)) => vec![(*number, after.clone()), (*number + 1, body.clone())],
                    None => vec![(*number, device.entries[index - 1].1.clone())],
                },
            ),
            ("cut off", Vec::new()),
        ];
        for (what, entries) in attempts {
            let mut verifier = prefix.clone();
            for (number, body) in &entries {
                verifier.entry(*number, body.as_bytes());
            }
            let found = words(&verifier.finish(Some(&device.head), None));
            if entries.is_empty() {
                // Cut off, or deleted at the end: only the head knows.
                assert_eq!(found, ["truncated"], "{what} {number}");
            } else {
                let of_head = ["truncated", "head_behind", "head_differs"];
                assert!(found.iter().any(|word| !of_head.contains(word)), "{what} {number}");
            }
            *detected.entry(what).or_insert(0) += 1;
        }
    }
    println!("of {ROWS} entries, found when {detected:?}");
    assert_eq!(detected.values().sum::<usize>(), 5 * ROWS);
}

#[test]
fn what_was_done_is_said_in_words() {
    let whole = Device::with_history("C02XYZ", 9, None);
    let changed = |change: &dyn Fn(&mut Device)| {
        let mut device = whole.clone();
        change(&mut device);
        device.verify(&[]).findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        changed(&|device| device.entries[4].1 = device.entries[4].1.replace("routine", "ordinary")),
        ["device C02XYZ: entry 5 was altered: its hash is not that of its content"]
    );
    assert_eq!(changed(&|device| drop(device.entries.drain(3..5))), ["device C02XYZ: entries 4 to 5 are missing"]);
    assert_eq!(
        changed(&|device| device.entries.truncate(7)),
        [
            "device C02XYZ: the head says that entry 9 is the last, and there is none after 7",
            "device C02XYZ: row keys/0 is not as entry 6 left it",
            "device C02XYZ: row keys/2 is not as entry 5 left it"
        ]
    );
    assert_eq!(changed(&|device| device.entries[4].1 = "{".to_owned()), ["device C02XYZ: entry 5 cannot be read"]);
    assert_eq!(
        changed(&|device| device.entries[8].1 = "{".to_owned()),
        ["device C02XYZ: entry 9 cannot be read", "device C02XYZ: row keys/0 is not as entry 6 left it"]
    );
    let swapped = changed(&|device| {
        let (left, right) = device.entries.split_at_mut(5);
        std::mem::swap(&mut left[4].1, &mut right[0].1);
    });
    assert_eq!(swapped[0], "device C02XYZ: the entry in row 5 has the number 6");
    assert!(swapped[1].starts_with("device C02XYZ: entry 5 does not follow the entry before it"));
    let repeated = changed(&|device| device.entries.insert(5, device.entries[4].clone()));
    assert_eq!(repeated[0], "device C02XYZ: entry 5 comes a second time or after a later one");
    assert_eq!(
        changed(&|device| device.head = Head::new(8, device.head.hash)),
        ["device C02XYZ: the head says that entry 8 is the last, and there are entries up to 9"]
    );
    assert_eq!(
        changed(&|device| device.head = Head::new(9, Digest::ZERO)),
        ["device C02XYZ: the hash in the head is not that of the last entry, 9"]
    );
    let organization = organization();
    let mut verifier = ChainVerifier::new(&organization, whole.subject.clone(), &[]);
    verifier.entry(1, whole.entries[0].1.as_bytes());
    assert_eq!(
        verifier.finish(None, None).findings[0].to_string(),
        "device C02XYZ: there are entries up to 1 and no row that holds the head"
    );
}

#[test]
fn every_byte_of_an_entry_counts() {
    let key = mac_key();
    let device = Device::with_history("C02XYZ", 2, Some(&key));
    let organization = organization();
    let found = |body: &[u8]| {
        let mut verifier = ChainVerifier::new(&organization, device.subject.clone(), std::slice::from_ref(&key));
        verifier.entry(1, body);
        words(&verifier.finish(None, None))
    };
    assert_eq!(found(device.entries[0].1.as_bytes()), ["head_missing"]);
    let mut changed = 0;
    for index in 0..device.entries[0].1.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut body = device.entries[0].1.clone().into_bytes();
            body[index] ^= mask;
            assert!(found(&body).iter().any(|word| *word != "head_missing"), "{index} {mask}");
            changed += 1;
        }
    }
    println!("{changed} changes of one byte, each found");
}

#[test]
fn rows_that_no_longer_fit_are_found() {
    let whole = Device::with_history("C02XYZ", 9, None);
    let changed = |change: &dyn Fn(&mut Device)| {
        let mut device = whole.clone();
        change(&mut device);
        device.verify(&[]).findings.iter().map(|finding| finding.problem.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        changed(&|device| *device.rows.get_mut(&text("keys/1")).unwrap() = "verified".to_owned()),
        ["row keys/1 is not as entry 7 left it"]
    );
    assert_eq!(device_code(&whole), crate::ErrorCode::AuditBroken);
    assert_eq!(
        changed(&|device| drop(device.rows.remove(&text("keys/1")))),
        ["row keys/1, last changed by entry 7, is gone"]
    );
    assert_eq!(
        changed(&|device| drop(device.rows.insert(text("keys/7"), "planted".to_owned()))),
        ["row keys/7 was written by no entry"]
    );
}

fn device_code(whole: &Device) -> crate::ErrorCode {
    let mut device = whole.clone();
    device.rows.clear();
    device.verify(&[]).findings[0].code()
}

#[test]
fn a_row_that_was_removed_may_not_come_back() {
    let mut device = Device::with_history("C02XYZ", 3, None);
    let mut draft = Draft::new(Actor::new("retention").unwrap(), Action::KeyRetired);
    draft.references.rows.insert(text("keys/1"), None);
    let entry = append(&organization(), &device.subject, &device.head, draft, second(9), None);
    device.head = entry.head();
    device.entries.push((entry.number(), entry.to_json()));
    assert_eq!(words(&device.verify(&[])), ["row_returned"]);
    device.rows.remove(&text("keys/1"));
    assert_eq!(words(&device.verify(&[])), [""; 0]);
}

/// A4 at this level: an older, genuine version of a row put in place of the present one.
#[test]
fn every_older_version_of_a_row_put_back_is_found() {
    let mut device = Device::new("C02XYZ");
    let versions: Vec<String> = (0..200).map(|version| format!("key {version}")).collect();
    for version in &versions {
        device.record(Action::KeyReceived, "keys/1", version, None);
    }
    let older = &versions[..versions.len() - 1];
    let mut found = 0;
    for version in older {
        device.rows.insert(text("keys/1"), version.clone());
        let report = {
            // Verifying the entries again for each version would show nothing more.
            let organization = organization();
            let mut verifier = ChainVerifier::new(&organization, device.subject.clone(), &[]);
            verifier.entry(200, device.entries[199].1.as_bytes());
            verifier.finish(Some(&device.head), Some(&device.row_digests()))
        };
        found += usize::from(words(&report).contains(&"row_altered"));
    }
    println!("{found} of {} older rows found", older.len());
    assert_eq!(found, older.len());
}

#[test]
fn entries_exchanged_between_devices_are_found() {
    let mut one = Device::with_history("C02AAA", 20, None);
    let mut two = Device::with_history("C02BBB", 20, None);
    std::mem::swap(&mut one.entries[9], &mut two.entries[9]);
    for (device, other) in [(&one, "device C02BBB"), (&two, "device C02AAA")] {
        let report = device.verify(&[]);
        assert_eq!(words(&report), ["foreign", "unlinked", "unlinked"]);
        assert!(report.findings[0].to_string().ends_with(&format!("it names {other}")));
    }
    let elsewhere = Organization::new("example.org").unwrap();
    let mut verifier = ChainVerifier::new(&elsewhere, one.subject.clone(), &[]);
    verifier.entry(1, one.entries[0].1.as_bytes());
    assert_eq!(words(&verifier.finish(Some(&Head::new(1, one.last().1[0])), None)), ["foreign_organization"]);
}

#[test]
fn one_broken_chain_does_not_hide_another() {
    let mut devices: Vec<Device> =
        (0..50).map(|number| Device::with_history(&format!("device {number}"), 10, None)).collect();
    for device in devices.iter_mut().step_by(5) {
        device.entries[3].1 = "not even JSON".to_owned();
    }
    let broken = devices.iter().filter(|device| !device.verify(&[]).is_intact()).count();
    assert_eq!(broken, 10);
}

#[test]
fn a_chain_of_nonsense_gives_a_bounded_report() {
    let organization = organization();
    let subject = Subject::Device(DeviceId::new("C02XYZ").unwrap());
    let mut verifier = ChainVerifier::new(&organization, subject, &[]);
    for number in (0..5_000).map(|number| number * 7 % 100).chain([u64::MAX]) {
        verifier.entry(number, b"{\"a\":");
    }
    let report = verifier.finish(Some(&Head::GENESIS), Some(&BTreeMap::new()));
    assert_eq!(report.entries, 5_001);
    assert_eq!(report.findings.len(), ChainVerifier::MAX_FINDINGS + 1);
    assert!(report.findings.last().unwrap().to_string().ends_with("more findings in this chain are not listed"));
}
