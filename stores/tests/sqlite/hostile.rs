//! What if somebody else has written the file?

use std::time::Duration;

use fdescrow::{
    Timestamp,
    store::{Cursor, Holder, Index, RowQuery, Store, StoreError, Table, Work, conformance::fill},
};
use fdescrow_stores::SqliteStore;

use super::{everything, filled, organization, temporary::TemporaryFolder};

fn claim(store: &dyn Store) -> fdescrow::store::Claims {
    let (holder, now) = (Holder::new("worker").unwrap(), Timestamp::MAX);
    store.claim(&organization(), Work::Check, &holder, 1000, Duration::from_secs(60), now).unwrap()
}

/// Values that no statement of ours could have written.
const DAMAGES: &[&str] = &[
    "UPDATE fdescrow_devices SET policy_group = CAST(x'ff' AS TEXT) WHERE device = 'device 3'",
    "UPDATE fdescrow_devices SET policy_group = 'a' || char(0) || 'b' WHERE device = 'device 3'",
    "UPDATE fdescrow_devices SET status = printf('%.300c', 'x') WHERE device = 'device 3'",
    "UPDATE fdescrow_devices SET audit_head = char(10) WHERE device = 'device 3'",
    "UPDATE fdescrow_devices SET body = CAST(x'7bff7d' AS TEXT) WHERE device = 'device 3'",
    "UPDATE fdescrow_devices SET body = printf('%.4194305c', 'x') WHERE device = 'device 3'",
];

#[test]
fn a_row_that_cannot_be_read_stops_no_other() {
    for damage in DAMAGES {
        let folder = TemporaryFolder::new();
        let (store, raw) = filled(&folder.file("keys.db"), 5);
        let (whole, _) = everything(&*store);
        assert_eq!(raw.execute(damage, []).unwrap(), 1);

        let (rows, corrupt) = everything(&*store);
        assert_eq!((rows.len(), corrupt.len()), (whole.len() - 1, 1), "{damage}");
        assert_eq!(corrupt[0].table, Some(Table::Devices));
        assert_eq!(corrupt[0].key, "devices/example.com/device 3");
        let damaged = whole.iter().find(|row| row.table() == Table::Devices && row.text("device") == Some("device 3"));
        let error = store.get(damaged.unwrap().key()).unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt(found) if *found == corrupt[0]), "{error:?}");

        let mut query = RowQuery::new(&organization(), Index::DEVICES_BY_CHECK).limit(1);
        let (mut listed, mut reported) = (0, 0);
        loop {
            let page = store.list(&query).unwrap();
            listed += page.rows.len();
            reported += page.corrupt.len();
            let Some(next) = page.next else { break };
            query = query.after(next);
        }
        assert_eq!((listed, reported), (4, 1), "{damage}");

        let claims = claim(&*store);
        assert_eq!((claims.rows.len(), claims.corrupt.as_slice()), (4, corrupt.as_slice()), "{damage}");
        fill(&store, &fdescrow::Organization::new("others").unwrap(), 1);
    }
}

#[test]
fn an_entry_that_cannot_be_read_stops_no_other() {
    let folder = TemporaryFolder::new();
    let (store, raw) = filled(&folder.file("keys.db"), 5);
    for number in [1, 3, 5] {
        let damage = "UPDATE fdescrow_audit SET hash = char(9) WHERE commit_order = ?1";
        assert_eq!(raw.execute(damage, [number]).unwrap(), 1);
    }
    for limit in [1, 2, 10] {
        let (mut events, mut corrupt, mut cursor) = (0, 0, Cursor::start());
        for _ in 0..10 {
            let page = store.events(&organization(), &cursor, limit).unwrap();
            events += page.events.len();
            corrupt += page.corrupt.len();
            cursor = page.next;
        }
        assert_eq!((events, corrupt), (2, 3));
    }
}

/// The tables made anew without their types and checks, and then filled with values of every kind.
#[test]
fn values_of_a_wrong_kind_are_only_corrupt() {
    for table in Table::ALL {
        let columns: Vec<String> = table.description().all_columns().map(|column| column.name.to_owned()).collect();
        let extra = [("body", table.description().body), ("bytes", table.description().bytes)];
        let extra = extra.iter().filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned());
        for column in columns.iter().skip(1).cloned().chain(extra) {
            let folder = TemporaryFolder::new();
            let (store, raw) = filled(&folder.file("keys.db"), 3);
            let name = format!("fdescrow_{table}");
            let indexes: Vec<String> = {
                let text = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL";
                let mut statement = raw.prepare(text).unwrap();
                statement.query_map([&name], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            };
            raw.execute_batch(&format!(
                "CREATE TABLE copy AS SELECT * FROM {name}; DROP TABLE {name}; ALTER TABLE copy RENAME TO {name};"
            ))
            .unwrap();
            indexes.iter().for_each(|index| raw.execute_batch(index).unwrap());
            let rows = everything(&*store).0.len();
            for value in ["NULL", "7", "'text'", "x'00ff'", "1.5", "-9223372036854775808", "''", "CAST(x'c3' AS TEXT)"]
            {
                raw.execute_batch(&format!("UPDATE {name} SET {column} = {value}")).unwrap();
                let (readable, corrupt) = everything(&*store);
                assert_eq!(readable.len() + corrupt.len(), rows, "{name}.{column} = {value}");
                for index in Index::all_of(*table) {
                    store.list(&RowQuery::new(&organization(), index)).unwrap();
                }
                let _ = store.events(&organization(), &Cursor::start(), 100).unwrap();
            }
        }
    }
}

#[test]
fn triggers_and_views_do_nothing() {
    let folder = TemporaryFolder::new();
    let (store, raw) = filled(&folder.file("keys.db"), 1);
    raw.execute_batch(
        "CREATE TRIGGER fdescrow_t AFTER INSERT ON fdescrow_audit BEGIN DELETE FROM fdescrow_keys; END;
         CREATE TRIGGER fdescrow_u AFTER INSERT ON fdescrow_changes BEGIN SELECT RAISE(ABORT, 'no'); END;",
    )
    .unwrap();
    fill(&store, &fdescrow::Organization::new("others").unwrap(), 3);
    assert_eq!(store.count(&RowQuery::new(&organization(), Index::KEYS_BY_KEY)).unwrap(), 1);

    raw.execute_batch("ALTER TABLE fdescrow_keys RENAME TO hidden; CREATE VIEW fdescrow_keys AS SELECT * FROM hidden;")
        .unwrap();
    let answer = store.list(&RowQuery::new(&organization(), Index::KEYS_BY_KEY));
    assert!(matches!(answer, Err(StoreError::Schema(_))), "{answer:?}");
    assert!(matches!(SqliteStore::open(folder.file("keys.db")), Err(StoreError::Schema(_))));
}

#[test]
fn a_lease_beyond_an_hour_is_over() {
    let folder = TemporaryFolder::new();
    let (store, raw) = filled(&folder.file("keys.db"), 4);
    assert_eq!(claim(&*store).rows.len(), 4);
    for (device, seconds) in [("device 1", -1), ("device 2", 1000), ("device 3", 3700), ("device 4", 1_000_000_000)] {
        let text = "UPDATE fdescrow_devices SET check_until = unixepoch() + ?2 WHERE device = ?1";
        assert_eq!(raw.execute(text, (device, seconds)).unwrap(), 1);
    }
    let claimed = claim(&*store);
    let mut names: Vec<_> = claimed.rows.iter().filter_map(|row| row.text("device")).collect();
    names.sort_unstable();
    assert_eq!(names, ["device 1", "device 3", "device 4"]);
}

#[test]
fn pages_of_a_damaged_file_are_an_error() {
    let folder = TemporaryFolder::new();
    let (store, raw) = filled(&folder.file("keys.db"), 50);
    drop(store);
    raw.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(raw);
    let mut file = std::fs::read(folder.file("keys.db")).unwrap();
    // Everything but the first page, which has the schema.
    file.iter_mut().skip(4096).for_each(|byte| *byte ^= 0x5a);
    std::fs::write(folder.file("keys.db"), file).unwrap();
    let answer = SqliteStore::open(folder.file("keys.db")).and_then(|store| {
        store.count(&RowQuery::new(&organization(), Index::KEYS_BY_DUE))?;
        store.list(&RowQuery::new(&organization(), Index::KEYS_BY_KEY))
    });
    assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{answer:?}");
}
