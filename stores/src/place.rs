//! Which store does a URL name?

#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::sync::Arc;

use fdescrow::store::{MemoryStore, Store, StoreError};

/// What to do about tables that are older than this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Migration {
    /// Only tell which statements would run.
    Plan,
    /// Run them, all or none.
    Apply,
}

#[cfg(feature = "sqlite")]
const UNKNOWN: &str = "is not one of those that this build knows: sqlite:PATH, and memory:";
#[cfg(not(feature = "sqlite"))]
const UNKNOWN: &str = "is not one of those that this build knows: memory: (sqlite:PATH needs the feature sqlite)";

enum Place {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite(PathBuf, crate::SqliteOptions),
}

/// What follows the path of a file that is only to be read.
#[cfg(feature = "sqlite")]
const READ_ONLY: &str = "?mode=ro";

impl Place {
    fn parse(url: &str) -> Result<Self, StoreError> {
        let misuse = |problem: &str| Err(StoreError::Misuse(format!("the store's URL {problem}")));
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) => {
                let read_only = path.strip_suffix(READ_ONLY);
                let options = crate::SqliteOptions::new().read_only(read_only.is_some());
                match read_only.unwrap_or(path) {
                    "" => misuse("names no file: it is written sqlite:PATH"),
                    path => Ok(Self::Sqlite(path.into(), options)),
                }
            }
            _ => misuse(UNKNOWN),
        }
    }
}

/// Opens a store: `sqlite:PATH`, `sqlite:PATH?mode=ro` to read it only, or `memory:` for one that ends with the
/// process.
///
/// In an empty place the tables are created; otherwise they are only looked at.
///
/// # Errors
/// [`StoreError::Misuse`] if the URL names no store; otherwise as the store's own `open`.
pub fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match Place::parse(url)? {
        Place::Memory => Ok(Arc::new(MemoryStore::new())),
        #[cfg(feature = "sqlite")]
        Place::Sqlite(path, options) => Ok(Arc::new(crate::SqliteStore::open_with(path, &options)?)),
    }
}

/// Brings the tables of a store up to the version that this library works with, and tells the statements.
///
/// # Errors
/// [`StoreError::Misuse`] if the URL names no store; otherwise as the store's own `migrate`.
pub fn migrate(url: &str, migration: Migration) -> Result<Vec<String>, StoreError> {
    match Place::parse(url)? {
        Place::Memory => match migration {
            // What is in memory is always of this version.
            Migration::Apply | Migration::Plan => Ok(Vec::new()),
        },
        #[cfg(feature = "sqlite")]
        Place::Sqlite(path, options) => crate::SqliteStore::migrate(path, &options, migration),
    }
}
