//! What does Python hand over, and what is it to the library?
//!
//! Python's people hold `bytes`, texts, paths, open files, objects of `cryptography` and `plistlib` dicts: each is taken as
//! it is. A wrong type is a `TypeError`, a wrong value an exception with a code.

use std::{
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use fdescrow::{ErrorCode, Secret, Timestamp, envelope::Certificate};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyByteArray, PyBytes, PyMemoryView, PyString, PyType},
};
use serde::{de::DeserializeOwned, de::value::StrDeserializer};

use crate::{certificate, envelope, failure::Failure, secret};

/// The largest file that is read, in bytes. The limits of what is in it are core's, and far lower.
const FILE_LIMIT: usize = 16 << 20;

/// A name or id.
#[derive(Debug)]
pub(crate) struct Name<T>(pub(crate) T);

impl<T: FromStr> FromPyObject<'_, '_> for Name<T>
where
    Failure: From<T::Err>,
{
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = object.cast::<PyString>()?;
        let text = text.to_cow()?;
        Ok(Self(text.parse().map_err(Failure::from)?))
    }
}

/// A word of a list: a member of one of the enums, or its text.
#[derive(Debug)]
pub(crate) struct Choice<T>(pub(crate) T);

impl<T: DeserializeOwned> FromPyObject<'_, '_> for Choice<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = object.cast::<PyString>()?;
        let text = text.to_cow()?;
        let read = T::deserialize(StrDeserializer::<serde::de::value::Error>::new(&text));
        Ok(Self(read.map_err(|error| Failure::new(ErrorCode::Misuse, error))?))
    }
}

/// A time: an aware `datetime`. A naive one is refused: nobody can tell which moment it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl FromPyObject<'_, '_> for Moment {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let class = CLASS.import(object.py(), "datetime", "datetime")?;
        if !object.is_instance(class)? {
            return Err(PyTypeError::new_err("a time is an aware datetime.datetime"));
        }
        if object.call_method0("utcoffset")?.is_none() {
            return Err(Failure::misuse("a time needs its zone: give an aware datetime").into());
        }
        let seconds: f64 = object.call_method0("timestamp")?.extract()?;
        #[expect(clippy::cast_possible_truncation, reason = "datetime has no years over 9999")]
        let seconds = seconds.floor() as i64;
        Ok(Self(Timestamp::from_unix_seconds(seconds).map_err(Failure::from)?))
    }
}

/// The time that a call was given, or that of the system.
pub(crate) fn moment(now: Option<Moment>) -> PyResult<Timestamp> {
    match now {
        Some(Moment(now)) => Ok(now),
        None => Ok(clock()?),
    }
}

fn clock() -> Result<Timestamp, Failure> {
    let unset = || Failure::new(ErrorCode::TimeOutOfRange, "the clock of this machine is not set");
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| unset())?;
    let seconds = i64::try_from(elapsed.as_secs()).map_err(|_| unset())?;
    Ok(Timestamp::from_unix_seconds(seconds)?)
}

/// Bytes of a file or message, wherever they are; wiped afterwards, because nobody has looked yet whether they are a secret.
#[derive(Debug)]
pub(crate) struct Data(Secret<[u8]>);

impl Data {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    pub(crate) fn secret(&self) -> &Secret<[u8]> {
        &self.0
    }

    pub(crate) fn text(&self) -> Result<&str, Failure> {
        std::str::from_utf8(self.bytes()).map_err(|_| Failure::new(ErrorCode::NotUtf8, "the text is not UTF-8"))
    }

    fn copy(bytes: &[u8]) -> Self {
        Self(Secret::<[u8]>::copy_from(bytes))
    }
}

impl FromPyObject<'_, '_> for Data {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::copy(bytes.as_bytes()));
        }
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Self::copy(text.to_cow()?.as_bytes()));
        }
        if let Ok(bytes) = object.cast::<PyByteArray>() {
            return Ok(Self(Secret::<[u8]>::from_vec(bytes.to_vec())));
        }
        let py = object.py();
        if object.is_instance(secret::class(py)?)? {
            return secret::take(&object).map(Self);
        }
        if object.hasattr("__fspath__")? {
            let file = py.import("io")?.call_method1("open", (object, "rb"))?;
            let read = read(&file);
            file.call_method0("close")?;
            return read;
        }
        if object.hasattr("read")? {
            return read(&object);
        }
        match PyMemoryView::from(&object) {
            Ok(view) => Self::extract(view.call_method0("tobytes")?.as_any().as_borrowed()),
            Err(_) => Err(PyTypeError::new_err(format!(
                "bytes, text, a path or an open file is needed, not {}",
                object.get_type().name()?
            ))),
        }
    }
}

fn read(file: &Bound<'_, PyAny>) -> PyResult<Data> {
    let content = file.call_method1("read", (FILE_LIMIT.saturating_add(1),))?;
    if !(content.is_instance_of::<PyBytes>() || content.is_instance_of::<PyString>()) {
        return Err(PyTypeError::new_err("the file gave neither bytes nor text"));
    }
    let data: Data = content.extract()?;
    if data.bytes().len() > FILE_LIMIT {
        return Err(Failure::misuse("the file is larger than 16 MiB: it is none of those that are read here").into());
    }
    Ok(data)
}

/// A sealed message, in any spelling; one that was read already is taken as it is.
#[derive(Debug)]
pub(crate) enum Message {
    Data(Data),
    Read(Py<envelope::Envelope>),
}

impl Message {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Data(data) => data.bytes(),
            Self::Read(envelope) => envelope.get().inner().der(),
        }
    }

    /// Its structure, read.
    pub(crate) fn envelope(self) -> Result<envelope::Envelope, Failure> {
        envelope::Envelope::read(self.bytes())
    }
}

impl FromPyObject<'_, '_> for Message {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.cast::<envelope::Envelope>() {
            Ok(envelope) => Ok(Self::Read(envelope.to_owned().unbind())),
            Err(_) => object.extract().map(Self::Data),
        }
    }
}

/// A secret text that a person or program gives: a `Secret`, bytes or `str`.
#[derive(Debug)]
pub(crate) struct SecretText(pub(crate) Secret<str>);

impl FromPyObject<'_, '_> for SecretText {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let data: Data = object.extract()?;
        Ok(Self(secret::text(data.secret())?))
    }
}

/// Certificates: one or several, of this library or of `cryptography`, as PEM or DER, in a file.
#[derive(Debug, Default)]
pub(crate) struct Certificates(pub(crate) Vec<Certificate>);

impl FromPyObject<'_, '_> for Certificates {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Some(one) = one_certificate(object)? {
            return Ok(Self(one));
        }
        let mut all = Vec::new();
        for item in object.try_iter()? {
            let item = item?;
            match one_certificate(item.as_borrowed())? {
                Some(read) => all.extend(read),
                None => {
                    return Err(PyTypeError::new_err(
                        "a certificate is a Certificate, PEM, DER or one of cryptography",
                    ));
                }
            }
        }
        Ok(Self(all))
    }
}

fn one_certificate(object: Borrowed<'_, '_, PyAny>) -> PyResult<Option<Vec<Certificate>>> {
    if let Ok(certificate) = object.cast::<certificate::Certificate>() {
        return Ok(Some(vec![certificate.get().0.clone()]));
    }
    let py = object.py();
    if object.hasattr("public_bytes")? {
        let encoding =
            py.import("cryptography.hazmat.primitives.serialization")?.getattr("Encoding")?.getattr("DER")?;
        let der = object.call_method1("public_bytes", (encoding,))?;
        let data: Data = der.extract()?;
        return Ok(Some(vec![Certificate::parse(data.bytes()).map_err(Failure::from)?]));
    }
    let is_data = object.is_instance_of::<PyBytes>()
        || object.is_instance_of::<PyString>()
        || object.is_instance_of::<PyByteArray>()
        || object.is_instance_of::<PyMemoryView>()
        || object.hasattr("__fspath__")?
        || object.hasattr("read")?;
    if !is_data {
        return Ok(None);
    }
    let data: Data = object.extract()?;
    Ok(Some(Certificate::parse_all(data.bytes()).map_err(Failure::from)?))
}

/// One certificate.
#[derive(Debug)]
pub(crate) struct OneCertificate(pub(crate) Certificate);

impl FromPyObject<'_, '_> for OneCertificate {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let Certificates(all) = object.extract()?;
        let mut all = all.into_iter();
        match (all.next(), all.next()) {
            (Some(one), None) => Ok(Self(one)),
            _ => Err(Failure::misuse("exactly one certificate is needed").into()),
        }
    }
}
