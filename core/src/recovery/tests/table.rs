//! The table answers everything, and keys are released by one way only.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_event_has_a_row_in_every_state_and_every_row_is_reached() {
    let mut used = BTreeSet::new();
    for state in RecoveryState::ALL {
        for event in EventKind::ALL {
            for case in cases(*event) {
                let fits = |row: &Row| row.event == *event && row.states.contains(state) && row.cases.contains(case);
                let index = TABLE.iter().position(fits).unwrap_or_else(|| panic!("{state} {event} {case} has no row"));
                // no two rows speak about the same
                assert_eq!(TABLE.iter().filter(|row| fits(row)).count(), 1, "{state} {event} {case}");
                used.insert(index);
            }
        }
    }
    assert_eq!(used.len(), TABLE.len());
    assert_eq!(row(RecoveryState::Denied, EventKind::Denied, Case::Lacking).step, Step::Reject(Rejected::Over));
}

#[test]
fn a_key_is_released_from_an_authorization_that_was_approved_and_from_nowhere_else() {
    let ways = |to: RecoveryState| -> Vec<_> {
        let leads = |row: &&Row| row.step == Step::Move(to) && !row.states.contains(&to);
        TABLE.iter().filter(leads).map(|row| (row.states, row.event, row.cases)).collect()
    };
    use RecoveryState::{Approved, ReleaseAuthorized, ReleaseFailed, Released, Requested};
    assert_eq!(ways(Released), [(&[ReleaseAuthorized][..], EventKind::Released, &[Case::Any][..])]);
    assert_eq!(
        ways(ReleaseAuthorized),
        [
            (&[Approved][..], EventKind::Authorized, &[Case::Any][..]),
            (&[ReleaseFailed][..], EventKind::Authorized, &[Case::Any][..])
        ]
    );
    assert_eq!(ways(Approved), [(&[Requested][..], EventKind::Approved, &[Case::Enough][..])]);
}

#[test]
fn words_are_their_serde_forms_and_sentences_fit_the_page() {
    for state in RecoveryState::ALL {
        assert_eq!(serde_json::to_value(state).unwrap(), state.to_string());
    }
    assert!(TABLE.iter().all(|row| !row.because.contains('|')));
}

#[test]
fn every_kind_of_event_says_what_and_when_it_was() {
    let events = [
        took_back("ben", 1),
        approved("ben", 1),
        authorized(1),
        denied(1),
        expired(1),
        not_opened(1),
        released(1, 1, 1),
        reported(Outcome::Worked, 1),
        revoked(1),
        unavailable(1),
    ];
    let kinds: Vec<EventKind> = events.iter().map(RecoveryEvent::kind).collect();
    assert_eq!(kinds, EventKind::ALL);
    assert!(events.iter().all(|event| event.at() == at(1)));
}
