//! What can happen to a rotation, and why may it not?

use super::{Cause, EventKind};
use crate::{
    error::ErrorCode,
    ids::{KeyId, Word},
    time::Timestamp,
};

/// What can happen to a rotation. Attempts are numbered from 1; each reply names the one that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationEvent {
    /// An operator took the request back.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// The device could not at that moment (MDM: `NotNow`). No failure: the same command is offered again.
    Deferred {
        /// Which attempt.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// The device agreed (MDM: `Acknowledged`, with or without a key; Escrow Buddy: the flag is set).
    Delivered {
        /// Which attempt.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// The device failed (MDM: `Error`; Escrow Buddy: the flag is cleared, and no key came; an agent that said so).
    Failed {
        /// Which attempt.
        attempt: u32,
        /// Why, in a word.
        why: Word,
        /// When.
        at: Timestamp,
    },
    /// The new key did not open, its volume refuses it, or it is the old one in another envelope.
    KeyFailed {
        /// Which key.
        key: KeyId,
        /// Why, in a word.
        why: Word,
        /// When.
        at: Timestamp,
    },
    /// A key of this place came and was stored.
    KeyReceived {
        /// Which key.
        key: KeyId,
        /// Its order among the keys of the device.
        order: u64,
        /// When.
        at: Timestamp,
    },
    /// A key of this place was shown to work at the level that the policy demands.
    KeyVerified {
        /// Which key.
        key: KeyId,
        /// When.
        at: Timestamp,
    },
    /// The old key was retired; with an agent, the device said that it removed it.
    OldRetired {
        /// When.
        at: Timestamp,
    },
    /// It was asked for again. The more urgent cause and the earlier beginning count; what an operator asks for may fail
    /// as often again as the policy says.
    Requested {
        /// Why.
        cause: Cause,
        /// When it may begin.
        not_before: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// An attempt was sent to the device.
    Sent {
        /// Which attempt: the next one, or the present one again after it was deferred.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
}

impl RotationEvent {
    /// Which kind of event.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Cancelled { .. } => EventKind::Cancelled,
            Self::Deferred { .. } => EventKind::Deferred,
            Self::Delivered { .. } => EventKind::Delivered,
            Self::Failed { .. } => EventKind::Failed,
            Self::KeyFailed { .. } => EventKind::KeyFailed,
            Self::KeyReceived { .. } => EventKind::KeyReceived,
            Self::KeyVerified { .. } => EventKind::KeyVerified,
            Self::OldRetired { .. } => EventKind::OldRetired,
            Self::Requested { .. } => EventKind::Requested,
            Self::Sent { .. } => EventKind::Sent,
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Cancelled { at }
            | Self::Deferred { at, .. }
            | Self::Delivered { at, .. }
            | Self::Failed { at, .. }
            | Self::KeyFailed { at, .. }
            | Self::KeyReceived { at, .. }
            | Self::KeyVerified { at, .. }
            | Self::OldRetired { at }
            | Self::Requested { at, .. }
            | Self::Sent { at, .. } => *at,
        }
    }
}

/// An event cannot be true of the rotation as it is now; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// A reply to an attempt that was never sent, or one sent before the attempts before it.
    #[error("there was no such attempt")]
    AttemptUnknown,
    /// A new key came: to ask for one more could kill it.
    #[error("a new key came already")]
    NewKeyThere,
    /// The old key stays until the new one is verified.
    #[error("the new key was not verified yet")]
    NotVerified,
    /// It has ended.
    #[error("the rotation has ended")]
    Over,
}

impl Rejected {
    /// Every rejection.
    pub const ALL: &'static [Self] = &[Self::AttemptUnknown, Self::NewKeyThere, Self::NotVerified, Self::Over];

    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AttemptUnknown => "attempt_unknown",
            Self::NewKeyThere => "new_key_there",
            Self::NotVerified => "not_verified",
            Self::Over => "over",
        }
    }

    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::EventRejected
    }
}
