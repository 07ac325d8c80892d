//! `seal`, `open`, `inspect`.

use crate::support::{BITLOCKER, Desk, FILEVAULT};

/// A desk with `escrow.key`, `escrow.crt`, `other.key` and `other.crt`.
fn desk(algorithm: &str) -> Desk {
    let desk = Desk::new("envelopes");
    desk.certificate("escrow", algorithm);
    desk.certificate("other", "p-256");
    desk
}

#[test]
fn what_was_sealed_opens_with_us_and_with_openssl() {
    for algorithm in ["rsa-2048", "p-256", "p-384"] {
        let desk = desk(algorithm);
        let seal = ["seal", "--kind", "bitlocker", "--to", "escrow.crt", "--device", "PC-17", "--volume", "C:"];
        let seal = [&seal[..], &["--protector", "{ABC}", "--organization", "example.com", "--out", "e.der"]].concat();
        // As people type it.
        desk.run(&seal, format!(" {}\n", BITLOCKER.replace('-', " "))).ends(0);
        assert_eq!(desk.read("e.der")[0], 0x30, "DER");

        let open =
            desk.run(&["open", "--identity", "escrow.key", "escrow.crt", "--kind", "bitlocker", "e.der"], "").ends(0);
        assert_eq!(open.text(), format!("{BITLOCKER}\n"), "the key alone");
        let words = desk.run(&["open", "--identity", "escrow.key", "e.der"], "").ends(0).text();
        assert_eq!(words.lines().next(), Some(BITLOCKER), "the key on the first line");
        for word in ["PC-17", "C:", "{ABC}", "example.com", "authenticated: yes"] {
            assert!(words.contains(word), "{words}");
        }
        let json =
            desk.run(&["open", "--identity", "escrow.key", "--identity", "escrow.crt", "--json"], desk.read("e.der"));
        let json = json.ends(0).json();
        assert_eq!((json["kind"].as_str(), json["key"].as_str()), (Some("bitlocker"), Some(BITLOCKER)));
        assert_eq!(json["owner"]["device"], "PC-17");
        assert_eq!((json["authenticated"].as_bool(), json["bare"].as_bool()), (Some(true), Some(false)));
        assert!(json["identity"]["certificates"][0].is_string());

        let line = "openssl cms -decrypt -inform DER -in e.der -inkey escrow.key -recip escrow.crt";
        let glass: serde_json::Value = desk.shell(line).ends(0).json();
        assert_eq!((glass["key"].as_str(), glass["device"].as_str()), (Some(BITLOCKER), Some("PC-17")));
    }
}

#[test]
fn every_form_seals_to_several_and_each_of_them_opens() {
    for (form, suite) in [("auth", "modern"), ("enveloped", "legacy")] {
        let desk = desk("rsa-2048");
        let seal = ["seal", "--kind", "filevault", "--to", "escrow.crt", "other.crt", "--format", form, "--bare"];
        let sealed = desk.run(&seal, FILEVAULT).ends(0);
        assert_eq!(sealed.stderr.contains("nothing authenticates"), form == "enveloped");
        desk.write("e.der", &sealed.stdout);
        for who in ["escrow", "other"] {
            let key = format!("{who}.key");
            let certificate = format!("{who}.crt");
            let open = ["open", "--identity", &key, &certificate, "--kind", "filevault", "--suite", suite, "e.der"];
            assert_eq!(desk.run(&open, "").ends(0).text(), format!("{FILEVAULT}\n"));
            let line = format!("openssl cms -decrypt -inform DER -in e.der -inkey {key} -recip {certificate}");
            assert_eq!(desk.shell(&line).ends(0).text(), FILEVAULT, "bare: the key alone");
        }
    }
}

#[test]
fn the_enveloped_form_opens_with_legacy_alone_and_says_so() {
    let desk = desk("rsa-2048");
    desk.run(&["seal", "--kind", "luks", "--to", "escrow.crt", "--format", "enveloped", "--out", "e"], luks(&desk))
        .ends(0);
    let run = desk.run(&["open", "--identity", "escrow.key", "escrow.crt", "--kind", "luks", "e"], "").ends(1);
    assert!(run.stderr.contains("opens with suite legacy"), "{}", run.stderr);
    desk.run(&["open", "--identity", "escrow.key", "--suite", "legacy", "--kind", "luks", "e"], "").ends(0);
}

fn luks(desk: &Desk) -> Vec<u8> {
    desk.run(&["key", "new", "--kind", "luks"], "").ends(0).stdout
}

#[test]
fn a_blob_as_macos_makes_it_opens_as_filevault_and_as_nothing_else() {
    let desk = desk("rsa-2048");
    desk.mac_blob("escrow", FILEVAULT, "mac.ber");
    assert_eq!(desk.read("mac.ber")[..2], [0x30, 0x80], "BER of indefinite length");
    let identity = ["open", "--identity", "escrow.key", "escrow.crt"];
    let run = desk.run(&[&identity[..], &["--kind", "filevault", "mac.ber"]].concat(), "").ends(0);
    assert_eq!(run.text(), format!("{FILEVAULT}\n"));
    // In base64, by standard input, as it is stored by servers.
    let base64 = desk.shell("base64 mac.ber").ends(0).stdout;
    desk.run(&[&identity[..], &["--kind", "filevault"]].concat(), &base64).ends(0);
    desk.run(&[&identity[..], &["--kind", "filevault", "-"]].concat(), &base64).ends(0);

    let run = desk.run(&[&identity[..], &["mac.ber"]].concat(), "").ends(2);
    assert!(run.stderr.contains("--kind") && run.stdout.is_empty(), "{}", run.stderr);
    desk.run(&[&identity[..], &["--kind", "bitlocker", "--suite", "filevault", "mac.ber"]].concat(), "").ends(1);
    desk.run(&[&identity[..], &["--kind", "filevault", "--suite", "modern", "mac.ber"]].concat(), "").ends(1);
}

#[test]
fn raw_shows_the_content_and_says_when_nothing_authenticated_it() {
    let desk = desk("rsa-2048");
    desk.mac_blob("escrow", "not a key\n", "mac.ber");
    let open = ["open", "--identity", "escrow.key", "--suite", "filevault", "mac.ber"];
    desk.run(&[&open[..], &["--kind", "filevault"]].concat(), "").ends(1);
    let run = desk.run(&[&open[..], &["--raw"]].concat(), "").ends(0);
    assert_eq!(run.text(), "not a key\n");
    assert!(run.stderr.contains("nothing authenticated"), "{}", run.stderr);
    let json = desk.run(&[&open[..], &["--raw", "--json"]].concat(), "").ends(0).json();
    assert_eq!((json["content"].as_str(), json["authenticated"].as_bool()), (Some("bm90IGEga2V5Cg=="), Some(false)));

    desk.run(&["seal", "--kind", "filevault", "--to", "escrow.crt", "--bare", "--out", "e"], FILEVAULT).ends(0);
    let run = desk.run(&["open", "--identity", "escrow.key", "--raw", "e"], "").ends(0);
    assert_eq!((run.text(), run.stderr), (FILEVAULT.to_owned(), String::new()));
}

#[test]
fn who_cannot_open_it_is_told_who_can() {
    let desk = desk("rsa-2048");
    desk.run(&["seal", "--kind", "filevault", "--to", "escrow.crt", "--out", "e"], FILEVAULT).ends(0);
    let run = desk.run(&["open", "--identity", "other.key", "other.crt", "e"], "").ends(1);
    assert!(run.stderr.contains("CN=escrow") && run.stderr.contains("sealed to none"), "{}", run.stderr);
    let error = desk.run(&["open", "--identity", "other.key", "other.crt", "--json", "e"], "").ends(1).error();
    assert_eq!(error["name"], "EnvelopeNoRecipient");
    assert!(error["notes"].as_array().unwrap().iter().any(|note| note.as_str().unwrap().contains("CN=escrow")));
    // A bare key without its certificate is tried, and fails like any other.
    let error = desk.run(&["open", "--identity", "other.key", "--json", "e"], "").ends(1).error();
    assert_eq!(error["fault"], "input");
    // To one of several recipients it cannot be matched, which is said.
    desk.run(&["seal", "--kind", "filevault", "--to", "escrow.crt", "other.crt", "--out", "several"], FILEVAULT)
        .ends(0);
    let run = desk.run(&["open", "--identity", "other.key", "several"], "").ends(1);
    assert!(run.stderr.contains("no certificate beside it"), "{}", run.stderr);
    // Damaged behind the structure.
    let mut bytes = desk.read("e");
    *bytes.last_mut().unwrap() ^= 1;
    let error = desk.run(&["open", "--identity", "escrow.key", "escrow.crt", "--json"], &bytes).ends(1).error();
    assert_eq!(error["name"], "EnvelopeOpen");
}

#[test]
fn what_macos_sealed_to_itself_is_explained() {
    let desk = desk("rsa-2048");
    desk.shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout mac.key -out mac.crt -subj '/CN=FileVault Recovery Key' 2>&1").ends(0);
    desk.mac_blob("mac", FILEVAULT, "mac.ber");
    let run =
        desk.run(&["open", "--identity", "escrow.key", "escrow.crt", "--kind", "filevault", "mac.ber"], "").ends(1);
    assert!(run.stderr.contains("escrow profile was not there"), "{}", run.stderr);
    let inspect = desk.run(&["inspect", "--certificate", "escrow.crt", "mac.ber"], "").ends(0).text();
    assert!(inspect.contains("escrow profile was not there"), "{inspect}");
    let json = desk.run(&["inspect", "mac.ber", "--json"], "").ends(0).json();
    assert!(json["notes"].as_array().unwrap().contains(&"sealed_by_mac_os_to_itself".into()), "{json}");
    assert!(json["explanations"][0].as_str().unwrap().contains("escrow profile was not there"));
}

#[test]
fn inspection_needs_no_key_and_names_the_known_certificate() {
    let desk = desk("rsa-2048");
    desk.run(&["seal", "--kind", "filevault", "--to", "escrow.crt", "--out", "e"], FILEVAULT).ends(0);
    let fingerprint = desk.run(&["certificate", "show", "escrow.crt", "--json"], "").ends(0).json();
    let fingerprint = fingerprint["certificates"][0]["fingerprint"].as_str().unwrap().to_owned();
    let text = desk.run(&["inspect", "--certificate", "other.crt", "escrow.crt", "e"], "").ends(0).text();
    assert!(text.contains(&fingerprint) && text.contains("AES-256-GCM"), "{text}");
    let json = desk.run(&["inspect", "--json", "--certificate", "escrow.crt"], desk.read("e")).ends(0).json();
    assert_eq!(json["recipients"][0]["certificates"][0], fingerprint.as_str());
    assert_eq!((json["authenticated"].as_bool(), json["suites"][0].as_str()), (Some(true), Some("modern")));
    for bad in ["", "nonsense", FILEVAULT] {
        let error = desk.run(&["inspect", "--json"], bad).ends(2).error();
        assert_eq!(error["name"], "EnvelopeSyntax", "{bad}");
    }
    desk.run(&["inspect", "missing"], "").ends(2);
    desk.run(&["inspect"], vec![0x30; 2_000_000]).ends(2);
}

#[test]
fn identities_come_in_every_form_and_in_two_files() {
    let desk = desk("rsa-2048");
    desk.run(&["seal", "--kind", "filevault", "--to", "escrow.crt", "--out", "e"], FILEVAULT).ends(0);
    desk.shell(
        "openssl pkey -in escrow.key -outform DER -out key.der && openssl rsa -in escrow.key -traditional -out key.pkcs1 &&
         openssl x509 -in escrow.crt -outform DER -out crt.der && cat escrow.key escrow.crt > both.pem &&
         openssl pkcs12 -export -inkey escrow.key -in escrow.crt -passout pass:secret -out id.p12 &&
         openssl pkcs8 -topk8 -in escrow.key -passout pass:secret -out enc.pem && echo secret > pw",
    )
    .ends(0);
    for identity in
        ["both.pem", "key.der crt.der", "crt.der key.pkcs1", "key.pkcs1", "other.key other.crt key.der escrow.crt"]
    {
        let run = desk.shell(&format!("$F open --kind filevault e --identity {identity}")).ends(0);
        assert_eq!(run.text(), format!("{FILEVAULT}\n"), "{identity}");
    }
    for identity in ["id.p12", "enc.pem", "enc.pem crt.der"] {
        let run = desk.shell(&format!("$F open --kind filevault e --password-fd 3 --identity {identity} 3<pw")).ends(0);
        assert_eq!(run.text(), format!("{FILEVAULT}\n"), "{identity}");
    }
    let error = desk.run(&["open", "--json", "e", "--identity", "escrow.key", "other.crt"], "").ends(2).error();
    assert_eq!(error["name"], "IdentityMismatch");
    let error = desk.run(&["open", "--json", "e", "--identity", "escrow.crt"], "").ends(2).error();
    assert_eq!(error["name"], "IdentitySyntax", "a certificate alone opens nothing");
    desk.run(&["open", "e", "--identity", "missing.key"], "").ends(3);
    desk.run(&["open", "e"], "").ends(2);
}

#[test]
fn what_cannot_be_sealed_is_refused_and_nothing_is_written() {
    let desk = desk("rsa-2048");
    let seal = ["seal", "--kind", "filevault", "--out", "e", "--to", "escrow.crt"];
    let run = desk.run(&seal, "AU2A-PHMK-WBGX").ends(2);
    assert!(!run.stderr.contains("AU2A"));
    desk.run(&[&seal[..], &["escrow.crt"]].concat(), FILEVAULT).ends(2);
    desk.run(&[&seal[..], &["--bare", "--device", "D"]].concat(), FILEVAULT).ends(2);
    desk.run(&[&seal[..], &["--device", ""]].concat(), FILEVAULT).ends(2);
    desk.run(&[&seal[..], &["missing.crt"]].concat(), FILEVAULT).ends(2);
    desk.shell("cat escrow.crt other.crt > both.crt").ends(0);
    let run = desk.run(&["seal", "--kind", "filevault", "--out", "e", "--to", "both.crt"], FILEVAULT).ends(2);
    assert!(run.stderr.contains("several certificates"));
    assert!(!desk.path("e").exists());
}

#[test]
fn an_expired_certificate_is_noted_and_still_sealed_to() {
    let desk = desk("rsa-2048");
    let line = "openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -subj /CN=old -days 1 -out young.crt 2>&1 &&
                openssl x509 -in young.crt -signkey old.key -days -1 -out old.crt 2>&1 ||
                openssl x509 -in young.crt -signkey old.key -not_before 20200101000000Z -not_after 20210101000000Z -out old.crt";
    desk.shell(line).ends(0);
    let run = desk.run(&["seal", "--kind", "filevault", "--to", "old.crt", "--out", "e"], FILEVAULT).ends(0);
    assert!(run.stderr.contains("expired"), "{}", run.stderr);
    desk.run(&["open", "--identity", "old.key", "--kind", "filevault", "e"], "").ends(0);
    let run = desk.run(&["seal", "--kind", "filevault", "--to", "old.crt", "--out", "e", "--json"], FILEVAULT).ends(0);
    let notes: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert!(notes["notes"][0].as_str().unwrap().contains("expired"));
    assert!(run.json()["digest"].is_string());
}

#[test]
fn a_name_in_a_message_does_nothing_to_a_terminal() {
    let desk = desk("p-256");
    let hostile = "PC\u{202e}71";
    desk.run(&["seal", "--kind", "filevault", "--to", "escrow.crt", "--device", hostile, "--out", "e"], FILEVAULT)
        .ends(0);
    let words = desk.run(&["open", "--identity", "escrow.key", "e"], "").ends(0).text();
    assert!(!words.contains('\u{202e}') && words.contains("PC\\u{202e}71"), "{words}");
}

/// While a key is sealed and opened, no argument and no environment of the process holds it.
#[cfg(target_os = "linux")]
#[test]
fn no_key_stands_in_arguments_or_environment() {
    use std::{
        fs,
        io::{Read, Write},
        process::{Command, Stdio},
    };
    let desk = desk("p-256");
    let mut child = Command::new(crate::support::program())
        .args(["seal", "--kind", "filevault", "--to", "escrow.crt"])
        .current_dir(desk.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(FILEVAULT.as_bytes()).unwrap();
    let place = format!("/proc/{}", child.id());
    for file in ["cmdline", "environ"] {
        let bytes = fs::read(format!("{place}/{file}")).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(FILEVAULT), "{file}");
    }
    drop(stdin);
    let mut sealed = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut sealed).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!sealed.windows(FILEVAULT.len()).any(|window| window == FILEVAULT.as_bytes()));
}

#[test]
fn base64url_and_data_urls_are_refused_with_a_hint() {
    let desk = Desk::new("envelopes");
    desk.certificate("escrow", "p-256");
    // Nothing in base64 has to hold a character that base64url writes in another way: enough messages do.
    let refused = (0..20).find_map(|_| {
        desk.run(&["seal", "--kind", "bitlocker", "--to", "escrow.crt", "--out", "e.der"], BITLOCKER).ends(0);
        desk.shell("base64 -w0 e.der | tr '+/' '-_' > e.url").ends(0);
        let text = desk.read("e.url");
        text.iter().any(|byte| matches!(byte, b'-' | b'_')).then(|| desk.run(&["inspect"], &text).ends(2))
    });
    let refused = refused.expect("one of twenty");
    assert!(refused.stderr.contains("base64url"), "{}", refused.stderr);
    desk.shell("{ printf 'data:application/cms;base64,'; base64 -w0 e.der; } > e.data").ends(0);
    let receive =
        ["receive", "--store", "sqlite:keys.db", "--device", "PC", "--kind", "bitlocker", "--by", "a", "e.data"];
    for arguments in [&["inspect", "e.data"][..], &receive] {
        let refused = desk.run(arguments, "").ends(2);
        assert!(refused.stderr.contains("give what follows its comma"), "{}", refused.stderr);
    }
}
