//! The BitLocker planner.

use std::{thread, time::Instant};

use fdescrow::agent::bitlocker::{METHODS, Situation};
use fdescrow_tests::simulation::bitlocker::{Defect, Tally, run};

use super::seeds;

/// Seeds within which a planted defect has to be found.
const ENOUGH: u64 = 5000;

#[test]
fn no_seed_breaks_a_promise_of_the_bitlocker_planner_counted() {
    let start = Instant::now();
    let seeds = seeds();
    let threads = u64::try_from(thread::available_parallelism().map_or(1, usize::from)).unwrap();
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| {
                let seeds = seeds.clone();
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for seed in seeds.filter(|seed| seed % threads == part) {
                        match run(seed, None) {
                            Ok(more) => tally.add(&more),
                            Err(broken) => panic!("{broken}"),
                        }
                    }
                    tally
                })
            })
            .collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    });
    let mut tally = Tally::default();
    tallies.iter().for_each(|more| tally.add(more));
    println!("BitLocker, seeds {} to {}: {:.1} s\n{tally}", seeds.start, seeds.end, start.elapsed().as_secs_f64());
    assert_eq!(tally.runs, seeds.end - seeds.start);
    if tally.runs >= ENOUGH {
        // Otherwise the runs would show nothing about what they never met.
        for situation in Situation::ALL {
            assert!(tally.situations.contains_key(situation.name()), "no run met {situation:?}");
        }
        for method in METHODS.iter().filter(|method| method.changes) {
            assert!(tally.steps.contains_key(method.name), "no run called {}", method.name);
        }
    }
}

#[test]
fn each_planted_defect_is_found_counted() {
    let mut missed = Vec::new();
    for defect in Defect::ALL {
        let mut broke = (0..ENOUGH).filter_map(|seed| run(seed, Some(*defect)).err());
        match broke.find(|broken| broken.promise == defect.breaks()) {
            Some(broken) => println!("{defect:?}: seed {}: {}", broken.seed, broken.promise),
            None => missed.push(defect),
        }
    }
    assert!(missed.is_empty(), "not found within {ENOUGH} seeds: {missed:?}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let once = || run(17, Some(Defect::RemovesBeforeReceipt)).map(|tally| tally.to_string());
    let (first, second) = (once(), once());
    match (first, second) {
        (Ok(first), Ok(second)) => assert_eq!(first, second),
        (Err(first), Err(second)) => assert_eq!(first.to_string(), second.to_string()),
        _ => panic!("one run broke a promise and the other did not"),
    }
}
