//! What does a person type to unlock a disk?
//!
//! One type per kind of recovery key, and two parsers for each: [`RecoveryKey::parse_typed`] takes what
//! people type (spaces, missing dashes, lower case) and says which group is wrong; [`RecoveryKey::parse_exact`]
//! takes only the form that an envelope holds. Nothing here repeats the text of a key in an error.

mod bitlocker;
mod filevault;
mod grammar;
mod luks;
mod snapd;
mod systemd;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use bitlocker::BitLockerKey;
pub use filevault::FileVaultKey;
pub use grammar::KeyProblem;
pub use luks::LuksKey;
pub use snapd::SnapdKey;
pub use systemd::SystemdKey;

use crate::{
    error::ErrorCode,
    random::{Randomness, RandomnessError},
    secret::Secret,
};

/// The kinds of recovery keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// BitLocker recovery password: 8 groups of 6 digits.
    BitLocker,
    /// FileVault personal recovery key: 6 groups of 4 letters and digits.
    FileVault,
    /// LUKS passphrase as this library generates it: 8 groups of 5 letters.
    Luks,
    /// snapd recovery key (Ubuntu TPM-backed disk encryption): 8 groups of 5 digits.
    Snapd,
    /// systemd-cryptenroll recovery key: 8 groups of 8 modhex letters.
    Systemd,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::BitLocker, Self::FileVault, Self::Luks, Self::Snapd, Self::Systemd];

    /// The word in documents, on the command line and in stored records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BitLocker => "bitlocker",
            Self::FileVault => "filevault",
            Self::Luks => "luks",
            Self::Snapd => "snapd",
            Self::Systemd => "systemd",
        }
    }

    /// What the field calls such a key.
    pub fn description(self) -> &'static str {
        match self {
            Self::BitLocker => "BitLocker recovery password",
            Self::FileVault => "FileVault personal recovery key",
            Self::Luks => "LUKS recovery passphrase",
            Self::Snapd => "snapd recovery key",
            Self::Systemd => "systemd recovery key",
        }
    }

    /// Whether only the device itself can set such a key, so that a generated one is an example:
    /// `fdesetup` makes FileVault's, snapd its own. The others can be given to the device.
    pub fn set_by_device_only(self) -> bool {
        matches!(self, Self::FileVault | Self::Snapd)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

/// The word names no kind of recovery key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such kind of recovery key: bitlocker, filevault, luks, snapd and systemd are known")]
#[non_exhaustive]
pub struct UnknownKind;

/// The text is not a recovery key of the kind that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {}: {problem}", .kind.description())]
#[non_exhaustive]
pub struct KeyError {
    /// The kind that was asked for.
    pub kind: Kind,
    /// What is wrong, and in which group.
    pub problem: KeyProblem,
}

impl KeyError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::KeyFormat
    }
}

/// A recovery key of any kind, well formed. It is shown by [`expose`](Self::expose), and neither printed, copied nor
/// written by accident:
///
/// ```compile_fail,E0277
/// fn shown(key: &fdescrow::RecoveryKey) -> String {
///     format!("{key}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn written(key: &fdescrow::RecoveryKey) -> String {
///     serde_json::to_string(key).unwrap()
/// }
/// ```
/// ```compile_fail,E0599
/// fn copied(key: &fdescrow::RecoveryKey) -> fdescrow::RecoveryKey {
///     fdescrow::RecoveryKey::clone(key)
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RecoveryKey {
    /// See [`BitLockerKey`].
    BitLocker(BitLockerKey),
    /// See [`FileVaultKey`].
    FileVault(FileVaultKey),
    /// See [`LuksKey`].
    Luks(LuksKey),
    /// See [`SnapdKey`].
    Snapd(SnapdKey),
    /// See [`SystemdKey`].
    Systemd(SystemdKey),
}

impl RecoveryKey {
    /// Reads what a person typed: groups may be separated by spaces, any dashes or nothing, and letters may
    /// be of either case.
    ///
    /// # Errors
    /// [`KeyError`], which names the group that is wrong, counted from one, and never quotes it.
    pub fn parse_typed(kind: Kind, text: &Secret<str>) -> Result<Self, KeyError> {
        Self::parse(kind, text.expose(), grammar::Form::Typed)
    }

    /// Reads exactly the form that [`expose`](Self::expose) shows, as an envelope holds it.
    ///
    /// # Errors
    /// [`KeyError`] on any other form.
    pub fn parse_exact(kind: Kind, text: &Secret<str>) -> Result<Self, KeyError> {
        Self::parse(kind, text.expose(), grammar::Form::Exact)
    }

    fn parse(kind: Kind, text: &str, form: grammar::Form) -> Result<Self, KeyError> {
        let text = grammar_of(kind).parse(text, form).map_err(|problem| KeyError { kind, problem })?;
        Ok(Self::from_canonical(kind, text))
    }

    /// A new random key. Where only a device can set such a key ([`Kind::set_by_device_only`]), it is an
    /// example of the form.
    ///
    /// # Errors
    /// [`RandomnessError`] if the source failed.
    pub fn generate(kind: Kind, rng: &dyn Randomness) -> Result<Self, RandomnessError> {
        let text = match kind {
            Kind::BitLocker => bitlocker::generate(rng),
            Kind::FileVault => filevault::generate(rng),
            Kind::Luks => luks::generate(rng),
            Kind::Snapd => snapd::generate(rng),
            Kind::Systemd => systemd::generate(rng),
        }?;
        Ok(Self::from_canonical(kind, text))
    }

    fn from_canonical(kind: Kind, text: Secret<str>) -> Self {
        match kind {
            Kind::BitLocker => Self::BitLocker(BitLockerKey(text)),
            Kind::FileVault => Self::FileVault(FileVaultKey(text)),
            Kind::Luks => Self::Luks(LuksKey(text)),
            Kind::Snapd => Self::Snapd(SnapdKey(text)),
            Kind::Systemd => Self::Systemd(SystemdKey(text)),
        }
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::BitLocker(_) => Kind::BitLocker,
            Self::FileVault(_) => Kind::FileVault,
            Self::Luks(_) => Kind::Luks,
            Self::Snapd(_) => Kind::Snapd,
            Self::Systemd(_) => Kind::Systemd,
        }
    }

    /// Shows the key, in the one form that is stored, sealed and printed.
    pub fn expose(&self) -> &str {
        match self {
            Self::BitLocker(key) => key.0.expose(),
            Self::FileVault(key) => key.0.expose(),
            Self::Luks(key) => key.0.expose(),
            Self::Snapd(key) => key.0.expose(),
            Self::Systemd(key) => key.0.expose(),
        }
    }

    /// Shows the key in its groups, to be read aloud or printed. For LUKS the groups are only for the eye:
    /// the passphrase itself has no separators.
    pub fn expose_groups(&self) -> impl Iterator<Item = &str> {
        grammar_of(self.kind()).groups(self.expose())
    }

    /// Whether both are the same key, in time that does not depend on where they differ.
    pub fn constant_time_eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.kind() == other.kind() && bool::from(self.expose().as_bytes().ct_eq(other.expose().as_bytes()))
    }
}

fn grammar_of(kind: Kind) -> &'static grammar::Grammar {
    match kind {
        Kind::BitLocker => &bitlocker::GRAMMAR,
        Kind::FileVault => &filevault::GRAMMAR,
        Kind::Luks => &luks::GRAMMAR,
        Kind::Snapd => &snapd::GRAMMAR,
        Kind::Systemd => &systemd::GRAMMAR,
    }
}

#[cfg(test)]
mod tests;
