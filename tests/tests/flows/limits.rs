//! What may one device cost the others?

use std::{collections::BTreeSet, sync::Arc};

use fdescrow::{
    DeviceId, ErrorCode, Timestamp,
    envelope::Keyring,
    escrow::{CheckOptions, UploadLimits},
    key::Kind,
    store::{MemoryStore, Store, conformance::Fixture},
};
use fdescrow_tests::{
    fleet::{Custodian, FaultyIdentity, Fleet, Sent, SqliteFile, actor, agent, at, device, in_clear},
    over_every_store,
};

over_every_store! {
    keys_over_the_limit_of_a_day_are_refused_and_none_is_dropped_counted,
    entries_over_the_limit_of_a_day_are_not_written_and_none_is_dropped_counted,
}

const DAY: i64 = 86_400;

fn limited(fixture: &dyn Fixture, limits: UploadLimits) -> Fleet {
    let store = fixture.store();
    Fleet { escrow: Fleet::builder(Arc::clone(&store)).limits(limits).build().unwrap(), store }
}

fn refused(fleet: &Fleet, sent: &Sent, device: &DeviceId, now: Timestamp) {
    let error = fleet.escrow.receive(sent.upload(device), now).unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreLimit, "{error}");
}

fn keys_over_the_limit_of_a_day_are_refused_and_none_is_dropped_counted(fixture: &dyn Fixture) {
    const LIMIT: u32 = 5;
    let fleet = limited(fixture, UploadLimits::default().keys_per_day(LIMIT));
    let (pc, other) = (device("PC-17"), device("PC-18"));
    let keyring = Custodian::curve().keyring();
    let mut stored: Vec<Sent> = Vec::new();
    let mut refusals = 0;
    for day in 0..3 {
        let now = |second: i64| at(day * DAY + second);
        for second in 0..i64::from(LIMIT) {
            let sent = agent(&pc, &format!("{day} {second}"), Custodian::curve());
            fleet.receive(sent.upload(&pc), now(second));
            stored.push(sent);
        }
        let before: BTreeSet<_> = fleet.escrow.history(&pc).unwrap().into_iter().map(|key| key.id).collect();
        for second in 10..20 {
            // A clock that goes back gives no new day.
            let time = if second % 2 == 0 { now(second) } else { now(second - 40 * DAY) };
            refused(&fleet, &agent(&pc, "more", Custodian::curve()), &pc, time);
            refused(&fleet, &in_clear(Kind::BitLocker), &pc, time);
            refusals += 2;
        }
        let after: BTreeSet<_> = fleet.escrow.history(&pc).unwrap().into_iter().map(|key| key.id).collect();
        assert_eq!(after, before);
        // What is there may come again, other devices are not concerned, and what operators do is not limited.
        let again = fleet.receive(stored[0].upload(&pc), now(30));
        assert_eq!(again.sightings, u64::try_from(day).unwrap() + 2);
        fleet.receive(in_clear(Kind::BitLocker).upload(&other), now(31));
        assert_eq!(fleet.check(&keyring, now(40)).failed(), 0);
    }
    assert_eq!(fleet.escrow.history(&pc).unwrap().len(), stored.len());
    for (key, sent) in fleet.escrow.history(&pc).unwrap().iter().zip(&stored) {
        assert_eq!(fleet.reveal_key(&pc, key.id, &keyring, at(3 * DAY)).unwrap().expose(), sent.text);
    }
    let recorded = fleet.actions(&pc).iter().filter(|action| *action == "upload_refused").count();
    assert_eq!(recorded, refusals);
    fleet.assert_intact();
    println!(
        "limits: {refusals} keys over the limit refused and recorded, {} of {} keys kept",
        stored.len(),
        stored.len()
    );
}

fn entries_over_the_limit_of_a_day_are_not_written_and_none_is_dropped_counted(fixture: &dyn Fixture) {
    const LIMIT: u32 = 20;
    let fleet = limited(fixture, UploadLimits::default().entries_per_day(LIMIT));
    let pc = device("PC-17");
    let keyring = Custodian::curve().keyring();
    let sent = agent(&pc, "1", Custodian::curve());
    let key = fleet.receive(sent.upload(&pc), at(0)).key;
    let (mut sightings, mut refusals) = (0, 0);
    for second in 1..100 {
        match second % 3 {
            // Neither a key that is there nor one that is refused writes more than the limit.
            0 => {
                let again = fleet.receive(sent.upload(&pc), at(second));
                assert_eq!(again.key, key);
                sightings += 1;
            }
            1 => {
                fleet.escrow.receive(sent.upload(&pc).request("x".repeat(5000)), at(second)).unwrap_err();
                refusals += 1;
            }
            _ if second > 60 => {
                refused(&fleet, &in_clear(Kind::BitLocker), &pc, at(second));
                refusals += 1;
            }
            _ => {}
        }
    }
    let written = fleet.actions(&pc).len();
    // That the device was created is written beside its first key.
    assert_eq!(written, usize::try_from(LIMIT).unwrap() + 1);
    // Over the limit, operators are still served, and all of it is recorded.
    assert_eq!(fleet.check(&keyring, at(200)).opened, 1);
    assert_eq!(fleet.reveal(&pc, &keyring, at(201)).unwrap().expose(), sent.text);
    fleet.escrow.new_installation(&pc, &actor("ana"), "wiped", at(202)).unwrap();
    let actions = fleet.actions(&pc);
    assert_eq!(actions[written..], ["key_checked", "release_authorized", "released", "installation_changed"]);
    // On the next day it goes on.
    fleet.receive(in_clear(Kind::BitLocker).upload(&pc), at(DAY));
    assert_eq!(fleet.actions(&pc).len(), written + 5);
    fleet.assert_intact();
    println!("limits: {sightings} sightings and {refusals} refusals wrote {written} entries, and none was dropped");
}

/// Others than the one that floods; each has one key.
const OTHERS: usize = 60;

/// How many batches, and how many openings, until every device but the first was checked.
fn until_the_others_are_done(fleet: &Fleet, flood: usize, batch: u32) -> (usize, u64) {
    let noisy = device("A noisy one");
    let identity = FaultyIdentity::of(Custodian::curve());
    let keyring: Keyring = identity.keyring();
    for _ in 0..flood {
        fleet.receive(agent(&noisy, "1", Custodian::curve()).upload(&noisy), at(0));
    }
    let others: Vec<DeviceId> = (0..OTHERS).map(|number| device(format!("PC-{number:02}"))).collect();
    for other in &others[..OTHERS / 2] {
        fleet.receive(in_clear(Kind::BitLocker).upload(other), at(1));
    }
    let done = |other: &DeviceId| {
        fleet.escrow.history(other).is_ok_and(|keys| keys.iter().all(|key| key.last_success.is_some()))
    };
    let mut batches = 0;
    while !others.iter().all(done) {
        let now = at(2 + i64::try_from(batches).unwrap());
        // Half of them come later, while it goes on flooding.
        if batches == 1 {
            for other in others.iter().skip(OTHERS / 2).filter(|other| fleet.escrow.history(other).is_err()) {
                fleet.receive(in_clear(Kind::BitLocker).upload(other), now);
            }
        }
        if flood > 0 {
            let more = agent(&noisy, "1", Custodian::curve());
            fleet.receive(more.upload(&noisy), now);
        }
        batches += 1;
        assert!(batches < 1000, "the others never come to their turn");
        let mut options = CheckOptions::default().devices(batch);
        // As by default: a quarter of the devices.
        options.keys_per_device = batch / 4;
        fleet.escrow.check(&keyring, &options, now).unwrap();
    }
    (batches, identity.calls())
}

/// One device has sent `flood` keys before the others come, and sends more. A batch takes a few of them and puts the
/// device behind those that wait: the others are done before a hundred of them are, so that it does not matter how many
/// more there are. 100,000 would only take longer to write.
fn flooded(store: impl Fn() -> Arc<dyn Store>, flood: usize, batches: &[u32]) {
    let fleet = || {
        let store = store();
        let limits = UploadLimits::default().keys_per_day(1_000_000).entries_per_day(1_000_000);
        Fleet { escrow: Fleet::builder(Arc::clone(&store)).limits(limits).build().unwrap(), store }
    };
    for batch in batches {
        let (alone, opened_alone) = until_the_others_are_done(&fleet(), 0, *batch);
        let (flooded, opened) = until_the_others_are_done(&fleet(), flood, *batch);
        println!(
            "{flood} keys of one device, batches of {batch} devices: the other {OTHERS} were checked after {flooded} \
             batches and {opened} openings instead of {alone} and {opened_alone}"
        );
        assert!(flooded < 2 * alone && opened < 2 * opened_alone, "batches of {batch}");
    }
}

#[test]
fn one_device_that_floods_does_not_delay_the_others_in_memory_counted() {
    flooded(|| Arc::new(MemoryStore::new()), 200, &[4, 16, 64]);
}

#[test]
fn one_device_that_floods_does_not_delay_the_others_in_sqlite_counted() {
    let files = std::sync::Mutex::new(Vec::new());
    let fresh = || {
        let file = SqliteFile::new();
        let store = file.store();
        files.lock().unwrap().push(file);
        store
    };
    flooded(fresh, 100, &[16]);
}
