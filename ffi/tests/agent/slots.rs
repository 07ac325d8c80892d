//! One run after the other, nothing killed.

use std::fs;

use crate::bench::{Bench, ESCROW, Mishap, ROTATE, USER};

#[track_caller]
fn is_in_escrow(bench: &Bench, slot: u64) {
    assert_eq!(bench.header().0, [0, slot]);
    assert!(bench.opens(0, USER));
    assert!(bench.opens(slot, &bench.reveal(slot)));
}

#[test]
fn a_volume_of_either_version_gets_a_slot_whose_key_the_server_has() {
    for version in ["luks1", "luks2"] {
        let Some(bench) = Bench::new(version) else { return };
        bench.format(version);
        assert!(bench.last(ESCROW).starts_with("waits: not_verified"));
        is_in_escrow(&bench, 1);
        assert_eq!(fs::read_dir(bench.path("headers")).unwrap().count(), 1);
        bench.check();
        assert!(bench.last(ESCROW).starts_with("rests: done"));
        // Nothing is left of what only the way there needed, and the spool is empty.
        assert_eq!(fs::read_dir(bench.path("headers")).unwrap().count(), 0);
        assert_eq!(fs::read(bench.path("state/spool")).unwrap(), b"fdescrow-spool 1\n");
        let before = bench.calls().lines().count();
        assert!(bench.last(ESCROW).starts_with("rests: done"));
        assert_eq!(bench.calls().lines().count(), before + 1, "it looks, and does nothing");
        is_in_escrow(&bench, 1);
    }
}

#[test]
fn an_old_slot_goes_only_when_the_new_key_is_verified() {
    for version in ["luks1", "luks2"] {
        let Some(bench) = Bench::new(version) else { return };
        bench.format(version);
        bench.finish(ESCROW);
        let old = bench.reveal(1);
        assert!(bench.last(ROTATE).starts_with("waits: not_verified"));
        assert!(bench.opens(1, &old));
        bench.check();
        assert!(bench.last(ROTATE).starts_with("rests: done"));
        assert!(!bench.opens(1, &old));
        is_in_escrow(&bench, 2);
    }
}

#[test]
fn valgrind_finds_nothing_in_the_agent() {
    const VALGRIND: [&str; 5] =
        ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,possible", "--error-exitcode=9"];
    let Some(bench) = Bench::new("valgrind") else { return };
    bench.format("luks2");
    for expected in ["waits: not_verified", "rests: done"] {
        let output = bench.agent_under(&VALGRIND, ESCROW, Mishap::default());
        let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.lines().last().unwrap().starts_with(expected), "{said}{errors}");
        bench.check();
    }
    is_in_escrow(&bench, 1);
}

#[test]
fn without_an_answer_the_sealed_key_waits_in_the_spool() {
    let Some(bench) = Bench::new("offline") else { return };
    bench.format("luks2");
    let output = bench.agent(ESCROW, Mishap { fail: Some("receive"), ..Mishap::default() });
    assert!(output.status.success());
    let spool = fs::read_to_string(bench.path("state/spool")).unwrap();
    assert_eq!(spool.matches("{\"put\"").count(), 1);
    // The planner's state is lost, and a line was torn.
    fs::write(bench.path("state/spool"), spool + "0123").unwrap();
    fs::remove_file(bench.path("state/state.json")).unwrap();
    bench.finish(ESCROW);
    is_in_escrow(&bench, 1);
}

#[test]
fn a_plan_that_seals_to_a_stranger_is_refused() {
    let (Some(bench), Some(other)) = (Bench::new("ours"), Bench::new("stranger")) else { return };
    bench.format("luks2");
    fs::copy(other.path("plan.json"), bench.path("plan.json")).unwrap();
    let output = bench.agent(ESCROW, Mishap::default());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && errors.contains("which is not pinned"), "{errors}");
    assert_eq!(bench.header().0, [0]);
}

#[test]
fn a_receipt_of_something_else_is_told_and_changes_nothing() {
    let Some(bench) = Bench::new("receipt") else { return };
    bench.format("luks2");
    bench.finish(ESCROW);
    let old = bench.reveal(1);
    // A server that answers whatever it is sent with a receipt that says verified, of another device.
    let receipt = format!(
        "#!/bin/sh\ncat >/dev/null\nprintf '%s' '{{\"device\":\"PC-18\",\"kind\":\"luks\",\"key\":\"{0}\",\"envelope\":\"{0}{0}\",\
         \"status\":\"verified\",\"level\":\"envelope_opens\",\"sightings\":1}}'\n",
        "0123456789abcdef0123456789abcdef"
    );
    fs::write(bench.path("bin/upload"), receipt).unwrap();
    let output = bench.agent(ROTATE, Mishap::default());
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(errors.contains("agent: "), "{errors}");
    assert!(said.lines().last().unwrap().starts_with("waits: not_verified"), "{said}");
    assert!(bench.opens(1, &old));
}

#[test]
fn no_argument_and_no_file_has_a_secret() {
    let Some(bench) = Bench::new("secret") else { return };
    bench.format("luks2");
    bench.finish(ESCROW);
    let key = bench.reveal(1);
    let files = bench.written();
    assert!(bench.calls().contains("luksAddKey") && files.len() > 10);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        for secret in [key.as_bytes(), USER.as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", file.display());
        }
    }
}
