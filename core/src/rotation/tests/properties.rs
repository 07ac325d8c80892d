//! What holds whatever happens.

use proptest::prelude::*;

use super::*;

fn event() -> impl Strategy<Value = RotationEvent> {
    let number = || 0..5_u8;
    let attempt = || 0..5_u32;
    let order = 0..6_u64;
    prop_oneof![
        Just(cancelled(0)),
        attempt().prop_map(|attempt| deferred(attempt, 0)),
        attempt().prop_map(|attempt| delivered(attempt, 0)),
        attempt().prop_map(|attempt| failed(attempt, 0)),
        number().prop_map(|number| key_failed(number, 0)),
        (number(), order).prop_map(|(number, order)| RotationEvent::KeyReceived { key: key(number), order, at: at(0) }),
        number().prop_map(|number| verified(number, 0)),
        Just(retired(0)),
        (0..Cause::ALL.len()).prop_map(|cause| requested(Cause::ALL[cause], 0, 0)),
        attempt().prop_map(|attempt| sent(attempt, 0)),
    ]
}

/// The same event at another time.
fn moved(event: RotationEvent, to: Timestamp) -> RotationEvent {
    match event {
        RotationEvent::Cancelled { .. } => RotationEvent::Cancelled { at: to },
        RotationEvent::Deferred { attempt, .. } => RotationEvent::Deferred { attempt, at: to },
        RotationEvent::Delivered { attempt, .. } => RotationEvent::Delivered { attempt, at: to },
        RotationEvent::Failed { attempt, why, .. } => RotationEvent::Failed { attempt, why, at: to },
        RotationEvent::KeyFailed { key, why, .. } => RotationEvent::KeyFailed { key, why, at: to },
        RotationEvent::KeyReceived { key, order, .. } => RotationEvent::KeyReceived { key, order, at: to },
        RotationEvent::KeyVerified { key, .. } => RotationEvent::KeyVerified { key, at: to },
        RotationEvent::OldRetired { .. } => RotationEvent::OldRetired { at: to },
        RotationEvent::Requested { cause, not_before, .. } => RotationEvent::Requested { cause, not_before, at: to },
        RotationEvent::Sent { attempt, .. } => RotationEvent::Sent { attempt, at: to },
    }
}

fn method() -> impl Strategy<Value = Method> {
    (0..Method::ALL.len()).prop_map(|index| Method::ALL[index])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_is_broken_by_any_sequence(
        method in method(),
        delay in 0..200_i64,
        events in proptest::collection::vec((event(), 0..300_i64), 0..50),
    ) {
        let rules = rules();
        let mut rotation = rotation(method).starting(at(delay));
        let mut now = 0;
        // what a server would know beside the rotation: the keys that were verified since they became the new one
        let mut proven: Option<KeyId> = None;
        let mut latest = 1;
        for (event, wait) in events {
            now += wait;
            let event = moved(event, at(now));
            let before = rotation.clone();
            match rotation.clone().apply(&event) {
                Err(_) => {
                    let about_keys = [EventKind::KeyReceived, EventKind::KeyVerified, EventKind::KeyFailed];
                    prop_assert!(!about_keys.contains(&event.kind()));
                }
                Ok(next) => {
                    // heard twice is heard once
                    prop_assert_eq!(&next.clone().apply(&event).unwrap(), &next, "{:?}", event);
                    rotation = next;
                }
            }
            match (&event, rotation.phase()) {
                (RotationEvent::KeyVerified { key, .. }, Phase::Verified) if rotation.new_key() == Some(*key) => {
                    proven = Some(*key);
                }
                _ => {}
            }
            // never retired before verified, and never for the old key
            if matches!(rotation.phase(), Phase::Verified | Phase::OldRetired) {
                prop_assert!(rotation.new_key().is_some() && proven == rotation.new_key());
                prop_assert_ne!(rotation.new_key(), rotation.old_key());
            }
            // what has ended stays as it is
            if before.phase().is_final() {
                prop_assert_eq!(&rotation, &before);
            }
            prop_assert!(rotation.attempt() >= before.attempt() && rotation.known >= before.known);

            // a new key is there exactly between its arrival and the end, and later ones only take its place
            let with_key = [Phase::NewKeyReceived, Phase::Verified, Phase::OldRetired];
            prop_assert_eq!(rotation.new_key().is_some(), with_key.contains(&rotation.phase()));
            if let RotationEvent::KeyReceived { order, .. } = event && rotation != before {
                prop_assert!(latest < order && rotation.known == order);
                latest = order;
            }

            for later in [0, 50, 100, 1_000, 5_000] {
                let moment = at(now + later);
                let judged = rotation.assess(&rules, moment);
                // nothing waits for ever without somebody who knows: there is something to do, or a time to look again
                prop_assert_eq!(judged.next.is_none() && judged.wake_at.is_none(), rotation.phase().is_final());
                prop_assert!(judged.wake_at.is_none_or(|wake| wake > moment));
                // only a verified key lets the old one go
                let lets_go = matches!(judged.next, Some(NextStep::RemoveOld | NextStep::RetireOld));
                prop_assert_eq!(lets_go, rotation.phase() == Phase::Verified);
                // time alone never takes a step back: what is overdue stays so
                if judged.overdue {
                    prop_assert!(rotation.assess(&rules, moment.saturating_add(1_000)).overdue);
                }
            }
            // a phase that goes on gives no less time than before, unless somebody asked for an earlier beginning
            if rotation.phase() == before.phase() && !matches!(event, RotationEvent::Requested { .. }) {
                prop_assert!(rotation.deadline(&rules) >= before.deadline(&rules));
            }
            let stored = serde_json::to_string(&rotation).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Rotation>(&stored).unwrap(), &rotation);
        }
    }
}
