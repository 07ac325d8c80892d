//! What if three do different things with one device, and the store hears them in any order?
//!
//! One [`Escrow`](fdescrow::Escrow) is shared by three threads; which of them comes to the store next is drawn, so that
//! each seed is another schedule. What must hold is the same in all of them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use fdescrow::{
    DeviceId, Error, KeyId, Policy, Timestamp,
    envelope::Keyring,
    escrow::{CheckOptions, Page, Receipt, Revealed, RewrapOptions},
    key::Kind,
    rotation::RotationEvent,
    store::{MemoryStore, Store, conformance::Fixture},
};
use fdescrow_tests::{
    crash::Dice,
    fleet::{Custodian, Fleet, Schedule, Sent, SqliteFile, actor, at, device, in_clear},
};

use super::promised;

/// The day on which the key that was replaced may go.
const DUE: i64 = 131 * 86_400;

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Cancel,
    Check,
    Forget,
    Receive,
    ReceiveAgain,
    Remove,
    Reveal,
    RevealOld,
    Rewrap,
    Rotate,
}

impl Deed {
    const ALL: [Self; 10] = [
        Self::Cancel,
        Self::Check,
        Self::Forget,
        Self::Receive,
        Self::ReceiveAgain,
        Self::Remove,
        Self::Reveal,
        Self::RevealOld,
        Self::Rewrap,
        Self::Rotate,
    ];

    /// Three different ones.
    fn drawn(dice: &mut Dice) -> [Self; 3] {
        let mut left = Self::ALL.to_vec();
        std::array::from_fn(|_| left.remove(usize::try_from(dice.roll(u64::try_from(left.len()).unwrap())).unwrap()))
    }
}

/// A device whose old key is to be removed, and whose present one works.
struct Scene {
    mac: DeviceId,
    keyring: Keyring,
    old: (KeyId, Sent),
    present: (KeyId, Sent),
    /// What comes meanwhile.
    next: Sent,
}

/// What the three were answered.
#[derive(Default)]
struct Answers {
    received: Mutex<Vec<Receipt>>,
    revealed: Mutex<Vec<(KeyId, String)>>,
    cancelled: Mutex<bool>,
    removed: Mutex<bool>,
}

fn over(store: Arc<dyn Store>) -> Fleet {
    let rules = "[retention]\nretired_keys = 8640000\nwaiting_period = 2592000\n";
    let policy = Policy::from_toml(rules).unwrap();
    let escrow = Fleet::builder(Arc::clone(&store)).policies(Arc::new(Arc::new(policy))).build().unwrap();
    Fleet { escrow, store }
}

fn now() -> Timestamp {
    at(DUE)
}

impl Scene {
    fn new(fleet: &Fleet, name: &str, deeds: &[Deed]) -> Self {
        let (mac, keyring) = (device(name), Custodian::curve().keyring());
        let receive = |second| {
            let sent = in_clear(Kind::FileVault);
            let key = fleet.receive(sent.upload(&mac), at(second)).key;
            fleet.check(&keyring, at(second + 1));
            (key, sent)
        };
        let old = receive(0);
        let rotation = fleet.escrow.request_rotation(&mac, None, &actor("ana"), "she left", at(10)).unwrap()[0];
        let sent = RotationEvent::Sent { attempt: 1, at: at(20) };
        fleet.escrow.rotation_reported(&mac, &rotation, &sent, &actor("agent"), at(20)).unwrap();
        let present = receive(30);
        let planned = fleet.escrow.plan_removals(&Page::first(), &actor("cron"), at(DUE - 30 * 86_400)).unwrap();
        assert!(planned.items.iter().any(|planned| planned.key == old.0));
        // An identity that opens nothing costs as much as one that does.
        let later = deeds.contains(&Deed::Rewrap).then(|| Arc::clone(&Custodian::later_curve().identity));
        let keyring = later.into_iter().fold(keyring, Keyring::with);
        Self { mac, keyring, old, present, next: in_clear(Kind::FileVault) }
    }

    fn run(&self, fleet: &Fleet, deed: Deed, answers: &Answers) {
        let (escrow, ana) = (&fleet.escrow, actor("ana"));
        let tell = |revealed: Revealed| {
            answers.revealed.lock().unwrap().push((revealed.id, revealed.expose().to_owned()));
        };
        match deed {
            Deed::Cancel => match escrow.cancel_removal(&self.old.0, &ana, "a court asks", now()) {
                Ok(()) => *answers.cancelled.lock().unwrap() = true,
                // It was removed, or somebody else needed it before.
                Err(error) => assert!(matches!(error, Error::KeyUnknown | Error::RemovalUnknown), "{error:?}"),
            },
            Deed::Check => {
                let report = escrow.check(&self.keyring, &CheckOptions::default(), now()).unwrap();
                assert_eq!((report.failed(), report.unavailable, report.unreadable), (0, 0, 0), "{report:?}");
            }
            Deed::Forget => escrow.forget_device(&self.mac, &ana, "sold", now()).unwrap(),
            Deed::Receive | Deed::ReceiveAgain => {
                let receipt = fleet.receive(self.next.upload(&self.mac).request("r-2"), now());
                answers.received.lock().unwrap().push(receipt);
            }
            Deed::Remove => {
                let page = escrow.remove_due(&Page::first(), &ana, now()).unwrap();
                let of_it = page.items.iter().find(|report| report.removal.key == self.old.0);
                *answers.removed.lock().unwrap() = of_it.is_some_and(|report| report.kept.is_none());
            }
            Deed::Reveal => tell(fleet.reveal(&self.mac, &self.keyring, now()).unwrap()),
            Deed::RevealOld => match fleet.reveal_key(&self.mac, self.old.0, &self.keyring, now()) {
                Ok(revealed) => tell(revealed),
                Err(error) => {
                    assert!(matches!(error, Error::KeyUnknown | Error::NoKey | Error::NotOpened { .. }), "{error:?}")
                }
            },
            Deed::Rewrap => {
                let to = &Custodian::later_curve().certificate;
                let report = escrow.rewrap(&self.keyring, to, &RewrapOptions::default(), now()).unwrap();
                assert!(report.failures.is_empty() && report.unavailable == 0, "{report:?}");
            }
            Deed::Rotate => {
                escrow.request_rotation(&self.mac, None, &ana, "he left too", now()).unwrap();
            }
        }
    }

    fn holds(&self, fleet: &Fleet, answers: Answers) {
        let history = || fleet.escrow.history(&self.mac).unwrap();
        let is_there = |key: KeyId| history().iter().filter(|facts| facts.id == key).count();
        let (received, revealed) = (answers.received.into_inner().unwrap(), answers.revealed.into_inner().unwrap());
        // What was acknowledged is there, once, also if it came twice.
        assert!(received.windows(2).all(|two| (two[0].key, two[0].envelope) == (two[1].key, two[1].envelope)));
        assert!(received.iter().all(|receipt| is_there(receipt.key) == 1));
        assert_eq!(is_there(self.present.0), 1);
        // Who needed the old key has it, or it is gone: never both.
        let (cancelled, removed) = (answers.cancelled.into_inner().unwrap(), answers.removed.into_inner().unwrap());
        let old_was_shown = revealed.iter().any(|(key, _)| *key == self.old.0);
        assert_eq!(is_there(self.old.0), usize::from(!removed));
        assert!(!removed || !(cancelled || old_was_shown), "it was removed although it was needed");
        // What was handed out is what it says, and stands in the audit.
        for (key, text) in &revealed {
            let known = [&self.old, &self.present].into_iter().find(|known| known.0 == *key);
            let expected = known.map_or(&self.next.text, |known| &known.1.text);
            assert_eq!(text, expected);
        }
        let released = fleet.actions(&self.mac).iter().filter(|action| *action == "released").count();
        assert_eq!(released, revealed.len());
        // The leases of who was there are over; everything works, and is handed out.
        let later = at(DUE + 1000);
        let report = fleet.check(&self.keyring, later);
        assert_eq!((report.failed(), report.unavailable, report.unreadable), (0, 0, 0), "{report:?}");
        let newest = received.first().map_or(&self.present.1.text, |_| &self.next.text);
        assert_eq!(fleet.reveal(&self.mac, &self.keyring, later).unwrap().expose(), newest);
        let present = fleet.reveal_key(&self.mac, self.present.0, &self.keyring, later).unwrap();
        assert_eq!(present.expose(), self.present.1.text);
    }
}

/// One schedule over a store; whose turn it was.
fn once(store: Arc<dyn Store>, seed: u64) -> ([Deed; 3], Vec<usize>) {
    let whole = over(Arc::clone(&store));
    let deeds = Deed::drawn(&mut Dice::new(seed));
    let scene = Scene::new(&whole, &format!("MAC-{seed}"), &deeds);
    let (schedule, store) = Schedule::over(store, seed);
    let (fleet, answers) = (over(store), Answers::default());
    let threads = deeds.map(|deed| {
        let (scene, fleet, answers) = (&scene, &fleet, &answers);
        Box::new(move || scene.run(fleet, deed, answers)) as Box<dyn FnOnce() + Send + '_>
    });
    let taken = schedule.run(threads.into());
    scene.holds(&whole, answers);
    (deeds, taken)
}

/// A part of the schedules in memory: the parts run at the same time.
fn in_memory(part: u64) {
    let seeds = promised(2_600, 75);
    let mut different = BTreeSet::new();
    let mut calls = 0;
    for seed in part * seeds..(part + 1) * seeds {
        let store = Arc::new(MemoryStore::new());
        let schedule = once(store.clone(), seed);
        over(store).assert_intact();
        calls += schedule.1.len();
        different.insert(schedule);
    }
    let (different, deeds) = (different.len(), different.iter().map(|(deeds, _)| deeds).collect::<BTreeSet<_>>().len());
    println!(
        "{seeds} schedules of three at once, {different} of them different, {deeds} choices of three deeds, \
         {calls} calls of the store: nothing lost"
    );
    assert!(different >= usize::try_from(seeds).unwrap() * 99 / 100, "{different}");
}

#[test]
fn three_that_share_an_escrow_in_memory_in_any_order_lose_nothing_first_part_counted() {
    in_memory(0);
}

#[test]
fn three_that_share_an_escrow_in_memory_in_any_order_lose_nothing_second_part_counted() {
    in_memory(1);
}

#[test]
fn three_that_share_an_escrow_in_memory_in_any_order_lose_nothing_third_part_counted() {
    in_memory(2);
}

#[test]
fn three_that_share_an_escrow_in_memory_in_any_order_lose_nothing_fourth_part_counted() {
    in_memory(3);
}

#[test]
fn three_that_share_an_escrow_in_sqlite_in_any_order_lose_nothing_counted() {
    let seeds = promised(400, 20);
    for seed in 0..seeds {
        let file = SqliteFile::new();
        once(file.store(), seed);
        over(file.store()).assert_intact();
    }
    println!("{seeds} schedules of three at once over a file: nothing lost");
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    let once = || once(Arc::new(MemoryStore::new()), 7);
    assert_eq!(once(), once());
}
