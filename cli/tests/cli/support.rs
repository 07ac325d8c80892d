//! How is the program run, and what do most tests need first?

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fdescrow_tests::{ScratchDir, scratch};
use serde_json::Value;

/// A well-formed key of each kind, none of which opens anything.
pub(crate) const FILEVAULT: &str = "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY";
pub(crate) const BITLOCKER: &str = "000011-000022-000033-000044-000055-000066-000077-000088";

/// What a run left.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(mut command: Command, stdin: &[u8]) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        // A command that reads nothing closes its end: that is no failure of the test.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().expect("it ends by itself"),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The run, which must have ended with this number.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.text(), self.stderr);
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The member `error` of the document on standard error.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let document: Value =
            serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {}", self.stderr));
        document["error"].clone()
    }
}

/// Where the program is.
pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_fdescrow")
}

/// A folder with what an escrow needs.
pub(crate) struct Desk {
    folder: ScratchDir,
}

impl Desk {
    pub(crate) fn new(name: &str) -> Self {
        Self { folder: scratch(name) }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(file), content).unwrap();
        self.path(file)
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path(file)).unwrap()
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, arguments: &[&str], stdin: impl AsRef<[u8]>) -> Run {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.folder());
        Run::of(command, stdin.as_ref())
    }

    /// Runs a line of shell in the folder; `$F` is the program.
    pub(crate) fn shell(&self, line: &str) -> Run {
        let mut command = Command::new("sh");
        command.args(["-c", line]).env("F", program()).current_dir(self.folder());
        Run::of(command, b"")
    }

    /// Makes `NAME.key` and `NAME.crt`.
    pub(crate) fn certificate(&self, name: &str, algorithm: &str) {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
        let subject = format!("CN={name}");
        let arguments = [
            "certificate",
            "new",
            "--subject",
            &subject,
            "--algorithm",
            algorithm,
            "--key-out",
            &key,
            "--out",
            &certificate,
        ];
        self.run(&arguments, "").ends(0);
    }

    /// Runs a command over the store of this desk.
    pub(crate) fn store(&self, words: &[&str], arguments: &[&str], stdin: impl AsRef<[u8]>) -> Run {
        self.run(&[words, &["--store", "sqlite:keys.db"], arguments].concat(), stdin)
    }

    /// What macOS writes, as nearly as OpenSSL can: BER of indefinite length, 3DES-CBC, PKCS#1 v1.5.
    pub(crate) fn mac_blob(&self, certificate: &str, key: &str, out: &str) {
        self.write("plain", key);
        let line =
            format!("openssl cms -encrypt -binary -stream -outform DER -des3 -in plain -out {out} {certificate}.crt");
        self.shell(&line).ends(0);
        std::fs::remove_file(self.path("plain")).unwrap();
    }
}
