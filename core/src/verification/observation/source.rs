//! Which reports can be read?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! sources {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal, $what:literal; )*) => {
        /// A kind of report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Source { $( $(#[$doc])* #[serde(rename = $word)] $variant, )* }

        impl Source {
            /// Every kind of report.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word on the command line and in documents.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }

            /// What it is, in a few words.
            pub fn description(self) -> &'static str {
                match self { $( Self::$variant => $what, )* }
            }
        }
    };
}

sources! {
    /// Status nodes of the BitLocker CSP.
    Csp = "csp", "BitLocker CSP nodes, as JSON or SyncML";
    /// A declarative status report.
    Ddm = "ddm", "Apple declarative status report, JSON";
    /// `lsblk --json`.
    Lsblk = "lsblk", "`lsblk --json -o NAME,TYPE,FSTYPE,UUID,MOUNTPOINTS`";
    /// `cryptsetup luksDump --dump-json-metadata`.
    LuksDump = "luksdump", "`cryptsetup luksDump --dump-json-metadata` (LUKS2)";
    /// Rows of osquery.
    Osquery = "osquery", "osquery rows as JSON: bare, logged or distributed";
    /// The reply to the MDM command `RotateFileVaultKey`.
    RotateReply = "rotate-reply", "reply to the MDM command RotateFileVaultKey, property list";
    /// The reply to the MDM command `SecurityInfo`.
    SecurityInfo = "securityinfo", "reply to the MDM command SecurityInfo, property list";
    /// An observation in this library's own form.
    Snapshot = "snapshot", "observation in this library's own form, JSON";
    /// `Win32_EncryptableVolume`.
    Wmi = "wmi", "Win32_EncryptableVolume as JSON from PowerShell";
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word names no kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such kind of report")]
#[non_exhaustive]
pub struct UnknownSource;

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Self::ALL.iter().copied().find(|source| source.as_str() == text).ok_or(UnknownSource)
    }
}
