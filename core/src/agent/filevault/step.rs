//! What is to be done, by which command, and what can become of it?

use serde::{Deserialize, Serialize};

use super::situation::Situation;
use crate::{
    agent::spool::Entry,
    ids::{Digest, Word},
    secret::Secret,
    time::Timestamp,
    verification::Receipt,
};

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Send the envelope from the spool under this request; the same again gets its receipt as it is now.
    Ask {
        /// The name of the request.
        request: Word,
        /// SHA-256 of the envelope.
        envelope: Digest,
    },
    /// Make a new key, by the present one or a user's password: [`Step::command`]. Run it once, whatever happens.
    ChangeRecovery,
    /// Put the envelope that macOS wrote into the spool ([`Planner::entry`](super::Planner::entry)); it must be on the
    /// disk before it is reported.
    Escrow {
        /// SHA-256 of the envelope.
        envelope: Digest,
        /// The name of the request.
        request: Word,
    },
    /// Put Escrow Buddy back into the authorization database: [`Step::command`].
    RepairAuthorizationDatabase,
    /// Queue the MDM command `RotateFileVaultKey` ([`rotate_command`](crate::profile::rotate_command)), once.
    SendRotate,
    /// Queue the MDM command `SecurityInfo`.
    SendSecurityInfo,
    /// Tell Escrow Buddy whether to make a new key at the next log-in: [`Step::command`].
    SetGenerateNewKey {
        /// Whether.
        on: bool,
    },
    /// Try the present key, which was released for that: [`Step::command`].
    ValidateRecovery,
}

/// A command, without a shell. What `fdesetup` prints may hold a key: it is never written anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Command {
    /// The program.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
    /// Whether it reads a property list with the secret from standard input: `Password`, and for a user's password
    /// `Username`.
    pub reads_secret: bool,
}

impl Step {
    /// The command that does it, where it is one.
    pub fn command(&self) -> Option<Command> {
        const PREFERENCES: &str = "/Library/Preferences/com.netflix.Escrow-Buddy.plist";
        const SETUP: &str =
            "/Library/Security/SecurityAgentPlugins/Escrow Buddy.bundle/Contents/Resources/AuthDBSetup.sh";
        let (program, arguments, reads_secret): (_, &'static [&'static str], _) = match self {
            Self::ChangeRecovery => ("/usr/bin/fdesetup", &["changerecovery", "-personal", "-inputplist"], true),
            Self::RepairAuthorizationDatabase => (SETUP, &[], false),
            Self::SetGenerateNewKey { on: true } => {
                ("/usr/bin/defaults", &["write", PREFERENCES, "GenerateNewKey", "-bool", "true"], false)
            }
            Self::SetGenerateNewKey { on: false } => {
                ("/usr/bin/defaults", &["write", PREFERENCES, "GenerateNewKey", "-bool", "false"], false)
            }
            Self::ValidateRecovery => ("/usr/bin/fdesetup", &["validaterecovery", "-inputplist"], true),
            Self::Ask { .. } | Self::Escrow { .. } | Self::SendRotate | Self::SendSecurityInfo => return None,
        };
        Some(Command { program, arguments, reads_secret })
    }
}

impl Command {
    /// What is written to its standard input: a property list with the secret, and for a user's password the user. Nothing
    /// where it reads none.
    pub fn input(&self, user: Option<&str>, secret: &Secret<str>) -> Secret<[u8]> {
        if !self.reads_secret {
            return Secret::from_vec(Vec::new());
        }
        // Put together by hand, and of the size that it has: a writer of property lists would leave copies behind.
        let user = user
            .map_or_else(String::new, |user| format!("<key>Username</key><string>{}</string>", escaped(user).expose()));
        let secret = escaped(secret.expose());
        let parts = [
            r#"<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>"#,
            &user,
            "<key>Password</key><string>",
            secret.expose(),
            "</string></dict></plist>",
        ];
        let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| text.push_str(part));
        Secret::from_vec(text.into_bytes())
    }
}

/// A text as XML has it between tags.
fn escaped(text: &str) -> Secret<str> {
    let entity = |letter: char| match letter {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    };
    let length = text.chars().map(|letter| entity(letter).map_or(letter.len_utf8(), str::len)).sum();
    let mut xml = String::with_capacity(length);
    for letter in text.chars() {
        match entity(letter) {
            Some(entity) => xml.push_str(entity),
            None => xml.push(letter),
        }
    }
    Secret::from_string(xml)
}

/// What a Mac answered to an MDM command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reply {
    /// It did it. Whether a key came with it shows in the next observation.
    Acknowledged,
    /// It could not do it.
    Error,
    /// It will not do it now.
    NotNow,
}

/// What became of a step.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// `fdesetup validaterecovery` said that the key is the present one, or is not.
    Attested(bool),
    /// It ended with 0, or the command is queued.
    Done,
    /// It ended otherwise.
    Failed,
    /// The server did not answer.
    NoAnswer,
    /// The spool does not hold the envelope.
    NotInSpool,
    /// The server answered.
    Receipt(Box<Receipt>),
    /// This entry is in the spool, on the disk.
    Spooled(Box<Entry>),
}

/// The answer to one observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Next {
    /// What the situation is.
    pub situation: Situation,
    /// What to do now; none: nothing, until `wake_at` or until something changes.
    pub step: Option<Step>,
    /// When to look again at the latest; none: at the agent's own interval.
    pub wake_at: Option<Timestamp>,
}
