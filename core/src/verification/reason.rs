//! Why is a key, or a device, not simply in order, and what can be done?
//!
//! The words never change their meaning; sentences and remedies may be bettered.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::Word;

/// Something to do. An action may be asked for again and again until it is done: doing it twice does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Add the identity that the envelope names to the keyring.
    AddIdentity,
    /// Decide whether the algorithms of the envelope are to be allowed.
    AllowSuite,
    /// Have the device send the key that it has.
    AskForKey,
    /// Have the device say how its disk is.
    AskForReport,
    /// Check the key.
    CheckKey,
    /// Accept or reject the key that was set apart.
    DecideQuarantine,
    /// Deliver the profile with the escrow certificate.
    DeliverProfile,
    /// Have the agent encrypt the disk, or the user allow it.
    EncryptDisk,
    /// Have a person look at the device.
    LookAtDevice,
    /// Show that the key opens its protector: by the volume's header, or by the device.
    ProveKey,
    /// Have the device make a new key and send it.
    RequestNewKey,
    /// Have the agent turn the disk's protection on again.
    ResumeProtection,
    /// Have the user set the PIN that the policy demands.
    SetPin,
}

impl Action {
    /// The word in documents and `--json` output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddIdentity => "add_identity",
            Self::AllowSuite => "allow_suite",
            Self::AskForKey => "ask_for_key",
            Self::AskForReport => "ask_for_report",
            Self::CheckKey => "check_key",
            Self::DecideQuarantine => "decide_quarantine",
            Self::DeliverProfile => "deliver_profile",
            Self::EncryptDisk => "encrypt_disk",
            Self::LookAtDevice => "look_at_device",
            Self::ProveKey => "prove_key",
            Self::RequestNewKey => "request_new_key",
            Self::ResumeProtection => "resume_protection",
            Self::SetPin => "set_pin",
        }
    }
}

macro_rules! reasons {
    ($( $variant:ident = $word:literal, [$($action:ident),*], $sentence:literal, $remedy:literal; )*) => {
        /// Why a key or a device has the status that it has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Reason {
            $( #[doc = $sentence] $variant, )*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word in documents, index columns and `--json` output.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }

            /// What it means, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $( Self::$variant => $sentence, )* }
            }

            /// What to do about it, in one sentence.
            pub fn remedy(self) -> &'static str {
                match self { $( Self::$variant => $remedy, )* }
            }

            /// What to do about it, for programs.
            pub fn actions(self) -> &'static [Action] {
                match self { $( Self::$variant => &[ $( Action::$action, )* ], )* }
            }
        }
    };
}

reasons! {
    AgentFailed = "agent_failed", [LookAtDevice],
        "The agent on the device said that it could not do what the policy demands.",
        "Look at what it reported; it tries again by itself where that can help.";
    BoundToOther = "bound_to_other", [RequestNewKey],
        "The envelope opened, and says that it belongs to another device, volume or protector.",
        "Find out how it came here; it is not this device's key. Ask the device for a new one.";
    CheckOverdue = "check_overdue", [CheckKey],
        "The key should have been checked by now.",
        "Run the check, and look at why it did not run.";
    ConfigurationFailed = "configuration_failed", [DeliverProfile, LookAtDevice],
        "The device refused its configuration.",
        "Look at what it answered, mend the profile, and deliver it again.";
    ConfigurationPending = "configuration_pending", [DeliverProfile],
        "The configuration is not known to be on the device.",
        "Deliver it; the device may be off or out of reach.";
    ConversionPaused = "conversion_paused", [LookAtDevice],
        "Encryption or decryption of the disk was paused.",
        "Resume it on the device; it does not go on by itself.";
    Decrypting = "decrypting", [LookAtDevice],
        "The disk is being decrypted.",
        "Find out who turned encryption off; it can be turned on again when decryption has ended.";
    DeviceForgotten = "device_forgotten", [],
        "The device is hidden; its keys are kept.",
        "Nothing; it comes back with its next upload.";
    DidNotOpen = "did_not_open", [RequestNewKey],
        "The envelope did not open with the identity that it names.",
        "Try the other identities you have; otherwise ask the device for a new key.";
    EarlierKeyWorks = "earlier_key_works", [],
        "The newest key is not known to work; an earlier one is, and stays available.",
        "Nothing for this; if a person needs the disk now, try both.";
    Encrypting = "encrypting", [],
        "The disk is being encrypted.",
        "Nothing; the device may be used meanwhile.";
    EnvelopeNotOpened = "envelope_not_opened", [CheckKey],
        "The key works; it was sealed anew since, and that envelope was not opened yet.",
        "Run the check with the new identity; the old one is needed until then.";
    EscrowNotRequired = "escrow_not_required", [],
        "The policy does not ask for a recovery key of this device.",
        "Nothing; keys that are there are kept.";
    Exposed = "exposed", [RequestNewKey],
        "The key was once sealed to a certificate that is compromised.",
        "Replace the key: whoever has that private key may know it.";
    LevelNotReached = "level_not_reached", [ProveKey],
        "The envelope opens, but the key was not shown to work as far as the policy demands.",
        "Supply the volume's header, or let the device confirm the key.";
    NoIdentity = "no_identity", [AddIdentity],
        "The keyring has no identity for a recipient that the envelope names.",
        "Add the identity that inspection names; if it is lost, ask the device for a new key.";
    NoKey = "no_key", [AskForKey],
        "No key of this device was received since it was set up.",
        "See that its profile or agent is there; it sends the key by itself.";
    NotChecked = "not_checked", [CheckKey],
        "The key was received and not checked yet.",
        "Run the check.";
    NotEncrypted = "not_encrypted", [EncryptDisk],
        "The disk is not encrypted.",
        "See what the device waits for: a user's log-in, the agent, or mains power.";
    NotReported = "not_reported", [AskForReport],
        "Nothing was heard of the disk lately.",
        "Ask the device; it may be off or out of reach.";
    OtherFailure = "other_failure", [CheckKey],
        "The key did not open, for a reason that only a newer version knows.",
        "Use the newer version.";
    PinMissing = "pin_missing", [SetPin],
        "The policy demands a PIN at start-up, and the disk has no boot protector with one.",
        "Have the user set it.";
    ProtectionSuspended = "protection_suspended", [ResumeProtection],
        "The disk is encrypted, and its protection is off: the key is on it in clear.",
        "Turn protection on again, when a recovery key is in escrow.";
    ProtectorGone = "protector_gone", [AskForKey, RequestNewKey],
        "The protector that the key is for is no longer on the volume.",
        "Have the device send the recovery key that it has now, or make a new one.";
    ProtectorRefused = "protector_refused", [RequestNewKey],
        "The key is well formed, and the volume does not open with it.",
        "The key on the device is another one by now: ask the device for a new key.";
    Quarantined = "quarantined", [DecideQuarantine],
        "A key was set apart: another device had sent it before.",
        "Accept it if the device was enrolled anew; reject it if somebody sent another device's key.";
    RecheckDue = "recheck_due", [CheckKey],
        "The key opened, but longer ago than the policy allows.",
        "Run the check.";
    RemovalPending = "removal_pending", [],
        "The configuration is being removed from the device.",
        "Nothing; keys that are there are kept.";
    Rotating = "rotating", [],
        "A key is being replaced.",
        "Nothing; the old one is kept until the new one is known to work.";
    RotationOverdue = "rotation_overdue", [LookAtDevice],
        "The replacement of a key takes longer than the policy allows.",
        "See what it waits for: the device may be off, or nobody logs in.";
    RotationStuck = "rotation_stuck", [LookAtDevice],
        "The device was asked to replace its key as often as the policy allows, and did not.",
        "Look at what it answered, and ask again when that is mended.";
    SealedByMacos = "sealed_by_macos", [DeliverProfile, RequestNewKey],
        "macOS sealed the key to a certificate of its own: the escrow profile was not there when FileVault was turned on.",
        "Deliver the profile, then have the key replaced.";
    SuiteNotAllowed = "suite_not_allowed", [AllowSuite],
        "The algorithms of the envelope are not allowed for keys of this kind and origin.",
        "Look at who sealed it; allow the suite by name if the message is old, or ask for a new key.";
    UnknownProtector = "unknown_protector", [AskForKey],
        "The disk has a recovery protector whose key is not in escrow.",
        "Have the device send it: somebody made it there.";
    Unverifiable = "unverifiable", [ProveKey],
        "The envelope opens; that the key opens the volume cannot be shown, and the policy demands it.",
        "Supply what the proof lacks, or accept unverifiable keys in the policy.";
    UnverifiableAccepted = "unverifiable_accepted", [],
        "The envelope opens; that the key opens the volume cannot be shown, and the policy accepts that.",
        "Nothing.";
    WrongContent = "wrong_content", [RequestNewKey],
        "The envelope opened, and what is inside is not a key of its kind.",
        "Look at what the device seals; ask it for a new key.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a check did not open a key. Stored as the word of its [`Reason`].
///
/// That an identity was not available is no failure: nothing is recorded then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// [`Reason::BoundToOther`].
    BoundToOther,
    /// [`Reason::DidNotOpen`].
    DidNotOpen,
    /// [`Reason::NoIdentity`].
    NoIdentity,
    /// [`Reason::SealedByMacos`].
    SealedByMacos,
    /// [`Reason::SuiteNotAllowed`].
    SuiteNotAllowed,
    /// [`Reason::WrongContent`].
    WrongContent,
    /// A word that this version does not know: a newer one wrote it.
    Unknown(Word),
}

impl Failure {
    /// Every failure that this version knows.
    pub const ALL: &'static [Self] = &[
        Self::BoundToOther,
        Self::DidNotOpen,
        Self::NoIdentity,
        Self::SealedByMacos,
        Self::SuiteNotAllowed,
        Self::WrongContent,
    ];

    /// The reason that it is for a device's status.
    pub fn reason(&self) -> Reason {
        match self {
            Self::BoundToOther => Reason::BoundToOther,
            Self::DidNotOpen => Reason::DidNotOpen,
            Self::NoIdentity => Reason::NoIdentity,
            Self::SealedByMacos => Reason::SealedByMacos,
            Self::SuiteNotAllowed => Reason::SuiteNotAllowed,
            Self::WrongContent => Reason::WrongContent,
            Self::Unknown(_) => Reason::OtherFailure,
        }
    }

    /// Whether only another key helps: it is the key that is of no use, and nothing is missing here.
    pub fn asks_for_new_key(&self) -> bool {
        self.reason().actions().contains(&Action::RequestNewKey)
    }

    /// The word in stored records.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown(word) => word.as_str(),
            known => known.reason().as_str(),
        }
    }
}

impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Word::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|failure| failure.as_str() == word.as_str());
        Ok(known.cloned().unwrap_or(Self::Unknown(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_one_word_and_says_what_to_do() {
        assert!(Reason::ALL.is_sorted_by_key(|reason| reason.as_str()));
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_string(reason).unwrap(), format!("\"{reason}\""));
            for text in [reason.sentence(), reason.remedy()] {
                assert!(text.ends_with('.') && !text.contains('\n'), "{text}");
            }
            for action in reason.actions() {
                assert_eq!(serde_json::to_string(action).unwrap(), format!("\"{}\"", action.as_str()));
            }
        }
    }

    #[test]
    fn a_failure_is_stored_as_its_word_and_one_of_a_newer_version_is_kept() {
        for failure in Failure::ALL {
            let json = serde_json::to_string(failure).unwrap();
            assert_eq!(&serde_json::from_str::<Failure>(&json).unwrap(), failure);
            assert_eq!(json, format!("\"{}\"", failure.reason()));
        }
        let newer: Failure = serde_json::from_str("\"melted\"").unwrap();
        assert_eq!((newer.reason(), newer.as_str()), (Reason::OtherFailure, "melted"));
        assert!(serde_json::from_str::<Failure>("\"Did not open\"").is_err());
    }
}
