//! A folder with a volume, a certificate, a store and the agent's own folder.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use fdescrow_tests::{ScratchDir, scratch};
use serde_json::{Value, json};

pub(crate) const USER: &str = "user-passphrase";
pub(crate) const DEVICE: &str = "PC-17";

/// Where the program of the system is; without it nothing here can be tried.
pub(crate) fn cryptsetup() -> Option<PathBuf> {
    let paths: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap()).collect();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let found = paths.iter().chain(&more).map(|folder| folder.join("cryptsetup")).find(|path| path.is_file());
    assert!(found.is_some() || env::var_os("CI").is_none(), "cryptsetup is missing");
    if found.is_none() {
        eprintln!("skipped: cryptsetup is missing");
    }
    found
}

/// What stands before the real one in the search path. `FAIL` is a word of a call that fails with status 2, without
/// effect; the call with the number `KILL` kills the agent before or after it has its effect.
const WRAPPER: &str = r#"#!/bin/sh
number=$(($(cat "$BENCH/count" 2>/dev/null || echo 0) + 1))
echo $number >"$BENCH/count"
echo "$*" >>"$BENCH/calls"
mkdir -p "$BENCH/state.$number"
for file in "$BENCH"/state/*.json "$BENCH/state/spool"; do
    if [ -e "$file" ]; then cp "$file" "$BENCH/state.$number"; fi
done
case " $* " in *" ${FAIL:-no} "*) exit 2 ;; esac
if [ "$number" = "${KILL:-0}" ]; then
    if [ "$WHEN" = after ]; then "$REAL" "$@" >/dev/null; fi
    kill -9 $PPID
    exit 0
fi
exec "$REAL" "$@"
"#;

pub(crate) struct Bench {
    folder: ScratchDir,
    real: PathBuf,
}

/// How the wrapper behaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishap<'a> {
    pub(crate) fail: Option<&'a str>,
    pub(crate) kill: Option<(usize, &'a str)>,
}

impl Bench {
    /// With a certificate and nothing else; none where there is no cryptsetup.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let bench = Self { real: cryptsetup()?, folder: scratch(name) };
        fs::create_dir(bench.path("bin")).unwrap();
        fs::write(bench.path("bin/cryptsetup"), WRAPPER).unwrap();
        fs::set_permissions(bench.path("bin/cryptsetup"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(bench.path("state")).unwrap();
        fs::write(bench.path("user"), USER).unwrap();
        let made = bench.fdescrow(
            &[
                "certificate",
                "new",
                "--subject",
                "CN=e",
                "--algorithm",
                "p-256",
                "--key-out",
                "e.key",
                "--out",
                "e.crt",
            ],
            Mishap::default(),
        );
        assert!(made.status.success());
        Some(bench)
    }

    /// The same again, in another folder.
    pub(crate) fn copy(&self, name: &str) -> Self {
        let folder = scratch(name);
        let copied = Command::new("cp").args(["-r", "--sparse=always"]).arg(self.path(".")).arg(folder.path()).status();
        assert!(copied.unwrap().success());
        let copy = Self { folder, real: self.real.clone() };
        let _ = fs::remove_file(copy.path("count"));
        let _ = fs::remove_file(copy.path("calls"));
        copy
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Makes the volume `disk`, which the user's passphrase opens.
    pub(crate) fn format(&self, version: &str) {
        fs::File::create(self.path("disk")).unwrap().set_len(6 << 20).unwrap();
        // Room for twelve slots.
        let small: &[&str] = if version == "luks2" {
            &["--pbkdf", "pbkdf2", "--luks2-keyslots-size", "3M", "--offset", "8192"]
        } else {
            &[]
        };
        let arguments = ["-q", "luksFormat", "--type", version, "--pbkdf-force-iterations", "1000"];
        self.cryptsetup(&[&arguments, small, &["disk", "user"]].concat(), "");
    }

    /// Writes `plan`, which wants this slot.
    pub(crate) fn plan(&self, slot: &Value) {
        let pem = fs::read_to_string(self.path("e.crt")).unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let plan = json!({
            "version": 1, "organization": "default", "volumes": ["/"], "slot": slot,
            "authorize": ["key_file"], "seal_to": [base64], "never_touch": { "slots": [], "token_types": [] },
            "backup_directory": self.path("headers"),
        });
        fs::write(self.path("plan"), plan.to_string()).unwrap();
    }

    /// Puts a passphrase into a slot by hand.
    pub(crate) fn add_slot(&self, slot: usize, passphrase: &str) {
        let slot = slot.to_string();
        let arguments = ["-q", "luksAddKey", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-slot"];
        self.cryptsetup(
            &[&arguments, [slot.as_str(), "--key-file", "user", "disk", "-"].as_slice()].concat(),
            passphrase,
        );
    }

    /// The real program, which must do it.
    pub(crate) fn cryptsetup(&self, arguments: &[&str], stdin: &str) {
        assert_eq!(self.status(arguments, stdin), 0, "{arguments:?}");
    }

    fn status(&self, arguments: &[&str], stdin: &str) -> i32 {
        let mut command = Command::new(&self.real);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait().unwrap().code().unwrap()
    }

    /// Whether the passphrase opens this slot.
    pub(crate) fn opens(&self, slot: u64, passphrase: &str) -> bool {
        let slot = slot.to_string();
        let arguments = ["open", "--test-passphrase", "--key-slot", &slot, "--key-file", "-", "disk"];
        self.status(&arguments, passphrase) == 0
    }

    /// The numbers of the slots, and of LUKS2 the tokens.
    pub(crate) fn header(&self) -> (Vec<u64>, BTreeMap<String, Value>) {
        let output = Command::new(&self.real)
            .args(["luksDump", "--dump-json-metadata", "disk"])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        if output.status.success() {
            let json: Value = serde_json::from_slice(&output.stdout).unwrap();
            let slots = json["keyslots"].as_object().unwrap().keys().map(|key| key.parse().unwrap());
            let mut slots: Vec<u64> = slots.collect();
            slots.sort_unstable();
            let tokens = json["tokens"].as_object().unwrap();
            return (slots, tokens.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
        }
        let header = fs::read(self.path("disk")).unwrap();
        let used = (0..8).filter(|slot| header[208 + 48 * slot..][..4] == 0x00ac_71f3_u32.to_be_bytes());
        (used.map(|slot| u64::try_from(slot).unwrap()).collect(), BTreeMap::new())
    }

    /// Runs the program in the folder.
    pub(crate) fn fdescrow(&self, arguments: &[&str], mishap: Mishap<'_>) -> Output {
        let mut search = vec![self.path("bin")];
        search.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let search: OsString = env::join_paths(search).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fdescrow"));
        command.arg("--json").args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("PATH", search).env("BENCH", self.folder.path()).env("REAL", &self.real);
        if let Some(word) = mishap.fail {
            command.env("FAIL", word);
        }
        if let Some((number, when)) = mishap.kill {
            command.env("KILL", number.to_string()).env("WHEN", when);
        }
        command.output().unwrap()
    }

    /// Runs the agent.
    pub(crate) fn agent(&self, more: &[&str], mishap: Mishap<'_>) -> Output {
        let arguments = ["agent", "linux", "--volume", "disk", "--device", DEVICE, "--to", "e.crt", "--state", "state"];
        self.fdescrow(&[&arguments, more].concat(), mishap)
    }

    /// Runs the agent with the store and what authorizes a slot; its answer and exit status.
    #[track_caller]
    pub(crate) fn escrow(&self, more: &[&str]) -> (Value, i32) {
        let output = self.agent(&[STORE, &["--key-file", "user"], more].concat(), Mishap::default());
        answer(&output)
    }

    /// Checks the keys in the store.
    pub(crate) fn check(&self) {
        let output =
            self.fdescrow(&["check", "--store", "sqlite:keys.db", "--identity", "e.key", "e.crt"], Mishap::default());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Brings it to where the plan wants it: with a check in between, as a server does it by itself.
    #[track_caller]
    pub(crate) fn finish(&self, more: &[&str]) -> Value {
        let (first, status) = self.escrow(more);
        if status == 0 {
            return first;
        }
        self.check();
        let (last, status) = self.escrow(more);
        assert_eq!(status, 0, "{first:#} {last:#}");
        last
    }

    /// The key of a slot, as the store hands it out.
    #[track_caller]
    pub(crate) fn reveal(&self, slot: u64) -> String {
        let mut files = fs::read_dir(self.path("state")).unwrap().map(|entry| entry.unwrap().path());
        let state = files.find(|path| path.extension().is_some_and(|end| end == "json")).unwrap();
        let volume = state.file_stem().unwrap().to_str().unwrap().to_owned();
        let slot = slot.to_string();
        let arguments = ["reveal", "--store", "sqlite:keys.db", "--identity", "e.key", "e.crt", "--device", DEVICE];
        let place = ["--volume", &volume, "--protector", &slot, "--by", "tester", "--reason", "test"];
        let output = self.fdescrow(&[arguments.as_slice(), &place].concat(), Mishap::default());
        let (document, _) = answer(&output);
        document["key"].as_str().unwrap_or_else(|| panic!("{document}")).to_owned()
    }

    /// How cryptsetup was called.
    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

pub(crate) const STORE: &[&str] = &["--store", "sqlite:keys.db", "--by", "agent"];

/// The answer and exit status of a run.
#[track_caller]
pub(crate) fn answer(output: &Output) -> (Value, i32) {
    let text = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
    let document = serde_json::from_slice(text).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(text)));
    (document, output.status.code().unwrap())
}
