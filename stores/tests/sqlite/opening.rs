//! What is opened, created, refused and migrated?

use std::{fs, sync::Arc};

use fdescrow::{
    Organization,
    store::{Index, RowQuery, Store, StoreError, conformance::fill},
};
use fdescrow_stores::{Migration, SqliteOptions, SqliteStore, migrate, open};
use rusqlite::Connection;

use super::{everything, filled, organization, temporary::TemporaryFolder};

fn refused(folder: &TemporaryFolder) -> StoreError {
    SqliteStore::open(folder.file("keys.db")).unwrap_err()
}

fn assert_schema(error: &StoreError) {
    assert!(matches!(error, StoreError::Schema(_)), "{error:?}");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TemporaryFolder::new();
    let (_store, _) = filled(&folder.file("keys.db"), 3);
    for name in ["keys.db", "keys.db-wal", "keys.db-shm"] {
        let mode = fs::metadata(folder.file(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_file_has_a_log_and_its_tables_are_strict() {
    let folder = TemporaryFolder::new();
    let (_store, raw) = filled(&folder.file("keys.db"), 1);
    assert_eq!(raw.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0)).unwrap(), "wal");
    let lax = "SELECT COUNT(*) FROM pragma_table_list WHERE name LIKE 'fdescrow_%' AND NOT strict";
    assert_eq!(raw.query_row(lax, [], |row| row.get::<_, i64>(0)).unwrap(), 1, "only that of the version is");
    assert!(raw.execute("UPDATE fdescrow_keys SET check_due = 'soon'", []).is_err());
}

/// What a crash of the process leaves: the files as they are at this moment.
#[test]
fn what_is_acknowledged_is_in_the_files() {
    let folder = TemporaryFolder::new();
    let (store, _) = filled(&folder.file("keys.db"), 20);
    let before = everything(&*store);
    for name in ["keys.db", "keys.db-wal"] {
        fs::copy(folder.file(name), folder.file(&name.replace("keys", "copy"))).unwrap();
    }
    let copy = SqliteStore::open(folder.file("copy.db")).unwrap();
    assert_eq!(everything(&copy), before);
}

#[test]
fn tables_of_other_versions_are_refused_unless_they_allow_it() {
    let folder = TemporaryFolder::new();
    let (store, raw) = filled(&folder.file("keys.db"), 2);
    let before = everything(&*store);
    drop(store);
    let versions = |version: i64, compatible: i64| {
        raw.execute("UPDATE fdescrow_schema SET version = ?1, compatible_with = ?2", [version, compatible]).unwrap();
    };
    versions(2, 2);
    assert_schema(&refused(&folder));
    versions(0, 0);
    assert_schema(&refused(&folder));
    // A newer version that has added a column and lets this one go on.
    versions(2, 1);
    raw.execute_batch("ALTER TABLE fdescrow_keys ADD COLUMN invented_later TEXT").unwrap();
    let store = SqliteStore::open(folder.file("keys.db")).unwrap();
    assert_eq!(everything(&store), before);
    let (store, others): (Arc<dyn Store>, _) = (Arc::new(store), Organization::new("others").unwrap());
    fill(&store, &others, 2);
    assert_eq!(store.count(&RowQuery::new(&others, Index::KEYS_BY_KEY)).unwrap(), 2);
}

#[test]
fn tables_that_are_not_such_as_they_should_be_are_refused() {
    let damages = [
        "DELETE FROM fdescrow_schema",
        "UPDATE fdescrow_schema SET version = 'one'",
        "DROP TABLE fdescrow_schema",
        "DROP TABLE fdescrow_recipients",
        "ALTER TABLE fdescrow_audit RENAME COLUMN hash TO hush",
        "ALTER TABLE fdescrow_devices RENAME COLUMN check_until TO something",
    ];
    for damage in damages {
        let folder = TemporaryFolder::new();
        let (store, raw) = filled(&folder.file("keys.db"), 1);
        drop(store);
        raw.execute_batch(damage).unwrap();
        assert_schema(&refused(&folder));
        // Nothing was created beside what is there.
        let count = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 'fdescrow_%'";
        let count: i64 = raw.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(count, if damage.starts_with("DROP") { 10 } else { 11 }, "{damage}");
    }
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = TemporaryFolder::new();
    fs::write(folder.file("keys.db"), "this is a text and not a database".repeat(100)).unwrap();
    assert_schema(&refused(&folder));
    let unavailable = |path: &str| {
        let error = SqliteStore::open(folder.file(path)).unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    };
    unavailable("no such folder/keys.db");
    fs::create_dir(folder.file("folder")).unwrap();
    unavailable("folder");
    assert!(matches!(SqliteStore::open(""), Err(StoreError::Misuse(_))));
}

#[test]
fn a_plan_changes_nothing_and_what_it_tells_is_what_runs() {
    let folder = TemporaryFolder::new();
    let url = format!("sqlite:{}", folder.file("keys.db").display());
    let plan = migrate(&url, Migration::Plan).unwrap();
    assert!(plan.len() > 20 && plan.iter().any(|statement| statement.starts_with("CREATE TABLE fdescrow_keys (")));
    assert!(!folder.file("keys.db").exists());
    assert_eq!(migrate(&url, Migration::Apply).unwrap(), plan);
    assert_eq!(migrate(&url, Migration::Apply).unwrap(), Vec::<String>::new());
    assert_eq!(migrate(&url, Migration::Plan).unwrap(), Vec::<String>::new());
    let store = open(&url).unwrap();
    fill(&store, &organization(), 1);
    Connection::open(folder.file("keys.db"))
        .unwrap()
        .execute_batch("UPDATE fdescrow_schema SET compatible_with = 9, version = 9")
        .unwrap();
    assert_schema(&migrate(&url, Migration::Plan).unwrap_err());
}

#[test]
fn a_url_names_a_store_or_is_refused() {
    let folder = TemporaryFolder::new();
    let path = folder.file("a file: with 'odd' name?mode=memory.db");
    let store = open(&format!("sqlite:{}", path.display())).unwrap();
    fill(&store, &organization(), 1);
    assert!(path.exists());
    let memory = open("memory:").unwrap();
    fill(&memory, &organization(), 1);
    assert_eq!(everything(&*memory), everything(&*store));
    assert_eq!(migrate("memory:", Migration::Apply).unwrap(), Vec::<String>::new());
    for url in ["", "sqlite", "sqlite:", "memory", "memory:x", "postgres://host/db", "keys.db", "SQLITE:keys.db"] {
        assert!(matches!(open(url), Err(StoreError::Misuse(_))), "{url}");
        assert!(matches!(migrate(url, Migration::Plan), Err(StoreError::Misuse(_))), "{url}");
    }
}

#[test]
fn two_prefixes_in_a_file_are_two_stores() {
    let folder = TemporaryFolder::new();
    let path = folder.file("keys.db");
    let with = |prefix: &str| SqliteStore::open_with(&path, &SqliteOptions::new().prefix(prefix));
    let one: Arc<dyn Store> = Arc::new(with("one_").unwrap());
    fill(&one, &organization(), 3);
    let two = with("two_").unwrap();
    assert_eq!(everything(&two), (Vec::new(), Vec::new()));
    assert!(!everything(&*one).0.is_empty());
    for bad in ["", "1", "_", "A", "a-b", "a;", "a b", "\u{e9}", &"a".repeat(33)] {
        assert!(matches!(with(bad), Err(StoreError::Misuse(_))), "{bad}");
    }
}

#[test]
fn a_store_that_was_closed_is_one_file() {
    let folder = TemporaryFolder::new();
    let path = folder.file("keys.db");
    let store = open(&format!("sqlite:{}", path.display())).unwrap();
    fill(&store, &organization(), 3);
    let before = everything(&*store);
    drop(store);
    let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["keys.db"]);
    assert_eq!(everything(&SqliteStore::open(&path).unwrap()), before);
}
