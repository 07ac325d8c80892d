//! What is to become of the volume's slots, and by which rules?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProtectorId, Word},
    key::Kind,
    policy::escrow::Level,
};

/// What is to be made true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aim {
    /// A slot of ours is on the volume, and its key in escrow.
    Escrow,
    /// A slot that was made for this goal is on the volume, its key in escrow, and these old slots of ours are gone.
    Rotate {
        /// The slots to be removed, all that the server wants replaced. Of those, only slots that we made are.
        replace: BTreeSet<ProtectorId>,
    },
}

impl Aim {
    /// The word in documents and serialized state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Escrow => "escrow",
            Self::Rotate { .. } => "rotate",
        }
    }
}

/// An aim and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Goal {
    /// Names this request for good: a rotation's id. The upload carries it, so that a receipt of another request
    /// never counts.
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

/// What lets a new slot be made: cryptsetup wants the volume's key, by a passphrase that opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Authorization {
    /// A clevis binding (a Tang server, a TPM): `clevis luks pass` prints the passphrase. LUKS2.
    Clevis,
    /// A key file that is on the device already.
    KeyFile,
    /// Somebody types a passphrase.
    Prompt,
    /// The escrowed key, which the server released to this command of this device.
    ReleasedKey,
    /// A token of systemd's that the TPM opens without a person. LUKS2.
    Tpm2,
}

impl Authorization {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Clevis, Self::KeyFile, Self::Prompt, Self::ReleasedKey, Self::Tpm2];

    /// The word in documents, plans and serialized state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clevis => "clevis",
            Self::KeyFile => "key_file",
            Self::Prompt => "prompt",
            Self::ReleasedKey => "released_key",
            Self::Tpm2 => "tpm2",
        }
    }

    /// The type of the token that must be in the header.
    pub(super) fn token(self) -> Option<&'static str> {
        match self {
            Self::Clevis => Some("clevis"),
            Self::Tpm2 => Some("systemd-tpm2"),
            Self::KeyFile | Self::Prompt | Self::ReleasedKey => None,
        }
    }
}

/// The form of the new key, and what names its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SlotKind {
    /// A passphrase of this library's; on LUKS2 a token of type `fdescrow` names its slot.
    Luks,
    /// A recovery key as `systemd-cryptenroll --recovery-key` makes it, with its token `systemd-recovery`. LUKS2.
    Systemd,
}

impl SlotKind {
    /// The kind of the key.
    pub fn key(self) -> Kind {
        match self {
            Self::Luks => Kind::Luks,
            Self::Systemd => Kind::Systemd,
        }
    }

    /// The type of the token that names the slot. Two tokens that name one slot are a conflict to systemd-cryptenroll.
    pub fn token(self) -> &'static str {
        match self {
            Self::Luks => "fdescrow",
            Self::Systemd => "systemd-recovery",
        }
    }
}

/// How the planner goes about it: what the organization's policy says, for this volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rules {
    /// The form of the new key. Default: this library's.
    pub kind: SlotKind,
    /// The PBKDF2 iterations of a new slot, at least; up to 65,535 more are drawn. A key of 128 random bits needs no
    /// stretching. Default: 1000, the fewest that cryptsetup takes.
    pub iterations: u32,
    /// The level that *verified* means. Default: `envelope_opens`.
    pub level: Level,
    /// What may authorize a new slot, the first that is at hand. Default: key file, TPM2, clevis, released key, prompt.
    pub authorizations: Vec<Authorization>,
    /// Whether the header is backed up before it is changed, until the goal is reached. A backup keeps what is removed
    /// from the header: whoever has it opens the volume with old keys. Default: yes.
    pub header_backup: bool,
    /// Whether a token names the new slot on LUKS2. Default: yes.
    pub token: bool,
    /// Slots that a new key is never put into, though they be free. Default: none.
    pub keep_free: BTreeSet<u8>,
    /// Seconds before the server is asked again about an envelope. Default: 15 minutes.
    pub ask_again_after: u32,
    /// How many slots may be made for one goal. Default: 5.
    pub attempts: u32,
}

impl Default for Rules {
    fn default() -> Self {
        use Authorization as A;
        Self {
            kind: SlotKind::Luks,
            iterations: super::new_key::MIN_ITERATIONS,
            level: Level::EnvelopeOpens,
            authorizations: vec![A::KeyFile, A::Tpm2, A::Clevis, A::ReleasedKey, A::Prompt],
            header_backup: true,
            token: true,
            keep_free: BTreeSet::new(),
            ask_again_after: 15 * 60,
            attempts: 5,
        }
    }
}
