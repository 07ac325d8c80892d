//! How far is a Mac on its way to a recovery key that is known to work?
//!
//! Turning FileVault on is a walk, and most of it waits for a person: the profile comes, somebody logs out and in
//! again, macOS makes a key and seals it, the key is sent, and it opens here. [`Walk`] says at which
//! [`Station`] a Mac stands, by when it should have left it, and what to tell its user.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Status, assess_place, posture::Posture, state::State};
use crate::{
    ids::Platform,
    key::Kind,
    policy::{FileVaultPolicy, Policy},
    time::Timestamp,
};

macro_rules! stations {
    ($( $variant:ident = $word:literal, $when:literal, $user:literal; )*) => {
        /// Where a Mac stands. Ordered: each comes after those before it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Station {
            $( #[doc = $when] $variant, )*
        }

        impl Station {
            /// Every station, in the order of the walk.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word in documents and `--json` output.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }

            /// When a Mac stands here.
            pub fn when(self) -> &'static str {
                match self { $( Self::$variant => $when, )* }
            }

            /// What to tell the user of the Mac.
            pub fn user_text(self) -> &'static str {
                match self { $( Self::$variant => $user, )* }
            }
        }
    };
}

// `|` in these sentences would break the table in the documentation.
stations! {
    AwaitingProfile = "awaiting_profile",
        "the profile is not known to be on the Mac",
        "Keep this Mac on and connected to the network: its settings are on their way.";
    AwaitingSetupAssistant = "awaiting_setup_assistant",
        "the profile is there, FileVault is off, and Setup Assistant is to turn it on",
        "Go on in Setup Assistant until it has turned FileVault on.";
    AwaitingLogin = "awaiting_login",
        "the profile is there, FileVault is off, and is turned on when a user logs in",
        "Log out, log in again, and accept when you are asked to turn on FileVault.";
    AwaitingLogout = "awaiting_logout",
        "the profile is there, FileVault is off, and is turned on when a user logs out or in",
        "Log out: you are asked for your password, and FileVault is turned on.";
    AwaitingKey = "awaiting_key",
        "FileVault is on, and there is no personal recovery key, as far as was said",
        "Log out and log in again: this Mac needs a new recovery key.";
    AwaitingEnvelope = "awaiting_envelope",
        "FileVault is on, and no key of it came here",
        "Log out and log in again, and keep this Mac connected: its recovery key is on its way.";
    AwaitingCheck = "awaiting_check",
        "a key came, and is not known to work as far as the policy demands",
        "Nothing to do for you: the recovery key of this Mac is being checked.";
    Arrived = "arrived",
        "the newest key is known to work as far as the policy demands",
        "Nothing to do: this Mac is encrypted, and its recovery key is safe.";
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a Mac stands on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Walk {
    /// Where.
    pub station: Station,
    /// By when it should have left it; none where nothing has to happen, or nothing is known of when it came there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// How often the user may still say "not now", where that was said; -1: as often as they like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bypasses_left: Option<i32>,
}

impl Walk {
    /// Where a device stands; none unless it is a Mac and the policy enforces FileVault.
    pub fn of(state: &State, policy: &Policy, now: Timestamp) -> Option<Self> {
        let posture = state.posture();
        let filevault = policy.filevault().filter(|policy| policy.enforces())?;
        if posture.platform() != Some(Platform::MacOs) {
            return None;
        }
        let at = |station, deadline| Self { station, deadline, bypasses_left: None };
        let deadline = |from: Timestamp, seconds: u32| Some(from.saturating_add(i64::from(seconds)));
        let escrow = policy.escrow();
        let newest = state.places().iter().filter(|place| place.place().kind == Kind::FileVault);
        let judged = newest.filter_map(|place| Some((place.newest()?, assess_place(place, state, policy, now)?)));
        // The key is the best witness: where one came, everything before has happened.
        if let Some((key, judged)) = judged.max_by_key(|(key, _)| key.order()) {
            return Some(match judged.status {
                Status::Verified => at(Station::Arrived, None),
                _ => at(Station::AwaitingCheck, deadline(key.received(), escrow.check_within)),
            });
        }
        let configuration = posture.configuration();
        let enabled = posture.is_encrypted();
        if enabled.is_some_and(|seen| seen.value) {
            let since = enabled.map_or(now, |seen| seen.at);
            let no_key = posture.filevault().personal_recovery_key.as_ref().is_some_and(|seen| !seen.value);
            let station = if no_key { Station::AwaitingKey } else { Station::AwaitingEnvelope };
            return Some(at(station, deadline(since, escrow.escrow_within)));
        }
        if !configuration.is_some_and(|known| known.is_installed()) {
            return Some(at(Station::AwaitingProfile, None));
        }
        let since = configuration.map_or(now, |known| known.at);
        let bypasses_left = posture.filevault().bypasses_left.as_ref().map(|seen| seen.value);
        let walk = at(station_of(filevault, posture), deadline(since, policy.posture().encrypt_within));
        Some(Self { bypasses_left, ..walk })
    }
}

/// What turns FileVault on, by the policy.
fn station_of(policy: &FileVaultPolicy, posture: &Posture) -> Station {
    let Some(enforcement) = &policy.settings().enforcement else { return Station::AwaitingLogin };
    // Once anything was said of FileVault there is a desktop, and Setup Assistant is over.
    if enforcement.setup_assistant && posture.filevault().enabled.is_none() {
        Station::AwaitingSetupAssistant
    } else if enforcement.ask_at_logout {
        Station::AwaitingLogout
    } else {
        Station::AwaitingLogin
    }
}
