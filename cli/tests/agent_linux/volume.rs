//! A folder with a LUKS volume in a plain file, and a `cryptsetup` of ours that stands before the real one.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fdescrow_tests::{ScratchDir, scratch};
use serde_json::Value;

pub(crate) const USER: &str = "user-passphrase";

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

/// How the wrapper behaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mishap<'a> {
    pub(crate) fail: Option<&'a str>,
    pub(crate) kill: Option<(usize, &'a str)>,
}

pub(crate) struct Volume {
    folder: ScratchDir,
    real: PathBuf,
}

impl Volume {
    /// With the user's passphrase in a file and nothing else; none where there is no cryptsetup.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let volume = Self { real: cryptsetup()?, folder: scratch(name) };
        fs::create_dir(volume.path("bin")).unwrap();
        volume.intercept("cryptsetup", &volume.real);
        fs::create_dir(volume.path("state")).unwrap();
        fs::write(volume.path("user"), USER).unwrap();
        Some(volume)
    }

    /// Puts the wrapper before a program, which counts as `cryptsetup` does.
    pub(crate) fn intercept(&self, program: &str, real: &Path) {
        let path = self.path("bin").join(program);
        fs::write(&path, WRAPPER.replace("$REAL", real.to_str().unwrap())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
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

    /// A program in the folder, which finds the wrapper.
    pub(crate) fn command(&self, program: impl AsRef<Path>, mishap: Mishap<'_>) -> Command {
        let mut search = vec![self.path("bin")];
        search.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let search: OsString = env::join_paths(search).unwrap();
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("PATH", search).env("BENCH", self.folder.path());
        if let Some(word) = mishap.fail {
            command.env("FAIL", word);
        }
        if let Some((number, when)) = mishap.kill {
            command.env("KILL", number.to_string()).env("WHEN", when);
        }
        command
    }

    /// How cryptsetup was called.
    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
