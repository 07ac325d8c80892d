//! Where are keys remembered, in Python?

mod conformance;
mod custom;

pub(crate) use conformance::{conformance_cases, run_conformance_case};

use std::sync::Arc;

use fdescrow_stores::{
    Migration,
    foreign::{ForeignStore, schema},
};
use pyo3::{prelude::*, types::PyType};

use crate::{document::plain, failure::detached};

/// Where keys are remembered: SQLite, memory, or tables of your own.
#[pyclass(frozen, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct Store {
    inner: Arc<dyn fdescrow::store::Store>,
    name: String,
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
        Ok(Self { inner, name: url.to_owned(), python: false })
    }

    /// A store of your own: an object with the methods `get`, `list`, `count`, `claim`, `release`, `commit`, `committed`,
    /// `events`, `snapshot` and, if you like, `commit_batch`. Each is asked in one dict and answers in one; `snapshot` gives
    /// rows one by one. docs/python.md has the documents, docs/storage.md the promises, `fdescrow.testing` tries to break
    /// them.
    ///
    /// A method raises an exception where the database cannot be reached: nothing was changed then. `commit` raises
    /// StoreUnknownError where the answer was lost. It is called in the thread that calls the escrow.
    ///
    /// Raises AttributeError if a method is missing.
    #[classmethod]
    fn custom(_class: &Bound<'_, PyType>, store: &Bound<'_, PyAny>) -> PyResult<Self> {
        let name = store.get_type().name()?.to_string();
        let inner = Arc::new(ForeignStore::new(custom::PythonRows::new(store)?));
        Ok(Self { inner, name, python: true })
    }

    /// The tables that a store of your own keeps: `version`, and `tables` with `name`, `key` and `columns` (`name`, `kind`:
    /// `integer` or `text`, `nullable`, `fixed`), `body`, `bytes`, `ordered`, `indexes` and `works`.
    #[staticmethod]
    fn schema(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        plain(py, &schema())
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
        format!("<Store {}>", self.name)
    }
}
