//! Help, version, completions, manual pages.

use crate::support::Desk;

const COMMANDS: [&str; 19] = [
    "certificate",
    "key",
    "seal",
    "open",
    "inspect",
    "profile",
    "receive",
    "check",
    "status",
    "history",
    "undecryptable",
    "reveal",
    "quarantine",
    "rewrap",
    "audit",
    "migrate",
    "demo",
    "completions",
    "man",
];

#[test]
fn help_and_version_are_answers_and_nonsense_is_bad_usage() {
    let desk = Desk::new("house");
    let help = desk.run(&["--help"], "").ends(0).text();
    for command in COMMANDS {
        assert!(help.contains(command), "{command}");
        desk.run(&[command, "--help"], "").ends(0);
    }
    let version = desk.run(&["--version"], "").ends(0).text();
    let used_by = if cfg!(feature = "aws-lc") { "private keys: AWS-LC" } else { "private keys: pure Rust" };
    assert!(version.contains(env!("CARGO_PKG_VERSION")) && version.contains(used_by), "{version}");
    desk.run(&[], "").ends(2);
    desk.run(&["nonsense"], "").ends(2);
    let error = desk.run(&["open", "--json"], "").ends(2).error();
    assert_eq!((error["name"].as_str(), error["code"].is_null()), (Some("Usage"), true));
    assert!(error["message"].as_str().unwrap().contains("required"));
}

#[test]
fn errors_of_the_command_line_itself_have_a_name_that_is_documented_and_no_number() {
    let desk = Desk::new("house");
    desk.certificate("escrow", "p-256");
    let page = fdescrow_tests::documents::document("docs/cli.md");
    for (line, name, code) in [
        ("open", "Usage", 2),
        ("certificate show nothing", "File", 2),
        ("open --identity nothing escrow.crt", "File", 3),
        ("key new --kind luks > /dev/full", "Output", 3),
    ] {
        let error = desk.shell(&format!("$F --json {line}")).ends(code).error();
        assert!(error["code"].is_null() && error["name"] == name, "{line}: {error}");
        let row = page.lines().find(|row| row.starts_with(&format!("| `{name}` |"))).expect("it is documented");
        let codes = row.split('|').nth(2).unwrap();
        assert!(codes.contains(&code.to_string()) && row.contains(error["fault"].as_str().unwrap()), "{row}");
    }
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let desk = Desk::new("house");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.run(&["completions", shell], "").ends(0).text();
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    desk.shell("$F completions bash > c && bash -n c").ends(0);
    std::fs::create_dir(desk.path("man")).unwrap();
    desk.run(&["man", "--out", "man"], "").ends(0);
    for page in ["fdescrow.1", "fdescrow-seal.1", "fdescrow-certificate-new.1"] {
        assert!(desk.path("man").join(page).exists(), "{page}");
    }
    desk.run(&["man", "--out", "no/such/folder"], "").ends(2);
}

#[test]
fn an_answer_that_nobody_can_read_is_a_failure_and_no_panic() {
    let desk = Desk::new("house");
    let run = desk.shell("$F key new --kind luks > /dev/full").ends(3);
    assert!(run.stderr.contains("cannot be written"), "{}", run.stderr);
}
