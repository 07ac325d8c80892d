//! What is known of keys starts rotations, leads them on, and holds them up.

use super::*;
use crate::{
    ids::{Digest, ProtectorId, VolumeId},
    policy::{EscrowRules, Level},
    verification::{Binding, Failure, HeaderProof, KeyChange, KeyFacts, NewKey, Opening, Origin, State},
};

fn envelope(number: u8) -> Digest {
    Digest::of(&[number])
}

/// The facts of key `number` of a device that had `number - 1` keys before.
fn facts_of(number: u8, place: Place) -> KeyFacts {
    let mut state = State::new(at(0));
    for earlier in 1..=number {
        let new = NewKey::new(key(earlier), place.clone(), Origin::Sealed, envelope(earlier), at(i64::from(earlier)));
        let facts = state.receive(new);
        if earlier == number {
            return facts;
        }
        let received = crate::verification::Event::KeyReceived { key: Box::new(facts) };
        state = state.apply(&received).unwrap();
    }
    panic!("keys are numbered from 1")
}

fn facts(number: u8) -> KeyFacts {
    facts_of(number, Place::new(Kind::FileVault))
}

fn opened(number: u8, header: HeaderProof) -> KeyChange {
    let opening = Opening::new(envelope(number), Digest::of(b"identity"), Binding::None, at(20));
    KeyChange::Opened(Opening { header, ..opening })
}

fn not_opened(number: u8, failure: Failure) -> KeyChange {
    KeyChange::NotOpened { tried: vec![envelope(number)], failure, keyring: None, at: at(20) }
}

fn changed(facts: &KeyFacts, change: &KeyChange) -> KeyFacts {
    facts.after(change).unwrap()
}

#[test]
fn a_key_leads_the_rotation_on_as_far_as_it_was_shown_to_work() {
    let rules = EscrowRules::default();
    let begun = after(rotation(Method::Mdm), &[sent(1, 0)]);
    // the old one, whatever becomes of it
    let old = changed(&facts(1), &opened(1, HeaderProof::NotTried));
    assert_eq!(begun.clone().follow(&old, &rules, at(30)), begun);

    let new = facts(2);
    let rotation = begun.follow(&new, &rules, at(30));
    assert_eq!((rotation.phase(), rotation.new_key()), (Phase::NewKeyReceived, Some(key(2))));
    assert_eq!(rotation.clone().follow(&new, &rules, at(31)), rotation);
    let new = changed(&new, &opened(2, HeaderProof::NotTried));
    let strict = EscrowRules { levels: [(Kind::FileVault, Level::ProtectorOpens)].into(), ..EscrowRules::default() };
    assert_eq!(rotation.clone().follow(&new, &strict, at(32)).phase(), Phase::NewKeyReceived);
    assert_eq!(rotation.clone().follow(&new, &rules, at(32)).phase(), Phase::Verified);
    let attested = changed(&new, &KeyChange::Attested { opens: true, at: at(33) });
    assert_eq!(rotation.clone().follow(&attested, &strict, at(33)).phase(), Phase::Verified);
    let unverifiable = changed(&new, &opened(2, HeaderProof::Unverifiable(why("no_header"))));
    let lenient = EscrowRules { accept_unverifiable: true, ..strict.clone() };
    assert_eq!(rotation.clone().follow(&unverifiable, &strict, at(34)).phase(), Phase::NewKeyReceived);
    assert_eq!(rotation.follow(&unverifiable, &lenient, at(34)).phase(), Phase::Verified);
}

#[test]
fn a_key_that_can_never_work_sends_it_back_and_one_that_might_does_not() {
    let rules = EscrowRules::default();
    let rotation = after(rotation(Method::Mdm), &[sent(1, 0), received(2, 5)]);
    let new = facts(2);
    for failure in [Failure::NoIdentity, Failure::SuiteNotAllowed, Failure::Unknown(why("tomorrow"))] {
        let unclear = changed(&new, &not_opened(2, failure));
        assert_eq!(rotation.clone().follow(&unclear, &rules, at(30)), rotation);
    }
    let opens = changed(&new, &opened(2, HeaderProof::NotTried));
    let exposed = KeyChange::Exposed { certificate: envelope(9), at: at(21) };
    for (useless, word) in [
        (changed(&new, &not_opened(2, Failure::DidNotOpen)), "did_not_open"),
        (changed(&new, &not_opened(2, Failure::SealedByMacos)), "sealed_by_macos"),
        (changed(&opens, &opened(2, HeaderProof::Refused)), "protector_refused"),
        (changed(&opens, &KeyChange::Attested { opens: false, at: at(21) }), "protector_refused"),
        (changed(&opens, &exposed), "exposed"),
    ] {
        let back = rotation.clone().follow(&useless, &rules, at(30));
        assert_eq!((back.phase(), back.failure()), (Phase::Requested, Some(&why(word))));
        assert_eq!(back.clone().follow(&useless, &rules, at(31)), back);
    }
    // the device's word, where it does not count
    let deaf = EscrowRules { accept_device_proof: false, ..EscrowRules::default() };
    let denied = changed(&opens, &KeyChange::Attested { opens: false, at: at(21) });
    assert_eq!(rotation.follow(&denied, &deaf, at(30)).phase(), Phase::Verified);
}

#[test]
fn keys_of_other_places_and_keys_that_are_set_apart_say_nothing() {
    let rules = EscrowRules::default();
    let mut volume = Place::new(Kind::BitLocker);
    volume.volume = Some(VolumeId::new("C:").unwrap());
    let mut other_volume = volume.clone();
    other_volume.volume = Some(VolumeId::new("D:").unwrap());
    let mut other_protector = volume.clone();
    other_protector.protector = Some(ProtectorId::new("{2}").unwrap());
    let id = RotationId::from_bytes([7; 16]);
    let rotation = Rotation::request(id, Cause::Age, Method::Agent, volume, Some(key(1)), 1, at(0));
    for place in [other_volume, Place::new(Kind::BitLocker), Place::new(Kind::FileVault)] {
        assert_eq!(rotation.clone().follow(&facts_of(2, place), &rules, at(30)), rotation);
    }
    let mut apart = NewKey::new(key(2), other_protector.clone(), Origin::Sealed, envelope(2), at(2));
    apart.quarantined = true;
    let apart = State::new(at(0)).receive(apart);
    assert_eq!(rotation.clone().follow(&apart, &rules, at(30)), rotation);
    assert_eq!(PlaceFacts::of(&apart, &rules), PlaceFacts::default());
    // the new protector of the same volume is what is waited for
    assert_eq!(rotation.follow(&facts_of(2, other_protector), &rules, at(30)).phase(), Phase::NewKeyReceived);
}

#[test]
fn causes_are_read_from_what_is_known() {
    let rules = EscrowRules::default();
    let fresh = facts(2);
    assert_eq!(PlaceFacts::of(&fresh, &rules), PlaceFacts { received: Some(at(2)), ..PlaceFacts::default() });
    let cause = |key: &KeyFacts| due_cause(&PlaceFacts::of(key, &rules), &super::rules(), at(99)).map(|due| due.cause);
    assert_eq!(cause(&changed(&fresh, &not_opened(2, Failure::NoIdentity))), None);
    assert_eq!(cause(&changed(&fresh, &not_opened(2, Failure::WrongContent))), Some(Cause::Undecryptable));
    // what opened once is not undecryptable because somebody tried with the wrong identity
    let opens = changed(&fresh, &opened(2, HeaderProof::NotTried));
    assert_eq!(cause(&changed(&opens, &not_opened(2, Failure::DidNotOpen))), None);
    assert_eq!(cause(&changed(&opens, &opened(2, HeaderProof::Refused))), Some(Cause::Undecryptable));
    let exposed = KeyChange::Exposed { certificate: envelope(9), at: at(21) };
    assert_eq!(cause(&changed(&opens, &exposed)), Some(Cause::Compromise));
}
