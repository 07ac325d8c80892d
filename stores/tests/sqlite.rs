//! What is SQLite's own: the file, who else writes it, and what somebody may have done to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

#[path = "sqlite/full_disk.rs"]
mod full_disk;
#[path = "sqlite/hostile.rs"]
mod hostile;
#[path = "sqlite/opening.rs"]
mod opening;
#[path = "sqlite/read_only.rs"]
mod read_only;
#[path = "sqlite/sharing.rs"]
mod sharing;
#[path = "sqlite/temporary.rs"]
mod temporary;

use std::{ops::ControlFlow, path::Path, sync::Arc};

use fdescrow::{
    Organization,
    store::{Corrupt, Row, Store, Table, conformance::fill},
};
use fdescrow_stores::SqliteStore;
use rusqlite::Connection;

fn organization() -> Organization {
    Organization::new("example.com").unwrap()
}

/// A store in a file with some devices, and the file as somebody else opens it.
fn filled(path: &Path, devices: u32) -> (Arc<dyn Store>, Connection) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path).unwrap());
    fill(&store, &organization(), devices);
    (store, Connection::open(path).unwrap())
}

/// Everything that is stored, and what cannot be read.
fn everything(store: &dyn Store) -> (Vec<Row>, Vec<Corrupt>) {
    let (mut rows, mut corrupt) = (Vec::new(), Vec::new());
    let mut visit = |row: Result<&Row, &Corrupt>| {
        match row {
            Ok(row) => rows.push(row.clone()),
            Err(error) => corrupt.push(error.clone()),
        }
        ControlFlow::Continue(())
    };
    store.snapshot(&organization(), Table::ALL, &mut visit).unwrap();
    (rows, corrupt)
}
