//! What can go wrong on the paved path?

use crate::{
    audit::CheckpointError,
    envelope::{EnvelopeError, RewrapError, SealError, Unavailable},
    error::ErrorCode,
    ids::{IdError, KeyId},
    key::KeyError,
    policy::PolicyError,
    profile::ProfileError,
    random::RandomnessError,
    store::{ChangeId, CommitError, StoreError},
    verification::{Place, Rejected},
};

/// A call of [`Escrow`](super::Escrow) did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The device has keys in several places and none was chosen.
    #[error("the device has several keys, and none was chosen: {}", list(places))]
    Ambiguous {
        /// The places.
        places: Vec<Place>,
    },
    /// A certificate is still needed.
    #[error("{count} envelopes in use are still sealed to this certificate")]
    CertificateInUse {
        /// How many envelopes name it.
        count: u64,
    },
    /// A checkpoint cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The device is not known.
    #[error("the device is not known")]
    DeviceUnknown,
    /// An envelope cannot be read or opened.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// A name is not valid.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A key in clear is not of the kind that it should be.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is not known.
    #[error("the key is not known")]
    KeyUnknown,
    /// A device sent more than it may on one day.
    #[error("the device sent more {what} today than it may: nothing was stored, and nothing dropped")]
    Limit {
        /// More of what.
        what: &'static str,
    },
    /// A documented rule was broken by the calling program.
    #[error("{0}")]
    Misuse(&'static str),
    /// There is no key for this device and place.
    #[error("there is no key for this device, volume and protector")]
    NoKey,
    /// No candidate opened. What was tried is in the audit.
    #[error("none of {} candidates opened with this keyring", candidates.len())]
    NotOpened {
        /// The keys that were tried.
        candidates: Vec<KeyId>,
    },
    /// The upload is not CMS, and was not stored: it may be a key in clear.
    #[error("the upload is not a sealed message and was not stored: {0}")]
    NotSealed(#[source] EnvelopeError),
    /// A policy is not allowed, or does not fit the certificate.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A profile cannot be made.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// A key is handed out only for a reason of 1 to 1,024 bytes.
    #[error("a key is handed out only for a reason, of 1 to 1024 bytes without control characters")]
    ReasonMissing,
    /// The key may not be handed out.
    #[error("the key is quarantined: accept or reject it first")]
    Quarantined,
    /// What was asked for does not apply to the device as it is.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// A rule about handing out keys forbids it.
    #[error(transparent)]
    Recovery(#[from] crate::recovery::Rejected),
    /// There is no such recovery.
    #[error("there is no such recovery")]
    RecoveryUnknown,
    /// The key is not to be removed.
    #[error("the key is not to be removed")]
    RemovalUnknown,
    /// What was said of the replacement of a key cannot be.
    #[error(transparent)]
    Rotation(#[from] crate::rotation::Rejected),
    /// The device has no such rotation.
    #[error("the device has no such rotation")]
    RotationUnknown,
    /// A key cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store did not do what it was asked; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others changed the device again and again at the same time; nothing was changed.
    #[error("others changed the device at the same time, again and again")]
    Conflict,
    /// It is not known whether a change was stored. Doing the same again is safe.
    #[error("it is not known whether change {change} was stored")]
    Unknown {
        /// The change, for [`Store::committed`](crate::store::Store::committed).
        change: ChangeId,
    },
    /// A private key cannot be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// An upload without an actor is refused.
    #[error("an upload without an actor is refused")]
    UploadActorMissing,
}

impl Error {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Ambiguous { .. } => ErrorCode::RecoveryAmbiguous,
            Self::CertificateInUse { .. } => ErrorCode::CertificateInUse,
            Self::Checkpoint(error) => error.code(),
            Self::Conflict => ErrorCode::StoreConflict,
            Self::DeviceUnknown => ErrorCode::DeviceUnknown,
            Self::Envelope(error) => error.code(),
            Self::Id(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::KeyUnknown => ErrorCode::KeyUnknown,
            Self::Limit { .. } => ErrorCode::StoreLimit,
            Self::Misuse(_) => ErrorCode::Misuse,
            Self::NoKey => ErrorCode::RecoveryNoKey,
            Self::NotOpened { .. } => ErrorCode::RecoveryNotOpened,
            Self::NotSealed(_) => ErrorCode::UploadNotSealed,
            Self::Policy(error) => error.code(),
            Self::Profile(error) => error.code(),
            Self::Quarantined => ErrorCode::RecoveryRefused,
            Self::Randomness(error) => error.code(),
            Self::ReasonMissing => ErrorCode::RecoveryReasonMissing,
            Self::Rejected(error) => error.code(),
            Self::Recovery(error) => error.code(),
            Self::RecoveryUnknown => ErrorCode::RecoveryUnknown,
            Self::RemovalUnknown => ErrorCode::RemovalUnknown,
            Self::Rotation(error) => error.code(),
            Self::RotationUnknown => ErrorCode::RotationUnknown,
            Self::Seal(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Unavailable(error) => error.code(),
            Self::Unknown { .. } => ErrorCode::StoreUnknown,
            Self::UploadActorMissing => ErrorCode::UploadActorMissing,
        }
    }

    /// What a commit that cannot be tried again comes to.
    pub(super) fn of_commit(error: CommitError, change: ChangeId) -> Self {
        match error {
            CommitError::Conflict(_) => Self::Conflict,
            CommitError::Store(error) => Self::Store(error),
            CommitError::Unknown(_) => Self::Unknown { change },
        }
    }
}

impl From<RewrapError> for Error {
    fn from(error: RewrapError) -> Self {
        match error {
            RewrapError::Open(error) => Self::Envelope(error),
            RewrapError::Seal(error) => Self::Seal(error),
        }
    }
}

fn list(places: &[Place]) -> String {
    places.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
