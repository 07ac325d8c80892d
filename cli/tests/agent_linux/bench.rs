//! A folder with a volume, a certificate, a store and the agent's own folder.

use std::{fs, ops::Deref, process::Output};

use serde_json::{Value, json};

use crate::volume::Volume;
pub(crate) use crate::volume::{Mishap, USER};

pub(crate) const DEVICE: &str = "PC-17";

const ROTATE: &[&str] = &["--rotate", "r1"];

pub(crate) struct Bench(Volume);

impl Deref for Bench {
    type Target = Volume;

    fn deref(&self) -> &Volume {
        &self.0
    }
}

impl Bench {
    /// With a certificate and nothing else; none where there is no cryptsetup.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let bench = Self(Volume::new(name)?);
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
        Self(self.0.copy(name))
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

    /// Runs the program in the folder.
    pub(crate) fn fdescrow(&self, arguments: &[&str], mishap: Mishap<'_>) -> Output {
        self.command(env!("CARGO_BIN_EXE_fdescrow"), mishap).arg("--json").args(arguments).output().unwrap()
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

    /// Brings the first key into escrow.
    #[track_caller]
    pub(crate) fn finish_escrow(&self) {
        self.finish(&[]);
    }

    /// Rotates; whether the agent came to an end by itself.
    pub(crate) fn rotate(&self, mishap: Mishap<'_>) -> bool {
        let output = self.agent(&[STORE, &["--key-file", "user"], ROTATE].concat(), mishap);
        output.status.code().is_some()
    }

    /// Brings the rotation to its end; the situation then.
    #[track_caller]
    pub(crate) fn finish_rotation(&self) -> String {
        self.finish(ROTATE)["situation"].as_str().unwrap().to_owned()
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
