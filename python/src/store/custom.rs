//! How does a store answer that is Python code?

use std::ops::ControlFlow;

use base64::{Engine, engine::general_purpose::STANDARD};
use fdescrow::{
    ErrorCode,
    store::{Corrupt, StoreError},
};
use fdescrow_stores::foreign::{Method, Refusal, Rows};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyList},
};
use serde_json::Value as Json;

use crate::document::{json_of, plain};

/// The methods that a store has; `commit_batch` it may have.
const METHODS: [&str; 9] = ["get", "list", "count", "claim", "release", "commit", "committed", "events", "snapshot"];

/// An object with the methods of a store.
#[derive(Debug)]
pub(crate) struct PythonRows {
    store: Py<PyAny>,
    batches: bool,
}

impl PythonRows {
    pub(crate) fn new(store: &Bound<'_, PyAny>) -> PyResult<Self> {
        for method in METHODS {
            store.getattr(method)?;
        }
        Ok(Self { store: store.clone().unbind(), batches: store.hasattr("commit_batch")? })
    }
}

fn name(method: Method) -> &'static str {
    match method {
        Method::Claim => "claim",
        Method::Commit => "commit",
        Method::Committed => "committed",
        Method::Count => "count",
        Method::Events => "events",
        Method::Get => "get",
        Method::List => "list",
        Method::Release => "release",
        _ => "",
    }
}

/// A request as Python has it: the bytes of a row are `bytes`.
fn told<'py>(py: Python<'py>, request: &Json) -> PyResult<Bound<'py, PyAny>> {
    let told = plain(py, request)?;
    each_row(&told, &|row| {
        if let Some(text) = row.get_item("bytes")? {
            let bytes = STANDARD.decode(text.extract::<String>()?).unwrap_or_default();
            row.set_item("bytes", PyBytes::new(py, &bytes))?;
        }
        Ok(())
    })?;
    Ok(told)
}

/// Does something with each dict in a document.
fn each_row(document: &Bound<'_, PyAny>, change: &dyn Fn(&Bound<'_, PyDict>) -> PyResult<()>) -> PyResult<()> {
    if let Ok(members) = document.cast::<PyDict>() {
        if members.contains("columns")? {
            return change(members);
        }
        for member in members.values() {
            each_row(&member, change)?;
        }
    } else if let Ok(items) = document.cast::<PyList>() {
        for item in items {
            each_row(&item, change)?;
        }
    }
    Ok(())
}

/// What an exception of the store's means.
fn refusal(py: Python<'_>, raised: PyErr) -> Refusal {
    let code = raised.value(py).getattr("code").and_then(|code| code.extract::<i32>()).unwrap_or_default();
    let is = |wanted: ErrorCode| wanted.number() == code;
    let said = || raised.value(py).to_string();
    match () {
        () if is(ErrorCode::StoreUnknown) => Refusal::Unknown(Box::new(raised)),
        () if is(ErrorCode::StoreCorrupt) => {
            StoreError::from(Corrupt::of_database("cannot be read, as the embedder's store says")).into()
        }
        () if is(ErrorCode::StoreSchema) => StoreError::Schema(said()).into(),
        () if is(ErrorCode::StoreDurability) => StoreError::Durability(said()).into(),
        () if is(ErrorCode::Misuse) => StoreError::Misuse(said()).into(),
        () => StoreError::Unavailable(Box::new(raised)).into(),
    }
}

fn store_error(refusal: Refusal) -> StoreError {
    match refusal {
        Refusal::Store(error) => error,
        Refusal::Unknown(source) => StoreError::Unavailable(source),
        _ => StoreError::Misuse("what a store of the embedder's answered is that of a commit".to_owned()),
    }
}

/// What a commit answers: a revision, or what stood against it.
fn committed(answer: Json) -> Result<Json, Refusal> {
    match answer.get("revision") {
        Some(_) => Ok(answer),
        None => Err(Refusal::Conflict(answer)),
    }
}

impl Rows for PythonRows {
    fn ask(&self, method: Method, request: &Json) -> Result<Json, Refusal> {
        let answer = Python::attach(|py| {
            let asked = || json_of(&self.store.bind(py).call_method1(name(method), (told(py, request)?,))?);
            asked().map_err(|raised| refusal(py, raised))
        })?;
        if method == Method::Commit { committed(answer) } else { Ok(answer) }
    }

    fn commit_batch(&self, changes: &[Json]) -> Option<Result<Vec<Result<Json, Refusal>>, StoreError>> {
        self.batches.then(|| {
            let answers = Python::attach(|py| {
                let changes = changes.iter().map(|change| told(py, change)).collect::<PyResult<Vec<_>>>();
                let asked = || json_of(&self.store.bind(py).call_method1("commit_batch", (changes?,))?);
                asked().map_err(|raised| store_error(refusal(py, raised)))
            })?;
            match answers {
                Json::Array(answers) => Ok(answers.into_iter().map(committed).collect()),
                _ => Err(StoreError::Misuse("what a store of the embedder's answered lacks a list".to_owned())),
            }
        })
    }

    fn snapshot(&self, request: &Json, visit: &mut dyn FnMut(&Json) -> ControlFlow<()>) -> Result<(), StoreError> {
        let started = Python::attach(|py| {
            let start = || {
                let rows = self.store.bind(py).call_method1("snapshot", (told(py, request)?,))?;
                rows.call_method0("__iter__").map(Bound::unbind)
            };
            start().map_err(|raised| store_error(refusal(py, raised)))
        })?;
        // The interpreter is let go while a row is looked at: that may ask the store again.
        loop {
            let row = Python::attach(|py| {
                let next = || match started.bind(py).try_iter()?.next() {
                    Some(row) => json_of(&row?).map(Some),
                    None => Ok(None),
                };
                next().map_err(|raised| store_error(refusal(py, raised)))
            })?;
            match row {
                Some(row) if visit(&row).is_continue() => {}
                Some(_) => {
                    // A generator ends its transaction.
                    return Python::attach(|py| match started.bind(py).getattr("close") {
                        Ok(close) => close.call0().map(drop).map_err(|raised| store_error(refusal(py, raised))),
                        Err(_) => Ok(()),
                    });
                }
                None => return Ok(()),
            }
        }
    }
}
