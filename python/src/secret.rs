//! How does a secret cross?
//!
//! Python's side of it is the class `fdescrow.Secret`, over a `bytearray` that it wipes: the buffer protocol is in the
//! stable ABI only since Python 3.11. Here bytes go straight from one memory that is wiped into the other.

use fdescrow::Secret;
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyByteArray, PyType},
};

use crate::failure::Failure;

static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

pub(crate) fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    let class = CLASS.get_or_try_init(py, || {
        let class = py.import("fdescrow.secret")?.getattr("Secret")?;
        class.cast_into::<PyType>().map(Bound::unbind).map_err(PyErr::from)
    })?;
    Ok(class.bind(py))
}

/// A secret of Python's.
pub(crate) fn give<'py>(py: Python<'py>, secret: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    class(py)?.call_method1("_own", (buffer(py, secret)?,))
}

/// The memory of a secret: one byte more than it has, by which Python tells whether somebody still looks at it.
pub(crate) fn buffer<'py>(py: Python<'py>, secret: &[u8]) -> PyResult<Bound<'py, PyByteArray>> {
    PyByteArray::new_with(py, secret.len().saturating_add(1), |memory| {
        if let Some(place) = memory.get_mut(..secret.len()) {
            place.copy_from_slice(secret);
        }
        Ok(())
    })
}

/// What a secret of Python's holds.
pub(crate) fn take(secret: &Bound<'_, PyAny>) -> PyResult<Secret<[u8]>> {
    let memory = secret.call_method0("_memory")?.cast_into::<PyByteArray>()?;
    let mut bytes = Secret::<[u8]>::from_vec(memory.to_vec());
    let length = bytes.len().saturating_sub(1);
    if let Some(without) = bytes.expose().get(..length) {
        bytes = Secret::<[u8]>::copy_from(without);
    }
    Ok(bytes)
}

/// The text of a secret.
pub(crate) fn text(secret: &Secret<[u8]>) -> Result<Secret<str>, Failure> {
    std::str::from_utf8(secret.expose())
        .map(Secret::<str>::copy_from)
        .map_err(|_| Failure::new(fdescrow::ErrorCode::NotUtf8, "a secret that is text is not UTF-8"))
}
