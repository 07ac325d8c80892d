//! Which keys are set apart, and which go, in Python?

use fdescrow::{Actor, KeyId};
use pyo3::prelude::*;

use super::Escrow;
use crate::input::{Moment, Name};

#[pymethods]
impl Escrow {
    /// The keys that wait for an operator's decision, because another device sent the same before.
    fn quarantine<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.listing(py, "list[KeySummary]", None, |escrow, page, _| escrow.quarantine(page))
    }

    /// The key is this device's.
    ///
    /// Raises KeyUnknownError, EventRejectedError, RecoveryReasonMissingError.
    #[pyo3(signature = (key, *, by, reason, now=None))]
    fn accept_quarantined(
        &self,
        py: Python<'_>,
        key: Name<KeyId>,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.accept_quarantined(&key.0, &by.0, reason, now))
    }

    /// The key is not this device's. It stays, and is never opened. Errors as for `accept_quarantined`.
    #[pyo3(signature = (key, *, by, reason, now=None))]
    fn reject_quarantined(
        &self,
        py: Python<'_>,
        key: Name<KeyId>,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.reject_quarantined(&key.0, &by.0, reason, now))
    }

    /// The keys that are going to be removed, the one that is due first first.
    fn removals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.listing(py, "list[PlannedRemoval]", None, |escrow, page, _| escrow.removals(page))
    }

    /// The first step of retention: plans the removal of keys that the policy keeps no longer, as far as the list is read,
    /// and lists them. Nothing is removed before the waiting period is over.
    #[pyo3(signature = (*, by, now=None))]
    fn plan_removals<'py>(&self, py: Python<'py>, by: Name<Actor>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        self.listing(py, "list[PlannedRemoval]", now, move |escrow, page, now| escrow.plan_removals(page, &by.0, now))
    }

    /// Keeps a key that was going to be removed.
    ///
    /// Raises RemovalUnknownError, RecoveryReasonMissingError.
    #[pyo3(signature = (key, *, by, reason, now=None))]
    fn cancel_removal(
        &self,
        py: Python<'_>,
        key: Name<KeyId>,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.cancel_removal(&key.0, &by.0, reason, now))
    }

    /// The second step of retention: removes keys whose waiting period is over, as far as the list is read, and lists them;
    /// never the last of a place that works.
    #[pyo3(signature = (*, by, now=None))]
    fn remove_due<'py>(&self, py: Python<'py>, by: Name<Actor>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        self.listing(py, "list[RemovalReport]", now, move |escrow, page, now| escrow.remove_due(page, &by.0, now))
    }
}
