//! What can happen to a recovery, and why may it not?

use super::{Approval, EventKind, Outcome, Person};
use crate::{
    error::ErrorCode,
    ids::{Actor, Digest, KeyId},
    time::Timestamp,
};

/// What can happen to a recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryEvent {
    /// Somebody approved it.
    Approved(Box<Approval>),
    /// An approval was taken back.
    ApprovalRevoked {
        /// Whose.
        person: Person,
        /// When.
        at: Timestamp,
    },
    /// The key may be opened: to be committed before it is. Asked again while it may be, it is the same authorization.
    Authorized {
        /// Who wants to see it.
        actor: Actor,
        /// Who that is, where the request says so.
        person: Option<Person>,
        /// Which key.
        key: Option<KeyId>,
        /// Which of its envelopes.
        envelope: Option<Digest>,
        /// Until when opening it may be tried: the policy's `authorization_expires` from now.
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// Somebody who could have approved it refused.
    Denied {
        /// Who.
        actor: Actor,
        /// When.
        at: Timestamp,
    },
    /// Its time is over.
    Expired {
        /// When that was seen.
        at: Timestamp,
    },
    /// The key did not open.
    NotOpened {
        /// When.
        at: Timestamp,
    },
    /// The key opened: to be committed before it is returned.
    Released {
        /// Which key.
        key: KeyId,
        /// Which of its envelopes opened.
        envelope: Digest,
        /// When.
        at: Timestamp,
    },
    /// The person said whether the key did its work.
    Reported {
        /// What they said.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
    /// The request was taken back.
    Revoked {
        /// Who did.
        actor: Actor,
        /// When.
        at: Timestamp,
    },
    /// No identity could be reached that opens the key; it may be tried again.
    Unavailable {
        /// When.
        at: Timestamp,
    },
}

impl RecoveryEvent {
    /// Which kind of event.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Approved(_) => EventKind::Approved,
            Self::ApprovalRevoked { .. } => EventKind::ApprovalRevoked,
            Self::Authorized { .. } => EventKind::Authorized,
            Self::Denied { .. } => EventKind::Denied,
            Self::Expired { .. } => EventKind::Expired,
            Self::NotOpened { .. } => EventKind::NotOpened,
            Self::Released { .. } => EventKind::Released,
            Self::Reported { .. } => EventKind::Reported,
            Self::Revoked { .. } => EventKind::Revoked,
            Self::Unavailable { .. } => EventKind::Unavailable,
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Approved(approval) => approval.at,
            Self::ApprovalRevoked { at, .. }
            | Self::Authorized { at, .. }
            | Self::Denied { at, .. }
            | Self::Expired { at }
            | Self::NotOpened { at }
            | Self::Released { at, .. }
            | Self::Reported { at, .. }
            | Self::Revoked { at, .. }
            | Self::Unavailable { at } => *at,
        }
    }
}

macro_rules! rejections {
    ($( $variant:ident = $word:literal, $sentence:literal; )*) => {
        /// A rule forbids it; nothing was changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum Rejected {
            $( #[doc = $sentence] #[error($sentence)] $variant, )*
        }

        impl Rejected {
            /// Every rejection.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word for programs.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }
    };
}

rejections! {
    BreakGlassNotAllowed = "break_glass_not_allowed", "the policy allows no emergency in which nobody is asked";
    DeviceReleaseNotAllowed = "device_release_not_allowed", "the policy gives no key to a command";
    Enough = "enough", "it has as many approvals as it needs";
    Expired = "expired", "its time is over";
    KeyMissing = "key_missing", "approvals are for one envelope of one key: name both";
    NoSuchApproval = "no_such_approval", "this person has not approved it";
    NotApproved = "not_approved", "it lacks approvals";
    NotAuthorized = "not_authorized", "its release was not authorized";
    NotExpired = "not_expired", "its time is not over";
    NotReleased = "not_released", "no key was released";
    OtherKey = "other_key", "it was approved for another key, or for another envelope of it";
    OtherRequester = "other_requester", "somebody else asked for it";
    Over = "over", "it has ended";
    PersonMissing = "person_missing", "approvals need to know who asks: name issuer and subject";
    Quota = "quota", "this person was shown as many keys as the policy allows in a day";
    SamePerson = "same_person", "this is, or may be, the person who asked, or one who approved before";
    TicketMissing = "ticket_missing", "the policy demands a ticket";
    TooLate = "too_late", "the release is authorized already";
    Used = "used", "the key was released already: ask again";
}

impl Rejected {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Quota => ErrorCode::RecoveryQuota,
            Self::TicketMissing => ErrorCode::RecoveryReasonMissing,
            _ => ErrorCode::RecoveryRejected,
        }
    }
}
