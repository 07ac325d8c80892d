//! One key: what each change does, and when it is refused.

use super::*;

fn received() -> KeyFacts {
    State::new(at(0)).receive(new_key(1, filevault(), 7))
}

fn after(key: &KeyFacts, change: KeyChange) -> KeyFacts {
    key.after(&change).unwrap()
}

#[test]
fn a_new_key_has_one_envelope_and_no_level() {
    let key = received();
    assert_eq!((key.order(), key.installation(), key.received(), key.origin()), (1, 1, at(7), Origin::Sealed));
    assert_eq!(key.envelopes(), [EnvelopeFacts { digest: envelope(1), added: at(7), checked: false }]);
    assert_eq!((key.reached(true), key.reason(), key.quarantine()), (None, Some(Reason::NotChecked), None));
    assert_eq!(key.place().to_string(), "FileVault personal recovery key of the boot volume");
    assert_eq!(bitlocker("C:", "{1}").to_string(), "BitLocker recovery password of volume C:, protector {1}");
}

#[test]
fn a_key_in_clear_is_well_formed_and_no_more() {
    let key = State::new(at(0)).receive(NewKey { origin: Origin::Plaintext, ..new_key(1, filevault(), 7) });
    let reached = key.reached(true).unwrap();
    assert_eq!((reached.level, reached.proved_by), (Level::WellFormed, ProvedBy::Server));
}

#[test]
fn a_failure_erases_no_success_and_a_success_no_level() {
    let key = after(&received(), opened_with(1, HeaderProof::VolumeKeyUnwrapped, 10));
    let failed = after(&key, not_opened(1, Failure::NoIdentity, 20));
    assert_eq!(failed.last_success(), key.last_success());
    assert_eq!(failed.last_attempt().unwrap().failure, Some(Failure::NoIdentity));
    assert_eq!((failed.reached(true), failed.reason()), (key.reached(true), Some(Reason::NoIdentity)));

    let again = after(&failed, opened_with(1, HeaderProof::ProtectorOpens, 30));
    assert_eq!(again.unlocked().unwrap(), &Unlocked { at: at(10), level: Level::VolumeKeyUnwrapped });
    assert_eq!((again.last_success().unwrap().at, again.reason()), (at(30), None));
    assert_eq!(again.last_success().unwrap().binding, Binding::Sealed);
    assert_eq!(again.last_success().unwrap().identity, identity());
    let better = after(&again, opened_with(1, HeaderProof::VolumeKeyUnwrapped, 40));
    assert_eq!(better.unlocked().unwrap().at, at(40));
}

#[test]
fn a_volume_that_refuses_takes_back_what_a_volume_showed() {
    let unlocked = after(&received(), opened_with(1, HeaderProof::VolumeKeyUnwrapped, 10));
    let refused = after(&unlocked, opened_with(1, HeaderProof::Refused, 20));
    assert_eq!(refused.reached(true).unwrap().level, Level::EnvelopeOpens);
    assert_eq!((refused.refused(), refused.reason()), (Some(at(20)), Some(Reason::ProtectorRefused)));
    let not_tried = after(&refused, opened(1, 25));
    assert_eq!(not_tried.reached(true), refused.reached(true), "not asking proves nothing");
    let again = after(&refused, opened_with(1, HeaderProof::ProtectorOpens, 30));
    assert_eq!(again.reached(true).unwrap().level, Level::VolumeKeyUnwrapped, "what was shown before holds again");
    assert_eq!((again.refused(), again.reason()), (None, None));
}

#[test]
fn the_devices_word_counts_on_top_of_an_opened_envelope_only() {
    let yes = KeyChange::Attested { opens: true, at: at(5) };
    let no = KeyChange::Attested { opens: false, at: at(6) };
    let attested = after(&received(), yes.clone());
    assert_eq!((attested.reached(true), attested.attested_by_device()), (None, Some(at(5))));
    let opened = after(&attested, opened(1, 10));
    let reached = opened.reached(true).unwrap();
    assert_eq!((reached.level, reached.proved_by), (Level::ProtectorOpens, ProvedBy::Device));
    assert_eq!(opened.reached(false).unwrap().level, Level::EnvelopeOpens);

    let denied = after(&opened, no);
    assert_eq!((denied.denied_by_device(), denied.reason()), (Some(at(6)), Some(Reason::ProtectorRefused)));
    assert_eq!(denied.attested_by_device(), Some(at(5)), "a denial erases nothing");
    assert_eq!(denied.reached(true).unwrap().level, Level::EnvelopeOpens);
    assert_eq!(after(&denied, yes).reached(true), opened.reached(true));

    // What the server saw itself, the device cannot take back.
    let server = after(&denied, opened_with(1, HeaderProof::ProtectorOpens, 20));
    let reached = server.reached(true).unwrap();
    assert_eq!((reached.level, reached.proved_by), (Level::ProtectorOpens, ProvedBy::Server));
}

#[test]
fn what_cannot_be_verified_is_said_with_its_reason() {
    let why = Word::new("no_header").unwrap();
    let key = after(&received(), opened_with(1, HeaderProof::Unverifiable(why.clone()), 10));
    assert_eq!(key.last_success().unwrap().unverifiable, Some(why));
    assert_eq!(key.reached(true).unwrap().level, Level::EnvelopeOpens);
    assert_eq!(after(&key, opened(1, 20)).last_success().unwrap().unverifiable, None);
    let mut opening = Opening::new(envelope(1), identity(), Binding::Recorded, at(30));
    opening.metadata_consistent = Some(false);
    let key = after(&key, KeyChange::Opened(opening));
    assert_eq!(key.last_success().unwrap().metadata_consistent, Some(false));
}

#[test]
fn a_result_is_only_about_what_was_tried() {
    let key = after(&received(), KeyChange::EnvelopeAdded { digest: envelope(2), at: at(9) });
    assert_eq!(key.after(&not_opened(1, Failure::DidNotOpen, 10)), Err(Rejected::Stale), "the second was not tried");
    assert_eq!(key.after(&opened(3, 10)), Err(Rejected::Stale), "it never had a third");
    let both = KeyChange::NotOpened {
        tried: vec![envelope(2), envelope(1)],
        failure: Failure::DidNotOpen,
        keyring: Some(Digest::of(b"keyring")),
        at: at(10),
    };
    let failed = after(&key, both);
    assert!(failed.envelopes().iter().all(|envelope| envelope.checked));
    assert_eq!(failed.last_attempt().unwrap().keyring, Some(Digest::of(b"keyring")));
    assert!(!failed.failed_with_other_keyring(&Digest::of(b"keyring")));
    assert!(failed.failed_with_other_keyring(&Digest::of(b"a new one")));
    assert!(!after(&failed, opened(1, 11)).failed_with_other_keyring(&Digest::of(b"a new one")));

    let one = after(&key, opened(2, 10));
    assert_eq!(one.envelopes().iter().map(|envelope| envelope.checked).collect::<Vec<_>>(), [false, true]);
    let mut opening = Opening::new(envelope(2), identity(), Binding::None, at(10));
    opening.tried = vec![envelope(1)];
    assert!(after(&key, KeyChange::Opened(opening)).envelopes().iter().all(|envelope| envelope.checked));
}

#[test]
fn an_envelope_goes_only_when_another_one_opened() {
    let retire = |number| KeyChange::EnvelopeRetired { digest: envelope(number) };
    let add = |number| KeyChange::EnvelopeAdded { digest: envelope(number), at: at(9) };
    let key = after(&after(&received(), opened(1, 8)), add(2));
    for number in [1, 2, 3] {
        assert_eq!(
            key.after(&retire(number)),
            if number == 2 { Ok(after(&key, retire(2))) } else { Err(Rejected::EnvelopeNeeded) }
        );
    }
    let opened_anew = after(&key, opened(2, 10));
    assert_eq!(opened_anew.after(&retire(2)), Err(Rejected::EnvelopeNeeded));
    let gone = after(&opened_anew, retire(1));
    assert_eq!(gone.envelopes().len(), 1);
    assert_eq!(gone.after(&retire(1)), Err(Rejected::EnvelopeNeeded), "it is not there any more");
    assert_eq!(received().after(&retire(1)), Err(Rejected::EnvelopeNeeded), "nothing ever opened");
}

#[test]
fn envelopes_are_few_and_each_is_there_once() {
    let mut key = received();
    assert_eq!(key.after(&KeyChange::EnvelopeAdded { digest: envelope(1), at: at(9) }), Err(Rejected::EnvelopeKnown));
    for number in 2..=16 {
        key = after(&key, KeyChange::EnvelopeAdded { digest: envelope(number), at: at(9) });
    }
    assert_eq!(key.envelopes().len(), KeyFacts::MAX_ENVELOPES);
    assert_eq!(
        key.after(&KeyChange::EnvelopeAdded { digest: envelope(17), at: at(9) }),
        Err(Rejected::TooManyEnvelopes)
    );
}

#[test]
fn nothing_opens_a_key_that_is_set_apart() {
    let key = State::new(at(0)).receive(NewKey { quarantined: true, ..new_key(1, filevault(), 7) });
    let rejected = after(&key, KeyChange::QuarantineRejected);
    let attested = KeyChange::Attested { opens: true, at: at(9) };
    for apart in [&key, &rejected] {
        assert!(apart.is_apart());
        for change in [opened(1, 10), not_opened(1, Failure::DidNotOpen, 10), attested.clone()] {
            assert_eq!(apart.after(&change), Err(Rejected::Quarantined));
        }
        assert_eq!(apart.check_due(&rules()), None);
    }
    assert_eq!((key.reason(), rejected.quarantine()), (Some(Reason::Quarantined), Some(Quarantine::Rejected)));
    let accepted = after(&key, KeyChange::QuarantineAccepted);
    assert!(!accepted.is_apart() && accepted.after(&opened(1, 10)).is_ok());
    for decided in [&accepted, &rejected, &received()] {
        assert_eq!(decided.after(&KeyChange::QuarantineAccepted), Err(Rejected::NotQuarantined));
        assert_eq!(decided.after(&KeyChange::QuarantineRejected), Err(Rejected::NotQuarantined));
    }
}

#[test]
fn the_first_exposure_counts() {
    let expose = |name: &[u8], seconds| KeyChange::Exposed { certificate: Digest::of(name), at: at(seconds) };
    let key = after(&after(&received(), expose(b"one", 5)), expose(b"two", 6));
    assert_eq!(key.exposed().unwrap(), &Exposure { at: at(5), certificate: Digest::of(b"one") });
    assert_eq!(key.reason(), Some(Reason::Exposed));
}

#[test]
fn a_key_is_retired_only_for_one_that_works() {
    let mut device = Device::new();
    device.receive(1, bitlocker("C:", "{1}"), 1);
    device.receive(2, bitlocker("C:", "{2}"), 2);
    device.receive(3, bitlocker("D:", "{3}"), 3);
    device.receive_as(NewKey { quarantined: true, ..new_key(4, bitlocker("C:", "{4}"), 4) });
    device.change(1, opened(1, 5)).unwrap();
    device.change(3, opened(3, 5)).unwrap();
    for (other, why) in [(2, "never opened"), (3, "another volume"), (4, "set apart"), (1, "itself")] {
        assert_eq!(device.retire(1, other, 6), Err(Rejected::NotReplaced), "{why}");
    }
    device.change(2, opened(2, 7)).unwrap();
    device.retire(1, 2, 8).unwrap();
    let retirement = Retirement { at: at(8), replacement: KeyId::from_bytes([2; 16]) };
    assert_eq!(device.key(1).retired(), Some(&retirement));
    assert_eq!(device.retire(1, 2, 9), Err(Rejected::Retired));
    assert_eq!(device.retire(2, 1, 9), Err(Rejected::NotReplaced), "the other one is retired");
    device.reinstall(10);
    device.receive(5, bitlocker("C:", "{5}"), 11);
    assert_eq!(device.retire(5, 2, 12), Err(Rejected::NotReplaced), "an earlier installation");
}

#[test]
fn a_check_is_due_at_once_then_by_age() {
    let mut rules = rules();
    let key = received();
    assert_eq!(key.check_due(&rules), Some(at(7)));
    let opened = after(&key, opened(1, 10));
    assert_eq!(opened.check_due(&rules), Some(at(1_010)));
    assert_eq!(after(&opened, not_opened(1, Failure::NoIdentity, 20)).check_due(&rules), Some(at(1_020)));
    let another = after(&opened, KeyChange::EnvelopeAdded { digest: envelope(2), at: at(30) });
    assert_eq!(another.check_due(&rules), Some(at(30)));
    rules.reverify_after = 0;
    assert_eq!((opened.check_due(&rules), another.check_due(&rules)), (None, Some(at(30))));
    // A row whose envelopes are marked and whose attempt is gone comes from no event, and is checked all the same.
    let mut odd = opened;
    odd.last_attempt = None;
    assert_eq!(odd.check_due(&rules), Some(at(7)));
}

#[test]
fn rejections_have_words_and_one_code() {
    assert!(Rejected::ALL.is_sorted_by_key(|rejected| rejected.as_str()));
    for rejected in Rejected::ALL {
        assert_eq!(rejected.code(), crate::ErrorCode::EventRejected);
        assert!(!rejected.to_string().ends_with('.'));
    }
}
