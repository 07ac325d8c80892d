//! How is a key sealed, looked at and opened in Python?

use fdescrow::{
    Digest, Kind,
    envelope::{self, Format, Limits, OpenOptions, Owner, Payload, Suite, judge, judge::Row},
};
use fdescrow_identities::SystemRandomness;
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyType};
use serde::{Deserialize, Serialize};

use crate::{
    document::{document, requested},
    failure::{Failure, detached},
    input::{Certificates, Choice, Data, Message},
    interrupt::{stoppable, until},
    key::RecoveryKey,
    keyring::Keyring,
};

/// A sealed message, CMS EnvelopedData or AuthEnvelopedData (RFC 5652, RFC 5083), whose structure was read. It is no secret.
///
/// `bytes(envelope)` is its DER.
#[pyclass(frozen, subclass, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct Envelope(envelope::Envelope);

impl Envelope {
    pub(crate) fn new(envelope: envelope::Envelope) -> Self {
        Self(envelope)
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Failure> {
        Ok(Self(envelope::Envelope::parse(bytes, &Limits::default())?))
    }

    pub(crate) fn inner(&self) -> &envelope::Envelope {
        &self.0
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    #[default]
    Auth,
    Enveloped,
    EnvelopedPkcs1v15,
}

/// A key out of a message, and what is known about it.
#[pyclass(frozen, extends = RecoveryKey, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct OpenedKey {
    /// What is known about it.
    #[pyo3(get)]
    about: Py<PyAny>,
}

#[derive(Serialize)]
struct Opened {
    kind: Kind,
    owner: Owner,
    bare: bool,
    authenticated: bool,
    bound: bool,
    certificates: Vec<envelope::Fingerprint>,
}

/// What a caller expects of a message.
pub(crate) struct Expected {
    options: OpenOptions,
}

impl Expected {
    pub(crate) fn new(
        kind: Option<Choice<Kind>>,
        suite: Option<Choice<Suite>>,
        owner: Option<&Bound<'_, PyAny>>,
        unmatched: bool,
    ) -> PyResult<Self> {
        let kind = kind.map(|Choice(kind)| kind);
        let suite = suite.map(|Choice(suite)| suite);
        let suite = suite.unwrap_or_else(|| kind.map_or(Suite::Modern, envelope::Envelope::received_suite));
        let mut options = OpenOptions::new(suite).owner(whose(owner)?);
        if let Some(kind) = kind {
            options = options.kind(kind);
        }
        Ok(Self { options: if unmatched { options.try_unmatched() } else { options } })
    }
}

fn whose(owner: Option<&Bound<'_, PyAny>>) -> PyResult<Owner> {
    owner.map_or(Ok(Owner::default()), requested)
}

#[pymethods]
impl Envelope {
    /// Reads the structure of a message in BER, DER, base64, PEM or S/MIME. No key is used.
    ///
    /// Raises EnvelopeSyntaxError; EnvelopeLimitError over 64 KiB, 32 levels or 16 recipients; EnvelopeTypeError for other
    /// CMS.
    #[classmethod]
    fn parse(_class: &Bound<'_, PyType>, data: Data) -> Result<Self, Failure> {
        Self::read(data.bytes())
    }

    /// The message as DER.
    #[getter]
    fn der(&self) -> &[u8] {
        self.0.der()
    }

    /// SHA-256 of the DER, hexadecimal, by which receipts name it.
    #[getter]
    fn digest(&self) -> String {
        Digest::of(self.0.der()).to_string()
    }

    /// What can be seen of it from outside, and which of the known certificates it names.
    #[pyo3(signature = (known=Certificates::default()))]
    fn inspect<'py>(&self, py: Python<'py>, known: Certificates) -> PyResult<Bound<'py, PyAny>> {
        let inspection = detached(py, || Ok(self.0.inspect(&known.0)))?;
        document(py, "Inspection", &inspection)
    }

    /// Opens it.
    ///
    /// `kind`: which the key must be; without it only authenticated content is released. `suite`: which algorithms may
    /// open it; where the kind is `filevault`, what a Mac writes, else the modern ones. `owner`: what the message must name
    /// where it names anybody. `unmatched`: also try keys that the message does not name.
    ///
    /// Raises EnvelopeNoRecipientError, EnvelopeSuiteError, EnvelopeKindNeededError; EnvelopeOpenError, one answer, whatever
    /// was wrong; IdentityUnavailableError, which says nothing about the message.
    #[pyo3(signature = (keyring, *, kind=None, suite=None, owner=None, unmatched=false))]
    fn open<'py>(
        &self,
        py: Python<'py>,
        keyring: &Keyring,
        kind: Option<Choice<Kind>>,
        suite: Option<Choice<Suite>>,
        owner: Option<&Bound<'py, PyAny>>,
        unmatched: bool,
    ) -> PyResult<Py<OpenedKey>> {
        let expected = Expected::new(kind, suite, owner, unmatched)?;
        let opened = detached(py, || keyring.explained(self.0.open(keyring.inner(), &expected.options)))?;
        let identity = keyring.inner().identities().get(opened.identity);
        let certificates = identity.map(|identity| identity.certificates()).unwrap_or_default();
        let about = Opened {
            kind: opened.payload.key.kind(),
            owner: opened.payload.owner,
            bare: opened.payload.bare,
            authenticated: opened.authenticated,
            bound: opened.bound,
            certificates: certificates.iter().map(envelope::Certificate::fingerprint).collect(),
        };
        let about = document(py, "Opened", &about)?.unbind();
        Py::new(py, PyClassInitializer::from(RecoveryKey::new(opened.payload.key)).add_subclass(OpenedKey { about }))
    }

    /// Seals the same content to other certificates, once it was shown to open. Options and errors as for `open` and `seal`.
    #[pyo3(signature = (keyring, to, *, kind=None, suite=None, owner=None, unmatched=false))]
    fn rewrap<'py>(
        &self,
        py: Python<'py>,
        keyring: &Keyring,
        to: Certificates,
        kind: Option<Choice<Kind>>,
        suite: Option<Choice<Suite>>,
        owner: Option<&Bound<'py, PyAny>>,
        unmatched: bool,
    ) -> PyResult<Self> {
        let expected = Expected::new(kind, suite, owner, unmatched)?;
        let rewrapped = detached(py, || {
            let to: Vec<&envelope::Certificate> = to.0.iter().collect();
            keyring.explained(self.0.rewrap(keyring.inner(), &expected.options, &to, &SystemRandomness::new()))
        })?;
        Ok(Self(rewrapped.envelope))
    }

    fn __bytes__(&self) -> &[u8] {
        self.0.der()
    }

    fn __repr__(&self) -> String {
        format!("<Envelope {} bytes sha256:{:.16}…>", self.0.der().len(), self.digest())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0.der() == self.0.der())
    }

    fn __hash__(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(Digest::of(self.0.der()).as_bytes().first_chunk::<8>().unwrap_or(&[0; 8]));
        u64::from_le_bytes(first)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Vec<u8>,))> {
        Ok((py.get_type::<Self>().getattr("parse")?, (self.0.der().to_vec(),)))
    }
}

/// Seals a key to certificates.
///
/// `owner`: whose key it is, sealed with it; an escrow opens what names its organization and the device, or is bare.
/// `bare`: the text of the key alone, for readers that expect nothing else: nothing binds it to a device. `format`: `auth`
/// (AuthEnvelopedData with AES-256-GCM), or, for readers that know no better, `enveloped` and `enveloped_pkcs1v15`.
///
/// Raises EnvelopeSealError if there is no certificate, more than 16, one twice, or one that cannot receive it;
/// EnvelopePayloadError; RandomnessUnavailableError.
#[pyfunction]
#[pyo3(signature = (key, to, *, owner=None, bare=false, format=Choice(Form::Auth)))]
pub(crate) fn seal(
    py: Python<'_>,
    key: &RecoveryKey,
    to: Certificates,
    owner: Option<&Bound<'_, PyAny>>,
    bare: bool,
    format: Choice<Form>,
) -> PyResult<Envelope> {
    let owner = whose(owner)?;
    let envelope = detached(py, || {
        let key = key.copied()?;
        let payload = match (bare, owner == Owner::default()) {
            (false, _) => Payload::new(key, owner),
            (true, true) => Payload::bare(key),
            (true, false) => return Err(Failure::misuse("a bare key has no owner sealed with it")),
        };
        let format = match format.0 {
            Form::Auth => Format::Auth,
            Form::Enveloped => Format::Enveloped,
            Form::EnvelopedPkcs1v15 => Format::EnvelopedPkcs1v15,
        };
        let to: Vec<&envelope::Certificate> = to.0.iter().collect();
        Ok(envelope::Envelope::seal(&payload, &to, format, &SystemRandomness::new())?)
    })?;
    Ok(Envelope(envelope))
}

/// A row of a table that is not the library's.
pub(crate) struct Judged {
    envelope: Message,
    kind: Kind,
    owner: Owner,
}

impl FromPyObject<'_, '_> for Judged {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let owner = object.getattr("owner")?;
        let owner = if owner.is_none() { Owner::default() } else { requested(&owner)? };
        let kind: Choice<Kind> = object.getattr("kind")?.extract()?;
        Ok(Self { envelope: object.getattr("envelope")?.extract()?, kind: kind.0, owner })
    }
}

/// Opens a message, in any spelling: `Envelope.parse` and `Envelope.open`, with their options and errors.
#[pyfunction]
#[pyo3(signature = (message, keyring, *, kind=None, suite=None, owner=None, unmatched=false))]
pub(crate) fn open<'py>(
    py: Python<'py>,
    message: Message,
    keyring: &Keyring,
    kind: Option<Choice<Kind>>,
    suite: Option<Choice<Suite>>,
    owner: Option<&Bound<'py, PyAny>>,
    unmatched: bool,
) -> PyResult<Py<OpenedKey>> {
    message.envelope()?.open(py, keyring, kind, suite, owner, unmatched)
}

/// What can be seen of a message from outside, and which of the known certificates it names: `Envelope.parse` and
/// `Envelope.inspect`, with their errors.
#[pyfunction]
#[pyo3(signature = (message, known=Certificates::default()))]
pub(crate) fn inspect<'py>(py: Python<'py>, message: Message, known: Certificates) -> PyResult<Bound<'py, PyAny>> {
    message.envelope()?.inspect(py, known)
}

/// Judges some rows: `fdescrow.judge` takes as many as there are, a few at a time.
///
/// Without a suite, each is opened with what the senders of its kind write.
#[pyfunction]
#[pyo3(signature = (rows, keyring, suite))]
pub(crate) fn judge_rows<'py>(
    py: Python<'py>,
    rows: Vec<Judged>,
    keyring: &Keyring,
    suite: Option<Choice<Suite>>,
) -> PyResult<Bound<'py, PyAny>> {
    let suite_of = |row: &Judged| match &suite {
        Some(Choice(suite)) => *suite,
        None => envelope::Envelope::received_suite(row.kind),
    };
    let verdicts = stoppable(py, |stop| {
        let keys = until(keyring.inner(), stop);
        let mut verdicts = Vec::new();
        for alike in rows.chunk_by(|one, other| suite_of(one) == suite_of(other)) {
            let rows = alike.iter().map(|row| Row::new(row.envelope.bytes(), row.kind).owner(row.owner.clone()));
            let judged: Vec<Row<'_>> = rows.collect();
            let Some(first) = alike.first() else { continue };
            verdicts.extend(judge(&judged, &keys, suite_of(first), &SystemRandomness::new()));
        }
        Ok(verdicts)
    })?;
    keyring.interrupted()?;
    document(py, "list[Verdict]", &verdicts)
}

#[pymethods]
impl OpenedKey {
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("a recovery key is not pickled or copied"))
    }
}
