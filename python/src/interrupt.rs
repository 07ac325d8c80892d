//! How is long work stopped by Ctrl-C, and nothing lost?

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use fdescrow::envelope::{
    Certificate, Identity, KeyAlgorithm, Keyring, PublicKey, Unavailable,
    identity::{ContentKey, WrappedKey},
};
use pyo3::prelude::*;

use crate::failure::{Failure, caught};

/// How long somebody who types Ctrl-C waits at most until it is seen.
const ATTENTION: Duration = Duration::from_millis(50);

/// Does something long. Whoever types Ctrl-C has it stopped: `stop` is set, and what the signal raises is raised when the
/// work has ended.
///
/// The work is done by another thread, because signals of Python are seen by the main thread alone.
pub(crate) fn stoppable<T: Send>(
    py: Python<'_>,
    body: impl FnOnce(&Arc<AtomicBool>) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    let stop = Arc::new(AtomicBool::new(false));
    let (outcome, interrupted) = py.detach(|| {
        thread::scope(|scope| {
            let (sender, receiver) = channel();
            let stop = &stop;
            scope.spawn(move || sender.send(caught(|| body(stop))));
            let mut interrupted = Ok(());
            loop {
                match receiver.recv_timeout(ATTENTION) {
                    Ok(outcome) => return (outcome, interrupted),
                    Err(RecvTimeoutError::Disconnected) => {
                        return (Err(Failure::library("a thread ended without an answer")), interrupted);
                    }
                    Err(RecvTimeoutError::Timeout) if interrupted.is_ok() => {
                        interrupted = Python::attach(|py| py.check_signals());
                        stop.store(interrupted.is_err(), Ordering::Relaxed);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
        })
    });
    interrupted?;
    let done = outcome?;
    py.check_signals().map(|()| done)
}

/// The keys of a keyring, until it is stopped.
pub(crate) fn until(keyring: &Keyring, stop: &Arc<AtomicBool>) -> Keyring {
    keyring.identities().iter().fold(Keyring::new(), |with, key| {
        with.with(Arc::new(Stoppable { key: Arc::clone(key), stop: Arc::clone(stop) }))
    })
}

/// A private key that is out of reach from a moment on: what is not done then is done another time, and nothing is recorded.
#[derive(Debug)]
struct Stoppable {
    key: Arc<dyn Identity>,
    stop: Arc<AtomicBool>,
}

impl Identity for Stoppable {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        self.key.certificates()
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        self.key.permits(algorithm)
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Unavailable::new());
        }
        self.key.unwrap(wrapped)
    }
}
