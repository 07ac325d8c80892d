//! How do things stand, in Python?

use fdescrow::{
    Actor,
    escrow::{Among, AssessReport, Page},
    verification::{Reason, Status},
};
use pyo3::prelude::*;

use super::Escrow;
use crate::{
    document::document,
    failure::Failure,
    input::{Choice, Moment, Name},
};

fn among(
    status: Option<Choice<Status>>,
    reason: Option<Choice<Reason>>,
    group: Option<String>,
) -> Result<Among, Failure> {
    match (status, reason, group) {
        (None, None, None) => Ok(Among::All),
        (Some(Choice(status)), None, None) => Ok(Among::Status(status)),
        (None, Some(Choice(reason)), None) => Ok(Among::Reason(reason)),
        (None, None, Some(group)) => Ok(Among::Group(group)),
        _ => Err(Failure::misuse("devices are selected by one of status, reason and group")),
    }
}

#[pymethods]
impl Escrow {
    /// The organization at a glance.
    #[pyo3(signature = (*, now=None))]
    fn summary<'py>(&self, py: Python<'py>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "Summary", |escrow| escrow.summary(now))
    }

    /// The devices: all, or those with one status, one first reason, or of one group; as a list that is read a page at a time.
    ///
    /// Raises MisuseError if it selects by more than one thing.
    #[pyo3(signature = (*, status=None, reason=None, group=None, now=None))]
    fn list<'py>(
        &self,
        py: Python<'py>,
        status: Option<Choice<Status>>,
        reason: Option<Choice<Reason>>,
        group: Option<String>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let among = among(status, reason, group)?;
        self.listing(py, "list[DeviceReport]", now, move |escrow, page, now| escrow.list(&among, page, now))
    }

    /// How many devices there are, selected as for `list`.
    #[pyo3(signature = (*, status=None, reason=None, group=None))]
    fn count(
        &self,
        py: Python<'_>,
        status: Option<Choice<Status>>,
        reason: Option<Choice<Reason>>,
        group: Option<String>,
    ) -> PyResult<u64> {
        let among = among(status, reason, group)?;
        self.run(py, |escrow| escrow.count(&among))
    }

    /// The keys that are known not to work, with the reason and what to do about each, as a list that is read a page at a
    /// time.
    fn undecryptable<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.listing(py, "list[Undecryptable]", None, |escrow, page, _| escrow.undecryptable(page))
    }

    /// Judges the devices anew whose time has come, a batch after another, until there are no more.
    #[pyo3(signature = (*, by, now=None))]
    fn assess_due<'py>(&self, py: Python<'py>, by: Name<Actor>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let mut total = AssessReport::default();
        loop {
            let at = self.now(py, now)?;
            let batch = self.stoppable(py, |_| Ok(self.inner.escrow.assess_due(100, &by.0, at)?))?;
            total.judged += batch.judged;
            total.unreadable += batch.unreadable;
            if !batch.more {
                return document(py, "AssessReport", &total);
            }
        }
    }

    /// Judges all devices anew after a change of the policy, a page after another.
    #[pyo3(signature = (*, by, now=None))]
    fn assess_changed<'py>(
        &self,
        py: Python<'py>,
        by: Name<Actor>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (mut total, mut page) = (AssessReport::default(), Page::first());
        loop {
            let at = self.now(py, now)?;
            let (batch, next) = self.stoppable(py, |_| Ok(self.inner.escrow.assess_changed(&page, &by.0, at)?))?;
            total.judged += batch.judged;
            total.unreadable += batch.unreadable;
            match next {
                Some(next) => page = Page::first().after(next),
                None => return document(py, "AssessReport", &total),
            }
        }
    }
}
