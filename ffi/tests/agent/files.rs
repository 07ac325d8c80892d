//! The agent is killed after every change of a file: between what it did and what it writes down of it, and between one file and
//! the other.

use std::thread;

use crate::{
    bench::{Bench, Mishap},
    crash::{holds, prepared, recovers},
};

/// Kills one half of a rotation at every change of a file; how many there were.
fn each(from: &Bench, old: &str) -> usize {
    for number in 1.. {
        let what = format!("killed at change {number}");
        let bench = from.copy("file");
        let killed = bench.rotate_killed_at_file(number);
        holds(&bench, old, &what);
        if !killed {
            return number - 1;
        }
        recovers(&bench, old, &what);
    }
    0
}

#[test]
fn killed_at_any_change_of_a_file_it_goes_on_and_loses_nothing() {
    let Some((ready, old)) = prepared("files", "luks2") else { return };
    let half = ready.copy("half");
    assert!(half.rotate(Mishap::default()));
    half.check();
    let changes = thread::scope(|scope| {
        [&ready, &half].map(|from| scope.spawn(|| each(from, &old))).map(|half| half.join().unwrap())
    });
    // Up to the receipt: the backup, the mark, the slot, its test, the spool, the record of it, the receipt, the token. After the check: the receipt,
    // the spool, the old slot, the token, the backup.
    assert!(changes[0] >= 8 && changes[1] >= 6, "{changes:?}");
    println!("killed {changes:?} times");
}
