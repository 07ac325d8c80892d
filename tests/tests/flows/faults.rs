//! What if the store fails at its n-th call, and again at the m-th one after it?
//!
//! One life: two uploads, a check, a re-wrap, the check of it, a reveal. Whoever is told that something failed does it again,
//! by another process, and so does everybody who was told nothing. What was acknowledged must be there whatever failed,
//! and in the end all is as if nothing had.

use std::sync::Arc;

use fdescrow::{
    KeyId, Kind,
    escrow::{CheckOptions, RewrapOptions},
    store::{
        MemoryStore, Store,
        conformance::{Fault, FaultyStore},
    },
    verification::Status,
};
use fdescrow_tests::fleet::{Custodian, Fleet, Sent, SqliteFile, agent, at, device, in_clear};

use super::{counted, promised};

/// What is sent; made once.
struct Life {
    agents: Sent,
    clear: Sent,
}

/// What became of a life.
#[derive(Default)]
struct Course {
    calls: u64,
    failed: u64,
}

/// How often a step is done again before it is held to be stuck.
const TRIES: u32 = 5;

impl Life {
    fn new(name: &str) -> Self {
        Self {
            agents: agent(&device(name), "1", Custodian::curve()),
            clear: in_clear(Kind::BitLocker).of_protector("2"),
        }
    }

    /// Lives it for a device over a store that fails as planned, and holds that nothing was lost.
    fn live(&self, store: &Arc<dyn Store>, name: &str, plan: &[(u64, Fault)]) -> Course {
        let mut course = Course::default();
        let faulty = Arc::new(FaultyStore::new(Arc::clone(store), plan.iter().copied()));
        let whole = Fleet::over(Arc::clone(store));
        let pc = device(name);
        let keyring = Custodian::curve().keyring();
        let both = Custodian::keyring_of(&[Custodian::curve(), Custodian::later_curve()]);
        let mut acknowledged: Vec<KeyId> = Vec::new();
        for (request, sent) in [("r-1", &self.agents), ("r-2", &self.clear)] {
            let receipt =
                insist(&faulty, &mut course, |fleet| fleet.escrow.receive(sent.upload(&pc).request(request), at(0)));
            acknowledged.push(receipt.key);
            let stored: Vec<KeyId> = whole.escrow.history(&pc).unwrap().iter().map(|key| key.id).collect();
            assert_eq!(stored, acknowledged, "{plan:?}");
        }
        insist(&faulty, &mut course, |fleet| fleet.escrow.check(&keyring, &CheckOptions::default(), at(1)));
        let to = &Custodian::later_curve().certificate;
        insist(&faulty, &mut course, |fleet| fleet.escrow.rewrap(&keyring, to, &RewrapOptions::default(), at(1000)));
        insist(&faulty, &mut course, |fleet| fleet.escrow.check(&both, &CheckOptions::default(), at(1001)));
        let revealed = insist(&faulty, &mut course, |fleet| fleet.reveal_key(&pc, acknowledged[1], &both, at(1002)));
        assert_eq!(revealed.expose(), self.clear.text);
        course.calls = faulty.calls();

        // Whoever held a claim is gone; its lease ends.
        let report = whole.check(&both, at(10_000));
        assert_eq!((report.failed(), report.unavailable, report.stale), (0, 0, 0), "{plan:?}");
        let history = whole.escrow.history(&pc).unwrap();
        assert!(history.iter().all(|key| key.last_success.is_some() && key.last_failure.is_none()), "{plan:?}");
        assert!(history.iter().all(|key| key.envelopes.len() == 2), "once re-wrapped: {plan:?}");
        assert_eq!(whole.escrow.assess(&pc, at(10_001)).unwrap().status, Status::Verified);
        let actions = whole.actions(&pc);
        let count = |action: &str| actions.iter().filter(|other| *other == action).count();
        assert_eq!((count("device_created"), count("key_received"), count("rewrapped")), (1, 2, 2), "{plan:?}");
        assert!(count("released") >= 1 && count("release_authorized") >= count("released"), "{plan:?}");
        course
    }
}

/// Does it again until it is done, each time as another process.
fn insist<T>(store: &Arc<FaultyStore>, course: &mut Course, step: impl Fn(&Fleet) -> Result<T, fdescrow::Error>) -> T {
    for _ in 0..TRIES {
        match step(&Fleet::over(Arc::clone(store) as Arc<dyn Store>)) {
            Ok(value) => return value,
            Err(_) => course.failed += 1,
        }
    }
    panic!("it is not done after {TRIES} tries");
}

#[test]
fn every_call_of_a_life_in_memory_may_fail_twice_and_nothing_is_lost_counted() {
    let name = "PC-17";
    let life = Life::new(name);
    let fresh = || Arc::new(MemoryStore::new()) as Arc<dyn Store>;
    let calls = life.live(&fresh(), name, &[]).calls;
    assert!(calls >= 40, "{calls}");
    let (mut lives, mut failed) = (0, 0);
    let mut live = |plan: &[(u64, Fault)]| {
        let store = fresh();
        failed += life.live(&store, name, plan).failed;
        Fleet::over(store).assert_intact();
        lives += 1;
    };
    for call in 1..=calls {
        let ways = counted(3, 1);
        (0..ways).for_each(|way| live(&[(call, Fault::ALL[(usize::try_from(call).unwrap() + way) % 3])]));
    }
    // The second one comes while the first is being mended. The ways in which they fail take turns.
    let pairs = usize::try_from(promised(1600, 50)).unwrap();
    let all: Vec<(u64, u64)> = (1..=40).flat_map(|call| (1..=40).map(move |more| (call, more))).collect();
    for number in 0..pairs.min(all.len()) {
        let (call, more) = all[number * all.len() / pairs.min(all.len())];
        let way = |number: u64| Fault::ALL[usize::try_from(number).unwrap() % Fault::ALL.len()];
        live(&[(call, way(call + more / 3)), (call + more, way(more))]);
    }
    println!(
        "{calls} calls of the store in a life; {lives} lives with one or two faults, {failed} steps done again: nothing lost"
    );
}

#[test]
fn every_call_of_a_life_in_sqlite_may_fail_and_nothing_is_lost_counted() {
    let file = SqliteFile::new();
    let store = fdescrow::store::conformance::Fixture::store(&file);
    let (mut lives, mut failed) = (0, 0);
    let mut calls = 1;
    let mut call = 0;
    while call < calls {
        call += u64::try_from(counted(1, 3)).unwrap();
        let name = format!("PC-{call}");
        let fault = Fault::ALL[usize::try_from(call).unwrap() % Fault::ALL.len()];
        let course = Life::new(&name).live(&store, &name, &[(call, fault)]);
        failed += course.failed;
        lives += 1;
        calls = calls.max(course.calls.min(80));
    }
    Fleet::over(store).assert_intact();
    println!("{lives} lives in one file, each with another call that failed, {failed} steps done again: nothing lost");
}
