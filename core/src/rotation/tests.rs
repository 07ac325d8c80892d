//! Does the machine do what its table says, and keep its rules whatever happens?

mod causes;
mod follow;
mod properties;
mod stories;
mod table;

use super::*;
use crate::key::Kind;

/// Seconds after the moment at which every test begins.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_505_000).unwrap().saturating_add(seconds)
}

fn key(number: u8) -> KeyId {
    KeyId::from_bytes([number; 16])
}

fn why(text: &str) -> Word {
    Word::new(text).unwrap()
}

/// Rules with round numbers: deliver within 100 s, a key within 1,000 s, a check within 50 s, again after 10 s, twice.
fn rules() -> RotationRules {
    RotationRules {
        deliver_within: 100,
        new_key_within: 1_000,
        verify_within: 50,
        retry_after: 10,
        retries: 2,
        after_reveal: 3_600,
        ..RotationRules::default()
    }
}

/// A rotation of key 1, whose order is 1, by this method.
fn rotation(method: Method) -> Rotation {
    let id = RotationId::from_bytes([7; 16]);
    Rotation::request(id, Cause::Reveal, method, Place::new(Kind::FileVault), Some(key(1)), 1, at(0))
}

fn sent(attempt: u32, seconds: i64) -> RotationEvent {
    RotationEvent::Sent { attempt, at: at(seconds) }
}

fn delivered(attempt: u32, seconds: i64) -> RotationEvent {
    RotationEvent::Delivered { attempt, at: at(seconds) }
}

fn deferred(attempt: u32, seconds: i64) -> RotationEvent {
    RotationEvent::Deferred { attempt, at: at(seconds) }
}

fn failed(attempt: u32, seconds: i64) -> RotationEvent {
    RotationEvent::Failed { attempt, why: why("wrong_password"), at: at(seconds) }
}

/// Key `number` comes, with its number as its order.
fn received(number: u8, seconds: i64) -> RotationEvent {
    RotationEvent::KeyReceived { key: key(number), order: u64::from(number), at: at(seconds) }
}

fn verified(number: u8, seconds: i64) -> RotationEvent {
    RotationEvent::KeyVerified { key: key(number), at: at(seconds) }
}

fn key_failed(number: u8, seconds: i64) -> RotationEvent {
    RotationEvent::KeyFailed { key: key(number), why: why("did_not_open"), at: at(seconds) }
}

fn retired(seconds: i64) -> RotationEvent {
    RotationEvent::OldRetired { at: at(seconds) }
}

fn cancelled(seconds: i64) -> RotationEvent {
    RotationEvent::Cancelled { at: at(seconds) }
}

fn requested(cause: Cause, not_before: i64, seconds: i64) -> RotationEvent {
    RotationEvent::Requested { cause, not_before: at(not_before), at: at(seconds) }
}

fn after(rotation: Rotation, events: &[RotationEvent]) -> Rotation {
    events.iter().fold(rotation, |rotation, event| rotation.apply(event).unwrap())
}

fn next(rotation: &Rotation, seconds: i64) -> Option<NextStep> {
    rotation.assess(&rules(), at(seconds)).next
}

const fn send(attempt: u32) -> Option<NextStep> {
    Some(NextStep::SendRequest { attempt })
}
