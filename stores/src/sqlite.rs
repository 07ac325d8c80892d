//! SQLite: one file, no server.
//!
//! What is acknowledged is on disk: write-ahead log, `synchronous = FULL`, both read back when a connection
//! is made. One connection writes, in `BEGIN IMMEDIATE` transactions, so commits run one after the other,
//! of all threads and processes; others read meanwhile, each one consistent moment. Comparisons are SQLite's
//! `BINARY`: by bytes.
//!
//! A file that cannot be written is read all the same, and everything that writes is refused.
//!
//! The file may have been written by somebody hostile: triggers and views are off, the schema is not
//! trusted, and every value is checked on its way out.

mod connection;
mod read;
mod read_only;
mod write;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fdescrow::{
    Organization, Timestamp,
    store::{
        ChangeId, ChangeSet, Claims, CommitError, Corrupt, Cursor, EventPage, Holder, Revision, Row, RowKey, RowPage,
        RowQuery, Store, StoreError, Table, Work, contract::PAGE_LIMIT, schema::TableDescription,
    },
};
use rusqlite::Connection;

use self::read_only::Access;
use crate::{
    migration::{STEPS, Versions},
    place::Migration,
    sql::{Dialect, Sql},
    trace,
};

/// How SQLite writes things.
pub(crate) static DIALECT: Dialect = Dialect {
    parameter: |number| format!("?{number}"),
    text: "TEXT",
    integer: "INTEGER",
    body: "TEXT",
    bytes: "BLOB",
    options,
    partial_indexes: true,
    use_index: |index| format!(" INDEXED BY {index}"),
    clock: "unixepoch()",
};

fn options(table: &TableDescription) -> &'static str {
    // Rows without a body are small enough to live in the index of their key.
    if table.body { " STRICT" } else { " WITHOUT ROWID, STRICT" }
}

/// How a SQLite file is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    prefix: String,
    busy_timeout: Duration,
    read_only: bool,
}

impl SqliteOptions {
    /// Tables called `fdescrow_…`, and ten seconds of patience with other writers.
    pub fn new() -> Self {
        Self { prefix: "fdescrow_".to_owned(), busy_timeout: Duration::from_secs(10), read_only: false }
    }

    /// What the names of the tables begin with: 1 to 32 of `a`-`z`, `0`-`9` and `_`, a letter first.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long to wait for another writer before the store is said to be unavailable.
    #[must_use]
    pub fn busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.busy_timeout = busy_timeout;
        self
    }

    /// Whether the file is only read, even where it could be written: nothing is created, everything that writes
    /// answers [`StoreError::Misuse`].
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// A store in a SQLite file. Several processes may use the file at the same time, on one machine.
pub struct SqliteStore {
    path: PathBuf,
    options: SqliteOptions,
    sql: Sql,
    access: Access,
    /// Closed before the writer: the last connection brings the log into the file, if it may write.
    readers: Mutex<Vec<Connection>>,
    /// Absent where nothing is written, and after a commit whose outcome is not known: what such a connection
    /// believes is not relied on.
    writer: Mutex<Option<Connection>>,
}

impl SqliteStore {
    /// Opens a file, or creates it with its tables, readable by its owner alone.
    ///
    /// A file that is there and cannot be written, or whose folder cannot be, is opened to be read; everything
    /// that writes then answers [`StoreError::Misuse`].
    ///
    /// # Errors
    /// [`StoreError::Schema`] if the tables have to be migrated or are too new; [`StoreError::Durability`] if
    /// the file lies where SQLite cannot keep its promise; [`StoreError::Unavailable`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, &SqliteOptions::new())
    }

    /// Opens a file with options.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`StoreError::Misuse`] if the prefix is not one.
    pub fn open_with(path: impl AsRef<Path>, options: &SqliteOptions) -> Result<Self, StoreError> {
        let store = Self::connect(path.as_ref(), options)?;
        let made = |connection: &Connection| match connection::versions(connection, &store.sql)? {
            Some(versions) => versions.check().map(|()| true),
            None => Ok(false),
        };
        if store.is_read_only() {
            if !store.with_reader(made)? {
                return Err(StoreError::Schema("the file has no tables, and it is only read".to_owned()));
            }
        } else {
            store.with_writer(|connection| match made(connection)? {
                true => Ok(()),
                false => connection::run(connection, &store.sql.create()),
            })?;
        }
        store.with_reader(|connection| connection::check_columns(connection, &store.sql))?;
        Ok(store)
    }

    /// Brings the tables of a file up to the version that this library works with, in one transaction, and
    /// tells the statements; nothing if there is nothing to do.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if the tables are too new; otherwise as [`open_with`](Self::open_with).
    pub fn migrate(
        path: impl AsRef<Path>,
        options: &SqliteOptions,
        migration: Migration,
    ) -> Result<Vec<String>, StoreError> {
        let plan = |versions: Option<Versions>, sql: &Sql| match versions {
            Some(versions) => versions.plan(sql, STEPS),
            None => Ok(sql.create()),
        };
        if migration == Migration::Plan && !path.as_ref().exists() {
            return plan(None, &Sql::new(&DIALECT, &options.prefix)?);
        }
        let store = Self::connect(path.as_ref(), options)?;
        if migration == Migration::Plan {
            return store.with_reader(|connection| plan(connection::versions(connection, &store.sql)?, &store.sql));
        }
        store.with_writer(|connection| {
            let statements = plan(connection::versions(connection, &store.sql)?, &store.sql)?;
            connection::run(connection, &statements)?;
            Ok(statements)
        })
    }

    fn connect(path: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let sql = Sql::new(&DIALECT, &options.prefix)?;
        let path = if options.read_only { connection::absolute(path)? } else { connection::create_file(path)? };
        let writer = if options.read_only { None } else { connection::open_writer(&path, options.busy_timeout)? };
        let access = match &writer {
            Some(_) => Access::ReadWrite,
            None => read_only::access(&path, options.busy_timeout)?,
        };
        let (writer, readers) = (Mutex::new(writer), Mutex::new(Vec::new()));
        Ok(Self { path, options: options.clone(), sql, access, writer, readers })
    }

    /// Whether the file is only read, since that was asked for or since it cannot be written.
    pub fn is_read_only(&self) -> bool {
        self.access != Access::ReadWrite
    }

    fn writer(&self) -> Result<MutexGuard<'_, Option<Connection>>, StoreError> {
        if self.is_read_only() {
            return Err(read_only::refusal());
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // A panic in the middle of a transaction leaves it open.
        if writer.as_ref().is_none_or(|connection| !connection.is_autocommit()) {
            *writer = connection::open_writer(&self.path, self.options.busy_timeout)?;
        }
        Ok(writer)
    }

    fn with_writer<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let writer = self.writer()?;
        let Some(connection) = writer.as_ref() else {
            return Err(StoreError::Unavailable("there is no connection".into()));
        };
        connection::transaction(connection, work)
    }

    /// Runs `work` on a connection that sees one consistent moment.
    fn with_reader<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let spare = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match spare {
            Some(reader) => reader,
            None => read_only::open(&self.path, self.access, self.options.busy_timeout)?,
        };
        connection::begin(&reader, "BEGIN")?;
        let result = work(&reader);
        // A connection that cannot end its transaction is closed instead.
        if connection::begin(&reader, "ROLLBACK").is_ok() {
            let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < connection::SPARE_READERS {
                readers.push(reader);
            }
        }
        result
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).field("options", &self.options).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn get(&self, key: &RowKey) -> Result<Option<Row>, StoreError> {
        self.with_reader(|connection| read::get(connection, &self.sql.get(key), key.table()))
    }

    fn list(&self, query: &RowQuery) -> Result<RowPage, StoreError> {
        let statement = self.sql.list(query)?;
        self.with_reader(|connection| read::page(connection, &statement, query))
    }

    fn count(&self, query: &RowQuery) -> Result<u64, StoreError> {
        let query = query.clone().from_the_start();
        let statement = self.sql.count(&query)?;
        let count = self.with_reader(|connection| read::integer(connection, &statement))?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    fn claim(
        &self,
        organization: &Organization,
        work: Work,
        holder: &Holder,
        limit: u32,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Claims, StoreError> {
        let due = RowQuery::new(organization, work.index()).to(now.unix_seconds()).limit(limit);
        self.with_writer(|connection| write::claim(connection, &self.sql, &due, work, holder, lease))
    }

    fn release(&self, work: Work, holder: &Holder, keys: &[RowKey]) -> Result<(), StoreError> {
        self.with_writer(|connection| write::release(connection, &self.sql, work, holder, keys))
    }

    fn commit(&self, changes: &ChangeSet) -> Result<Revision, CommitError> {
        let answers = self.commit_batch(std::slice::from_ref(changes))?;
        let none = || Err(CommitError::Store(StoreError::Unavailable("there is no answer".into())));
        answers.into_iter().next().unwrap_or_else(none)
    }

    fn commit_batch(&self, changes: &[ChangeSet]) -> Result<Vec<Result<Revision, CommitError>>, StoreError> {
        trace::written("sqlite", changes, || write::commit(&mut *self.writer()?, &self.sql, changes))
    }

    fn committed(&self, organization: &Organization, change: ChangeId) -> Result<Option<Revision>, StoreError> {
        let key = change.row_key(organization);
        self.with_writer(|connection| write::committed(connection, &self.sql, &key))
    }

    fn events(&self, organization: &Organization, after: &Cursor, limit: u32) -> Result<EventPage, StoreError> {
        let place = read::place(after)?;
        let statement = self.sql.events(organization, place);
        self.with_reader(|connection| read::events(connection, &statement, after, limit.clamp(1, PAGE_LIMIT)))
    }

    fn snapshot(
        &self,
        organization: &Organization,
        tables: &[Table],
        visit: &mut dyn FnMut(Result<&Row, &Corrupt>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.with_reader(|connection| read::snapshot(connection, &self.sql, organization, tables, visit))
    }
}
