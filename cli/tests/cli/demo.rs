//! `demo`.

use serde_json::Value;

use crate::support::{Desk, Run};

/// The step that begins with these words.
fn step<'a>(steps: &'a [String], begins: &str) -> &'a str {
    steps.iter().find(|step| step.starts_with(begins)).unwrap_or_else(|| panic!("{begins}: {steps:#?}"))
}

/// Whether somewhere in the text there is a recovery key of FileVault, BitLocker or LUKS: groups of as many characters,
/// with dashes between them.
fn shows_a_key(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| {
        let groups: Vec<&str> = word.split('-').collect();
        let length = groups[0].len();
        groups.len() >= 6 && length >= 4 && groups.iter().all(|group| group.len() == length)
    })
}

#[test]
fn the_story_is_told_one_line_a_step_and_leaves_nothing_behind() {
    let desk = Desk::new("demo");
    let run = desk.shell("TMPDIR=$PWD $F demo").ends(0);
    let text = run.text();
    for (number, line) in (1..).zip(text.lines()) {
        assert!(line.trim_start().starts_with(&format!("{number}. ")), "{line}");
    }
    for word in
        ["profile", "MAC-1", "PC-1", "sealed the key to a certificate of its own", "quarantined", "re-wrapped", "audit"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(text.lines().count() >= 20);
    assert!(!shows_a_key(&text), "{text}");
    assert!(shows_a_key("PC-2: 000011-000022-000033-000044-000055-000066-000077-000088."));
    assert_eq!(std::fs::read_dir(desk.folder()).unwrap().count(), 0, "the scratch folder is gone");
}

#[test]
fn the_second_act_is_what_the_store_says_too() {
    let desk = Desk::new("demo");
    let told = desk.store(&["demo"], &["--json"], "").ends(0).json();
    let steps: Vec<String> = serde_json::from_value(told["steps"].clone()).unwrap();
    let organization = told["organization"].as_str().unwrap();
    let ask = |words: &[&str], rest: &[&str]| -> Run {
        desk.store(words, &[rest, &["--organization", organization, "--json"]].concat(), "")
    };

    // Three platforms.
    for device in ["LINUX-1", "PC-2", "MAC-1"] {
        let status: Value = ask(&["status"], &["--device", device]).ends(0).json();
        assert_eq!(status["assessment"]["status"], "verified", "{device}");
        assert!(step(&steps, "Three platforms").contains(&format!("{device}: verified.")));
    }
    assert!(step(&steps, "LINUX-1, encrypted with LUKS").ends_with("with 2 slots: verified."));
    assert!(step(&steps, "PC-2, encrypted with BitLocker").ends_with("verified."));

    // The blue screen: the eight digits that were typed lead to the key of the PC, which is retired by now.
    let screen = step(&steps, "One morning PC-2");
    let typed = screen.split("types ").nth(1).unwrap().get(..8).unwrap();
    assert!(screen.contains(&typed.to_ascii_uppercase()), "{screen}");
    let found = ask(&["find"], &[typed]).ends(0).json();
    let found = found["candidates"].as_array().unwrap();
    assert_eq!((found.len(), &found[0]["device"], &found[0]["retired"]), (1, &"PC-2".into(), &true.into()));

    // Two people: the second one is somebody else.
    assert!(step(&steps, "ana asks for it: 1 approval is lacking").contains("refused both times (this is, or may be"));
    let recoveries = ask(&["recovery", "list"], &["--state", "released"]).ends(0).json();
    let recoveries = recoveries["recoveries"].as_array().unwrap();
    let recovery = recoveries.iter().find(|recovery| recovery["device"] == "PC-2").unwrap();
    let approvals = recovery["approvals"].as_array().unwrap();
    assert_eq!((approvals.len(), &approvals[0]["actor"]), (1, &"ben".into()));
    assert_eq!(recovery["report"]["outcome"], "worked");

    // One key more, although it was sent twice; the one that was seen is retired, and the last one opens.
    assert!(step(&steps, "The key was seen").contains("(cause: reveal)"));
    assert!(step(&steps, "The key was seen").contains("2 keys of PC-2 are stored"));
    let history = ask(&["history"], &["--device", "PC-2"]).ends(0).json();
    let keys = history["keys"].as_array().unwrap();
    let [seen, new] = keys.as_slice() else { panic!("{keys:#?}") };
    assert_eq!((&seen["id"], seen["retired"].is_string()), (&recovery["key"], true));
    assert_eq!((&new["level"], new["retired"].is_null()), (&"envelope_opens".into(), true));
    for key in keys {
        assert_eq!(key["envelopes"].as_array().unwrap().len(), 1);
    }
    assert!(step(&steps, "A check opens the new key: verified.").ends_with("old_retired. PC-2: verified."));
    let rotations = ask(&["rotate", "list"], &["--device", "PC-2"]).ends(0).json();
    assert_eq!(rotations["rotations"][0]["phase"], "old_retired");
    assert_eq!(rotations["rotations"][0]["new"], new["id"]);
    assert!(!steps.iter().any(|step| shows_a_key(step)));
}

#[test]
fn it_can_be_played_again_in_a_store_that_is_kept() {
    let desk = Desk::new("demo");
    for _ in 0..2 {
        let told = desk.store(&["demo"], &["--json"], "").ends(0).json();
        assert_eq!(told["verified"], true);
        let organization = told["organization"].as_str().unwrap().to_owned();
        let status = desk.store(&["status"], &["--organization", &organization, "--json"], "").ends(0).json();
        assert_eq!(status["devices"], 6);
    }
    let run = desk.run(&["demo", "--store", "memory:"], "").ends(0);
    assert!(!run.stderr.contains("look around"), "{}", run.stderr);
    desk.run(&["demo", "--store", "sqlite:no/such/folder/keys.db"], "").ends(3);
}
