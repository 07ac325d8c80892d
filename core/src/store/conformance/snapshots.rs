//! Is a snapshot one moment?

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::{
    Fixture,
    material::{MOST, World},
};
use crate::store::{
    contract::{Corrupt, Row},
    schema::Table,
};

impl World {
    fn snapshot(&self, tables: &[Table]) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut visit = |row: Result<&Row, &Corrupt>| {
            rows.push(row.unwrap().clone());
            ControlFlow::Continue(())
        };
        self.store.snapshot(&self.organization, tables, &mut visit).unwrap();
        rows
    }
}

pub(super) fn a_snapshot_is_sorted(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    assert_eq!(world.snapshot(Table::ALL), []);
    for (number, name) in ["c", "a", "b", "a", "B"].into_iter().enumerate() {
        world.commit(&world.receive(name, &format!("key {number}")));
    }
    assert_eq!(world.snapshot(Table::ALL), world.everything());
    let chosen = [Table::Keys, Table::Devices];
    assert_eq!(world.snapshot(&chosen), [world.all(Table::Keys), world.all(Table::Devices)].concat());
    assert_eq!(world.snapshot(&[]), []);
}

pub(super) fn a_snapshot_can_be_broken_off(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    for number in 0..5 {
        world.commit(&world.receive(&format!("device {number}"), &format!("key {number}")));
    }
    let mut seen = Vec::new();
    let mut visit = |row: Result<&Row, &Corrupt>| {
        let row: &Row = row.unwrap();
        // The store can be read and written meanwhile; what is written is not seen.
        let name = format!("device {}", 9 - seen.len());
        world.commit(&world.touch(&format!("new {name}"), world.device(&name)));
        assert_eq!(world.store.get(row.key()).unwrap().as_ref(), Some(row));
        seen.push(row.clone());
        if seen.len() == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    world.store.snapshot(&world.organization, &[Table::Keys, Table::Devices], &mut visit).unwrap();
    assert_eq!(seen.len(), 7);
    assert_eq!(seen.iter().filter(|row| row.table() == Table::Keys).count(), 5);
    assert_eq!(seen[5].text("device"), Some("device 0"));
    assert!(world.all(Table::Devices).len() >= 9);
}

/// Every commit writes a device's row and an entry of its chain, so in one moment the row has the number of the
/// last entry, and there are as many.
pub(super) fn a_snapshot_is_one_moment(fixture: &dyn Fixture) {
    let world = World::of(fixture);
    let stop = AtomicBool::new(false);
    let check = || {
        let rows = world.snapshot(&[Table::Devices, Table::Audit]);
        let mut entries: BTreeMap<&str, i64> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.table() == Table::Audit) {
            *entries.entry(row.text("device").unwrap()).or_default() += 1;
        }
        let heads: BTreeMap<&str, i64> = rows
            .iter()
            .filter(|row| row.table() == Table::Devices)
            .map(|row| (row.text("device").unwrap(), row.integer("audit_number").unwrap()))
            .collect();
        assert_eq!(heads, entries);
        entries.values().sum::<i64>()
    };
    thread::scope(|scope| {
        for writer in 0..2 {
            let (world, stop) = (&world, &stop);
            scope.spawn(move || {
                for round in 0_u32.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let name = format!("device {writer} {}", round % 5);
                    world.commit(&world.touch(&format!("{name} {round}"), world.device(&name)));
                }
            });
        }
        let checking = scope.spawn(|| {
            let mut different = std::collections::BTreeSet::new();
            for _ in 0..MOST {
                different.insert(check());
                if different.len() == 20 {
                    return;
                }
            }
            panic!("nothing that is written is ever seen");
        });
        let checked = checking.join();
        stop.store(true, Ordering::SeqCst);
        checked.unwrap();
    });
}
