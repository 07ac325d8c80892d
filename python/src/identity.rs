//! How does a private key answer whose operation is Python code?

use std::sync::{Arc, Mutex, PoisonError};

use fdescrow::{
    Secret,
    envelope::{
        HashAlgorithm, KeyAlgorithm, PublicKey, RsaPublicKey, Unavailable,
        identity::{PeerPoint, RawEcdh, RawRsa, UnpaddingRsa},
    },
};
use pyo3::{
    exceptions::{PyException, PyValueError},
    prelude::*,
    types::{PyBytes, PyTuple},
};
use serde::Deserialize;

use crate::failure::Failure;

/// What the Python code of a key raised last: the reason why it could not be reached.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    last: Mutex<Option<PyErr>>,
    /// Of the keyrings that this one was made of.
    others: Vec<Arc<Self>>,
}

impl Troubles {
    fn put(&self, raised: PyErr) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
    }

    pub(crate) fn take(&self) -> Option<PyErr> {
        let own = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
        own.or_else(|| self.others.iter().find_map(|other| other.take()))
    }

    /// Ctrl-C and its like are no answer of a key: they go on to whoever called.
    pub(crate) fn interrupted(&self) -> PyResult<()> {
        match self.take() {
            Some(raised) if Python::attach(|py| !raised.is_instance_of::<PyException>(py)) => Err(raised),
            _ => Ok(()),
        }
    }

    pub(crate) fn joined(self: &Arc<Self>, other: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { last: Mutex::default(), others: vec![Arc::clone(self), Arc::clone(other)] })
    }
}

/// A padding that a device takes off by itself.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Padding {
    OaepSha1,
    OaepSha256,
    Pkcs1v15,
}

impl Padding {
    fn of(algorithm: &KeyAlgorithm) -> Option<Self> {
        match algorithm {
            KeyAlgorithm::RsaPkcs1v15 => Some(Self::Pkcs1v15),
            KeyAlgorithm::RsaOaep { hash, mgf, label } if label.is_empty() && hash == mgf => match hash {
                HashAlgorithm::Sha1 => Some(Self::OaepSha1),
                HashAlgorithm::Sha256 => Some(Self::OaepSha256),
                _ => None,
            },
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::OaepSha1 => "oaep_sha1",
            Self::OaepSha256 => "oaep_sha256",
            Self::Pkcs1v15 => "pkcs1v15",
        }
    }
}

/// A callable that does a private operation.
#[derive(Debug)]
struct Operation {
    call: Py<PyAny>,
    troubles: Arc<Troubles>,
}

impl Operation {
    /// What it answers; nothing where it refused the input.
    fn ask(
        &self,
        arguments: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyTuple>>,
    ) -> Result<Option<Secret<[u8]>>, Unavailable> {
        Python::attach(|py| {
            let answered = arguments(py).and_then(|arguments| self.call.bind(py).call1(arguments)).and_then(|answer| {
                let answer: Option<crate::input::Data> = answer.extract()?;
                Ok(answer.map(|answer| Secret::<[u8]>::copy_from(answer.bytes())))
            });
            answered.or_else(|raised| {
                if raised.is_instance_of::<PyValueError>(py) {
                    return Ok(None);
                }
                self.troubles.put(raised);
                Err(Unavailable::new())
            })
        })
    }
}

/// An RSA key of Python's.
#[derive(Debug)]
pub(crate) struct PythonRsa {
    operation: Operation,
    public_key: RsaPublicKey,
    unpads: Vec<Padding>,
}

/// A key agreement of Python's.
#[derive(Debug)]
pub(crate) struct PythonEcdh {
    operation: Operation,
    public_key: PublicKey,
}

/// What callables can be made into.
pub(crate) enum PythonKey {
    Raw(PythonRsa),
    Unpadding(PythonRsa),
    Agreement(PythonEcdh),
}

impl PythonKey {
    /// `calls`: raw_private, decrypt, agree, of which one is given.
    pub(crate) fn new(
        public_key: &PublicKey,
        calls: [Option<Py<PyAny>>; 3],
        unpads: Vec<Padding>,
        troubles: &Arc<Troubles>,
    ) -> Result<Self, Failure> {
        let operation = |call| Operation { call, troubles: Arc::clone(troubles) };
        match (public_key, calls) {
            (PublicKey::Rsa(key), [Some(call), None, None]) => {
                Ok(Self::Raw(PythonRsa { operation: operation(call), public_key: key.clone(), unpads }))
            }
            (PublicKey::Rsa(_), [None, Some(_), None]) if unpads.is_empty() => {
                Err(Failure::misuse("a `decrypt` takes off no padding: give `unpads`"))
            }
            (PublicKey::Rsa(key), [None, Some(call), None]) => {
                Ok(Self::Unpadding(PythonRsa { operation: operation(call), public_key: key.clone(), unpads }))
            }
            (PublicKey::P256(_) | PublicKey::P384(_), [None, None, Some(call)]) => {
                Ok(Self::Agreement(PythonEcdh { operation: operation(call), public_key: public_key.clone() }))
            }
            _ => Err(Failure::misuse(
                "exactly one of raw_private, decrypt (RSA) and agree (P-256, P-384) is given, as the certificate needs it",
            )),
        }
    }
}

impl RawRsa for PythonRsa {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn raw_private(&self, input: &[u8]) -> Result<Secret<[u8]>, Unavailable> {
        let answer = self.operation.ask(|py| PyTuple::new(py, [PyBytes::new(py, input)]))?;
        match answer {
            // Zeros are no padding; some devices refuse 0, 1 and n - 1.
            None => Ok(Secret::filled(input.len(), |_| ())),
            Some(answer) if answer.len() == input.len() => Ok(answer),
            // As many octets as the modulus has: nothing else is the answer of this key.
            Some(_) => Err(Unavailable::new()),
        }
    }
}

impl UnpaddingRsa for PythonRsa {
    fn public_key(&self) -> &RsaPublicKey {
        &self.public_key
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        Padding::of(algorithm).is_some_and(|padding| self.unpads.contains(&padding))
    }

    fn decrypt(
        &self,
        algorithm: &KeyAlgorithm,
        ciphertext: &[u8],
        length: usize,
    ) -> Result<Option<Secret<[u8]>>, Unavailable> {
        let Some(padding) = Padding::of(algorithm) else { return Ok(None) };
        self.operation.ask(|py| (padding.as_str(), PyBytes::new(py, ciphertext), length).into_pyobject(py))
    }
}

impl RawEcdh for PythonEcdh {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn agree(&self, point: &[u8]) -> Result<Option<Secret<[u8]>>, Unavailable> {
        // Looked at here, too: a device that does not would tell about its key with points that are on no curve.
        let Some(peer) = PeerPoint::on_the_curve_of(&self.public_key, point) else { return Ok(None) };
        self.operation.ask(|py| PyTuple::new(py, [PyBytes::new(py, &peer.sec1)]))
    }
}
