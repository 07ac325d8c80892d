//! Which store does a URL name?

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

enum Place<'a> {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite(&'a str),
    #[cfg(not(feature = "sqlite"))]
    Unused(std::marker::PhantomData<&'a ()>),
}

impl<'a> Place<'a> {
    fn parse(url: &'a str) -> Result<Self, StoreError> {
        let misuse = |problem: &str| Err(StoreError::Misuse(format!("the store's URL {problem}")));
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            #[cfg(feature = "sqlite")]
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path)),
            #[cfg(feature = "sqlite")]
            Some(("sqlite", _)) => misuse("names no file: it is written sqlite:PATH"),
            _ => misuse("is not one of those that this build knows: memory: and, with the feature, sqlite:PATH"),
        }
    }
}

/// Opens a store: `sqlite:PATH`, or `memory:` for one that ends with the process.
///
/// In an empty place the tables are created; otherwise they are only looked at.
///
/// # Errors
/// [`StoreError::Misuse`] if the URL names no store; otherwise as the store's own `open`.
pub fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match Place::parse(url)? {
        Place::Memory => Ok(Arc::new(MemoryStore::new())),
        #[cfg(feature = "sqlite")]
        Place::Sqlite(path) => Ok(Arc::new(crate::SqliteStore::open(path)?)),
        #[cfg(not(feature = "sqlite"))]
        Place::Unused(_) => Err(StoreError::Misuse("the store's URL names no store".to_owned())),
    }
}

/// Brings the tables of a store up to the version that this library works with, and tells the statements.
///
/// # Errors
/// [`StoreError::Misuse`] if the URL names no store; otherwise as the store's own `migrate`.
pub fn migrate(url: &str, migration: Migration) -> Result<Vec<String>, StoreError> {
    match Place::parse(url)? {
        // What is in memory is always of this version.
        Place::Memory => Ok(Vec::new()),
        #[cfg(feature = "sqlite")]
        Place::Sqlite(path) => crate::SqliteStore::migrate(path, &crate::SqliteOptions::new(), migration),
        #[cfg(not(feature = "sqlite"))]
        Place::Unused(_) => Ok(Vec::new()),
    }
}
