//! What is a certificate in Python?

use fdescrow::{
    Timestamp,
    envelope::{self, NewCertificate, private_key::KeyAlgorithm},
};
use fdescrow_identities::SystemRandomness;
use pyo3::{prelude::*, types::PyType};
use serde::Serialize;

use crate::{
    document::document,
    failure::{Failure, detached},
    input::{Data, Moment},
    secret,
};

/// An X.509 certificate: whom keys are sealed to.
///
/// Everything that takes one also takes PEM, DER, a path, or a certificate of the package `cryptography`.
#[pyclass(frozen, eq, hash, module = "fdescrow")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Certificate(pub(crate) envelope::Certificate);

impl std::hash::Hash for Certificate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.der().hash(state);
    }
}

#[derive(Serialize)]
struct Described {
    fingerprint: envelope::Fingerprint,
    subject: String,
    issuer: String,
    not_before: Timestamp,
    not_after: Timestamp,
    key: String,
}

#[pymethods]
impl Certificate {
    /// Reads one certificate: DER, PEM or base64, in bytes, text, a path or an open file.
    ///
    /// Raises CertificateSyntaxError.
    #[classmethod]
    fn parse(_class: &Bound<'_, PyType>, data: Data) -> Result<Self, Failure> {
        Ok(Self(envelope::Certificate::parse(data.bytes())?))
    }

    /// Reads PEM with any number of certificates, or DER or base64 of one.
    ///
    /// Raises CertificateSyntaxError.
    #[classmethod]
    fn parse_all(_class: &Bound<'_, PyType>, data: Data) -> Result<Vec<Self>, Failure> {
        Ok(envelope::Certificate::parse_all(data.bytes())?.into_iter().map(Self).collect())
    }

    /// Makes an escrow certificate, and its private key as PKCS#8 in PEM.
    ///
    /// `subject` is as RFC 4514 writes it: `CN=Escrow 2026,O=Example`. `algorithm`: `rsa-2048` is what FileVault needs;
    /// `rsa-3072`, `rsa-4096`, `p-256`, `p-384`.
    ///
    /// Raises CertificateUnsuitableError for a subject or dates that cannot be, MisuseError for another algorithm,
    /// RandomnessUnavailableError.
    #[classmethod]
    #[pyo3(signature = (subject, *, not_before, not_after, algorithm="rsa-2048"))]
    fn generate<'py>(
        _class: &Bound<'py, PyType>,
        py: Python<'py>,
        subject: &str,
        not_before: Moment,
        not_after: Moment,
        algorithm: &str,
    ) -> PyResult<(Self, Bound<'py, PyAny>)> {
        let algorithm: KeyAlgorithm = algorithm.parse().map_err(|_| {
            Failure::misuse("no such key algorithm: rsa-2048, rsa-3072, rsa-4096, p-256 and p-384 are known")
        })?;
        let (certificate, pem) = detached(py, || {
            let (certificate, key) = NewCertificate::new(subject, algorithm, not_before.0, not_after.0)?
                .generate(&SystemRandomness::new())?;
            Ok((certificate, key.to_pkcs8_pem()))
        })?;
        Ok((Self(certificate), secret::give(py, pem.expose().as_bytes())?))
    }

    /// SHA-256 of the DER, hexadecimal: how everything here names a certificate.
    #[getter]
    fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }

    /// The subject, as RFC 4514 writes it.
    #[getter]
    fn subject(&self) -> String {
        self.0.subject()
    }

    /// The certificate as DER.
    #[getter]
    fn der(&self) -> &[u8] {
        self.0.der()
    }

    /// The certificate as PEM.
    fn to_pem(&self) -> String {
        self.0.to_pem()
    }

    /// What it says: fingerprint, subject, issuer, dates, key.
    fn describe<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let described = Described {
            fingerprint: self.0.fingerprint(),
            subject: self.0.subject(),
            issuer: self.0.issuer(),
            not_before: self.0.not_before(),
            not_after: self.0.not_after(),
            key: self.0.public_key().description(),
        };
        document(py, "CertificateDescription", &described)
    }

    /// The certificate as the package `cryptography` has it, which must be installed.
    fn to_cryptography<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("cryptography.x509")?.call_method1("load_der_x509_certificate", (self.der(),))
    }

    fn __bytes__(&self) -> &[u8] {
        self.0.der()
    }

    fn __repr__(&self) -> String {
        format!("<Certificate {} sha256:{:.16}…>", self.0.subject(), self.fingerprint())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Vec<u8>,))> {
        Ok((py.get_type::<Self>().getattr("parse")?, (self.0.der().to_vec(),)))
    }
}
