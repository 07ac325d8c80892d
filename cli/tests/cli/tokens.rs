//! `--identity pkcs11:…`: a private key in a token of SoftHSM.

use std::process::Command;

use fdescrow_tests::token::{LABEL, PIN, SoftToken};

use crate::support::{BITLOCKER, Desk, Run, program};

/// Runs the program where the token is.
fn run(token: &SoftToken, arguments: &[&str], stdin: &[u8]) -> Run {
    let command: Command = {
        let mut command = token.command(program());
        command.args(arguments);
        command
    };
    Run::of(command, stdin)
}

#[test]
fn a_key_in_a_token_opens_checks_and_reveals() {
    let desk = Desk::new("tokens");
    let Some(token) = SoftToken::new(desk.folder(), "ALL") else { return };
    token.generate("EC:prime256v1", "vault", "02");
    token.certify("02", "/CN=Vault", "keyAgreement");
    desk.write("pin", format!("{PIN}\n"));
    desk.write("wrong-pin", "00000000\n");
    let uri = format!("pkcs11:token={LABEL};object=vault?module-path={}", SoftToken::module().display());
    let (good, wrong) = (format!("{uri}&pin-source=file:pin"), format!("{uri}&pin-source=wrong-pin"));
    let identity = ["--identity", &good, "certificate.pem"];

    let seal = ["seal", "--to", "certificate.pem", "--kind", "bitlocker", "--out", "key.cms", "--device", "PC-1"];
    run(&token, &seal, BITLOCKER.as_bytes()).ends(0);
    let open = |identity: &[&str]| {
        run(&token, &[&["open", "--kind", "bitlocker"], identity, &["--", "key.cms"]].concat(), b"")
    };
    assert_eq!(open(&identity).ends(0).text().trim(), BITLOCKER);
    // Without its certificate, by the identifier of the public key.
    assert_eq!(open(&["--identity", &good]).ends(0).text().trim(), BITLOCKER);

    let refused = open(&["--identity", &wrong]).ends(2);
    assert!(refused.stderr.contains("refused the PIN") && !refused.stderr.contains("00000000"), "{}", refused.stderr);
    let refused = open(&["--identity", &uri.replace("vault", "none")]).ends(2);
    assert!(refused.stderr.contains("PIN"), "nobody is at the terminal: {}", refused.stderr);
    let refused = open(&["--identity", &good.replace("token=escrow", "token=another")]).ends(3);
    assert!(refused.stderr.contains("another"), "{}", refused.stderr);
    let refused = open(&["--identity", &format!("{uri}&pin-value={PIN}")]).ends(2);
    assert!(refused.stderr.contains("pin-source") && !refused.stderr.contains(PIN), "{}", refused.stderr);

    let store = ["--store", "sqlite:keys.db"];
    let receive = ["receive", "--kind", "bitlocker", "--device", "PC-1", "--by", "agent"];
    run(&token, &[&receive[..], &store, &["key.cms"]].concat(), b"").ends(0);
    let check = run(&token, &[&["check"], &store[..], &identity].concat(), b"").ends(0);
    assert!(!check.text().contains(BITLOCKER));
    let reveal = ["reveal", "--device", "PC-1", "--by", "ana", "--reason", "lost"];
    assert!(run(&token, &[&reveal[..], &store, &identity].concat(), b"").ends(0).text().contains(BITLOCKER));
}
