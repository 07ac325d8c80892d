//! A store in a place that cannot be written.

use std::{
    fs::{self, Permissions},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::PathBuf,
    process::Command,
};

use crate::support::{Desk, FILEVAULT, Run, program};

/// A store with a key that was checked, in the folder `media`.
fn desk() -> Desk {
    let desk = Desk::new("read-only");
    desk.certificate("escrow", "rsa-2048");
    desk.mac_blob("escrow", FILEVAULT, "mac.ber");
    fs::create_dir(desk.path("media")).unwrap();
    let receive = "receive --store sqlite:media/keys.db --device M --kind filevault --by agent mac.ber";
    desk.run(&receive.split(' ').collect::<Vec<_>>(), "").ends(0);
    let check = "check --store sqlite:media/keys.db --identity escrow.key escrow.crt";
    desk.run(&check.split(' ').collect::<Vec<_>>(), "").ends(0);
    desk
}

fn mode(desk: &Desk, name: &str, mode: u32) {
    fs::set_permissions(desk.path(name), Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0"
}

/// Runs the program as somebody for whom file modes count.
fn run(desk: &Desk, line: &str) -> Run {
    let mut command = if is_root() {
        let copy: PathBuf = desk.path("program");
        if !copy.exists() {
            fs::copy(program(), &copy).unwrap();
            mode(desk, "program", 0o755);
            mode(desk, "", 0o755);
            for identity in ["escrow.key", "escrow.crt"] {
                mode(desk, identity, 0o644);
            }
        }
        let mut command = Command::new(copy);
        command.uid(65534).gid(65534);
        command
    } else {
        Command::new(program())
    };
    command.args(line.split(' ')).current_dir(desk.folder());
    Run::of(command, b"")
}

const READING: [&str; 6] = ["status", "history", "audit verify", "audit list", "find M", "list --status verified"];

fn reads_and_writes_nothing(desk: &Desk) {
    for words in READING {
        run(desk, &format!("{words} --store sqlite:media/keys.db")).ends(0);
        run(desk, &format!("{words} --store sqlite:media/keys.db?mode=ro")).ends(0);
    }
    assert!(run(desk, "status --store sqlite:media/keys.db").text().contains("verified: 1"));
    let reveal = "reveal --store sqlite:media/keys.db --identity escrow.key escrow.crt --device M --by ana --reason x";
    let refused = run(desk, reveal).ends(2);
    assert!(refused.stdout.is_empty() && refused.stderr.contains("the store is read-only"), "{}", refused.stderr);
    let names = fs::read_dir(desk.path("media")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["keys.db"]);
}

#[test]
fn a_backup_in_a_folder_that_cannot_be_written_is_read() {
    let desk = desk();
    mode(&desk, "media/keys.db", 0o444);
    mode(&desk, "media", 0o555);
    reads_and_writes_nothing(&desk);
    mode(&desk, "media", 0o755);
}

#[test]
fn a_file_that_could_be_written_in_a_folder_that_cannot_is_read() {
    let desk = desk();
    mode(&desk, "media/keys.db", 0o666);
    mode(&desk, "media", 0o555);
    reads_and_writes_nothing(&desk);
    mode(&desk, "media", 0o755);
}

#[test]
fn a_file_with_a_log_beside_it_is_not_taken_for_whole() {
    let desk = desk();
    desk.write("media/keys.db-wal", "something that is not in the file");
    mode(&desk, "media/keys.db", 0o444);
    mode(&desk, "media", 0o555);
    let refused = run(&desk, "status --store sqlite:media/keys.db").ends(3);
    assert!(refused.stderr.contains("keys.db-wal holds changes"), "{}", refused.stderr);
    mode(&desk, "media", 0o755);
    // An empty one holds none.
    desk.write("media/keys.db-wal", "");
    mode(&desk, "media", 0o555);
    run(&desk, "status --store sqlite:media/keys.db").ends(0);
    mode(&desk, "media", 0o755);
}

#[test]
fn why_a_store_cannot_be_opened_is_said() {
    let desk = desk();
    mode(&desk, "media/keys.db", 0o000);
    let refused = run(&desk, "status --store sqlite:media/keys.db").ends(3);
    assert!(refused.stderr.contains("ermission denied"), "{}", refused.stderr);
    let refused = run(&desk, "status --store sqlite:media").ends(3);
    assert!(refused.stderr.contains("is a directory"), "{}", refused.stderr);
    let refused = run(&desk, "status --store sqlite:nothing.db").ends(3);
    assert!(refused.stderr.contains("no such store"), "{}", refused.stderr);
    let refused = run(&desk, "status --store sqlite:escrow.crt").ends(3);
    assert!(refused.stderr.contains("not a SQLite database"), "{}", refused.stderr);
    let refused = run(&desk, "status --store postgres:x").ends(2);
    assert!(refused.stderr.contains("sqlite:PATH") && !refused.stderr.contains("feature"), "{}", refused.stderr);
}
