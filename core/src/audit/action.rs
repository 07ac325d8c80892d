//! What kinds of things are recorded?

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::Word;

macro_rules! actions {
    ($( $variant:ident = $word:literal, $sentence:literal; )*) => {
        /// What an entry records.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Action {
            $( #[doc = $sentence] $variant, )*
            /// A word that this version does not know: a newer one wrote it.
            Unknown(Word),
        }

        impl Action {
            /// Every action that this version knows.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word in stored entries and in `--json` output.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )*
                    Self::Unknown(word) => word.as_str(),
                }
            }

            /// What happened, in one sentence.
            pub fn sentence(&self) -> &'static str {
                match self {
                    $( Self::$variant => $sentence, )*
                    Self::Unknown(_) => "Something that this version does not know.",
                }
            }

            fn from_word(word: Word) -> Self {
                match word.as_str() {
                    $( $word => Self::$variant, )*
                    _ => Self::Unknown(word),
                }
            }
        }
    };
}

actions! {
    AgentReported = "agent_reported", "The agent of a device said what it could or could not do.";
    CertificateChanged = "certificate_changed", "The state of an escrow certificate changed.";
    CertificateRegistered = "certificate_registered", "An escrow certificate was registered.";
    ConfigurationReported = "configuration_reported", "It was heard how far the configuration of a device is.";
    DeviceChanged = "device_changed", "What is known of a device changed: its group, its aliases.";
    DeviceCreated = "device_created", "A device was seen for the first time.";
    DeviceForgotten = "device_forgotten", "A device was hidden; its keys stay.";
    DeviceJudged = "device_judged", "A device was judged anew: time had passed, or its policy changed.";
    DeviceObserved = "device_observed", "A device said how its disks are.";
    DeviceReturned = "device_returned", "A hidden device was seen again.";
    EnvelopeAdded = "envelope_added", "A key got another envelope.";
    InstallationChanged = "installation_changed", "A device was wiped or enrolled anew.";
    KeyAttested = "key_attested", "A device said whether a key opens its protector.";
    KeyCheckFailed = "key_check_failed", "A key was checked and did not open.";
    KeyChecked = "key_checked", "A key was checked and opened.";
    KeyExposed = "key_exposed", "A certificate that a key was sealed to is compromised.";
    KeyQuarantined = "key_quarantined", "A key was set apart: another device had sent it before.";
    KeyReceived = "key_received", "A key was received.";
    KeyRemoved = "key_removed", "A key that another one had replaced was removed, with its envelopes.";
    KeyRetired = "key_retired", "A key was retired: another one that works took its place.";
    KeySighted = "key_sighted", "A key that was there already was received again.";
    QuarantineAccepted = "quarantine_accepted", "A key that was set apart was accepted.";
    QuarantineRejected = "quarantine_rejected", "A key that was set apart was rejected.";
    RecoveryApproved = "recovery_approved", "Somebody approved that a key is handed out, or took that back.";
    RecoveryEnded = "recovery_ended", "A request to see a key was denied or taken back.";
    RecoveryRefused = "recovery_refused", "Somebody tried what the rules about seeing keys forbid, and was refused.";
    RecoveryReported = "recovery_reported", "It was said whether a key that was handed out did its work.";
    RecoveryRequested = "recovery_requested", "Somebody asked to see a key.";
    ReleaseAuthorized = "release_authorized", "A key may be handed out; nothing was opened yet.";
    ReleaseFailed = "release_failed", "A key was to be handed out and did not open.";
    Released = "released", "A key was handed out.";
    ReleasedToDevice = "released_to_device", "A key was given to a command for its own device.";
    RemovalCancelled = "removal_cancelled", "A key that was to be removed is kept.";
    RemovalPlanned = "removal_planned", "A key that another one had replaced is to be removed.";
    Resealed = "resealed", "A key was opened and sealed anew.";
    RewrapFailed = "rewrap_failed", "A key was to be rewrapped and did not open.";
    Rewrapped = "rewrapped", "The content key of an envelope was encrypted to another recipient.";
    RotationReported = "rotation_reported", "It was heard how the replacement of a key goes on.";
    RotationRequested = "rotation_requested", "A key is to be replaced.";
    UploadRefused = "upload_refused", "An upload was refused.";
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Word::deserialize(deserializer).map(Self::from_word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_ascend_and_every_one_is_read_back() {
        assert!(Action::ALL.is_sorted_by_key(Action::as_str));
        for action in Action::ALL {
            let json = serde_json::to_string(action).unwrap();
            assert_eq!(json, format!("\"{action}\""));
            assert_eq!(&serde_json::from_str::<Action>(&json).unwrap(), action);
            assert!(action.sentence().ends_with('.'));
        }
    }

    #[test]
    fn a_word_of_a_newer_version_is_kept() {
        let action: Action = serde_json::from_str("\"key_engraved\"").unwrap();
        assert_eq!(serde_json::to_string(&action).unwrap(), "\"key_engraved\"");
        assert!(!action.sentence().is_empty());
        assert!(serde_json::from_str::<Action>("\"KEY\"").is_err());
    }
}
