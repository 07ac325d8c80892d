//! What if several do something with one device at the same time?

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use fdescrow::{
    DeviceId, Error, KeyId,
    escrow::{Receipt, UploadLimits},
    key::Kind,
    store::{MemoryStore, Store, conformance::Fixture},
    verification::{Reason, Status},
};
use fdescrow_tests::fleet::{Custodian, Fleet, InterruptedStore, Sent, SqliteFile, agent, at, device, in_clear};

use super::counted;

#[test]
fn sixteen_that_upload_for_one_device_in_memory_lose_nothing_counted() {
    uploads_at_once(&MemoryStore::new(), counted(200, 40));
}

#[test]
fn sixteen_that_upload_for_one_device_in_sqlite_lose_nothing_counted() {
    uploads_at_once(&SqliteFile::new(), counted(200, 8));
}

fn uploads_at_once(fixture: &dyn Fixture, uploads: usize) {
    const THREADS: usize = 16;
    let store = fixture.store();
    let limits = UploadLimits::default().keys_per_day(1_000_000).entries_per_day(1_000_000);
    let escrow = Fleet::builder(Arc::clone(&store)).limits(limits).build().unwrap();
    let fleet = Fleet { store, escrow };
    let pc = device("PC-17");
    let conflicts = AtomicU64::new(0);
    // A sender that is told of a conflict sends the same request again.
    let insist = |thread: usize, number: usize| {
        let sent = in_clear(Kind::BitLocker);
        loop {
            let upload = sent.upload(&pc).request(format!("{thread} {number}"));
            match fleet.escrow.receive(upload, at(0)) {
                Ok(receipt) => return receipt.key,
                Err(Error::Conflict) => conflicts.fetch_add(1, Ordering::Relaxed),
                Err(error) => panic!("{error}"),
            };
        }
    };
    let acknowledged: Vec<Vec<KeyId>> = thread::scope(|scope| {
        let insist = &insist;
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || (0..uploads).map(|n| insist(thread, n)).collect())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });

    let history = fleet.escrow.history(&pc).unwrap();
    let order: Vec<KeyId> = history.iter().map(|key| key.id).collect();
    let numbers: Vec<u64> = history.iter().map(|key| key.number).collect();
    assert_eq!(numbers, (1..=u64::try_from(THREADS * uploads).unwrap()).collect::<Vec<_>>(), "one order, without gaps");
    let stored: BTreeSet<KeyId> = order.iter().copied().collect();
    let lost = acknowledged.iter().flatten().filter(|key| !stored.contains(key)).count();
    assert_eq!((lost, stored.len()), (0, THREADS * uploads));
    for thread in &acknowledged {
        let own: Vec<KeyId> = order.iter().filter(|key| thread.contains(key)).copied().collect();
        assert_eq!(own, *thread, "each thread's own are in the order in which it sent them");
    }
    let received = fleet.actions(&pc).iter().filter(|action| *action == "key_received").count();
    assert_eq!(received, THREADS * uploads);
    fleet.assert_intact();
    println!(
        "{THREADS} threads x {uploads} uploads of one device: {} keys in one order, {lost} lost, {} told to send again",
        order.len(),
        conflicts.into_inner()
    );
}

/// What the device had before the fresh key comes. The last of them is due when the check begins.
#[derive(Clone, Copy, Debug)]
enum Before {
    /// Keys that are no keys.
    Nonsense,
    /// Keys that are sealed to somebody else.
    ForNobody,
    /// One that works and was checked, and then such ones.
    VerifiedThenForNobody,
    /// Keys that work and were not checked.
    Unchecked,
}

impl Before {
    const ALL: [Self; 4] = [Self::Nonsense, Self::ForNobody, Self::VerifiedThenForNobody, Self::Unchecked];

    fn sent(self, device: &DeviceId) -> Sent {
        match self {
            Self::Nonsense => {
                let mut sent = agent(device, "1", Custodian::curve());
                // the end of the tag
                *sent.message.as_mut().unwrap().last_mut().unwrap() ^= 1;
                sent
            }
            Self::ForNobody | Self::VerifiedThenForNobody => agent(device, "1", Custodian::stranger()),
            Self::Unchecked => agent(device, "1", Custodian::curve()),
        }
    }
}

/// C3, Fleet PR 52660: a check has begun, a fresh key comes before its n-th call of the store, the check goes on.
fn late_verdicts(mut store: impl FnMut() -> Arc<dyn Store>, keys: usize) -> usize {
    let keyring = Custodian::curve().keyring();
    let (mut interleavings, mut demoted) = (0, 0_usize);
    for (before, in_clear_too, keys) in Before::ALL
        .into_iter()
        .flat_map(|before| [false, true].map(|in_clear_too| (before, in_clear_too)))
        .flat_map(|(before, in_clear_too)| (1..=keys).map(move |keys| (before, in_clear_too, keys)))
    {
        for call in 1.. {
            let fleet = Fleet::over(store());
            let pc = device(format!("{before:?} {in_clear_too} {keys} {call}"));
            if matches!(before, Before::VerifiedThenForNobody) {
                fleet.receive(agent(&pc, "1", Custodian::curve()).upload(&pc), at(0));
                fleet.check(&keyring, at(1));
            }
            for _ in 0..keys {
                fleet.receive(before.sent(&pc).upload(&pc), at(2));
            }
            let fresh = match in_clear_too {
                true => in_clear(Kind::BitLocker).of_protector("1"),
                false => agent(&pc, "1", Custodian::curve()),
            };
            let Some(receipt) = interrupted_check(&fleet.store, call, &fresh, &pc) else { break };
            interleavings += 1;
            let stands = fleet.escrow.history(&pc).unwrap().pop().unwrap();
            let reason = stands.reason.filter(|reason| *reason != Reason::NotChecked);
            let kept = stands.id == receipt.key && stands.last_failure.is_none() && reason.is_none();
            let revealed = fleet.reveal(&pc, &keyring, at(4)).unwrap();
            let served = (revealed.id, revealed.expose()) == (receipt.key, fresh.text.as_str());
            fleet.check(&keyring, at(5));
            let verified = fleet.escrow.assess(&pc, at(6)).unwrap().status == Status::Verified;
            demoted += usize::from(!(kept && served && verified));
        }
    }
    println!("{interleavings} interleavings of a check and an upload: {demoted} demotions of the fresh key");
    assert_eq!(demoted, 0);
    interleavings
}

#[test]
fn a_late_verdict_never_demotes_a_fresh_key_in_memory_counted() {
    let interleavings = late_verdicts(|| Arc::new(MemoryStore::new()), counted(12, 1));
    assert!(interleavings >= counted(1000, 40), "{interleavings}");
}

/// The same over a file, with fewer keys there.
#[test]
fn a_late_verdict_never_demotes_a_fresh_key_in_sqlite_counted() {
    let file = SqliteFile::new();
    let interleavings = late_verdicts(|| file.store(), counted(4, 1));
    assert!(interleavings >= counted(200, 40), "{interleavings}");
}

/// The device is read, then somebody records a check of its key, then the key is read: what fits together no more is a
/// conflict, and is decided anew.
#[test]
fn a_key_is_handed_out_whatever_is_recorded_of_it_at_the_same_moment() {
    let keyring = Custodian::curve().keyring();
    for call in 1.. {
        let fleet = Fleet::over(Arc::new(MemoryStore::new()));
        let pc = device("PC-17");
        let sent = agent(&pc, "1", Custodian::curve());
        fleet.receive(sent.upload(&pc), at(0));
        let checking = Fleet::over(Arc::clone(&fleet.store));
        let store = InterruptedStore::new(Arc::clone(&fleet.store), call, {
            let keyring = keyring.clone();
            move || drop(checking.check(&keyring, at(1)))
        });
        let revealing = Fleet::over(Arc::clone(&store) as Arc<dyn Store>);
        assert_eq!(revealing.reveal(&pc, &keyring, at(2)).unwrap().expose(), sent.text, "before call {call}");
        fleet.assert_intact();
        if store.calls() < call {
            assert!(call > 5, "{call}");
            break;
        }
    }
}

/// Checks while this key comes before the call of the store of that number; `None` if there is no such call.
fn interrupted_check(store: &Arc<dyn Store>, call: u64, fresh: &Sent, device: &DeviceId) -> Option<Receipt> {
    let receipt = Arc::new(Mutex::new(None));
    let interruption = {
        let (fleet, fresh, device) = (Fleet::over(Arc::clone(store)), fresh.clone(), device.clone());
        let receipt = Arc::clone(&receipt);
        move || *receipt.lock().unwrap() = Some(fleet.receive(fresh.upload(&device), at(3)))
    };
    let checking = Fleet::over(InterruptedStore::new(Arc::clone(store), call, interruption));
    checking.check(&Custodian::curve().keyring(), at(3));
    receipt.lock().unwrap().take()
}
