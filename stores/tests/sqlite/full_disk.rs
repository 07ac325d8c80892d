//! What if the disk is full in the middle of a commit?
//!
//! The test runs itself in a process that may not write files beyond a size, so that the write at some commit
//! fails in SQLite's own code, and then looks at what is in the file.

use std::{env, path::PathBuf, process::Command, sync::Arc};

use fdescrow::{
    Organization,
    store::{ChangeId, Index, RowQuery, Store, conformance::fill},
};
use fdescrow_stores::SqliteStore;

use super::temporary::TemporaryFolder;

const PLACE: &str = "FDESCROW_FULL_DISK";

fn organization(number: u32) -> Organization {
    Organization::new(format!("round {number}")).unwrap()
}

/// Not a test by itself: commits until it cannot, and says after each commit that it was acknowledged.
#[test]
#[ignore = "run by the test below"]
fn commits_until_the_disk_is_full() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(PathBuf::from(env::var_os(PLACE).unwrap())).unwrap());
    for number in 0.. {
        fill(&store, &organization(number), 1);
        eprintln!("acknowledged {number}.");
    }
}

#[cfg(unix)]
#[test]
fn a_commit_that_fails_for_want_of_space_is_whole_or_nothing() {
    let mut failures = 0;
    for blocks in (2000..2400).step_by(40) {
        let folder = TemporaryFolder::new();
        let path = folder.file("keys.db");
        drop(SqliteStore::open(&path).unwrap());
        let child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", &blocks.to_string()])
            .arg(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "full_disk::commits_until_the_disk_is_full", "--nocapture"])
            .env(PLACE, &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stderr).into_owned();
        assert!(!child.status.success(), "{said}");
        let acknowledged = said.lines().filter(|line| line.starts_with("acknowledged")).count();
        assert!(acknowledged > 3, "{said}");
        failures += usize::from(said.contains("Unknown") || said.contains("Unavailable"));

        // Now there is room again: what was acknowledged is there, and of the next one all or nothing.
        let store = SqliteStore::open(&path).unwrap();
        for number in 0..=u32::try_from(acknowledged).unwrap() {
            let count = |index| store.count(&RowQuery::new(&organization(number), index)).unwrap();
            let all = [
                count(Index::DEVICES_BY_KEY),
                count(Index::KEYS_BY_KEY),
                count(Index::ENVELOPES_BY_KEY),
                count(Index::RECIPIENTS_BY_KEY),
                count(Index::AUDIT_BY_KEY),
                count(Index::CHANGES_BY_KEY),
            ];
            let last = usize::try_from(number).unwrap() == acknowledged;
            assert!(all == [1; 6] || (last && all == [0; 6]), "round {number} of {acknowledged}: {all:?}");
            let change = ChangeId::derived(&[b"device 1/key of device 1"]);
            let committed = store.committed(&organization(number), change).unwrap();
            assert_eq!(committed.is_some(), all == [1; 6]);
        }
        let integrity = rusqlite::Connection::open(&path).unwrap();
        let integrity: String = integrity.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(integrity, "ok");
    }
    assert_eq!(failures, 10, "each ended in an answer that says so");
}
