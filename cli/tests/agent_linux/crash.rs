//! The agent, whichever it is, is killed at every call of a program, before and after it had its effect, and started again.
//!
//! On LUKS2 a look at the header lies between two steps: so every step is cut off before its effect, between its effect
//! and its record (for steps that call nothing, by putting the planner's state back), and after its record.

use std::{fs, path::Path, thread};

use crate::bench::{Bench, Mishap, USER};

/// A volume whose key is in escrow, verified: the old one of the rotation.
pub(crate) fn prepared(name: &str, version: &str) -> Option<(Bench, String)> {
    let bench = Bench::new(name)?;
    bench.format(version);
    bench.finish_escrow();
    let old = bench.reveal(1);
    Some((bench.copy(name), old))
}

/// After whatever happened: the rotation comes to its end, no key was lost on the way, and no slot leaks.
pub(crate) fn recovers(bench: &Bench, old: &str, what: &str) {
    assert_eq!(bench.finish_rotation(), "done", "{what}");
    let (slots, tokens) = bench.header();
    assert_eq!(slots.len(), 2, "{what}: {slots:?}");
    assert!(slots[0] == 0 && bench.opens(0, USER), "{what}");
    assert!(bench.opens(slots[1], &bench.reveal(slots[1])), "{what}: the escrowed key does not open the volume");
    assert!(!bench.opens(slots[1], old), "{what}");
    assert!(tokens.len() <= 1, "{what}: {tokens:?}");
}

/// At any moment the old or the new key is with the server, and opens the volume.
pub(crate) fn holds(bench: &Bench, old: &str, what: &str) {
    if bench.opens(1, old) {
        return;
    }
    let (slots, _) = bench.header();
    let kept = slots.iter().any(|slot| *slot != 0 && bench.opens(*slot, &bench.reveal(*slot)));
    assert!(kept, "{what}: neither the old nor the new key is kept: {slots:?}");
}

/// One way to be killed.
struct Case<'a> {
    from: &'a Bench,
    number: usize,
    when: &'static str,
    /// The call at which the planner's state was what it is put back to.
    lag: Option<usize>,
}

/// The ways to be killed in a run that made these calls.
fn cases<'a>(from: &'a Bench, measured: &Bench) -> Vec<Case<'a>> {
    let calls = measured.calls();
    let reads: Vec<bool> = calls.lines().map(|call| call.contains("luksDump")).collect();
    assert!(!reads.is_empty());
    let looks = reads.contains(&true);
    let mut cases = Vec::new();
    for (number, read) in (1..).zip(&reads) {
        // What only reads has no effect: before it is after whatever was done last.
        if *read || !looks {
            cases.push(Case { from, number, when: "before", lag: None });
        }
        if !*read {
            cases.push(Case { from, number, when: "after", lag: None });
        }
        // Between two looks was a step that called nothing.
        if *read && number > 2 && reads[number - 2] {
            cases.push(Case { from, number, when: "before", lag: Some(number - 1) });
        }
    }
    cases
}

/// Every way, on four threads.
fn each(version: &'static str) {
    let Some((ready, old)) = prepared(version, version) else { return };
    // The first half of the rotation, up to the receipt, and the second, after the check.
    let first = ready.copy("first");
    assert!(first.rotate(Mishap::default()));
    first.check();
    let half = first.copy("half");
    let second = half.copy("second");
    assert!(second.rotate(Mishap::default()));
    let cases = [cases(&ready, &first), cases(&half, &second)].into_iter().flatten();
    let mut waiting: [Vec<Case<'_>>; 4] = Default::default();
    for (index, case) in cases.enumerate() {
        waiting[index % 4].push(case);
    }
    assert!(waiting.iter().map(Vec::len).sum::<usize>() >= 8);
    thread::scope(|scope| {
        for cases in waiting {
            let old = &old;
            scope.spawn(move || {
                for Case { from, number, when, lag } in cases {
                    let what = format!("{version}, killed {when} call {number}, lag {lag:?}");
                    let bench = from.copy("killed");
                    assert!(!bench.rotate(Mishap { kill: Some((number, when)), ..Mishap::default() }), "{what}");
                    if let Some(lag) = lag {
                        put_back(&bench, lag);
                    }
                    holds(&bench, old, &what);
                    recovers(&bench, old, &what);
                }
            });
        }
    });
}

/// The planner's state as it was at that call; store and volume stay, and so does what was put into the spool. What the
/// spool let go it let go after the state was written.
fn put_back(bench: &Bench, number: usize) {
    let done = |path: &Path| fs::read_to_string(path).unwrap_or_default().matches("{\"done\"").count();
    for entry in fs::read_dir(bench.path(&format!("state.{number}"))).unwrap().map(|entry| entry.unwrap().path()) {
        let now = bench.path("state").join(entry.file_name().unwrap());
        let is_spool = entry.extension().is_none_or(|end| end != "json");
        if !is_spool || done(&entry) < done(&now) {
            fs::copy(&entry, now).unwrap();
        }
    }
}

#[test]
fn killed_at_any_step_on_luks2_it_goes_on_and_loses_nothing() {
    each("luks2");
}

#[test]
fn killed_at_any_step_on_luks1_it_goes_on_and_loses_nothing() {
    each("luks1");
}
