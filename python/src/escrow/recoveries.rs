//! How does a second person agree, in Python?

use fdescrow::{
    Actor, DeviceId, Person,
    recovery::{Outcome, RecoveryId, RecoveryState},
};
use pyo3::{prelude::*, types::PyDict};

use super::{Escrow, reveal::Wish};
use crate::{
    document::requested,
    input::{Choice, Moment, Name},
};

#[pymethods]
impl Escrow {
    /// Asks for a key where others have to approve, or to have the request on record. Arguments as for `reveal`.
    ///
    /// Raises DeviceUnknownError, RecoveryNoKeyError and its like.
    #[pyo3(
        signature = (device, *, now=None, **wish),
        text_signature = "($self, device, *, by, reason, kind=None, volume=None, protector=None, key=None, person=None, \
            ticket=None, break_glass=False, command=None, now=None)"
    )]
    fn request_recovery<'py>(
        &self,
        py: Python<'py>,
        device: Name<DeviceId>,
        now: Option<Moment>,
        wish: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        let wish = Wish::new(&device.0, wish)?.reveal();
        self.ask(py, "RecoveryReport", |escrow| escrow.request_recovery(&wish, now))
    }

    /// A person other than who asked, and than who approved before, agrees.
    ///
    /// Raises RecoveryUnknownError, RecoveryRejectedError.
    #[pyo3(signature = (recovery, *, person, by, note=None, now=None))]
    fn approve_recovery<'py>(
        &self,
        py: Python<'py>,
        recovery: Name<RecoveryId>,
        person: &Bound<'py, PyAny>,
        by: Name<Actor>,
        note: Option<&str>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (now, person) = (self.now(py, now)?, requested::<Person>(person)?);
        self.ask(py, "RecoveryReport", |escrow| escrow.approve_recovery(&recovery.0, &person, &by.0, note, now))
    }

    /// A person takes an approval back. Errors as for `approve_recovery`.
    #[pyo3(signature = (recovery, *, person, by, now=None))]
    fn revoke_approval<'py>(
        &self,
        py: Python<'py>,
        recovery: Name<RecoveryId>,
        person: &Bound<'py, PyAny>,
        by: Name<Actor>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (now, person) = (self.now(py, now)?, requested::<Person>(person)?);
        self.ask(py, "RecoveryReport", |escrow| escrow.revoke_approval(&recovery.0, &person, &by.0, now))
    }

    /// A person says no; who asked takes the request back by it. Errors as for `approve_recovery`.
    #[pyo3(signature = (recovery, *, by, reason, now=None))]
    fn deny_recovery<'py>(
        &self,
        py: Python<'py>,
        recovery: Name<RecoveryId>,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "RecoveryReport", |escrow| escrow.deny_recovery(&recovery.0, &by.0, reason, now))
    }

    /// Says whether the key did its work. Errors as for `approve_recovery`.
    #[pyo3(signature = (recovery, *, outcome, by, now=None))]
    fn report_recovery<'py>(
        &self,
        py: Python<'py>,
        recovery: Name<RecoveryId>,
        outcome: Choice<Outcome>,
        by: Name<Actor>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "RecoveryReport", |escrow| escrow.report_recovery(&recovery.0, outcome.0, &by.0, now))
    }

    /// One recovery.
    ///
    /// Raises RecoveryUnknownError.
    #[pyo3(signature = (recovery, *, now=None))]
    fn recovery<'py>(
        &self,
        py: Python<'py>,
        recovery: Name<RecoveryId>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "RecoveryReport", |escrow| escrow.recovery(&recovery.0, now))
    }

    /// All recoveries, or those of one state, as a list that is read a page at a time.
    #[pyo3(signature = (*, state=None, now=None))]
    fn recoveries<'py>(
        &self,
        py: Python<'py>,
        state: Option<Choice<RecoveryState>>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let state = state.map(|Choice(state)| state);
        self.listing(py, "list[RecoveryReport]", now, move |escrow, page, now| escrow.recoveries(state, page, now))
    }
}
