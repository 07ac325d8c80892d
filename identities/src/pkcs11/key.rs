//! How is an operation done with a key in a token, and done again when something was in the way?
//!
//! With an idle session, else with a new one, else after the module was started anew: [`Step`], in this order. What
//! did not work after all of them is left alone for a second. A session is kept also after the token refused an
//! input; but where that is doubtful, the next operation does not trust the session, and after several not the
//! module.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cryptoki::{
    error::{Error, RvError},
    object::ObjectHandle,
    session::{Session, SessionState, UserType},
    types::AuthPin,
};
use fdescrow::envelope::Unavailable;

use super::{
    Pin, TokenKey,
    error::{Refusal, TokenError, Trouble, refusal},
    module::{Module, OpenKey, Owner, Running},
    search::{self, Found},
};

/// A private key in a token.
pub(super) struct KeyInToken {
    module: Arc<Module>,
    wanted: TokenKey,
    pin: Arc<Pin>,
    owner: Owner,
    health: Mutex<Health>,
}

/// What is known of how the token does.
#[derive(Debug, Default)]
struct Health {
    /// Refusals, one after the other, that may have been troubles of the token.
    doubtful: u32,
    /// When all steps had failed.
    failed: Option<Instant>,
    /// When the module was last started anew on suspicion.
    suspected: Option<Instant>,
    /// Whether the token refused the PIN.
    pin_refused: bool,
}

/// How an operation is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    IdleSession,
    NewSession,
    NewModule,
}

/// For how long a token that cannot be reached is left alone.
const REST: Duration = Duration::from_secs(1);
/// How long a session is waited for, where the token allows no more.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long until it is asked for again.
const PAUSE: Duration = Duration::from_millis(2);
/// After so many doubtful refusals the module is started anew, once in [`SUSPECT_AGAIN`]: messages that are wrong
/// do not keep it from its work.
const SUSPICIOUS: u32 = 3;
const SUSPECT_AGAIN: Duration = Duration::from_secs(60);

impl KeyInToken {
    pub(super) fn new(wanted: TokenKey, pin: Arc<Pin>) -> Result<Self, TokenError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let module = Module::load(&wanted.module)?;
        let owner = Owner(NEXT.fetch_add(1, Ordering::Relaxed));
        Ok(Self { module, wanted, pin, owner, health: Mutex::default() })
    }

    /// What the token says of the key. Tried with a new session, and once more after the module was started anew: a
    /// token may have come since.
    pub(super) fn describe(&self) -> Result<Found, TokenError> {
        let look = |running: &Running| -> Result<Found, Trouble> {
            let open = self.open(running)?;
            let found = search::describe(&running.context, &open.session, open.key)?;
            running.put_back(self.owner, open);
            Ok(found)
        };
        match self.patiently(look) {
            (generation, Err(Trouble::Lost(TokenError::Call(_) | TokenError::TokenMissing))) => {
                self.module.restart(generation);
                Ok(self.patiently(look).1?)
            }
            (_, found) => Ok(found?),
        }
    }

    /// Whether an operation may be begun with the key.
    pub(super) fn allows(&self, begin: impl Fn(&Session, ObjectHandle) -> Result<(), Error>) -> bool {
        let try_it = |running: &Running| {
            // The idle one first: some tokens allow no second. It ends with the operation that was begun in it.
            let open = running.take(self.owner).map_or_else(|| self.open(running), Ok)?;
            Ok(begin(&open.session, open.key)?)
        };
        self.patiently(try_it).1.is_ok()
    }

    /// Does something, and again while all sessions are in use, for [`PATIENCE`] at most.
    fn patiently<T>(&self, work: impl Fn(&Running) -> Result<T, Trouble>) -> (u64, Result<T, Trouble>) {
        let begun = Instant::now();
        loop {
            match self.module.during(&work) {
                (_, Err(Trouble::Busy)) if begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
                answer => return answer,
            }
        }
    }

    /// Does an operation; `None` if the token refused the input.
    ///
    /// # Errors
    /// [`Unavailable`] if it could not be asked. Says nothing about the input.
    pub(super) fn call<T>(
        &self,
        operation: impl Fn(&Session, ObjectHandle) -> Result<T, Error>,
    ) -> Result<Option<T>, Unavailable> {
        let begun = Instant::now();
        let mut step = self.first_step().ok_or(Unavailable::new())?;
        loop {
            let (generation, answer) = self.module.during(|running| self.attempt(running, step, &operation));
            match answer {
                Ok(answer) => return Ok(answer),
                Err(Trouble::Busy) if begun.elapsed() < PATIENCE => {
                    thread::sleep(PAUSE);
                    step = Step::IdleSession;
                    continue;
                }
                Err(Trouble::Lost(TokenError::PinRefused(_))) => break,
                Err(_) => {}
            }
            step = match step {
                Step::IdleSession => Step::NewSession,
                Step::NewSession => {
                    self.module.restart(generation);
                    Step::NewModule
                }
                Step::NewModule => break,
            };
        }
        self.health().failed = Some(Instant::now());
        Err(Unavailable::new())
    }

    /// How the next operation is begun; `None` while the token is left alone.
    fn first_step(&self) -> Option<Step> {
        let suspects = {
            let mut health = self.health();
            if health.pin_refused || health.failed.is_some_and(|at| at.elapsed() < REST) {
                return None;
            }
            if health.doubtful == 0 {
                return Some(Step::IdleSession);
            }
            let may = health.suspected.is_none_or(|at| at.elapsed() >= SUSPECT_AGAIN);
            let suspects = health.doubtful >= SUSPICIOUS && may;
            if suspects {
                health.suspected = Some(Instant::now());
                health.doubtful = 1;
            }
            suspects
        };
        if suspects {
            let (generation, ()) = self.module.during(|_| ());
            self.module.restart(generation);
        }
        Some(Step::NewSession)
    }

    fn attempt<T>(
        &self,
        running: &Running,
        step: Step,
        operation: &impl Fn(&Session, ObjectHandle) -> Result<T, Error>,
    ) -> Result<Option<T>, Trouble> {
        let idle = if step == Step::IdleSession { running.take(self.owner) } else { None };
        let open = match idle {
            Some(open) => open,
            None => {
                let open = self.open(running)?;
                if step == Step::NewSession {
                    // Only now: with its last session a token forgets the log-in.
                    running.close(self.owner);
                }
                open
            }
        };
        let answer = operation(&open.session, open.key);
        let mut health = self.health();
        health.failed = None;
        match answer {
            Ok(answer) => {
                health.doubtful = 0;
                running.put_back(self.owner, open);
                Ok(Some(answer))
            }
            Err(error) => {
                match refusal(&error) {
                    Some(Refusal::Input) => health.doubtful = 0,
                    Some(Refusal::Doubtful) => health.doubtful = health.doubtful.saturating_add(1),
                    None => return Err(error.into()),
                }
                running.put_back(self.owner, open);
                Ok(None)
            }
        }
    }

    /// A new session, logged in, with the key found in it.
    fn open(&self, running: &Running) -> Result<OpenKey, Trouble> {
        let slot = search::slot(&running.context, &self.wanted)?;
        let session = match running.context.open_ro_session(slot) {
            Err(Error::Pkcs11(RvError::SessionCount, _)) => {
                // What other keys of this token do not use just now is given up for this one.
                running.close_others(self.owner);
                running.context.open_ro_session(slot)?
            }
            session => session?,
        };
        let info = running.context.get_token_info(slot)?;
        let public = matches!(session.get_session_info()?.session_state(), SessionState::RoPublic);
        if public && info.login_required() {
            self.log_in(&session, info.label().trim_end(), info.protected_authentication_path())?;
        }
        let key = search::private_key(&session, &self.wanted)?;
        Ok(OpenKey { session, key })
    }

    fn log_in(&self, session: &Session, token: &str, keypad: bool) -> Result<(), TokenError> {
        // Held until it is known whether the PIN is right: several threads would try a wrong one several times.
        let mut health = self.health();
        if health.pin_refused {
            return Err(TokenError::PinRefused("it was wrong before"));
        }
        let pin = match keypad {
            true => None,
            false => {
                let pin = (self.pin)(token).ok_or(TokenError::PinMissing)?;
                Some(AuthPin::new(Box::from(pin.expose())))
            }
        };
        match session.login(UserType::User, pin.as_ref()) {
            // Another thread was faster.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(error) => {
                let error = TokenError::from(error);
                health.pin_refused = matches!(error, TokenError::PinRefused(_));
                Err(error)
            }
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for KeyInToken {
    fn drop(&mut self) {
        self.module.during(|running| running.close(self.owner));
    }
}

impl fmt::Debug for KeyInToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyInToken").field("module", &self.module).field("wanted", &self.wanted).finish_non_exhaustive()
    }
}
