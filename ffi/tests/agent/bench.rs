//! A folder with a volume, a server and the folder of an agent in C.

use std::{
    fs,
    ops::Deref,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

pub(crate) use crate::volume::{Mishap, USER};
use crate::{
    programs::{Library, Program, scratch},
    volume::Volume,
};

const STORE: &str = "sqlite:keys.db";
pub(crate) const DEVICE: &str = "PC-17";
pub(crate) const ESCROW: &str = r#"{"id":"escrow","aim":"escrow"}"#;
pub(crate) const ROTATE: &str = r#"{"id":"r1","aim":{"rotate":{"replace":["1"]}}}"#;

/// The agent and the server, compiled once.
fn programs() -> &'static (Program, Program) {
    static PROGRAMS: OnceLock<(Program, Program)> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/c/agent");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let sources: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "c")).collect();
        (Program::compile_files(&sources, "agent", Library::Shared), Program::compile("server.c", Library::Shared))
    })
}

/// A library that kills the agent between two of its steps.
fn killer() -> &'static Path {
    static KILLER: OnceLock<PathBuf> = OnceLock::new();
    KILLER.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/killer.c");
        let library = scratch("killer").join("killer.so");
        let mut compiler = Command::new("gcc");
        compiler.args(["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]);
        assert!(compiler.arg(&library).arg(source).arg("-ldl").status().unwrap().success());
        library
    })
}

fn arguments(goal: &str) -> [&str; 9] {
    ["disk", DEVICE, "plan.json", "cert.pem", "state", goal, "upload", "receive", STORE]
}

pub(crate) struct Bench(Volume);

impl Deref for Bench {
    type Target = Volume;

    fn deref(&self) -> &Volume {
        &self.0
    }
}

impl Bench {
    /// With a certificate and a plan; none where there is no cryptsetup.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let bench = Self(Volume::new(name)?);
        let (_, server) = programs();
        bench.intercept("upload", server.path());
        let policy = format!(
            "[organization]\nid = \"example.com\"\nidentifier = \"com.example\"\n[luks]\nauthorize = [\"key_file\"]\n\
             key_file = \"{}\"\nbackup_directory = \"{}\"\n",
            bench.path("user").display(),
            bench.path("headers").display()
        );
        bench.server(&["init", &policy]);
        Some(bench)
    }

    /// The same again, in another folder, where the plan's files are, too.
    pub(crate) fn copy(&self, name: &str) -> Self {
        let copy = Self(self.0.copy(name));
        let plan = fs::read_to_string(self.path("plan.json")).unwrap();
        let (from, to) = (self.folder().to_str().unwrap(), copy.folder().to_str().unwrap());
        fs::write(copy.path("plan.json"), plan.replace(from, to)).unwrap();
        copy
    }

    fn server(&self, arguments: &[&str]) -> String {
        let output = Command::new(programs().1.path()).args(arguments).current_dir(self.folder()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The agent, started by another program or by itself.
    pub(crate) fn agent_under(&self, tool: &[&str], goal: &str, mishap: Mishap<'_>) -> Output {
        let agent = programs().0.path();
        let mut command = match tool {
            [] => self.command(agent, mishap),
            [tool, options @ ..] => {
                let mut command = self.command(tool, mishap);
                command.args(options).arg(agent);
                command
            }
        };
        command.args(arguments(goal)).output().unwrap()
    }

    /// Rotates, and is killed when it changed a file for this time; whether it came so far.
    pub(crate) fn rotate_killed_at_file(&self, number: usize) -> bool {
        let agent = fs::canonicalize(programs().0.path()).unwrap();
        let mut command = self.command(&agent, Mishap::default());
        command.env("LD_PRELOAD", killer()).env("KILL_AT", number.to_string()).env("KILL_PROGRAM", &agent);
        command.args(arguments(ROTATE)).output().unwrap().status.code().is_none()
    }

    pub(crate) fn agent(&self, goal: &str, mishap: Mishap<'_>) -> Output {
        self.agent_under(&[], goal, mishap)
    }

    /// Runs the agent; what it said at last.
    #[track_caller]
    pub(crate) fn last(&self, goal: &str) -> String {
        let output = self.agent(goal, Mishap::default());
        let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}{errors}");
        said.lines().last().unwrap_or_default().to_owned()
    }

    pub(crate) fn check(&self) {
        self.server(&["check", STORE]);
    }

    /// Brings it to where the plan wants it: with a check in between, as a server does it by itself.
    #[track_caller]
    pub(crate) fn finish(&self, goal: &str) -> String {
        let first = self.last(goal);
        if first.starts_with("rests") {
            return first;
        }
        self.check();
        let last = self.last(goal);
        assert!(last.starts_with("rests"), "{first}\n{last}");
        last
    }

    /// Brings the first key into escrow.
    #[track_caller]
    pub(crate) fn finish_escrow(&self) {
        self.finish(ESCROW);
    }

    /// Rotates; whether the agent came to an end by itself.
    pub(crate) fn rotate(&self, mishap: Mishap<'_>) -> bool {
        self.agent(ROTATE, mishap).status.code().is_some()
    }

    /// Brings the rotation to its end; the situation then.
    #[track_caller]
    pub(crate) fn finish_rotation(&self) -> String {
        self.finish(ROTATE).split(": ").nth(1).unwrap_or_default().to_owned()
    }

    /// The key of a slot, as the server hands it out.
    pub(crate) fn reveal(&self, slot: u64) -> String {
        self.server(&["reveal", STORE, DEVICE, &slot.to_string()])
    }

    /// Every file that the agent wrote, at any time.
    pub(crate) fn written(&self) -> Vec<PathBuf> {
        let mut files = vec![self.path("calls")];
        for folder in fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path()) {
            if folder.is_dir() && folder.file_name().unwrap().to_string_lossy().starts_with("state") {
                files.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        files
    }
}
