//! How are files written?
//!
//! Private keys and certificates into files that were not there before, the former readable by their owner alone;
//! everything else whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::exit::Failure;

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whoever the process' umask allows.
    Default,
    /// The owner alone: mode 0600.
    Owner,
}

/// Writes a file that must not exist yet, and waits until it is on the disk.
pub(crate) fn create(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let mut file = open_new(path, readers).map_err(|error| failure(path, &error))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        // Half a file is worse than none, and it was ours.
        let _ = fs::remove_file(path);
        failure(path, &error)
    })
}

/// Writes a file, and replaces the one that is there only when the new one is whole.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace_with(path, |file| file.write_all(bytes).map_err(|error| failure(path, &error)))
}

/// The same for what is written piece by piece.
pub(crate) fn replace_with<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // What is no file (a terminal, a pipe, /dev/null) is written to, never replaced.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let mut file = OpenOptions::new().write(true).open(path).map_err(|error| failure(path, &error))?;
        return write(&mut file);
    }
    // A link is followed: what it points at is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = target.with_file_name(name);
    let file = open_new(&temporary, Readers::Default).map_err(|error| failure(path, &error))?;
    let mut buffered = BufWriter::new(file);
    let written = write(&mut buffered).and_then(|value| {
        let file = buffered.into_inner().map_err(io::IntoInnerError::into_error);
        let moved = file.and_then(|file| file.sync_all()).and_then(|()| fs::rename(&temporary, &target));
        moved.map(|()| value).map_err(|error| failure(path, &error))
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::file(format!("{}: {error}", path.display()))
}

/// Refuses a path where something is already, before any work is done for it.
pub(crate) fn must_be_new(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(Failure::file(format!("{}: is there already and is not overwritten", path.display()))),
        Err(_) => Ok(()),
    }
}

fn open_new(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    options.open(path)
}
