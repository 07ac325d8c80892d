//! How fast is it, beside others, in one run?
//!
//! Every peer is a process that speaks one line protocol (`benches/src/main.rs`) over the same files. What is compared is
//! measured in interleaved rounds, A B C A B C, so that whatever else the machine does falls on all of them; what counts
//! is the ratio of each round. A full run fills in the measured part of `docs/performance.md`, a quick one shows that all
//! of it runs.

mod harness;
mod page;
mod size;
mod table;
pub(crate) mod timing;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::install::SYSTEM_LIBRARIES;
use crate::place::Place;
use crate::steps::{Failure, Outcome, Steps, run};
use crate::tools;
use harness::Harness;
use table::{GROUPS, Group, PEERS, Subject, Work};

/// What somebody asked for on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) without: Vec<String>,
    pub(crate) rounds: u32,
    pub(crate) keys: u32,
    pub(crate) devices: u32,
    pub(crate) cold_build: bool,
}

impl Options {
    /// What a smoke run does: seconds, and no number that means anything.
    pub(crate) const QUICK: Self =
        Self { quick: true, without: Vec::new(), rounds: 2, keys: 200, devices: 200, cold_build: false };

    const FULL: Self =
        Self { quick: false, without: Vec::new(), rounds: 15, keys: 100_000, devices: 1_000_000, cold_build: false };

    pub(crate) fn parse(arguments: &[&str]) -> Result<Self, Failure> {
        let mut options = if arguments.contains(&"--quick") { Self::QUICK } else { Self::FULL };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| Failure(format!("{word} takes a value")));
            let number = |value: &str| {
                let number = value.parse().ok().filter(|number| *number > 0);
                number.ok_or_else(|| Failure(format!("{value} is no number of things to do")))
            };
            match *word {
                "--quick" => {}
                "--cold-build" => options.cold_build = true,
                "--without" => options.without = value()?.split(',').map(str::to_owned).collect(),
                "--rounds" => options.rounds = number(value()?)?,
                "--keys" => options.keys = number(value()?)?,
                "--devices" => options.devices = number(value()?)?,
                _ => return Err(Failure(format!("{word}: not known"))),
            }
        }
        match options.without.iter().find(|name| !PEERS.contains(&name.as_str()) || *name == "fdescrow") {
            Some(name) => Err(Failure(format!("there is no peer {name} to be left out"))),
            None => Ok(options),
        }
    }

    /// The command as one would type it.
    fn command(&self) -> String {
        let mut command = "cargo xtask bench-peers".to_owned();
        if self.quick {
            command.push_str(" --quick");
        }
        let usual = if self.quick { Self::QUICK } else { Self::FULL };
        for (option, value, usual) in [
            ("rounds", self.rounds, usual.rounds),
            ("keys", self.keys, usual.keys),
            ("devices", self.devices, usual.devices),
        ] {
            if value != usual {
                command.push_str(&format!(" --{option} {value}"));
            }
        }
        if !self.without.is_empty() {
            command.push_str(&format!(" --without {}", self.without.join(",")));
        }
        if self.cold_build {
            command.push_str(" --cold-build");
        }
        command
    }
}

/// What was measured.
#[derive(Debug, Default)]
struct Measured {
    /// Nanoseconds of one operation, by round.
    rounds: BTreeMap<Subject, Vec<f64>>,
    /// The most memory that the process had, in KiB.
    memory: BTreeMap<Subject, u64>,
    versions: BTreeMap<&'static str, String>,
    sizes: Vec<(String, String)>,
}

/// The harnesses, built, and the folder of their material.
struct Bench<'a> {
    place: &'a Place,
    options: Options,
    folder: PathBuf,
    built: PathBuf,
}

/// Measures everything.
pub(crate) fn peers(steps: &mut Steps, place: &Place, options: Options) -> Result<(), Failure> {
    let left_out = |name: &str| options.without.iter().any(|without| without == name);
    let needs: Vec<tools::Need> =
        tools::BENCH.iter().filter(|(peer, _)| !left_out(peer)).map(|(_, need)| *need).collect();
    steps.run("tools", || tools::install(place, &needs))?;
    let folder = place.target.join("bench");
    let bench = Bench { place, folder: folder.join("material"), built: folder.join("peers"), options };
    steps.run("build", || bench.build())?;
    let mut measured = Measured::default();
    steps.run("material", || bench.fill())?;
    steps.run("measure", || bench.measure(&mut measured))?;
    if !bench.options.quick {
        steps.run("size and start", || size::measure(place, bench.options.cold_build, &mut measured.sizes))?;
    }
    steps.run("page", || {
        let written = page::measured(&bench.options, &measured)?;
        if bench.options.quick {
            println!("{written}");
            return Ok(Outcome::PassedWith("a smoke run: nothing is written down".into()));
        }
        page::write(&place.root.join("docs/performance.md"), "measured", &written)?;
        Ok(Outcome::PassedWith("docs/performance.md".into()))
    })
}

/// Our side, with AWS-LC; also what valgrind looks at.
pub(crate) fn build_ours(place: &Place) -> Result<PathBuf, Failure> {
    let mut build = place.cargo(&["build", "--release", "--locked", "--package", "fdescrow-benches"]);
    run(build.args(["--features", "aws-lc"]))?;
    Ok(place.target.join("release/fdescrow-benches"))
}

/// The material, made anew.
pub(crate) fn make_material(place: &Place, program: &Path, folder: &Path) -> Result<Outcome, Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| Failure::io(folder.display(), &error))?;
    }
    run(place.command(program).arg("make").arg(folder))
}

impl Bench<'_> {
    fn has(&self, peer: &str) -> bool {
        !self.options.without.iter().any(|without| without == peer)
    }

    fn source(&self, path: &str) -> PathBuf {
        self.place.root.join("benches/peers").join(path)
    }

    fn ours(&self) -> PathBuf {
        self.place.target.join("release/fdescrow-benches")
    }

    fn build(&self) -> Result<Outcome, Failure> {
        build_ours(self.place)?;
        fs::create_dir_all(&self.built).map_err(|error| Failure::io(self.built.display(), &error))?;
        if self.has("openssl") {
            let mut compile = self.place.command("cc");
            compile.args(["-O2", "-Wall", "-o"]).arg(self.built.join("openssl"));
            run(compile.arg(self.source("openssl/peer.c")).arg("-lcrypto"))?;
        }
        let release = self.place.target.join("release");
        if self.has("c") || self.has("cgo") || self.has("purego") {
            run(&mut self.place.cargo(&["build", "--release", "--locked", "--package", "fdescrow-ffi"]))?;
        }
        if self.has("c") {
            let mut compile = self.place.command("cc");
            compile.args(["-std=c99", "-O2", "-Wall", "-I"]).arg(self.place.root.join("include"));
            compile.arg("-o").arg(self.built.join("c")).arg(self.source("c/peer.c")).arg("-L").arg(&release);
            // Before LD_LIBRARY_PATH, in which cargo names the folder of the library for development.
            run(compile.arg("-lfdescrow_ffi").arg(format!("-Wl,--disable-new-dtags,-rpath,{}", release.display())))?;
        }
        if self.has("go") {
            let mut build = self.place.command("go");
            build.args(["build", "-trimpath", "-mod=readonly", "-o"]).arg(self.built.join("go")).arg(".");
            build.current_dir(self.source("go")).env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0");
            run(&mut build)?;
        }
        for (peer, cgo) in [("cgo", "1"), ("purego", "0")] {
            if self.has(peer) {
                let mut build = self.place.command("go");
                build.args(["build", "-trimpath", "-mod=readonly", "-tags", "fdescrow_flags", "-o"]);
                build.arg(self.built.join(peer)).arg(".").current_dir(self.source("fdescrow-go"));
                build.env("GOTOOLCHAIN", "local").env("CGO_ENABLED", cgo);
                build.env("CGO_CFLAGS", format!("-O2 -I{}", self.place.root.join("include").display()));
                let library = release.join("libfdescrow_ffi.a");
                run(build.env("CGO_LDFLAGS", format!("{} {SYSTEM_LIBRARIES}", library.display())))?;
            }
        }
        if self.has("java") {
            let jars = self.built.join("jars");
            let mut fetch = self.place.command("mvn");
            fetch.args(["-q", "-B", "dependency:copy-dependencies", "-f"]).arg(self.source("java/pom.xml"));
            run(fetch.arg(format!("-DoutputDirectory={}", jars.display())))?;
            let mut compile = self.place.command("javac");
            compile.arg("-cp").arg(jars.join("*")).arg("-d").arg(&self.built);
            run(compile.arg(self.source("java/Peer.java")))?;
        }
        Ok(Outcome::Passed)
    }

    fn fill(&self) -> Result<Outcome, Failure> {
        make_material(self.place, &self.ours(), &self.folder)?;
        let fill = |what: &str, number: u32| {
            run(self.place.command(self.ours()).arg(what).arg(&self.folder).arg(number.to_string()))
        };
        fill("fill-keys", self.options.keys)?;
        fill("fill-devices", self.options.devices)
    }

    fn start(&self, peer: &'static str) -> Result<Harness, Failure> {
        let mut command = match peer {
            "openssl" | "go" | "c" | "cgo" => self.place.command(self.built.join(peer)),
            "purego" => {
                let mut go = self.place.command(self.built.join(peer));
                go.env("FDESCROW_LIBRARY", self.place.target.join("release/libfdescrow_ffi.so"));
                go
            }
            "python" => {
                let mut python = self.place.command(self.place.venv().join("bin/python"));
                python.args(["-I", "-B"]).arg(self.source("python/peer.py"));
                python
            }
            "java" => {
                let mut java = self.place.command("java");
                java.arg("-cp").arg(format!("{0}:{0}/jars/*", self.built.display())).arg("Peer");
                java
            }
            _ => {
                let mut ours = self.place.command(self.ours());
                ours.arg("serve");
                ours
            }
        };
        Harness::start(peer, command.arg(&self.folder))
    }

    fn measure(&self, measured: &mut Measured) -> Result<Outcome, Failure> {
        let mut harnesses = BTreeMap::new();
        for peer in PEERS.into_iter().filter(|peer| self.has(peer)) {
            let mut harness = self.start(peer)?;
            measured.versions.insert(peer, harness.ask("version", 0)?);
            harnesses.insert(peer, harness);
        }
        for group in GROUPS {
            println!("{}", group.title);
            self.measure_group(&group, &mut harnesses, measured)?;
        }
        Ok(Outcome::PassedWith(format!("{} things, {} rounds", measured.rounds.len(), self.options.rounds)))
    }

    /// Interleaved rounds of what is compared with each other.
    fn measure_group(
        &self,
        group: &Group,
        harnesses: &mut BTreeMap<&'static str, Harness>,
        measured: &mut Measured,
    ) -> Result<(), Failure> {
        let present: Vec<Subject> = group.subjects.iter().copied().filter(|it| self.has(it.peer)).collect();
        let nanoseconds = if self.options.quick { 2e6 } else { 3e8 };
        let mut times = BTreeMap::new();
        let mut fresh = None;
        let (rounds, uncounted) = self.rounds_of(group);
        for round in 0..uncounted + rounds {
            for subject in &present {
                // what is stored is checked in a process of its own, so that its memory is that of the check
                if matches!(subject.work, Work::Keys { fresh: true } | Work::Devices) {
                    fresh = Some(self.start(subject.peer)?);
                }
                let harness = match (&subject.work, &mut fresh) {
                    (Work::Keys { .. } | Work::Devices, Some(fresh)) => fresh,
                    _ => harnesses
                        .get_mut(subject.peer)
                        .ok_or_else(|| Failure(format!("{} was not started", subject.peer)))?,
                };
                let (asked, done) = match subject.work {
                    Work::Repeated => {
                        let times = match times.get(subject) {
                            Some(times) => *times,
                            None => harness.times_in(subject.case, nanoseconds)?,
                        };
                        (times, times)
                    }
                    Work::Keys { .. } => (1, u64::from(self.options.keys)),
                    Work::Devices => (1, 1),
                };
                times.insert(*subject, asked);
                let took = harness.time(subject.case, asked)?;
                if round >= uncounted {
                    #[expect(clippy::cast_precision_loss, reason = "numbers of operations are small")]
                    measured.rounds.entry(*subject).or_default().push(took / done as f64);
                    let memory = measured.memory.entry(*subject).or_default();
                    *memory = (*memory).max(harness.peak_memory()?);
                }
            }
        }
        Ok(())
    }

    /// How many rounds count, after how many that do not. What takes minutes is done less often, and each time counts.
    fn rounds_of(&self, group: &Group) -> (u32, u32) {
        let long = group.subjects.iter().any(|subject| subject.work != Work::Repeated);
        if long { (self.options.rounds.min(3), 0) } else { (self.options.rounds, 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_what_was_typed() {
        for words in ["--quick --rounds 3 --keys 10 --devices 10 --without java,go", "--rounds 3 --cold-build"] {
            let arguments: Vec<&str> = words.split(' ').collect();
            let options = Options::parse(&arguments).unwrap();
            let command = options.command();
            let again: Vec<&str> = command.split(' ').skip(3).collect();
            assert_eq!(Options::parse(&again).unwrap(), options, "{command}");
        }
        for wrong in ["--rounds 0", "--rounds", "--without fdescrow", "--without cobol", "--loud"] {
            assert!(Options::parse(&wrong.split(' ').collect::<Vec<_>>()).is_err(), "{wrong}");
        }
    }
}
