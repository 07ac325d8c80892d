//! Does the library keep its promises to programs in C?
//!
//! Programs in `tests/c/` are compiled against the header and the library that this build made, as a user compiles his.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "c/programs.rs"]
#[allow(dead_code, reason = "the agent's tests use the rest of it")]
mod programs;

use std::{fs, path::Path};

use programs::{Library, Program};

/// What std keeps of a thread until the process ends is only possibly lost, and no error.
const VALGRIND: [&str; 5] =
    ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=9"];

#[test]
fn a_server_in_c_lives_the_life_of_keys_on_memory() {
    Program::compile("story.c", Library::Shared).run(&["memory:"]);
}

#[test]
fn a_server_in_c_lives_the_life_of_keys_on_sqlite_and_as_cxx() {
    let folder = programs::scratch("story-sqlite");
    let url = format!("sqlite:{}/keys.db", folder.display());
    Program::compile("story.c", Library::Static).run(&[&url]);
    let url = format!("sqlite:{}/again.db", folder.display());
    Program::compile_as_cxx("story.c").run(&[&url]);
}

#[test]
fn valgrind_finds_nothing_in_the_life_of_keys() {
    Program::compile("story.c", Library::Shared).run_under(&VALGRIND, &["memory:"]);
}

#[test]
fn eight_threads_of_c_use_one_escrow_under_the_address_sanitizer() {
    let folder = programs::scratch("threads");
    let url = format!("sqlite:{}/keys.db", folder.display());
    Program::compile_sanitized("threads.c").run(&[&url]);
}

#[test]
fn a_key_that_crossed_and_was_freed_is_nowhere_in_memory() {
    Program::compile("canary.c", Library::Shared).run(&[]);
}

#[test]
fn a_key_that_a_planner_held_is_nowhere_in_memory() {
    Program::compile("planner_canary.c", Library::Shared).run(&[]);
}

#[test]
fn a_log_is_told_what_is_done_and_no_secret() {
    Program::compile("watch.c", Library::Shared).run_under(&VALGRIND, &[]);
}

#[test]
fn every_function_takes_null_and_handles_of_the_wrong_kind() {
    let calls = programs::misuse();
    assert!(calls.calls > 300, "only {} calls", calls.calls);
    let program = Program::compile_text("misuse", &calls.text, Library::Shared);
    let output = program.run(&[]);
    assert!(output.contains(&format!("{} calls", calls.calls)), "{output}");
    program.run_under(&VALGRIND, &[]);
}

#[test]
fn keys_whose_private_operation_is_somebody_elses_open() {
    Program::compile_with("identity.c", Library::Shared, &["-lcrypto"]).run(&[]);
}

#[test]
fn a_store_of_the_embedders_own_keeps_every_promise() {
    let script = programs::source("../python/store.py");
    let library = programs::built().join("libfdescrow_ffi.so");
    let mut python = std::process::Command::new("python3");
    python.arg(script).arg(library).env("TMPDIR", programs::scratch("store"));
    let output = python.output().expect("Python runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let cases = fdescrow::store::conformance::CASES.len();
    assert!(printed.starts_with(&format!("{cases} of {cases} promises kept")), "{printed}");
}

#[test]
fn each_planner_is_taken_to_its_goal_under_valgrind() {
    Program::compile("planners.c", Library::Shared).run_under(&VALGRIND, &[]);
}

#[test]
fn the_code_in_the_document_compiles() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/c-abi.md");
    let document = fs::read_to_string(document).unwrap();
    let code: Vec<&str> = document.split("```c\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert_eq!(code.len(), 1);
    // What the document says is the reader's.
    let program = "#include \"fdescrow.h\"\n#include <stdio.h>\n\
        struct places { fdescrow_str volume, header_backup, key_file; };\n\
        int step(fdescrow_planner *planner, fdescrow_spool *spool, struct places at, int64_t now);\n\
        static int run(fdescrow_bytes a, fdescrow_bytes b) { return (int)(a.length + b.length); }\n\
        static const char *upload(fdescrow_str a) { return a.data; }\n\
        static int append(fdescrow_bytes a) { return (int)a.length; }\n\
        static void save(fdescrow_planner *a) { (void)a; }\n\
        static void remove_file(fdescrow_str a) { (void)a; }\n\
        int main(void) { struct places at = {{0}, {0}, {0}}; return step(NULL, NULL, at, 0); }\n";
    Program::compile_text("document", &format!("{program}{}", code[0]), Library::Shared).run(&[]);
}
