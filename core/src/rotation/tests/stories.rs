//! What happens in the field.

use super::*;

#[test]
fn filevault_by_mdm_is_asked_replies_with_a_key_and_only_then_is_the_old_one_retired() {
    let rotation = rotation(Method::Mdm);
    assert_eq!(next(&rotation, 0), send(1));
    let rotation = after(rotation, &[sent(1, 1)]);
    assert_eq!(rotation.assess(&rules(), at(2)).next, None);
    assert_eq!(rotation.assess(&rules(), at(2)).wake_at, Some(at(100)));
    let rotation = after(rotation, &[delivered(1, 5), received(2, 6)]);
    assert_eq!(rotation.phase(), Phase::NewKeyReceived);
    assert_eq!(next(&rotation, 6), Some(NextStep::CheckKey { key: key(2) }));
    assert_eq!(rotation.clone().apply(&retired(7)), Err(Rejected::NotVerified));
    let rotation = after(rotation, &[verified(2, 8)]);
    assert_eq!(next(&rotation, 8), Some(NextStep::RetireOld));
    let rotation = after(rotation, &[retired(9)]);
    assert_eq!((rotation.phase(), rotation.since()), (Phase::OldRetired, at(9)));
    assert_eq!((rotation.old_key(), rotation.new_key()), (Some(key(1)), Some(key(2))));
    let end = rotation.assess(&rules(), at(1_000_000));
    assert_eq!((end.overdue, end.next, end.wake_at), (false, None, None));
}

#[test]
fn a_reply_without_a_key_leads_to_security_info_until_the_key_is_overdue() {
    let rotation = after(rotation(Method::Mdm), &[sent(1, 0), delivered(1, 10)]);
    assert_eq!(next(&rotation, 10), Some(NextStep::AskSecurityInfo));
    assert_eq!(rotation.assess(&rules(), at(10)).wake_at, Some(at(20)));
    assert_eq!(next(&rotation, 1_009), Some(NextStep::AskSecurityInfo));
    let late = rotation.assess(&rules(), at(1_010));
    assert_eq!((late.overdue, late.next), (true, send(2)));
    let again = after(rotation, &[sent(2, 1_010)]);
    assert_eq!((again.phase(), again.failures()), (Phase::Requested, 1));
}

#[test]
fn not_now_offers_the_same_command_again_and_is_no_failure() {
    let rotation = after(rotation(Method::Mdm), &[sent(1, 0), deferred(1, 5)]);
    assert_eq!(rotation.answer(), Some(Answer::Deferred));
    assert_eq!(next(&rotation, 14), None);
    assert_eq!(next(&rotation, 15), send(1));
    let rotation = after(rotation, &[sent(1, 15), deferred(1, 16), sent(1, 26), deferred(1, 27)]);
    assert_eq!((rotation.failures(), rotation.attempt()), (0, 1));
    assert!(rotation.assess(&rules(), at(100)).overdue);
    assert_eq!(after(rotation, &[delivered(1, 200)]).phase(), Phase::Delivered);
}

#[test]
fn escrow_buddy_waits_for_a_login_and_is_asked_again_when_it_cleared_its_flag_without_a_key() {
    let rotation = after(rotation(Method::EscrowBuddy), &[sent(1, 0), delivered(1, 10)]);
    let waiting = rotation.assess(&rules(), at(500));
    assert_eq!((waiting.next, waiting.wake_at, waiting.overdue), (None, Some(at(1_010)), false));
    let rotation = after(rotation, &[failed(1, 600)]);
    assert_eq!((rotation.phase(), rotation.failures()), (Phase::Requested, 1));
    assert_eq!(rotation.failure(), Some(&why("wrong_password")));
    assert_eq!((next(&rotation, 609), next(&rotation, 610)), (None, send(2)));
    // nobody logs in for longer than allowed: asked again, not given up
    let rotation = after(rotation, &[sent(2, 610), delivered(2, 620)]);
    assert_eq!(next(&rotation, 1_620), send(3));
}

#[test]
fn an_agent_adds_before_it_removes_and_the_end_is_that_the_device_removed_it() {
    let rotation = after(rotation(Method::Agent), &[sent(1, 0), delivered(1, 1), received(2, 2), verified(2, 3)]);
    assert_eq!(next(&rotation, 3), Some(NextStep::RemoveOld));
    assert!(rotation.assess(&rules(), at(103)).overdue);
    assert!(after(rotation, &[retired(4)]).phase().is_final());
    // there was none: nothing to remove
    let id = RotationId::from_bytes([8; 16]);
    let first = Rotation::request(id, Cause::Undecryptable, Method::Agent, Place::new(Kind::Luks), None, 0, at(0));
    let first = after(first, &[received(1, 1), verified(1, 2)]);
    assert_eq!(next(&first, 2), Some(NextStep::RetireOld));
}

#[test]
fn the_old_key_reported_again_never_completes_a_rotation() {
    let before = after(rotation(Method::Mdm), &[sent(1, 0), delivered(1, 1)]);
    let again = RotationEvent::KeyReceived { key: key(1), order: 9, at: at(2) };
    for event in [received(1, 2), again, received(0, 2), verified(1, 2), key_failed(1, 2)] {
        assert_eq!(before.clone().apply(&event).unwrap(), before, "{event:?}");
    }
    // sealed anew it looks like another one, until it is opened
    let rotation = after(before, &[received(2, 3), key_failed(2, 4)]);
    assert_eq!((rotation.phase(), rotation.new_key()), (Phase::Requested, None));
    assert_eq!(rotation.clone().apply(&received(2, 5)).unwrap(), rotation);
    assert_eq!(after(rotation, &[received(3, 6)]).new_key(), Some(key(3)));
}

#[test]
fn a_lost_reply_does_not_matter_once_the_key_is_there() {
    let rotation = after(rotation(Method::Mdm), &[sent(1, 0), received(2, 50)]);
    assert_eq!(rotation.phase(), Phase::NewKeyReceived);
    // and comes late, or says the contrary
    let late = after(rotation.clone(), &[delivered(1, 60), failed(1, 61), deferred(1, 62)]);
    assert_eq!(late, rotation);
    assert_eq!(rotation.apply(&sent(2, 63)), Err(Rejected::NewKeyThere));
}

#[test]
fn a_device_that_does_not_answer_is_asked_again_and_then_an_operator_is() {
    let mut rotation = rotation(Method::Mdm);
    for attempt in 1..=3 {
        let now = i64::from(attempt) * 1_000;
        assert_eq!(next(&rotation, now), send(attempt));
        rotation = after(rotation, &[sent(attempt, now)]);
        assert_eq!(next(&rotation, now + 99), None);
    }
    let assessment = rotation.assess(&rules(), at(4_000));
    assert_eq!((assessment.next, assessment.overdue), (Some(NextStep::CallOperator), true));
    // the operator asks again, also where no retry is allowed at all
    let once_more = after(rotation.clone(), &[requested(Cause::Operator, 4_001, 4_001)]);
    assert_eq!((next(&once_more, 4_001), once_more.cause()), (send(4), Cause::Operator));
    let none = RotationRules { retries: 0, ..rules() };
    assert_eq!(once_more.assess(&none, at(4_001)).next, send(4));
    let sent_again = after(once_more, &[sent(4, 4_002)]);
    assert_eq!(sent_again.failures(), 0);
    assert_eq!(sent_again.assess(&none, at(5_000)).next, Some(NextStep::CallOperator));
    // a key that comes after all of that still counts
    assert_eq!(after(rotation, &[received(2, 9_000)]).phase(), Phase::NewKeyReceived);
}

#[test]
fn failures_are_counted_once_and_lead_to_the_operator() {
    let rotation = after(
        rotation(Method::Agent),
        &[sent(1, 0), failed(1, 1), failed(1, 2), sent(2, 20), failed(2, 21), sent(3, 40), failed(3, 41)],
    );
    assert_eq!(rotation.failures(), 3);
    assert_eq!(next(&rotation, 41), Some(NextStep::CallOperator));
    // a reply to an earlier attempt says nothing about the present one, but that the device agreed is agreed
    let rotation = after(rotation, &[requested(Cause::Operator, 50, 50), sent(4, 51)]);
    assert_eq!(after(rotation.clone(), &[failed(3, 52), deferred(2, 53)]), rotation);
    assert_eq!(after(rotation, &[delivered(2, 54)]).phase(), Phase::Delivered);
}

#[test]
fn a_newer_key_than_the_new_one_has_to_be_verified_too() {
    let rotation = after(rotation(Method::Mdm), &[sent(1, 0), received(2, 1), verified(2, 2), received(3, 3)]);
    assert_eq!((rotation.phase(), rotation.new_key()), (Phase::NewKeyReceived, Some(key(3))));
    assert_eq!(rotation.clone().apply(&retired(4)), Err(Rejected::NotVerified));
    let again = after(rotation, &[verified(2, 4)]);
    assert_eq!(again.phase(), Phase::NewKeyReceived);
    assert_eq!(after(again, &[verified(3, 5)]).phase(), Phase::Verified);
}

#[test]
fn what_has_begun_on_the_device_cannot_be_cancelled() {
    for events in [vec![], vec![sent(1, 0)], vec![sent(1, 0), delivered(1, 1)]] {
        let ended = after(after(rotation(Method::Mdm), &events), &[cancelled(2)]);
        assert_eq!(ended.phase(), Phase::Cancelled);
        assert_eq!(
            after(
                ended.clone(),
                &[received(2, 3), cancelled(3), delivered(1, 3)].map(|event| match event {
                    // nothing was sent in the first case
                    RotationEvent::Delivered { .. } if ended.attempt() == 0 => received(2, 3),
                    other => other,
                })
            ),
            ended
        );
        assert_eq!(ended.apply(&retired(4)), Err(Rejected::Over));
    }
    let begun = after(rotation(Method::Mdm), &[received(2, 1)]);
    assert_eq!(begun.clone().apply(&cancelled(2)), Err(Rejected::NewKeyThere));
    let done = after(begun, &[verified(2, 3), retired(4)]);
    assert_eq!(done.apply(&cancelled(5)), Err(Rejected::Over));
}

#[test]
fn a_revealed_key_can_be_typed_for_a_while_unless_something_more_urgent_comes() {
    let rotation = rotation(Method::Mdm).starting(at(3_600));
    let waiting = rotation.assess(&rules(), at(3_599));
    assert_eq!((waiting.next, waiting.overdue, waiting.wake_at), (None, false, Some(at(3_600))));
    assert_eq!(next(&rotation, 3_600), send(1));
    let hastened = after(rotation, &[requested(Cause::Compromise, 60, 60), requested(Cause::Age, 9_999, 61)]);
    assert_eq!((hastened.cause(), next(&hastened, 60)), (Cause::Compromise, send(1)));
    assert_eq!(hastened.requested(), at(0));
}

#[test]
fn it_says_of_itself_what_it_is() {
    let rotation = rotation(Method::EscrowBuddy);
    assert_eq!(rotation.id().to_string(), "07".repeat(16));
    assert_eq!(rotation.method(), Method::EscrowBuddy);
    assert_eq!(rotation.place(), &Place::new(Kind::FileVault));
    let events = [
        cancelled(1),
        deferred(1, 1),
        delivered(1, 1),
        failed(1, 1),
        key_failed(2, 1),
        received(2, 1),
        verified(2, 1),
        retired(1),
        requested(Cause::Age, 0, 1),
        sent(1, 1),
    ];
    let kinds: Vec<EventKind> = events.iter().map(RotationEvent::kind).collect();
    assert_eq!(kinds, EventKind::ALL);
    assert!(events.iter().all(|event| event.at() == at(1)));
    for rejected in Rejected::ALL {
        assert_eq!(rejected.code(), crate::ErrorCode::EventRejected);
        assert_eq!(serde_json::to_value(why(rejected.as_str())).unwrap(), rejected.as_str());
    }
}

#[test]
fn it_is_stored_and_what_a_newer_version_wrote_is_kept() {
    let rotation = after(rotation(Method::Mdm), &[sent(1, 0), failed(1, 1), sent(2, 2), received(2, 3)]);
    let text = serde_json::to_string(&rotation).unwrap();
    assert_eq!(serde_json::from_str::<Rotation>(&text).unwrap(), rotation);
    let newer = text.replacen('{', "{\"tomorrow\":[1],", 1);
    let read: Rotation = serde_json::from_str(&newer).unwrap();
    let again = serde_json::to_value(after(read, &[verified(2, 4)])).unwrap();
    assert_eq!(again["tomorrow"], serde_json::json!([1]));
    assert_eq!(again["phase"], "verified");
}
