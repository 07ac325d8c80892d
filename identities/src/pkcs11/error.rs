//! What may go wrong before a key in a token can be used, and what did a call that failed mean?

use cryptoki::{
    context::Function,
    error::{Error, RvError},
};
use fdescrow::{ErrorCode, random::RandomnessError};

/// A key in a token could not be opened. Holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token answers, but does not give back what is known to have been sealed to its public key.
    #[error("the token does not give back what was sealed to its public key")]
    Answers,
    /// A call failed.
    #[error("the token cannot be used: {0}")]
    Call(String),
    /// More than one key fits.
    #[error("more than one private key fits: name its id")]
    KeyAmbiguous,
    /// No key fits, or it is not shown without a log-in.
    #[error("the token has no private key of that name or id")]
    KeyMissing,
    /// The module cannot be loaded or started.
    #[error("the PKCS #11 module {module} cannot be used: {problem}")]
    Module {
        /// Its path.
        module: String,
        /// What the system or the module said.
        problem: String,
    },
    /// The token asks for a PIN, and there was none.
    #[error("the token asks for a PIN and none was given")]
    PinMissing,
    /// The token refused the PIN.
    #[error("the token refused the PIN ({0}); it is not tried again, because a token locks itself after a few")]
    PinRefused(&'static str),
    /// The token holds neither the public key nor a certificate of the private key.
    #[error("the token holds neither the public key nor a certificate under the id of the private key")]
    PublicKeyMissing,
    /// Randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// More than one token fits.
    #[error("more than one token fits: name its serial number")]
    TokenAmbiguous,
    /// No token fits.
    #[error("no token of that name is there")]
    TokenMissing,
    /// The key is of a kind, or has attributes, that cannot be used here.
    #[error("private key cannot be used: {0}")]
    Unsuitable(&'static str),
    /// The text is no URI of a private key.
    #[error("not a PKCS #11 URI that can be used: {0}")]
    Uri(String),
}

impl TokenError {
    /// The stable number of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Answers | Self::Call(_) | Self::KeyMissing | Self::Module { .. } | Self::TokenMissing => {
                ErrorCode::IdentityUnavailable
            }
            Self::KeyAmbiguous | Self::TokenAmbiguous | Self::Uri(_) => ErrorCode::IdentitySyntax,
            Self::PinMissing | Self::PinRefused(_) => ErrorCode::IdentityPassword,
            Self::PublicKeyMissing => ErrorCode::IdentityMismatch,
            Self::Randomness(error) => error.code(),
            Self::Unsuitable(_) => ErrorCode::IdentityUnsupported,
        }
    }
}

/// Why an operation could not be done. Tells nothing of the message.
#[derive(Debug)]
pub(super) enum Trouble {
    /// All sessions that the token allows are in use.
    Busy,
    /// The session, the log-in or the token is gone, or something else is in the way.
    Lost(TokenError),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(RvError::SessionCount, _) => Self::Busy,
            error => Self::Lost(error.into()),
        }
    }
}

impl From<TokenError> for Trouble {
    fn from(error: TokenError) -> Self {
        Self::Lost(error)
    }
}

impl From<Trouble> for TokenError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Busy => Self::Call("all of its sessions are in use".to_owned()),
            Trouble::Lost(error) => error,
        }
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(RvError::PinLocked, _) => Self::PinRefused("it is locked"),
            Error::Pkcs11(RvError::PinExpired, _) => Self::PinRefused("it is expired"),
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
                Self::PinRefused("it is wrong")
            }
            // The words of an answer are whole paragraphs of the standard; its name says as much.
            Error::Pkcs11(answer, function) => Self::Call(format!("C_{function:?} answered {answer:?}")),
            error => Self::Call(error.to_string()),
        }
    }
}

/// How sure it is that a token refused an input, rather than that it is out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// By the name of the error, the input was wrong.
    Input,
    /// Tokens report bad padding in this way, and troubles of their own, too.
    Doubtful,
}

/// Whether an error may be about the input. Which it was is never told to anybody: it would tell padding apart.
pub(super) fn refusal(error: &Error) -> Option<Refusal> {
    // Starting an operation does not look at the input: no failure of it is about the input.
    let Error::Pkcs11(answer, Function::Decrypt | Function::DeriveKey) = error else { return None };
    match answer {
        RvError::EncryptedDataInvalid
        | RvError::EncryptedDataLenRange
        | RvError::DataInvalid
        | RvError::DataLenRange
        | RvError::PublicKeyInvalid => Some(Refusal::Input),
        RvError::ArgumentsBad
        | RvError::BufferTooSmall
        | RvError::DeviceError
        | RvError::DomainParamsInvalid
        | RvError::FunctionFailed
        | RvError::FunctionRejected
        | RvError::GeneralError
        // A point that is not on the curve is a parameter of the derivation.
        | RvError::MechanismParamInvalid
        | RvError::UnknownErrorCode(_)
        | RvError::VendorDefined(_) => Some(Refusal::Doubtful),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_the_session_is_never_taken_for_a_bad_message() {
        use RvError as A;
        for answer in [
            A::CryptokiNotInitialized,
            A::DeviceRemoved,
            A::KeyFunctionNotPermitted,
            A::KeyHandleInvalid,
            A::MechanismInvalid,
            A::ObjectHandleInvalid,
            A::OperationActive,
            A::SessionClosed,
            A::SessionHandleInvalid,
            A::TokenNotPresent,
            A::UserNotLoggedIn,
        ] {
            assert_eq!(refusal(&Error::Pkcs11(answer, Function::Decrypt)), None, "{answer:?}");
        }
    }

    #[test]
    fn bad_padding_is_a_refusal_by_whatever_name() {
        for answer in [RvError::EncryptedDataInvalid, RvError::GeneralError, RvError::FunctionFailed] {
            assert!(refusal(&Error::Pkcs11(answer, Function::Decrypt)).is_some(), "{answer:?}");
            assert_eq!(refusal(&Error::Pkcs11(answer, Function::DecryptInit)), None, "{answer:?}");
        }
    }

    #[test]
    fn an_error_names_the_answer_and_a_refused_pin_is_one_of_its_own() {
        let error = TokenError::from(Error::Pkcs11(RvError::TokenNotPresent, Function::OpenSession));
        assert_eq!(error.to_string(), "the token cannot be used: C_OpenSession answered TokenNotPresent");
        let error = TokenError::from(Error::Pkcs11(RvError::PinIncorrect, Function::Login));
        assert_eq!(error.code(), ErrorCode::IdentityPassword);
    }
}
