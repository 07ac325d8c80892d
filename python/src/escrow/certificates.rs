//! How does an escrow certificate end, in Python?

use fdescrow::{Actor, envelope::Fingerprint};
use pyo3::prelude::*;

use super::Escrow;
use crate::{
    certificate::Certificate,
    input::{Moment, Name},
};

/// A certificate by its fingerprint, or itself.
#[derive(Debug)]
struct Named(Fingerprint);

impl FromPyObject<'_, '_> for Named {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.cast::<Certificate>() {
            Ok(certificate) => Ok(Self(certificate.get().0.fingerprint())),
            Err(_) => Ok(Self(object.extract::<Name<Fingerprint>>()?.0)),
        }
    }
}

#[pymethods]
impl Escrow {
    /// The certificates that keys were ever sealed to.
    fn registered_certificates<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.ask(py, "list[RegisteredCertificate]", fdescrow::Escrow::registered_certificates)
    }

    /// How many envelopes in use are sealed to a certificate, by its fingerprint.
    fn live_references(&self, py: Python<'_>, certificate: Named) -> PyResult<u64> {
        self.run(py, |escrow| escrow.live_references(&certificate.0))
    }

    /// No key is sealed to a certificate any more. It stays known, and one that comes late brings it back.
    ///
    /// Raises CertificateInUseError; KeyUnknownError if no key was ever sealed to it; RecoveryReasonMissingError.
    #[pyo3(signature = (certificate, *, by, reason, now=None))]
    fn retire_certificate(
        &self,
        py: Python<'_>,
        certificate: Named,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.retire_certificate(&certificate.0, &by.0, reason, now))
    }

    /// The private key of a certificate is in other hands. Mark its keys with `expose_keys`. Errors as for
    /// `retire_certificate`.
    #[pyo3(signature = (certificate, *, by, reason, now=None))]
    fn compromise_certificate(
        &self,
        py: Python<'_>,
        certificate: Named,
        by: Name<Actor>,
        reason: &str,
        now: Option<Moment>,
    ) -> PyResult<()> {
        let now = self.now(py, now)?;
        self.run(py, |escrow| escrow.compromise_certificate(&certificate.0, &by.0, reason, now))
    }

    /// Marks the keys that were ever sealed to a certificate as exposed, as far as the list is read, and lists their ids.
    #[pyo3(signature = (certificate, *, by, now=None))]
    fn expose_keys<'py>(
        &self,
        py: Python<'py>,
        certificate: Named,
        by: Name<Actor>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.listing(py, "list[str]", now, move |escrow, page, now| {
            escrow.expose_keys(&certificate.0, page, &by.0, now)
        })
    }
}
