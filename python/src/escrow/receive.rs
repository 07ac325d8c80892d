//! How does a key arrive, in Python?

use fdescrow::{Actor, DeviceId, KeyId, Kind, ProtectorId, VolumeId, escrow::Upload};
use pyo3::prelude::*;

use super::Escrow;
use crate::input::{Choice, Message, Moment, Name, SecretText};

fn filled(
    mut upload: Upload,
    by: &Actor,
    volume: Option<Name<VolumeId>>,
    protector: Option<Name<ProtectorId>>,
    request: Option<String>,
) -> Upload {
    upload = upload.by(by);
    upload = match volume {
        Some(Name(volume)) => upload.volume(volume),
        None => upload,
    };
    upload = match protector {
        Some(Name(protector)) => upload.protector(protector),
        None => upload,
    };
    match request {
        Some(request) => upload.request(request),
        None => upload,
    }
}

#[pymethods]
impl Escrow {
    /// Stores a sealed key, as a device sent it: CMS in BER, DER, base64, PEM or S/MIME.
    ///
    /// `by`: who answers for the upload. `volume`: without it the boot volume. `request`: a name that makes the same upload,
    /// sent again, the same.
    ///
    /// Raises UploadNotSealedError if it is not CMS: it may be a key in clear, and is not stored; StoreLimitError;
    /// StoreUnavailableError, StoreConflictError and their like. After StoreUnknownError receiving it again is safe.
    #[pyo3(signature = (device, *, kind, envelope, by, volume=None, protector=None, request=None, now=None))]
    fn receive<'py>(
        &self,
        py: Python<'py>,
        device: Name<DeviceId>,
        kind: Choice<Kind>,
        envelope: Message,
        by: Name<Actor>,
        volume: Option<Name<VolumeId>>,
        protector: Option<Name<ProtectorId>>,
        request: Option<String>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        let upload = filled(Upload::sealed(device.0, kind.0, envelope.bytes()), &by.0, volume, protector, request);
        self.ask(py, "Receipt", |escrow| escrow.receive(upload, now))
    }

    /// Stores a key that came in clear: it is read, bound to its device and sealed to the primary certificate before the
    /// store is called.
    ///
    /// Raises KeyFormatError, EnvelopeSealError; as `receive`.
    #[pyo3(signature = (device, *, kind, key, by, volume=None, protector=None, request=None, now=None))]
    fn receive_plaintext<'py>(
        &self,
        py: Python<'py>,
        device: Name<DeviceId>,
        kind: Choice<Kind>,
        key: SecretText,
        by: Name<Actor>,
        volume: Option<Name<VolumeId>>,
        protector: Option<Name<ProtectorId>>,
        request: Option<String>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        let upload = filled(Upload::plaintext(device.0, kind.0, key.0), &by.0, volume, protector, request);
        self.ask(py, "Receipt", |escrow| escrow.receive(upload, now))
    }

    /// The receipt of a key as it stands now, so that an agent learns when its key was verified.
    ///
    /// Raises KeyUnknownError.
    fn receipt<'py>(&self, py: Python<'py>, key: Name<KeyId>) -> PyResult<Bound<'py, PyAny>> {
        self.ask(py, "Receipt", |escrow| escrow.receipt(&key.0))
    }
}
