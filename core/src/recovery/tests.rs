//! Do people get keys by the rules, and by no other way?

mod properties;
mod rules;
mod search;
mod sheet;
mod stories;
mod table;

use super::*;
use crate::{audit::Text, ids::Actor};

/// Seconds after the moment at which every test begins.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_795_505_000).unwrap().saturating_add(seconds)
}

fn key(number: u8) -> KeyId {
    KeyId::from_bytes([number; 16])
}

fn envelope(number: u8) -> Digest {
    Digest::of(&[number])
}

fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

fn person(name: &str) -> Person {
    Person::new("https://idp.example.com", name).unwrap()
}

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

/// Rules that ask for so many approvals, within 1,000 seconds.
fn rules(approvals: u8) -> RecoveryRules {
    RecoveryRules { approvals, request_expires: 1_000, ..RecoveryRules::default() }
}

fn request() -> Request {
    Request { person: Some(person("anna")), ..Request::new(actor("Anna"), text("blue screen"), at(0)) }
}

/// Anna's wish to see key 1 in envelope 1.
fn asked(approvals: u8) -> Recovery {
    Recovery::request(request(), Some(key(1)), Some(envelope(1)), &rules(approvals), Used::default()).unwrap()
}

fn approved_for(name: &str, number: u8, digest: u8, seconds: i64) -> RecoveryEvent {
    let approval = Approval::new(actor(name), person(name), key(number), envelope(digest), at(seconds));
    RecoveryEvent::Approved(Box::new(approval))
}

fn approved(name: &str, seconds: i64) -> RecoveryEvent {
    approved_for(name, 1, 1, seconds)
}

fn took_back(name: &str, seconds: i64) -> RecoveryEvent {
    RecoveryEvent::ApprovalRevoked { person: person(name), at: at(seconds) }
}

fn authorized_for(name: &str, number: u8, digest: u8, seconds: i64) -> RecoveryEvent {
    RecoveryEvent::Authorized {
        actor: actor("Anna"),
        person: Some(person(name)),
        key: Some(key(number)),
        envelope: Some(envelope(digest)),
        until: at(seconds + 100),
        at: at(seconds),
    }
}

fn authorized(seconds: i64) -> RecoveryEvent {
    authorized_for("anna", 1, 1, seconds)
}

fn released(number: u8, digest: u8, seconds: i64) -> RecoveryEvent {
    RecoveryEvent::Released { key: key(number), envelope: envelope(digest), at: at(seconds) }
}

fn denied(seconds: i64) -> RecoveryEvent {
    RecoveryEvent::Denied { actor: actor("Ben"), at: at(seconds) }
}

fn revoked(seconds: i64) -> RecoveryEvent {
    RecoveryEvent::Revoked { actor: actor("Anna"), at: at(seconds) }
}

fn expired(seconds: i64) -> RecoveryEvent {
    RecoveryEvent::Expired { at: at(seconds) }
}

fn not_opened(seconds: i64) -> RecoveryEvent {
    RecoveryEvent::NotOpened { at: at(seconds) }
}

fn unavailable(seconds: i64) -> RecoveryEvent {
    RecoveryEvent::Unavailable { at: at(seconds) }
}

fn reported(outcome: Outcome, seconds: i64) -> RecoveryEvent {
    RecoveryEvent::Reported { outcome, at: at(seconds) }
}

fn after(recovery: Recovery, events: &[RecoveryEvent]) -> Recovery {
    events.iter().fold(recovery, |recovery, event| recovery.apply(event).unwrap())
}

fn refused(recovery: &Recovery, event: &RecoveryEvent) -> Rejected {
    recovery.clone().apply(event).unwrap_err()
}
