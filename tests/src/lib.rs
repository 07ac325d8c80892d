//! What the tests that cross crates share: where the workspace is, where the material lies that
//! it does not carry itself, and a place to write.
//!
//! The rule for what may be missing: on a developer's machine a test says what it lacks and
//! returns; where `CI` is set it fails, so that nothing is skipped in silence.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "tests fail by panicking"
)]

pub mod crash;
pub mod documents;
pub mod fleet;
pub mod generator;
pub mod incumbent;
pub mod ours;
pub mod peers;
pub mod recipients;
pub mod simulation;
pub mod token;

/// The code in the documents, compiled and run: each is included as the documentation of an item here.
#[cfg(doctest)]
mod compiled {
    macro_rules! documents {
        ($($name:ident = $path:literal;)*) => { $( #[doc = include_str!(concat!("../../", $path))] struct $name; )* };
    }

    documents! {
        Readme = "README.md";
        Adopt = "docs/adopt.md";
        Agents = "docs/agents.md";
        Envelope = "docs/envelope.md";
        Operations = "docs/operations.md";
    }
}

use std::env;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The folder that holds the workspace's `Cargo.toml`.
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the tests stand one folder below the root").to_path_buf()
}

/// The folder of material that is not part of the project (vectors, schemas, advisories):
/// `FDESCROW_SHARED`, else `../shared` beside the workspace.
///
/// `None`, with the reason on standard error, where it is missing on a developer's machine.
///
/// # Panics
/// Where it is missing and `CI` is set.
pub fn shared() -> Option<PathBuf> {
    let folder = env::var_os("FDESCROW_SHARED").map_or_else(|| workspace_root().join("../shared"), Into::into);
    present(folder, "the shared folder is missing: set FDESCROW_SHARED or put it beside the workspace")
}

/// A Python with the package `cryptography`, as `cargo xtask test` installs it:
/// `FDESCROW_PYTHON`, else the one below the target folder.
///
/// `None`, with the reason on standard error, where it is missing on a developer's machine.
///
/// # Panics
/// Where it is missing and `CI` is set.
pub fn python() -> Option<PathBuf> {
    let interpreter =
        env::var_os("FDESCROW_PYTHON").map_or_else(|| target().join("tools/venv/bin/python"), PathBuf::from);
    present(interpreter, "no Python with `cryptography`: run `cargo xtask test` once, or set FDESCROW_PYTHON")
}

/// Where cargo builds: `CARGO_TARGET_DIR`, else `target` in the workspace.
pub fn target() -> PathBuf {
    workspace_root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The numbers of a private key (RFC 8017 §A.1.2, RFC 5915 §3) but the modulus and the public key, which are public.
pub fn private_parts(der: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut rest = der;
    while let Some((&tag, after)) = rest.split_first() {
        let (length, after) = match after[0] {
            short @ 0..=0x80 => (usize::from(short), &after[1..]),
            0x81 => (usize::from(after[1]), &after[2..]),
            _ => (usize::from(after[1]) << 8 | usize::from(after[2]), &after[3..]),
        };
        let (content, after) = after.split_at(length);
        match tag {
            0x30 => parts.extend(private_parts(content)),
            0x04 if content.first() == Some(&0x30) => parts.extend(private_parts(content)),
            0x02 | 0x04 if content.len() >= 32 => parts.push(content.to_vec()),
            _ => {}
        }
        rest = after;
    }
    // n stands before d, p, q and what follows from them
    if parts.len() == 7 {
        parts.remove(0);
    }
    parts
}

/// The path when it exists, else `lack` said in the way the rule of this crate asks.
fn present(path: PathBuf, lack: &str) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    let lack = format!("{lack} (looked at {})", path.display());
    assert!(env::var_os("CI").is_none(), "{lack}");
    eprintln!("skipped: {lack}");
    None
}

/// The shortest of several times that something takes: what other processes took is not its own. It is run until
/// once is below `limit`, and a hundred times at most.
pub fn fastest(limit: Duration, mut run: impl FnMut()) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..100 {
        let start = Instant::now();
        run();
        fastest = fastest.min(start.elapsed());
        if fastest < limit {
            break;
        }
    }
    fastest
}

/// A new, empty folder below the system's temporary one, readable by its owner alone.
///
/// `name` tells whose it is in the folder's name; two calls never get the same folder.
pub fn scratch(name: &str) -> ScratchDir {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("fdescrow-{name}-{}-{number}", process::id()));
        match builder.create(&path) {
            Ok(()) => return ScratchDir { path },
            // a run that was killed left it behind, and its process id came round again
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => panic!("no scratch folder at {}: {error}", path.display()),
        }
    }
}

/// A folder that is removed with everything in it when this value is dropped.
#[derive(Debug)]
pub struct ScratchDir {
    path: PathBuf,
}

impl ScratchDir {
    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside the folder.
    pub fn join(&self, file: impl AsRef<Path>) -> PathBuf {
        self.path.join(file)
    }
}

impl AsRef<Path> for ScratchDir {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl AsRef<OsStr> for ScratchDir {
    fn as_ref(&self) -> &OsStr {
        self.path.as_os_str()
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // a folder that cannot be removed is no reason to fail a test that has passed
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_root_holds_the_workspace() {
        let manifest = fs::read_to_string(workspace_root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn scratch_folders_differ_and_vanish() {
        let (one, two) = (scratch("lib"), scratch("lib"));
        assert_ne!(one.path(), two.path());
        fs::write(one.join("file"), "text").unwrap();
        let kept = one.path().to_path_buf();
        drop(one);
        assert!(!kept.exists());
        assert!(two.path().is_dir());
    }

    #[test]
    fn what_exists_is_found_and_what_does_not_is_told() {
        let here = scratch("present");
        assert_eq!(present(here.path().to_path_buf(), "lack"), Some(here.path().to_path_buf()));
        let missing = std::panic::catch_unwind(|| present(here.join("none"), "lack"));
        match (env::var_os("CI").is_some(), missing) {
            (true, outcome) => assert!(outcome.is_err()),
            (false, outcome) => assert_eq!(outcome.unwrap(), None),
        }
    }
}
