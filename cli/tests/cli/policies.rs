//! `policy check`, `policy show`, `policy schema`, `profile bitlocker`, `profile luks`, and groups in `--policy`.

use fdescrow_tests::workspace_root;
use serde_json::{Value, json};

use crate::support::{BITLOCKER, Desk};

const FLEET: &str = "policy.toml";

fn desk() -> Desk {
    let desk = Desk::new("policies");
    desk.certificate("escrow", "p-256");
    std::fs::copy(workspace_root().join("examples/policy-fleet.toml"), desk.path(FLEET)).unwrap();
    desk
}

#[test]
fn a_policy_is_checked_for_each_of_its_groups() {
    let desk = desk();
    let run = desk.run(&["policy", "check", FLEET], "").ends(0);
    assert_eq!(run.text(), "organization: ok\ngroup finance: ok\ngroup kiosks: ok\ngroup servers: ok\n");

    // Windows replaces the keys beside us, on the devices of one group
    let text = String::from_utf8(desk.read(FLEET)).unwrap();
    let both = "[groups.loans.bitlocker]\nwindows_rotation = \"entra\"\nsystem_drive.recovery.backup.required = true\n";
    desk.write("both.toml", format!("{text}\n{both}"));
    let checked = desk.run(&["policy", "check", "both.toml", "--json"], "").ends(1).json();
    let of = |group: &Value| checked["policies"].as_array().unwrap().iter().find(|it| it["group"] == *group).unwrap();
    assert_eq!(of(&Value::Null)["advice"], json!([]));
    let advice = of(&json!("loans"))["advice"].as_array().unwrap().clone();
    assert!(advice.iter().any(|it| it["code"] == "windows_rotation_beside_ours"), "{advice:?}");
    assert_ne!(of(&json!("loans"))["digest"], of(&Value::Null)["digest"]);

    desk.write("wrong.toml", format!("{text}\n[groups.loans.recovery]\napprovals = 3\n"));
    let run = desk.run(&["policy", "check", "wrong.toml"], "").ends(2);
    assert!(run.stderr.contains("groups.loans: recovery.approvals"), "{}", run.stderr);
}

#[test]
fn every_value_is_shown_with_who_decided_it() {
    let desk = desk();
    let shown = desk.run(&["policy", "show", FLEET, "--group", "finance", "--json"], "").ends(0).json();
    let of = |path: &str| {
        let values = shown["values"].as_array().unwrap();
        let value = values.iter().find(|it| it["path"] == path).unwrap_or_else(|| panic!("{path}: {shown:#}"));
        (value["value"].clone(), value["origin"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("recovery.approvals"), (json!(2), "group".to_owned()));
    assert_eq!(of("recovery.ticket_required"), (json!(true), "organization".to_owned()));
    assert_eq!(of("recovery.request_expires"), (json!(86_400), "default".to_owned()));
    let text = desk.run(&["policy", "show", FLEET], "").ends(0).text();
    assert!(text.contains("recovery.approvals = 1 (organization)\n"), "{text}");
    let run = desk.run(&["policy", "show", FLEET, "--group", "nobody"], "").ends(2);
    assert!(run.stderr.contains("no group nobody"), "{}", run.stderr);

    let schema = desk.run(&["policy", "schema"], "").ends(0).json();
    let published = std::fs::read_to_string(workspace_root().join("docs/schemas/policy.json")).unwrap();
    assert_eq!(schema, serde_json::from_str::<Value>(&published).unwrap());
}

#[test]
fn what_windows_and_linux_receive_is_rendered_by_group() {
    let desk = desk();
    let bitlocker = ["profile", "bitlocker", "--policy", FLEET, "--group", "finance"];
    let syncml = desk.run(&bitlocker, "").ends(0).text();
    assert!(syncml.starts_with("<Atomic>"), "{syncml}");
    assert!(syncml.contains("SystemDrivesMinimumPINLength"), "{syncml}");
    assert!(!desk.run(&bitlocker[..4], "").ends(0).text().contains("SystemDrivesMinimumPINLength"));
    desk.run(&[&bitlocker[..], &["--out", "bitlocker.xml"]].concat(), "").ends(0);
    assert_eq!(String::from_utf8(desk.read("bitlocker.xml")).unwrap(), syncml);
    let nodes = desk.run(&[&bitlocker[..], &["--json"]].concat(), "").ends(0).json();
    assert!(nodes["nodes"].as_array().unwrap().iter().all(|node| syncml.contains(node["uri"].as_str().unwrap())));

    let luks = ["profile", "luks", "--policy", FLEET, "--certificate", "escrow.crt", "--group", "servers"];
    let plan = desk.run(&luks, "").ends(0).json();
    assert_eq!((&plan["slot"]["kind"], &plan["authorize"]), (&json!("systemd"), &json!(["clevis", "tpm2"])));
    assert_eq!(desk.run(&luks[..6], "").ends(0).json()["slot"]["kind"], "luks");

    desk.write("mac.toml", "[organization]\nid = \"a\"\nidentifier = \"com.a\"\n");
    let run = desk.run(&["profile", "bitlocker", "--policy", "mac.toml"], "").ends(2);
    assert!(run.stderr.contains("[bitlocker]"), "{}", run.stderr);
    let run = desk.run(&["profile", "luks", "--policy", "mac.toml", "--certificate", "escrow.crt"], "").ends(2);
    assert!(run.stderr.contains("[luks]"), "{}", run.stderr);
}

#[test]
fn a_device_is_judged_by_the_policy_of_its_group() {
    let desk = desk();
    let lenient = "[groups.lenient.escrow]\naccept_unverifiable = true\nlevels = { bitlocker = \"well_formed\" }\n";
    desk.write(FLEET, format!("[escrow.levels]\nbitlocker = \"protector_opens\"\n{lenient}"));
    let place = ["--device", "PC-1", "--kind", "bitlocker", "--by", "agent", "--policy", FLEET];
    desk.store(&["receive"], &[&place[..], &["--plaintext", "--to", "escrow.crt"]].concat(), BITLOCKER).ends(0);
    desk.store(&["check"], &["--identity", "escrow.key", "escrow.crt", "--policy", FLEET], "").ends(0);
    let device = ["--device", "PC-1", "--policy", FLEET];
    let status = || {
        let shown = desk.store(&["status"], &[&device[..], &["--json"]].concat(), "").ends(0).json();
        shown["assessment"]["status"].as_str().unwrap().to_owned()
    };
    let why = ["--by", "ana", "--reason", "a loan"];
    let before = status();
    desk.store(&["device", "group"], &[&device[..], &why, &["--group", "lenient"]].concat(), "").ends(0);
    assert_eq!((before.as_str(), status().as_str()), ("verifying", "verified"));
    let listed = desk.store(&["list"], &["--group", "lenient"], "").ends(0).text();
    assert!(listed.contains("PC-1"), "{listed}");
    desk.store(&["device", "group"], &[&device[..], &why].concat(), "").ends(0);
    assert_eq!(status(), before);

    desk.store(&["device", "reinstalled"], &[&device[..], &why].concat(), "").ends(0);
    assert_ne!(status(), before, "none of its keys is its current one");
    let history = desk.store(&["history"], &["--device", "PC-1", "--json"], "").ends(0).json();
    assert_eq!((history["keys"].as_array().unwrap().len(), &history["keys"][0]["installation"]), (1, &json!(1)));
    desk.store(&["device", "forget"], &[&device[..], &why].concat(), "").ends(0);
    assert_eq!(status(), "not_required");
    desk.store(&["device", "forget"], &[&device[..], &why].concat(), "").ends(2);
    desk.store(&["device", "forget"], &[&["--device", "nobody"], &why[..]].concat(), "").ends(1);
    let actions = desk.store(&["audit", "list"], &["--device", "PC-1"], "").ends(0).text();
    assert!(actions.contains("installation_changed") && actions.contains("device_forgotten"), "{actions}");
}
