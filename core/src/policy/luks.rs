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

/// Where the header of a volume is copied to before it is changed, unless the policy says otherwise.
pub const DEFAULT_BACKUP_DIRECTORY: &str = "/var/lib/fdescrow/headers";

/// The fewest iterations of PBKDF2 that cryptsetup makes a slot with: enough for a key of 128 random bits, which
/// nobody guesses however fast a guess is.
pub const MIN_ITERATIONS: u32 = 1000;

/// The most iterations that a policy may ask for: about ten seconds for each check on a slow machine.
pub const MAX_ITERATIONS: u32 = 10_000_000;

/// The key slots of LUKS2; LUKS1 has the first eight.
pub const SLOTS: u8 = 32;

/// What a policy asks of LUKS volumes, as a person writes it: any combination, not checked yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LuksSettings {
    /// Which volumes get a slot: mount points, `UUID=…` of the LUKS header, or `all`. Default: that of `/`.
    #[serde(skip_serializing_if = "is_root")]
    pub volumes: BTreeSet<VolumeChoice>,
    /// The kind of key in the slot: `luks`, `systemd` or `snapd`. Default: `luks`, the passphrase of this library.
    #[serde(skip_serializing_if = "is_luks")]
    pub slot: Kind,
    /// How many iterations of PBKDF2 (SHA-512) the slot has. Default: 1,000, because the key is random. Nothing is
    /// said to snapd, which makes its own slots.
    #[serde(skip_serializing_if = "is_minimum")]
    pub iterations: u32,
    /// What may authorize the new slot, in the order in which it is tried. Default: TPM2, clevis, key file, prompt.
    #[serde(skip_serializing_if = "is_default_order")]
    pub authorize: Vec<Authorization>,
    /// The key file, an absolute path; left out, the one that `/etc/crypttab` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// Slots that are never removed, whoever they belong to. Default: none; what this library did not make is not
    /// removed in any case.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub keep_slots: BTreeSet<u8>,
    /// Token types whose slots are never removed, beside those of systemd, clevis and snapd. Default: none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub keep_tokens: BTreeSet<String>,
    /// The folder, an absolute path, for a copy of the header while it is changed. It is removed when the change
    /// is done: a copy keeps old slots alive.
    #[serde(skip_serializing_if = "is_default_directory")]
    pub backup_directory: String,
}

impl Default for LuksSettings {
    fn default() -> Self {
        Self {
            volumes: root(),
            slot: Kind::Luks,
            iterations: MIN_ITERATIONS,
            authorize: Authorization::DEFAULT.to_vec(),
            key_file: None,
            keep_slots: BTreeSet::new(),
            keep_tokens: BTreeSet::new(),
            backup_directory: DEFAULT_BACKUP_DIRECTORY.to_owned(),
        }
    }
}

/// What opens the volume, so that a slot can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Authorization {
    /// A clevis token: a policy server or the TPM.
    Clevis,
    /// A key file on the device.
    KeyFile,
    /// The user is asked for a passphrase.
    Prompt,
    /// The key that is in escrow, released to the device for this purpose: needs `recovery.release_to_device`.
    ReleasedKey,
    /// A `systemd-tpm2` token.
    Tpm2,
}

impl Authorization {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::Clevis, Self::KeyFile, Self::Prompt, Self::ReleasedKey, Self::Tpm2];

    /// Those that need nobody first; nothing leaves escrow.
    pub const DEFAULT: &'static [Self] = &[Self::Tpm2, Self::Clevis, Self::KeyFile, Self::Prompt];

    /// The word in documents.
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
const TOKENS: &str = "LUKS2 On-Disk Format Specification, tokens";

fn check(settings: &LuksSettings, violations: &mut Violations) {
    violations.require(
        !settings.volumes.is_empty(),
        "luks.volumes",
        "names no volume: leave out the section instead",
        CRYPTTAB,
    );
    violations.require(
        matches!(settings.slot, Kind::Luks | Kind::Systemd | Kind::Snapd),
        "luks.slot",
        "is not luks, systemd or snapd: no other key opens a LUKS volume",
        CRYPTSETUP,
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
    if let Some(path) = &settings.key_file {
        require_path(violations, "luks.key_file", path);
        violations.require(
            settings.authorize.contains(&Authorization::KeyFile),
            "luks.key_file",
            "has no effect: luks.authorize does not list `key_file`",
            "luks.authorize",
        );
    }
    require_path(violations, "luks.backup_directory", &settings.backup_directory);
    violations.require(
        settings.keep_slots.iter().all(|slot| *slot < SLOTS),
        "luks.keep_slots",
        "has a slot above 31: LUKS2 has 32",
        "LUKS2 On-Disk Format Specification, keyslots",
    );
    violations.require(
        settings.keep_tokens.iter().all(|token| is_token_type(token)),
        "luks.keep_tokens",
        "has a type that is empty, longer than 64 bytes or not of visible ASCII",
        TOKENS,
    );
}

fn require_path(violations: &mut Violations, field: &'static str, path: &str) {
    violations.require(volume::is_path(path), field, "is not an absolute path without `..`", CRYPTTAB);
}

fn is_token_type(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn root() -> BTreeSet<VolumeChoice> {
    BTreeSet::from([VolumeChoice::root()])
}

fn is_root(volumes: &BTreeSet<VolumeChoice>) -> bool {
    *volumes == root()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_luks(slot: &Kind) -> bool {
    *slot == Kind::Luks
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_minimum(iterations: &u32) -> bool {
    *iterations == MIN_ITERATIONS
}

fn is_default_order(order: &[Authorization]) -> bool {
    order == Authorization::DEFAULT
}

fn is_default_directory(path: &str) -> bool {
    path == DEFAULT_BACKUP_DIRECTORY
}
