//! How does a key live, from its arrival to its release, in Python?
//!
//! One method for each of core's `Escrow`, with its name. What is asked of the store or of a private key runs while other
//! threads of Python run.

mod audit;
mod certificates;
mod check;
mod devices;
mod receive;
mod recoveries;
mod reports;
mod retention;
mod reveal;
mod rewrap;
mod rotations;

pub(crate) use reveal::{RevealedEnvelope, RevealedKey};
pub(crate) use rotations::Answer;

use std::sync::{Arc, PoisonError, RwLock};

use fdescrow::{
    Organization, Timestamp,
    audit::MacKey,
    escrow::{Page, Paged, UploadLimits},
    policy::{DefaultPolicy, PolicySource},
};
use fdescrow_identities::SystemRandomness;
use pyo3::{prelude::*, sync::PyOnceLock, types::PyCFunction};
use serde::Serialize;

use crate::{
    certificate::Certificate,
    document::document,
    failure::{Failure, detached},
    input::{Certificates, Data, Moment, Name, moment},
    policy::PolicyArgument,
    store::Store,
};

/// The recovery keys of one organization, over a store. Used from several threads at once.
///
/// `policies`: the policy that devices are judged by; without it the defaults hold. `certificates`: the first is primary: keys
/// that arrive in clear are sealed to it, and profiles carry it; the others are those that were used before. `mac_key`: 32
/// bytes that authenticate the audit and are kept where the store is not. `keys_per_day` and `entries_per_day`: how much one
/// device may send. `clock`: a callable that gives the time, an aware datetime; without it the system's. A `now` that is given
/// to a method goes before it.
///
/// Raises IdInvalidError, MacKeySyntaxError. The store is not called.
#[pyclass(frozen, module = "fdescrow")]
#[derive(Debug)]
pub(crate) struct Escrow {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    escrow: fdescrow::Escrow,
    policies: Arc<Policies>,
    clock: Option<Py<PyAny>>,
    /// Whether the store is Python code, which may belong to the thread that calls.
    store_is_python: bool,
}

/// Policies that may be exchanged while the escrow runs.
#[derive(Debug)]
struct Policies(RwLock<Arc<dyn PolicySource>>);

impl PolicySource for Policies {
    fn policy(&self, group: Option<&str>) -> Arc<fdescrow::Policy> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).policy(group)
    }
}

fn source(policies: Option<PolicyArgument>) -> Arc<dyn PolicySource> {
    match policies {
        Some(PolicyArgument(document)) => document,
        None => Arc::new(DefaultPolicy::new()),
    }
}

impl Inner {
    fn now(&self, py: Python<'_>, now: Option<Moment>) -> PyResult<Timestamp> {
        match (now, &self.clock) {
            (None, Some(clock)) => Ok(clock.bind(py).call0()?.extract::<Moment>()?.0),
            (now, _) => moment(now),
        }
    }
}

impl Escrow {
    fn now(&self, py: Python<'_>, now: Option<Moment>) -> PyResult<Timestamp> {
        self.inner.now(py, now)
    }

    /// Does something.
    fn run<T: Send, E>(
        &self,
        py: Python<'_>,
        body: impl FnOnce(&fdescrow::Escrow) -> Result<T, E> + Send,
    ) -> PyResult<T>
    where
        Failure: From<E>,
    {
        detached(py, || Ok(body(&self.inner.escrow)?))
    }

    /// Asks something, and answers with an object of this class.
    fn ask<'py, T: Serialize + Send, E>(
        &self,
        py: Python<'py>,
        class: &str,
        body: impl FnOnce(&fdescrow::Escrow) -> Result<T, E> + Send,
    ) -> PyResult<Bound<'py, PyAny>>
    where
        Failure: From<E>,
    {
        document(py, class, &self.run(py, body)?)
    }

    /// A list that is read a page at a time.
    fn listing<'py, T: Serialize + Send>(
        &self,
        py: Python<'py>,
        class: &'static str,
        now: Option<Moment>,
        read: impl Fn(&fdescrow::Escrow, &Page, Timestamp) -> Result<Paged<T>, fdescrow::Error> + Send + Sync + 'static,
    ) -> PyResult<Bound<'py, PyAny>> {
        static LISTING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let inner = Arc::clone(&self.inner);
        let page = PyCFunction::new_closure(py, Some(c"page"), None, move |arguments, _| -> PyResult<Py<PyAny>> {
            let py = arguments.py();
            let (after, limit): (Option<String>, Option<u32>) = arguments.extract()?;
            let page = page(after.as_deref(), limit)?;
            let now = inner.now(py, now)?;
            let paged = detached(py, || Ok(read(&inner.escrow, &page, now)?))?;
            let next = paged.next.as_ref().map(ToString::to_string);
            let page = (document(py, class, &paged.items)?, paged.unreadable, next);
            Ok(page.into_pyobject(py)?.into_any().unbind())
        })?;
        let listing =
            LISTING.get_or_try_init(py, || py.import("fdescrow.listing")?.getattr("Listing").map(Bound::unbind))?;
        listing.bind(py).call1((page,))
    }
}

fn page(after: Option<&str>, limit: Option<u32>) -> Result<Page, Failure> {
    let mut page = Page::first();
    if let Some(after) = after {
        page = page.after(after.parse()?);
    }
    Ok(match limit {
        Some(limit) => page.limit(limit),
        None => page,
    })
}

#[pymethods]
impl Escrow {
    #[new]
    #[pyo3(signature = (
        store, organization, *, policies=None, certificates=Certificates::default(), mac_key=None, keys_per_day=None,
        entries_per_day=None, clock=None
    ))]
    fn new(
        store: &Store,
        organization: Name<Organization>,
        policies: Option<PolicyArgument>,
        certificates: Certificates,
        mac_key: Option<Data>,
        keys_per_day: Option<u32>,
        entries_per_day: Option<u32>,
        clock: Option<Py<PyAny>>,
    ) -> Result<Self, Failure> {
        let policies = Arc::new(Policies(RwLock::new(source(policies))));
        let mut limits = UploadLimits::default();
        limits = keys_per_day.map_or(limits, |keys| limits.keys_per_day(keys));
        limits = entries_per_day.map_or(limits, |entries| limits.entries_per_day(entries));
        let mut builder = fdescrow::Escrow::builder(store.shared(), organization.0)
            .randomness(Arc::new(SystemRandomness::new()))
            .policies(Arc::<Policies>::clone(&policies))
            .certificates(certificates.0)
            .limits(limits);
        if let Some(mac_key) = mac_key {
            builder = builder.mac_key(MacKey::parse(mac_key.bytes())?);
        }
        let store_is_python = store.is_python();
        Ok(Self { inner: Arc::new(Inner { escrow: builder.build()?, policies, clock, store_is_python }) })
    }

    /// The organization.
    #[getter]
    fn organization(&self) -> &str {
        self.inner.escrow.organization().as_str()
    }

    /// The certificates that are known, the primary one first.
    #[getter]
    fn certificates(&self) -> Vec<Certificate> {
        self.inner.escrow.certificates().iter().cloned().map(Certificate).collect()
    }

    /// The policy from now on; None for the defaults. `assess_changed` judges all devices anew.
    ///
    /// Raises PolicySyntaxError, PolicyInvalidError.
    #[pyo3(signature = (policies))]
    fn set_policies(&self, policies: Option<PolicyArgument>) {
        *self.inner.policies.0.write().unwrap_or_else(PoisonError::into_inner) = source(policies);
    }

    fn __repr__(&self) -> String {
        format!("<Escrow of {}>", self.organization())
    }
}
