//! Is every form of a private key read that OpenSSL writes, and every other one refused with a reason?

use std::collections::BTreeMap;

use fdescrow::ErrorCode;
use fdescrow::envelope::IdentityError;

use super::{P256, P384, RSA, Workshop, bundle, same_key};

const RSA_1024: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:1024";

/// Reads `file` and holds it against the key that OpenSSL sees in `original`.
fn is_read(workshop: &Workshop, file: &str, original: &str) {
    let found = bundle(&workshop.read(file), Some("password")).unwrap_or_else(|error| panic!("{file}: {error}"));
    assert!(same_key(workshop, &found, original), "{file} is another key than {original}");
}

fn is_refused(workshop: &Workshop, file: &str, code: ErrorCode, text: &str) {
    let error = bundle(&workshop.read(file), Some("password")).unwrap_err();
    assert_eq!(error.code(), code, "{file}: {error}");
    assert!(error.to_string().contains(text), "{file}: {error}");
}

#[test]
fn plain_keys_are_read_in_every_form() {
    let Some(workshop) = Workshop::open("plain") else { return };
    for (name, key) in [("small", RSA_1024), ("rsa", RSA), ("p256", P256), ("p384", P384)] {
        workshop.openssl(&format!("genpkey {key} -out {name}"));
        workshop.openssl(&format!("pkey -in {name} -outform DER -out pkcs8.der"));
        workshop.openssl(&format!("pkcs8 -topk8 -nocrypt -in {name} -outform DER -out wrapped.der"));
        workshop.openssl(&format!("pkey -in {name} -traditional -out traditional.pem"));
        workshop.openssl(&format!("pkey -in {name} -traditional -outform DER -out traditional.der"));
        workshop.openssl(&format!("pkey -in {name} -text -out text.pem"));
        let pem = String::from_utf8(workshop.read("traditional.pem")).unwrap();
        workshop.write("crlf.pem", pem.replace('\n', "\r\n"));
        let digits: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        workshop.write("base64", digits);
        for file in
            [name, "pkcs8.der", "wrapped.der", "traditional.pem", "traditional.der", "text.pem", "crlf.pem", "base64"]
        {
            is_read(&workshop, file, name);
        }
    }
    workshop.openssl("genrsa -out three -primes 2 3072");
    is_read(&workshop, "three", "three");
    workshop.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2047 -pkeyopt rsa_keygen_pubexp:3 -out odd");
    is_read(&workshop, "odd", "odd");
    // The parameters of the curve before the key, as `ecparam` writes them, and a key without its public half.
    workshop.openssl("ecparam -name prime256v1 -genkey -out parameters");
    is_read(&workshop, "parameters", "parameters");
    workshop.openssl("ec -in parameters -no_public -out bare");
    is_read(&workshop, "bare", "parameters");
    workshop.openssl("ec -in parameters -conv_form compressed -out compressed");
    is_read(&workshop, "compressed", "parameters");
}

#[test]
fn encrypted_keys_are_read_under_every_scheme_of_today() {
    let Some(workshop) = Workshop::open("encrypted") else { return };
    for (name, key) in [("rsa", RSA), ("p256", P256)] {
        workshop.openssl(&format!("genpkey {key} -out {name}"));
        for scheme in [
            "-v2 aes-256-cbc",
            "-v2 aes-192-cbc",
            "-v2 aes-128-cbc",
            "-v2 des3",
            "-v2 aes-256-cbc -v2prf hmacWithSHA1",
            "-v2 aes-256-cbc -v2prf hmacWithSHA224",
            "-v2 aes-256-cbc -v2prf hmacWithSHA384",
            "-v2 aes-256-cbc -v2prf hmacWithSHA512",
            "-v2 aes-256-cbc -iter 100000",
            "-scrypt",
            "-scrypt -scrypt_N 4096 -scrypt_r 4 -scrypt_p 2",
            "-v1 PBE-SHA1-3DES",
        ] {
            workshop.openssl(&format!("pkcs8 -topk8 -in {name} {scheme} -passout pass:password -out sealed"));
            is_read(&workshop, "sealed", name);
            let sealed = workshop.read("sealed");
            let wrong = bundle(&sealed, Some("passwore")).unwrap_err();
            assert_eq!(wrong, IdentityError::PasswordWrong, "{scheme}");
            assert_eq!(bundle(&sealed, None).unwrap_err(), IdentityError::PasswordMissing, "{scheme}");
        }
    }
    workshop.openssl("pkcs8 -topk8 -in rsa -passout pass:password -outform DER -out sealed.der");
    is_read(&workshop, "sealed.der", "rsa");
}

#[test]
fn what_is_not_used_is_refused_with_what_to_do() {
    use ErrorCode::IdentityUnsupported as Unsupported;

    let Some(workshop) = Workshop::open("refused") else { return };
    workshop.openssl(&format!("genpkey {RSA} -out rsa"));
    workshop.openssl(&format!("genpkey {P256} -out p256"));
    for (make, text) in [
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:512 -out refused", "less than 1024 bits"),
        ("genrsa -primes 3 -out refused 2048", "more than two primes"),
        ("genpkey -algorithm RSA-PSS -out refused", "may only sign"),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out refused", "other than P-256 and P-384"),
        ("ecparam -name secp256k1 -genkey -noout -out refused", "other than P-256 and P-384"),
        ("genpkey -algorithm ed25519 -out refused", "neither RSA nor"),
        ("genpkey -algorithm X25519 -out refused", "neither RSA nor"),
        ("ec -in p256 -param_enc explicit -out refused", "-ec_param_enc named_curve"),
        ("pkey -in p256 -ec_param_enc explicit -out refused", "-ec_param_enc named_curve"),
        (
            "rsa -in rsa -traditional -aes256 -passout pass:password -out refused",
            "openssl pkcs8 -topk8 -in OLD -out NEW",
        ),
        ("ec -in p256 -des3 -passout pass:password -out refused", "openssl pkcs8 -topk8 -in OLD -out NEW"),
        (
            "pkcs8 -topk8 -in rsa -v1 PBE-SHA1-RC2-40 -provider legacy -provider default -passout pass:password -out refused",
            "RC2",
        ),
        (
            "pkcs8 -topk8 -in rsa -v1 PBE-MD5-DES -provider legacy -provider default -passout pass:password -out refused",
            "outdated scheme",
        ),
    ] {
        workshop.openssl(make);
        is_refused(&workshop, "refused", Unsupported, text);
    }
    // What the texts advise works.
    workshop.openssl("rsa -in rsa -traditional -aes256 -passout pass:password -out OLD");
    workshop.openssl("pkcs8 -topk8 -in OLD -out NEW -passin pass:password -passout pass:password");
    is_read(&workshop, "NEW", "rsa");
    workshop.openssl("ec -in p256 -param_enc explicit -out OLD");
    workshop.openssl("pkey -in OLD -ec_param_enc named_curve -out NEW");
    is_read(&workshop, "NEW", "p256");
    workshop.openssl(
        "pkcs8 -topk8 -in rsa -v1 PBE-MD5-DES -provider legacy -provider default -passout pass:password -out OLD",
    );
    workshop.openssl(
        "pkcs8 -topk8 -in OLD -out NEW -provider legacy -provider default -passin pass:password -passout pass:password",
    );
    is_read(&workshop, "NEW", "rsa");
}

#[test]
fn several_keys_and_certificates_in_one_file_are_found_in_order() {
    let Some(workshop) = Workshop::open("several") else { return };
    workshop.identity("one", RSA);
    workshop.identity("two", P256);
    workshop.openssl("pkcs8 -topk8 -in one.key -passout pass:password -out one.sealed");
    workshop.openssl("ecparam -name secp384r1 -genkey -out three.key");
    let text = |file: &str| String::from_utf8(workshop.read(file)).unwrap();
    let all = format!(
        "Bag Attributes\n    friendlyName: one\n{}\nsome words\n{}{}# and more\n{}{}",
        text("one.sealed"),
        text("two.crt"),
        text("three.key"),
        text("two.key"),
        text("one.crt"),
    );
    let found = bundle(all.as_bytes(), Some("password")).unwrap();
    assert_eq!(found.private_keys.len(), 3);
    let subjects: Vec<_> = found.certificates.iter().map(fdescrow::envelope::Certificate::subject).collect();
    assert_eq!(subjects, ["CN=two", "CN=one"]);
    let paired = fdescrow::envelope::pair([found]).unwrap();
    let matched: Vec<_> = paired
        .iter()
        .map(|(_, own)| own.iter().map(fdescrow::envelope::Certificate::subject).collect::<Vec<_>>())
        .collect();
    assert_eq!(matched, [vec!["CN=one".to_owned()], vec![], vec!["CN=two".to_owned()]]);
}

#[test]
fn the_keys_of_other_implementations_are_read() {
    let Some(shared) = fdescrow_tests::shared() else { return };
    let mut told = BTreeMap::new();
    for file in std::fs::read_dir(shared.join("vectors/keys")).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().to_string_lossy().into_owned();
        let answer = match bundle(&std::fs::read(file.path()).unwrap(), None) {
            Ok(found) => {
                found.private_keys.iter().map(|key| key.public_key().description()).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.code().name().to_owned(),
        };
        told.insert(name, answer);
    }
    let expected = [
        ("bc-p256.key", "P-256"),
        ("openssl-dh.pem", "IdentityUnsupported"),
        ("openssl-ecdh.pem", "P-256"),
        ("openssl-serverkey.pem", "RSA-2048"),
        ("openssl-smec3.pem", "P-256"),
        ("openssl-smrsa3.pem", "RSA-2048"),
        ("pyca-rsa.pem", "RSA-4096"),
        ("rfc4134-bob-rsa1024.pem", "RSA-1024"),
    ];
    assert_eq!(told, expected.map(|(name, answer)| (name.to_owned(), answer.to_owned())).into());
}
