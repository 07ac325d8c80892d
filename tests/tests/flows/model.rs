//! Does an escrow do, over any sequence of steps, what a few lines say that it does?
//!
//! The model knows of every key whether it can be opened, and nothing of envelopes, commits or claims. After each step
//! every key of every device is as the model has it; in the end every key that was ever seen to work is handed out.

use std::{collections::BTreeMap, sync::Arc};

use fdescrow::{
    Error, KeyId,
    envelope::Keyring,
    escrow::UploadLimits,
    store::{MemoryStore, Store, conformance::Fixture},
    verification::Quarantine,
};
use fdescrow_tests::fleet::{Custodian, FaultyIdentity, Fleet, Health, Sent, SqliteFile, actor, agent, at, device};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};

use super::counted;

const DEVICES: usize = 3;
const STEPS: usize = 50;

#[derive(Clone, Debug)]
enum Step {
    Send(usize, Index),
    Check,
    CheckInVain,
    CheckOutOfReach,
    Rewrap,
    Reveal(usize),
    Decide(usize, bool),
    Forget(usize),
    Reinstall(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let any_device = 0..DEVICES;
    prop_oneof![
        12 => (any_device.clone(), any::<Index>()).prop_map(|(device, message)| Step::Send(device, message)),
        4 => Just(Step::Check),
        1 => Just(Step::CheckInVain),
        1 => Just(Step::CheckOutOfReach),
        1 => Just(Step::Rewrap),
        5 => any_device.clone().prop_map(Step::Reveal),
        3 => (any_device.clone(), any::<bool>()).prop_map(|(device, accept)| Step::Decide(device, accept)),
        1 => any_device.clone().prop_map(Step::Forget),
        2 => any_device.prop_map(Step::Reinstall),
    ]
}

/// What may be sent, by whom it was sealed, and whether anybody here can open it.
struct Message {
    sent: Sent,
    owner: usize,
    for_us: bool,
}

fn name(number: usize) -> fdescrow::DeviceId {
    device(format!("PC-{number}"))
}

fn messages() -> Vec<Message> {
    let of = |owner: usize, for_us: bool| {
        let to = if for_us { Custodian::curve() } else { Custodian::stranger() };
        Message { sent: agent(&name(owner), "1", to), owner, for_us }
    };
    (0..DEVICES).flat_map(|owner| [true, true, true, false, false].map(|for_us| of(owner, for_us))).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    id: KeyId,
    message: usize,
    opens: bool,
    opened: bool,
    installation: u32,
    sightings: u64,
    envelopes: usize,
    apart: Option<Quarantine>,
}

impl Key {
    fn is_apart(&self) -> bool {
        matches!(self.apart, Some(Quarantine::Pending | Quarantine::Rejected))
    }
}

#[derive(Clone, Debug)]
struct Device {
    keys: Vec<Key>,
    installation: u32,
    hidden: bool,
}

#[derive(Debug, Default)]
struct Model(BTreeMap<usize, Device>);

impl Model {
    fn keys(&mut self) -> impl Iterator<Item = &mut Key> {
        self.0.values_mut().flat_map(|device| &mut device.keys)
    }

    /// Which key is handed out: one that is newer than what is known to work and opens, else what is known to work
    /// best, else any that opens; those of the present installation first.
    fn handed_out(&self, device: usize) -> Option<usize> {
        let device = self.0.get(&device)?;
        let usable = || device.keys.iter().enumerate().filter(|(_, key)| !key.is_apart());
        let newest = |(at, key): &(usize, &Key)| (key.installation, *at);
        let known = usable().filter(|(_, key)| key.opened).max_by_key(newest);
        let fresh = usable().filter(|(at, key)| {
            key.opens && key.installation == device.installation && known.is_none_or(|(known, _)| *at > known)
        });
        let last = || usable().filter(|(_, key)| key.opens).max_by_key(newest);
        fresh.max_by_key(newest).or(known).or_else(last).map(|(at, _)| at)
    }
}

/// An escrow, and what it is held against.
struct Held<'a> {
    fleet: Fleet,
    model: Model,
    messages: &'a [Message],
    now: i64,
}

impl Held<'_> {
    fn keyring() -> Keyring {
        Custodian::keyring_of(&[Custodian::curve(), Custodian::later_curve()])
    }

    fn take(&mut self, step: &Step) {
        self.now += 1;
        let now = at(self.now);
        let by = actor("ana");
        match step {
            Step::Send(number, message) => self.send(*number, message.index(self.messages.len())),
            Step::Check => {
                self.fleet.check(&Self::keyring(), now);
                self.model.keys().filter(|key| !key.is_apart()).for_each(|key| key.opened |= key.opens);
            }
            Step::CheckInVain => assert_eq!(self.fleet.check(&Custodian::second().keyring(), now).opened, 0),
            Step::CheckOutOfReach => {
                let identity = FaultyIdentity::of(Custodian::curve());
                identity.becomes(Health::Nonsense);
                assert_eq!(self.fleet.check(&identity.keyring(), now).failed(), 0);
            }
            Step::Rewrap => {
                self.fleet.rewrap(&Self::keyring(), Custodian::later_curve(), now);
                self.model.keys().filter(|key| !key.is_apart() && key.opens).for_each(|key| key.envelopes = 2);
            }
            Step::Reveal(number) => self.reveal(*number),
            Step::Decide(number, accept) => {
                let Some(device) = self.model.0.get_mut(number) else { return };
                let waits = |key: &&mut Key| key.apart == Some(Quarantine::Pending);
                let Some(key) = device.keys.iter_mut().find(waits) else { return };
                if *accept {
                    self.fleet.escrow.accept_quarantined(&key.id, &by, "its own", now).unwrap();
                    key.apart = Some(Quarantine::Accepted);
                } else {
                    self.fleet.escrow.reject_quarantined(&key.id, &by, "a replay", now).unwrap();
                    key.apart = Some(Quarantine::Rejected);
                }
            }
            Step::Forget(number) => {
                let answer = self.fleet.escrow.forget_device(&name(*number), &by, "sold", now);
                match self.model.0.get_mut(number) {
                    None => assert!(matches!(answer, Err(Error::DeviceUnknown))),
                    Some(device) if device.hidden => assert!(matches!(answer, Err(Error::Rejected(_)))),
                    Some(device) => {
                        answer.unwrap();
                        device.hidden = true;
                    }
                }
            }
            Step::Reinstall(number) => {
                let answer = self.fleet.escrow.new_installation(&name(*number), &by, "wiped", now);
                match self.model.0.get_mut(number) {
                    None => assert!(matches!(answer, Err(Error::DeviceUnknown))),
                    Some(device) => {
                        answer.unwrap();
                        device.installation += 1;
                    }
                }
            }
        }
    }

    fn send(&mut self, number: usize, message: usize) {
        let elsewhere = self
            .model
            .0
            .iter()
            .any(|(other, device)| *other != number && device.keys.iter().any(|key| key.message == message));
        let Message { sent, owner, for_us } = &self.messages[message];
        let receipt = self.fleet.receive(sent.upload(&name(number)), at(self.now));
        let fresh = Device { keys: Vec::new(), installation: 1, hidden: false };
        let device = self.model.0.entry(number).or_insert(fresh);
        device.hidden = false;
        if let Some(key) = device.keys.iter_mut().find(|key| key.message == message) {
            key.sightings += 1;
            assert_eq!((receipt.key, receipt.sightings), (key.id, key.sightings));
            return;
        }
        device.keys.push(Key {
            id: receipt.key,
            message,
            opens: *for_us && *owner == number,
            opened: false,
            installation: device.installation,
            sightings: 1,
            envelopes: 1,
            apart: elsewhere.then_some(Quarantine::Pending),
        });
    }

    fn reveal(&mut self, number: usize) {
        let answer = self.fleet.reveal(&name(number), &Self::keyring(), at(self.now));
        let expected = self.model.handed_out(number);
        let Some(device) = self.model.0.get_mut(&number) else {
            return assert!(matches!(answer, Err(Error::DeviceUnknown)));
        };
        match (answer, expected) {
            (Ok(revealed), Some(at)) => {
                let key = &mut device.keys[at];
                assert_eq!((revealed.id, revealed.expose()), (key.id, self.messages[key.message].sent.text.as_str()));
                key.opened = true;
            }
            (Err(Error::Quarantined), None) => assert!(device.keys.iter().all(Key::is_apart)),
            (Err(Error::NotOpened { .. }), None) => assert!(device.keys.iter().any(|key| !key.is_apart())),
            (answer, expected) => panic!("{answer:?} and not {expected:?} of {device:?}"),
        }
    }

    /// Everything is as the model has it.
    fn compare(&self) {
        for (number, device) in &self.model.0 {
            let history = self.fleet.escrow.history(&name(*number)).unwrap();
            let stored = history.iter().zip(&device.keys).map(|(stored, key)| Key {
                id: stored.id,
                opened: stored.last_success.is_some(),
                installation: stored.installation,
                sightings: stored.sightings,
                envelopes: stored.envelopes.len(),
                apart: stored.quarantine,
                ..key.clone()
            });
            assert_eq!(history.len(), device.keys.len());
            assert_eq!(stored.collect::<Vec<_>>(), device.keys);
            let report = self.fleet.escrow.device(&name(*number), at(self.now)).unwrap();
            assert_eq!(report.forgotten.is_some(), device.hidden);
        }
    }

    fn end(&self) -> usize {
        let mut handed_out = 0;
        for (number, device) in &self.model.0 {
            for key in device.keys.iter().filter(|key| key.opened && !key.is_apart()) {
                let revealed = self.fleet.reveal_key(&name(*number), key.id, &Self::keyring(), at(self.now)).unwrap();
                assert_eq!(revealed.expose(), self.messages[key.message].sent.text);
                handed_out += 1;
            }
        }
        let keys: usize = self.model.0.values().map(|device| device.keys.len()).sum();
        let summary = self.fleet.escrow.summary(at(self.now)).unwrap();
        assert_eq!((summary.devices, summary.keys), (self.model.0.len() as u64, keys as u64));
        self.fleet.assert_intact();
        handed_out
    }
}

fn run(cases: usize, fresh: impl Fn() -> Arc<dyn Store>) {
    let messages = messages();
    let (steps, handed_out) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let config = Config { cases: u32::try_from(cases).unwrap(), failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)).run(
        &prop::collection::vec(step(), STEPS),
        |sequence| {
            let store = fresh();
            let limits = UploadLimits::default();
            let escrow = Fleet::builder(Arc::clone(&store)).limits(limits).build();
            let fleet = Fleet { escrow: escrow.map_err(|error| TestCaseError::fail(error.to_string()))?, store };
            let mut held = Held { fleet, model: Model::default(), messages: &messages, now: 0 };
            for step in &sequence {
                held.take(step);
                held.compare();
                steps.set(steps.get() + 1);
            }
            handed_out.set(handed_out.get() + held.end());
            Ok(())
        },
    );
    outcome.unwrap_or_else(|error| panic!("{error}"));
    println!(
        "{cases} sequences, {} steps, each as the model has it; {} keys that had worked handed out in the end",
        steps.get(),
        handed_out.get()
    );
    assert!(handed_out.get() > 0);
}

#[test]
fn any_sequence_of_steps_in_memory_is_as_the_model_has_it_counted() {
    run(counted(2000, 12), || Arc::new(MemoryStore::new()));
}

#[test]
fn any_sequence_of_steps_in_sqlite_is_as_the_model_has_it_counted() {
    let file = std::cell::RefCell::new(SqliteFile::new());
    run(counted(200, 4), || {
        file.replace(SqliteFile::new());
        file.borrow().store()
    });
}
