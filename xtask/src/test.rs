//! The steps of each command, in their order: cheap ones first, so that a slip is told early.

use std::process::Command;

use crate::place::Place;
use crate::steps::{Failure, Outcome, Steps, run, status};
use crate::{advisories, bench, coverage, fuzz, go, install, paths, python, size, tools, windows};

/// Times that `test --all` kills the crash test.
const CRASH_LOOPS_OF_ALL: u32 = 100;

/// nextest's exit code when its filter matched no test.
const NO_TESTS_RUN: i32 = 4;

/// What every change must pass.
pub(crate) fn quick(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    steps.run("tools", || tools::install(place, &[tools::TEST, tools::GO, tools::PYTHON]))?;
    checks(steps, place)
}

/// What is about Go of it.
pub(crate) fn go(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    steps.run("tools", || tools::install(place, &[tools::GO]))?;
    go::check(steps, place)
}

/// What is about Python of it.
pub(crate) fn python(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    steps.run("tools", || tools::install(place, &[tools::PYTHON]))?;
    python::check(steps, place)
}

/// The same, and what takes longer.
pub(crate) fn all(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    steps.run("tools", || tools::install(place, &[tools::TEST, tools::GO, tools::PYTHON, tools::ALL]))?;
    checks(steps, place)?;
    steps.run("coverage", || coverage::check(place))?;
    paths::check(steps, place, false)?;
    install::check(steps, place)?;
    bench::peers(steps, place, bench::Options::QUICK)?;
    steps.run("agent library", || size::agent(place))?;
    steps.run("fuzz", || fuzz::smoke(place))?;
    steps.run("crash", || {
        let outcome = crash_loops(place, CRASH_LOOPS_OF_ALL)?;
        Ok(outcome.unwrap_or_else(|| Outcome::Skipped("there is no crash test yet".into())))
    })
}

fn checks(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    let cargo = |arguments: &[&str]| place.cargo(arguments);
    steps.run("format", || run(&mut cargo(&["fmt", "--all", "--check"])))?;
    steps.run("clippy", || {
        let mut clippy = cargo(&["clippy", "--workspace", "--all-features"]);
        run(clippy.args(["--all-targets", "--locked", "--", "--deny", "warnings"]))
    })?;
    steps.run("clippy, no features", || {
        // each apart, and the latter without their tests: what uses a package asks for features of it
        for (package, targets) in
            [("fdescrow", "--all-targets"), ("fdescrow-identities", "--lib"), ("fdescrow-cli", "--bins")]
        {
            let mut clippy = cargo(&["clippy", "--package", package, "--no-default-features", targets]);
            run(clippy.args(["--locked", "--", "--deny", "warnings"]))?;
        }
        Ok(Outcome::Passed)
    })?;
    steps.run("tests", || run(&mut nextest(place)))?;
    steps.run("doc tests", || {
        let mut test = cargo(&["test", "--doc", "--workspace", "--all-features"]);
        run(test.arg("--locked"))
    })?;
    steps.run("documentation", || {
        let mut doc = cargo(&["doc", "--workspace", "--all-features", "--no-deps"]);
        run(doc.arg("--locked").env("RUSTDOCFLAGS", "--deny warnings"))
    })?;
    steps.run("C for Windows", || windows::compiles(place))?;
    go::check(steps, place)?;
    python::check(steps, place)?;
    steps.run("dependencies", || advisories::check(place))
}

/// The crash test, killed so many times; that there is none is a failure here.
pub(crate) fn crash(steps: &mut Steps, place: &Place, loops: u32) -> Result<(), Failure> {
    steps.run("tools", || tools::install(place, &[tools::TEST]))?;
    steps.run("crash", || crash_loops(place, loops)?.ok_or_else(|| Failure("fdescrow-tests has no crash test".into())))
}

/// `None` where there is no crash test: a test binary `crash` or a module of that name.
fn crash_loops(place: &Place, loops: u32) -> Result<Option<Outcome>, Failure> {
    let mut crash = nextest(place);
    crash
        .args(["--run-ignored", "all", "--filterset"])
        .arg("package(fdescrow-tests) & (binary(crash) | test(/(^|::)crash::/))")
        .env("NEXTEST_PROFILE", "crash")
        .env("FDESCROW_CRASH_LOOPS", loops.to_string());
    let ended = status(&mut crash)?;
    match ended.code() {
        Some(0) => Ok(Some(Outcome::PassedWith(format!("{loops} loops")))),
        Some(NO_TESTS_RUN) => Ok(None),
        _ => Err(Failure(format!("nextest ended with {ended}"))),
    }
}

/// The simulations, for so many seeds each.
pub(crate) fn simulate(steps: &mut Steps, place: &Place, seeds: u32) -> Result<(), Failure> {
    steps.run("tools", || tools::install(place, &[tools::TEST]))?;
    steps.run("simulate", || {
        let mut simulate = nextest(place);
        simulate
            .args(["--filterset", "package(fdescrow-tests) & binary(simulation)"])
            .env("NEXTEST_PROFILE", "crash")
            .env("FDESCROW_SEEDS", seeds.to_string());
        run(&mut simulate)?;
        Ok(Outcome::PassedWith(format!("{seeds} seeds")))
    })
}

/// Rewrites the tables in the documents that a test would otherwise compare.
pub(crate) fn bless(steps: &mut Steps, place: &Place) -> Result<(), Failure> {
    steps.run("tools", || tools::install(place, &[tools::TEST, tools::GO]))?;
    steps.run("bless", || {
        let mut bless = nextest(place);
        run(bless.args(["--filterset", "test(documented)"]).env("BLESS", "1"))
    })?;
    steps.run("bless, go", || go::generate(place))?;
    paths::check(steps, place, true)
}

/// All tests with all features: one build for every command, whatever of it then runs.
fn nextest(place: &Place) -> Command {
    let mut nextest = place.cargo(&["nextest", "run", "--workspace", "--all-features"]);
    nextest.arg("--locked");
    if place.ci {
        nextest.env("NEXTEST_PROFILE", "ci");
    }
    nextest
}
