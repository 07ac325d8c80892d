//! What if clocks are wrong, and what if the same is sent again and again?

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use fdescrow::{
    Actor, DeviceId, Error, KeyId,
    escrow::{Receipt, UploadLimits},
    key::Kind,
    store::{
        Cursor, MemoryStore, Store,
        conformance::{Fault, FaultyStore, Fixture},
    },
};
use fdescrow_tests::{
    crash::Dice,
    fleet::{Custodian, Fleet, InterruptedStore, Sent, SqliteFile, agent, at, device, in_clear},
    over_every_store,
};

use super::counted;

over_every_store! {
    the_same_request_at_the_same_moment_is_answered_alike_counted,
}

const YEAR: i64 = 365 * 86_400;

#[test]
fn clocks_that_jump_do_not_order_keys_in_memory_counted() {
    jumping_clocks(&MemoryStore::new(), counted(500, 100));
}

#[test]
fn clocks_that_jump_do_not_order_keys_in_sqlite_counted() {
    jumping_clocks(&SqliteFile::new(), counted(500, 50));
}

#[test]
fn a_request_in_memory_is_stored_once_whatever_became_of_its_answers_counted() {
    repeated_requests(&MemoryStore::new(), counted(1000, 200));
}

#[test]
fn a_request_in_sqlite_is_stored_once_whatever_became_of_its_answers_counted() {
    repeated_requests(&SqliteFile::new(), counted(1000, 60));
}

fn jumping_clocks(fixture: &dyn Fixture, uploads: usize) {
    let store = fixture.store();
    let limits = UploadLimits::default().keys_per_day(10_000).entries_per_day(10_000);
    let escrow = Fleet::builder(Arc::clone(&store)).limits(limits).build().unwrap();
    let fleet = Fleet { store, escrow };
    let pc = device("PC-17");
    let mut dice = Dice::new(5);
    let mut now = at(0);
    let (mut backwards, mut equal, mut last) = (0, 0, String::new());
    let receipts: Vec<KeyId> = (0..uploads)
        .map(|number| {
            let before = now;
            now = match number % 5 {
                // Ten years in either direction; a clock that stands still; the end and the beginning of summer time.
                0 | 1 => at(i64::try_from(dice.roll(20 * 365)).unwrap() * 86_400 - 10 * YEAR),
                2 => now,
                3 => now.saturating_add(-3600),
                _ => now.saturating_add(3600),
            };
            backwards += usize::from(now < before);
            equal += usize::from(now == before);
            let sent = in_clear(Kind::BitLocker);
            last.clone_from(&sent.text);
            fleet.receive(sent.upload(&pc), now).key
        })
        .collect();
    assert!(backwards > uploads / 5 && equal >= uploads / 5, "{backwards} {equal}");

    let history = fleet.escrow.history(&pc).unwrap();
    assert_eq!(history.iter().map(|key| key.id).collect::<Vec<_>>(), receipts);
    let mut told = Vec::new();
    let mut cursor = Cursor::start();
    loop {
        let page = fleet.escrow.events(&cursor, 300).unwrap();
        if page.entries.is_empty() {
            break;
        }
        let received = page.entries.iter().filter(|entry| entry.action().as_str() == "key_received");
        told.extend(received.filter_map(|entry| entry.references().key));
        cursor = page.next;
    }
    assert_eq!(told, receipts, "the audit tells them in the same order");

    // The one that came last is handed out, before any check and after, whatever the clock says then.
    let keyring = Custodian::curve().keyring();
    for time in [at(-10 * YEAR), at(0)] {
        let revealed = fleet.reveal(&pc, &keyring, time).unwrap();
        assert_eq!((revealed.id, revealed.expose()), (receipts[uploads - 1], last.as_str()));
    }
    let opened = fleet.check(&keyring, at(11 * YEAR)).opened;
    let newest = fleet.escrow.history(&pc).unwrap().pop().unwrap();
    assert_eq!((newest.id, opened), (receipts[uploads - 1], u64::try_from(uploads).unwrap()));
    for time in [at(-10 * YEAR), at(0), at(12 * YEAR)] {
        assert_eq!(fleet.reveal(&pc, &keyring, time).unwrap().id, receipts[uploads - 1]);
    }
    fleet.assert_intact();
    println!("{uploads} uploads, {backwards} by a clock that went back and {equal} at the same time: all in order");
}

/// A request, how often it is sent, and what is sent.
struct Request {
    device: DeviceId,
    name: String,
    sent: Sent,
}

impl Request {
    fn of(number: usize) -> Self {
        let device = device(format!("PC-{}", number / 20));
        let protector = number.to_string();
        let sent = match number % 2 {
            0 => in_clear(Kind::BitLocker).of_protector(&protector),
            _ => agent(&device, &protector, Custodian::curve()),
        };
        Self { device, name: format!("request {number}"), sent }
    }

    fn receive(&self, store: &Arc<dyn Store>) -> Result<Receipt, Error> {
        // Another process each time: nothing is remembered but what is stored.
        let fleet = Fleet::over(Arc::clone(store));
        fleet.escrow.receive(self.sent.upload(&self.device).request(self.name.clone()), at(0))
    }
}

/// Each request is sent one to ten times; the first time, a call of the store fails, in any of three ways, and
/// often also the one by which its outcome would be learned.
fn repeated_requests(fixture: &dyn Fixture, requests: usize) {
    let store = fixture.store();
    let (mut sendings, mut lost, mut refused) = (0, 0, 0);
    let mut keys: BTreeMap<DeviceId, BTreeSet<KeyId>> = BTreeMap::new();
    for number in 0..requests {
        let request = Request::of(number);
        let call = u64::try_from(number / 6 % 9).unwrap() + 1;
        let fault = Fault::ALL[number / 2 % 3];
        let faulty: Arc<dyn Store> = Arc::new(FaultyStore::new(
            Arc::clone(&store),
            (0..2).map(|more| (call + more, if more == 0 { fault } else { Fault::Unavailable })),
        ));
        let first = request.receive(&faulty);
        sendings += 1;
        match &first {
            Err(Error::Unknown { .. }) => lost += 1,
            Err(_) => refused += 1,
            Ok(_) => {}
        }
        let mut receipt = first.ok();
        for _ in 0..number % 10 + usize::from(receipt.is_none()) {
            let again = request.receive(&store).unwrap();
            assert_eq!(*receipt.get_or_insert_with(|| again.clone()), again, "{}", request.name);
            sendings += 1;
        }
        let receipt = receipt.unwrap();
        assert_eq!(receipt.sightings, 1);
        keys.entry(request.device).or_default().insert(receipt.key);
    }
    let fleet = Fleet::over(store);
    let mut stored = 0;
    for (device, keys) in &keys {
        let history = fleet.escrow.history(device).unwrap();
        assert_eq!(history.iter().map(|key| key.id).collect::<BTreeSet<_>>(), *keys);
        assert!(history.iter().all(|key| key.envelopes.len() == 1));
        assert_eq!(fleet.actions(device).iter().filter(|action| *action == "key_received").count(), history.len());
        stored += history.len();
    }
    fleet.assert_intact();
    println!(
        "{requests} requests sent {sendings} times, of which {lost} answers were lost and {refused} said that \
         nothing was stored: {stored} keys"
    );
    assert_eq!(stored, requests);
    assert!(lost > requests / 20 && refused > requests / 5, "{lost} {refused}");
}

/// The same request comes a second time before the n-th call of the store that the first one makes.
fn the_same_request_at_the_same_moment_is_answered_alike_counted(fixture: &dyn Fixture) {
    let store = fixture.store();
    let mut interleavings = 0;
    for number in 0..2 {
        for call in 1.. {
            let request = Arc::new(Request { device: device(format!("PC-{number}-{call}")), ..Request::of(number) });
            let answer = Arc::new(Mutex::new(None));
            let interruption = {
                let (request, answer, store) = (Arc::clone(&request), Arc::clone(&answer), Arc::clone(&store));
                move || *answer.lock().unwrap() = Some(request.receive(&store).unwrap())
            };
            let interrupted: Arc<dyn Store> = InterruptedStore::new(Arc::clone(&store), call, interruption);
            let receipt = request.receive(&interrupted).unwrap();
            let Some(other) = answer.lock().unwrap().take() else { break };
            assert_eq!(receipt, other, "request {number}, call {call}");
            let history = Fleet::over(Arc::clone(&store)).escrow.history(&request.device).unwrap();
            let stored: Vec<_> = history[0].envelopes.iter().map(|envelope| envelope.digest).collect();
            assert_eq!((history.len(), stored), (1, vec![receipt.envelope]));
            interleavings += 1;
        }
    }
    println!("the same request at the same moment in {interleavings} interleavings: one key, one receipt");
    assert!(interleavings > 10);
    let by = Actor::new("orbit").unwrap();
    assert!(Fleet::over(store).escrow.history(&device("PC-0-1")).unwrap().iter().all(|key| key.by == by));
}
