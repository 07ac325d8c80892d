//! How is a key replaced, in Python?

use fdescrow::{
    Actor, DeviceId, Timestamp,
    ids::Word,
    rotation::{RotationEvent, RotationId},
    verification::Place,
};
use pyo3::prelude::*;
use serde::Deserialize;

use super::Escrow;
use crate::{
    document::{plain, requested},
    failure::Failure,
    input::{Choice, Moment, Name},
};

/// What may be reported from outside.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Cancelled,
    Deferred,
    Delivered,
    Failed,
    OldRemoved,
    Sent,
}

fn event(answer: Answer, attempt: u32, why: Option<&str>, at: Timestamp) -> Result<RotationEvent, Failure> {
    Ok(match answer {
        Answer::Cancelled => RotationEvent::Cancelled { at },
        Answer::Deferred => RotationEvent::Deferred { attempt, at },
        Answer::Delivered => RotationEvent::Delivered { attempt, at },
        Answer::Failed => RotationEvent::Failed { attempt, why: Word::new(why.unwrap_or("unknown"))?, at },
        Answer::OldRemoved => RotationEvent::OldRetired { at },
        Answer::Sent => RotationEvent::Sent { attempt, at },
    })
}

#[pymethods]
impl Escrow {
    /// Has the keys of a device replaced: of one place, or of all. It tells the ids of the rotations.
    ///
    /// `place`: a Place, or a dict with its `kind` and, where there are, `volume` and `protector`.
    ///
    /// Raises DeviceUnknownError, RecoveryNoKeyError, RecoveryReasonMissingError.
    #[pyo3(signature = (device, *, by, reason, place=None, now=None))]
    fn request_rotation<'py>(
        &self,
        py: Python<'py>,
        device: Name<DeviceId>,
        by: Name<Actor>,
        reason: &str,
        place: Option<&Bound<'py, PyAny>>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (now, place) = (self.now(py, now)?, place.map(requested::<Place>).transpose()?);
        let ids = self.run(py, |escrow| escrow.request_rotation(&device.0, place.as_ref(), &by.0, reason, now))?;
        plain(py, &ids)
    }

    /// Takes in what a device, its management or its agent answered to an attempt. Keys and checks report themselves.
    ///
    /// `event`: `sent`, `delivered`, `deferred` or `failed` (with `attempt`, and `why`, a word), `old_removed`, `cancelled`.
    ///
    /// Raises DeviceUnknownError, RotationUnknownError, EventRejectedError.
    #[pyo3(signature = (device, rotation, *, event, by, attempt=0, why=None, now=None))]
    fn rotation_reported<'py>(
        &self,
        py: Python<'py>,
        device: Name<DeviceId>,
        rotation: Name<RotationId>,
        event: Choice<Answer>,
        by: Name<Actor>,
        attempt: u32,
        why: Option<&str>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        let said = self::event(event.0, attempt, why, now)?;
        self.ask(py, "RotationReport", |escrow| escrow.rotation_reported(&device.0, &rotation.0, &said, &by.0, now))
    }

    /// The rotations of a device: of each place the one that goes on, or ended last.
    ///
    /// Raises DeviceUnknownError.
    #[pyo3(signature = (device, *, now=None))]
    fn rotations<'py>(
        &self,
        py: Python<'py>,
        device: Name<DeviceId>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "list[RotationReport]", |escrow| escrow.rotations(&device.0, now))
    }

    /// The rotations that go on, device by device.
    #[pyo3(signature = (*, now=None))]
    fn all_rotations<'py>(&self, py: Python<'py>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        self.listing(py, "list[RotationReport]", now, |escrow, page, now| escrow.all_rotations(page, now))
    }
}
