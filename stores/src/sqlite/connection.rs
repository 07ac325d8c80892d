//! Is this connection one that keeps its promises?

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use fdescrow::store::{Corrupt, StoreError, Table};
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::read_only;
use crate::{migration::Versions, sql::Sql};

/// How many connections for reading are kept when nobody reads.
pub(super) const SPARE_READERS: usize = 4;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 128;

/// How many KiB of pages a connection keeps: what a large batch changes is not written before its end, to be read again.
const CACHE: u32 = 16 << 10;

/// How many pages the log has before they are brought into the file: a page that several commits change is then
/// written there once.
const LOG: u32 = 8 << 10;

/// The absolute path of a file: so no name has a meaning of its own to SQLite.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    let unavailable = |error: io::Error| StoreError::Unavailable(Box::new(error));
    if path.as_os_str().is_empty() {
        return Err(StoreError::Misuse("the store's file has no name".to_owned()));
    }
    let path = std::path::absolute(path).map_err(unavailable)?;
    if path.is_dir() {
        return Err(unavailable(io::ErrorKind::IsADirectory.into()));
    }
    Ok(path)
}

/// Makes sure that there is a file, for its owner alone if it is new, and answers its absolute path.
pub(super) fn create_file(path: &Path) -> Result<PathBuf, StoreError> {
    let unavailable = |error: io::Error| StoreError::Unavailable(Box::new(error));
    let path = absolute(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Ok(file) => {
            file.sync_all().map_err(unavailable)?;
            // The name of the file has to survive a crash too.
            #[cfg(unix)]
            if let Some(directory) = path.parent() {
                File::open(directory).and_then(|directory| directory.sync_all()).map_err(unavailable)?;
            }
        }
        // Some systems look at the folder's mode first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists || path.is_file() => {}
        Err(error) => return Err(unavailable(error)),
    }
    Ok(path)
}

/// A connection that writes; `None` where the file or its folder cannot be written.
pub(super) fn open_writer(path: &Path, busy_timeout: Duration) -> Result<Option<Connection>, StoreError> {
    match try_writer(path, busy_timeout) {
        Err(error) if read_only::is_why(&error) => Ok(None),
        result => result,
    }
}

fn try_writer(path: &Path, busy_timeout: Duration) -> Result<Option<Connection>, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, busy_timeout)?;
    // SQLite takes less than it was asked for, and does not say so.
    if connection.is_readonly("main").map_err(failed)? {
        return Ok(None);
    }
    let mode: String = pragma(&connection, "PRAGMA journal_mode = WAL")?;
    if mode != "wal" {
        let problem = format!("the file lies where SQLite cannot keep a write-ahead log (journal mode {mode})");
        return Err(StoreError::Durability(problem));
    }
    // On macOS fsync(2) alone does not reach the disk.
    let settings = "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;";
    connection.execute_batch(settings).map_err(failed)?;
    // What undoes one change set of a batch is needed no longer than until the next one: it is not written to a file.
    connection.execute_batch("PRAGMA temp_store = MEMORY").map_err(failed)?;
    let _: u32 = pragma(&connection, &format!("PRAGMA wal_autocheckpoint = {LOG}"))?;
    let synchronous: i64 = pragma(&connection, "PRAGMA synchronous")?;
    if synchronous < 2 {
        return Err(StoreError::Durability("SQLite does not take synchronous = FULL".to_owned()));
    }
    Ok(Some(connection))
}

pub(super) fn open(path: &Path, mode: OpenFlags, busy_timeout: Duration) -> Result<Connection, StoreError> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(busy_timeout).map_err(failed)?;
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        // A statement is not planned anew for each value: the index is named, or it is the key.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
    ] {
        connection.set_db_config(setting, value).map_err(failed)?;
    }
    let settings = format!("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -{CACHE};");
    connection.execute_batch(&settings).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, text: &str) -> Result<T, StoreError> {
    connection.query_row(text, [], |row| row.get(0)).map_err(failed)
}

/// Begins or ends a transaction.
pub(super) fn begin(connection: &Connection, text: &str) -> Result<(), StoreError> {
    connection.prepare_cached(text).and_then(|mut statement| statement.execute([])).map(|_| ()).map_err(failed)
}

/// Runs `work` in a transaction that is kept if it succeeds.
pub(super) fn transaction<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    begin(connection, "BEGIN IMMEDIATE")?;
    let result = work(connection).and_then(|value| begin(connection, "COMMIT").map(|()| value));
    if result.is_err() && !connection.is_autocommit() {
        begin(connection, "ROLLBACK")?;
    }
    result
}

pub(super) fn run(connection: &Connection, statements: &[String]) -> Result<(), StoreError> {
    statements.iter().try_for_each(|statement| connection.execute_batch(statement).map_err(failed))
}

/// Whether there is a table of this name: a table, and not a view that looks like one.
fn exists(connection: &Connection, table: &str) -> Result<bool, StoreError> {
    let text = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    connection.prepare(text).and_then(|mut statement| statement.exists([table])).map_err(failed)
}

/// Which version the tables have; `None` in an empty place.
pub(super) fn versions(connection: &Connection, sql: &Sql) -> Result<Option<Versions>, StoreError> {
    let schema = sql.schema_table();
    if exists(connection, &schema)? {
        let text = format!("SELECT version, compatible_with FROM {schema}");
        let read = |row: &rusqlite::Row<'_>| Ok(Versions { version: row.get(0)?, compatible_with: row.get(1)? });
        return connection.query_one(&text, [], read).map(Some).map_err(|error| match error {
            rusqlite::Error::SqliteFailure(..) => failed(error),
            _ => StoreError::Schema(format!("the table {schema} does not say which version the tables have")),
        });
    }
    for table in Table::ALL {
        let table = sql.table(*table);
        if exists(connection, &table)? {
            return Err(StoreError::Schema(format!("there is a table {table} but none that says its version")));
        }
    }
    Ok(None)
}

/// Makes sure that every column is there, rather than to find out in the middle of work.
pub(super) fn check_columns(connection: &Connection, sql: &Sql) -> Result<(), StoreError> {
    for table in Table::ALL {
        let name = sql.table(*table);
        if !exists(connection, &name)? {
            return Err(StoreError::Schema(format!("there is no table {name}")));
        }
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)").map_err(failed)?;
        let names = statement.query_map([&name], |row| row.get(0)).map_err(failed)?;
        let names: Vec<String> = names.collect::<Result<_, _>>().map_err(failed)?;
        if let Some(missing) = sql.columns(*table).into_iter().find(|column| !names.iter().any(|name| name == column)) {
            return Err(StoreError::Schema(format!("the table {name} has no column {missing}")));
        }
    }
    Ok(())
}

/// What an error of SQLite means. Its text has names of tables and columns, never values.
pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => {
            StoreError::Corrupt(Corrupt::of_database("is damaged: restore it from a backup"))
        }
        Some(ErrorCode::NotADatabase) => StoreError::Schema("the file is not a SQLite database".to_owned()),
        // "No such table", "no such column": everything else about the statements is tested.
        Some(ErrorCode::Unknown) => StoreError::Schema(format!("the tables are not such as they should be: {error}")),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}
