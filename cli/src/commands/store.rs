//! Which store, and whose keys?

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use fdescrow::{
    Actor, ErrorCode, KeyId, Organization, Timestamp,
    audit::MacKey,
    envelope::Certificate,
    escrow::{Error, Escrow},
};
use serde::Serialize;

use super::profile::read_policy;
use crate::{exit::Failure, input, world::World};

/// The options of every command over a store.
#[derive(Args, Debug)]
pub(crate) struct StoreArguments {
    /// The store: sqlite:PATH, sqlite:PATH?mode=ro to read it only, or memory: for one that ends with the command
    #[arg(long, value_name = "URL")]
    pub(crate) store: String,
    /// The organization whose keys they are
    #[arg(long, value_name = "O", default_value = "default")]
    pub(crate) organization: Organization,
    /// The key, kept outside of the store, that authenticates the audit
    #[arg(long, value_name = "F")]
    pub(crate) mac_key: Option<PathBuf>,
    /// The policy that devices are judged by and keys are handed out under, TOML or JSON; without, the defaults
    #[arg(long, value_name = "F")]
    pub(crate) policy: Option<PathBuf>,
}

/// Who does it, and why.
#[derive(Args, Debug)]
pub(crate) struct Reasoned {
    /// Who does it, for the audit
    #[arg(long, value_name = "ACTOR")]
    pub(crate) by: Actor,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

/// What somebody decides about a key.
#[derive(Args, Debug)]
pub(crate) struct KeyDecision {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// The key, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) key: KeyId,
    #[command(flatten)]
    pub(crate) reasoned: Reasoned,
}

impl KeyDecision {
    /// Has it carried out, and says the word for it.
    pub(crate) fn carry_out(
        self,
        word: &'static str,
        decide: impl FnOnce(&Escrow, &KeyId, &Reasoned, Timestamp) -> Result<(), Error>,
        world: &World<'_>,
    ) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Decided {
            key: KeyId,
            decision: &'static str,
        }
        let Self { store, key, reasoned } = self;
        let escrow = store.escrow(Vec::new(), world)?;
        decide(&escrow, &key, &reasoned, world.now()?)?;
        world.output.answer(&Decided { key, decision: word }, format_args!("{word}: key {key}"))
    }
}

/// Whether there is no file, or an empty one, which SQLite would take for a new database.
fn is_nothing(path: &Path) -> bool {
    match std::fs::metadata(path) {
        Ok(metadata) => metadata.is_file() && metadata.len() == 0,
        // What may not be looked at may be there: opening it says why it cannot be read.
        Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

/// The file that a URL of a store names, if it names one.
fn file_of(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    Some(path.strip_suffix("?mode=ro").unwrap_or(path)).filter(|path| !path.is_empty())
}

impl StoreArguments {
    /// The escrow in a store that is there.
    pub(crate) fn escrow(&self, certificates: Vec<Certificate>, world: &World<'_>) -> Result<Escrow, Failure> {
        // A mistyped path must not become an empty store in which no device has a key.
        if let Some(path) = file_of(&self.store).filter(|path| is_nothing(Path::new(path))) {
            return Err(Failure::of(ErrorCode::StoreUnavailable, format!("{path}: there is no such store")));
        }
        self.escrow_or_new(certificates, world)
    }

    /// The escrow in a store that is there, or is made now.
    pub(crate) fn escrow_or_new(&self, certificates: Vec<Certificate>, world: &World<'_>) -> Result<Escrow, Failure> {
        let store = fdescrow_stores::open(&self.store).map_err(|error| Failure::from(error).about(&self.store))?;
        let builder = Escrow::builder(store, self.organization.clone())
            .randomness(world.shared_randomness())
            .certificates(certificates);
        let builder = match self.mac_key()? {
            Some(mac_key) => builder.mac_key(mac_key),
            None => builder,
        };
        let builder = match &self.policy {
            Some(file) => builder.policies(Arc::new(read_policy(file)?)),
            None => builder,
        };
        Ok(builder.build()?)
    }

    /// The MAC key, if one was named.
    pub(crate) fn mac_key(&self) -> Result<Option<MacKey>, Failure> {
        let Some(file) = &self.mac_key else { return Ok(None) };
        let key = MacKey::parse(&input::read(Some(file))?);
        key.map(Some).map_err(|error| Failure::from(error).about(file.display()))
    }
}
