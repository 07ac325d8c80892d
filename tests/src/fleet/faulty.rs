//! A private key that cannot be reached, or whose device answers nonsense.

use std::sync::{Arc, Mutex, PoisonError};

use fdescrow::{
    Digest, Secret,
    envelope::{
        Certificate, Identity, KeyAlgorithm, Keyring, PublicKey, Unavailable,
        identity::{ContentKey, WrappedKey},
    },
};

use super::Custodian;

/// How an identity answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// As it should.
    Well,
    /// Not at all.
    Dead,
    /// With some key or other.
    Nonsense,
}

/// The identity of a custodian, behind a device that may fail.
#[derive(Debug)]
pub struct FaultyIdentity {
    inner: Arc<dyn Identity>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    health: Health,
    calls: u64,
    /// How many calls are still answered well, and how it goes on.
    then: Option<(u64, Health)>,
}

impl FaultyIdentity {
    /// The identity of this custodian, well for now.
    pub fn of(custodian: &Custodian) -> Arc<Self> {
        let state = State { health: Health::Well, calls: 0, then: None };
        Arc::new(Self { inner: Arc::clone(&custodian.identity), state: Mutex::new(state) })
    }

    /// Answers like this from now on.
    pub fn becomes(&self, health: Health) {
        let mut state = self.lock();
        (state.health, state.then) = (health, None);
    }

    /// Answers well so many times, and then like this.
    pub fn becomes_after(&self, calls: u64, health: Health) {
        let mut state = self.lock();
        (state.health, state.then) = (Health::Well, Some((calls, health)));
    }

    /// How often it was asked.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// A keyring with this identity alone.
    pub fn keyring(self: &Arc<Self>) -> Keyring {
        Keyring::new().with(Arc::clone(self) as Arc<dyn Identity>)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn health(&self) -> Health {
        let mut state = self.lock();
        state.calls += 1;
        match &mut state.then {
            Some((0, health)) => *health,
            Some((left, _)) => {
                *left -= 1;
                Health::Well
            }
            None => state.health,
        }
    }
}

impl Identity for FaultyIdentity {
    fn public_key(&self) -> &PublicKey {
        self.inner.public_key()
    }

    fn certificates(&self) -> &[Certificate] {
        self.inner.certificates()
    }

    fn permits(&self, algorithm: &KeyAlgorithm) -> bool {
        self.inner.permits(algorithm)
    }

    fn unwrap(&self, wrapped: &WrappedKey<'_>) -> Result<ContentKey, Unavailable> {
        match self.health() {
            Health::Well => self.inner.unwrap(wrapped),
            Health::Dead => Err(Unavailable::new()),
            Health::Nonsense => {
                let bytes = Digest::of(wrapped.encrypted_key);
                let nonsense = bytes.as_bytes().iter().copied().cycle().take(wrapped.content_key_length);
                Ok(Secret::from_vec(nonsense.collect()))
            }
        }
    }
}
