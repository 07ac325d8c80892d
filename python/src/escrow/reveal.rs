//! How does a person get a key, in Python?

use fdescrow::{
    Actor, DeviceId, KeyId, Kind, Person, ProtectorId, VolumeId,
    escrow::{Candidate, Reveal},
    policy::Level,
    recovery::RecoveryId,
    verification::Place,
};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyDict, PyString},
};
use serde::Serialize;

use super::Escrow;
use crate::{
    document::{document, requested},
    envelope::Envelope,
    failure::{Failure, detached},
    input::{Choice, Moment, Name, OneCertificate},
    key::RecoveryKey,
    keyring::Keyring,
    place::{self, SheetFormat},
    secret,
};

/// A key that was handed out.
#[pyclass(frozen, extends = RecoveryKey, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct RevealedKey {
    /// What is known about it: its id, place, level, under which recovery it was handed out, the other candidates.
    #[pyo3(get)]
    about: Py<PyAny>,
}

#[pymethods]
impl RevealedKey {
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("a recovery key is not pickled or copied"))
    }
}

/// A key that was handed out sealed.
#[pyclass(frozen, extends = Envelope, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct RevealedEnvelope {
    /// What is known about the key in it.
    #[pyo3(get)]
    about: Py<PyAny>,
}

/// Who wants which key, and why: the keyword arguments that all ways to a key share.
#[derive(Debug)]
pub(super) struct Wish {
    reveal: Reveal,
    command: Option<String>,
}

impl Wish {
    pub(super) fn new(device: &DeviceId, given: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let given = match given {
            Some(given) => given.copy()?,
            None => return Err(missing("by")),
        };
        let mut arguments = Arguments(given);
        let by: Name<Actor> = arguments.take("by")?.ok_or_else(|| missing("by"))?;
        let reason: String = arguments.take("reason")?.ok_or_else(|| missing("reason"))?;
        let mut reveal = Reveal::of(device).by(&by.0).reason(reason);
        if let Some(Choice(kind)) = arguments.take::<Choice<Kind>>("kind")? {
            reveal = reveal.kind(kind);
        }
        if let Some(Name(volume)) = arguments.take::<Name<VolumeId>>("volume")? {
            reveal = reveal.volume(volume);
        }
        if let Some(Name(protector)) = arguments.take::<Name<ProtectorId>>("protector")? {
            reveal = reveal.protector(protector);
        }
        if let Some(Name(key)) = arguments.take::<Name<KeyId>>("key")? {
            reveal = reveal.key(key);
        }
        if let Some(person) = arguments.take::<Somebody>("person")? {
            reveal = reveal.person(person.0);
        }
        if let Some(ticket) = arguments.take::<String>("ticket")? {
            reveal = reveal.ticket(ticket);
        }
        if let Some(true) = arguments.take::<bool>("break_glass")? {
            reveal = reveal.break_glass();
        }
        if let Some(Name(recovery)) = arguments.take::<Name<RecoveryId>>("recovery")? {
            reveal = reveal.under(recovery);
        }
        let command = arguments.take("command")?;
        arguments.end()?;
        Ok(Self { reveal, command })
    }

    pub(super) fn reveal(self) -> Reveal {
        self.reveal
    }
}

/// A Person, or a dict with `issuer` and `subject`.
struct Somebody(Person);

impl FromPyObject<'_, '_> for Somebody {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        requested(&object).map(Self)
    }
}

fn missing(name: &str) -> PyErr {
    PyTypeError::new_err(format!("missing a required keyword-only argument: '{name}'"))
}

/// Keyword arguments that are taken one by one; what is left is one too many.
struct Arguments<'py>(Bound<'py, PyDict>);

impl<'py> Arguments<'py> {
    fn take<T: for<'a> FromPyObject<'a, 'py, Error = PyErr>>(&mut self, name: &str) -> PyResult<Option<T>> {
        let Some(given) = self.0.get_item(name)? else { return Ok(None) };
        self.0.del_item(name)?;
        if given.is_none() {
            return Ok(None);
        }
        let wrong = |error: PyErr| match error.is_instance_of::<PyTypeError>(given.py()) {
            true => PyTypeError::new_err(format!("argument '{name}': {}", error.value(given.py()))),
            false => error,
        };
        given.extract().map(Some).map_err(wrong)
    }

    fn end(self) -> PyResult<()> {
        match self.0.keys().iter().next() {
            None => Ok(()),
            Some(name) => {
                let name = name.cast_into::<PyString>()?;
                Err(PyTypeError::new_err(format!("got an unexpected keyword argument '{name}'")))
            }
        }
    }
}

#[derive(Serialize)]
struct Handout<'a> {
    key: KeyId,
    #[serde(flatten)]
    place: &'a Place,
    level: Level,
    recovery: RecoveryId,
    candidates: &'a [Candidate],
}

impl Escrow {
    fn hand_out(
        &self,
        py: Python<'_>,
        wish: Wish,
        keyring: &Keyring,
        now: fdescrow::Timestamp,
    ) -> PyResult<fdescrow::escrow::Revealed> {
        let Wish { reveal, command } = wish;
        detached(py, || {
            let (escrow, keys) = (&self.inner.escrow, keyring.inner());
            keyring.explained(match command {
                Some(command) => escrow.release_to_device(reveal, &command, keys, now),
                None => escrow.reveal(reveal, keys, now),
            })
        })
    }
}

fn about<'py>(py: Python<'py>, revealed: &fdescrow::escrow::Revealed) -> PyResult<Bound<'py, PyAny>> {
    let fdescrow::escrow::Revealed { id, place, level, recovery, candidates, .. } = revealed;
    document(py, "Handout", &Handout { key: *id, place, level: *level, recovery: *recovery, candidates })
}

#[pymethods]
impl Escrow {
    /// Hands out a key, for a reason, and leaves a trace: that it may be handed out, and that it was, are in the audit before
    /// it is returned.
    ///
    /// `kind`, `volume`, `protector` and `key`: which one, where there are several. `person`: who that is, by what never
    /// changes, where the policy asks for approvals. `ticket`; `break_glass`: without the approvals that are asked for
    /// otherwise; `recovery`: under which approved request. `command`: the key is for this command of the device itself, where
    /// the policy allows that.
    ///
    /// Raises DeviceUnknownError, RecoveryNoKeyError and its like, IdentityUnavailableError. After IdentityUnavailableError
    /// and StoreUnknownError asking again goes on under the same authorisation.
    #[pyo3(
        signature = (device, keyring, *, now=None, **wish),
        text_signature = "($self, device, keyring, *, by, reason, kind=None, volume=None, protector=None, key=None, \
            person=None, ticket=None, break_glass=False, recovery=None, command=None, now=None)"
    )]
    fn reveal(
        &self,
        py: Python<'_>,
        device: Name<DeviceId>,
        keyring: &Keyring,
        now: Option<Moment>,
        wish: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<RevealedKey>> {
        let now = self.now(py, now)?;
        let revealed = self.hand_out(py, Wish::new(&device.0, wish)?, keyring, now)?;
        let about = about(py, &revealed)?.unbind();
        let key = RecoveryKey::new(revealed.into_key());
        Py::new(py, PyClassInitializer::from(key).add_subclass(RevealedKey { about }))
    }

    /// Hands out a key as a page to read out or to print, a Secret: in groups, with a spelling alphabet and what to do.
    ///
    /// `format`: as for `RecoveryKey.sheet`. The rest as for `reveal`.
    #[pyo3(
        signature = (device, keyring, *, format=Choice(SheetFormat::Text), now=None, **wish),
        text_signature = "($self, device, keyring, *, by, reason, format='text', kind=None, volume=None, protector=None, \
            key=None, person=None, ticket=None, break_glass=False, recovery=None, command=None, now=None)"
    )]
    fn reveal_sheet<'py>(
        &self,
        py: Python<'py>,
        device: Name<DeviceId>,
        keyring: &Keyring,
        format: Choice<SheetFormat>,
        now: Option<Moment>,
        wish: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        let revealed = self.hand_out(py, Wish::new(&device.0, wish)?, keyring, now)?;
        let page = place::page(revealed.key(), &revealed.place, Some(device.0.as_str()), format.0, now);
        let memory = secret::buffer(py, page.expose().as_bytes())?;
        py.import("fdescrow.secret")?.getattr("RevealedSheet")?.call_method1("_of", (memory, about(py, &revealed)?))
    }

    /// Hands out a key sealed to a technician's certificate, so that nobody on the way sees it. The rest as for `reveal`.
    #[pyo3(
        signature = (device, keyring, to, *, now=None, **wish),
        text_signature = "($self, device, keyring, to, *, by, reason, kind=None, volume=None, protector=None, key=None, \
            person=None, ticket=None, break_glass=False, recovery=None, now=None)"
    )]
    fn reveal_to(
        &self,
        py: Python<'_>,
        device: Name<DeviceId>,
        keyring: &Keyring,
        to: OneCertificate,
        now: Option<Moment>,
        wish: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<RevealedEnvelope>> {
        let now = self.now(py, now)?;
        let Wish { reveal, command } = Wish::new(&device.0, wish)?;
        if command.is_some() {
            return Err(Failure::misuse("a command of the device gets its key in clear, by reveal").into());
        }
        let handed =
            detached(py, || keyring.explained(self.inner.escrow.reveal_to(reveal, &to.0, keyring.inner(), now)))?;
        let about = Handout {
            key: handed.id,
            place: &handed.place,
            level: handed.level,
            recovery: handed.recovery,
            candidates: &[],
        };
        let about = document(py, "Handout", &about)?.unbind();
        let envelope = Envelope::new(handed.envelope);
        Py::new(py, PyClassInitializer::from(envelope).add_subclass(RevealedEnvelope { about }))
    }
}
