//! Where are keys remembered, in Python?

use std::sync::Arc;

use fdescrow_stores::Migration;
use pyo3::{prelude::*, types::PyType};

use crate::failure::detached;

/// Where keys are remembered: SQLite, memory, or tables of your own.
#[pyclass(frozen, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct Store {
    inner: Arc<dyn fdescrow::store::Store>,
    url: String,
    python: bool,
}

impl Store {
    pub(crate) fn shared(&self) -> Arc<dyn fdescrow::store::Store> {
        Arc::clone(&self.inner)
    }

    /// Whether it is Python code.
    pub(crate) fn is_python(&self) -> bool {
        self.python
    }
}

#[pymethods]
impl Store {
    /// Opens what a URL names: `sqlite:PATH`, `sqlite:PATH?mode=ro`, or `memory:`, which ends with the process. In an empty
    /// place the tables are created.
    ///
    /// Raises MisuseError for another URL, StoreUnavailableError, StoreSchemaError if the tables are of another version,
    /// StoreDurabilityError.
    #[classmethod]
    fn open(_class: &Bound<'_, PyType>, py: Python<'_>, url: &str) -> PyResult<Self> {
        let inner = detached(py, || Ok(fdescrow_stores::open(url)?))?;
        Ok(Self { inner, url: url.to_owned(), python: false })
    }

    /// Brings the tables that a URL names up to the version of this library, and tells the statements; without `apply` it
    /// only tells.
    ///
    /// Errors as for `open`.
    #[staticmethod]
    #[pyo3(signature = (url, *, apply=false))]
    fn migrate(py: Python<'_>, url: &str, apply: bool) -> PyResult<Vec<String>> {
        let migration = if apply { Migration::Apply } else { Migration::Plan };
        detached(py, || Ok(fdescrow_stores::migrate(url, migration)?))
    }

    fn __repr__(&self) -> String {
        format!("<Store {}>", self.url)
    }
}
