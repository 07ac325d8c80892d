//! How does an error of core become an exception?

use std::{
    any::Any,
    borrow::Cow,
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
};

use fdescrow::ErrorCode;
use pyo3::{
    exceptions::PyException,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyType},
};

/// An error on its way to Python.
#[derive(Debug)]
pub(crate) struct Failure {
    code: ErrorCode,
    message: Cow<'static, str>,
    /// What Python code of the embedder's raised: a store or an identity.
    cause: Option<PyErr>,
}

/// The longest message, in bytes: what a caller wrote may be in it.
const MESSAGE_LIMIT: usize = 1024;

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl ToString) -> Self {
        let mut message = message.to_string();
        let end = (0..=MESSAGE_LIMIT.min(message.len())).rev().find(|end| message.is_char_boundary(*end));
        message.truncate(end.unwrap_or(0));
        Self { code, message: Cow::Owned(message), cause: None }
    }

    /// The caller broke a documented rule.
    pub(crate) fn misuse(message: &'static str) -> Self {
        Self { code: ErrorCode::Misuse, message: Cow::Borrowed(message), cause: None }
    }

    /// The library itself is wrong.
    pub(crate) fn library(message: &'static str) -> Self {
        Self { code: ErrorCode::Panic, message: Cow::Borrowed(message), cause: None }
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    #[must_use]
    pub(crate) fn because(mut self, cause: Option<PyErr>) -> Self {
        self.cause = cause.or(self.cause);
        self
    }

    /// An error with what Python raised below it.
    fn of(code: ErrorCode, error: &(dyn Error + 'static)) -> Self {
        let mut below = Some(error);
        let mut cause = None;
        while let (Some(error), None) = (below, &cause) {
            cause = error.downcast_ref::<PyErr>().map(|raised| Python::attach(|py| raised.clone_ref(py)));
            below = error.source();
        }
        Self::new(code, error).because(cause)
    }

    /// A panic, with its words where it has some of its own: they are those of an `assert!` or index in the code.
    fn of_panic(panic: &(dyn Any + Send)) -> Self {
        Self::library(
            panic.downcast_ref::<&'static str>().copied().unwrap_or("the library stopped in the middle of a call"),
        )
    }
}

/// Errors of core, each with its `code`.
macro_rules! from_core {
    ($($error:ty),* $(,)?) => {
        $( impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of(error.code(), &error)
            }
        } )*
    };
}

from_core! {
    fdescrow::audit::CheckpointError,
    fdescrow::audit::MacKeyError,
    fdescrow::envelope::CertificateError,
    fdescrow::envelope::EnvelopeError,
    fdescrow::envelope::FingerprintError,
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

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| exception(py, failure).unwrap_or_else(|error| error))
    }
}

/// The exception of an error. What interrupts a program goes on as it is: nobody may catch Ctrl-C as a missing store.
fn exception(py: Python<'_>, failure: Failure) -> PyResult<PyErr> {
    static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let Failure { code, message, cause } = failure;
    if let Some(raised) = &cause
        && !raised.is_instance_of::<PyException>(py)
    {
        return Ok(raised.clone_ref(py));
    }
    let classes = CLASSES.get_or_try_init(py, || {
        py.import("fdescrow.errors")?.getattr("BY_CODE")?.cast_into::<PyDict>().map(Bound::unbind).map_err(PyErr::from)
    })?;
    let class = classes.bind(py).as_any().get_item(code.number())?.cast_into::<PyType>()?;
    let error = PyErr::from_value(class.call1((message.as_ref(),))?);
    error.set_cause(py, cause);
    Ok(error)
}

/// Does something that needs no Python, while others run. A panic is an error of ours and never crosses as one.
pub(crate) fn detached<T: Send>(py: Python<'_>, body: impl FnOnce() -> Result<T, Failure> + Send) -> PyResult<T> {
    let outcome = py.detach(|| caught(body));
    outcome.map_err(PyErr::from)
}

/// Does something, and makes a panic an error.
pub(crate) fn caught<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(Failure::of_panic(panic.as_ref())))
}
