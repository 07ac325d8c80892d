//! A SQLite file that goes when the test is over.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use fdescrow::store::{Store, conformance::Fixture};
use fdescrow_stores::SqliteStore;

/// A folder of its own for each test.
#[derive(Debug)]
pub(crate) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("store-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A store in a file.
#[derive(Debug)]
pub(crate) struct TemporarySqlite {
    store: Arc<SqliteStore>,
    folder: TemporaryFolder,
}

impl TemporarySqlite {
    pub(crate) fn new() -> Self {
        let folder = TemporaryFolder::new();
        Self { store: Arc::new(SqliteStore::open(folder.file("keys.db")).unwrap()), folder }
    }
}

impl Fixture for TemporarySqlite {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    fn reopen(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.folder.file("keys.db")).unwrap())
    }

    fn wait(&self, seconds: u32) {
        std::thread::sleep(Duration::from_secs(u64::from(seconds)));
    }
}
