//! What holds whatever happens.

use proptest::prelude::*;

use super::*;

/// Five people, the first of whom asks; some are one person in two spellings.
const PEOPLE: [&str; 6] = ["anna", "ANNA ", "ben", "Ben", "carl", "dora"];

fn event() -> impl Strategy<Value = RecoveryEvent> {
    let who = || (0..PEOPLE.len()).prop_map(|index| PEOPLE[index]);
    // mostly what was asked for, so that sequences get somewhere
    let number = || prop_oneof![6 => Just(1_u8), 1 => Just(2_u8)];
    prop_oneof![
        12 => (who(), number(), number()).prop_map(|(who, key, digest)| approved_for(who, key, digest, 0)),
        6 => who().prop_map(|who| took_back(who, 0)),
        8 => (number(), number()).prop_map(|(key, digest)| authorized_for("anna", key, digest, 0)),
        2 => who().prop_map(|who| authorized_for(who, 1, 1, 0)),
        4 => (number(), number()).prop_map(|(key, digest)| released(key, digest, 0)),
        1 => Just(denied(0)),
        1 => Just(revoked(0)),
        1 => Just(expired(0)),
        1 => Just(not_opened(0)),
        2 => Just(unavailable(0)),
        1 => Just(reported(Outcome::Worked, 0)),
    ]
}

/// The same event later.
fn moved(event: RecoveryEvent, seconds: i64) -> RecoveryEvent {
    let to = at(seconds);
    match event {
        RecoveryEvent::Approved(mut approval) => {
            approval.at = to;
            RecoveryEvent::Approved(approval)
        }
        RecoveryEvent::ApprovalRevoked { person, .. } => RecoveryEvent::ApprovalRevoked { person, at: to },
        RecoveryEvent::Authorized { actor, person, key, envelope, .. } => {
            RecoveryEvent::Authorized { actor, person, key, envelope, until: at(seconds + 100), at: to }
        }
        RecoveryEvent::Denied { actor, .. } => RecoveryEvent::Denied { actor, at: to },
        RecoveryEvent::Expired { .. } => RecoveryEvent::Expired { at: to },
        RecoveryEvent::NotOpened { .. } => RecoveryEvent::NotOpened { at: to },
        RecoveryEvent::Released { key, envelope, .. } => RecoveryEvent::Released { key, envelope, at: to },
        RecoveryEvent::Reported { outcome, .. } => RecoveryEvent::Reported { outcome, at: to },
        RecoveryEvent::Revoked { actor, .. } => RecoveryEvent::Revoked { actor, at: to },
        RecoveryEvent::Unavailable { .. } => RecoveryEvent::Unavailable { at: to },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_releases_a_key_against_the_rules(
        needed in 0..3_u8,
        events in proptest::collection::vec((event(), 0..60_i64), 0..40),
    ) {
        let mut recovery = asked(needed);
        let mut now = 0;
        for (event, wait) in events {
            now += wait;
            let event = moved(event, now);
            let before = recovery.clone();
            if let Ok(next) = recovery.clone().apply(&event) {
                // heard twice, it says no more, or is refused
                if let Ok(twice) = next.clone().apply(&event) {
                    let attempts = matches!(event, RecoveryEvent::Unavailable { .. });
                    prop_assert!(attempts || twice == next, "{:?}", event);
                }
                recovery = next;
            }
            let standing: Vec<&Approval> =
                recovery.approvals().iter().filter(|approval| approval.revoked.is_none()).collect();
            let may_use = [RecoveryState::Approved, RecoveryState::ReleaseAuthorized, RecoveryState::Released];
            if may_use.contains(&recovery.state()) {
                prop_assert!(standing.len() >= usize::from(needed));
            }
            // so many people, none of whom is another one, and all agreed to this envelope
            let mut people = vec![person("anna")];
            for approval in recovery.approvals() {
                prop_assert!(people.iter().all(|other| !other.may_be(&approval.person)));
                prop_assert_eq!((Some(approval.key), Some(approval.envelope)), (Some(key(1)), Some(envelope(1))));
                people.push(approval.person.clone());
            }
            if recovery.state() == RecoveryState::Released && before.state() != RecoveryState::Released {
                prop_assert_eq!(before.state_at(at(now)), RecoveryState::ReleaseAuthorized);
                prop_assert!(needed == 0 || (recovery.key(), recovery.envelope()) == (Some(key(1)), Some(envelope(1))));
            }
            // what has ended stays as it is, but for what is said of the key
            if !before.state().is_open() {
                prop_assert_eq!(recovery.state(), before.state());
            }
            let stored = serde_json::to_string(&recovery).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Recovery>(&stored).unwrap(), &recovery);
        }
    }

    #[test]
    fn a_search_never_panics_and_means_what_was_typed(text in "\\PC{0,60}") {
        if let Ok(search) = crate::recovery::search::Search::parse(&text) {
            prop_assert_eq!(search.name(), text.trim());
        }
    }
}
