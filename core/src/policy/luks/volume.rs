//! Which of a device's volumes is meant?

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A way to choose LUKS volumes: `all`, the mount point of what is on it, or `UUID=` and that of its header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum VolumeChoice {
    /// Every LUKS volume that is open.
    All,
    /// The volume below the file system that is mounted there, through LVM and RAID: an absolute path.
    MountPoint(String),
    /// The volume whose header has this UUID: 36 characters, lower case.
    Uuid(String),
}

impl VolumeChoice {
    /// The volume of the root file system.
    pub fn root() -> Self {
        Self::MountPoint("/".to_owned())
    }
}

/// The text chooses no volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no volume: all, an absolute path without `..` or UUID=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx is known")]
#[non_exhaustive]
pub struct UnknownVolume;

impl FromStr for VolumeChoice {
    type Err = UnknownVolume;

    fn from_str(text: &str) -> Result<Self, UnknownVolume> {
        match text.strip_prefix("UUID=") {
            // the forms that the crate takes beside this one are not those of crypttab
            Some(uuid) if uuid.len() == 36 => {
                let uuid = uuid::Uuid::try_parse(uuid).map_err(|_| UnknownVolume)?;
                Ok(Self::Uuid(uuid.hyphenated().to_string()))
            }
            None if text == "all" => Ok(Self::All),
            None if is_path(text) => Ok(Self::MountPoint(text.to_owned())),
            _ => Err(UnknownVolume),
        }
    }
}

impl TryFrom<String> for VolumeChoice {
    type Error = UnknownVolume;

    fn try_from(text: String) -> Result<Self, UnknownVolume> {
        text.parse()
    }
}

impl fmt::Display for VolumeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::MountPoint(path) => f.write_str(path),
            Self::Uuid(uuid) => write!(f, "UUID={uuid}"),
        }
    }
}

impl From<VolumeChoice> for String {
    fn from(choice: VolumeChoice) -> Self {
        choice.to_string()
    }
}

/// Whether this is an absolute path of at most 4,095 bytes (`PATH_MAX`) that means the same to everybody.
pub(super) fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && text.len() < 4096
        && !text.chars().any(char::is_control)
        && text.split('/').all(|part| !matches!(part, "." | ".."))
}
