//! What may happen in which state, and what follows?
//!
//! The machine as data: for an event in a state, the first row that fits says what follows, if the rules about people,
//! keys and time ([`Rejected`]) allow it. The page `docs/recovery.md` and its diagram are made of these rows.

use super::Rejected;
use crate::ids::words;

words! {
    /// How far a recovery is.
    RecoveryState {
        /// Enough people approved it.
        Approved = "approved";
        /// Somebody who could have approved it refused.
        Denied = "denied";
        /// It took too long.
        Expired = "expired";
        /// The key may be opened; it was not yet, or not as far as is known.
        ReleaseAuthorized = "release_authorized";
        /// The key did not open.
        ReleaseFailed = "release_failed";
        /// The key was handed out.
        Released = "released";
        /// Somebody asked for it.
        Requested = "requested";
        /// An approval or the request was taken back.
        Revoked = "revoked";
    }
}

impl RecoveryState {
    /// Whether it may still lead to a key, so that it can expire.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Approved | Self::ReleaseAuthorized | Self::ReleaseFailed | Self::Requested)
    }
}

words! {
    /// The kinds of events.
    EventKind {
        /// [`RecoveryEvent::ApprovalRevoked`](super::RecoveryEvent::ApprovalRevoked)
        ApprovalRevoked = "approval_revoked";
        /// [`RecoveryEvent::Approved`](super::RecoveryEvent::Approved)
        Approved = "approved";
        /// [`RecoveryEvent::Authorized`](super::RecoveryEvent::Authorized)
        Authorized = "authorized";
        /// [`RecoveryEvent::Denied`](super::RecoveryEvent::Denied)
        Denied = "denied";
        /// [`RecoveryEvent::Expired`](super::RecoveryEvent::Expired)
        Expired = "expired";
        /// [`RecoveryEvent::NotOpened`](super::RecoveryEvent::NotOpened)
        NotOpened = "not_opened";
        /// [`RecoveryEvent::Released`](super::RecoveryEvent::Released)
        Released = "released";
        /// [`RecoveryEvent::Reported`](super::RecoveryEvent::Reported)
        Reported = "reported";
        /// [`RecoveryEvent::Revoked`](super::RecoveryEvent::Revoked)
        Revoked = "revoked";
        /// [`RecoveryEvent::Unavailable`](super::RecoveryEvent::Unavailable)
        Unavailable = "unavailable";
    }
}

impl EventKind {
    /// Whether it is refused when the time of the recovery is over: all that leads towards a key.
    pub fn needs_time(self) -> bool {
        matches!(self, Self::Approved | Self::Authorized | Self::Released | Self::Unavailable)
    }
}

words! {
    /// Whether there are as many approvals as are needed, once the event has happened.
    Case {
        /// It does not matter; in a row, whether or not.
        Any = "any";
        /// There are.
        Enough = "enough";
        /// There are not.
        Lacking = "lacking";
    }
}

/// What follows from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Nothing: it is so already.
    Keep,
    /// It is taken down, and the recovery is in this state.
    Move(RecoveryState),
    /// It is forbidden.
    Reject(Rejected),
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// In one of these states,
    pub states: &'static [RecoveryState],
    /// an event of this kind,
    pub event: EventKind,
    /// after which there are enough approvals or not,
    pub cases: &'static [Case],
    /// has this consequence.
    pub step: Step,
    /// Why.
    pub because: &'static str,
}

/// Which cases an event of a kind can be.
pub fn cases(event: EventKind) -> &'static [Case] {
    match event {
        EventKind::ApprovalRevoked | EventKind::Approved => &[Case::Enough, Case::Lacking],
        _ => &[Case::Any],
    }
}

use RecoveryState::{Approved, Denied, Expired, ReleaseAuthorized, ReleaseFailed, Released, Requested, Revoked};
use Step::{Keep, Move, Reject};

macro_rules! table {
    ($( $($state:ident)|* , $event:ident, $($case:ident)|* => $step:expr, $because:literal; )*) => {
        /// Every row, by event. The first that fits decides.
        pub const TABLE: &[Row] = &[ $( Row {
            states: &[ $( $state, )* ],
            event: EventKind::$event,
            cases: &[ $( Case::$case, )* ],
            step: $step,
            because: $because,
        }, )* ];
    };
}

// `|` in these sentences would break the table in the documentation.
table! {
    Requested, Approved, Enough => Move(Approved), "enough people agreed";
    Requested, Approved, Lacking => Move(Requested), "one more person has to agree";
    Approved, Approved, Enough | Lacking => Reject(Rejected::Enough), "nobody else is asked";
    ReleaseAuthorized, Approved, Enough | Lacking => Reject(Rejected::TooLate), "the decision was made";
    Denied | Expired | ReleaseFailed | Released | Revoked, Approved, Enough | Lacking
        => Reject(Rejected::Over), "a new request is needed";

    Requested, ApprovalRevoked, Enough | Lacking => Move(Requested), "one more person has to agree";
    Approved, ApprovalRevoked, Lacking => Move(Requested), "one more person has to agree";
    Approved, ApprovalRevoked, Enough => Move(Approved), "the others suffice";
    ReleaseAuthorized | ReleaseFailed, ApprovalRevoked, Enough | Lacking => Move(Revoked), "nothing was released yet, and nothing will be";
    Denied | Expired | Released | Revoked, ApprovalRevoked, Enough | Lacking
        => Reject(Rejected::Over), "it is too late to take something back";

    Requested, Authorized, Any => Reject(Rejected::NotApproved), "people have to agree first";
    Approved, Authorized, Any => Move(ReleaseAuthorized), "from now on the key may be opened";
    ReleaseAuthorized, Authorized, Any => Move(ReleaseAuthorized), "the same authorization, tried again; its time goes on";
    ReleaseFailed, Authorized, Any => Move(ReleaseAuthorized), "tried again, with other identities perhaps";
    Released, Authorized, Any => Reject(Rejected::Used), "an authorization is used once";
    Denied | Expired | Revoked, Authorized, Any => Reject(Rejected::Over), "a new request is needed";

    ReleaseAuthorized, Unavailable, Any => Move(ReleaseAuthorized), "nothing was opened: try again";
    Requested | Approved, Unavailable, Any => Reject(Rejected::NotAuthorized), "nothing may be tried yet";
    Denied | Expired | ReleaseFailed | Released | Revoked, Unavailable, Any => Reject(Rejected::Over), "nothing may be tried any more";

    ReleaseAuthorized, NotOpened, Any => Move(ReleaseFailed), "the key is not what it should be, or the identity is not";
    ReleaseFailed, NotOpened, Any => Keep, "it is so already";
    Requested | Approved, NotOpened, Any => Reject(Rejected::NotAuthorized), "nothing may be tried yet";
    Denied | Expired | Released | Revoked, NotOpened, Any => Reject(Rejected::Over), "nothing may be tried any more";

    ReleaseAuthorized, Released, Any => Move(Released), "once this is committed, the key is returned";
    Released, Released, Any => Reject(Rejected::Used), "an authorization is used once";
    Requested | Approved | ReleaseFailed, Released, Any => Reject(Rejected::NotAuthorized), "nothing is returned that was not authorized";
    Denied | Expired | Revoked, Released, Any => Reject(Rejected::Over), "nothing is returned any more";

    Released, Reported, Any => Move(Released), "the last word counts";
    Requested | Approved | Denied | Expired | ReleaseAuthorized | ReleaseFailed | Revoked, Reported, Any
        => Reject(Rejected::NotReleased), "there is no key to report about";

    Requested | Approved | ReleaseAuthorized | ReleaseFailed, Denied, Any => Move(Denied), "one who refuses is enough";
    Denied, Denied, Any => Keep, "it is so already";
    Expired | Released | Revoked, Denied, Any => Reject(Rejected::Over), "it has ended otherwise";

    Requested | Approved | ReleaseAuthorized | ReleaseFailed, Revoked, Any => Move(Revoked), "nothing was released yet, and nothing will be";
    Revoked, Revoked, Any => Keep, "it is so already";
    Denied | Expired | Released, Revoked, Any => Reject(Rejected::Over), "it has ended otherwise";

    Requested | Approved | ReleaseAuthorized | ReleaseFailed, Expired, Any => Move(Expired), "its time is over";
    Denied | Expired | Released | Revoked, Expired, Any => Keep, "it has ended before";
}

/// The row that decides about an event of this kind and case in a state. Every event that there can be has one; others
/// are forbidden.
pub fn row(state: RecoveryState, event: EventKind, case: Case) -> &'static Row {
    TABLE.iter().find(|row| row.event == event && row.states.contains(&state) && row.cases.contains(&case)).unwrap_or(
        &Row { states: &[], event: EventKind::Expired, cases: &[], step: Reject(Rejected::Over), because: "cannot be" },
    )
}
