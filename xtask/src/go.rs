//! The Go package: is it written as Go is, and does it do the same in both ways to the library?

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::install::{SYSTEM_LIBRARIES, make_static};
use crate::place::Place;
use crate::steps::{Failure, Outcome, Steps, output, run};

/// The oldest Go that go/go.mod takes.
const OLDEST: (u32, u32) = (1, 23);

/// Systems whose files are at least compiled and vetted here, where no linker for them is needed: without cgo.
const OTHER_SYSTEMS: [(&str, &str); 5] =
    [("windows", "amd64"), ("windows", "arm64"), ("darwin", "amd64"), ("darwin", "arm64"), ("linux", "arm64")];

const FUZZ_TARGETS: [&str; 3] = ["FuzzParseEnvelope", "FuzzParsePolicy", "FuzzParseTyped"];

/// Everything that a change of go/ or of the C ABI must pass. The library is built as for development.
pub(crate) fn check(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    let go = Go { place, library: place.target.join("go"), module: "go" };
    steps.run("go, library", || go.lay_out())?;
    steps.run("go, format and lints", || go.lint("./..."))?;
    steps.run("go, cgo", || run(go.test(Way::Cgo).args(["-race", "./..."])))?;
    steps.run("go, without cgo", || run(go.test(Way::Loaded).arg("./...")))?;
    // both ways where a slip shows: what is loaded under the race detector, cgo's rules with a collector that never rests
    steps.run("go, loaded, race", || {
        run(go.test(Way::Cgo).args(["-short", "-race", "-tags", "fdescrow_purego"]).env("GOGC", "1").arg("."))
    })?;
    steps.run("go, cgo's rules", || {
        run(go.test(Way::Cgo).args(["-short", "."]).env("GOEXPERIMENT", "cgocheck2").env("GOGC", "1"))
    })?;
    // a store of a program's own, over two SQLites that are not the library's
    steps.run("go, stores", || go.stores())?;
    steps.run("go, fuzz", || go.fuzz())?;
    let examples = Go { module: "examples/go", ..go };
    // the server's own table needs a driver that takes long to compile: only what differs between systems is vetted for each
    steps.run("go examples, format and lints", || examples.lint("./agent"))?;
    steps.run("go examples, cgo", || run(examples.test(Way::Cgo).args(["-race", "./..."])))?;
    steps.run("go examples, without cgo", || run(examples.test(Way::Loaded).arg("./...")))
}

/// Writes anew what follows from C's header.
pub(crate) fn generate(place: &Place) -> Result<Outcome, Failure> {
    run(place.command("go").current_dir(place.root.join("go")).args(["generate", "."]).env("CGO_ENABLED", "0"))
}

/// How Go gets to the library.
#[derive(Clone, Copy)]
enum Way {
    Cgo,
    Loaded,
}

struct Go<'a> {
    place: &'a Place,
    /// Where the library lies as it would be installed: linked from `static`, loaded from `shared`.
    library: PathBuf,
    /// The folder of the Go module that is checked.
    module: &'static str,
}

impl Go<'_> {
    /// Builds the library and lays it out, with a file for pkg-config.
    fn lay_out(&self) -> Result<Outcome, Failure> {
        let version = output(self.place.command("go").args(["env", "GOVERSION"]))?;
        if parsed(&version).is_none_or(|version| version < OLDEST) {
            let (major, minor) = OLDEST;
            let version = version.trim();
            return Err(Failure(format!(
                "{version} is too old: Go {major}.{minor} or newer is needed (https://go.dev/dl)"
            )));
        }
        run(&mut self.place.cargo(&["build", "--package", "fdescrow-ffi", "--locked"]))?;
        let built = self.place.target.join("debug");
        let linked = self.folder("static")?;
        // As it is installed: a program that has another SQLite links with it.
        make_static(self.place, &built.join("libfdescrow_ffi.a"), &linked.join("libfdescrow.a"))?;
        copy(&built.join("libfdescrow_ffi.so"), &self.folder("shared")?.join("libfdescrow.so"))?;
        let include = self.place.root.join("include");
        let header = include.join("fdescrow.h");
        let bytes = fs::read(&header).map_err(|error| Failure::io(header.display(), &error))?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        // Go's cache knows the flags, not the header that they lead to
        let description = format!(
            "Name: fdescrow\nDescription: Recovery keys of encrypted disks\nVersion: {}\n\
             Cflags: -I{} -DFDESCROW_HEADER_{:x}\nLibs: -L{} -lfdescrow\n\
             Libs.private: {SYSTEM_LIBRARIES}\n",
            env!("CARGO_PKG_VERSION"),
            include.display(),
            hasher.finish(),
            linked.display(),
        );
        let file = linked.join("fdescrow.pc");
        fs::write(&file, description).map_err(|error| Failure::io(file.display(), &error))?;
        Ok(Outcome::PassedWith(version.trim().to_owned()))
    }

    fn folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.library.join(name);
        fs::create_dir_all(&folder).map_err(|error| Failure::io(folder.display(), &error))?;
        Ok(folder)
    }

    /// `of_systems` is what is vetted for other systems, too.
    fn lint(&self, of_systems: &str) -> Result<Outcome, Failure> {
        let mut format = self.place.command("gofmt");
        format.current_dir(&self.place.root).args(["-l", "go", "examples/go", "benches/peers"]);
        let unformatted = output(&mut format)?;
        if !unformatted.is_empty() {
            return Err(Failure(format!("not as gofmt writes it:\n{unformatted}")));
        }
        run(self.go(Way::Cgo).args(["vet", "./..."]))?;
        for (system, processor) in OTHER_SYSTEMS {
            run(self.go(Way::Loaded).env("GOOS", system).env("GOARCH", processor).args(["vet", of_systems]))?;
        }
        let staticcheck = self.library.join("staticcheck");
        let tools = self.place.root.join("go/tools");
        run(self
            .go(Way::Loaded)
            .args(["build", "-C"])
            .arg(tools)
            .arg("-o")
            .arg(&staticcheck)
            .arg("honnef.co/go/tools/cmd/staticcheck"))?;
        for way in [Way::Cgo, Way::Loaded] {
            let mut check = self.command(&staticcheck);
            run(self.reach(&mut check, way).arg("./..."))?;
        }
        Ok(Outcome::Passed)
    }

    fn stores(&self) -> Result<Outcome, Failure> {
        let folder = self.place.root.join("examples/go/store");
        for way in [Way::Cgo, Way::Loaded] {
            run(self.go(way).current_dir(&folder).args(["vet", "./..."]))?;
            run(self.test(way).current_dir(&folder).arg("./..."))?;
        }
        Ok(Outcome::Passed)
    }

    fn fuzz(&self) -> Result<Outcome, Failure> {
        for target in FUZZ_TARGETS {
            let only = format!("^{target}$");
            run(self.go(Way::Cgo).args(["test", "-run", "^$", "-fuzz", &only, "-fuzztime", "5s", "."]))?;
        }
        Ok(Outcome::Passed)
    }

    /// A program run in the folder of the module.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.place.command(program);
        command.current_dir(self.place.root.join(self.module));
        command
    }

    fn go(&self, way: Way) -> Command {
        let mut go = self.command("go");
        self.reach(&mut go, way);
        go
    }

    /// Tests that run although Go has seen them pass: it does not know that the library changed.
    fn test(&self, way: Way) -> Command {
        let mut test = self.go(way);
        test.args(["test", "-count", "1"]);
        test
    }

    fn reach<'a>(&self, command: &'a mut Command, way: Way) -> &'a mut Command {
        command
            .env("CGO_ENABLED", if matches!(way, Way::Cgo) { "1" } else { "0" })
            .env("PKG_CONFIG_PATH", self.library.join("static"))
            .env("FDESCROW_LIBRARY", self.library.join("shared").join("libfdescrow.so"))
    }
}

/// The first two numbers of `go1.26.1`.
fn parsed(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix("go")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    // a release candidate is go1.27rc1
    let minor = numbers.next()?.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()?;
    Some((major, minor))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    // what is mapped by a process that still runs is not written over
    if to.exists() {
        fs::remove_file(to).map_err(|error| Failure::io(to.display(), &error))?;
    }
    fs::copy(from, to).map(drop).map_err(|error| Failure::io(format!("{} to {}", from.display(), to.display()), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go_are_read() {
        assert_eq!(parsed("go1.26.8\n"), Some((1, 26)));
        assert_eq!(parsed("go1.27rc1"), Some((1, 27)));
        assert_eq!(parsed("go1.23"), Some((1, 23)));
        assert_eq!(parsed("devel"), None);
        assert!(parsed("go1.19.8") < Some(OLDEST));
    }
}
