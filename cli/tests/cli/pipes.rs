//! What if nobody reads the answer?

use std::process::{Command, Stdio};

use crate::support::{BITLOCKER, Desk, program};

/// Runs a line of words with a standard output that nobody reads any more: the number it ends with, and what it says.
fn unread(desk: &Desk, line: &str) -> (i32, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(program());
    command.args(line.split(' ')).current_dir(desk.folder()).stdin(Stdio::null()).stdout(writer);
    let output = command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure_but_a_key_has_to_arrive() {
    let desk = Desk::new("pipes");
    desk.certificate("escrow", "p-256");
    let clear = "--device PC --kind bitlocker --by agent --plaintext --to escrow.crt";
    desk.store(&["receive"], &clear.split(' ').collect::<Vec<_>>(), BITLOCKER).ends(0);
    desk.run(&["seal", "--kind", "bitlocker", "--to", "escrow.crt", "--out", "e.der"], BITLOCKER).ends(0);
    for line in [
        "status --store sqlite:keys.db",
        "status --store sqlite:keys.db --json",
        "history --store sqlite:keys.db",
        "audit list --store sqlite:keys.db",
        "audit verify --store sqlite:keys.db",
        "inspect e.der",
        "completions bash",
        "certificate show escrow.crt",
        "--help",
    ] {
        assert_eq!(unread(&desk, line), (0, String::new()), "{line}");
    }
    let identity = "--identity escrow.key escrow.crt";
    for line in [
        format!("reveal --store sqlite:keys.db {identity} --device PC --by ana --reason x"),
        format!("open {identity} --kind bitlocker e.der"),
        format!("open {identity} --json e.der"),
        format!("open {identity} --raw e.der"),
        "key new --kind luks".to_owned(),
        "audit tail --store sqlite:keys.db".to_owned(),
    ] {
        let (code, said) = unread(&desk, &line);
        assert!(code == 3 && said.contains("not delivered"), "{line}: {code} {said}");
    }
}
