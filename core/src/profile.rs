//! Which bytes does a device receive so that a policy becomes true?
//!
//! A [`Profile`] is rendered from a policy, an organization and a certificate that was checked: the same
//! input gives the same bytes. What was rendered, here or elsewhere, is read back ([`parse`]) and judged
//! ([`lint()`]), within limits and never trusted. Property lists and XML are written and read by libraries.

mod adopt;
pub mod bitlocker;
pub mod filevault;
pub mod lint;
pub mod luks;
mod parsed;
pub(crate) mod plist;
mod scan;
pub mod sign;
mod signed;

pub use filevault::{FileVaultCertificate, FileVaultUnlock, OpensWith, render, rotate_command};
pub use lint::{Finding, LintContext, Severity, lint};
pub use luks::LuksPlan;
pub use parsed::{ParsedPayload, ParsedProfile, Signature, parse};
pub use sign::{KeySigner, SignatureAlgorithm, Signer, SigningError, sign};

use crate::{envelope::Fingerprint, error::ErrorCode, policy::PolicyError};

/// A configuration profile, ready to deliver or to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    bytes: Vec<u8>,
    identifier: String,
    uuid: String,
}

impl Profile {
    /// The XML property list, UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The XML property list, UTF-8.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// `PayloadIdentifier`: a profile with the same one replaces the one that is installed.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// `PayloadUUID`: changes exactly when what a device sees changes, unless a fixed one was given.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }
}

/// How much of a foreign profile is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileLimits {
    /// Bytes, signed or not.
    pub bytes: usize,
    /// Elements inside each other; a FileVault profile has six.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
}

impl Default for ProfileLimits {
    /// 4 MiB, 32 levels, 100,000 elements.
    fn default() -> Self {
        Self { bytes: 4 * 1024 * 1024, depth: 32, elements: 100_000 }
    }
}

/// A profile could not be rendered, read or signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The policy escrows, and there is no certificate to escrow to.
    #[error("the policy escrows the recovery key, and no certificate was given")]
    CertificateMissing,
    /// The plan seals keys to a certificate that the agent does not trust.
    #[error("the plan seals keys to {0}, which is not pinned")]
    CertificateNotPinned(Fingerprint),
    /// A certificate was given, and the policy does not escrow: somebody expects an escrow that will not be.
    #[error("a certificate was given, and the policy does not escrow the recovery key")]
    CertificateUnused,
    /// The policy says nothing that is written: an agent does all of it.
    #[error("the policy says nothing to the system itself: an agent does all of it")]
    Empty,
    /// The profile is larger or deeper than the limits allow.
    #[error("the profile {0}")]
    Limit(&'static str),
    /// What the profile asks for is not a policy that this library would render.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The profile could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The bytes are not a configuration profile.
    #[error("not a configuration profile: {0}")]
    Syntax(&'static str),
}

impl ProfileError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::CertificateMissing | Self::CertificateUnused | Self::Empty => ErrorCode::Misuse,
            Self::CertificateNotPinned(_) => ErrorCode::CertificateUnsuitable,
            Self::Limit(_) => ErrorCode::ProfileLimit,
            Self::Policy(error) => error.code(),
            Self::Signing(error) => error.code(),
            Self::Syntax(_) => ErrorCode::ProfileSyntax,
        }
    }
}
