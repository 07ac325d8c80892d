//! Whatever happens in whatever order: no key goes before its time, and never the last that works.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::*;
use crate::verification::candidates;

const WAITING: i64 = 30 * DAY;

#[derive(Clone, Debug)]
enum Step {
    Again(usize),
    Ask(usize),
    Cancel(usize),
    Check,
    Plan,
    Receive {
        protector: u8,
        good: bool,
    },
    Reinstall,
    Remove,
    /// The agent says that it removed the old protector.
    Removed,
    Replace(u8),
    Reveal(usize),
    Rotate,
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..12_usize;
    prop_oneof![
        1 => key().prop_map(Step::Again),
        1 => key().prop_map(Step::Ask),
        1 => key().prop_map(Step::Cancel),
        2 => Just(Step::Check),
        4 => Just(Step::Plan),
        2 => (0..4_u8, any::<bool>()).prop_map(|(protector, good)| Step::Receive { protector, good }),
        1 => Just(Step::Reinstall),
        4 => Just(Step::Remove),
        1 => Just(Step::Removed),
        4 => (0..4_u8).prop_map(Step::Replace),
        1 => key().prop_map(Step::Reveal),
        1 => Just(Step::Rotate),
        6 => (1..150_i64).prop_map(Step::Wait),
    ]
}

/// Steps in any order; and now and then what leads to a removal, with one step in between.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let course = (0..4_u8, step(), 90..130_i64, 25..40_i64).prop_map(|(protector, between, kept, waiting)| {
        vec![Step::Replace(protector), Step::Wait(kept), Step::Plan, between, Step::Wait(waiting), Step::Remove]
    });
    let some = prop_oneof![3 => step().prop_map(|step| vec![step]), 1 => course];
    proptest::collection::vec(some, 1..25).prop_map(|steps| steps.concat())
}

/// A PC, what it sent, and what an observer knows.
struct History {
    desk: Desk,
    sealing: Certificate,
    lost: Certificate,
    sent: Vec<(KeyId, Message)>,
    /// When it was decided that a key goes, unless that was taken back since.
    decided: BTreeMap<KeyId, Timestamp>,
    day: i64,
}

/// What can be sent again.
struct Message {
    protector: u8,
    message: Vec<u8>,
}

impl History {
    fn new() -> Self {
        let world = World::new();
        let (sealing, keyring) = world.identity(KeyAlgorithm::P256);
        let (lost, _) = world.identity(KeyAlgorithm::P256);
        let escrow = world.escrow_by(&[sealing.clone(), lost.clone()], RULES);
        let desk = Desk { world, escrow, keyring, mac: device("PC-17") };
        Self { desk, sealing, lost, sent: Vec::new(), decided: BTreeMap::new(), day: 0 }
    }

    fn upload(&self, sent: &Message) -> Upload {
        Upload::sealed(self.desk.mac.clone(), Kind::BitLocker, sent.message.clone())
            .protector(format!("p{}", sent.protector).parse().unwrap())
            .by(&actor("agent"))
    }

    fn receive(&mut self, protector: u8, good: bool) {
        let rng = self.desk.world.rng.as_ref();
        let owner = Owner::new()
            .organization(self.desk.escrow.organization().clone())
            .device(self.desk.mac.clone())
            .protector(Some(format!("p{protector}").parse().unwrap()));
        let payload = Payload::new(RecoveryKey::generate(Kind::BitLocker, rng).unwrap(), owner);
        let to = if good { &self.sealing } else { &self.lost };
        let message = crate::envelope::seal(&payload, &[to], rng).unwrap().der().to_vec();
        let sent = Message { protector, message };
        if let Ok(receipt) = self.desk.escrow.receive(self.upload(&sent), days(self.day)) {
            self.sent.push((receipt.key, sent));
        }
    }

    fn check(&self) {
        while self.desk.escrow.check(&self.desk.keyring, &CheckOptions::default(), days(self.day)).unwrap().more {}
    }

    fn report(&self, event: &RotationEvent) {
        for rotation in self.desk.escrow.rotations(&self.desk.mac, days(self.day)).unwrap_or_default() {
            let id = rotation.rotation.id();
            let _ = self.desk.escrow.rotation_reported(&self.desk.mac, &id, event, &actor("agent"), days(self.day));
        }
    }

    fn rotate(&self) {
        let now = days(self.day);
        if self.desk.escrow.request_rotation(&self.desk.mac, None, &actor("ana"), "why", now).is_ok() {
            self.report(&RotationEvent::Sent { attempt: 1, at: now });
        }
    }

    fn key(&self, index: usize) -> Option<KeyId> {
        self.sent.get(index % self.sent.len().max(1)).map(|(key, _)| *key)
    }

    /// Does a step. Gives the key that it has to have taken off the list.
    fn step(&mut self, step: &Step) -> Option<KeyId> {
        let now = days(self.day);
        let escrow = &self.desk.escrow;
        let wanted = |key| Reveal::of(&self.desk.mac).key(key).by(&actor("ana")).reason("a blue screen");
        match step {
            Step::Again(index) => {
                let (key, sent) = self.sent.get(index % self.sent.len().max(1))?;
                let again = escrow.receive(self.upload(sent), now).ok()?;
                if again.key == *key {
                    return Some(*key);
                }
                // It was removed, and is a new key now.
                let sent = Message { protector: sent.protector, message: sent.message.clone() };
                self.sent.push((again.key, sent));
            }
            Step::Ask(index) => {
                let _ = escrow.request_recovery(&wanted(self.key(*index)?), now);
            }
            Step::Cancel(index) => {
                let key = self.key(*index)?;
                escrow.cancel_removal(&key, &actor("ana"), "why", now).ok()?;
                return Some(key);
            }
            Step::Check => self.check(),
            Step::Plan => self.decided.extend(self.desk.plan(self.day).into_iter().map(|key| (key, now))),
            Step::Receive { protector, good } => self.receive(*protector, *good),
            Step::Reinstall => {
                let _ = escrow.new_installation(&self.desk.mac, &actor("mdm"), "wiped", now);
            }
            Step::Remove => {
                self.desk.remove(self.day);
            }
            Step::Removed => self.report(&RotationEvent::OldRetired { at: now }),
            Step::Replace(protector) => {
                self.rotate();
                self.receive(*protector, true);
                self.check();
                self.report(&RotationEvent::OldRetired { at: now });
            }
            Step::Reveal(index) => {
                let key = self.key(*index)?;
                escrow.reveal(wanted(key), &self.desk.keyring, now).ok()?;
                return Some(key);
            }
            Step::Rotate => self.rotate(),
            Step::Wait(days) => self.day += days,
        }
        None
    }

    fn keys(&self) -> Vec<KeyRecord> {
        self.desk.escrow.keys_of(&self.desk.mac).unwrap().keys
    }
}

fn check(steps: &[Step], removed: &AtomicUsize) -> Result<(), TestCaseError> {
    let mut history = History::new();
    for step in steps {
        let before = history.keys();
        let installation = history.desk.escrow.device_record(&history.desk.mac).unwrap();
        let installation = installation.map_or(1, |device| device.state.installation());
        let spared = history.step(step);
        let (now, after) = (days(history.day), history.keys());
        let is_left = |key: &KeyId| after.iter().any(|record| record.facts.id() == *key);
        for gone in before.iter().filter(|record| !is_left(&record.facts.id())) {
            let key = gone.facts.id();
            prop_assert!(matches!(step, Step::Remove), "{step:?} removed a key");
            let decided = history.decided.get(&key).copied();
            prop_assert!(decided.is_some_and(|decided| decided.saturating_add(WAITING) <= now), "it was too early");
            prop_assert!(gone.facts.retired().is_some());
            prop_assert!(history.desk.escrow.envelopes_of(&key).unwrap().is_empty());
            removed.fetch_add(1, Ordering::Relaxed);
        }
        if after.len() < before.len() {
            let chosen = candidates(before.iter().map(|record| &record.facts), installation).chosen;
            prop_assert!(chosen.is_some_and(|chosen| is_left(&chosen.id())), "the key that is handed out went");
            let newest = before.iter().max_by_key(|record| record.facts.order()).unwrap();
            prop_assert!(is_left(&newest.facts.id()), "the newest key went");
            let works = |record: &&KeyRecord| record.facts.last_success().is_some() && record.facts.retired().is_none();
            prop_assert!(after.iter().any(|record| works(&record)), "no key that works is left");
            prop_assert!(history.desk.escrow.verify_audit(&[], None).unwrap().is_intact());
        }
        let listed: BTreeSet<KeyId> = history.desk.listed().into_iter().collect();
        prop_assert!(spared.is_none_or(|key| !listed.contains(&key)), "{step:?} left it on the list");
        history.decided.retain(|key, _| listed.contains(key));
        prop_assert!(listed.iter().all(|key| history.decided.contains_key(key)), "nobody decided that");
    }
    let report = history.desk.escrow.verify_audit(&[], None).unwrap();
    prop_assert!(report.is_intact(), "{report:?}");
    Ok(())
}

#[test]
fn no_key_goes_before_its_time_and_never_the_last_that_works() {
    let removed = AtomicUsize::new(0);
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let result = runner.run(&steps(), |steps| check(&steps, &removed));
    result.unwrap_or_else(|error| panic!("{error}"));
    let removed = removed.into_inner();
    assert!(removed > 20, "{removed} keys were removed: this shows nothing");
}
