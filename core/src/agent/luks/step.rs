//! What is to be done, by which command, and what can become of it?

use serde::{Deserialize, Serialize};

use super::{new_key::Mark, situation::Situation};
use crate::{
    agent::spool::Entry,
    ids::{Digest, KeyId, ProtectorId, Word},
    policy::luks::Authorization,
    profile::luks::KdfHash,
    time::Timestamp,
    verification::Receipt,
};

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Send the envelope with this digest from the spool, under this request; or, if the server named the key
    /// already, ask for its receipt.
    Ask {
        /// Whose envelope it is.
        protector: ProtectorId,
        /// The name of the request.
        request: Word,
        /// SHA-256 of the envelope.
        envelope: Digest,
        /// The server's id of the key.
        key: Option<KeyId>,
    },
    /// Remove the backup of the header that this goal made.
    DropBackup,
    /// [`Planner::seal`](super::Planner::seal) the key in memory, and put the entry into the spool; it must be on the disk
    /// before it is reported.
    Escrow {
        /// The slot that it opens.
        slot: u8,
        /// The salt of the slot.
        salt: String,
        /// The name of the request.
        request: Word,
    },
    /// Make a [`NewKey`](super::NewKey) and keep it in memory.
    Generate {
        /// The slot that it is for.
        slot: u8,
    },
    /// Run this.
    Call(Call),
}

/// Something that cryptsetup does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Call {
    /// Puts the key in memory into a free slot.
    AddSlot {
        /// The slot.
        slot: u8,
        /// The iterations by which the slot is known again.
        mark: Mark,
        /// The hash of the key derivation; none on LUKS1, where the header names it.
        hash: Option<KdfHash>,
        /// What lets it be made.
        authorization: Authorization,
        /// The slot that clevis is bound to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bound: Option<u8>,
    },
    /// Writes the header, with its slots, into a file that must not be there: remove what an earlier try left.
    BackUpHeader,
    /// Removes a slot of ours.
    RemoveSlot {
        /// The slot.
        slot: u8,
    },
    /// Removes a token of ours that names no slot any more.
    RemoveToken {
        /// Its number.
        token: u8,
    },
    /// Opens the slot with the key in memory, and nothing else.
    TestSlot {
        /// The slot.
        slot: u8,
        /// Its salt.
        salt: String,
    },
    /// Writes the token that names the slot as escrowed.
    WriteToken {
        /// The slot.
        slot: u8,
        /// The token, as cryptsetup takes it.
        json: String,
    },
}

/// Where the files of one volume are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Places<'a> {
    /// The volume.
    pub volume: &'a str,
    /// The backup of its header.
    pub header_backup: &'a str,
    /// The key file that authorizes a new slot.
    pub key_file: Option<&'a str>,
}

impl<'a> Places<'a> {
    /// A volume, and where the backup of its header goes.
    pub fn new(volume: &'a str, header_backup: &'a str) -> Self {
        Self { volume, header_backup, key_file: None }
    }

    /// The key file that authorizes a new slot.
    #[must_use]
    pub fn key_file(mut self, key_file: Option<&'a str>) -> Self {
        self.key_file = key_file;
        self
    }
}

/// A command, without a shell. Of its output only the exit status is looked at; it says nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Command {
    /// The program.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// What is written to its standard input, one after the other; then it is closed.
    pub input: Vec<Input>,
}

/// A part of what a command reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Input {
    /// The passphrase that authorizes, and a line feed: cryptsetup reads a line where there is no terminal. A passphrase
    /// with a line feed in it cannot be given so; it belongs in a key file.
    Authorization,
    /// The passphrase of the new key, to the end.
    NewKey,
    /// This text, which is not secret.
    Text(String),
}

impl Command {
    pub(super) fn cryptsetup(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program: "cryptsetup", arguments, input: Vec::new() }
    }

    fn input(mut self, input: impl IntoIterator<Item = Input>) -> Self {
        self.input.extend(input);
        self
    }
}

impl Call {
    /// The command that does it.
    pub fn command(&self, places: &Places<'_>) -> Command {
        let volume = places.volume;
        match self {
            Self::AddSlot { slot, mark, hash, authorization, .. } => {
                let (slot, iterations) = (slot.to_string(), mark.to_string());
                let mut arguments = vec!["--batch-mode", "luksAddKey", "--key-slot", &slot];
                if let Some(hash) = hash {
                    arguments.extend(["--pbkdf", "pbkdf2", "--hash", hash.as_str()]);
                }
                arguments.extend(["--pbkdf-force-iterations", &iterations]);
                let mut input = Vec::new();
                match (authorization, places.key_file) {
                    (Authorization::KeyFile, Some(file)) => arguments.extend(["--key-file", file]),
                    (Authorization::Tpm2, _) => arguments.extend(["--token-type", "systemd-tpm2", "--token-only"]),
                    _ => input.push(Input::Authorization),
                }
                // The new key comes last, by standard input.
                arguments.extend([volume, "-"]);
                input.push(Input::NewKey);
                Command::cryptsetup(&arguments).input(input)
            }
            Self::BackUpHeader => {
                Command::cryptsetup(&["luksHeaderBackup", "--header-backup-file", places.header_backup, volume])
            }
            // Without a passphrase: in batch mode none is asked for. That another slot opens is known beforehand.
            Self::RemoveSlot { slot } => {
                Command::cryptsetup(&["--batch-mode", "luksKillSlot", volume, &slot.to_string()])
            }
            Self::RemoveToken { token } => {
                Command::cryptsetup(&["token", "remove", "--token-id", &token.to_string(), volume])
            }
            Self::TestSlot { slot, .. } => {
                let slot = slot.to_string();
                let arguments = ["open", "--test-passphrase", "--key-slot", &slot, "--key-file", "-", volume];
                Command::cryptsetup(&arguments).input([Input::NewKey])
            }
            Self::WriteToken { json, .. } => {
                let arguments = ["token", "import", "--json-file", "-", volume];
                Command::cryptsetup(&arguments).input([Input::Text(json.clone())])
            }
        }
    }

    /// The command whose output is the passphrase that authorizes, where a program has it.
    pub fn authorization_command(&self, places: &Places<'_>) -> Option<Command> {
        let Self::AddSlot { authorization: Authorization::Clevis, bound: Some(slot), .. } = self else { return None };
        let arguments = ["luks", "pass", "-d", places.volume, "-s", &slot.to_string()].map(str::to_owned).to_vec();
        Some(Command { program: "clevis", arguments, input: Vec::new() })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AddSlot { .. } => "add_slot",
            Self::BackUpHeader => "back_up_header",
            Self::RemoveSlot { .. } => "remove_slot",
            Self::RemoveToken { .. } => "remove_token",
            Self::TestSlot { .. } => "test_slot",
            Self::WriteToken { .. } => "write_token",
        }
    }
}

impl Step {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ask { .. } => "ask",
            Self::Call(call) => call.name(),
            Self::DropBackup => "drop_backup",
            Self::Escrow { .. } => "escrow",
            Self::Generate { .. } => "generate",
        }
    }

    /// The slot that it is about.
    pub fn slot(&self) -> Option<u8> {
        match self {
            Self::Escrow { slot, .. }
            | Self::Generate { slot }
            | Self::Call(
                Call::AddSlot { slot, .. }
                | Call::RemoveSlot { slot }
                | Call::TestSlot { slot, .. }
                | Call::WriteToken { slot, .. },
            ) => Some(*slot),
            Self::Ask { protector, .. } => super::observation::number(protector.as_str()),
            Self::Call(Call::BackUpHeader | Call::RemoveToken { .. }) | Self::DropBackup => None,
        }
    }

    /// By what its failures are counted.
    pub(super) fn subject(&self) -> String {
        match self.slot() {
            // Whatever slot it is for, it is the same passphrase that was wrong.
            Some(slot) if !matches!(self, Self::Call(Call::AddSlot { .. })) => format!("{} {slot}", self.name()),
            _ => self.name().to_owned(),
        }
    }
}

/// What became of a step.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The command ended with 0, or the file is gone.
    Done,
    /// It ended otherwise, with this status; none: it did not run, or was killed.
    Failed(Option<i32>),
    /// A key was made, with this mark.
    Generated(Mark),
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
    /// Why the step of this situation is not taken now.
    pub held: Option<Held>,
    /// When to look again at the latest; none: at the agent's own interval.
    pub wake_at: Option<Timestamp>,
}

/// A step that failed, and is not tried again yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Held {
    /// When it is tried again.
    pub until: Timestamp,
    /// The exit status with which it failed.
    pub status: Option<i32>,
    /// How often in a row it failed.
    pub failures: u32,
}
