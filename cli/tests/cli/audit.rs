//! `audit list`, `audit verify`, `audit checkpoint`.

use crate::support::{Desk, FILEVAULT};

/// A desk where a key was received and revealed.
fn desk(mac_key: &[&str]) -> Desk {
    let desk = Desk::new("audit");
    desk.certificate("escrow", "rsa-2048");
    desk.mac_blob("escrow", FILEVAULT, "mac.ber");
    desk.write("mac.key", "ab".repeat(32));
    let receive = ["--device", "M", "--kind", "filevault", "--by", "agent", "mac.ber"];
    desk.store(&["receive"], &[&receive[..], mac_key].concat(), "").ends(0);
    let reveal = [
        "--identity",
        "escrow.key",
        "escrow.crt",
        "--device",
        "M",
        "--by",
        "ana",
        "--reason",
        "lost \u{202e}passphrase",
    ];
    desk.store(&["reveal"], &[&reveal[..], mac_key].concat(), "").ends(0);
    desk
}

#[test]
fn who_did_what_and_why_is_listed_oldest_first() {
    let desk = desk(&[]);
    let list = desk.store(&["audit", "list"], &["--json"], "").ends(0).json();
    let entries = list["entries"].as_array().unwrap();
    let position = |action: &str| entries.iter().position(|entry| entry["action"] == action).expect(action);
    assert!(position("key_received") < position("release_authorized"));
    assert!(position("release_authorized") < position("released"));
    assert_eq!(entries[position("released")]["actor"], "ana");
    let of_device = desk.store(&["audit", "list"], &["--device", "M", "--json"], "").ends(0).json();
    assert!(of_device["entries"].as_array().unwrap().len() <= entries.len());
    let text = desk.store(&["audit", "list"], &[], "").ends(0).text();
    assert!(text.contains("ana") && text.contains("released") && !text.contains(FILEVAULT));
    assert!(!text.contains('\u{202e}'), "a reason does nothing to a terminal");
}

#[test]
fn an_intact_audit_verifies_and_what_was_not_looked_at_is_said() {
    let desk = desk(&[]);
    let run = desk.store(&["audit", "verify"], &[], "").ends(0);
    assert!(run.text().starts_with("ok") && run.text().contains("only accidents"), "{}", run.text());
    desk.store(&["audit", "checkpoint"], &["--out", "c1"], "").ends(0);
    let verified = desk.store(&["audit", "verify"], &["--checkpoint", "c1", "--json"], "").ends(0).json();
    assert_eq!((verified["intact"].as_bool(), verified["checkpoint"].as_bool()), (Some(true), Some(true)));
    let next = desk.store(&["audit", "checkpoint"], &["--out", "c2", "--previous", "c1", "--json"], "").ends(0).json();
    assert!(next["digest"].is_string() && next["chains"].as_u64().unwrap() >= 1);
    desk.store(&["audit", "verify"], &["--checkpoint", "escrow.crt"], "").ends(2);
    desk.store(&["audit", "verify"], &["--checkpoint", "missing"], "").ends(2);
    desk.store(&["audit", "checkpoint"], &[], "").ends(2);
}

#[test]
fn what_was_deleted_behind_the_librarys_back_is_found_and_the_answer_is_no() {
    let desk = desk(&[]);
    desk.store(&["audit", "checkpoint"], &["--out", "c"], "").ends(0);
    let delete = "import sqlite3; d = sqlite3.connect('keys.db');
tables = [r[0] for r in d.execute(\"select name from sqlite_master where type = 'table'\")]
audit = [t for t in tables if t.endswith('audit')][0]
d.execute(f'delete from {audit} where rowid = (select max(rowid) from {audit})'); d.commit()";
    desk.write("delete.py", delete);
    desk.shell("python3 delete.py").ends(0);
    let verified = desk.store(&["audit", "verify"], &["--json"], "").ends(1).json();
    assert_eq!(verified["intact"], false);
    assert!(!verified["findings"].as_array().unwrap().is_empty());
    let text = desk.store(&["audit", "verify"], &["--checkpoint", "c"], "").ends(1).text();
    assert!(text.contains("device M"), "{text}");
}

#[test]
fn a_mac_key_outside_of_the_store_vouches_for_the_entries() {
    let with = ["--mac-key", "mac.key"];
    let desk = desk(&with);
    desk.store(&["audit", "verify"], &with, "").ends(0);
    desk.write("other.key", "cd".repeat(32));
    let verified = desk.store(&["audit", "verify"], &["--mac-key", "other.key", "--json"], "").ends(1).json();
    assert!(verified["findings"].as_array().unwrap().iter().any(|finding| finding["problem"] == "mac_wrong"));
    desk.store(&["audit", "verify"], &["--mac-key", "escrow.crt"], "").ends(2);
}
