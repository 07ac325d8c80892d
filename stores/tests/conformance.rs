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

use std::sync::Arc;

use fdescrow::store::{
    MemoryStore,
    conformance::{Fixture as _, replay},
};
use proptest::{collection::vec, prelude::any, proptest};
use temporary::TemporarySqlite;

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
