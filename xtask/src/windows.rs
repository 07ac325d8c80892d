//! Do header and programs in C compile for Windows?
//!
//! By the compiler of mingw-w64, which checks and links nothing: there is no Windows here to run them on.

use std::path::PathBuf;

use crate::place::Place;
use crate::steps::{Failure, Outcome, run};

/// Those that are C and nothing else; what belongs to a system is in files of its own.
const PROGRAMS: [&str; 7] = [
    "examples/c/agent/agent.c",
    "ffi/tests/c/own_sqlite.c",
    "ffi/tests/c/planners.c",
    "ffi/tests/c/server.c",
    "ffi/tests/c/story.c",
    "ffi/tests/c/threads.c",
    "ffi/tests/c/watch.c",
];

const STRICT: [&str; 5] = ["-fsyntax-only", "-Wall", "-Wextra", "-pedantic", "-Werror"];

/// As C99 each, and the header as C++17, too.
pub(crate) fn compiles(place: &Place) -> Result<Outcome, Failure> {
    let include = place.root.join("include");
    for program in PROGRAMS {
        let mut compiler = place.command("x86_64-w64-mingw32-gcc");
        compiler.args(STRICT).arg("-std=c99").arg("-I").arg(&include);
        run(compiler.arg("-I").arg(place.root.join("ffi/tests/c")).arg(place.root.join(program)))?;
    }
    let mut compiler = place.command("x86_64-w64-mingw32-g++");
    compiler.args(STRICT).args(["-std=c++17", "-x", "c++"]);
    let header: PathBuf = include.join("fdescrow.h");
    run(compiler.arg(header))?;
    Ok(Outcome::PassedWith(format!("{} programs", PROGRAMS.len())))
}
