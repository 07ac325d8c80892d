//! `key new`, `key check`.

use crate::support::{BITLOCKER, Desk, FILEVAULT};

const KINDS: [&str; 5] = ["filevault", "bitlocker", "luks", "systemd", "snapd"];

#[test]
fn a_new_key_of_every_kind_is_printed_alone_and_checks() {
    let desk = Desk::new("keys");
    for kind in KINDS {
        let new = desk.run(&["key", "new", "--kind", kind], "").ends(0);
        assert_eq!(new.text().lines().count(), 1, "{kind}");
        desk.run(&["key", "check", "--kind", kind], &new.stdout).ends(0);
        let example = matches!(kind, "filevault" | "snapd");
        assert_eq!(new.stderr.contains("only the device itself"), example, "{kind}: {}", new.stderr);
        assert!(!new.stderr.contains(new.text().trim()), "{kind}");
    }
}

#[test]
fn what_people_type_is_taken_and_what_is_wrong_is_said_by_group_and_never_quoted() {
    let desk = Desk::new("keys");
    let typed = FILEVAULT.to_lowercase().replace('-', " ");
    let run = desk.run(&["key", "check", "--kind", "filevault"], format!("{typed}\r\n")).ends(0);
    assert!(run.text().starts_with("ok"), "{}", run.text());
    assert!(!run.text().contains("AU2A"), "a check shows no key");

    let wrong = BITLOCKER.replace("000033", "000034");
    let run = desk.run(&["key", "check", "--kind", "bitlocker"], &wrong).ends(1);
    assert!(run.stderr.contains("group 3"), "{}", run.stderr);
    assert!(!run.stderr.contains("000034") && run.stdout.is_empty());

    let error = desk.run(&["key", "check", "--kind", "bitlocker", "--json"], &wrong).ends(1).error();
    assert_eq!((error["code"].as_i64(), error["name"].as_str()), (Some(100), Some("KeyFormat")));
    assert!(error["message"].as_str().unwrap().contains("group 3"));
    assert!(error["remedy"].is_string() && error["fault"] == "input");
}

#[test]
fn json_names_kind_and_key() {
    let desk = Desk::new("keys");
    let new = desk.run(&["--json", "key", "new", "--kind", "luks"], "").ends(0).json();
    assert_eq!((new["kind"].as_str(), new["set_by_device_only"].as_bool()), (Some("luks"), Some(false)));
    let key = new["key"].as_str().unwrap().to_owned();
    let checked = desk.run(&["key", "check", "--kind", "luks", "--json"], key).ends(0).json();
    assert_eq!(checked, serde_json::json!({ "kind": "luks", "valid": true }));
}

#[test]
fn a_key_as_an_argument_is_refused_and_not_repeated() {
    let desk = Desk::new("keys");
    for arguments in [
        &["key", "check", "--kind", "filevault", FILEVAULT][..],
        &["key", "check", "--kind", FILEVAULT],
        &["seal", "--json", "--kind", "filevault", FILEVAULT],
        &[&format!("--key={FILEVAULT}")],
    ] {
        let run = desk.run(arguments, "").ends(2);
        assert!(run.stderr.contains("standard input"), "{}", run.stderr);
        assert!(!run.stderr.contains("AU2A") && !run.text().contains("AU2A"), "{}", run.stderr);
    }
}

#[test]
fn a_key_where_a_name_or_a_reason_belongs_is_stored_nowhere() {
    let desk = Desk::new("keys");
    let reason = format!("Ana typed {FILEVAULT}.");
    let receive = ["receive", "--store", "sqlite:keys.db", "--kind", "filevault"];
    for rest in [
        &["--device", FILEVAULT, "--by", "mdm"][..],
        &["--device", "M", "--by", BITLOCKER],
        &["--device", "M", "--by", "mdm", &format!("--volume={FILEVAULT}")],
    ] {
        let run = desk.run(&[&receive, rest].concat(), "").ends(2);
        assert!(run.stderr.contains("standard input"), "{}", run.stderr);
    }
    let reveal = ["reveal", "--store", "memory:", "--identity", "a.key", "--device", "M", "--by", "ana"];
    let run = desk.run(&[&reveal[..], &["--json", "--reason", &reason]].concat(), "").ends(2);
    assert!(run.error()["message"].as_str().unwrap().contains("standard input"));
    assert!(!desk.path("keys.db").exists());
    // A name that is a key only if it is read loosely is a name: a Mac's UDID has 24 such symbols.
    let run = desk.run(&[&receive[..], &["--device", "00008103-001234560C01001E", "--by", "mdm"]].concat(), "").ends(2);
    assert!(run.stderr.contains("not a sealed message"), "{}", run.stderr);
}

#[test]
fn no_text_and_too_much_text_are_no_keys() {
    let desk = Desk::new("keys");
    desk.run(&["key", "check", "--kind", "snapd"], "").ends(1);
    desk.run(&["key", "check", "--kind", "snapd"], [0xff, 0xfe]).ends(1);
    desk.run(&["key", "check", "--kind", "snapd"], vec![b'1'; 100_000]).ends(1);
    let error = desk.run(&["key", "check", "--kind", "snapd", "--json"], vec![b'1'; 2000]).ends(1).error();
    assert_eq!(error["name"], "KeyFormat");
    desk.run(&["key", "check", "--kind", "guess"], "").ends(2);
    desk.shell("$F key check --kind snapd < .").ends(2);
}
