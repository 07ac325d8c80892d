//! With which number does the command end, and what is said when it did not work?
//!
//! 0 yes; 1 no; 2 bad usage or input; 3 something outside could not be reached, so nothing is known. One table
//! gives the number of every error that the library has.

use fdescrow::{ErrorCode, Fault};
use serde::Serialize;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// The answer is yes.
    Yes = 0,
    /// The answer is no: it did not open, no identity fits, it is quarantined, it is not there.
    No = 1,
    /// What was typed or given is wrong.
    Usage = 2,
    /// The store or an identity cannot be reached.
    Unavailable = 3,
}

/// The exit code of an error. What a newer library adds is taken by whose fault it is.
pub(crate) fn of_code(code: ErrorCode) -> Exit {
    use ErrorCode as E;
    match code {
        E::EnvelopeNoRecipient
        | E::EnvelopeOpen
        | E::EnvelopeSuite
        | E::RecoveryNoKey
        | E::RecoveryNotOpened
        | E::RecoveryRefused
        | E::StoreLimit
        | E::DeviceUnknown
        | E::KeyUnknown
        | E::CertificateInUse
        | E::AuditBroken => Exit::No,
        other => match other.fault() {
            Fault::World | Fault::Library => Exit::Unavailable,
            _ => Exit::Usage,
        },
    }
}

/// Why a command did not do what it was asked to. Holds no secret.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The number it ends with.
    pub(crate) exit: Exit,
    document: Document,
}

/// The failure as `--json` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    /// The library's number; none for what only the command line knows.
    code: Option<i32>,
    name: &'static str,
    message: String,
    remedy: &'static str,
    fault: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl Failure {
    /// An error of the library.
    pub(crate) fn of(code: ErrorCode, message: impl Into<String>) -> Self {
        let document = Document {
            code: Some(code.number()),
            name: code.name(),
            message: message.into(),
            remedy: code.remedy(),
            fault: code.fault().as_str(),
            notes: Vec::new(),
        };
        Self { exit: of_code(code), document }
    }

    /// An error of the library with what is behind it, where only that says what to do.
    fn of_error(code: ErrorCode, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        if matches!(code, ErrorCode::StoreUnavailable | ErrorCode::StoreUnknown) {
            let mut reason = error.source();
            while let Some(error) = reason {
                let text = error.to_string();
                if !message.contains(&text) {
                    message = format!("{message}: {text}");
                }
                reason = error.source();
            }
        }
        Self::of(code, message)
    }

    /// The command was typed in a way that cannot work.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::own(Exit::Usage, "Usage", message.into(), "See `--help`.", Fault::Caller)
    }

    /// A file cannot be read or written.
    pub(crate) fn file(message: impl Into<String>) -> Self {
        Self::own(Exit::Usage, "File", message.into(), "Look at the path and its permissions.", Fault::Input)
    }

    /// The answer cannot be written.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        let message = format!("the answer cannot be written: {error}");
        Self::own(Exit::Unavailable, "Output", message, "Look at where standard output goes.", Fault::World)
    }

    /// What was to be handed out did not arrive.
    pub(crate) fn undelivered(error: &std::io::Error) -> Self {
        let message =
            format!("the answer cannot be written; what was asked for was not delivered, at least not whole: {error}");
        let remedy = "If it was to be recorded it is in the audit; ask again.";
        Self::own(Exit::Unavailable, "Output", message, remedy, Fault::World)
    }

    /// The demonstration did not show what it tells.
    pub(crate) fn unverified(message: impl Into<String>) -> Self {
        Self::own(Exit::No, "Demonstration", message.into(), "Please report it.", Fault::Library)
    }

    fn own(exit: Exit, name: &'static str, message: String, remedy: &'static str, fault: Fault) -> Self {
        let document = Document { code: None, name, message, remedy, fault: fault.as_str(), notes: Vec::new() };
        Self { exit, document }
    }

    /// The same with another number to end with.
    #[must_use]
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The same as an answer: no, if it is this error of the library.
    #[must_use]
    pub(crate) fn no_if(mut self, code: ErrorCode) -> Self {
        if self.document.code == Some(code.number()) {
            self.exit = Exit::No;
        }
        self
    }

    /// The same, saying what it is about.
    #[must_use]
    pub(crate) fn about(mut self, what: impl std::fmt::Display) -> Self {
        self.document.message = format!("{what}: {}", self.document.message);
        self
    }

    /// The same, with more to know about it.
    #[must_use]
    pub(crate) fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.document.notes.extend(notes);
        self
    }

    /// What is shown.
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }
}

impl Document {
    /// The lines for people.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let notes = self.notes.iter().map(|note| format!("  {note}"));
        [format!("fdescrow: {}", self.message)].into_iter().chain(notes).chain([format!("  {}", self.remedy)])
    }

    /// The same with notes in front of its own.
    pub(crate) fn with_notes(&self, before: &[String]) -> Self {
        Self {
            code: self.code,
            name: self.name,
            message: self.message.clone(),
            remedy: self.remedy,
            fault: self.fault,
            notes: before.iter().chain(&self.notes).cloned().collect(),
        }
    }
}

macro_rules! from_library {
    ($($error:path),* $(,)?) => {
        $( impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of_error(error.code(), &error)
            }
        } )*
    };
}

from_library! {
    fdescrow::agent::luks::ObservationError,
    fdescrow::agent::luks::SealingError,
    fdescrow::agent::spool::SpoolError,
    fdescrow::audit::CheckpointError,
    fdescrow::audit::MacKeyError,
    fdescrow::envelope::CertificateError,
    fdescrow::envelope::EnvelopeError,
    fdescrow::envelope::SealError,
    fdescrow::envelope::private_key::IdentityError,
    fdescrow::escrow::Error,
    fdescrow::ids::IdError,
    fdescrow::key::KeyError,
    fdescrow::policy::PolicyError,
    fdescrow::profile::ProfileError,
    fdescrow::profile::SigningError,
    fdescrow::random::RandomnessError,
    fdescrow::store::StoreError,
    fdescrow::time::TimeError,
    fdescrow::verification::observation::ObservationError,
}

#[cfg(feature = "pkcs11")]
from_library! { fdescrow_identities::pkcs11::TokenError }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_library_ends_with_one_of_three_numbers() {
        for code in ErrorCode::ALL {
            let exit = of_code(*code);
            assert_ne!(exit, Exit::Yes, "{}", code.name());
            // Where the world is at fault, or the library, nothing is known; where neither is, something is.
            let nothing_known = matches!(code.fault(), Fault::World | Fault::Library);
            assert_eq!(exit == Exit::Unavailable, nothing_known, "{}", code.name());
        }
    }

    #[test]
    fn no_is_an_answer_and_not_a_mistake() {
        assert_eq!(of_code(ErrorCode::EnvelopeOpen), Exit::No);
        assert_eq!(of_code(ErrorCode::EnvelopeSyntax), Exit::Usage);
        assert_eq!(of_code(ErrorCode::IdentityUnavailable), Exit::Unavailable);
        assert_eq!(of_code(ErrorCode::StoreSchema), Exit::Unavailable);
        assert_eq!(of_code(ErrorCode::RecoveryAmbiguous), Exit::Usage);
    }
}
