//! What can happen, and why may it not?

use crate::{
    error::ErrorCode,
    ids::{Digest, Word},
    time::Timestamp,
};

use super::{fact::Binding, key::KeyFacts, observation::Observation, posture::Configuration, reason::Failure};

/// What the volume's header said about a key that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderProof {
    /// No header was asked.
    NotTried,
    /// The key opens the check that the header carries for its protector.
    ProtectorOpens,
    /// The header does not open with the key.
    Refused,
    /// It could not be shown, for this reason.
    Unverifiable(Word),
    /// The key gives the volume's key.
    VolumeKeyUnwrapped,
}

/// A check that opened a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opening {
    /// Which envelope opened.
    pub envelope: Digest,
    /// The certificate of the identity that opened it, by the SHA-256 of its DER.
    pub identity: Digest,
    /// What binds what was inside to this device.
    pub binding: Binding,
    /// What the volume's header said. Default: it was not asked.
    pub header: HeaderProof,
    /// Whether the volume's metadata agree with each other. Default: not looked at.
    pub metadata_consistent: Option<bool>,
    /// The other envelopes that the check tried. Default: none.
    pub tried: Vec<Digest>,
    /// Which identities were at hand, as a digest. Default: not said.
    pub keyring: Option<Digest>,
    /// When.
    pub at: Timestamp,
}

impl Opening {
    /// An envelope that opened; the rest are fields.
    pub fn new(envelope: Digest, identity: Digest, binding: Binding, at: Timestamp) -> Self {
        let header = HeaderProof::NotTried;
        Self { envelope, identity, binding, header, metadata_consistent: None, tried: Vec::new(), keyring: None, at }
    }
}

/// What can happen to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyChange {
    /// The device said whether the key opens its protector (macOS `fdesetup validaterecovery`).
    Attested {
        /// What it said.
        opens: bool,
        /// When.
        at: Timestamp,
    },
    /// The key got another envelope: received again with other bytes, rewrapped or resealed.
    EnvelopeAdded {
        /// The SHA-256 of its bytes.
        digest: Digest,
        /// When.
        at: Timestamp,
    },
    /// An envelope is no longer used, now that another one was opened.
    EnvelopeRetired {
        /// The SHA-256 of its bytes.
        digest: Digest,
    },
    /// A certificate that the key was sealed to is compromised.
    Exposed {
        /// The certificate, by the SHA-256 of its DER.
        certificate: Digest,
        /// When.
        at: Timestamp,
    },
    /// A check tried every envelope of the key, and none opened.
    NotOpened {
        /// The envelopes that were tried.
        tried: Vec<Digest>,
        /// Why, for the envelope that came nearest to opening.
        failure: Failure,
        /// Which identities were at hand, as a digest.
        keyring: Option<Digest>,
        /// When.
        at: Timestamp,
    },
    /// A check opened the key.
    Opened(Opening),
    /// An operator accepted the key that was set apart.
    QuarantineAccepted,
    /// An operator rejected the key that was set apart.
    QuarantineRejected,
    /// The key was shown to a person.
    Revealed {
        /// Whether in an emergency, without the approvals that are asked for otherwise.
        break_glass: bool,
        /// When.
        at: Timestamp,
    },
}

/// What can happen to a device, as far as its keys are concerned.
///
/// Where a key is named, it is by the facts in its row as they were read together with the device's state:
/// what the state repeats of them must be the same, or the event is stale.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The agent on the device said that it could not do what it should, or that it can again.
    AgentReported {
        /// What it could not do, in one word; none: it could.
        failure: Option<Word>,
        /// When.
        at: Timestamp,
    },
    /// Something was heard of the configuration of the device.
    Configured(Configuration),
    /// The device was hidden. No key is lost by that.
    DeviceForgotten {
        /// When.
        at: Timestamp,
    },
    /// The device was wiped or enrolled anew: the keys that it had stay available, and none counts as current.
    InstallationChanged {
        /// The number of the new installation: one more than the present one.
        number: u32,
        /// When.
        at: Timestamp,
    },
    /// Something happened to a key.
    KeyChanged {
        /// Its facts before that.
        key: Box<KeyFacts>,
        /// What happened.
        change: KeyChange,
    },
    /// A key came, with the facts that [`State::receive`](super::State::receive) gave it.
    KeyReceived {
        /// Its facts.
        key: Box<KeyFacts>,
    },
    /// Another key took a key's place.
    KeyRetired {
        /// The facts of the key, before that.
        key: Box<KeyFacts>,
        /// The facts of the other key.
        replacement: Box<KeyFacts>,
        /// When.
        at: Timestamp,
    },
    /// A key that is there already came again: a sign of life, and nothing else.
    KeySighted,
    /// The device, or its management, said something of its disks.
    Observed(Box<Observation>),
}

macro_rules! rejections {
    ($( $variant:ident = $word:literal, $sentence:literal; )*) => {
        /// An event does not apply to the device as it is now; nothing was changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[non_exhaustive]
        pub enum Rejected {
            $( #[doc = $sentence] #[error($sentence)] $variant, )*
        }

        impl Rejected {
            /// Every rejection.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word for programs.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }
    };
}

rejections! {
    AlreadyForgotten = "already_forgotten", "the device is hidden already";
    EnvelopeKnown = "envelope_known", "the key has this envelope already";
    EnvelopeNeeded = "envelope_needed", "the envelope is still needed: no other one of this key was opened since";
    NotQuarantined = "not_quarantined", "the key is not set apart, or that was decided already";
    NotReplaced = "not_replaced", "a key is retired only for another one of its volume that was opened and is in use";
    Quarantined = "quarantined", "the key is set apart: nothing may open it until an operator accepts it";
    Retired = "retired", "the key was retired already";
    Stale = "stale", "the event is about facts that are no longer the present ones";
    TooManyEnvelopes = "too_many_envelopes", "the key has as many envelopes as it may";
    TooManyPlaces = "too_many_places", "the device has keys in as many places as it may";
}

impl Rejected {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::EventRejected
    }
}
