//! Do writers at the same time lose anything?

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use super::{
    Fixture,
    material::{MOST, World},
};
use crate::store::{
    contract::{CommitError, ConflictCause, RowQuery},
    schema::{Index, Table},
};

/// Brings a key until nobody was in between, and says how often somebody was.
fn insist(world: &World, device: &str, key: &str) -> u32 {
    let mut conflicts = 0;
    for _ in 0..MOST {
        match world.store.commit(&world.receive(device, key)) {
            Ok(_) => return conflicts,
            Err(CommitError::Conflict(conflict)) if conflict.cause == ConflictCause::Revision => conflicts += 1,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("there is no end to the conflicts");
}

fn assert_one_order(world: &World, device: &str, keys: i64) {
    let by_device = RowQuery::new(&world.organization, Index::KEYS_BY_DEVICE).equal(device);
    let numbers: Vec<_> = world.rows(by_device).iter().filter_map(|row| row.integer("number")).collect();
    assert_eq!(numbers, (1..=keys).collect::<Vec<_>>());
    let chain = RowQuery::new(&world.organization, Index::AUDIT_BY_KEY).equal(device);
    let entries: Vec<_> = world.rows(chain).iter().filter_map(|row| row.integer("number")).collect();
    assert_eq!(entries, (1..=keys).collect::<Vec<_>>());
    let stored = world.device(device);
    assert_eq!((stored.revision.to_integer(), stored.head.number), (keys, u64::try_from(keys).unwrap()));
}

pub(super) fn many_writers_of_one_device_lose_nothing(fixture: &dyn Fixture) {
    const THREADS: i64 = 16;
    const ROUNDS: i64 = 6;
    let world = World::of(fixture);
    thread::scope(|scope| {
        for writer in 0..THREADS {
            let world = &world;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    insist(world, "device", &format!("key {writer} {round}"));
                }
            });
        }
    });
    assert_one_order(&world, "device", THREADS * ROUNDS);
    assert_eq!(world.all(Table::Keys).len(), usize::try_from(THREADS * ROUNDS).unwrap());
    assert_eq!(world.all(Table::Envelopes).len(), usize::try_from(THREADS * ROUNDS).unwrap());
}

pub(super) fn writers_of_two_devices_lose_nothing(fixture: &dyn Fixture) {
    const ROUNDS: i64 = 50;
    let world = World::of(fixture);
    let conflicts = AtomicU32::new(0);
    thread::scope(|scope| {
        for writer in ["left", "right"] {
            let (world, conflicts) = (&world, &conflicts);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    conflicts.fetch_add(insist(world, writer, &format!("{writer} {round}")), Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(conflicts.into_inner(), 0, "devices do not conflict with each other");
    for device in ["left", "right"] {
        assert_one_order(&world, device, ROUNDS);
    }
}
