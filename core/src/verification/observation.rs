//! What was observed of a device?
//!
//! [`read`] turns what a device, its agent or its management system sent into a [`Report`]. The bytes are
//! untrusted: every reader is total, looks at limits before it works, and names what it could not use
//! instead of guessing. **What was not said is [`Reading::Unknown`], and unknown never becomes no**: a row that is
//! missing, a number that is not known or a list that may be partial says nothing. One bad row hides no good one.
//! What is read from which report is told in `docs/observations.md`.
//!
//! Output for people is not read: `manage-bde` and `fdesetup` speak the language of their user.

pub mod apple;
mod base64;
pub mod bitlocker;
pub mod csp;
mod draft;
mod json;
mod lsblk;
mod luks_dump;
mod osquery;
mod reading;
mod snapshot;
mod source;
pub(crate) mod windows;
mod wmi;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use apple::{CommandError, CommandReply, CommandStatus};
pub use bitlocker::{Conversion, EncryptionMethod, ProtectorKind};
pub use csp::{CspReading, DeviceEncryptionProblem, RotationStatus};
pub use reading::{
    FileVaultReading, Observation, ProtectorReading, ProtectorSnapshot, Report, ReportedEnvelope, VolumeReading,
};
pub use source::{Source, UnknownSource};

use crate::{error::ErrorCode, ids::VolumeId, time::Timestamp};

/// The longest report, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// What a report does not say itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// When it was made, as far as the caller trusts anybody's clock; otherwise when it came.
    pub at: Timestamp,
    /// Which volume a report is about that names none (`luksDump`). None: the boot volume.
    pub volume: Option<VolumeId>,
}

impl Context {
    /// A report of this moment, about the boot volume if it names none.
    pub fn new(at: Timestamp) -> Self {
        Self { at, volume: None }
    }
}

/// Reads a report of this kind, within limits: [`MAX_BYTES`], 32 values inside each other, 4,096 rows, 256 volumes.
///
/// # Errors
/// [`ObservationError::Limit`] if it exceeds a limit; [`ObservationError::Syntax`] if it is no report of this kind. What
/// is only partly usable is no error: [`Report::ignored`] names what was left out.
pub fn read(source: Source, bytes: &[u8], context: &Context) -> Result<Report, ObservationError> {
    let at = context.at;
    match source {
        Source::Csp => csp::read(bytes, at),
        Source::Ddm => apple::status_report(bytes, at),
        Source::Lsblk => lsblk::read(bytes, at),
        Source::LuksDump => luks_dump::read(bytes, context.volume.as_ref(), at),
        Source::Osquery => osquery::read(bytes, at),
        Source::RotateReply => apple::rotate_reply(bytes, at),
        Source::SecurityInfo => apple::security_info(bytes, at),
        Source::Snapshot => snapshot::read(bytes, at),
        Source::Wmi => wmi::read(bytes, at),
    }
}

/// An answer that may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reading {
    /// No.
    No,
    /// It is not known; never a reason to act.
    Unknown,
    /// Yes.
    Yes,
}

impl Reading {
    /// The word in documents and `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Yes => "yes",
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<bool> for Reading {
    fn from(answer: bool) -> Self {
        if answer { Self::Yes } else { Self::No }
    }
}

/// An answer that is not there is unknown.
impl From<Option<bool>> for Reading {
    fn from(answer: Option<bool>) -> Self {
        answer.map_or(Self::Unknown, Self::from)
    }
}

/// Something in a report that could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ignored {
    /// In which row, volume or slot, counted from 1 in the order of the report; none: in the report as a whole.
    pub row: Option<usize>,
    /// What: a column, a key or a part, by the name that its format gives it.
    pub what: &'static str,
    /// Why.
    pub why: &'static str,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row.map_or(Ok(()), |row| write!(f, "row {row}: "))?;
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// The bytes are no report of the kind that was asked for. Nothing of them is repeated here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObservationError {
    /// It is larger or deeper than is read.
    #[error("the report {0}")]
    Limit(&'static str),
    /// It cannot be read, or is something else.
    #[error("not a report of this kind: {0}")]
    Syntax(&'static str),
}

impl ObservationError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Limit(_) => ErrorCode::ObservationLimit,
            Self::Syntax(_) => ErrorCode::ObservationSyntax,
        }
    }
}

#[cfg(test)]
mod tests;
