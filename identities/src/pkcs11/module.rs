//! Which modules are loaded, and how is one started anew?
//!
//! A module is one for the whole process: it is started once, and all that was opened through it ends with it. So all
//! calls go through [`Module::during`], which holds it; a restart waits until nobody does, and drops every session
//! before, since their numbers will be given out again. A module that somebody else in this process started is
//! never stopped. One that was loaded stays so until the process ends.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    object::ObjectHandle,
    session::Session,
};

use super::error::TokenError;

/// A module that is loaded and started.
pub(super) struct Module {
    path: PathBuf,
    running: RwLock<Running>,
}

/// What ends when the module is started anew.
pub(super) struct Running {
    /// The way into the module.
    pub(super) context: Pkcs11,
    /// Whether we started it, so that we may stop it.
    ours: bool,
    /// How often it was started.
    generation: u64,
    idle: Mutex<Vec<(Owner, OpenKey)>>,
}

/// Whose sessions these are: a number that each key has of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner(pub(super) u64);

/// A session that is logged in, and the private key as it knows it.
pub(super) struct OpenKey {
    pub(super) session: Session,
    pub(super) key: ObjectHandle,
}

impl Running {
    /// An idle session.
    pub(super) fn take(&self, owner: Owner) -> Option<OpenKey> {
        let mut idle = self.idle();
        let index = idle.iter().position(|(other, _)| *other == owner)?;
        Some(idle.swap_remove(index).1)
    }

    /// Keeps a session for the next call.
    pub(super) fn put_back(&self, owner: Owner, open: OpenKey) {
        self.idle().push((owner, open));
    }

    /// Closes the idle sessions of a key.
    pub(super) fn close(&self, owner: Owner) {
        self.close_where(|other| other == owner);
    }

    /// Closes the idle sessions of all other keys.
    pub(super) fn close_others(&self, owner: Owner) {
        self.close_where(|other| other != owner);
    }

    fn close_where(&self, which: impl Fn(Owner) -> bool) {
        let closed: Vec<_> = self.idle().extract_if(.., |(owner, _)| which(*owner)).collect();
        drop(closed);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Owner, OpenKey)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Module {
    /// The module at a path, loaded and started where it is not yet.
    pub(super) fn load(path: &Path) -> Result<Arc<Self>, TokenError> {
        static LOADED: LazyLock<Mutex<BTreeMap<PathBuf, Arc<Module>>>> = LazyLock::new(Mutex::default);
        // One name for one file; a bare name is left to the loader.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = loaded.get(&path) {
            return Ok(Arc::clone(module));
        }
        let problem = |error: Error| TokenError::Module {
            module: path.display().to_string(),
            problem: TokenError::from(error).to_string(),
        };
        let context = Pkcs11::new(&path).map_err(problem)?;
        let ours = start(&context).map_err(problem)?;
        let running = Running { context, ours, generation: 0, idle: Mutex::default() };
        let module = Arc::new(Self { path: path.clone(), running: RwLock::new(running) });
        loaded.insert(path, Arc::clone(&module));
        Ok(module)
    }

    /// Does something while the module is not started anew; answers also the generation in which it was done.
    pub(super) fn during<T>(&self, work: impl FnOnce(&Running) -> T) -> (u64, T) {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        (running.generation, work(&running))
    }

    /// Starts the module anew, unless somebody did so since `generation`. Whether that helped shows at the next call.
    pub(super) fn restart(&self, generation: u64) {
        let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
        if running.generation != generation {
            return;
        }
        running.generation = running.generation.wrapping_add(1);
        running.idle().clear();
        if running.ours {
            // Where it fails, the module is as it was.
            let _ = running.context.clone().finalize();
        }
        // Whoever starts it where it was stopped may stop it again.
        let started = start(&running.context);
        running.ours = running.ours || matches!(started, Ok(true));
    }
}

/// Starts the module; whether it was we who did.
fn start(context: &Pkcs11) -> Result<bool, Error> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) => Ok(true),
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(false),
        Err(error) => Err(error),
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("path", &self.path).finish_non_exhaustive()
    }
}
