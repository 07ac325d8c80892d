//! What happened, in Python?

use std::ops::ControlFlow;

use fdescrow::{
    DeviceId,
    audit::{self, Checkpoint, CheckpointLimits, MacKey},
    store::Cursor,
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};
use serde::Serialize;
use serde_json::Value;

use super::Escrow;
use crate::{
    document::{plain, read},
    failure::Failure,
    input::{Data, Moment},
};

#[derive(Serialize)]
struct Entries {
    entries: Vec<Value>,
    unreadable: usize,
    next: String,
}

/// An entry, and as it is hashed, byte by byte.
fn entry(entry: &audit::Entry) -> Result<Value, Failure> {
    let raw = entry.to_json();
    let mut members: Value =
        serde_json::from_str(&raw).map_err(|_| Failure::library("an entry of the audit is no JSON"))?;
    if let Value::Object(members) = &mut members {
        members.insert("raw".to_owned(), Value::String(raw));
    }
    Ok(members)
}

fn entries(all: &[audit::Entry]) -> Result<Vec<Value>, Failure> {
    all.iter().map(entry).collect()
}

fn parsed(checkpoint: Option<Data>) -> Result<Option<Checkpoint>, Failure> {
    let parse = |data: Data| Checkpoint::parse(data.bytes(), &CheckpointLimits::default());
    Ok(checkpoint.map(parse).transpose()?)
}

#[pymethods]
impl Escrow {
    /// The audit of all devices, in the order in which it was committed, behind the `next` of the call before: for a SIEM.
    ///
    /// Raises MisuseError for a `next` of another store.
    #[pyo3(signature = (after=None, *, limit=1000))]
    fn events<'py>(&self, py: Python<'py>, after: Option<String>, limit: u32) -> PyResult<Bound<'py, PyAny>> {
        let after = after.map_or_else(Cursor::start, Cursor::new);
        self.ask(py, "Events", |escrow| {
            let events = escrow.events(&after, limit)?;
            let (entries, next) = (entries(&events.entries)?, events.next.to_string());
            Ok::<_, Failure>(Entries { entries, unreadable: events.unreadable, next })
        })
    }

    /// The audit of one device, behind the number of the last entry that is known.
    #[pyo3(signature = (device, *, after=0, limit=1000))]
    fn audit_of<'py>(
        &self,
        py: Python<'py>,
        device: crate::input::Name<DeviceId>,
        after: u64,
        limit: u32,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.ask(py, "list[Entry]", |escrow| entries(&escrow.audit_of(&device.0, after, limit)?))
    }

    /// Verifies the whole audit against itself, the rows and, where they are given, a MAC key and a checkpoint that was kept
    /// elsewhere.
    ///
    /// Raises CheckpointSyntaxError, MacKeySyntaxError, MisuseError if the checkpoint is another organization's.
    #[pyo3(signature = (*, mac_key=None, checkpoint=None))]
    fn verify_audit<'py>(
        &self,
        py: Python<'py>,
        mac_key: Option<Data>,
        checkpoint: Option<Data>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mac_keys = mac_key.map(|key| MacKey::parse(key.bytes())).transpose().map_err(Failure::from)?;
        let mac_keys: Vec<MacKey> = mac_keys.into_iter().collect();
        let checkpoint = parsed(checkpoint)?;
        self.ask(py, "AuditReport", |escrow| escrow.verify_audit(&mac_keys, checkpoint.as_ref()))
    }

    /// Makes a checkpoint of the whole audit, to be kept where the writers of the database are not. `previous`: the one
    /// before, which the new one names.
    ///
    /// Raises CheckpointSyntaxError.
    #[pyo3(signature = (*, previous=None, now=None))]
    fn checkpoint<'py>(
        &self,
        py: Python<'py>,
        previous: Option<Data>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        let predecessor = parsed(previous)?.map(|checkpoint| checkpoint.digest());
        let (bytes, written) = self.run(py, |escrow| {
            let mut bytes = Vec::new();
            let mut write = |line: &str| {
                bytes.extend_from_slice(line.as_bytes());
                ControlFlow::Continue(())
            };
            let file = escrow.checkpoint(predecessor, now, &mut write)?;
            Ok::<_, Failure>((bytes, file))
        })?;
        let about = plain(py, &written)?.cast_into::<PyDict>()?;
        about.set_item("data", PyBytes::new(py, &bytes))?;
        read(py, "Checkpoint", about.as_any())
    }
}
