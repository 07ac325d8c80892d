//! A module in front of a token's own (`peers/pkcs11/module.c`), which has troubles on request.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{PIN, run};
use crate::{present, workspace_root};

/// Where the header of PKCS #11 is that the module includes.
const HEADERS: &str = "/usr/include/p11-kit-1";

/// A module in front of another one, compiled for one test.
#[derive(Debug)]
pub struct Front {
    module: PathBuf,
    troubles: PathBuf,
}

impl Front {
    /// Compiles it into a folder; `parameters` are what NSS's token is started with. `None`, with the reason, where the
    /// header is missing.
    ///
    /// # Panics
    /// Where it does not compile, and where the header is missing and `CI` is set.
    pub fn new(folder: &Path, behind: &Path, parameters: Option<&str>) -> Option<Self> {
        let lack = "no header of PKCS #11: install libp11-kit-dev (a name of Debian)";
        present(Path::new(HEADERS).join("p11-kit/pkcs11.h"), lack)?;
        let front = Self { module: folder.join("front.so"), troubles: folder.join("troubles") };
        front.has(&[]);
        let define = |name: &str, value: &str| format!("-D{name}=\"{value}\"");
        let mut compile = Command::new("gcc");
        compile.args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I", HEADERS]);
        compile.arg(define("BEHIND", &behind.display().to_string())).arg(define("PIN", PIN));
        compile.arg(define("TROUBLES", &front.troubles.display().to_string()));
        compile.args(parameters.map(|parameters| define("PARAMETERS", parameters)));
        compile.arg("-o").arg(&front.module).arg(workspace_root().join("tests/peers/pkcs11/module.c"));
        run(compile.args(["-ldl", "-lpthread"]));
        Some(front)
    }

    /// The module.
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// Has these troubles from now on, and no others; the words stand in the module.
    ///
    /// # Panics
    /// Where they cannot be written.
    pub fn has(&self, troubles: &[&str]) {
        // At once, for the module may read it in the meantime.
        let new = self.troubles.with_extension("new");
        fs::write(&new, troubles.join("\n")).unwrap();
        fs::rename(&new, &self.troubles).unwrap();
    }
}
