//! Does a store of Python's keep its promises?

#![expect(clippy::panic, reason = "a case fails by panicking")]

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use fdescrow::store::{
    Store as CoreStore,
    conformance::{CASES, Fixture},
};
use pyo3::prelude::*;

use super::Store;
use crate::failure::Failure;

/// Stores that Python opens.
struct Factory {
    open: Py<PyAny>,
    wait: Option<Py<PyAny>>,
    /// What it raised, to be raised once more.
    raised: Mutex<Option<PyErr>>,
}

impl Factory {
    fn opened(&self, again: bool) -> Arc<dyn CoreStore> {
        let opened = Python::attach(|py| -> PyResult<Arc<dyn CoreStore>> {
            let store = self.open.bind(py).call1((again,))?;
            Ok(store.cast::<Store>()?.get().shared())
        });
        opened.unwrap_or_else(|raised| self.fail(raised))
    }

    fn fail(&self, raised: PyErr) -> ! {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
        panic!("the factory raised an exception")
    }
}

impl Fixture for Factory {
    fn store(&self) -> Arc<dyn CoreStore> {
        self.opened(false)
    }

    fn reopen(&self) -> Arc<dyn CoreStore> {
        self.opened(true)
    }

    fn wait(&self, seconds: u32) {
        let Some(wait) = &self.wait else { return };
        if let Err(raised) = Python::attach(|py| wait.call1(py, (seconds,))) {
            self.fail(raised);
        }
    }
}

/// The cases of the conformance suite: name and promise.
#[pyfunction]
pub(crate) fn conformance_cases() -> Vec<(&'static str, &'static str)> {
    CASES.iter().map(|case| (case.name, case.promise)).collect()
}

/// Tries to break one promise. Tells what is wrong; None: it was kept.
///
/// `open`: a callable that gives a Store: for False an empty one, for True the one that was opened last, as another process
/// would find it. `wait`: lets the store's own clock go on by so many seconds; None if it has none.
#[pyfunction]
#[pyo3(signature = (case, open, wait))]
pub(crate) fn run_conformance_case(
    py: Python<'_>,
    case: &str,
    open: Py<PyAny>,
    wait: Option<Py<PyAny>>,
) -> PyResult<Option<String>> {
    let case = CASES.iter().find(|known| known.name == case);
    let case = case.ok_or_else(|| Failure::misuse("there is no such case"))?;
    let factory = Factory { open, wait, raised: Mutex::default() };
    let panic = py.detach(|| catch_unwind(AssertUnwindSafe(|| (case.run)(&factory))).err());
    match factory.raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(raised) => Err(raised),
        None => Ok(panic.map(|panic| words(panic.as_ref()))),
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the case failed").to_owned()
}
