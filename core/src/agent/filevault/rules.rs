//! What is to become of the key, and how is a new one made?

use serde::{Deserialize, Serialize};

use crate::{ids::Word, policy::escrow::Level};

/// What is to be made true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aim {
    /// It is known whether the key that the server has is the present one: `fdesetup validaterecovery`.
    Attest,
    /// The present key is in escrow; a new one is made only where none ever came.
    Escrow,
    /// A key that was made for this goal is in escrow.
    Rotate,
}

impl Aim {
    /// The word in documents and serialized state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attest => "attest",
            Self::Escrow => "escrow",
            Self::Rotate => "rotate",
        }
    }
}

/// An aim and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Goal {
    /// Names this request for good: a rotation's id.
    pub id: Word,
    /// What is to be made true.
    pub aim: Aim,
}

impl Goal {
    /// An aim under this name.
    pub fn new(id: Word, aim: Aim) -> Self {
        Self { id, aim }
    }
}

/// How a new key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Channel {
    /// By `fdesetup changerecovery`, at once, with the present key or a user's password.
    ChangeRecovery,
    /// By Escrow Buddy, at the next log-in, without asking anybody.
    EscrowBuddy,
    /// By the MDM command `RotateFileVaultKey`.
    Mdm,
}

impl Channel {
    /// The word in documents and serialized state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChangeRecovery => "change_recovery",
            Self::EscrowBuddy => "escrow_buddy",
            Self::Mdm => "mdm",
        }
    }
}

/// How the planner goes about it: what the organization's policy says, for this device. All durations are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// How a new key is made. Default: Escrow Buddy.
    pub channel: Channel,
    /// The level that *verified* means. Default: `envelope_opens`.
    pub level: Level,
    /// How long a log-in is waited for before somebody has to ask the user to log out and in. Default: 3 days.
    pub login_within: u32,
    /// How long a reply to a command, or a new envelope after a change, is waited for. Default: one day.
    pub reply_within: u32,
    /// How long a device that answered `NotNow` is left alone. Default: one hour.
    pub not_now: u32,
    /// How often Escrow Buddy is told to make a key for one goal: it takes the setting back when it fails. Default: 3.
    pub attempts: u32,
    /// Seconds before the server is asked again about an envelope. Default: 15 minutes.
    pub ask_again_after: u32,
}

impl Default for Rules {
    fn default() -> Self {
        const HOUR: u32 = 60 * 60;
        Self {
            channel: Channel::EscrowBuddy,
            level: Level::EnvelopeOpens,
            login_within: 3 * 24 * HOUR,
            reply_within: 24 * HOUR,
            not_now: HOUR,
            attempts: 3,
            ask_again_after: HOUR / 4,
        }
    }
}
