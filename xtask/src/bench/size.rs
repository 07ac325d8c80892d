//! How large is the command line, and how long does it take to build and to start?

use std::fs;
use std::time::Instant;

use crate::place::Place;
use crate::steps::{Failure, Outcome, output, run};

/// Times that the program is started.
const STARTS: usize = 51;

pub(super) fn measure(place: &Place, cold: bool, into: &mut Vec<(String, String)>) -> Result<Outcome, Failure> {
    for (what, features) in [("with AWS-LC", &[][..]), ("pure Rust", &["--no-default-features"][..])] {
        let target = place.target.join("bench/cli");
        if cold && target.exists() {
            fs::remove_dir_all(&target).map_err(|error| Failure::io(target.display(), &error))?;
        }
        let mut build = place.cargo(&["build", "--release", "--locked", "--package", "fdescrow-cli"]);
        if cold {
            build.arg("--target-dir").arg(&target);
        }
        let start = Instant::now();
        run(build.args(features))?;
        let built = start.elapsed();
        let program = if cold { target } else { place.target.clone() }.join("release/fdescrow");
        let stripped = place.target.join("bench/fdescrow");
        run(place.command("strip").arg("-o").arg(&stripped).arg(&program))?;
        let size = fs::metadata(&stripped).map_err(|error| Failure::io(stripped.display(), &error))?.len();
        #[expect(clippy::cast_precision_loss, reason = "a program is small")]
        let mebibytes = size as f64 / 1_048_576.0;
        into.push((format!("`fdescrow`, {what}: the program, stripped"), format!("{mebibytes:.1} MiB")));
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            let start = Instant::now();
            output(place.command(&stripped).arg("--version"))?;
            starts.push(start.elapsed());
        }
        starts.sort();
        let median = starts.get(STARTS / 2).copied().unwrap_or_default();
        into.push((format!("`fdescrow --version`, {what}: start to end"), format!("{:.1?}", median)));
        into.push((format!("`fdescrow`, {what}: crates beside ours"), crates(place, "fdescrow-cli", features)?));
        if cold {
            into.push((format!("`fdescrow`, {what}: cold build, release"), format!("{:.0} s", built.as_secs_f64())));
        }
    }
    into.push(("the library `fdescrow` alone: crates beside it".into(), crates(place, "fdescrow", &[])?));
    Ok(Outcome::Passed)
}

/// How many crates of others are linked into a package on this machine.
fn crates(place: &Place, package: &str, features: &[&str]) -> Result<String, Failure> {
    let mut tree =
        place.cargo(&["tree", "--locked", "--offline", "--prefix", "none", "--edges", "normal,no-proc-macro"]);
    let listed = output(tree.args(["--format", "{p}", "--package", package]).args(features))?;
    // ours stand with their folder
    let others = listed.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.ends_with(')'));
    let others = others.filter(|line| !line.is_empty()).collect::<std::collections::BTreeSet<_>>();
    Ok(others.len().to_string())
}
