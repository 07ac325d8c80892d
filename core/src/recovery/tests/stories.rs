//! What happens at a help desk.

use super::*;

#[test]
fn one_asks_another_approves_and_the_key_is_released_and_worked() {
    let recovery = asked(1);
    assert_eq!((recovery.state(), recovery.needed()), (RecoveryState::Requested, 1));
    assert_eq!(refused(&recovery, &authorized(1)), Rejected::NotApproved);
    let recovery = after(recovery, &[approved("ben", 1), authorized(2)]);
    assert_eq!(recovery.state(), RecoveryState::ReleaseAuthorized);
    assert_eq!(refused(&recovery, &approved("carl", 3)), Rejected::TooLate);
    let recovery =
        after(recovery, &[released(1, 1, 3), reported(Outcome::DidNotWork, 4), reported(Outcome::Worked, 5)]);
    assert_eq!((recovery.key(), recovery.envelope()), (Some(key(1)), Some(envelope(1))));
    assert_eq!(recovery.report(), Some(&Report { outcome: Outcome::Worked, at: at(5) }));
    let release = recovery.release().unwrap();
    assert_eq!((release.authorized, release.attempts, release.finished), (at(2), 1, Some(at(3))));
    assert_eq!(recovery.asked().reason.as_str(), "blue screen");
    assert_eq!((recovery.state_at(at(99_999)), recovery.expires()), (RecoveryState::Released, None));
}

#[test]
fn nobody_needs_to_approve_and_the_key_is_chosen_at_the_end() {
    let recovery = Recovery::request(request(), None, None, &rules(0), Used::default()).unwrap();
    assert_eq!(recovery.state(), RecoveryState::Approved);
    let recovery = after(recovery, &[authorized_for("anna", 2, 2, 1)]);
    // a newer key opened first, or another one did
    let recovery = after(recovery, &[released(3, 3, 2)]);
    assert_eq!((recovery.key(), recovery.envelope()), (Some(key(3)), Some(envelope(3))));
}

#[test]
fn the_same_authorization_is_tried_again_until_the_key_opened() {
    let recovery = after(asked(0), &[authorized(1), unavailable(2), unavailable(3)]);
    assert_eq!(recovery.clone().apply(&authorized(4)).unwrap(), recovery);
    let failed = after(recovery.clone(), &[not_opened(5)]);
    assert_eq!((failed.state(), failed.release().unwrap().attempts), (RecoveryState::ReleaseFailed, 3));
    assert_eq!(after(failed.clone(), &[not_opened(6)]), failed);
    assert_eq!(refused(&failed, &released(1, 1, 6)), Rejected::NotAuthorized);
    let again = after(failed, &[authorized(7), released(1, 1, 8)]);
    assert_eq!((again.state(), again.release().unwrap().attempts), (RecoveryState::Released, 4));
    // an attempt that was never authorized leaves nothing behind
    for event in [unavailable(1), not_opened(1), released(1, 1, 1)] {
        assert_eq!(refused(&asked(0), &event), Rejected::NotAuthorized);
    }
}

#[test]
fn one_who_refuses_is_enough_and_what_was_taken_back_stays_so() {
    for (event, state) in [(denied(3), RecoveryState::Denied), (revoked(3), RecoveryState::Revoked)] {
        for events in [vec![], vec![approved("ben", 1)], vec![approved("ben", 1), authorized(2)]] {
            let ended = after(after(asked(1), &events), std::slice::from_ref(&event));
            assert_eq!(ended.state(), state);
            assert_eq!(ended.end().unwrap().at, at(3));
            assert_eq!(after(ended.clone(), &[event.clone(), expired(2_000)]), ended);
            for late in [approved("carl", 4), authorized(4), released(1, 1, 4), unavailable(4)] {
                assert_eq!(refused(&ended, &late), Rejected::Over);
            }
            assert_eq!(refused(&ended, &reported(Outcome::Worked, 4)), Rejected::NotReleased);
        }
    }
}

#[test]
fn it_is_stored_and_read_again() {
    let recovery =
        after(asked(1), &[approved("ben", 1), authorized(2), released(1, 1, 3), reported(Outcome::Worked, 4)]);
    let text = serde_json::to_string(&recovery).unwrap();
    assert_eq!(serde_json::from_str::<Recovery>(&text).unwrap(), recovery);
    // as the first version wrote it
    let old = r#"{"state":"release_authorized","request":{"actor":"Anna","reason":"why","at":"2026-11-24T07:22:59Z",
        "expires":"2026-11-24T08:22:59Z"},"release":{"authorized":"2026-11-24T07:22:59Z","attempts":0}}"#;
    let old: Recovery = serde_json::from_str(old).unwrap();
    assert_eq!((old.needed(), old.expires()), (0, Some("2026-11-24T08:22:59Z".parse().unwrap())));
}
