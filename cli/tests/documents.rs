//! Do the commands in the documents do what they say?
//!
//! A block of `sh` is run as it stands, all of a page one after the other, in an empty folder; what is only to be
//! looked at stands in a block of `console`. The reference is what the program says of itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

use std::{
    env,
    ffi::OsString,
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use fdescrow_tests::{
    documents::{blocks, document, documents, hold},
    scratch,
};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_fdescrow"))
}

/// What the program prints when it is called like this.
fn says(arguments: &[&str]) -> String {
    let output = Command::new(program()).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands below one, as its help lists them.
fn below(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = list.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).filter(|name| !name.is_empty());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// A command and all below it, each with its help.
fn write_reference(page: &mut String, words: &[&str]) {
    let help = says(&[words, &["-h"]].concat());
    let below = below(&help);
    if below.is_empty() {
        // First comes the sentence of the command; what every command has is said once, above.
        let (sentence, rest) = help.split_once("\n\n").unwrap();
        let sentence = sentence.replace('\n', " ");
        let common = ["      --json ", "  -h, --help ", "  -V, --version "];
        let lines = rest.trim().lines().filter(|line| !common.iter().any(|option| line.starts_with(option)));
        let text = lines.collect::<Vec<_>>().join("\n");
        // Options of which none is left.
        let text = text.replace("\n\nOptions:\n\n", "\n\n");
        let text = text.strip_suffix("\n\nOptions:").unwrap_or(&text);
        write!(page, "\n### fdescrow {}\n\n{sentence}.\n\n```text\n{text}\n```\n", words.join(" ")).unwrap();
    }
    for name in &below {
        write_reference(page, &[words, &[name.as_str()]].concat());
    }
}

#[test]
fn the_commands_are_documented() {
    let mut page = String::new();
    write_reference(&mut page, &[]);
    assert!(page.matches("\n### ").count() > 20, "{page}");
    page.push('\n');
    hold("docs/cli.md", "commands", &page);
}

/// Runs a script in an empty folder, with the program in the search path.
fn run(page: &str, script: &str) {
    let folder = scratch("documents");
    let mut paths: Vec<_> = vec![program().parent().unwrap().to_path_buf()];
    paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let search: OsString = env::join_paths(paths).unwrap();
    fs::write(folder.join("page.sh"), format!("set -eux\n{script}")).unwrap();
    let output = Command::new("sh")
        .arg("page.sh")
        .env("PATH", search)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{page}: {}\n{said}", output.status);
}

/// Whether a program is there; where `CI` is set it has to be.
fn has(name: &str) -> bool {
    let there = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    assert!(there || env::var_os("CI").is_none(), "{name} is missing");
    if !there {
        eprintln!("skipped: {name} is missing");
    }
    there
}

fn commands_of(page: &str) {
    let script: Vec<String> =
        blocks(&document(page)).into_iter().filter(|(info, _)| info == "sh").map(|(_, block)| block).collect();
    assert!(!script.is_empty(), "{page} has no commands");
    if has("sqlite3") && has("openssl") {
        run(page, &script.join("\n"));
    }
}

#[test]
fn the_commands_of_the_page_on_envelopes_run() {
    commands_of("docs/envelope.md");
}

#[test]
fn the_commands_of_the_page_on_observations_run() {
    commands_of("docs/observations.md");
}

#[test]
fn the_commands_of_the_page_on_operations_run() {
    commands_of("docs/operations.md");
}

#[test]
fn every_page_with_commands_is_run() {
    let run = ["docs/envelope.md", "docs/observations.md", "docs/operations.md"];
    for (name, text) in documents() {
        let has_commands = blocks(&text).iter().any(|(info, _)| info == "sh" || info == "bash" || info == "shell");
        assert!(!has_commands || run.contains(&name.as_str()), "nobody runs the commands of {name}");
    }
}
