//! How are a fleet's keys checked, in Python?

use std::sync::{Arc, atomic::AtomicBool};

use fdescrow::{
    Actor,
    escrow::{CheckOptions, CheckReport},
};
use pyo3::prelude::*;
use serde::Serialize;

use super::Escrow;
use crate::{
    document::document,
    failure::{Failure, detached},
    input::{Moment, Name, OneCertificate},
    interrupt::{stoppable, until},
    keyring::Keyring,
};

#[derive(Serialize)]
struct Total {
    devices: u64,
    first_check: bool,
}

impl Escrow {
    /// Does something long, which Ctrl-C stops. A store of Python's may belong to the thread that calls: its work stays
    /// there, and Python sees signals in the store's own code.
    pub(super) fn stoppable<T: Send>(
        &self,
        py: Python<'_>,
        body: impl FnOnce(&Arc<AtomicBool>) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        if self.inner.store_is_python { detached(py, || body(&Arc::default())) } else { stoppable(py, body) }
    }
}

#[pymethods]
impl Escrow {
    /// Opens the keys that are due and records what came of each, a batch after another, until there are no more.
    ///
    /// `devices` in one batch (64), `keys_per_device` (16), `workers`: threads that open keys (1), `retry_failed`: whether keys
    /// that failed with another keyring are tried, `by`: for the audit. `reseal_to`: a certificate that keys which open are
    /// sealed to anew. `progress`: told the report so far after each batch. Ctrl-C ends it after the key that is being opened;
    /// what was opened is recorded, the rest is due still.
    ///
    /// A key that does not open, and a private key that cannot be reached, are no errors: they are in the report.
    #[pyo3(signature = (
        keyring, *, devices=64, keys_per_device=16, workers=1, retry_failed=true, by=None, reseal_to=None, progress=None,
        now=None
    ))]
    fn check<'py>(
        &self,
        py: Python<'py>,
        keyring: &Keyring,
        devices: u32,
        keys_per_device: u32,
        workers: usize,
        retry_failed: bool,
        by: Option<Name<Actor>>,
        reseal_to: Option<OneCertificate>,
        progress: Option<Bound<'py, PyAny>>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut options = CheckOptions::default().devices(devices).workers(workers);
        options.keys_per_device = keys_per_device;
        options.retry_failed = retry_failed;
        options.actor = by.map(|Name(actor)| actor);
        options.reseal_to = reseal_to.map(|OneCertificate(certificate)| certificate);
        let mut total = CheckReport::default();
        loop {
            let at = self.now(py, now)?;
            let batch = self.stoppable(py, |stop| {
                let options = options.clone().stop(stop);
                keyring.explained(self.inner.escrow.check(&until(keyring.inner(), stop), &options, at))
            })?;
            keyring.interrupted()?;
            total.add(&batch);
            if let Some(progress) = &progress {
                progress.call1((document(py, "CheckReport", &total)?,))?;
            }
            if !total.more {
                return document(py, "CheckReport", &total);
            }
        }
    }

    /// How much there is to check: devices that have keys which are due, and whether one of the keys was never opened.
    #[pyo3(signature = (*, now=None))]
    fn check_total<'py>(&self, py: Python<'py>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let now = self.now(py, now)?;
        self.ask(py, "CheckTotal", |escrow| {
            let (devices, first_check) = (escrow.check_total(now)?, escrow.waits_for_first_check(now)?);
            Ok::<_, Failure>(Total { devices, first_check })
        })
    }
}
