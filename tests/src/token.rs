//! A token in software: SoftHSM 2, with OpenSC's `pkcs11-tool` and `openssl` beside it, which know nothing of us.
//!
//! SoftHSM reads the name of its configuration from the environment of its process, and a PKCS #11 module is one for
//! the whole process. So each test runs in a process of its own: [`in_its_own_process`] makes a token and runs the
//! test binary again, with this one test.

mod front;
mod nss;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use fdescrow::envelope::Certificate;

pub use front::Front;
pub use nss::{NSS_LABEL, NssToken};

use crate::{present, scratch};

/// The PIN of every token.
pub const PIN: &str = "48151623";
/// The label of every token.
pub const LABEL: &str = "escrow";

/// Where the tokens of SoftHSM are installed by Debian, and by others.
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

/// In the environment of a test that runs in its own process: the folder of its token.
const FOLDER: &str = "FDESCROW_TEST_TOKEN";

/// A token of SoftHSM.
#[derive(Debug)]
pub struct SoftToken {
    folder: PathBuf,
}

/// Runs a test of this test binary in a process of its own, with a fresh token. `name` is the test's, as the binary
/// knows it; `mechanisms` what SoftHSM's setting `slots.mechanisms` is to be: `ALL`, or a list with commas.
///
/// # Panics
/// If the test fails; where SoftHSM or `pkcs11-tool` is missing and `CI` is set.
pub fn in_its_own_process(name: &str, mechanisms: &str, test: impl FnOnce(&SoftToken)) {
    if let Some(folder) = env::var_os(FOLDER) {
        return test(&SoftToken { folder: folder.into() });
    }
    let folder = scratch("token");
    let Some(token) = SoftToken::new(folder.path(), mechanisms) else { return };
    let mut again = token.command(env::current_exe().unwrap());
    let output = again.args([name, "--exact", "--nocapture"]).env(FOLDER, &token.folder).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("1 passed"), "{name} is no test of this binary:\n{out}");
    out.lines().filter(|line| line.starts_with("token:")).for_each(|line| println!("{line}"));
}

impl SoftToken {
    /// A fresh token in an empty folder; `None`, with the reason, where SoftHSM or OpenSC is missing.
    ///
    /// # Panics
    /// Where one of them is missing and `CI` is set.
    pub fn new(folder: &Path, mechanisms: &str) -> Option<Self> {
        let lack = "no SoftHSM, or no pkcs11-tool: install softhsm2 and opensc (names as in Debian)";
        present(Self::module(), lack)?;
        for program in ["softhsm2-util", "pkcs11-tool"] {
            let folders = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
            let found = folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file());
            present(found.unwrap_or_else(|| program.into()), lack)?;
        }
        let token = Self { folder: folder.to_path_buf() };
        fs::create_dir(token.tokens()).unwrap();
        let settings = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.mechanisms = {mechanisms}\n",
            token.tokens().display()
        );
        fs::write(token.settings(), settings).unwrap();
        let mut init = token.command("softhsm2-util");
        run(init.args(["--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "987654321"]));
        Some(token)
    }

    /// The module.
    pub fn module() -> PathBuf {
        MODULES.iter().map(PathBuf::from).find(|path| path.is_file()).unwrap_or_else(|| MODULES[0].into())
    }

    /// Where SoftHSM keeps its tokens.
    pub fn tokens(&self) -> PathBuf {
        self.folder.join("tokens")
    }

    /// The configuration of SoftHSM.
    pub fn settings(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }

    /// A module in front of this token's; `None`, with the reason, where it cannot be compiled.
    ///
    /// # Panics
    /// Where something is missing and `CI` is set.
    pub fn front(&self) -> Option<Front> {
        Front::new(&self.folder, &Self::module(), None)
    }

    /// A file beside the token.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The token is taken out.
    pub fn take_out(&self) {
        fs::rename(self.tokens(), self.file("drawer")).unwrap();
        fs::create_dir(self.tokens()).unwrap();
    }

    /// The token is put in again.
    pub fn put_in(&self) {
        fs::remove_dir_all(self.tokens()).unwrap();
        fs::rename(self.file("drawer"), self.tokens()).unwrap();
    }

    /// A program that finds this token.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env("SOFTHSM2_CONF", self.settings()).current_dir(&self.folder);
        command
    }

    /// `pkcs11-tool`, logged in.
    pub fn tool(&self, arguments: &[&str]) -> Output {
        let mut tool = self.command("pkcs11-tool");
        tool.arg("--module").arg(Self::module()).args(["--token-label", LABEL, "--login", "--pin", PIN]);
        run(tool.args(arguments))
    }

    /// Lets the token make a key pair: `rsa:2048`, `EC:prime256v1`, `EC:secp384r1`; `id` in hexadecimal.
    pub fn generate(&self, kind: &str, label: &str, id: &str) {
        let usage = if kind.starts_with("rsa") { "--usage-decrypt" } else { "--usage-derive" };
        self.tool(&["--keypairgen", "--key-type", kind, "--label", label, "--id", id, usage]);
    }

    /// A certificate for the public key with this id, which an issuer signs who is thrown away: nobody verifies the
    /// signature of an escrow certificate, and so the token has to sign nothing.
    pub fn certify(&self, id: &str, subject: &str, usage: &str) -> Certificate {
        let openssl = |arguments: &[&str]| {
            run(self.command("openssl").args(arguments));
        };
        self.tool(&["--read-object", "--type", "pubkey", "--id", id, "-o", "public.der"]);
        openssl(&["pkey", "-pubin", "-inform", "DER", "-in", "public.der", "-out", "public.pem"]);
        openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "issuer.key"]);
        openssl(&["req", "-x509", "-new", "-key", "issuer.key", "-subj", subject, "-out", "issuer.pem"]);
        let extensions =
            format!("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,{usage}\nsubjectKeyIdentifier=hash\n");
        fs::write(self.file("extensions"), extensions).unwrap();
        openssl(&[
            "x509",
            "-new",
            "-force_pubkey",
            "public.pem",
            "-subj",
            subject,
            "-CA",
            "issuer.pem",
            "-CAkey",
            "issuer.key",
            "-days",
            "3650",
            "-extfile",
            "extensions",
            "-out",
            "certificate.pem",
        ]);
        Certificate::parse(&fs::read(self.file("certificate.pem")).unwrap()).unwrap()
    }
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
