//! Every promise of the store contract, over every store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "sqlite/temporary.rs"]
mod temporary;

use std::{sync::Arc, time::Duration};

use fdescrow::store::{
    MemoryStore, Store,
    conformance::{Fixture, replay},
};
use fdescrow_stores::SqliteStore;
use proptest::{collection::vec, prelude::any, proptest};
use temporary::TemporaryFolder;

/// A store in a file.
#[derive(Debug)]
struct TemporarySqlite {
    store: Arc<SqliteStore>,
    folder: TemporaryFolder,
}

impl TemporarySqlite {
    fn new() -> Self {
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

fdescrow::store_conformance! {
    memory => MemoryStore::new(),
    sqlite => TemporarySqlite::new(),
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 200, failure_persistence: None, ..Default::default() })]

    /// 200 random scripts of up to 49 steps each: whatever is done, SQLite answers as the memory does.
    #[test]
    fn sqlite_answers_as_the_memory_does(script in vec(any::<u32>(), 1..50)) {
        let sqlite = TemporarySqlite::new();
        replay(Arc::new(MemoryStore::new()), sqlite.store(), &script);
    }
}
