//! What does a store do that is only read?

use std::{fs, time::Duration};

use fdescrow::{
    Timestamp,
    store::{ChangeId, Holder, Store, StoreError, Work},
};
use fdescrow_stores::{Migration, SqliteOptions, SqliteStore, migrate, open};

use super::{everything, filled, organization, temporary::TemporaryFolder};

fn assert_refused<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::Misuse(_)) && error.to_string().contains("read-only"), "{error:?}");
}

#[test]
fn what_is_only_read_answers_everything_and_changes_nothing() {
    let folder = TemporaryFolder::new();
    let path = folder.file("keys.db");
    let (writer, _) = filled(&path, 5);
    let before = everything(&*writer);
    let store = SqliteStore::open_with(&path, &SqliteOptions::new().read_only(true)).unwrap();
    assert!(store.is_read_only());
    assert_eq!(everything(&store), before);
    let holder = Holder::new("worker").unwrap();
    let (work, now) = (Work::ALL[0], Timestamp::from_unix_seconds(2_000_000_000).unwrap());
    assert_refused(store.claim(&organization(), work, &holder, 1, Duration::from_secs(1), now));
    assert_refused(store.release(work, &holder, &[]));
    assert_refused(store.commit_batch(&[]));
    assert_refused(store.committed(&organization(), ChangeId::from_bytes([1; 16])));
    // Others go on, and what they commit is seen.
    fdescrow::store::conformance::fill(&writer, &organization(), 6);
    assert_eq!(everything(&store), everything(&*writer));
    assert_ne!(everything(&store), before);
}

#[test]
fn a_url_asks_for_a_store_that_is_only_read() {
    let folder = TemporaryFolder::new();
    let path = folder.file("100% 'odd' #1.db");
    let (writer, raw) = filled(&path, 2);
    let before = everything(&*writer);
    drop((writer, raw));
    let url = format!("sqlite:{}?mode=ro", path.display());
    assert_eq!(everything(&*open(&url).unwrap()), before);
    assert_eq!(migrate(&url, Migration::Plan).unwrap(), Vec::<String>::new());
    assert_refused(migrate(&url, Migration::Apply));
    assert!(matches!(open("sqlite:?mode=ro"), Err(StoreError::Misuse(_))));
}

#[test]
fn what_is_only_read_is_not_created() {
    let folder = TemporaryFolder::new();
    let open = |name: &str| SqliteStore::open_with(folder.file(name), &SqliteOptions::new().read_only(true));
    let error = open("keys.db").unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(!folder.file("keys.db").exists());
    fs::write(folder.file("empty.db"), "").unwrap();
    assert!(matches!(open("empty.db"), Err(StoreError::Schema(_))));
    fs::write(folder.file("text.db"), "this is a text and not a database".repeat(100)).unwrap();
    assert!(matches!(open("text.db"), Err(StoreError::Schema(_))));
}
