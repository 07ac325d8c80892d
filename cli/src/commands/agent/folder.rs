//! Where does an agent keep what it must not forget?
//!
//! In a folder that its owner alone reads: the planner's state, replaced whole, the spool, appended to, and the backup
//! of a header. What is written here is on the disk before anything is done that counts on it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use fdescrow::{VolumeId, agent::spool::Spool};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    exit::{Exit, Failure},
    files,
};

/// The folder, held by this process alone.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder, or makes it, and waits for nobody: another agent that works in it is a reason to stop.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        make(path)?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(|error| failure(&lock_path, &error))?;
        lock.try_lock().map_err(|_| {
            Failure::file(format!("{}: another agent works here", path.display())).exit(Exit::Unavailable)
        })?;
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }

    fn state_path(&self, volume: &VolumeId) -> PathBuf {
        self.path.join(format!("{volume}.json"))
    }

    /// Where the backup of a volume's header goes: into the folder that the plan names, which is made, or this one.
    pub(crate) fn header_backup(&self, planned: Option<&Path>, volume: &VolumeId) -> Result<PathBuf, Failure> {
        let path = planned.unwrap_or(&self.path);
        make(path)?;
        Ok(path.join(format!("{volume}.header")))
    }

    /// The state of a planner, if there is one.
    pub(crate) fn state<T: DeserializeOwned>(&self, volume: &VolumeId) -> Result<Option<T>, Failure> {
        let path = self.state_path(volume);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| Failure::file(format!("{}: {error}", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure(&path, &error)),
        }
    }

    /// Writes the state of a planner down.
    pub(crate) fn save(&self, volume: &VolumeId, state: &impl Serialize) -> Result<(), Failure> {
        let json = serde_json::to_vec_pretty(state).map_err(|error| Failure::output(&error.into()))?;
        files::replace(&self.state_path(volume), &json)?;
        self.sync()
    }

    /// The spool.
    pub(crate) fn spool(&self) -> Result<Spool, Failure> {
        let path = self.path.join("spool");
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failure(&path, &error)),
        };
        Spool::read(&bytes).map_err(|error| Failure::from(error).about(path.display()))
    }

    /// Appends to the spool, and waits until it is on the disk.
    pub(crate) fn append(&self, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.is_empty() {
            return Ok(());
        }
        let path = self.path.join("spool");
        let appended = OpenOptions::new().create(true).append(true).open(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        appended.map_err(|error| failure(&path, &error))?;
        self.sync()
    }

    /// Writes the spool anew, without what is done with.
    pub(crate) fn compact(&self, spool: &Spool) -> Result<(), Failure> {
        files::replace(&self.path.join("spool"), &spool.compact())?;
        self.sync()
    }

    /// Removes a file, which need not be there.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), Failure> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure(path, &error)),
            _ => self.sync(),
        }
    }

    /// The names of the files are on the disk, too.
    fn sync(&self) -> Result<(), Failure> {
        #[cfg(unix)]
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(|error| failure(&self.path, &error))?;
        Ok(())
    }
}

fn make(path: &Path) -> Result<(), Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| failure(path, &error))
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::file(format!("{}: {error}", path.display()))
}
