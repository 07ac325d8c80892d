//! One run after the other, nothing killed.

use std::fs;

use serde_json::{Value, json};

use crate::bench::{Bench, Mishap, STORE, USER, answer};

fn steps(answer: &Value) -> Vec<(&str, &str)> {
    let steps = answer["steps"].as_array().unwrap();
    steps.iter().map(|step| (step["step"].as_str().unwrap(), step["outcome"].as_str().unwrap())).collect()
}

/// The user's passphrase opens slot 0, and the store's key the slot that the agent made; there are no others.
fn is_in_escrow(bench: &Bench, slot: u64, others: &[u64]) {
    let mut expected = [others, &[slot]].concat();
    expected.sort_unstable();
    assert_eq!(bench.header().0, expected);
    assert!(bench.opens(0, USER));
    assert!(bench.opens(slot, &bench.reveal(slot)));
}

#[test]
fn a_volume_of_either_version_gets_a_slot_whose_key_the_store_has() {
    for version in ["luks1", "luks2"] {
        let Some(bench) = Bench::new(version) else { return };
        bench.format(version);
        let (first, status) = bench.escrow(&[]);
        assert_eq!((&first["situation"], status), (&json!("not_verified"), 1));
        let mut expected = vec!["back_up_header", "generate", "add_slot", "test_slot", "escrow", "ask"];
        expected.extend((version == "luks2").then_some("write_token"));
        assert_eq!(steps(&first).iter().map(|(step, _)| *step).collect::<Vec<_>>(), expected);
        bench.check();
        let (last, status) = bench.escrow(&[]);
        assert_eq!(steps(&last), [("ask", "verified"), ("drop_backup", "done")]);
        assert_eq!((&last["situation"], status, &last["unacknowledged"]), (&json!("done"), 0, &json!(0)));
        is_in_escrow(&bench, 1, &[0]);
        // Nothing is left of what only the way there needed.
        let names = fs::read_dir(bench.path("state")).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(!names.into_iter().any(|name| name.to_string_lossy().ends_with(".header")));
        let (_, status) = bench.escrow(&[]);
        assert_eq!(status, 0);
        is_in_escrow(&bench, 1, &[0]);
    }
}

#[test]
fn a_rotation_adds_a_slot_before_it_removes_the_old_one() {
    for version in ["luks1", "luks2"] {
        let Some(bench) = Bench::new(version) else { return };
        bench.format(version);
        bench.finish(&[]);
        let old = bench.reveal(1);
        let (waits, _) = bench.escrow(&["--rotate", "r1"]);
        assert_eq!(waits["situation"], "not_verified");
        assert!(bench.opens(1, &old), "the new key is not verified yet");
        let done = bench.finish(&["--rotate", "r1"]);
        assert_eq!(done["situation"], "done");
        assert!(!bench.opens(1, &old));
        is_in_escrow(&bench, 2, &[0]);
        assert_eq!(bench.header().1.len(), usize::from(version == "luks2"));
    }
}

#[test]
fn a_token_names_the_slot_and_nothing_secret() {
    let Some(bench) = Bench::new("token") else { return };
    bench.format("luks2");
    bench.finish(&[]);
    let (_, tokens) = bench.header();
    let token = tokens.values().next().unwrap();
    assert_eq!((&token["type"], &token["keyslots"]), (&json!("fdescrow"), &json!(["1"])));
    assert_eq!((&token["request"], &token["organization"]), (&json!("escrow"), &json!("default")));
    assert!(!token.to_string().contains(&bench.reveal(1)));
}

#[test]
fn slots_above_eight_are_used() {
    let Some(bench) = Bench::new("above") else { return };
    bench.format("luks2");
    for slot in 1..10 {
        bench.add_slot(slot, &format!("other-{slot}"));
    }
    bench.finish(&[]);
    is_in_escrow(&bench, 10, &(0..10).collect::<Vec<_>>());
}

#[test]
fn where_every_slot_is_used_nothing_is_changed() {
    let Some(bench) = Bench::new("full") else { return };
    bench.format("luks1");
    for slot in 1..8 {
        bench.add_slot(slot, &format!("other-{slot}"));
    }
    let (full, status) = bench.escrow(&[]);
    assert_eq!((&full["situation"], status), (&json!("no_free_slot"), 1));
    assert_eq!(full["standing"], "needs_administrator");
    assert!(steps(&full).is_empty());
    assert!((1..8).all(|slot| bench.opens(slot, &format!("other-{slot}"))));
}

#[test]
fn a_wrong_passphrase_changes_nothing_and_is_not_tried_for_ever() {
    let Some(bench) = Bench::new("wrong") else { return };
    bench.format("luks2");
    fs::write(bench.path("wrong"), "something else").unwrap();
    let (wrong, status) = answer(&bench.agent(&[STORE, &["--key-file", "wrong"]].concat(), Mishap::default()));
    assert_eq!(
        (&wrong["situation"], &wrong["standing"], status),
        (&json!("not_authorized"), &json!("needs_person"), 1)
    );
    assert_eq!(steps(&wrong).iter().filter(|step| **step == ("add_slot", "failed")).count(), 1);
    assert_eq!(bench.header().0, [0]);
    // The right one goes on with what was begun.
    bench.finish(&[]);
    is_in_escrow(&bench, 1, &[0]);
}

#[test]
fn without_anything_that_authorizes_somebody_has_to_act_and_nothing_is_done() {
    let Some(bench) = Bench::new("nobody") else { return };
    bench.format("luks2");
    let (nobody, status) = answer(&bench.agent(STORE, Mishap::default()));
    assert_eq!((&nobody["situation"], status), (&json!("not_authorized"), 1));
    assert!(steps(&nobody).is_empty());
}

#[test]
fn a_slot_that_its_key_does_not_open_is_removed_and_its_key_never_sealed() {
    for version in ["luks1", "luks2"] {
        let Some(bench) = Bench::new("test") else { return };
        bench.format(version);
        let mishap = Mishap { fail: Some("--test-passphrase"), ..Mishap::default() };
        let (failed, status) = answer(&bench.agent(&[STORE, &["--key-file", "user"]].concat(), mishap));
        assert_eq!(status, 1);
        assert_eq!(failed["situation"], "too_many_attempts");
        assert_eq!(steps(&failed).iter().filter(|step| **step == ("remove_slot", "done")).count(), 5);
        assert_eq!((bench.header().0, &failed["unacknowledged"]), (vec![0], &json!(0)));
    }
}

#[test]
fn a_slot_that_somebody_else_made_is_never_removed() {
    let Some(bench) = Bench::new("foreign") else { return };
    bench.format("luks2");
    bench.finish(&[]);
    bench.add_slot(5, "somebody's");
    let arguments = ["--rotate", "r1", "--replace", "1", "--replace", "5", "--replace", "0"];
    bench.escrow(&arguments);
    bench.check();
    let (left, status) = bench.escrow(&arguments);
    assert_eq!((&left["situation"], status), (&json!("old_slot_left"), 1));
    assert!(bench.opens(5, "somebody's"));
    is_in_escrow(&bench, 2, &[0, 5]);
}

#[test]
fn an_agent_that_lost_its_state_makes_another_slot_and_removes_none() {
    for version in ["luks1", "luks2"] {
        let Some(bench) = Bench::new("lost") else { return };
        bench.format(version);
        bench.finish(&[]);
        let first = bench.reveal(1);
        fs::remove_dir_all(bench.path("state")).unwrap();
        fs::create_dir(bench.path("state")).unwrap();
        bench.finish(&[]);
        assert!(bench.opens(1, &first));
        is_in_escrow(&bench, 2, &[0, 1]);
        // What LUKS2 says of its slot in a token is proof enough that it was ours.
        let arguments = ["--rotate", "r1", "--replace", "1"];
        bench.escrow(&arguments);
        bench.check();
        let (answer, _) = bench.escrow(&arguments);
        let removed = version == "luks2";
        assert_eq!(answer["situation"], if removed { "done" } else { "old_slot_left" });
        assert_eq!(bench.opens(1, &first), !removed);
    }
}

#[test]
fn without_a_store_the_sealed_key_waits_in_the_spool() {
    let Some(bench) = Bench::new("spool") else { return };
    bench.format("luks2");
    let (waits, status) = answer(&bench.agent(&["--key-file", "user"], Mishap::default()));
    assert_eq!((&waits["unacknowledged"], status), (&json!(1), 1));
    let mut spool = fs::read(bench.path("state/spool")).unwrap();
    // A crash in the middle of another line, and the planner's state gone with it.
    spool.extend(b"0123");
    fs::write(bench.path("state/spool"), spool).unwrap();
    fs::remove_dir_all(bench.path("lost")).unwrap_or_default();
    for entry in fs::read_dir(bench.path("state")).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|end| end == "json") {
            fs::remove_file(entry).unwrap();
        }
    }
    bench.finish(&[]);
    is_in_escrow(&bench, 1, &[0]);
}

#[test]
fn a_recovery_key_of_systemd_is_one_to_systemd_too() {
    let Some(bench) = Bench::new("systemd") else { return };
    bench.format("luks2");
    bench.plan(&json!({ "kind": "systemd", "kdf": { "type": "pbkdf2", "hash": "sha512", "iterations": 1000 },
        "token": "systemd-recovery" }));
    bench.finish(&["--plan", "plan"]);
    // The copy of the header was where the plan wants it, and is gone.
    assert_eq!(fs::read_dir(bench.path("headers")).unwrap().count(), 0);
    is_in_escrow(&bench, 1, &[0]);
    assert_eq!(bench.reveal(1).split('-').count(), 8);
    let (_, tokens) = bench.header();
    assert_eq!(tokens.values().next().unwrap()["type"], "systemd-recovery");
    if let Ok(listed) = std::process::Command::new("systemd-cryptenroll").arg(bench.path("disk")).output() {
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert!(listed.lines().any(|line| line.split_whitespace().eq(["1", "recovery"])), "{listed}");
    }
}

#[test]
fn no_argument_and_no_file_has_a_secret() {
    let Some(bench) = Bench::new("secret") else { return };
    bench.format("luks2");
    bench.finish(&[]);
    let key = bench.reveal(1);
    assert!(bench.calls().contains("luksAddKey"));
    let mut files = vec![bench.path("calls")];
    let mut folders = vec![bench.path("state")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for entry in fs::read_dir(bench.folder()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() && entry.file_name().unwrap().to_string_lossy().starts_with("state.") {
            files.extend(fs::read_dir(entry).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(files.len() > 10);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        for secret in [key.as_bytes(), USER.as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", file.display());
        }
    }
}
