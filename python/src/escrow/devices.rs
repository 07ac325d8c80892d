//! What is said of and to a device, in Python?

use fdescrow::{
    Actor, DeviceId,
    escrow::{Error, Receipt},
    ids::Word,
    recovery::search::Search,
    store::records::{Alias, Trust},
    verification::{Configuration, Delivery, Operation, observation::Source},
};
use pyo3::prelude::*;
use serde::{Deserialize, Serialize};

use super::Escrow;
use crate::{
    document::requested,
    failure::Failure,
    input::{Choice, Moment, Name},
    observation,
};

#[derive(Serialize)]
struct Observed {
    recorded: bool,
    receipts: Vec<Taken>,
}

/// A receipt, or why there is none.
#[derive(Serialize)]
struct Taken {
    receipt: Option<Receipt>,
    code: Option<i32>,
    error: Option<String>,
}

impl Taken {
    fn of(result: Result<Receipt, Error>) -> Self {
        match result {
            Ok(receipt) => Self { receipt: Some(receipt), code: None, error: None },
            Err(error) => Self { receipt: None, code: Some(error.code().number()), error: Some(error.to_string()) },
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    kind: Word,
    value: String,
    source: Word,
    trust: Trust,
}

#[pymethods]
impl Escrow {
    /// The FileVault profile of a device, by the policy of its group and the primary certificate. It need not be known yet.
    ///
    /// Raises MisuseError if the policy says nothing of FileVault or there is no certificate for its escrow;
    /// PolicyInvalidError.
    #[pyo3(signature = (device, *, now=None))]
    fn profile(&self, py: Python<'_>, device: Name<DeviceId>, now: Option<Moment>) -> PyResult<Vec<u8>> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.profile(&device.0, now).map(fdescrow::profile::Profile::into_bytes))
    }

    /// Takes in a report: what it says of the disks, and the sealed keys in it. A device that is not known is created.
    ///
    /// `source` and `report` as for `read_report`. `by`: who answers for it. `volume`: the LUKS UUID for a report that names
    /// none.
    ///
    /// Raises ObservationSyntaxError, ObservationLimitError, StoreLimitError, EventRejectedError.
    #[pyo3(signature = (device, source, report, *, by, volume=None, now=None))]
    fn observe<'py>(
        &self,
        py: Python<'py>,
        device: Name<DeviceId>,
        source: Choice<Source>,
        report: &Bound<'py, PyAny>,
        by: Name<Actor>,
        volume: Option<&str>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let at = self.now(py, now)?;
        let report = observation::read(py, source.0, report, volume, Some(Moment(at)))?;
        self.ask(py, "Observed", |escrow| {
            let observed = escrow.observe(&device.0, &report, &by.0, at)?;
            let receipts = observed.receipts.into_iter().map(Taken::of).collect();
            Ok::<_, Error>(Observed { recorded: observed.recorded, receipts })
        })
    }

    /// How a device stands, by the policy of its group.
    ///
    /// Raises DeviceUnknownError.
    #[pyo3(signature = (device, *, now=None))]
    fn assess<'py>(&self, py: Python<'py>, device: Name<DeviceId>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "Assessment", |escrow| escrow.assess(&device.0, now))
    }

    /// A device at a glance.
    ///
    /// Raises DeviceUnknownError.
    #[pyo3(signature = (device, *, now=None))]
    fn device<'py>(&self, py: Python<'py>, device: Name<DeviceId>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "DeviceReport", |escrow| escrow.device(&device.0, now))
    }

    /// All keys of a device, the oldest first, with their envelopes. No key is opened.
    ///
    /// Raises DeviceUnknownError.
    fn history<'py>(&self, py: Python<'py>, device: Name<DeviceId>) -> PyResult<Bound<'py, PyAny>> {
        self.ask(py, "list[KeySummary]", |escrow| escrow.history(&device.0))
    }

    /// Where a Mac stands on its way to a key that works; None unless the policy enforces FileVault.
    ///
    /// Raises DeviceUnknownError.
    #[pyo3(signature = (device, *, now=None))]
    fn walk<'py>(&self, py: Python<'py>, device: Name<DeviceId>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "Walk | None", |escrow| escrow.walk(&device.0, now))
    }

    /// Devices and keys by what people have: a device, another name, the ID on a BitLocker screen (its first 8 digits will
    /// do), a LUKS or APFS volume UUID. Candidates, never keys.
    ///
    /// Raises IdInvalidError.
    fn find<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
        let search = Search::parse(text).map_err(|error| Failure::new(error.code(), error))?;
        self.ask(py, "list[Found]", |escrow| escrow.find(&search))
    }

    /// Gives a device other names, by which it is found; those of the same kind and source are replaced.
    ///
    /// `names`: a list of Alias, or of dicts with `kind` (`serial`, `udid`, `hostname`, `owner`, …), `value`, `source` and
    /// `trust` (`authenticated` or `claimed`).
    ///
    /// Raises DeviceUnknownError, IdInvalidError, MisuseError over 64 names.
    #[pyo3(signature = (device, names, *, by, now=None))]
    fn name_device(
        &self,
        py: Python<'_>,
        device: Name<DeviceId>,
        names: &Bound<'_, PyAny>,
        by: Name<Actor>,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        let names = requested::<Vec<Other>>(names)?.into_iter();
        let names = names.map(|other| Alias::new(other.kind, other.value, other.source, other.trust));
        let names = names.collect::<Result<Vec<_>, _>>().map_err(Failure::from)?;
        self.run(py, |escrow| escrow.name_device(&device.0, &names, &by.0, now))
    }

    /// Puts a device into the group whose policy it follows from now on; None: the organization's.
    ///
    /// Raises MisuseError for a name that no group can have, RecoveryReasonMissingError.
    #[pyo3(signature = (device, group, *, by, reason, now=None))]
    fn move_to_group(
        &self,
        py: Python<'_>,
        device: Name<DeviceId>,
        group: Option<&str>,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.move_to_group(&device.0, group, &by.0, reason, now))
    }

    /// Hides a device. No key is removed by it.
    ///
    /// Raises DeviceUnknownError, RecoveryReasonMissingError.
    #[pyo3(signature = (device, *, by, reason, now=None))]
    fn forget_device(
        &self,
        py: Python<'_>,
        device: Name<DeviceId>,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.forget_device(&device.0, &by.0, reason, now))
    }

    /// A device was wiped or enrolled anew: its earlier keys stay revealable, and none counts as current. Errors as for
    /// `forget_device`.
    #[pyo3(signature = (device, *, by, reason, now=None))]
    fn new_installation(
        &self,
        py: Python<'_>,
        device: Name<DeviceId>,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.new_installation(&device.0, &by.0, reason, now))
    }

    /// Takes in what the management system says of the configuration of a device. Tells whether that is news.
    ///
    /// `operation`: `install`, `remove`. `delivery`: `pending`, `acknowledged`, `confirmed`, `failed`, ….
    ///
    /// Raises StoreLimitError, EventRejectedError.
    #[pyo3(signature = (device, *, operation, delivery, by, now=None))]
    fn configuration_reported(
        &self,
        py: Python<'_>,
        device: Name<DeviceId>,
        operation: Choice<Operation>,
        delivery: Choice<Delivery>,
        by: Name<Actor>,
        now: Option<Moment>,
    ) -> PyResult<bool> {
        let now = self.now(py, now)?;
        let configuration = Configuration::new(operation.0, delivery.0, now);
        self.run(py, |escrow| escrow.configuration_reported(&device.0, configuration, &by.0, now))
    }

    /// Takes in what the agent says that it could not do, in one word; or, without one, that it could. It takes nothing away
    /// from a key. Tells whether that is news. Errors as for `configuration_reported`.
    #[pyo3(signature = (device, *, by, failure=None, now=None))]
    fn agent_reported(
        &self,
        py: Python<'_>,
        device: Name<DeviceId>,
        by: Name<Actor>,
        failure: Option<&str>,
        now: Option<Moment>,
    ) -> PyResult<bool> {
        let now = self.now(py, now)?;
        let failure = failure.map(Word::new).transpose().map_err(Failure::from)?;
        self.run(py, |escrow| escrow.agent_reported(&device.0, failure.as_ref(), &by.0, now))
    }
}
