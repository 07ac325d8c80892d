//! `observe`.

use crate::support::Desk;

const ROWS: &str = r#"[{"encrypted":"1","filevault_key":"MIAA"},{"encrypted":"2","path":"/"}]"#;

#[test]
fn a_report_is_told_in_words_and_as_a_document() {
    let desk = Desk::new("observe");
    desk.write("rows.json", ROWS);
    let words = desk.run(&["observe", "--format", "osquery", "rows.json"], "").ends(0).text();
    for line in [
        "FileVault on: yes",
        "  personal recovery key: unknown",
        "boot volume:",
        "  encrypted: unknown",
        "sealed key: filevault, 3 bytes, sha256 ",
        "ignored: row 2: encrypted: is neither yes nor no",
    ] {
        assert!(words.lines().any(|shown| shown.starts_with(line)), "{line}: {words}");
    }
    let json = desk.run(&["observe", "--json", "--format", "osquery"], ROWS).ends(0).json();
    assert_eq!(json["observation"]["filevault"]["enabled"], "yes");
    assert_eq!(json["observation"]["volumes"][0]["encrypted"], "unknown");
    assert_eq!((json["envelopes"][0]["bytes"].as_u64(), json["ignored"][0]["row"].as_u64()), (Some(3), Some(2)));

    // What was understood is a report in the library's own form.
    let own = json["observation"].to_string();
    let again = desk.run(&["observe", "--json", "--format", "snapshot"], own).ends(0).json();
    assert_eq!(again["observation"]["filevault"], json["observation"]["filevault"]);
}

#[test]
fn protectors_are_told_and_nothing_that_others_wrote_reaches_the_terminal_as_it_is() {
    let desk = Desk::new("observe");
    let report = r#"{"volumes":[{"volume":"C\u001b[2J","encrypted":"yes"},{"volume":"\u202edata","encrypted":"no","protectors":
        {"complete":true,"protectors":[{"id":"00112233-4455-6677-8899-aabbccddeeff","kind":"numerical_password"}]}}]}"#;
    let words = desk.run(&["observe", "--format", "snapshot"], report).ends(0).text();
    assert!(
        words.contains("    {00112233-4455-6677-8899-AABBCCDDEEFF} numerical_password, opens the volume: unknown"),
        "{words}"
    );
    assert!(words.contains("protectors, all of them:") && !words.contains('\u{1b}') && !words.contains('\u{202e}'));
    let dump = r#"{"keyslots":{"0":{"type":"luks2","kdf":{"salt":"AAAA"}}}}"#;
    let volume = "{3E1BB0F4-6C5E-4AB9-9A5E-0D3F3F5D6D11}";
    let words = desk.run(&["observe", "--format", "luksdump", "--volume", volume], dump).ends(0).text();
    assert!(words.starts_with("platform: linux\nvolume 3e1bb0f4-6c5e-4ab9-9a5e-0d3f3f5d6d11:\n"), "{words}");
    desk.run(&["observe", "--format", "luksdump", "--volume", "root"], dump).ends(2);
    let csp = r#"{"DeviceEncryptionStatus":4,"RotateRecoveryPasswordsStatus":-2147024809}"#;
    let words = desk.run(&["observe", "--format", "csp"], csp).ends(0).text();
    assert!(words.contains("DeviceEncryptionStatus: os_volume_unprotected\n"), "{words}");
    assert!(words.contains("RotateRecoveryPasswordsStatus: failed, 0x80070057\n"), "{words}");
}

#[test]
fn what_is_no_report_is_bad_input_and_is_not_repeated() {
    let desk = Desk::new("observe");
    for format in ["csp", "ddm", "lsblk", "luksdump", "osquery", "rotate-reply", "securityinfo", "snapshot", "wmi"] {
        let run = desk.run(&["observe", "--format", format, "--json"], "Name: SECRET").ends(2);
        assert_eq!((run.error()["code"].as_i64(), run.stderr.contains("SECRET")), (Some(310), false), "{format}");
    }
    desk.run(&["observe", "--format", "manage-bde"], "").ends(2);
    desk.run(&["observe"], "").ends(2);
}
