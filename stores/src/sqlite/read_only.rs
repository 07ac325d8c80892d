//! How is a file read that cannot be written: a backup on read-only media, another user's?
//!
//! First as any reader does, under the locks of those who write. Where SQLite cannot have the files that this
//! needs beside the database, the file is taken for one that nobody writes (`immutable`), but only if it is
//! whole: what waits in a log beside it would be missing from every answer.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use fdescrow::store::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::connection::{self, failed};

/// How a file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It is written, too.
    ReadWrite,
    /// It is read under the locks of those who write it.
    ReadOnly,
    /// It is read as something that nobody writes.
    Immutable,
}

/// What a file must not have beside it if it is to be whole by itself: a log, or a journal that is to be undone.
const BESIDE: [&str; 2] = ["-wal", "-journal"];

/// The answer of everything that writes.
pub(super) fn refusal() -> StoreError {
    StoreError::Misuse(
        "the store is read-only: open it where and as whom its file and folder can be written".to_owned(),
    )
}

/// Whether an error is one of a place that cannot be written.
pub(super) fn is_why(error: &StoreError) -> bool {
    let StoreError::Unavailable(source) = error else { return false };
    let code = source.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// Finds out how a file can be read.
pub(super) fn access(path: &Path, busy_timeout: Duration) -> Result<Access, StoreError> {
    match open(path, Access::ReadOnly, busy_timeout) {
        Ok(_) => return Ok(Access::ReadOnly),
        Err(error) if !is_why(&error) => return Err(error),
        Err(_) => {}
    }
    for ending in BESIDE {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        match fs::metadata(PathBuf::from(&beside)) {
            Ok(metadata) if metadata.len() > 0 => {
                let problem = format!(
                    "{} holds changes that are not in the file itself, and they are read only where a folder can be \
                     written: copy both into such a folder and open the copy",
                    Path::new(&beside).display()
                );
                return Err(StoreError::Unavailable(problem.into()));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Unavailable(Box::new(error)));
            }
            Ok(_) | Err(_) => {}
        }
    }
    open(path, Access::Immutable, busy_timeout).map(|_| Access::Immutable)
}

/// A connection that reads.
pub(super) fn open(path: &Path, access: Access, busy_timeout: Duration) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = match access {
        Access::Immutable => {
            let uri = PathBuf::from(immutable_uri(path)?);
            connection::open(&uri, flags | OpenFlags::SQLITE_OPEN_URI, busy_timeout)
        }
        Access::ReadOnly | Access::ReadWrite => connection::open(path, flags, busy_timeout),
    };
    let connection = connection.map_err(|error| why(path, error))?;
    // Only now the file and what is beside it is looked at.
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed)?;
    Ok(connection)
}

/// What the system says of a file that SQLite could not open at all.
pub(super) fn why(path: &Path, error: StoreError) -> StoreError {
    if !is_why(&error) {
        return error;
    }
    // The file is opened only to be told why not: had it been opened, to close it would end SQLite's locks.
    match fs::File::open(path) {
        Err(reason) => StoreError::Unavailable(Box::new(reason)),
        Ok(_) => error,
    }
}

/// The name of a file as SQLite takes it with a setting: every byte that could mean something is escaped.
fn immutable_uri(path: &Path) -> Result<String, StoreError> {
    use std::fmt::Write as _;
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
    #[cfg(not(unix))]
    let bytes = path.to_str().unwrap_or_default().as_bytes();
    let mut uri = String::from(if bytes.first() == Some(&b'/') { "file://" } else { "file:///" });
    for byte in bytes {
        let written = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => write!(uri, "{}", char::from(*byte)),
            _ => write!(uri, "%{byte:02x}"),
        };
        written.map_err(|_| StoreError::Misuse("the store's file has no name".to_owned()))?;
    }
    uri.push_str("?immutable=1");
    Ok(uri)
}
