//! How well must a recovery key be known to work, and by when?
//!
//! [`EscrowRules`] is the part of a policy that concerns escrow and validity. It is what an organization
//! decides; whether a device meets it is judged elsewhere, by a function that reads
//! these rules and changes nothing.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::key::Kind;

/// How far a key was shown to work. Each level includes those before it.
///
/// The words never overstate: a key whose envelope opens may still be the key of yesterday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Level {
    /// Its text has the grammar of its kind. It was seen before it was sealed; nothing was opened.
    WellFormed,
    /// An envelope of it was opened, and what was inside has the grammar of its kind.
    EnvelopeOpens,
    /// It opened its protector: the check that the volume's own header carries for this key.
    ProtectorOpens,
    /// It gave the volume's key, by the volume's own header.
    VolumeKeyUnwrapped,
}

impl Level {
    /// Every level, in ascending order.
    pub const ALL: &'static [Self] =
        &[Self::WellFormed, Self::EnvelopeOpens, Self::ProtectorOpens, Self::VolumeKeyUnwrapped];

    /// The word in documents, policies and stored records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WellFormed => "well_formed",
            Self::EnvelopeOpens => "envelope_opens",
            Self::ProtectorOpens => "protector_opens",
            Self::VolumeKeyUnwrapped => "volume_key_unwrapped",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.iter().copied().find(|level| level.as_str() == text).ok_or(UnknownLevel)
    }
}

/// The word names no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such level: well_formed, envelope_opens, protector_opens and volume_key_unwrapped are known")]
#[non_exhaustive]
pub struct UnknownLevel;

const HOUR: u32 = 60 * 60;
const DAY: u32 = 24 * HOUR;

/// What an organization demands of the escrow of a device's recovery keys. All durations are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct EscrowRules {
    /// Whether the device must have a recovery key in escrow at all. Default: yes.
    pub required: bool,
    /// The level that a key of each kind must reach. A kind that is not named: `envelope_opens`.
    pub levels: BTreeMap<Kind, Level>,
    /// Whether a key counts that could not be shown to reach its level because what the proof needs is not
    /// to be had (no header, a format that cannot be read), as long as its envelope opens. Default: no.
    pub accept_unverifiable: bool,
    /// Whether the device's own word that a key opens its protector counts (macOS `fdesetup
    /// validaterecovery`). Default: yes. It never counts for a key whose envelope did not open.
    pub accept_device_proof: bool,
    /// How long a device may be without any key before somebody has to act. Default: one day.
    pub escrow_within: u32,
    /// How long a key may wait for its check. Default: one day.
    pub check_within: u32,
    /// After how long a key that was opened is checked again; 0: never. Default: 90 days.
    pub reverify_after: u32,
}

impl Default for EscrowRules {
    fn default() -> Self {
        Self {
            required: true,
            levels: BTreeMap::new(),
            accept_unverifiable: false,
            accept_device_proof: true,
            escrow_within: DAY,
            check_within: DAY,
            reverify_after: 90 * DAY,
        }
    }
}

impl EscrowRules {
    /// Rules that demand nothing: keys are kept and checked, and no device lacks one.
    pub fn not_required() -> Self {
        Self { required: false, ..Self::default() }
    }

    /// The level that a key of this kind must reach.
    pub fn required_level(&self, kind: Kind) -> Level {
        self.levels.get(&kind).copied().unwrap_or(Level::EnvelopeOpens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_ascend_and_their_words_parse() {
        assert!(Level::ALL.is_sorted());
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(*level));
            assert_eq!(serde_json::to_string(level).unwrap(), format!("\"{level}\""));
        }
        assert_eq!("verified".parse::<Level>(), Err(UnknownLevel));
    }

    #[test]
    fn rules_are_read_from_what_people_write_and_a_misspelt_one_is_refused() {
        let rules: EscrowRules =
            toml::from_str("accept_unverifiable = true\n[levels]\nluks = \"volume_key_unwrapped\"").unwrap();
        assert_eq!(rules.required_level(Kind::Luks), Level::VolumeKeyUnwrapped);
        assert_eq!(rules.required_level(Kind::FileVault), Level::EnvelopeOpens);
        assert!(rules.required && rules.accept_unverifiable);
        assert!(toml::from_str::<EscrowRules>("accept_unverifyable = true").is_err());
        assert_eq!(toml::from_str::<EscrowRules>("").unwrap(), EscrowRules::default());
        assert!(!EscrowRules::not_required().required);
    }
}
