//! `demo`.

use crate::support::Desk;

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
    assert!(text.lines().count() >= 10);
    assert_eq!(std::fs::read_dir(desk.folder()).unwrap().count(), 0, "the scratch folder is gone");
}

#[test]
fn it_can_be_played_again_in_a_store_that_is_kept() {
    let desk = Desk::new("demo");
    for _ in 0..2 {
        let told = desk.store(&["demo"], &["--json"], "").ends(0).json();
        assert_eq!(told["verified"], true);
        let organization = told["organization"].as_str().unwrap().to_owned();
        let status = desk.store(&["status"], &["--organization", &organization, "--json"], "").ends(0).json();
        assert_eq!(status["devices"], 4);
    }
    let run = desk.run(&["demo", "--store", "memory:"], "").ends(0);
    assert!(!run.stderr.contains("look around"), "{}", run.stderr);
    desk.run(&["demo", "--store", "sqlite:no/such/folder/keys.db"], "").ends(3);
}
