//! Where the cases are run: every store that there is, each time a fresh one.

use std::{path::PathBuf, sync::Arc, time::Duration};

use fdescrow::store::{Store, conformance::Fixture};
use fdescrow_stores::SqliteStore;

use crate::{ScratchDir, scratch};

/// A SQLite file that goes when the test is over.
#[derive(Debug)]
pub struct SqliteFile {
    store: Arc<SqliteStore>,
    folder: ScratchDir,
}

impl SqliteFile {
    /// A fresh one.
    pub fn new() -> Self {
        let folder = scratch("flows");
        Self { store: Arc::new(SqliteStore::open(folder.join("keys.db")).unwrap()), folder }
    }

    /// The file, for somebody who writes it behind our back.
    pub fn path(&self) -> PathBuf {
        self.folder.join("keys.db")
    }
}

impl Default for SqliteFile {
    fn default() -> Self {
        Self::new()
    }
}

impl Fixture for SqliteFile {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    fn reopen(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.path()).unwrap())
    }

    fn wait(&self, seconds: u32) {
        std::thread::sleep(Duration::from_secs(u64::from(seconds)));
    }
}

/// Makes a module for each store with a `#[test]` for each case, which is a function of a `&dyn Fixture`.
#[macro_export]
macro_rules! over_every_store {
    ($($case:ident),+ $(,)?) => {
        mod memory {
            $(
                #[test]
                fn $case() {
                    super::$case(&fdescrow::store::MemoryStore::new());
                }
            )+
        }
        mod sqlite {
            $(
                #[test]
                fn $case() {
                    super::$case(&fdescrow_tests::fleet::SqliteFile::new());
                }
            )+
        }
    };
}
