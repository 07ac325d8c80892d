//! `receive`, `check`, `status`, `history`, `undecryptable`, `reveal`, `quarantine`, `rewrap`, `migrate`.

use serde_json::json;

use crate::support::{BITLOCKER, Desk, FILEVAULT};

const BY: [&str; 2] = ["--by", "agent"];
const WHY: [&str; 4] = ["--by", "ana", "--reason", "lost passphrase"];
const IDENTITY: [&str; 3] = ["--identity", "escrow.key", "escrow.crt"];

/// A desk with two escrow certificates and a Mac's blob for the first.
fn desk() -> Desk {
    let desk = Desk::new("store");
    desk.certificate("escrow", "rsa-2048");
    desk.certificate("newer", "p-256");
    desk.mac_blob("escrow", FILEVAULT, "mac.ber");
    desk
}

fn receive(desk: &Desk, device: &str) -> crate::support::Run {
    desk.store(&["receive"], &[&["--device", device, "--kind", "filevault", "mac.ber"][..], &BY].concat(), "")
}

fn receive_clear(desk: &Desk, device: &str, place: &[&str], key: &str) -> crate::support::Run {
    let clear = ["--device", device, "--kind", "bitlocker", "--plaintext", "--to", "escrow.crt", "--json"];
    desk.store(&["receive"], &[&clear[..], &BY, place].concat(), key)
}

fn check(desk: &Desk, identity: &[&str]) -> crate::support::Run {
    desk.store(&["check"], &[identity, &["--json"]].concat(), "")
}

fn reveal(desk: &Desk, device: &str, rest: &[&str]) -> crate::support::Run {
    desk.store(&["reveal"], &[&["--device", device][..], &IDENTITY, &WHY, rest].concat(), "")
}

#[test]
fn a_macs_blob_is_received_checked_and_revealed() {
    let desk = desk();
    let receipt =
        desk.store(&["receive"], &["--device", "M", "--kind", "filevault", "--by", "agent", "--json", "mac.ber"], "");
    let receipt = receipt.ends(0).json();
    assert_eq!((receipt["status"].as_str(), receipt["sightings"].as_u64()), (Some("stored"), Some(1)));
    // The same again, by standard input and in base64, is a sighting.
    let base64 = desk.shell("base64 mac.ber").ends(0).stdout;
    let again = desk.store(&["receive"], &["--device", "M", "--kind", "filevault", "--by", "agent", "--json"], base64);
    let again = again.ends(0).json();
    assert_eq!((&again["key"], again["sightings"].as_u64()), (&receipt["key"], Some(2)));

    let report = check(&desk, &IDENTITY).ends(0).json();
    assert_eq!((report["opened"].as_u64(), report["unavailable"].as_u64()), (Some(1), Some(0)));
    let history = desk.store(&["history"], &["--device", "M", "--json"], "").ends(0).json();
    let keys = history["keys"].as_array().unwrap();
    assert_eq!((keys.len(), &keys[0]["id"], &keys[0]["kind"]), (1, &receipt["key"], &json!("filevault")));
    assert_eq!((keys[0]["sightings"].as_u64(), keys[0]["level"].as_str()), (Some(2), Some("envelope_opens")));
    let text = desk.store(&["history"], &[], "").ends(0).text();
    assert!(text.contains("its envelope opens") && text.contains("2 times in all"), "{text}");
    let status = desk.store(&["status"], &["--device", "M", "--json"], "").ends(0).json();
    assert_eq!(status["assessment"]["status"], "verified");
    assert!(desk.store(&["status"], &[], "").ends(0).text().contains("verified: 1"));

    let run = reveal(&desk, "M", &[]).ends(0);
    assert_eq!(run.text(), format!("{FILEVAULT}\n"), "the key alone");
    assert!(!run.stderr.contains(FILEVAULT) && run.stderr.contains("this one"), "{}", run.stderr);
    let run = reveal(&desk, "M", &["--json"]).ends(0).json();
    assert_eq!((run["key"].as_str(), &run["id"]), (Some(FILEVAULT), &receipt["key"]));
    assert_eq!(run["candidates"][0]["key"], receipt["key"]);
}

#[test]
fn a_key_in_clear_is_sealed_before_it_is_stored() {
    let desk = desk();
    let receipt = receive_clear(&desk, "PC", &["--volume", "C:", "--protector", "{1}"], BITLOCKER).ends(0).json();
    assert_eq!((receipt["volume"].as_str(), receipt["protector"].as_str()), (Some("C:"), Some("{1}")));
    for file in ["keys.db", "keys.db-wal"] {
        let bytes = std::fs::read(desk.path(file)).unwrap_or_default();
        assert!(!bytes.windows(BITLOCKER.len()).any(|window| window == BITLOCKER.as_bytes()), "{file}");
    }
    assert_eq!(reveal(&desk, "PC", &[]).ends(0).text(), format!("{BITLOCKER}\n"));

    // A key in clear by the door for sealed ones is refused and not repeated.
    let run =
        desk.store(&["receive"], &["--device", "PC", "--kind", "bitlocker", "--by", "a", "--json"], BITLOCKER).ends(2);
    assert_eq!(run.error()["name"], "UploadNotSealed");
    assert!(!run.stderr.contains(BITLOCKER));
    let run = receive_clear(&desk, "PC", &[], "000011-000022").ends(2);
    assert_eq!(run.error()["name"], "KeyFormat");
    desk.store(&["receive"], &["--device", "PC", "--kind", "bitlocker", "--by", "a", "--plaintext"], BITLOCKER).ends(2);
    desk.store(&["receive"], &["--device", "PC", "--kind", "bitlocker", "mac.ber"], "").ends(2);
}

#[test]
fn several_places_and_none_chosen_is_bad_usage_that_lists_them() {
    let desk = desk();
    let other = BITLOCKER.replace("000011", "000110");
    receive_clear(&desk, "PC", &["--volume", "C:"], BITLOCKER).ends(0);
    let second = receive_clear(&desk, "PC", &["--volume", "D:"], &other).ends(0).json();
    let error = reveal(&desk, "PC", &["--json"]).ends(2).error();
    assert_eq!(error["name"], "RecoveryAmbiguous");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("C:") && message.contains("D:"), "{message}");
    assert_eq!(reveal(&desk, "PC", &["--volume", "C:"]).ends(0).text(), format!("{BITLOCKER}\n"));
    let id = second["key"].as_str().unwrap();
    assert_eq!(reveal(&desk, "PC", &["--key", id]).ends(0).text(), format!("{other}\n"));
    assert_eq!(reveal(&desk, "PC", &["--volume", "E:", "--json"]).ends(1).error()["name"], "RecoveryNoKey");
}

#[test]
fn a_blob_that_another_mac_had_sent_waits_for_a_decision() {
    let desk = desk();
    receive(&desk, "M1").ends(0);
    let run = receive(&desk, "M2").ends(1);
    assert!(run.text().starts_with("quarantined"));
    assert_eq!(reveal(&desk, "M2", &["--json"]).ends(1).error()["name"], "RecoveryRefused");
    let list = desk.store(&["quarantine", "list"], &["--json"], "").ends(0).json();
    let key = list["keys"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!((list["keys"][0]["device"].as_str(), list["keys"][0]["seen_on"].as_str()), (Some("M2"), Some("M1")));
    assert!(desk.store(&["quarantine", "list"], &[], "").ends(0).text().contains(&key));

    desk.store(&["quarantine", "accept"], &["--key", &key], "").ends(2);
    desk.store(&["quarantine", "accept"], &[&["--key", &key][..], &WHY].concat(), "").ends(0);
    assert_eq!(reveal(&desk, "M2", &[]).ends(0).text(), format!("{FILEVAULT}\n"));
    assert_eq!(desk.store(&["quarantine", "list"], &["--json"], "").ends(0).json()["keys"], json!([]));

    receive(&desk, "M3").ends(1);
    let list = desk.store(&["quarantine", "list"], &["--json"], "").ends(0).json();
    let key = list["keys"][0]["id"].as_str().unwrap().to_owned();
    desk.store(&["quarantine", "reject"], &[&["--key", &key, "--json"][..], &WHY].concat(), "").ends(0);
    reveal(&desk, "M3", &[]).ends(1);
    let unknown = "00".repeat(16);
    let run = desk.store(&["quarantine", "reject"], &[&["--key", &unknown, "--json"][..], &WHY].concat(), "").ends(1);
    assert_eq!(run.error()["name"], "KeyUnknown");
}

#[test]
fn what_does_not_open_is_listed_with_what_to_do() {
    let desk = desk();
    desk.shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.crt -subj '/CN=FileVault Recovery Key' 2>&1").ends(0);
    receive(&desk, "M1").ends(0);
    desk.mac_blob("own", FILEVAULT, "mac.ber");
    receive(&desk, "M2").ends(0);
    let report = check(&desk, &IDENTITY).ends(1).json();
    assert_eq!((report["opened"].as_u64(), &report["not_opened"]), (Some(1), &json!({ "sealed_by_macos": 1 })));
    let listed = desk.store(&["undecryptable"], &["--json"], "").ends(0).json();
    assert_eq!((listed["keys"].as_array().unwrap().len(), &listed["keys"][0]["device"]), (1, &json!("M2")));
    assert!(listed["keys"][0]["remedy"].is_string() && listed["keys"][0]["reason"] == "sealed_by_macos");
    let text = desk.store(&["undecryptable"], &["--device", "M2"], "").ends(0).text();
    assert!(text.contains("escrow profile was not there"), "{text}");
    assert!(desk.store(&["undecryptable"], &["--device", "M1"], "").ends(0).text().starts_with("ok"));
    let run = reveal(&desk, "M2", &[]).ends(1);
    assert!(run.stderr.contains("escrow profile was not there") && run.stdout.is_empty(), "{}", run.stderr);
}

#[test]
fn keys_are_rewrapped_and_the_old_identity_goes_when_the_new_one_opened() {
    let desk = desk();
    // Nobody names a certificate when a sealed key comes: who it is sealed to is learned when it opens.
    receive(&desk, "M").ends(0);
    let early = desk.store(&["rewrap"], &[&IDENTITY[..], &["--to", "newer.crt"]].concat(), "");
    assert!(early.stderr.contains("run `check` first"), "{}", early.stderr);
    receive_clear(&desk, "PC", &[], BITLOCKER).ends(0);
    check(&desk, &IDENTITY).ends(0);
    let rewrap = [&IDENTITY[..], &["--to", "newer.crt", "--json"]].concat();
    let report = desk.store(&["rewrap"], &rewrap, "").ends(0).json();
    assert_eq!((report["rewrapped"].as_u64(), &report["failures"]), (Some(2), &json!([])));
    let newer = ["--identity", "newer.key", "newer.crt"];
    assert_eq!(check(&desk, &newer).ends(0).json()["opened"], 2);
    for (device, key) in [("PC", BITLOCKER), ("M", FILEVAULT)] {
        let run = desk.store(&["reveal"], &[&["--device", device][..], &newer, &WHY].concat(), "").ends(0);
        assert_eq!(run.text(), format!("{key}\n"));
    }
    let history = desk.store(&["history"], &["--json"], "").ends(0).json();
    for key in history["keys"].as_array().unwrap() {
        let envelopes = key["envelopes"].as_array().unwrap();
        assert_eq!(envelopes.iter().filter(|envelope| envelope["retired"].is_null()).count(), 1, "{key}");
        assert_eq!(envelopes.len(), 2);
    }
    desk.store(&["audit", "verify"], &[], "").ends(0);
    let again = desk.store(&["rewrap"], &rewrap, "").ends(0).json();
    assert_eq!(again["rewrapped"], 0);
}

#[test]
fn nothing_is_handed_out_without_a_reason_or_of_a_device_that_is_not_there() {
    let desk = desk();
    receive(&desk, "M").ends(0);
    let reveal = |rest: &[&str]| desk.store(&["reveal"], &[&IDENTITY[..], &["--json"], rest].concat(), "");
    reveal(&["--device", "M", "--by", "ana"]).ends(2);
    reveal(&["--device", "M", "--reason", "x"]).ends(2);
    assert_eq!(
        reveal(&["--device", "M", "--by", "ana", "--reason", ""]).ends(2).error()["name"],
        "RecoveryReasonMissing"
    );
    assert_eq!(
        reveal(&["--device", "M", "--by", "ana", "--reason", " "]).ends(2).error()["name"],
        "RecoveryReasonMissing"
    );
    assert_eq!(reveal(&["--device", "N", "--by", "ana", "--reason", "x"]).ends(1).error()["name"], "DeviceUnknown");
    let wrong = ["--identity", "newer.key", "newer.crt", "--device", "M", "--json"];
    let error = desk.store(&["reveal"], &[&wrong[..], &WHY].concat(), "").ends(1).error();
    assert_eq!(error["name"], "RecoveryNotOpened");
    assert!(error["notes"][0].as_str().unwrap().starts_with("key "));
}

#[test]
fn a_key_that_no_check_can_finish_is_not_passed_over_in_silence() {
    let desk = desk();
    receive_clear(&desk, "PC", &[], BITLOCKER).ends(0);
    receive(&desk, "M").ends(0);
    // An entry was put behind the PC's last one, so that no change of the PC can be committed.
    let put = "import sqlite3\nd = sqlite3.connect('keys.db'); d.row_factory = sqlite3.Row\n\
                  r = dict(d.execute(\"select * from fdescrow_audit where device = 'PC' order by number desc\").fetchone())\n\
                  r['number'] += 1; r['commit_order'] += 1000\n\
                  d.execute('insert into fdescrow_audit (' + ','.join(r) + ') values (' + ','.join('?' * len(r)) + ')', \
                  list(r.values()))\nd.commit()";
    desk.write("put.py", put);
    desk.shell("python3 put.py").ends(0);
    let report = check(&desk, &IDENTITY).ends(3).json();
    assert_eq!((report["opened"].as_u64(), report["stale"].as_u64()), (Some(1), Some(1)));
    assert_eq!(check(&desk, &IDENTITY).ends(3).json()["stale"], 1);
}

#[test]
fn a_key_with_several_envelopes_that_is_not_rewrapped_is_told_once() {
    let desk = desk();
    receive_clear(&desk, "PC", &[], BITLOCKER).ends(0);
    desk.store(&["rewrap"], &[&IDENTITY[..], &["--to", "newer.crt"]].concat(), "").ends(0);
    for name in ["third", "fourth"] {
        desk.certificate(name, "p-256");
    }
    let foreign = ["--identity", "third.key", "third.crt", "--to", "fourth.crt", "--json"];
    let failures = desk.store(&["rewrap"], &foreign, "").ends(1).json()["failures"].clone();
    assert_eq!(failures.as_array().unwrap().len(), 1, "{failures}");
}

#[test]
fn a_second_rewrap_does_not_ask_for_a_check_of_what_was_opened_already() {
    let desk = desk();
    desk.certificate("newest", "p-256");
    receive(&desk, "M").ends(0);
    // Whether what an earlier one made is listed as not opened is not the question here.
    let rewrap = |to: &str| desk.store(&["rewrap"], &[&IDENTITY[..], &["--to", to]].concat(), "").stderr;
    let note = "wait for their first check";
    assert!(rewrap("newer.crt").contains(note), "it was never opened");
    check(&desk, &IDENTITY).ends(0);
    assert!(!rewrap("newer.crt").contains(note));
    assert!(!rewrap("newest.crt").contains(note), "what waits is only the check of the new envelope");
    assert!(!rewrap("newest.crt").contains(note));
}

#[test]
fn a_damaged_file_is_told_as_one() {
    let desk = desk();
    receive(&desk, "M").ends(0);
    let mut bytes = desk.read("keys.db");
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0xff;
    }
    desk.write("keys.db", bytes);
    let run = desk.store(&["status"], &[], "").ends(3);
    assert!(run.stderr.contains("the database is damaged") && !run.stderr.contains('?'), "{}", run.stderr);
}

#[test]
fn organizations_in_one_store_do_not_see_each_other() {
    let desk = desk();
    receive(&desk, "M").ends(0);
    let other = ["--organization", "other"];
    assert_eq!(desk.store(&["status"], &[&other[..], &["--json"]].concat(), "").ends(0).json()["keys"], 0);
    assert_eq!(reveal(&desk, "M", &[&other[..], &["--json"]].concat()).ends(1).error()["name"], "DeviceUnknown");
}

#[test]
fn a_store_that_cannot_be_opened_is_unavailable_and_none_is_made_by_asking() {
    let desk = desk();
    desk.write("text.db", "this is no database, and long enough to be looked at as if it were one");
    desk.write("empty.db", "");
    for url in ["sqlite:missing.db", "sqlite:empty.db", "sqlite:no/such/folder.db", "sqlite:text.db"] {
        let run = desk.run(&["status", "--store", url, "--json"], "");
        assert_eq!(run.code, 3, "{url}: {}", run.stderr);
        assert_eq!(run.error()["fault"], "world");
    }
    assert!(!desk.path("missing.db").exists());
    for url in ["nonsense", "sqlite:", "postgres://x"] {
        desk.run(&["status", "--store", url], "").ends(2);
    }
    assert_eq!(desk.run(&["status", "--store", "memory:", "--json"], "").ends(0).json()["keys"], 0);
    receive(&desk, "M").ends(0);
    desk.store(&["check"], &["--identity", "missing.key"], "").ends(3);
    assert_eq!(
        desk.store(&["migrate"], &["--dry-run", "--json"], "").ends(0).json(),
        json!({ "statements": [], "applied": false })
    );
    desk.store(&["migrate"], &[], "").ends(0);
}

#[test]
fn many_keys_are_checked_by_several_workers() {
    let desk = desk();
    for number in 0..12 {
        let key = BITLOCKER.replace("000011", &format!("{:06}", 11 * (number + 20)));
        receive_clear(&desk, &format!("PC-{number}"), &[], &key).ends(0);
    }
    let report = desk.store(&["check"], &[&IDENTITY[..], &["--workers", "4", "--json"]].concat(), "").ends(0).json();
    assert_eq!(report["opened"], 12);
    desk.store(&["check"], &[&IDENTITY[..], &["--workers", "0"]].concat(), "").ends(2);
    assert_eq!(check(&desk, &IDENTITY).ends(0).json()["opened"], 0, "nothing is due any more");
}

#[test]
fn a_macs_key_is_sealed_anew_when_it_is_checked() {
    let desk = desk();
    receive(&desk, "M").ends(0);
    let report = check(&desk, &[&IDENTITY[..], &["--reseal", "newer.crt"]].concat()).ends(0).json();
    assert_eq!((report["opened"].as_u64(), report["resealed"].as_u64()), (Some(1), Some(1)));
    let newer = ["--identity", "newer.key", "newer.crt", "--by", "ana", "--reason", "lost"];
    let revealed = desk.store(&["reveal"], &[&["--device", "M"][..], &newer].concat(), "").ends(0);
    assert_eq!(revealed.text().trim(), FILEVAULT);
    let history = desk.store(&["history"], &["--device", "M", "--json"], "").ends(0).json();
    let envelopes = history["keys"][0]["envelopes"].as_array().unwrap();
    assert_eq!((envelopes.len(), &envelopes[1]["origin"]["from"]), (2, &envelopes[0]["digest"]));
}
