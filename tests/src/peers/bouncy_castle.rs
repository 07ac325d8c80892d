//! Bouncy Castle for Java: `peers/java/Peer.java`, against the jars that `pom.xml` names.
//!
//! One JVM per call, about 0.6 s; only the first compiler tier, which is what so short a run needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::files::{open_by_files, seal_by_files};
use super::tools::{Missing, built, run, sources};
use super::{Limit, Peer, PeerError, SealRequest};

/// The compiled class and its jars.
#[derive(Debug)]
pub struct BouncyCastle {
    folder: PathBuf,
}

const NAME: &str = "bouncy-castle";

/// Nothing that the tests ask of it. (It even wraps an 8-byte DES key under AES, which RFC 3394
/// does not allow and nobody else opens.)
const LIMITS: &[Limit] = &[];

impl BouncyCastle {
    /// Fetches the jars and compiles, on first use.
    ///
    /// # Errors
    /// [`Missing`] when Maven, its registry, or a Java 17 compiler cannot be had.
    pub fn new() -> Result<Self, Missing> {
        let source = sources().join("java").join("Peer.java");
        let pom = sources().join("java").join("pom.xml");
        let folder = built("java", &[&source, &pom], |folder| {
            let jars = folder.join("jars");
            let output = format!("-DoutputDirectory={}", jars.display());
            let goal = "dependency:copy-dependencies";
            run(Command::new("mvn").args(["-q", "-B", goal, &output]).arg("-f").arg(&pom))?;
            let mut compiler = Command::new("javac");
            compiler.arg("-cp").arg(jars.join("*")).arg("-d").arg(folder);
            run(compiler.arg(&source))
        })?;
        Ok(Self { folder })
    }

    fn program(&self) -> Command {
        let path = format!("{}:{}", self.folder.display(), self.folder.join("jars/*").display());
        let mut java = Command::new("java");
        java.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", &path, "Peer"]);
        java
    }
}

impl Peer for BouncyCastle {
    fn name(&self) -> &'static str {
        NAME
    }

    fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    fn seal(&self, request: &SealRequest<'_>) -> Result<Vec<u8>, PeerError> {
        seal_by_files(NAME, request, self.program())
    }

    fn open(&self, message: &[u8], key: &Path, certificate: &Path) -> Result<Vec<u8>, PeerError> {
        open_by_files(NAME, message, key, certificate, self.program())
    }
}
