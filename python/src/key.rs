//! What is a recovery key in Python?

use std::sync::{Mutex, PoisonError};

use fdescrow::{Kind, Secret};
use fdescrow_identities::SystemRandomness;
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyType};

use crate::{
    document::document,
    failure::Failure,
    input::{Choice, Moment, SecretText, moment},
    place::SheetFormat,
    secret,
};

/// A recovery key that is well-formed: of a Mac (`filevault`), a Windows PC (`bitlocker`) or a Linux machine (`luks`,
/// `systemd`, `snapd`).
///
/// Its memory is wiped at the end of a `with` block, by `wipe()`, and when nobody has it any more. What `expose()` gives
/// is a `str`, which Python cannot wipe; `secret()` gives it in memory that can be.
#[pyclass(frozen, subclass, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct RecoveryKey {
    kind: Kind,
    key: Mutex<Option<fdescrow::RecoveryKey>>,
}

impl RecoveryKey {
    pub(crate) fn new(key: fdescrow::RecoveryKey) -> Self {
        Self { kind: key.kind(), key: Mutex::new(Some(key)) }
    }

    /// Looks at the key.
    pub(crate) fn with<T>(
        &self,
        look: impl FnOnce(&fdescrow::RecoveryKey) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        look(key.as_ref().ok_or_else(|| Failure::misuse("the key was wiped"))?)
    }

    /// The key once more: what is sealed is taken from its owner.
    pub(crate) fn copied(&self) -> Result<fdescrow::RecoveryKey, Failure> {
        self.with(|key| Ok(fdescrow::RecoveryKey::parse_exact(key.kind(), &Secret::<str>::copy_from(key.expose()))?))
    }
}

#[pymethods]
impl RecoveryKey {
    /// Reads what a person types: spaces, missing dashes, lower case and look-alikes are understood.
    ///
    /// Raises KeyFormatError, whose message names the group that is wrong and never repeats it.
    #[classmethod]
    fn parse_typed(_class: &Bound<'_, PyType>, kind: Choice<Kind>, text: SecretText) -> Result<Self, Failure> {
        Ok(Self::new(fdescrow::RecoveryKey::parse_typed(kind.0, &text.0)?))
    }

    /// Reads the exact form, as an envelope holds it and the system that it unlocks prints it.
    ///
    /// Raises KeyFormatError.
    #[classmethod]
    fn parse_exact(_class: &Bound<'_, PyType>, kind: Choice<Kind>, text: SecretText) -> Result<Self, Failure> {
        Ok(Self::new(fdescrow::RecoveryKey::parse_exact(kind.0, &text.0)?))
    }

    /// Makes a new one from the randomness of the operating system.
    ///
    /// Raises RandomnessUnavailableError.
    #[classmethod]
    fn generate(_class: &Bound<'_, PyType>, kind: Choice<Kind>) -> Result<Self, Failure> {
        Ok(Self::new(fdescrow::RecoveryKey::generate(kind.0, &SystemRandomness::new())?))
    }

    /// Which kind of key it is.
    #[getter]
    fn kind<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        document(py, "Kind", &self.kind)
    }

    /// Shows the key, in canonical form: the only word that does. Python cannot wipe the text.
    ///
    /// Raises MisuseError after it was wiped.
    fn expose(&self) -> Result<String, Failure> {
        self.with(|key| Ok(key.expose().to_owned()))
    }

    /// The text of the key as a Secret, whose memory can be wiped.
    ///
    /// Raises MisuseError after it was wiped.
    fn secret<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let copy = self.with(|key| Ok(Secret::<[u8]>::copy_from(key.expose().as_bytes())))?;
        secret::give(py, copy.expose())
    }

    /// A page to read out or to print: in groups, with a spelling alphabet and what to do. It is as secret as the key.
    ///
    /// `format`: `text`; `html`, a page with a QR code; `html_fragment`, what is in it, for a page of your own with a style
    /// of its own.
    ///
    /// Raises MisuseError after it was wiped.
    #[pyo3(signature = (*, volume=None, protector=None, format=Choice(SheetFormat::Text), now=None))]
    fn sheet<'py>(
        &self,
        py: Python<'py>,
        volume: Option<crate::input::Name<fdescrow::VolumeId>>,
        protector: Option<crate::input::Name<fdescrow::ProtectorId>>,
        format: Choice<SheetFormat>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = moment(now)?;
        let place = crate::place::place(self.kind, volume, protector);
        let page = self.with(|key| Ok(crate::place::page(key, &place, None, format.0, now)))?;
        secret::give(py, page.expose().as_bytes())
    }

    /// Wipes the key: it cannot be shown or sealed any more.
    fn wipe(&self) {
        drop(self.key.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, pyo3::types::PyTuple>) {
        self.wipe();
    }

    fn __repr__(&self) -> String {
        format!("<RecoveryKey {} [redacted]>", self.kind.as_str())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("a recovery key is not pickled or copied"))
    }
}
