//! What went wrong, in numbers and words?

use std::{any::Any, borrow::Cow};

use fdescrow::error::ErrorCode;

use crate::{
    handle::{Handle, borrow, free, opaque},
    view::fdescrow_str,
};

/// What became of a call: 0, or the number of an error (`FDESCROW_RESULT_…`, docs/errors.md).
///
/// A number keeps its meaning for good; a newer library may return numbers that this header does not name.
pub type fdescrow_result = i32;

/// Why a call failed: a number, and a sentence for a log or a developer.
///
/// The sentence never holds a secret.
#[derive(Debug)]
pub struct fdescrow_error {
    handle: Handle,
}
opaque!(fdescrow_error, Failure, b"fderror_");

/// An error on its way to C.
#[derive(Clone, Debug)]
pub struct Failure {
    number: i32,
    message: Cow<'static, str>,
}

/// The longest message, in bytes: what a caller wrote may be in it.
const MESSAGE_LIMIT: usize = 1024;

impl Failure {
    pub(crate) const NULL: Self = Self::known(ErrorCode::NullPointer, "a pointer that must not be NULL is NULL");
    pub(crate) const WRONG_HANDLE: Self =
        Self::known(ErrorCode::WrongHandle, "a handle is of another type than the function takes");
    pub(crate) const NOT_UTF8: Self = Self::known(ErrorCode::NotUtf8, "a text is not UTF-8");

    const fn known(code: ErrorCode, message: &'static str) -> Self {
        Self { number: code as i32, message: Cow::Borrowed(message) }
    }

    /// An error of core.
    pub(crate) fn new(code: ErrorCode, message: impl ToString) -> Self {
        let mut message = message.to_string();
        let end = (0..=MESSAGE_LIMIT.min(message.len())).rev().find(|end| message.is_char_boundary(*end));
        message.truncate(end.unwrap_or(0));
        Self { number: code.number(), message: Cow::Owned(message) }
    }

    /// The caller broke a documented rule.
    pub(crate) fn misuse(message: &'static str) -> Self {
        Self::known(ErrorCode::Misuse, message)
    }

    /// The library itself is wrong.
    pub(crate) fn library(message: &'static str) -> Self {
        Self::known(ErrorCode::Panic, message)
    }

    /// A document of the caller is not as documented.
    pub(crate) fn request(error: &serde_json::Error) -> Self {
        Self::new(ErrorCode::RequestSyntax, format_args!("the JSON document is not as documented: {error}"))
    }

    /// A panic, with its words where it has some of its own: they are those of an `assert!` or index in the code.
    pub(crate) fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let words = panic.downcast_ref::<&'static str>().copied();
        Self::known(ErrorCode::Panic, words.unwrap_or("the library stopped in the middle of a call"))
    }

    pub(crate) fn number(&self) -> i32 {
        self.number
    }

    #[cfg(feature = "server")]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

/// Errors of core, each with its `code`.
macro_rules! from_core {
    ($($error:ty),* $(,)?) => {
        $( impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.code(), error)
            }
        } )*
    };
}

from_core! {
    fdescrow::agent::bitlocker::PlannerError,
    fdescrow::agent::bitlocker::SealingError,
    fdescrow::agent::filevault::PlannerError,
    fdescrow::agent::luks::ObservationError,
    fdescrow::agent::luks::PlannerError,
    fdescrow::agent::luks::SealingError,
    fdescrow::agent::snapd::PlannerError,
    fdescrow::agent::spool::Mismatch,
    fdescrow::agent::spool::SpoolError,
    fdescrow::audit::CheckpointError,
    fdescrow::audit::MacKeyError,
    fdescrow::envelope::CertificateError,
    fdescrow::envelope::EnvelopeError,
    fdescrow::envelope::RewrapError,
    fdescrow::envelope::SealError,
    fdescrow::envelope::Unavailable,
    fdescrow::envelope::private_key::IdentityError,
    fdescrow::escrow::Error,
    fdescrow::ids::IdError,
    fdescrow::key::KeyError,
    fdescrow::policy::PolicyError,
    fdescrow::profile::ProfileError,
    fdescrow::random::RandomnessError,
    fdescrow::store::StoreError,
    fdescrow::time::TimeError,
    fdescrow::verification::observation::ObservationError,
}

/// Destructor of `fdescrow_error`. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_error_free(error: Option<Box<fdescrow_error>>) {
    free(error);
}

/// Method of `fdescrow_error`: its number, the one that the call returned; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_error_result(error: Option<&fdescrow_error>) -> fdescrow_result {
    borrow(error).map_or(0, Failure::number)
}

/// Method of `fdescrow_error`: what happened, in a sentence without an end; borrowed from the error.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_error_message(error: Option<&fdescrow_error>) -> fdescrow_str {
    borrow(error).map_or(fdescrow_str::EMPTY, |failure| fdescrow_str::of(&failure.message))
}

/// The name of a result, as in docs/errors.md (`StoreConflict`); empty for 0 and for numbers that this library does not know.
/// It is there as long as the library is.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_result_name(result: fdescrow_result) -> fdescrow_str {
    of_number(result).map_or(fdescrow_str::EMPTY, |code| fdescrow_str::of(code.name()))
}

/// Who can do something about a result: `caller`, `input`, `library` or `world`; empty as for `fdescrow_result_name`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_result_fault(result: fdescrow_result) -> fdescrow_str {
    of_number(result).map_or(fdescrow_str::EMPTY, |code| fdescrow_str::of(code.fault().as_str()))
}

/// What to do about a result, in one sentence; empty as for `fdescrow_result_name`.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_result_remedy(result: fdescrow_result) -> fdescrow_str {
    of_number(result).map_or(fdescrow_str::EMPTY, |code| fdescrow_str::of(code.remedy()))
}

fn of_number(number: i32) -> Option<ErrorCode> {
    ErrorCode::ALL.iter().copied().find(|code| code.number() == number)
}
