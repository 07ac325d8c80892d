//! Where peers are built, once, and how one process is run.
//!
//! Tests run as parallel processes, so whatever is built on first use is built under a file lock,
//! in a folder of the target directory named for a digest of its sources: a changed source is
//! built anew, and two checkouts that share a target directory do not disturb each other.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// A tool that is not there, or did not build: why.
#[derive(Clone, Debug)]
pub struct Missing(pub String);

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<io::Error> for Missing {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Says that a test is skipped, and why.
///
/// # Panics
/// When the environment says `CI`: there nothing may be missing.
pub fn missing(reason: &Missing) {
    assert!(std::env::var_os("CI").is_none(), "missing in CI: {reason}");
    eprintln!("skipped: {reason}");
}

/// The folder of the peers' sources.
pub(super) fn sources() -> PathBuf {
    crate::workspace_root().join("tests").join("peers")
}

/// A folder that `build` has filled from these files, now or in an earlier run.
pub(super) fn built(
    name: &str,
    from: &[&Path],
    build: impl FnOnce(&Path) -> Result<(), Missing>,
) -> Result<PathBuf, Missing> {
    let mut digest = Sha256::new();
    for path in from {
        let bytes = fs::read(path).map_err(|error| Missing(format!("{}: {error}", path.display())))?;
        digest.update(Sha256::digest(&bytes));
    }
    let tail: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let folder = crate::target().join("peers");
    fs::create_dir_all(&folder)?;
    let place = folder.join(format!("{name}-{tail}"));
    let done = place.join("done");
    if done.exists() {
        return Ok(place);
    }
    let lock = File::create(folder.join(format!("{name}.lock")))?;
    lock.lock()?;
    if !done.exists() {
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        build(&place).map_err(|Missing(reason)| Missing(format!("{name}: {reason}")))?;
        fs::write(&done, b"")?;
    }
    Ok(place)
}

/// Runs one program to its end.
///
/// # Errors
/// Its words, when it cannot be started or does not exit with 0.
pub fn run(command: &mut Command) -> Result<(), Missing> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| Missing(format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let mut words = String::from_utf8_lossy(&output.stderr).into_owned();
    if words.trim().is_empty() {
        words = String::from_utf8_lossy(&output.stdout).into_owned();
    }
    Err(Missing(format!("{}: {}", output.status, words.trim())))
}
