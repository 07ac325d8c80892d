//! Does what was acknowledged survive `kill -9`, at whatever moment it comes?
//!
//! A program ([`crash_writer`](../src/bin/crash_writer.rs)) works over a SQLite file and is killed; the file is opened
//! again and held against everything that was acknowledged before, by this process and by those before it; what was
//! interrupted is then done again, as a client would. `FDESCROW_CRASH_LOOPS` says how often (10; `cargo xtask crash`:
//! 1,000).
//!
//! A kill ends a process and not the machine: what the process had written stays in the page cache. That commits reach
//! the disk is `synchronous = FULL`, which the store reads back when it opens a file, and is not shown here.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail by panicking"
)]

#[path = "crash/checker.rs"]
mod checker;
#[path = "crash/ledger.rs"]
mod ledger;
#[path = "crash/rollover.rs"]
mod rollover;
#[path = "crash/rounds.rs"]
mod rounds;
#[path = "crash/tampered.rs"]
mod tampered;

use std::{env, time::Instant};

use fdescrow_tests::{
    crash::{Credentials, Dice},
    scratch,
};
use rounds::{File, Tally};

/// Rounds over one file, before the next is begun: its size, and with it the time of a check, stays bounded.
const ROUNDS_PER_FILE: u32 = 12;

#[test]
fn what_was_acknowledged_survives_a_kill_counted() {
    let loops = loops();
    let seed = seed();
    let mut dice = Dice::new(seed);
    let folder = scratch("crash");
    let credentials = Credentials::make(folder.path());
    let party = credentials.read();
    let mut tally = Tally::default();
    let start = Instant::now();
    let mut files = 0;
    let mut left = loops;
    while left > 0 {
        let rounds = left.min(ROUNDS_PER_FILE);
        let mut file = File::new(folder.join(format!("{files}.db")), &credentials, &party);
        for round in 0..rounds {
            let found = file.round(round, &mut dice, &mut tally);
            if !found.is_empty() {
                let kept = folder.path().display().to_string();
                // what is evidence is not cleared away
                std::mem::forget(folder);
                panic!("seed {seed}, file {files}, round {round}, kept in {kept}:\n{}", found.join("\n"));
            }
        }
        let found = file.reveal_all(rounds, &mut tally);
        assert!(found.is_empty(), "seed {seed}, file {files}:\n{}", found.join("\n"));
        file.remove();
        files += 1;
        left -= rounds;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "seed {seed}: {loops} loops over {files} files in {seconds:.1} s, {:.3} s each",
        seconds / f64::from(loops)
    );
    println!("{tally}");
    println!("{loops} passed, 0 failed");
    assert_eq!(tally.kills, u64::from(loops));
    assert!(tally.acknowledged > u64::from(loops), "too little was done to prove anything");
}

/// How often something is killed.
fn loops() -> u32 {
    env::var("FDESCROW_CRASH_LOOPS").map_or(10, |loops| loops.parse().expect("a number of loops"))
}

/// A new one each time, or the one that a failure printed.
fn seed() -> u64 {
    match env::var("FDESCROW_CRASH_SEED") {
        Ok(seed) => seed.parse().expect("a seed is a number"),
        Err(_) => {
            let mut bytes = [0; 4];
            getrandom::fill(&mut bytes).unwrap();
            u32::from_le_bytes(bytes).into()
        }
    }
}
