//! Which private keys may a call use?

use std::sync::Arc;

use fdescrow::{
    ErrorCode,
    envelope::{
        self, Bundle, Identity, PrivateKey,
        identity::{EcIdentity, RejectionSecret, RsaIdentity, UnpaddingIdentity},
        private_key::{IdentityError, pair},
    },
};
use fdescrow_identities::SystemRandomness;
use pyo3::{prelude::*, types::PyType};

use crate::{
    failure::{Failure, detached},
    identity::{Padding, PythonKey, Troubles},
    input::{Certificates, Choice, Data, SecretText},
};

/// Identities: private keys with their certificates. A keyring does not change; `+` makes one of two.
///
/// A message names the certificate that it is sealed to, so that a key without one opens only what is opened `unmatched`.
#[pyclass(frozen, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct Keyring {
    inner: envelope::Keyring,
    troubles: Arc<Troubles>,
}

impl Keyring {
    pub(crate) fn inner(&self) -> &envelope::Keyring {
        &self.inner
    }

    /// What a call with these keys came to; where one could not be reached, with what its Python code raised.
    pub(crate) fn explained<T, E>(&self, outcome: Result<T, E>) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        outcome.map_err(|error| {
            let failure = Failure::from(error);
            match failure.code() {
                ErrorCode::IdentityUnavailable => failure.because(self.troubles.take()),
                _ => failure,
            }
        })
    }

    /// Goes on with what interrupted the Python code of an identity, if anything did.
    pub(crate) fn interrupted(&self) -> PyResult<()> {
        self.troubles.interrupted()
    }

    fn with(identities: Vec<Arc<dyn Identity>>, troubles: Arc<Troubles>) -> Self {
        let inner = identities.into_iter().fold(envelope::Keyring::new(), envelope::Keyring::with);
        Self { inner, troubles }
    }
}

#[pymethods]
impl Keyring {
    /// A keyring without a key, which opens nothing.
    #[new]
    fn new() -> Self {
        Self::with(Vec::new(), Arc::default())
    }

    /// Reads the private keys of a file: PEM, DER, PKCS#1, SEC 1, PKCS#8 (encrypted or not), PKCS#12; or takes a private key
    /// of the package `cryptography`.
    ///
    /// `password`: of an encrypted file. `certificates`: those of the keys, beside those in the file.
    ///
    /// Raises IdentitySyntaxError, IdentityPasswordError, IdentityMismatchError, IdentityUnsupportedError.
    #[classmethod]
    #[pyo3(signature = (file, *, password=None, certificates=Certificates::default()))]
    fn parse(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        file: &Bound<'_, PyAny>,
        password: Option<SecretText>,
        certificates: Certificates,
    ) -> PyResult<Self> {
        let file = private_key(file)?;
        let identities = detached(py, || {
            let mut bundle = Bundle::parse(file.bytes(), password.as_ref().map(|SecretText(password)| password))?;
            bundle.certificates.extend(certificates.0);
            let mut identities = Vec::new();
            for (key, own) in pair([bundle])? {
                identities.push(identity(key, own)?);
            }
            if identities.is_empty() {
                return Err(IdentityError::Syntax("there is no private key in the input").into());
            }
            Ok(identities)
        })?;
        Ok(Self::with(identities, Arc::default()))
    }

    /// A key in an HSM or key service, whose private operation is a callable of yours. It is tried once with a message made
    /// for it.
    ///
    /// `certificates`: those made for it, of which the first tells its public key. Exactly one of:
    /// `raw_private(input: bytes) -> bytes`, the bare RSA private operation (RFC 8017 §5.1.2): the library then takes the
    /// padding off in constant time; give this if you can.
    /// `decrypt(padding: str, ciphertext: bytes, length: int) -> bytes`, RSA decryption with the padding taken off, and
    /// `unpads`, which paddings it takes off: `pkcs1v15`, which a Mac's own envelopes need, `oaep_sha256`, `oaep_sha1`.
    /// `length` is how long the key of this message is.
    /// `agree(point: bytes) -> bytes`, the bare key agreement of P-256 or P-384: the x-coordinate of the private key times
    /// an uncompressed SEC 1 point.
    ///
    /// A callable raises ConnectionError, or another exception, where the key cannot be reached: nothing is then believed
    /// about any message. It raises ValueError or returns None where the key was reached and did not take the input. It is
    /// called from any thread, several at a time.
    ///
    /// Raises IdentityUnavailableError if the key did not answer, or wrongly; MisuseError if not exactly one is given, as
    /// the certificate needs it.
    #[classmethod]
    #[pyo3(signature = (certificates, *, raw_private=None, decrypt=None, unpads=Vec::new(), agree=None))]
    fn custom(
        _class: &Bound<'_, PyType>,
        py: Python<'_>,
        certificates: Certificates,
        raw_private: Option<Py<PyAny>>,
        decrypt: Option<Py<PyAny>>,
        unpads: Vec<Choice<Padding>>,
        agree: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let all = certificates.0;
        let first = all.first().ok_or_else(|| Failure::misuse("an identity needs its certificate"))?;
        let public_key = first.public_key().clone();
        let own: Vec<_> = all.iter().filter(|certificate| *certificate.public_key() == public_key).cloned().collect();
        let troubles = Arc::new(Troubles::default());
        let unpads = unpads.into_iter().map(|Choice(padding)| padding).collect();
        let key = PythonKey::new(&public_key, [raw_private, decrypt, agree], unpads, &troubles)?;
        let outcome = detached(py, || {
            let rng = SystemRandomness::new();
            let rejection = RejectionSecret::random(&rng)?;
            let identity: Arc<dyn Identity> = match key {
                PythonKey::Raw(key) => Arc::new(RsaIdentity::new(key, own, rejection)),
                PythonKey::Unpadding(key) => Arc::new(UnpaddingIdentity::new(key, own, rejection)),
                PythonKey::Agreement(key) => Arc::new(EcIdentity::new(key, own, rejection)),
            };
            match envelope::canary::answers(identity.as_ref(), &rng) {
                Ok(()) => Ok(identity),
                Err(unavailable) => Err(Failure::from(unavailable).because(troubles.take())),
            }
        });
        Ok(Self::with(vec![outcome?], troubles))
    }

    /// The certificates of its keys.
    fn certificates(&self) -> Vec<crate::certificate::Certificate> {
        let identities = self.inner.identities().iter();
        let all = identities.flat_map(|identity| identity.certificates()).cloned();
        all.map(crate::certificate::Certificate).collect()
    }

    fn __add__(&self, other: &Self) -> Self {
        let both = self.inner.identities().iter().chain(other.inner.identities()).cloned();
        Self::with(both.collect(), self.troubles.joined(&other.troubles))
    }

    fn __len__(&self) -> usize {
        self.inner.identities().len()
    }

    fn __repr__(&self) -> String {
        format!("<Keyring of {} [redacted]>", self.__len__())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(pyo3::exceptions::PyTypeError::new_err("a keyring is not pickled or copied"))
    }
}

/// A file of private keys, or a private key of `cryptography`.
fn private_key(file: &Bound<'_, PyAny>) -> PyResult<Data> {
    if !file.hasattr("private_bytes")? {
        return file.extract();
    }
    let forms = file.py().import("cryptography.hazmat.primitives.serialization")?;
    let (encoding, format) =
        (forms.getattr("Encoding")?.getattr("DER")?, forms.getattr("PrivateFormat")?.getattr("PKCS8")?);
    file.call_method1("private_bytes", (encoding, format, forms.call_method0("NoEncryption")?))?.extract()
}

#[cfg(feature = "aws-lc")]
fn identity(key: PrivateKey, certificates: Vec<envelope::Certificate>) -> Result<Arc<dyn Identity>, IdentityError> {
    fdescrow_identities::aws_lc_identity(key, certificates)
}

#[cfg(not(feature = "aws-lc"))]
fn identity(key: PrivateKey, certificates: Vec<envelope::Certificate>) -> Result<Arc<dyn Identity>, IdentityError> {
    Ok(envelope::identity::software_identity(key, certificates, Arc::new(SystemRandomness::new())))
}
