//! Who may do what, and when does an approval help nobody: who asked, too late, again, another key, taken back?

use super::*;

#[test]
fn who_asked_does_not_approve_in_whatever_spelling() {
    let recovery = asked(1);
    for spelling in ["anna", "ANNA", " an na", "\u{ff41}nna", "a\u{301}nna", "anna\u{200b}"] {
        assert_eq!(refused(&recovery, &approved(spelling, 1)), Rejected::SamePerson, "{spelling:?}");
    }
    // another display name, and the same person behind it
    let mut approval = Approval::new(actor("The Boss"), person("anna"), key(1), envelope(1), at(1));
    assert_eq!(refused(&recovery, &RecoveryEvent::Approved(Box::new(approval.clone()))), Rejected::SamePerson);
    // an alias of the address, from another issuer
    let mut mailed = request();
    mailed.person = Some(Person::new("https://idp.example.com", "anna@example.com").unwrap());
    let mailed = Recovery::request(mailed, Some(key(1)), Some(envelope(1)), &rules(1), Used::default()).unwrap();
    approval.person = Person::new("https://other.example.org", "Anna Adams <an.na+boss@EXAMPLE.com>").unwrap();
    assert_eq!(refused(&mailed, &RecoveryEvent::Approved(Box::new(approval))), Rejected::SamePerson);
}

#[test]
fn two_approvals_are_of_two_people() {
    let recovery = after(asked(2), &[approved("ben", 1)]);
    assert_eq!(recovery.state(), RecoveryState::Requested);
    for spelling in ["ben", "Ben", "anna"] {
        assert_eq!(refused(&recovery, &approved(spelling, 2)), Rejected::SamePerson);
    }
    let recovery = after(recovery, &[approved("carl", 2)]);
    assert_eq!((recovery.state(), recovery.approvals().len()), (RecoveryState::Approved, 2));
    assert_eq!(refused(&recovery, &approved("dora", 3)), Rejected::Enough);
}

#[test]
fn what_has_expired_leads_to_no_key() {
    let recovery = asked(1);
    assert_eq!((recovery.expires(), recovery.state_at(at(1_000))), (Some(at(1_000)), RecoveryState::Requested));
    assert_eq!(recovery.state_at(at(1_001)), RecoveryState::Expired);
    assert_eq!(refused(&recovery, &approved("ben", 1_001)), Rejected::Expired);
    let recovery = after(recovery, &[approved("ben", 1_000)]);
    assert_eq!(refused(&recovery, &authorized(1_001)), Rejected::Expired);
    // a clock that is turned back opens nothing again
    assert_eq!(refused(&recovery, &authorized(-1)), Rejected::Expired);
    assert_eq!(refused(&recovery, &expired(-1)), Rejected::NotExpired);
    assert_eq!(refused(&recovery, &expired(1_000)), Rejected::NotExpired);
    let authorized = after(recovery, &[authorized(1_000)]);
    assert_eq!(authorized.expires(), Some(at(1_100)));
    for event in [released(1, 1, 1_101), unavailable(1_101)] {
        assert_eq!(refused(&authorized, &event), Rejected::Expired);
    }
    let gone = after(authorized, &[expired(1_101)]);
    assert_eq!((gone.state(), gone.expires()), (RecoveryState::Expired, None));
    assert_eq!(gone.state_at(at(0)), RecoveryState::Expired);
}

#[test]
fn an_authorization_is_used_once() {
    let used = after(asked(1), &[approved("ben", 1), authorized(2), released(1, 1, 3)]);
    assert_eq!(refused(&used, &authorized(4)), Rejected::Used);
    assert_eq!(refused(&used, &released(1, 1, 4)), Rejected::Used);
}

#[test]
fn an_approval_is_for_one_envelope_of_one_key() {
    let recovery = asked(1);
    assert_eq!(refused(&recovery, &approved_for("ben", 2, 1, 1)), Rejected::OtherKey);
    assert_eq!(refused(&recovery, &approved_for("ben", 1, 2, 1)), Rejected::OtherKey);
    let recovery = after(recovery, &[approved("ben", 1)]);
    assert_eq!(refused(&recovery, &authorized_for("anna", 2, 1, 2)), Rejected::OtherKey);
    assert_eq!(refused(&recovery, &authorized_for("anna", 1, 2, 2)), Rejected::OtherKey);
    let recovery = after(recovery, &[authorized(2)]);
    assert_eq!(refused(&recovery, &released(2, 1, 3)), Rejected::OtherKey);
    assert_eq!(refused(&recovery, &released(1, 2, 3)), Rejected::OtherKey);
}

#[test]
fn only_who_asked_uses_it() {
    let recovery = after(asked(1), &[approved("ben", 1)]);
    for name in ["ben", "carl", "Anna"] {
        assert_eq!(refused(&recovery, &authorized_for(name, 1, 1, 2)), Rejected::OtherRequester);
    }
    // nor is an authorization that is there taken over, or extended
    let recovery = after(recovery, &[authorized(2)]);
    assert_eq!(refused(&recovery, &authorized_for("ben", 1, 1, 3)), Rejected::OtherRequester);
    assert_eq!(refused(&recovery, &authorized_for("anna", 2, 1, 3)), Rejected::OtherKey);
    assert_eq!(after(recovery.clone(), &[authorized(50)]).expires(), Some(at(102)));
    assert_eq!(refused(&recovery, &authorized(103)), Rejected::Expired);
    // where the request names no person, the name in the audit is compared
    let nameless = Request { person: None, ..request() };
    let nameless = Recovery::request(nameless, None, None, &rules(0), Used::default()).unwrap();
    let by = |name: &str| RecoveryEvent::Authorized {
        actor: actor(name),
        person: None,
        key: None,
        envelope: None,
        until: at(9),
        at: at(1),
    };
    assert_eq!(refused(&nameless, &by("Ben")), Rejected::OtherRequester);
    assert_eq!(after(nameless, &[by("Anna")]).state(), RecoveryState::ReleaseAuthorized);
}

#[test]
fn an_approval_that_was_taken_back_does_not_count_and_is_not_given_again() {
    let recovery = after(asked(1), &[approved("ben", 1), took_back("ben", 2)]);
    assert_eq!(recovery.state(), RecoveryState::Requested);
    assert_eq!(refused(&recovery, &authorized(3)), Rejected::NotApproved);
    assert_eq!(refused(&recovery, &approved("ben", 3)), Rejected::SamePerson);
    assert_eq!(refused(&recovery, &took_back("ben", 3)), Rejected::NoSuchApproval);
    assert_eq!(refused(&recovery, &took_back("carl", 3)), Rejected::NoSuchApproval);
    assert_eq!(after(recovery, &[approved("carl", 4)]).state(), RecoveryState::Approved);
    // also at the last moment, and after a failure
    for events in [vec![authorized(2)], vec![authorized(2), not_opened(3)]] {
        let late = after(after(asked(1), &[approved("ben", 1)]), &events);
        assert_eq!(after(late, &[took_back("ben", 4)]).state(), RecoveryState::Revoked);
    }
    let recovery = after(asked(2), &[approved("ben", 1), approved("carl", 2), took_back("carl", 3)]);
    assert_eq!(recovery.state(), RecoveryState::Requested);
}

#[test]
fn a_request_meets_the_policy() {
    let ask = |request: Request, rules: &RecoveryRules, used: Used| {
        Recovery::request(request, Some(key(1)), Some(envelope(1)), rules, used)
    };
    let demanding = RecoveryRules { ticket_required: true, ..rules(0) };
    assert_eq!(ask(request(), &demanding, Used::default()), Err(Rejected::TicketMissing));
    assert!(ask(Request { ticket: Some(text("4711")), ..request() }, &demanding, Used::default()).is_ok());
    let nobody = Request { person: None, ..request() };
    assert_eq!(ask(nobody.clone(), &rules(1), Used::default()), Err(Rejected::PersonMissing));
    assert!(ask(nobody, &rules(0), Used::default()).is_ok());
    let hasty = Request { expires: Some(at(5)), ..request() };
    assert_eq!(ask(hasty, &rules(0), Used::default()).unwrap().expires(), Some(at(5)));
    let patient = Request { expires: Some(at(5_000)), ..request() };
    assert_eq!(ask(patient, &rules(0), Used::default()).unwrap().expires(), Some(at(1_000)));
    for (key, envelope) in [(Some(key(1)), None), (None, Some(envelope(1)))] {
        let unbound = Recovery::request(request(), key, envelope, &rules(1), Used::default());
        assert_eq!(unbound, Err(Rejected::KeyMissing));
    }
}

#[test]
fn quotas_are_of_a_person_and_a_day_and_an_emergency_has_its_own() {
    let rules = RecoveryRules { reveals_per_day: 2, break_glass: Some(BreakGlassRules::per_day(1)), ..rules(1) };
    assert_eq!(Used::new(1, 9).allows(&rules, false), Ok(()));
    assert_eq!(Used::new(2, 0).allows(&rules, false), Err(Rejected::Quota));
    assert_eq!(Used::new(9, 0).allows(&rules, true), Ok(()));
    assert_eq!(Used::new(0, 1).allows(&rules, true), Err(Rejected::Quota));
    let unlimited = RecoveryRules { reveals_per_day: 0, ..RecoveryRules::default() };
    assert_eq!(Used::new(u32::MAX, 0).allows(&unlimited, false), Ok(()));
    assert_eq!(Used::default().allows(&unlimited, true), Err(Rejected::BreakGlassNotAllowed));
    let emergency = Request { break_glass: true, ..request() };
    let none = Recovery::request(emergency.clone(), None, None, &rules, Used::new(0, 1));
    assert_eq!(none, Err(Rejected::Quota));
    let emergency = Recovery::request(emergency, None, None, &rules, Used::new(9, 0)).unwrap();
    assert_eq!((emergency.state(), emergency.needed()), (RecoveryState::Approved, 0));
    let open = after(emergency, &[authorized(1)]);
    assert!(!open.forces_rotation());
    assert!(after(open, &[released(1, 1, 2)]).forces_rotation());
    assert!(!after(asked(0), &[authorized(1), released(1, 1, 2)]).forces_rotation());
}

#[test]
fn every_refusal_has_a_word_and_a_number() {
    let mut words: Vec<&str> = Rejected::ALL.iter().map(|rejected| rejected.as_str()).collect();
    words.dedup();
    assert_eq!(words.len(), Rejected::ALL.len());
    assert_eq!(Rejected::Quota.code(), crate::ErrorCode::RecoveryQuota);
    assert_eq!(Rejected::TicketMissing.code(), crate::ErrorCode::RecoveryReasonMissing);
    assert_eq!(Rejected::SamePerson.code(), crate::ErrorCode::RecoveryRejected);
}
