//! `certificate new`, `certificate show`.

use std::fs;

use crate::support::Desk;

const NEW: [&str; 5] = ["certificate", "new", "--subject", "CN=Escrow 2026,O=Example", "--algorithm"];

fn new<'a>(algorithm: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [&NEW[..], &[algorithm, "--key-out", "k.pem", "--out", "c.pem"], rest].concat()
}

#[test]
fn every_algorithm_makes_a_certificate_and_a_private_key_that_openssl_reads() {
    for algorithm in ["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384"] {
        let desk = Desk::new("certificates");
        let run = desk.run(&new(algorithm, &["--json"]), "").ends(0);
        let shown = &run.json()["certificates"][0];
        assert_eq!(shown["subject"], "CN=Escrow 2026,O=Example");
        assert_eq!(shown["key_algorithm"].as_str().unwrap().to_lowercase(), algorithm);
        let days = shown["not_after"].as_str().unwrap()[..4].parse::<i32>().unwrap()
            - shown["not_before"].as_str().unwrap()[..4].parse::<i32>().unwrap();
        assert!((9..=10).contains(&days), "3650 days unless told");
        let public =
            desk.shell("openssl x509 -in c.pem -noout -pubkey && openssl pkey -in k.pem -pubout").ends(0).text();
        let (of_certificate, of_key) = public.split_at(public.len() / 2);
        assert_eq!(of_certificate, of_key, "{algorithm}");
        let fingerprint = desk.shell("openssl x509 -in c.pem -noout -fingerprint -sha256").ends(0).text();
        let digits = fingerprint.rsplit('=').next().unwrap().trim().replace(':', "").to_lowercase();
        assert_eq!(shown["fingerprint"], digits.as_str());
    }
}

#[cfg(unix)]
#[test]
fn the_private_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new("certificates");
    let line = "umask 000; $F certificate new --subject CN=E --algorithm p-256 --key-out k.pem --out c.pem";
    desk.shell(line).ends(0);
    assert_eq!(fs::metadata(desk.path("k.pem")).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(desk.read("k.pem").starts_with(b"-----BEGIN PRIVATE KEY-----"));
    assert!(desk.read("c.pem").starts_with(b"-----BEGIN CERTIFICATE-----"));
}

#[test]
fn neither_file_is_overwritten_and_no_half_is_left() {
    let desk = Desk::new("certificates");
    desk.run(&new("p-256", &[]), "").ends(0);
    let (key, certificate) = (desk.read("k.pem"), desk.read("c.pem"));
    desk.run(&new("p-256", &[]), "").ends(2);
    assert_eq!((desk.read("k.pem"), desk.read("c.pem")), (key, certificate.clone()));

    fs::remove_file(desk.path("k.pem")).unwrap();
    desk.run(&new("p-256", &[]), "").ends(2);
    assert!(!desk.path("k.pem").exists(), "the certificate is there already, so no key was written");
    assert_eq!(desk.read("c.pem"), certificate);

    // A place that cannot be written shows only when the key is there already.
    let arguments = [&NEW[..], &["p-256", "--key-out", "k.pem", "--out", "no/such/folder/c.pem"]].concat();
    desk.run(&arguments, "").ends(2);
    assert!(!desk.path("k.pem").exists(), "a key whose certificate could not be written is taken away again");

    let arguments = [&NEW[..], &["p-256", "--key-out", "same.pem", "--out", "same.pem"]].concat();
    desk.run(&arguments, "").ends(2);
    assert!(!desk.path("same.pem").exists());
}

#[test]
fn a_dangling_link_is_something_that_is_there() {
    let desk = Desk::new("certificates");
    desk.shell("ln -s elsewhere k.pem").ends(0);
    desk.run(&new("p-256", &[]), "").ends(2);
    assert!(!desk.path("elsewhere").exists() && !desk.path("c.pem").exists());
}

#[test]
fn a_password_comes_by_file_descriptor_and_encrypts_the_key() {
    let desk = Desk::new("certificates");
    let line = "$F certificate new --subject CN=E --algorithm p-256 --key-out k.pem --out c.pem --password-fd 3 3<pw";
    desk.write("pw", "correct horse\nnot this line\n");
    desk.shell(line).ends(0);
    assert!(desk.read("k.pem").starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    desk.shell("openssl pkey -in k.pem -passin 'pass:correct horse' -noout").ends(0);

    desk.shell("$F key new --kind luks | $F seal --kind luks --to c.pem --out e.der").ends(0);
    desk.shell("$F open --identity k.pem c.pem --kind luks --password-fd 3 e.der 3<pw").ends(0);
    let piped =
        "{ printf 'correct horse\\n'; sleep 600; } 2>&1 | { $F open --identity k.pem --password-fd 9 e.der 9<&0; }";
    // The line is enough: a writer that keeps the pipe open is not waited for.
    let run =
        desk.shell(&format!("timeout 60 sh -c '{}'", piped.replace('\'', "'\\''").replace("sleep 600", "sleep 5")));
    assert_eq!(run.code, 0, "{}", run.stderr);

    desk.write("pw", "wrong\n");
    let run = desk.shell("$F open --identity k.pem c.pem --json --password-fd 3 e.der 3<pw").ends(2);
    assert_eq!(run.error()["name"], "IdentityPassword");
    let run = desk.shell("setsid $F open --identity k.pem c.pem --json e.der </dev/null").ends(2);
    assert_eq!(run.error()["name"], "IdentityPassword", "without a terminal nobody is asked");
    desk.shell("$F open --identity k.pem --password-fd 3 e.der 3</dev/null").ends(2);
    desk.shell("$F open --identity k.pem --password-fd 77 e.der").ends(2);
}

#[test]
fn what_cannot_be_made_is_refused_before_anything_is_written() {
    let desk = Desk::new("certificates");
    for (subject, algorithm, days) in [
        ("no name", "p-256", "10"),
        ("CN=E", "rsa-1024", "10"),
        ("CN=E", "p-256", "0"),
        ("CN=E", "p-256", "x"),
        ("", "p-256", "1"),
        ("CN=E,C=DEX", "p-256", "1"),
        ("CN=E,C=D", "p-256", "1"),
        ("CN=E,C=49", "p-256", "1"),
    ] {
        let arguments = [
            "certificate",
            "new",
            "--subject",
            subject,
            "--algorithm",
            algorithm,
            "--days",
            days,
            "--key-out",
            "k",
            "--out",
            "c",
        ];
        desk.run(&arguments, "").ends(2);
    }
    assert_eq!(fs::read_dir(desk.folder()).unwrap().count(), 0);
}

#[test]
fn what_is_wrong_with_a_subject_is_told_from_an_example() {
    let desk = Desk::new("certificates");
    let new = |subject| {
        let rest = ["--algorithm", "p-256", "--key-out", "k", "--out", "c"];
        desk.run(&[&["certificate", "new", "--subject", subject][..], &rest].concat(), "")
    };
    let run = new("no name").ends(2);
    assert!(run.stderr.contains("an example of one that is: `CN="), "{}", run.stderr);
    let run = new("CN=E,C=DEX").ends(2);
    assert!(run.stderr.contains("two letters"), "{}", run.stderr);
    new("CN=E,C=DE").ends(0);
}

#[test]
fn certificates_are_shown_from_pem_der_and_standard_input() {
    let desk = Desk::new("certificates");
    desk.certificate("one", "p-256");
    desk.certificate("two", "rsa-2048");
    desk.shell("cat one.crt two.crt > both.pem && openssl x509 -in one.crt -outform DER -out one.der").ends(0);
    let both = desk.run(&["certificate", "show", "both.pem", "--json"], "").ends(0).json();
    assert_eq!(both["certificates"].as_array().unwrap().len(), 2);
    assert_eq!(both["certificates"][1]["subject"], "CN=two");
    assert_eq!(both["certificates"][1]["key_usage"], "keyEncipherment");
    assert_eq!(both["certificates"][0]["validity"], "valid");
    let der = desk.run(&["certificate", "show", "one.der", "--json"], "").ends(0).json();
    assert_eq!(der["certificates"][0], both["certificates"][0]);
    let text = desk.run(&["certificate", "show", "-"], desk.read("one.crt")).ends(0).text();
    assert!(text.contains("subject: CN=one") && text.contains(der["certificates"][0]["fingerprint"].as_str().unwrap()));
    desk.run(&["certificate", "show", "one.key"], "").ends(2);
    desk.run(&["certificate", "show", "nothing"], "").ends(2);
}

#[test]
fn one_password_for_all_files_is_not_asked_of_one_that_has_none() {
    let desk = Desk::new("certificates");
    desk.write("pw", "correct horse\n");
    desk.certificate("plain", "p-256");
    desk.shell("openssl pkcs12 -export -inkey plain.key -in plain.crt -passout pass: -out plain.p12").ends(0);
    desk.shell("openssl pkcs12 -export -inkey plain.key -in plain.crt -passout pass:other -out other.p12").ends(0);
    let new = "$F certificate new --subject CN=E --algorithm p-256 --key-out k.pem --out c.pem --password-fd 3 3<pw";
    desk.shell(new).ends(0);
    for certificate in ["plain.crt", "c.pem"] {
        desk.shell(&format!("$F key new --kind luks | $F seal --kind luks --to {certificate} --out e.der")).ends(0);
        desk.shell("$F open --identity k.pem c.pem plain.p12 --kind luks --password-fd 3 e.der 3<pw").ends(0);
    }
    let run = desk.shell("$F open --identity k.pem other.p12 --kind luks --password-fd 3 e.der 3<pw").ends(2);
    assert!(run.stderr.contains("other.p12") && run.stderr.contains("password is wrong"), "{}", run.stderr);
}
