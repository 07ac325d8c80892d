//! What must be true of the LUKS volumes of a Linux device?
//!
//! [`LuksPolicy`] says it: which volumes get a key slot for recovery, of which kind, what may authorize it, and
//! what is never touched. It is [`LuksSettings`] that passed every rule. Nothing here encrypts a disk: LUKS
//! is set up when a system is installed, and a policy of ours adds to it and takes away only what it added.

mod volume;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use volume::{UnknownVolume, VolumeChoice};

use super::error::{PolicyError, Violations};
use crate::key::Kind;

/// The fewest iterations of PBKDF2 that cryptsetup makes a slot with: enough for a key of 128 random bits, which
/// nobody guesses however fast a guess is.
pub const MIN_ITERATIONS: u32 = 1000;

/// The most iterations that a policy may ask for: every check of the key makes as many.
pub const MAX_ITERATIONS: u32 = 10_000_000;

/// The key slots of LUKS2; LUKS1 has the first eight.
pub const SLOTS: u8 = 32;

/// What a policy asks of LUKS volumes, as a person writes it: any combination, not checked yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LuksSettings {
    /// Whether the disk is to be encrypted. Nothing encrypts it: a device whose disk is in clear is told of. Default: no.
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// Which volumes get a slot: mount points, `UUID=…` of the LUKS header, or `all`. Default: that of `/`.
    #[serde(skip_serializing_if = "is_root")]
    pub volumes: BTreeSet<VolumeChoice>,
    /// The form of the key in the slot: `luks` or `systemd`. Default: `luks`, the passphrase of this library.
    #[serde(skip_serializing_if = "is_luks")]
    pub slot: SlotKind,
    /// How many iterations of PBKDF2 the slot has, at least. Default: 1,000, because the key is random.
    #[serde(skip_serializing_if = "is_minimum")]
    pub iterations: u32,
    /// What may authorize the new slot, the first that is at hand. Default: key file, TPM2, clevis, prompt.
    #[serde(skip_serializing_if = "is_default_order")]
    pub authorize: Vec<Authorization>,
    /// Slots that are never touched: never filled, and never removed even if this library made them. What it
    /// did not make is not removed in any case. Default: none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub keep_slots: BTreeSet<u8>,
    /// Whether the header is backed up before it is changed, until the change is done. A backup keeps old slots
    /// alive: whoever has it opens the volume with old keys. Default: yes.
    #[serde(skip_serializing_if = "is_true")]
    pub header_backup: bool,
}

impl Default for LuksSettings {
    fn default() -> Self {
        Self {
            required: false,
            volumes: root(),
            slot: SlotKind::Luks,
            iterations: MIN_ITERATIONS,
            authorize: Authorization::DEFAULT.to_vec(),
            keep_slots: BTreeSet::new(),
            header_backup: true,
        }
    }
}

/// The form of a new key, and what names its slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SlotKind {
    /// A passphrase of this library's; on LUKS2 a token of type `fdescrow` names its slot.
    #[default]
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
    /// The escrowed key, which the server released to this command of this device: `recovery.release_to_device`.
    ReleasedKey,
    /// A token of systemd's that the TPM opens without a person. LUKS2.
    Tpm2,
}

impl Authorization {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Clevis, Self::KeyFile, Self::Prompt, Self::ReleasedKey, Self::Tpm2];

    /// Those that need nobody first; no key leaves escrow.
    pub const DEFAULT: &'static [Self] = &[Self::KeyFile, Self::Tpm2, Self::Clevis, Self::Prompt];

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
}

/// What an organization decided about LUKS: settings that passed every rule.
///
/// Its serde form is that of [`LuksSettings`]; reading goes through [`LuksPolicy::new`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LuksSettings", into = "LuksSettings")]
pub struct LuksPolicy(LuksSettings);

impl LuksPolicy {
    /// Takes settings that break no rule.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] with every broken rule.
    pub fn new(settings: LuksSettings) -> Result<Self, PolicyError> {
        let mut violations = Violations::default();
        check(&settings, &mut violations);
        violations.or(Self(settings))
    }

    /// The settings.
    pub fn settings(&self) -> &LuksSettings {
        &self.0
    }

    /// Whether a slot may be authorized by the key that is in escrow.
    pub fn takes_released_key(&self) -> bool {
        self.0.authorize.contains(&Authorization::ReleasedKey)
    }
}

impl TryFrom<LuksSettings> for LuksPolicy {
    type Error = PolicyError;

    fn try_from(settings: LuksSettings) -> Result<Self, PolicyError> {
        Self::new(settings)
    }
}

impl From<LuksPolicy> for LuksSettings {
    fn from(policy: LuksPolicy) -> Self {
        policy.0
    }
}

const CRYPTSETUP: &str = "cryptsetup-luksAddKey(8)";
const CRYPTTAB: &str = "crypttab(5)";

fn check(settings: &LuksSettings, violations: &mut Violations) {
    violations.require(
        !settings.volumes.is_empty(),
        "luks.volumes",
        "names no volume: leave out the section instead",
        CRYPTTAB,
    );
    violations.require(
        (MIN_ITERATIONS..=MAX_ITERATIONS).contains(&settings.iterations),
        "luks.iterations",
        "is outside of 1,000 to 10,000,000",
        "cryptsetup(8), --pbkdf-force-iterations",
    );
    violations.require(
        !settings.authorize.is_empty(),
        "luks.authorize",
        "is empty: nothing could authorize a slot",
        CRYPTSETUP,
    );
    let distinct: BTreeSet<_> = settings.authorize.iter().collect();
    violations.require(
        distinct.len() == settings.authorize.len(),
        "luks.authorize",
        "names a way twice",
        "each is tried once",
    );
    violations.require(
        settings.keep_slots.iter().all(|slot| *slot < SLOTS),
        "luks.keep_slots",
        "has a slot above 31: LUKS2 has 32",
        "LUKS2 On-Disk Format Specification, keyslots",
    );
}

fn root() -> BTreeSet<VolumeChoice> {
    BTreeSet::from([VolumeChoice::root()])
}

fn is_root(volumes: &BTreeSet<VolumeChoice>) -> bool {
    *volumes == root()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_luks(slot: &SlotKind) -> bool {
    *slot == SlotKind::Luks
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_minimum(iterations: &u32) -> bool {
    *iterations == MIN_ITERATIONS
}

fn is_default_order(order: &[Authorization]) -> bool {
    order == Authorization::DEFAULT
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !*value
}
