//! The table answers everything, and the machine does what it says.

use std::collections::BTreeSet;

use super::*;

fn every_situation() -> impl Iterator<Item = (Phase, EventKind, Case)> {
    Phase::ALL.iter().flat_map(|phase| {
        EventKind::ALL.iter().flat_map(move |event| cases(*event).iter().map(move |case| (*phase, *event, *case)))
    })
}

#[test]
fn every_event_has_a_row_in_every_phase_and_every_row_is_reached() {
    let mut used = BTreeSet::new();
    let mut count = 0;
    for (phase, event, case) in every_situation() {
        let index =
            TABLE.iter().position(|row| row.event == event && row.phases.contains(&phase) && row.cases.contains(&case));
        used.insert(index.unwrap_or_else(|| panic!("{phase} {event} {case} has no row")));
        count += 1;
    }
    assert_eq!(used.len(), TABLE.len(), "a row is never reached");
    // 6 phases: 3 kinds with one case, 4 with six, 3 with two
    assert_eq!(count, 6 * (3 + 4 * 6 + 3 * 2));
    for row in TABLE {
        assert!(row.cases.iter().all(|case| cases(row.event).contains(case)), "{row:?}");
        assert!(!row.because.contains('|'), "{row:?}");
    }
}

#[test]
fn what_cannot_be_changes_nothing() {
    assert_eq!(row(Phase::Requested, EventKind::Sent, Case::NewKey).outcome, Outcome::Keep);
}

#[test]
fn words_are_their_serde_forms() {
    for phase in Phase::ALL {
        assert_eq!(serde_json::to_value(phase).unwrap(), phase.to_string());
    }
    for method in Method::ALL {
        assert_eq!(serde_json::to_value(method).unwrap(), method.to_string());
    }
    let words: BTreeSet<&str> = Case::ALL.iter().map(|case| case.as_str()).collect();
    assert_eq!(words.len(), Case::ALL.len());
}

#[test]
fn a_rotation_ends_only_by_the_last_rows() {
    let ends: Vec<_> = TABLE
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Move(to) if to == Phase::OldRetired))
        .map(|row| (row.phases, row.event))
        .collect();
    assert_eq!(ends, [(&[Phase::Verified][..], EventKind::OldRetired)]);
    let verified: Vec<_> = TABLE
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Move(to) if to == Phase::Verified))
        .map(|row| (row.phases, row.event, row.cases))
        .collect();
    assert_eq!(verified, [(&[Phase::NewKeyReceived][..], EventKind::KeyVerified, &[Case::NewKey][..])]);
}
