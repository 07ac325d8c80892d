//! Where things are: the workspace, what cargo builds, the tools, the material beside the workspace.

use std::env;
use std::ffi::OsString;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::Failure;

/// The folders of one checkout, and the commands that run in it.
#[derive(Debug)]
pub(crate) struct Place {
    /// Holds the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Where the tools are installed.
    pub(crate) tools: PathBuf,
    /// Whether this is a run that nobody watches: nothing may be skipped in silence.
    pub(crate) ci: bool,
    path: OsString,
}

impl Place {
    pub(crate) fn find() -> Result<Self, Failure> {
        // cargo sets it for what it runs; two checkouts may share one target folder and so one binary
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .filter(|root| root.join("Cargo.lock").is_file())
            .ok_or_else(|| Failure(format!("no workspace above {}", manifest.display())))?
            .to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
            || Ok(root.join("target")),
            |folder| std::path::absolute(&folder).map_err(|error| Failure::io("CARGO_TARGET_DIR", &error)),
        )?;
        let tools = target.join("tools");
        let inherited = env::var_os("PATH").unwrap_or_default();
        let path = iter::once(venv(&tools).join("bin")).chain(env::split_paths(&inherited));
        let path = env::join_paths(path).map_err(|error| Failure(format!("the target folder: {error}")))?;
        Ok(Self { root, target, tools, ci: env::var_os("CI").is_some(), path })
    }

    /// The Python environment that holds the tools.
    pub(crate) fn venv(&self) -> PathBuf {
        venv(&self.tools)
    }

    /// A program run in the workspace with the tools on its search path.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(&self.root).env("PATH", &self.path).env("FDESCROW_PYTHON", self.venv().join("bin/python"));
        command
    }

    /// The cargo that runs us, with these arguments.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(PathBuf::from(cargo));
        command.args(arguments);
        if self.ci {
            // a clean clone is built once: what would speed up a second build is as large as the first
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    /// The material that the project does not carry itself: `FDESCROW_SHARED`, else `../shared`.
    ///
    /// `None` where it is missing on a developer's machine; where `CI` is set, a failure.
    pub(crate) fn shared(&self) -> Result<Option<PathBuf>, Failure> {
        let folder = env::var_os("FDESCROW_SHARED").map_or_else(|| self.root.join("../shared"), PathBuf::from);
        if folder.is_dir() {
            Ok(Some(folder))
        } else if self.ci {
            Err(Failure(format!("{} is missing", folder.display())))
        } else {
            Ok(None)
        }
    }

    /// Whether a program of this name is on the search path.
    pub(crate) fn has(&self, program: &str) -> bool {
        env::split_paths(&self.path).any(|folder| folder.join(program).is_file())
    }
}

fn venv(tools: &Path) -> PathBuf {
    tools.join("venv")
}
