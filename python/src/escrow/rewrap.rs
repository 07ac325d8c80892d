//! How do stored keys get another recipient, in Python?

use fdescrow::{
    Actor,
    escrow::{RewrapCursor, RewrapFailure, RewrapOptions, RewrapReport},
};
use pyo3::prelude::*;
use serde::Serialize;

use super::Escrow;
use crate::{
    document::document,
    input::{Moment, Name, OneCertificate},
    interrupt::until,
    keyring::Keyring,
};

#[derive(Serialize)]
struct Report<'a> {
    rewrapped: u64,
    already: u64,
    quarantined: u64,
    unavailable: u64,
    failures: &'a [RewrapFailure],
    next: Option<String>,
}

impl<'a> From<&'a RewrapReport> for Report<'a> {
    fn from(report: &'a RewrapReport) -> Self {
        let RewrapReport { rewrapped, already, quarantined, unavailable, failures, next, .. } = report;
        Self {
            rewrapped: *rewrapped,
            already: *already,
            quarantined: *quarantined,
            unavailable: *unavailable,
            failures,
            next: next.as_ref().map(ToString::to_string),
        }
    }
}

#[pymethods]
impl Escrow {
    /// Seals to another certificate as well all keys that are sealed to another known one and not to this, a batch after
    /// another. A key that fails stops no other.
    ///
    /// `by`: for the audit. `limit`: envelopes in one batch. `after`: the `next` of a report, to go on there. `progress`: told
    /// the report so far after each batch. Ctrl-C ends it after the key that is being sealed; doing it again goes on.
    ///
    /// Raises EnvelopeSealError; MisuseError for an `after` that was not handed out.
    #[pyo3(signature = (keyring, to, *, by=None, limit=100, after=None, progress=None, now=None))]
    fn rewrap<'py>(
        &self,
        py: Python<'py>,
        keyring: &Keyring,
        to: OneCertificate,
        by: Option<Name<Actor>>,
        limit: u32,
        after: Option<Name<RewrapCursor>>,
        progress: Option<Bound<'py, PyAny>>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut total = RewrapReport::default();
        let mut after = after.map(|Name(after)| after);
        let actor = by.map(|Name(actor)| actor);
        loop {
            let at = self.now(py, now)?;
            let mut options = RewrapOptions::default().after(after).limit(limit);
            options.actor = actor.clone();
            let batch = self.stoppable(py, |stop| {
                keyring.explained(self.inner.escrow.rewrap(&until(keyring.inner(), stop), &to.0, &options, at))
            })?;
            keyring.interrupted()?;
            total.rewrapped += batch.rewrapped;
            total.already += batch.already;
            total.quarantined += batch.quarantined;
            total.unavailable += batch.unavailable;
            total.failures.extend(batch.failures);
            total.next = batch.next;
            if let Some(progress) = &progress {
                progress.call1((document(py, "RewrapReport", &Report::from(&total))?,))?;
            }
            if total.next.is_none() {
                return document(py, "RewrapReport", &Report::from(&total));
            }
            after = total.next.clone();
        }
    }

    /// How many envelopes there are to look at, at most, for `rewrap` to this certificate.
    fn rewrap_total(&self, py: Python<'_>, to: OneCertificate) -> PyResult<u64> {
        self.run(py, |escrow| escrow.rewrap_total(&to.0))
    }
}
