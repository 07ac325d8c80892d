//! Why could a private key not be read?

use crate::{envelope::certificate::CertificateError, error::ErrorCode, random::RandomnessError};

use super::super::armor::ArmorProblem;

/// A private key, or a file with keys and certificates, could not be read or matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// A certificate beside the key cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// There are private keys and certificates, and no key belongs to any of the certificates.
    #[error("no private key belongs to any of the certificates")]
    Mismatch,
    /// The key is encrypted and no password was given.
    #[error("private key is encrypted and no password was given")]
    PasswordMissing,
    /// The password does not open the key; a damaged file cannot be told from that.
    #[error("password is wrong, or the file is damaged")]
    PasswordWrong,
    /// Randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The bytes are no private key.
    #[error("not a private key: {0}")]
    Syntax(&'static str),
    /// The key, or how it is encrypted, is of a kind that is not used here; the text says what to do.
    #[error("private key cannot be used: {0}")]
    Unsupported(&'static str),
}

impl IdentityError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Certificate(error) => error.code(),
            Self::Mismatch => ErrorCode::IdentityMismatch,
            Self::PasswordMissing | Self::PasswordWrong => ErrorCode::IdentityPassword,
            Self::Randomness(error) => error.code(),
            Self::Syntax(_) => ErrorCode::IdentitySyntax,
            Self::Unsupported(_) => ErrorCode::IdentityUnsupported,
        }
    }
}

impl From<ArmorProblem> for IdentityError {
    fn from(problem: ArmorProblem) -> Self {
        Self::Syntax(problem.as_str())
    }
}
