//! What was observed of a device?

pub mod bitlocker;
mod reading;

use serde::{Deserialize, Serialize};

pub use bitlocker::{Conversion, EncryptionMethod, ProtectorKind};
pub use reading::{
    FileVaultReading, Observation, ProtectorReading, ProtectorSnapshot, Report, ReportedEnvelope, VolumeReading,
};

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
