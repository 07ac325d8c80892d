//! The project's own commands: `cargo xtask test`, `go`, `python`, `crash`, `simulate`, `paths`, `install`,
//! `size`, `bench-peers`, `timing`, `bless`.
//!
//! The rule: whatever a command needs and the machine lacks is either installed below the target
//! folder (or, as root, by the system's packages), with a line that says so, or named in the error.
//! Rust toolchains are never downloaded.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its terminal")]

mod advisories;
mod bench;
mod coverage;
mod fuzz;
mod go;
mod install;
mod paths;
mod place;
mod python;
mod size;
mod steps;
mod test;
mod tools;
mod windows;

use std::env;
use std::process::ExitCode;

use place::Place;
use steps::{Failure, Steps};

const HELP: &str = "\
cargo xtask test            everything a change must pass: format, lints, tests, docs, dependencies
cargo xtask test --all      the same, and coverage, the size of an agent, fuzzing in short, crash loops
cargo xtask go              the part of it that is about Go: lints, tests with cgo and without, races, fuzzing in short
cargo xtask python          the part of it that is about Python: the wheel, its tests in a clean environment, types, every version
cargo xtask crash [--loops N]
                            the crash test, killed N times (1000)
cargo xtask simulate [--seeds N]
                            the simulations, for N seeds each (100000)
cargo xtask paths           valgrind: instructions of the hot paths, failures alike, no jump on a secret
cargo xtask install [--prefix DIR]
                            the library for C: header, libraries, pkg-config, CMake; without a folder, tried there and thrown away
cargo xtask size            the library of an agent: built, stripped, measured, linked with the example in C
cargo xtask bench-peers [--quick] [--without PEER,…] [--rounds N] [--keys N] [--devices N] [--cold-build]
                            measure against OpenSSL, Go, Python and Bouncy Castle
cargo xtask timing [--measurements N]
                            does time tell a wrong padding from a right one (1000000)? For a quiet machine, half an hour
cargo xtask bless           rewrite the generated tables in the documents, and the numbers of instructions
";

/// Times that the crash test is killed when nobody says how often.
const CRASH_LOOPS: u32 = 1000;

/// Seeds of the simulations when nobody says how many.
const SEEDS: u32 = 100_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["bench-peers", options @ ..] = arguments.as_slice() {
        return match bench::Options::parse(options) {
            Ok(options) => carried_out(|steps, place| bench::peers(steps, place, options)),
            Err(Failure(why)) => {
                eprintln!("{why}");
                ExitCode::from(2)
            }
        };
    }
    if let ["install", "--prefix", prefix] = arguments.as_slice() {
        return carried_out(|steps, place| install::install(steps, place, prefix.as_ref()));
    }
    let command: fn(&mut Steps, &Place, u32) -> Result<(), Failure> = match arguments.as_slice() {
        ["test"] => |steps, place, _| test::quick(steps, place),
        ["test", "--all"] => |steps, place, _| test::all(steps, place),
        ["go"] => |steps, place, _| test::go(steps, place),
        ["python"] => |steps, place, _| test::python(steps, place),
        ["crash"] | ["crash", "--loops", _] => test::crash,
        ["simulate"] | ["simulate", "--seeds", _] => test::simulate,
        ["install"] => |steps, place, _| install::check(steps, place),
        ["size"] => |steps, place, _| steps.run("agent library", || size::agent(place)),
        ["paths"] => |steps, place, _| paths::check(steps, place, false),
        ["timing"] | ["timing", "--measurements", _] => bench::timing::measure,
        ["bless"] => |steps, place, _| test::bless(steps, place),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    let unless_said = match arguments.first() {
        Some(&"simulate") => SEEDS,
        Some(&"timing") => bench::timing::MEASUREMENTS,
        _ => CRASH_LOOPS,
    };
    let times = match arguments.get(2).map(|number| number.parse()) {
        None => unless_said,
        Some(Ok(times)) => times,
        Some(Err(_)) => {
            eprintln!("--loops, --seeds and --measurements take a number");
            return ExitCode::from(2);
        }
    };
    carried_out(|steps, place| command(steps, place, times))
}

/// Runs a command, shows its steps, and says how it ended.
fn carried_out(command: impl FnOnce(&mut Steps, &Place) -> Result<(), Failure>) -> ExitCode {
    let place = match Place::find() {
        Ok(place) => place,
        Err(Failure(why)) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let mut steps = Steps::default();
    let outcome = command(&mut steps, &place);
    print!("{steps}");
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(why)) => {
            eprintln!("FAILED: {why}");
            ExitCode::FAILURE
        }
    }
}
