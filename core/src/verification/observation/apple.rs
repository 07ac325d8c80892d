//! What does a Mac answer to its management system?

use serde::{Deserialize, Serialize};

/// What a device says that it did with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CommandStatus {
    /// It did it.
    Acknowledged,
    /// It does not understand it.
    CommandFormatError,
    /// It could not do it.
    Error,
    /// It will not do it now, and wants to be asked again.
    NotNow,
}

/// The answer to an MDM command, without what it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CommandReply {
    /// What the device says that it did; none: it did not say it, or in a word that is not known.
    pub status: Option<CommandStatus>,
    /// `CommandUUID`, as it came: which command this answers.
    pub command: Option<String>,
}
