//! `profile filevault`, `profile show`, `profile lint`.

use fdescrow_tests::workspace_root;

use crate::support::Desk;

fn desk() -> Desk {
    let desk = Desk::new("profiles");
    desk.certificate("escrow", "rsa-2048");
    std::fs::copy(workspace_root().join("examples/policy.toml"), desk.path("policy.toml")).unwrap();
    desk
}

const RENDER: [&str; 6] = ["profile", "filevault", "--policy", "policy.toml", "--certificate", "escrow.crt"];

#[test]
fn the_example_policy_becomes_a_profile_that_shows_and_lints_clean() {
    let desk = desk();
    desk.run(&[&RENDER[..], &["--out", "a.mobileconfig"]].concat(), "").ends(0);
    let printed = desk.run(&RENDER, "").ends(0);
    assert_eq!(desk.read("a.mobileconfig"), printed.stdout, "the same input, the same bytes");

    let shown = desk.run(&["profile", "show", "a.mobileconfig", "--json"], "").ends(0).json();
    let types: Vec<&str> = shown["payload_types"].as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect();
    for payload in ["com.apple.MCX.FileVault2", "com.apple.security.FDERecoveryKeyEscrow", "com.apple.security.pkcs1"] {
        assert!(types.contains(&payload), "{types:?}");
    }
    let certificate = desk.run(&["certificate", "show", "escrow.crt", "--json"], "").ends(0).json();
    assert_eq!(shown["escrow_certificate"], certificate["certificates"][0]["fingerprint"]);
    assert_eq!(shown["signed"], false);
    assert!(desk.run(&["profile", "show", "a.mobileconfig"], "").ends(0).text().contains("com.example"));

    let lint = ["profile", "lint", "a.mobileconfig", "--certificate", "escrow.crt"];
    assert!(desk.run(&lint, "").ends(0).text().starts_with("ok"));
    let json = desk.run(&[&RENDER[..], &["--json"]].concat(), "").ends(0).json();
    assert_eq!(json["profile"].as_str().unwrap().as_bytes(), printed.stdout);
    assert_eq!(json["uuid"], shown["uuid"]);
}

#[test]
fn a_signed_profile_verifies_with_openssl_and_holds_the_same_bytes() {
    let desk = desk();
    desk.certificate("signer", "p-256");
    desk.run(&[&RENDER[..], &["--out", "plain"]].concat(), "").ends(0);
    desk.run(&[&RENDER[..], &["--sign-with", "signer.key", "signer.crt", "--out", "signed"]].concat(), "").ends(0);
    desk.shell("openssl cms -verify -inform DER -in signed -CAfile signer.crt -purpose any -out content").ends(0);
    assert_eq!(desk.read("content"), desk.read("plain"));
    let shown = desk.run(&["profile", "show", "signed", "--json"], "").ends(0).json();
    assert_eq!(shown["signed"], true);
    desk.run(&[&RENDER[..], &["--sign-with", "signer.key"]].concat(), "").ends(2);
    desk.run(&[&RENDER[..], &["--sign-with", "signer.key", "escrow.crt"]].concat(), "").ends(2);
}

#[test]
fn what_would_lose_the_key_is_refused_with_the_field_and_the_reason() {
    let desk = desk();
    desk.certificate("curve", "p-256");
    let run = desk.run(&["profile", "filevault", "--policy", "policy.toml"], "").ends(2);
    assert!(run.stderr.contains("no certificate"), "{}", run.stderr);
    let curve = ["profile", "filevault", "--policy", "policy.toml", "--certificate", "curve.crt", "--json"];
    let error = desk.run(&curve, "").ends(2).error();
    assert_eq!(error["name"], "PolicyInvalid");
    assert!(error["message"].as_str().unwrap().contains("RSA"));

    let policy = String::from_utf8(desk.read("policy.toml")).unwrap();
    desk.write("policy.toml", policy.replace("max_bypass_attempts = 0", "max_bypass_attempts = 10000"));
    let run = desk.run(&RENDER, "").ends(2);
    assert!(run.stderr.contains("filevault.enforcement.max_bypass_attempts"), "{}", run.stderr);
    desk.write("policy.toml", "[organization]\nid = \"a\"\nidentifier = \"com.a\"\n");
    assert!(desk.run(&RENDER, "").ends(2).stderr.contains("[filevault]"));
    desk.write("policy.toml", "nonsense");
    assert_eq!(desk.run(&[&RENDER[..], &["--json"]].concat(), "").ends(2).error()["name"], "PolicySyntax");
}

#[test]
fn profiles_that_contradict_each_other_are_told_and_the_answer_is_no() {
    let desk = desk();
    desk.run(&[&RENDER[..], &["--out", "a"]].concat(), "").ends(0);
    let policy = String::from_utf8(desk.read("policy.toml")).unwrap();
    desk.write("policy.toml", policy.replace("com.example", "org.example"));
    desk.certificate("other", "rsa-2048");
    let other = ["profile", "filevault", "--policy", "policy.toml", "--certificate", "other.crt", "--out", "b"];
    desk.run(&other, "").ends(0);
    let run = desk.run(&["profile", "lint", "--json", "a", "b", "--certificate", "escrow.crt"], "").ends(1);
    let findings = run.json()["findings"].as_array().unwrap().clone();
    assert!(findings.iter().any(|finding| finding["severity"] == "error"), "{findings:?}");
    assert!(findings.iter().all(|finding| finding["code"].is_string() && finding["message"].is_string()));
    desk.run(&["profile", "lint", "policy.toml"], "").ends(2);
    desk.run(&["profile", "lint"], "").ends(2);
}

#[test]
fn a_section_that_is_missing_is_shown_as_it_has_to_be_written() {
    let desk = desk();
    let mut policy = String::from("[posture]\n");
    for section in ["[organization]", "[filevault"] {
        desk.write("policy.toml", &policy);
        let run = desk.run(&["profile", "filevault", "--policy", "policy.toml"], "").ends(2);
        assert!(run.stderr.contains(&format!("the policy has no section {section}")), "{}", run.stderr);
        // What is shown is what is missing.
        let shown = run.stderr.lines().filter_map(|line| line.strip_prefix("  "));
        for line in shown.filter(|line| line.starts_with('[') || line.contains(" = ")) {
            policy.push_str(line);
            policy.push('\n');
        }
    }
    desk.write("policy.toml", &policy);
    desk.run(&RENDER, "").ends(0);
}
