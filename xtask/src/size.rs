//! Is the library of an agent as small as it is said to be?
//!
//! Built as an agent's author builds it: without what a server needs, in the profile `agent`, stripped. The example in
//! C is linked with it, so that nothing that an agent needs was left out.

use std::fs;

use crate::place::Place;
use crate::steps::{Failure, Outcome, output, run};

/// The most bytes that it may have: 2 MiB.
const MOST: u64 = 2 << 20;

pub(crate) fn agent(place: &Place) -> Result<Outcome, Failure> {
    if !cfg!(target_os = "linux") {
        return Ok(Outcome::Skipped("the example is an agent of Linux".into()));
    }
    let build = ["build", "--package", "fdescrow-ffi", "--no-default-features", "--profile", "agent", "--locked"];
    run(&mut place.cargo(&build))?;
    let built = place.target.join("agent");
    let (library, stripped) = (built.join("libfdescrow_ffi.so"), built.join("libfdescrow_ffi.stripped.so"));
    run(place.command("strip").arg("-o").arg(&stripped).arg(&library))?;
    let bytes = fs::metadata(&stripped).map_err(|error| Failure::io(stripped.display(), &error))?.len();
    if bytes > MOST {
        return Err(Failure(format!("{bytes} bytes, more than {MOST}: nm --size-sort tells what they are")));
    }
    let names =
        output(place.command("nm").args(["--dynamic", "--defined-only", "--format=just-symbols"]).arg(&library))?;
    if let Some(other) = names.lines().find(|name| !name.starts_with("fdescrow_")) {
        return Err(Failure(format!("it exports {other}")));
    }
    let sources = place.root.join("examples/c/agent");
    let mut compiler = place.command("cc");
    compiler.args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I", "include", "-o"]);
    compiler.arg(built.join("example")).args(["agent.c", "folder.c", "main.c", "run.c"].map(|file| sources.join(file)));
    run(compiler.arg(&library))?;
    Ok(Outcome::PassedWith(format!("{bytes} bytes, {} functions", names.lines().count())))
}
