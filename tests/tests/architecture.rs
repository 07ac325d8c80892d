//! Does the tree keep the shape that ARCHITECTURE.md gives it?
//!
//! Each rule is a test of its own over the files of the checkout, and a function in
//! `architecture/rules.rs` that is fed a violation beside it, so that no rule passes by being blind.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;

use std::env;
use std::fs;
use std::process::Command;

use fdescrow_tests::workspace_root;
use rules::{Package, Violation};
use serde_json::Value;
use source::Source;

/// Where C is called, or played.
const UNSAFE_ALLOWED: [&str; 6] = [
    "ffi/src/callback.rs",
    "ffi/src/callback/watch.rs",
    "ffi/src/handle.rs",
    "ffi/src/view.rs",
    "fuzz/fuzz_targets/ffi_sequence.rs",
    "identities/src/aws_lc/sys.rs",
];

/// What is called by C exports names, which the lint on unsafe code takes for unsafe, too: the rule on the keyword holds it.
const CALLED_BY_C: &str = "ffi/";

/// The crates that have such a place, excepted by name, or whose macros write such code: they deny it in what we write.
const CALLERS_OF_C: [&str; 2] = ["identities/", "python/"];

/// Where agents and servers run: a C library may hide behind any of them.
const PLATFORMS: [&str; 3] = ["x86_64-unknown-linux-gnu", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"];

#[test]
fn a_module_of_core_imports_only_from_rows_above_or_from_its_left() {
    let library = library();
    let violations = library.iter().flat_map(|(file, source)| {
        let module = source::module_path(file);
        rules::imports_against_the_rows(&module, source).into_iter().map(move |why| format!("{file}: {why}"))
    });
    hold(violations);
}

#[test]
fn core_has_no_clock_no_input_or_output_and_no_randomness_of_its_own() {
    let library = library();
    hold(library.iter().flat_map(|(file, source)| {
        rules::reaches_for_the_world(source).into_iter().map(move |why| format!("{file}: {why}"))
    }));
}

#[test]
fn unsafe_stands_only_where_c_is_called() {
    let files = files();
    let rust = files.iter().filter(|(file, _)| file.ends_with(".rs"));
    let bound = rust.filter(|(file, _)| !UNSAFE_ALLOWED.iter().any(|folder| file.starts_with(folder)));
    hold(bound.flat_map(|(file, text)| {
        let exports = if file.starts_with(CALLED_BY_C) { "#[unsafe(no_mangle)]" } else { "\0" };
        rules::unsafe_code(&Source::parse(&text.replace(exports, "")))
            .into_iter()
            .map(move |why| format!("{file}: {why}"))
    }));
}

#[test]
fn every_place_where_c_is_called_is_there_and_has_one_exception() {
    let files = files();
    for place in UNSAFE_ALLOWED {
        let (_, text) = files.iter().find(|(file, _)| file == place).expect("the place is there");
        assert!(!rules::unsafe_code(&Source::parse(text)).is_empty(), "{place} needs no exception any more");
    }
    let exceptions: usize = files
        .iter()
        .filter(|(file, _)| file.starts_with("identities/") && file.ends_with(".rs"))
        .map(|(_, text)| rules::exceptions_for_unsafe_code(&Source::parse(text)))
        .sum();
    assert_eq!(exceptions, UNSAFE_ALLOWED.iter().filter(|place| place.starts_with("identities/")).count());
}

#[test]
fn every_crate_forbids_unsafe_code_or_denies_it_where_it_calls_c() {
    let root = workspace_root();
    let metadata = metadata(&["--no-deps"]);
    let mut roots = 0;
    let mut violations = Vec::new();
    for target in
        metadata["packages"].as_array().unwrap().iter().flat_map(|package| package["targets"].as_array().unwrap())
    {
        let kinds = target["kind"].as_array().unwrap();
        // what no user links is bound by the rule on the keyword alone
        if kinds.iter().any(|kind| kind == "test" || kind == "bench") {
            continue;
        }
        let path = target["src_path"].as_str().unwrap();
        let file = path.strip_prefix(root.to_str().unwrap()).unwrap().trim_start_matches('/');
        if file.starts_with(CALLED_BY_C) {
            continue;
        }
        let level = if CALLERS_OF_C.iter().any(|folder| file.starts_with(folder)) { "deny" } else { "forbid" };
        roots += 1;
        if !rules::begins_with(&Source::parse(&fs::read_to_string(path).unwrap()), level) {
            violations.push(format!("{file}: does not begin with #![{level}(unsafe_code)]"));
        }
    }
    assert!(roots >= 3, "only {roots} crate roots found");
    hold(violations);
}

#[test]
fn nothing_that_core_depends_on_builds_or_links_c() {
    for platform in PLATFORMS {
        let metadata = metadata(&["--all-features", "--filter-platform", platform]);
        let packages = rules::resolved(&metadata, "fdescrow");
        assert!(packages.len() > 20, "only {} packages below fdescrow", packages.len());
        let violations = packages.iter().filter_map(Package::c_code);
        hold(violations.map(|why| format!("on {platform}: {why}")));
    }
}

#[test]
fn who_does_not_ask_for_spans_gets_no_crate_for_them() {
    let below = |features: &str| {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut tree = Command::new(cargo);
        tree.args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
        tree.args(["--package", "fdescrow", "--features", features]).current_dir(workspace_root());
        let output = tree.output().unwrap();
        assert!(output.status.success(), "cargo: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(below("tracing").contains("\ntracing "));
    assert!(below("").contains("\nserde ") && !below("").contains("tracing"));
}

#[test]
fn no_file_names_a_path_of_one_machine_or_the_host_of_a_registry() {
    let files = files();
    // lock files name the registries they lock
    let written = files.iter().filter(|(file, _)| !matches!(file.rsplit('/').next(), Some("Cargo.lock" | "go.sum")));
    hold(written.flat_map(|(file, text)| {
        rules::traces_of_a_machine(text).into_iter().map(move |why| format!("{file}: {why}"))
    }));
}

#[test]
fn no_file_of_core_is_longer_than_one_can_read_at_once() {
    let files = files();
    let library = files.iter().filter(|(file, _)| is_library(file));
    hold(library.filter_map(|(file, text)| rules::too_long(text).map(|why| format!("{file}: {why}"))));
}

/// Fails with all violations, one a line.
fn hold(violations: impl IntoIterator<Item = Violation>) {
    let violations: Vec<Violation> = violations.into_iter().collect();
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// Every text file of the checkout that git tracks or would track, by its path from the root.
fn files() -> Vec<(String, String)> {
    let root = workspace_root();
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(listed.status.success(), "git: {}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).unwrap();
    let mut files: Vec<(String, String)> = names
        .split_terminator('\0')
        // deleted but not yet committed, or not a text
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root.join(name)).ok()?)))
        .collect();
    files.sort();
    files.dedup();
    files
}

/// The sources of core, without what is compiled for its tests alone.
fn library() -> Vec<(String, Source)> {
    let files = files();
    let sources: Vec<(String, Source)> = files
        .iter()
        .filter(|(file, _)| is_library(file))
        .map(|(file, text)| (file.clone(), Source::parse(text)))
        .collect();
    assert!(sources.len() > 5, "only {} files in core/src", sources.len());
    let tests: Vec<Vec<String>> = sources
        .iter()
        .flat_map(|(file, source)| {
            let parent = source::module_path(file);
            source.test_modules.iter().map(move |name| [parent.as_slice(), std::slice::from_ref(name)].concat())
        })
        .collect();
    sources
        .into_iter()
        .filter(|(file, _)| {
            let module = source::module_path(file);
            !tests.iter().any(|tests| module.starts_with(tests))
        })
        .collect()
}

fn is_library(file: &str) -> bool {
    file.starts_with("core/src/") && file.ends_with(".rs")
}

fn metadata(arguments: &[&str]) -> Value {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(arguments)
        .current_dir(workspace_root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
