//! Counts, lists and per-device answers agree: after random events over a whole fleet, and after its policy changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, RwLock},
    time::Instant,
};

use fdescrow::{
    DeviceId, Escrow, Kind, Policy, Timestamp,
    escrow::{Among, CheckOptions, Page},
    ids::{Platform, Word},
    policy::PolicySource,
    store::MemoryStore,
    verification::{
        Configuration, Delivery, Operation, Reason, Status,
        observation::{Observation, Reading, Report, VolumeReading},
    },
};
use fdescrow_tests::{
    fleet::{Custodian, Fleet, Sent, actor, agent, at, device, in_clear},
    recipients::Seeded,
};

const DEVICES: usize = 2_000;
const DAY: i64 = 24 * 60 * 60;

/// A policy for each of two groups and for the rest, which can be changed.
#[derive(Debug)]
struct Changing(RwLock<Vec<Arc<Policy>>>);

impl Changing {
    fn to(texts: [&str; 3]) -> Vec<Arc<Policy>> {
        texts.iter().map(|text| Arc::new(Policy::from_json(text).unwrap())).collect()
    }
}

impl PolicySource for Changing {
    fn policy(&self, group: Option<&str>) -> Arc<Policy> {
        let number = match group {
            Some("a") => 1,
            Some("b") => 2,
            _ => 0,
        };
        Arc::clone(&self.0.read().unwrap()[number])
    }
}

const BEFORE: [&str; 3] =
    ["{}", r#"{"filevault": {"enforcement": {}}}"#, r#"{"escrow": {"levels": {"bitlocker": "protector_opens"}}}"#];
const AFTER: [&str; 3] =
    [r#"{"escrow": {"check_within": 3600, "reverify_after": 86400}}"#, r#"{"escrow": {"required": false}}"#, "{}"];

fn report(rng: &Arc<Seeded>, now: Timestamp) -> Report {
    let mut observation = Observation::new(now);
    observation.platform = Some(*rng.pick(Platform::ALL));
    let mut volume = VolumeReading::new(None);
    volume.encrypted = *rng.pick(&[Reading::Yes, Reading::Yes, Reading::No, Reading::Unknown]);
    volume.protected = *rng.pick(&[Reading::Yes, Reading::No, Reading::Unknown]);
    observation.volumes.push(volume);
    Report::new(observation)
}

/// Something that happens to a device. `sent` are keys that came before: one that comes from another device is set apart.
fn happen(escrow: &Escrow, device: &DeviceId, sent: &mut Vec<Sent>, rng: &Arc<Seeded>, now: Timestamp) {
    let by = &actor("mdm");
    match rng.below(12) {
        0..=2 => {
            let fresh =
                if rng.below(2) == 0 { in_clear(Kind::Luks) } else { agent(device, "{p1}", Custodian::curve()) };
            escrow.receive(fresh.upload(device), now).unwrap();
            sent.push(fresh);
        }
        3 if !sent.is_empty() => {
            // Its owner is another device, or it is known already: either way it may be refused.
            let _ = escrow.receive(sent[rng.below(sent.len())].upload(device), now);
        }
        3..=5 => drop(escrow.observe(device, &report(rng, now), by, now).unwrap()),
        6 | 7 => {
            let operation = *rng.pick(&[Operation::Install, Operation::Install, Operation::Remove]);
            let all = [Delivery::Pending, Delivery::Acknowledged, Delivery::Confirmed, Delivery::Failed];
            let configuration = Configuration::new(operation, *rng.pick(&all), now);
            escrow.configuration_reported(device, configuration, by, now).unwrap();
        }
        8 => {
            let failure = Some(Word::new("no_tpm").unwrap()).filter(|_| rng.below(2) == 0);
            escrow.agent_reported(device, failure.as_ref(), by, now).unwrap();
        }
        9 | 10 => {
            // A device that is not known has no group.
            let _ = escrow.move_to_group(device, rng.pick(&[Some("a"), Some("b"), None]).as_deref(), by, "moved", now);
        }
        _ if rng.below(2) == 0 => drop(escrow.forget_device(device, by, "sold", now)),
        _ => drop(escrow.new_installation(device, by, "wiped", now)),
    }
}

fn ids(escrow: &Escrow, among: &Among, now: Timestamp) -> BTreeSet<DeviceId> {
    let mut ids = BTreeSet::new();
    let mut page = Page::first().limit(300);
    loop {
        let list = escrow.list(among, &page, now).unwrap();
        assert_eq!(list.unreadable, 0);
        for report in list.items {
            assert!(ids.insert(report.device), "a device is listed twice");
        }
        match list.next {
            Some(next) => page = page.after(next),
            None => return ids,
        }
    }
}

/// Holds that every answer is the same, and gives how many devices have each status.
fn assert_agree(escrow: &Escrow, now: Timestamp) -> BTreeMap<String, u64> {
    let all = ids(escrow, &Among::All, now);
    let (mut by_status, mut by_reason) = (BTreeMap::new(), BTreeMap::new());
    for device in &all {
        let assessment = escrow.device(device, now).unwrap().assessment;
        by_status.entry(assessment.status).or_insert_with(BTreeSet::new).insert(device.clone());
        if let Some(reason) = assessment.reasons.first() {
            by_reason.entry(*reason).or_insert_with(BTreeSet::new).insert(device.clone());
        }
    }
    let size = |set: &BTreeSet<DeviceId>| u64::try_from(set.len()).unwrap();
    for status in Status::ALL {
        let (listed, expected) = (ids(escrow, &Among::Status(*status), now), by_status.remove(status));
        let expected = expected.unwrap_or_default();
        assert_eq!(listed, expected, "{status}");
        assert_eq!(escrow.count(&Among::Status(*status)).unwrap(), size(&expected), "{status}");
        by_status.insert(*status, expected);
    }
    for reason in Reason::ALL {
        let expected = by_reason.remove(reason).unwrap_or_default();
        assert_eq!(ids(escrow, &Among::Reason(*reason), now), expected, "{reason}");
        assert_eq!(escrow.count(&Among::Reason(*reason)).unwrap(), size(&expected), "{reason}");
    }
    for group in ["a", "b"] {
        let among = Among::Group(group.to_owned());
        assert_eq!(escrow.count(&among).unwrap(), size(&ids(escrow, &among, now)), "{group}");
    }
    let summary = escrow.summary(now).unwrap();
    assert_eq!((summary.devices, escrow.count(&Among::All).unwrap()), (size(&all), size(&all)));
    let counts = by_status.iter().filter(|(_, set)| !set.is_empty());
    let counts: BTreeMap<String, u64> = counts.map(|(status, set)| (status.to_string(), size(set))).collect();
    assert_eq!(summary.status, counts);
    counts
}

/// Checks batch by batch with the identity of agents, and gives how many keys opened.
fn check(escrow: &Escrow, now: Timestamp) -> u64 {
    let (keyring, options, mut opened) = (Custodian::curve().keyring(), CheckOptions::default(), 0);
    for _ in 0..1_000 {
        let report = escrow.check(&keyring, &options, now).unwrap();
        opened += report.opened;
        if !report.more {
            return opened;
        }
    }
    panic!("there is still more after a thousand batches");
}

fn assess_all_due(escrow: &Escrow, now: Timestamp) -> u64 {
    let mut judged = 0;
    for _ in 0..1_000 {
        let report = escrow.assess_due(500, &actor("clock"), now).unwrap();
        assert_eq!(report.unreadable, 0);
        judged += report.judged;
        if !report.more {
            return judged;
        }
    }
    panic!("there is always something due");
}

fn assess_all_changed(escrow: &Escrow, now: Timestamp) -> u64 {
    let (mut judged, mut page) = (0, Page::first().limit(300));
    loop {
        let (report, next) = escrow.assess_changed(&page, &actor("policy"), now).unwrap();
        assert_eq!(report.unreadable, 0);
        judged += report.judged;
        match next {
            Some(next) => page = page.after(next),
            None => return judged,
        }
    }
}

#[test]
fn counts_lists_and_per_device_answers_agree_over_a_fleet_and_after_a_policy_change() {
    let (start, rng) = (Instant::now(), Seeded::new(0x0a9e));
    let source = Arc::new(Changing(RwLock::new(Changing::to(BEFORE))));
    let policies: Arc<dyn PolicySource> = Arc::clone(&source) as Arc<dyn PolicySource>;
    let escrow = Fleet::builder(Arc::new(MemoryStore::new())).policies(policies).build().unwrap();
    let mut sent = Vec::new();
    let devices: Vec<DeviceId> = (0..DEVICES).map(|number| device(format!("d{number}"))).collect();
    // So that each is known and has a place in some list.
    for device in &devices {
        escrow.observe(device, &report(&rng, at(0)), &actor("mdm"), at(0)).unwrap();
    }
    let mut now = 0;
    let mut round = |now: &mut i64| {
        for device in &devices {
            *now += 30;
            happen(&escrow, device, &mut sent, &rng, at(*now));
        }
    };
    round(&mut now);
    round(&mut now);
    let mut checked = check(&escrow, at(now));
    round(&mut now);
    // Days pass: deadlines end, and checks are due again.
    let mut before = BTreeMap::new();
    for days in [0, 2, 100] {
        now += days * DAY;
        let judged = assess_all_due(&escrow, at(now));
        before = assert_agree(&escrow, at(now));
        println!("{judged} were due: {before:?}");
    }
    checked += check(&escrow, at(now));
    *source.0.write().unwrap() = Changing::to(AFTER);
    let judged = assess_all_changed(&escrow, at(now));
    let after = assert_agree(&escrow, at(now));
    assert_ne!(before, after);
    assert_eq!(assess_all_changed(&escrow, at(now)), 0, "all are judged by the policy that holds");
    println!("{judged} were judged by another policy: {after:?}");
    println!("{DEVICES} devices, {checked} times a key opened, in {:?}", start.elapsed());
}
