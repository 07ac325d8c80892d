//! `find`, `list`, `rotate`, `recovery`, `certificate list|retire|compromised`, `audit tail`, metrics.

use crate::support::{BITLOCKER, Desk, Run};

const PROTECTOR: &str = "{8A2F0B1C-1111-4000-8000-000000000000}";
const IDENTITY: [&str; 3] = ["--identity", "escrow.key", "escrow.crt"];
const RULES: &str = "[recovery]\napprovals = 1\n";

/// A PC whose recovery password is in escrow and was checked.
fn desk() -> Desk {
    let desk = Desk::new("second-act");
    desk.certificate("escrow", "p-256");
    desk.write("policy.toml", RULES);
    let clear = ["--device", "PC-17", "--kind", "bitlocker", "--plaintext", "--to", "escrow.crt", "--by", "agent"];
    desk.store(&["receive"], &[&clear[..], &["--protector", PROTECTOR]].concat(), BITLOCKER).ends(0);
    desk.store(&["check"], &IDENTITY, "").ends(0);
    desk
}

fn ask(desk: &Desk, command: &[&str], rest: &[&str]) -> Run {
    let who = ["--device", "PC-17", "--by", "ana", "--issuer", "https://login.example.com", "--subject", "ana-1"];
    desk.store(command, &[&who[..], &["--reason", "blue screen", "--policy", "policy.toml"], rest].concat(), "")
}

fn approve(desk: &Desk, id: &str, subject: &str) -> Run {
    let who = ["--recovery", id, "--issuer", "https://login.example.com", "--subject", subject];
    desk.store(
        &["recovery", "approve"],
        &[&who[..], &["--by", subject, "--policy", "policy.toml", "--json"]].concat(),
        "",
    )
}

#[test]
fn eight_digits_from_a_blue_screen_lead_to_a_key_that_a_second_person_approved() {
    let desk = desk();
    let found = desk.store(&["find"], &["8A2F0B1C", "--json"], "").ends(0).json();
    assert_eq!(
        (found["candidates"].as_array().unwrap().len(), &found["candidates"][0]["device"]),
        (1, &"PC-17".into())
    );
    assert!(!found.to_string().contains(BITLOCKER));
    desk.store(&["find"], &["8A2F0B1D"], "").ends(1);
    desk.store(&["find"], &[BITLOCKER], "").ends(2);

    let refused = ask(&desk, &["reveal"], &IDENTITY).ends(2);
    assert!(refused.stderr.contains("lacks approvals"), "{}", refused.stderr);
    let request = ask(&desk, &["recovery", "request"], &["--json"]).ends(0).json();
    let id = request["recoveries"][0]["recovery"].as_str().unwrap().to_owned();
    assert_eq!(request["recoveries"][0]["lacking"], 1);
    approve(&desk, &id, "ANA-1").ends(2);
    assert_eq!(approve(&desk, &id, "ben-2").ends(0).json()["recoveries"][0]["now"], "approved");

    let shown = ask(&desk, &["recovery", "reveal"], &[&IDENTITY[..], &["--recovery", &id]].concat()).ends(0);
    assert_eq!(shown.text(), format!("{BITLOCKER}\n"));
    ask(&desk, &["recovery", "reveal"], &[&IDENTITY[..], &["--recovery", &id]].concat()).ends(2);
    let report = ["--recovery", id.as_str(), "--outcome", "worked", "--by", "ana"];
    desk.store(&["recovery", "report"], &report, "").ends(0);
    let listed = desk.store(&["recovery", "list"], &["--state", "released", "--json"], "").ends(0).json();
    assert_eq!(listed["recoveries"].as_array().unwrap().len(), 1);
    desk.store(&["recovery", "list"], &["--state", "finished"], "").ends(2);
}

#[test]
fn a_sheet_is_written_for_its_owner_alone_and_a_technician_gets_a_sealed_key() {
    let desk = desk();
    desk.certificate("technician", "p-384");
    desk.write("policy.toml", "");
    let out = ["--format", "html", "--out", "sheet.html"];
    ask(&desk, &["recovery", "sheet"], &[&IDENTITY[..], &out].concat()).ends(0);
    let html = String::from_utf8(desk.read("sheet.html")).unwrap();
    assert!(html.contains("000011") && html.contains("8A2F0B1C"), "{html}");
    assert_eq!(desk.shell("stat -c %a sheet.html").text(), "600\n");
    ask(&desk, &["recovery", "sheet"], &[&IDENTITY[..], &out].concat()).ends(2);
    let text = ask(&desk, &["recovery", "sheet"], &IDENTITY).ends(0).text();
    assert!(text.contains("000011"), "{text}");

    let sealed =
        ask(&desk, &["reveal"], &[&IDENTITY[..], &["--to", "technician.crt", "--out", "key.der"]].concat()).ends(0);
    assert!(!sealed.text().contains("000011"));
    let opened =
        desk.run(&["open", "--identity", "technician.key", "technician.crt", "--kind", "bitlocker", "key.der"], "");
    assert_eq!(opened.ends(0).text(), format!("{BITLOCKER}\n"));
}

#[test]
fn a_key_is_replaced_step_by_step_and_its_old_one_retired() {
    let desk = desk();
    let rotate = |command: &str, rest: &[&str]| desk.store(&["rotate", command], &[rest, &["--json"]].concat(), "");
    let why = ["--device", "PC-17", "--by", "ana", "--reason", "came back from repair"];
    let asked = rotate("request", &why).ends(0).json();
    let id = asked["rotations"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(asked["rotations"][0]["next"]["step"], "send_request");
    let report =
        |event: &str| rotate("report", &["--device", "PC-17", "--rotation", &id, "--event", event, "--by", "agent"]);
    report("sent").ends(0);
    report("delivered").ends(0);
    report("old_removed").ends(2);
    let clear = ["--device", "PC-17", "--kind", "bitlocker", "--plaintext", "--to", "escrow.crt", "--by", "agent"];
    let other = "000099-000022-000033-000044-000055-000066-000077-000088";
    desk.store(&["receive"], &[&clear[..], &["--protector", "{0B1C8A2F-1111-4000-8000-000000000000}"]].concat(), other)
        .ends(0);
    desk.store(&["check"], &IDENTITY, "").ends(0);
    let listed = rotate("list", &[]).ends(0).json();
    assert_eq!(listed["rotations"][0]["next"]["step"], "remove_old");
    assert_eq!(report("old_removed").ends(0).json()["rotations"][0]["phase"], "old_retired");
    assert!(rotate("list", &[]).ends(0).json()["rotations"].as_array().unwrap().is_empty());
    let history = desk.store(&["history"], &["--device", "PC-17", "--json"], "").ends(0).json();
    assert!(history["keys"][0]["retired"].is_string() && history["keys"][1]["retired"].is_null());
    desk.store(&["rotate", "due"], &["--by", "cron"], "").ends(0);
}

#[test]
fn devices_are_listed_certificates_are_known_and_metrics_are_given() {
    let desk = desk();
    let listed = desk.store(&["list"], &["--status", "verified", "--json"], "").ends(0).json();
    assert_eq!(listed["devices"][0]["device"], "PC-17");
    assert!(
        desk.store(&["list"], &["--reason", "exposed", "--json"], "").ends(0).json()["devices"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    desk.store(&["list"], &["--status", "fine"], "").ends(2);
    desk.store(&["list"], &[], "").ends(2);
    let metrics = desk.store(&["status"], &["--format", "prometheus"], "").ends(0).text();
    assert!(metrics.contains("fdescrow_devices{status=\"verified\"} 1\n"), "{metrics}");

    let known = desk.store(&["certificate", "list"], &["--json"], "").ends(0).json();
    let fingerprint = known["certificates"][0]["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(known["certificates"][0]["live_envelopes"], 1);
    let why = ["--fingerprint", fingerprint.as_str(), "--by", "ana", "--reason", "stolen", "--json"];
    desk.store(&["certificate", "retire"], &why, "").ends(1);
    assert_eq!(desk.store(&["certificate", "compromised"], &why, "").ends(0).json()["exposed"], 1);
    let listed = desk.store(&["list"], &["--reason", "exposed", "--json"], "").ends(0).json();
    assert_eq!(listed["devices"].as_array().unwrap().len(), 1);
    assert_eq!(desk.store(&["rotate", "list"], &["--json"], "").ends(0).json()["rotations"][0]["cause"], "compromise");

    let first = desk.store(&["audit", "tail"], &["--limit", "2", "--json"], "").ends(0).json();
    assert_eq!(first["entries"].as_array().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    let rest = desk.store(&["audit", "tail"], &["--after", next, "--json"], "").ends(0).json();
    let all = desk.store(&["audit", "list"], &["--json"], "").ends(0).json();
    assert_eq!(rest["entries"].as_array().unwrap().len() + 2, all["entries"].as_array().unwrap().len());
    desk.store(&["audit", "verify"], &[], "").ends(0);
}
