//! Are PKCS#12 files of OpenSSL, Java and NSS read, and those that are refused named with what to do?

use std::process::Command;

use fdescrow::ErrorCode;
use fdescrow::envelope::{Certificate, IdentityError};
use fdescrow_tests::generator::asn1::{Body, CONSTRUCTED, CONTEXT, Length, Node, OCTET_STRING};
use fdescrow_tests::peers::{Missing, missing};

use super::{P256, P384, RSA, Workshop, bundle, same_key};

const EXPORT: &str = "pkcs12 -export -inkey one.key -in one.crt -passout pass:password -out file.p12";

fn workshop(name: &str, key: &str) -> Option<Workshop> {
    let workshop = Workshop::open(name)?;
    workshop.identity("one", key);
    Some(workshop)
}

/// The file opens with the password, holds the key and the certificate, and opens with no other password.
fn is_read(workshop: &Workshop, password: &str) {
    let file = workshop.read("file.p12");
    let found = bundle(&file, Some(password)).unwrap();
    assert_eq!(found.certificates, [Certificate::parse(&workshop.read("one.crt")).unwrap()]);
    assert!(same_key(workshop, &found, "one.key"));
    assert!(found.private_keys[0].matches(&found.certificates[0]));
    assert_eq!(bundle(&file, Some("passwore")).unwrap_err(), IdentityError::PasswordWrong);
    if !password.is_empty() {
        assert_eq!(bundle(&file, None).unwrap_err(), IdentityError::PasswordMissing);
    }
}

#[test]
fn openssl_files_are_read_with_every_cipher_and_check() {
    for (name, key) in [("rsa", RSA), ("p256", P256), ("p384", P384)] {
        let Some(workshop) = workshop(name, key) else { return };
        for options in [
            "-name one",
            "-keypbe AES-128-CBC -certpbe AES-192-CBC -macalg sha384",
            "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
            "-keypbe PBE-SHA1-3DES -certpbe AES-256-CBC -macalg sha512",
            "-certpbe NONE -macalg sha224",
            "-iter 50000 -maciter",
            "-nomaciter",
            "-keyex",
            "-keysig",
            "-nomac",
        ] {
            workshop.openssl(&format!("{EXPORT} {options}"));
            is_read(&workshop, "password");
        }
        workshop.openssl(&format!("{EXPORT} -keypbe NONE -certpbe NONE"));
        let open = bundle(&workshop.read("file.p12"), Some("password")).unwrap();
        assert!(same_key(&workshop, &open, "one.key"));
    }
}

#[test]
fn passwords_may_be_empty_or_of_any_script() {
    let Some(workshop) = workshop("passwords", P256) else { return };
    for password in ["", "pässwörd", "密码𝄞"] {
        for options in ["", "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES"] {
            let export = EXPORT.replace("pass:password", "file:password");
            workshop.write("password", format!("{password}\n"));
            workshop.openssl(format!("{export} {options}").trim());
            is_read(&workshop, password);
        }
    }
    // A file that nobody protected needs no password.
    workshop.openssl("pkcs12 -export -inkey one.key -in one.crt -passout pass: -out file.p12");
    assert_eq!(bundle(&workshop.read("file.p12"), None).unwrap().private_keys.len(), 1);
}

#[test]
fn chains_and_truststores_are_read_whole() {
    let Some(workshop) = workshop("chain", RSA) else { return };
    workshop.identity("two", P256);
    workshop.openssl(&format!("{EXPORT} -certfile two.crt"));
    let found = bundle(&workshop.read("file.p12"), Some("password")).unwrap();
    assert_eq!((found.certificates.len(), found.private_keys.len()), (2, 1));
    let paired = fdescrow::envelope::pair([found]).unwrap();
    assert_eq!(paired[0].1.iter().map(Certificate::subject).collect::<Vec<_>>(), ["CN=one"]);

    workshop.openssl("pkcs12 -export -nokeys -in two.crt -passout pass:password -out trust.p12");
    let found = bundle(&workshop.read("trust.p12"), Some("password")).unwrap();
    assert_eq!((found.certificates.len(), found.private_keys.len()), (1, 0));
}

#[test]
fn old_ciphers_are_refused_with_a_way_out_that_works() {
    let Some(workshop) = workshop("legacy", RSA) else { return };
    for options in ["-legacy", "-legacy -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC4-128"] {
        workshop.openssl(&format!("{EXPORT} {options}"));
        let error = bundle(&workshop.read("file.p12"), Some("password")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::IdentityUnsupported);
        let advice = "`openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW`";
        assert!(error.to_string().contains(advice), "{error}");
        workshop.openssl("pkcs12 -legacy -in file.p12 -nodes -passin pass:password -out plain");
        workshop.openssl("pkcs12 -export -in plain -passout pass:password -out file.p12");
        is_read(&workshop, "password");
    }
}

#[test]
fn a_damaged_file_is_refused() {
    let Some(workshop) = workshop("damaged", P256) else { return };
    workshop.openssl(EXPORT);
    let file = workshop.read("file.p12");
    // One bit of the protected content.
    let mut changed = file.clone();
    changed[200] ^= 1;
    assert_eq!(bundle(&changed, Some("password")).unwrap_err(), IdentityError::PasswordWrong);
    for length in 0..file.len() {
        assert!(bundle(&file[..length], Some("password")).is_err(), "{length}");
    }
}

/// Every constructed value without a length, every octet string in two pieces, and the safes inside likewise: what
/// NSS writes, and more.
fn in_pieces(node: &mut Node, depth: u8) {
    match &mut node.body {
        Body::Nodes(nodes) => {
            nodes.iter_mut().for_each(|inner| in_pieces(inner, depth));
            node.length = Length::Indefinite;
        }
        Body::Octets(octets) if matches!(node.tag, OCTET_STRING | CONTEXT) => {
            let mut whole = octets.clone();
            if node.tag == OCTET_STRING
                && depth > 0
                && let Some(mut inner) = Node::parse(&whole)
            {
                in_pieces(&mut inner, depth - 1);
                whole = inner.encode();
            }
            let (first, second) = whole.split_at(whole.len() / 2);
            let pieces = [first, second].map(|piece| Node::octets(OCTET_STRING, piece));
            *node = Node::nodes(node.tag | CONSTRUCTED, pieces).with_length(Length::Indefinite);
        }
        Body::Octets(_) => {}
    }
}

#[test]
fn files_in_pieces_are_read() {
    let Some(workshop) = workshop("pieces", RSA) else { return };
    // Without the check, which covers the content as it was written.
    workshop.openssl(&format!("{EXPORT} -nomac"));
    let der = workshop.read("file.p12");
    for depth in 0..2 {
        let mut root = Node::parse(&der).unwrap();
        in_pieces(&mut root, depth);
        workshop.write("file.p12", root.encode());
        is_read(&workshop, "password");
    }
    // With it, in the outer layer.
    workshop.openssl(EXPORT);
    let mut root = Node::parse(&workshop.read("file.p12")).unwrap();
    in_pieces(&mut root, 0);
    workshop.write("file.p12", root.encode());
    is_read(&workshop, "password");
}

#[test]
fn java_files_are_read() {
    let Some(workshop) = Workshop::open("java") else { return };
    let file = workshop.path("file.p12");
    for (algorithm, options) in [("RSA", ["-keysize", "2048"]), ("EC", ["-groupname", "secp384r1"])] {
        let mut keytool = Command::new("keytool");
        keytool.args(["-genkeypair", "-alias", "one", "-keyalg", algorithm, "-dname", "CN=one", "-validity", "30"]);
        keytool.args(options).args(["-storetype", "PKCS12", "-storepass", "password", "-keystore"]).arg(&file);
        match keytool.output() {
            Err(error) => return missing(&Missing(format!("keytool: {error}"))),
            Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        }
        workshop.openssl("pkcs12 -in file.p12 -passin pass:password -nodes -nocerts -out one.key");
        workshop.openssl("pkcs12 -in file.p12 -passin pass:password -nokeys -out one.crt");
        is_read(&workshop, "password");
        std::fs::remove_file(&file).unwrap();
    }
}
