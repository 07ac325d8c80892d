//! The Python module: is the wheel as it should be, and does it do in a clean environment what it promises?
//!
//! The wheel is tested, not the tree: an environment of its own gets it, and what the tests need beside it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::place::Place;
use crate::steps::{Failure, Outcome, Steps, output, run};

/// What the tests need, in the environment of the wheel.
const BESIDE: [&str; 5] =
    ["pytest==9.2.0", "mypy==2.4.1", "typing_extensions", "cryptography==50.0.2", "asn1crypto==1.5.1"];

/// The oldest Python that the wheel is for; it is for every newer one, too.
const OLDEST: u32 = 10;

/// The oldest glibc that the wheel is for.
const PLATFORM: &str = "manylinux_2_17";

/// What every Python must be able to do with the wheel.
const SMOKE: &str = "
import fdescrow, sys
key = fdescrow.RecoveryKey.generate('filevault')
assert fdescrow.RecoveryKey.parse_typed('filevault', key.expose()).expose() == key.expose()
escrow = fdescrow.Escrow(fdescrow.Store.open('memory:'), 'example.com')
assert escrow.summary().devices == 0 and list(escrow.undecryptable()) == []
with key.secret() as secret:
    assert secret.buffer() == key.expose().encode()
try:
    escrow.assess('nobody')
except LookupError as error:
    assert error.code == 412
else:
    raise AssertionError
";

/// Everything that a change of python/, or of what is below it, must pass.
pub(crate) fn check(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    let python = Python { place, folder: place.target.join("python") };
    steps.run("python, format and lints", || python.lint())?;
    steps.run("python, wheel", || python.build())?;
    steps.run("python, environment", || python.install())?;
    steps.run("python, tests", || {
        let (settings, tests) = (python.source().join("pyproject.toml"), python.source().join("tests"));
        let mut pytest = python.tool("pytest");
        pytest.args(["-q", "-c"]).arg(settings).arg(tests).env("FDESCROW_WHEEL", "1");
        // what is installed, not what lies here: also for the programs that the tests start
        run(pytest.current_dir(&python.folder))
    })?;
    steps.run("python, examples", || python.examples())?;
    steps.run("python, types", || {
        run(&mut python.tool("mypy"))?;
        let mut stubtest = python.tool("python");
        stubtest.args(["-m", "mypy.stubtest", "fdescrow", "--allowlist"]);
        stubtest.arg(python.source().join("stubtest-allowed.txt"));
        // what is installed, not what lies here
        run(stubtest.current_dir(&python.folder))
    })?;
    steps.run("python, every version", || python.every_version())?;
    steps.run("python, source", || python.source_distribution())
}

struct Python<'a> {
    place: &'a Place,
    /// Where wheels and environments are made.
    folder: PathBuf,
}

impl Python<'_> {
    fn source(&self) -> PathBuf {
        self.place.root.join("python")
    }

    /// A program of the tools, run in the folder of the module.
    fn command(&self, program: &str) -> Command {
        let mut command = self.place.command(program);
        command.current_dir(self.source());
        command
    }

    /// A program of the environment that has the wheel.
    fn tool(&self, program: &str) -> Command {
        let mut command = self.place.command(self.folder.join("venv/bin").join(program));
        command.current_dir(self.source()).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn lint(&self) -> Result<Outcome, Failure> {
        run(self.command("ruff").args(["check", "."]))?;
        run(self.command("ruff").args(["format", "--check", "."]))
    }

    /// Builds the wheel as for development; linked by zig, for a glibc that is older than this machine's.
    fn build(&self) -> Result<Outcome, Failure> {
        let wheels = self.emptied("wheels")?;
        let mut build = self.command("maturin");
        build.args(["build", "--locked", "--zig", "--compatibility", PLATFORM, "--out"]).arg(&wheels);
        run(build.env("CARGO_TARGET_DIR", &self.place.target))?;
        let wheel = self.made("whl")?;
        let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.contains(&format!("-cp3{OLDEST}-abi3-manylinux")) {
            return Err(Failure(format!("{name} is not for every Python from 3.{OLDEST} on")));
        }
        Ok(Outcome::PassedWith(name))
    }

    /// Makes an environment that has the wheel and what the tests need.
    fn install(&self) -> Result<Outcome, Failure> {
        let venv = self.folder.join("venv");
        run(self.command("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        let mut pip = self.tool("python");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
        run(pip.arg(self.made("whl")?).args(BESIDE))
    }

    /// Runs the programs that show how it is used, the web page in a real browser.
    fn examples(&self) -> Result<Outcome, Failure> {
        let examples = self.source().join("examples");
        let mut pip = self.tool("python");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r"]);
        run(pip.arg(examples.join("requirements.txt")))?;
        run(self.tool("pytest").arg("-q").arg(examples))
    }

    /// Has each Python of this machine try the one wheel.
    fn every_version(&self) -> Result<Outcome, Failure> {
        let unpacked = self.emptied("unpacked")?;
        run(self.command("python3").args(["-m", "zipfile", "-e"]).arg(self.made("whl")?).arg(&unpacked))?;
        let mut tried = Vec::new();
        for (version, python) in pythons(self.place) {
            let mut smoke = self.place.command(&python);
            run(smoke.args(["-W", "error", "-c", SMOKE]).current_dir(&self.folder).env("PYTHONPATH", &unpacked))?;
            tried.push(format!("3.{version}"));
        }
        Ok(Outcome::PassedWith(tried.join(", ")))
    }

    /// Makes the source distribution, and looks whether cargo finds all of its crates in it.
    fn source_distribution(&self) -> Result<Outcome, Failure> {
        let wheels = self.folder.join("wheels");
        run(self.command("maturin").args(["sdist", "--out"]).arg(&wheels))?;
        let unpacked = self.emptied("source")?;
        run(self.command("tar").arg("-xzf").arg(self.made("gz")?).arg("-C").arg(&unpacked))?;
        let inside = only(&unpacked, |_| true)?;
        // without those that are not in it, the lock file is another one
        let metadata = ["metadata", "--offline", "--format-version", "1", "--manifest-path"];
        output(self.place.cargo(&metadata).arg(inside.join("python/Cargo.toml")))?;
        Ok(Outcome::Passed)
    }

    fn emptied(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| Failure::io(folder.display(), &error))?;
        }
        fs::create_dir_all(&folder).map_err(|error| Failure::io(folder.display(), &error))?;
        Ok(folder)
    }

    /// The one file of this kind that was made.
    fn made(&self, extension: &str) -> Result<PathBuf, Failure> {
        only(&self.folder.join("wheels"), |path| path.extension().is_some_and(|end| end == extension))
    }
}

fn only(folder: &Path, is_wanted: impl Fn(&Path) -> bool) -> Result<PathBuf, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::io(folder.display(), &error))?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_wanted(path)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(path), true) => Ok(path),
        _ => Err(Failure(format!("{} has not the one thing that it should have", folder.display()))),
    }
}

/// The Pythons of this machine that the wheel is for: on the search path, and those of pyenv.
fn pythons(place: &Place) -> Vec<(u32, PathBuf)> {
    let versions = env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv/versions"));
    let of_pyenv = versions.and_then(|versions| fs::read_dir(versions).ok()).into_iter().flatten().flatten();
    let candidates = of_pyenv
        .map(|version| version.path().join("bin/python3"))
        .chain((OLDEST..=OLDEST.saturating_add(9)).map(|minor| PathBuf::from(format!("python3.{minor}"))))
        .chain([PathBuf::from("python3")]);
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for python in candidates {
        let asked = output(place.command(&python).args(["-c", "import sys; print(*sys.version_info[:2])"]));
        let minor = asked.ok().and_then(|version| version.trim().strip_prefix("3 ")?.parse().ok());
        if let Some(minor) = minor.filter(|minor| *minor >= OLDEST && found.iter().all(|(known, _)| known != minor)) {
            found.push((minor, python));
        }
    }
    found.sort();
    found
}
