//! What may happen in which phase, and what follows?
//!
//! The machine as data: for an event in a phase, the first row that fits says what follows. The page
//! `docs/rotation.md` and its diagram are made of these rows.

use super::{Phase, Rejected};
use crate::ids::words;

words! {
    /// The kinds of events.
    EventKind {
        /// [`RotationEvent::Cancelled`](super::RotationEvent::Cancelled)
        Cancelled = "cancelled";
        /// [`RotationEvent::Deferred`](super::RotationEvent::Deferred)
        Deferred = "deferred";
        /// [`RotationEvent::Delivered`](super::RotationEvent::Delivered)
        Delivered = "delivered";
        /// [`RotationEvent::Failed`](super::RotationEvent::Failed)
        Failed = "failed";
        /// [`RotationEvent::KeyFailed`](super::RotationEvent::KeyFailed)
        KeyFailed = "key_failed";
        /// [`RotationEvent::KeyReceived`](super::RotationEvent::KeyReceived)
        KeyReceived = "key_received";
        /// [`RotationEvent::KeyVerified`](super::RotationEvent::KeyVerified)
        KeyVerified = "key_verified";
        /// [`RotationEvent::OldRetired`](super::RotationEvent::OldRetired)
        OldRetired = "old_retired";
        /// [`RotationEvent::Requested`](super::RotationEvent::Requested)
        Requested = "requested";
        /// [`RotationEvent::Sent`](super::RotationEvent::Sent)
        Sent = "sent";
    }
}

words! {
    /// What an event is about, seen from the rotation.
    Case {
        /// There is only one case; in a row, whatever it is about.
        Any = "any";
        /// An attempt before the present one.
        Earlier = "earlier_attempt";
        /// A key that came later than all that were known.
        LaterKey = "later_key";
        /// The new key.
        NewKey = "new_key";
        /// The attempt after the present one.
        Next = "next_attempt";
        /// Another key than the new one; where one came, one that was known before.
        OtherKey = "other_key";
        /// The present attempt, without a reply, or agreed to.
        Present = "present_attempt";
        /// The present attempt, which was deferred.
        PresentDeferred = "present_attempt_deferred";
        /// The present attempt, which failed.
        PresentFailed = "present_attempt_failed";
        /// An attempt that was never sent and is not the next.
        Unknown = "unknown_attempt";
    }
}

/// What follows from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing: it was heard before, or does not matter any more.
    Keep,
    /// It is taken down, and the rotation is in this phase.
    Move(Phase),
    /// It cannot be true.
    Reject(Rejected),
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// In one of these phases,
    pub phases: &'static [Phase],
    /// an event of this kind
    pub event: EventKind,
    /// about one of these
    pub cases: &'static [Case],
    /// has this outcome.
    pub outcome: Outcome,
    /// Why.
    pub because: &'static str,
}

/// Which cases an event of a kind can be.
pub fn cases(event: EventKind) -> &'static [Case] {
    match event {
        EventKind::Cancelled | EventKind::OldRetired | EventKind::Requested => &[Case::Any],
        EventKind::Deferred | EventKind::Delivered | EventKind::Failed | EventKind::Sent => {
            &[Case::Earlier, Case::Next, Case::Present, Case::PresentDeferred, Case::PresentFailed, Case::Unknown]
        }
        EventKind::KeyFailed | EventKind::KeyVerified => &[Case::NewKey, Case::OtherKey],
        EventKind::KeyReceived => &[Case::LaterKey, Case::OtherKey],
    }
}

use Outcome::{Keep, Move, Reject};

macro_rules! table {
    ($( $($phase:ident)|* , $event:ident, $($case:ident)|* => $outcome:expr, $because:literal; )*) => {
        /// Every row, by event. The first that fits decides.
        pub const TABLE: &[Row] = &[ $( Row {
            phases: &[ $( Phase::$phase, )* ],
            event: EventKind::$event,
            cases: &[ $( Case::$case, )* ],
            outcome: $outcome,
            because: $because,
        }, )* ];
    };
}

// `|` in these sentences would break the table in the documentation.
table! {
    Requested, Requested, Any => Move(Phase::Requested), "the more urgent cause and the earlier beginning count";
    Delivered, Requested, Any => Move(Phase::Delivered), "the device has agreed; an operator's wish allows more attempts";
    NewKeyReceived | Verified, Requested, Any => Keep, "a later key is there already";
    OldRetired | Cancelled, Requested, Any => Reject(Rejected::Over), "a new rotation is needed";

    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, Sent, Unknown
        => Reject(Rejected::AttemptUnknown), "attempts are sent one after the other";
    Requested, Sent, Next | PresentDeferred => Move(Phase::Requested), "the reply is awaited";
    Delivered, Sent, Next => Move(Phase::Requested), "no key came: the device is asked again";
    NewKeyReceived | Verified, Sent, Next => Reject(Rejected::NewKeyThere), "to ask for one more key could kill the new one";
    OldRetired | Cancelled, Sent, Next => Reject(Rejected::Over), "nothing is sent for a rotation that has ended";
    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, Sent,
        Earlier | Present | PresentDeferred | PresentFailed => Keep, "it was sent before";

    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, Deferred, Next | Unknown
        => Reject(Rejected::AttemptUnknown), "that attempt was never sent";
    Requested, Deferred, Present => Move(Phase::Requested), "the same command is offered again after a while";
    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, Deferred,
        Earlier | Present | PresentDeferred | PresentFailed => Keep, "it was heard before, or comes too late to matter";

    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, Failed, Next | Unknown
        => Reject(Rejected::AttemptUnknown), "that attempt was never sent";
    Requested | Delivered, Failed, Present | PresentDeferred => Move(Phase::Requested), "the device is asked again after a while";
    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, Failed,
        Earlier | Present | PresentDeferred | PresentFailed => Keep, "it was heard before, or comes too late to matter";

    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, Delivered, Next | Unknown
        => Reject(Rejected::AttemptUnknown), "that attempt was never sent";
    Requested, Delivered, Earlier | Present | PresentDeferred => Move(Phase::Delivered), "the device agreed; a late reply is one too";
    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, Delivered,
        Earlier | Present | PresentDeferred | PresentFailed => Keep, "it was heard before, or comes too late to matter";

    Requested | Delivered | NewKeyReceived | Verified, KeyReceived, LaterKey
        => Move(Phase::NewKeyReceived), "a later key counts, whatever became of the request; the latest one";
    OldRetired | Cancelled, KeyReceived, LaterKey => Keep, "the rotation has ended; the key is kept like any other";
    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, KeyReceived, OtherKey
        => Keep, "the old key, or one that was known, never completes a rotation";

    NewKeyReceived | Verified, KeyFailed, NewKey => Move(Phase::Requested), "the device is asked for another one";
    Requested | Delivered | OldRetired | Cancelled, KeyFailed, NewKey => Keep, "the rotation has ended, or was asked for again";
    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, KeyFailed, OtherKey
        => Keep, "it is about another key";

    NewKeyReceived, KeyVerified, NewKey => Move(Phase::Verified), "now the old key may go";
    Requested | Delivered | Verified | OldRetired | Cancelled, KeyVerified, NewKey => Keep, "it was heard before";
    Requested | Delivered | NewKeyReceived | Verified | OldRetired | Cancelled, KeyVerified, OtherKey
        => Keep, "it is about another key";

    Verified, OldRetired, Any => Move(Phase::OldRetired), "done";
    Requested | Delivered | NewKeyReceived, OldRetired, Any
        => Reject(Rejected::NotVerified), "the old key stays until the new one is verified";
    OldRetired, OldRetired, Any => Keep, "it was heard before";
    Cancelled, OldRetired, Any => Reject(Rejected::Over), "there is no new key that was verified for it";

    Requested | Delivered, Cancelled, Any => Move(Phase::Cancelled), "no key that came later is lost by that";
    NewKeyReceived | Verified, Cancelled, Any
        => Reject(Rejected::NewKeyThere), "the old key may be dead on the device: what has begun is finished";
    OldRetired, Cancelled, Any => Reject(Rejected::Over), "it cannot be undone";
    Cancelled, Cancelled, Any => Keep, "it was heard before";
}

/// The row that decides about an event of this kind and case in a phase. Every event that there can be has one; about
/// others nothing is known, and nothing follows.
pub fn row(phase: Phase, event: EventKind, case: Case) -> &'static Row {
    TABLE
        .iter()
        .find(|row| row.event == event && row.phases.contains(&phase) && row.cases.contains(&case))
        .unwrap_or(&Row { phases: &[], event: EventKind::Sent, cases: &[], outcome: Keep, because: "cannot be" })
}
