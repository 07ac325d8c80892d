//! Do we see in a certificate what OpenSSL sees?

use fdescrow::Timestamp;
use fdescrow::envelope::{Certificate, Fingerprint, PublicKey, Validity};
use fdescrow_tests::generator::Authority;

use super::{P256, P384, RSA, Workshop};

/// Holds every accessor against OpenSSL's words about `file`.
fn agrees(workshop: &Workshop, file: &str) -> Certificate {
    let certificate = Certificate::parse(&workshop.read(file)).unwrap();
    let told = |option: &str| workshop.openssl(&format!("x509 -in {file} -noout {option}"));

    let fingerprint: Fingerprint = told("-fingerprint -sha256").trim().parse().unwrap();
    assert_eq!(certificate.fingerprint(), fingerprint);

    let serial = told("-serial").replace("\\\n", "");
    let serial = serial.trim().strip_prefix("serial=").unwrap();
    let octets = certificate.serial_number();
    let ours: String = octets.iter().map(|octet| format!("{octet:02X}")).collect();
    if serial.starts_with('-') {
        assert!(octets[0] >= 0x80);
    } else {
        assert_eq!(ours.trim_start_matches('0'), serial.trim_start_matches('0'));
    }

    let dates = told("-dates -dateopt iso_8601").replace(' ', "T");
    let date = |name: &str| -> Timestamp {
        let line = dates.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.parse().unwrap()
    };
    assert_eq!(certificate.not_before(), date("notBefore="));
    assert_eq!(certificate.not_after(), date("notAfter="));
    assert_eq!(certificate.validity(certificate.not_after()), Validity::Valid);

    workshop.openssl(&format!("x509 -in {file} -noout -pubkey -out key.pem"));
    workshop.openssl("pkey -pubin -in key.pem -outform DER -out key.der");
    assert_eq!(certificate.public_key_der(), workshop.read("key.der"));

    let hexadecimal: String = certificate.key_identifier().iter().map(|octet| format!("{octet:02X}")).collect();
    let text = told("-text").replace(':', "");
    if let Some(identifier) = certificate.subject_key_identifier() {
        let identifier: String = identifier.iter().map(|octet| format!("{octet:02X}")).collect();
        assert!(text.contains(&identifier), "{identifier} is not in\n{text}");
        assert_eq!(identifier, hexadecimal);
    } else {
        assert!(!text.contains("Subject Key Identifier"));
    }

    // What OpenSSL writes of it is the same certificate in every wrapping.
    workshop.openssl(&format!("x509 -in {file} -outform DER -out again.der"));
    workshop.openssl(&format!("x509 -in {file} -trustout -addtrust emailProtection -out trusted.pem"));
    workshop.openssl(&format!("x509 -in {file} -text -out text.pem"));
    for again in ["again.der", "trusted.pem", "text.pem"] {
        assert_eq!(Certificate::parse(&workshop.read(again)).unwrap(), certificate, "{again}");
    }
    workshop.write("ours.pem", certificate.to_pem());
    workshop.openssl("x509 -in ours.pem -outform DER -out again.der");
    assert_eq!(workshop.read("again.der"), certificate.der());
    certificate
}

#[test]
fn every_kind_of_key_is_seen_as_openssl_sees_it() {
    let Some(workshop) = Workshop::open("read") else { return };
    for (name, key, description) in [
        ("rsa", RSA, "RSA-2048"),
        ("small", "-algorithm RSA -pkeyopt rsa_keygen_bits:1024", "RSA-1024"),
        ("tiny", "-algorithm RSA -pkeyopt rsa_keygen_bits:512", "1.2.840.113549.1.1.1 (less than 1024 bits)"),
        ("three", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3", "RSA-2048"),
        ("pss", "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", "1.2.840.113549.1.1.10"),
        ("p256", P256, "P-256"),
        ("p384", P384, "P-384"),
        ("p521", "-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "1.2.840.10045.2.1 (curve 1.3.132.0.35)"),
        ("ed25519", "-algorithm ed25519", "1.3.101.112"),
    ] {
        workshop.identity(name, key);
        let certificate = agrees(&workshop, &format!("{name}.crt"));
        assert_eq!(certificate.public_key().description(), description);
        assert_eq!(certificate.subject(), format!("CN={name}"));
    }
    let PublicKey::Rsa(key) = Certificate::parse(&workshop.read("three.crt")).unwrap().public_key().clone() else {
        panic!("not RSA")
    };
    assert_eq!(key.exponent(), 3);
}

#[test]
fn serial_numbers_of_every_length_and_sign_are_seen_as_openssl_sees_them() {
    let Some(workshop) = Workshop::open("serials") else { return };
    workshop.openssl(&format!("genpkey {P256} -out key"));
    let long = format!("0x7f{}", "ab".repeat(100));
    for serial in
        ["0", "1", "127", "128", "255", "256", "-1", "-129", "0xffffffffffffffffffffffffffffffffffffffff", &long]
    {
        workshop.openssl(&format!("req -x509 -new -key key -subj /CN=x -set_serial {serial} -out {serial}.crt"));
        agrees(&workshop, &format!("{serial}.crt"));
    }
}

#[test]
fn what_the_field_has_is_read() {
    let Some(workshop) = Workshop::open("field") else { return };
    for (name, authority) in [
        ("fleet", Authority::fleet()),
        ("newer", Authority::newer_fleet()),
        ("macos", Authority::macos("host")),
        ("escrow", Authority::escrow("Escrow")),
    ] {
        workshop.write(name, authority.certificate_pem());
        let certificate = agrees(&workshop, name);
        assert_eq!(certificate.issuer_der(), authority.issuer.encode());
        assert_eq!(certificate.serial_number(), authority.serial);
        assert_eq!(certificate.key_identifier().as_slice(), authority.key_identifier);
    }
    let fleet = Certificate::parse(&workshop.read("fleet")).unwrap();
    assert_eq!(fleet.subject(), "OU=SCEP CA,O=scep-ca,C=");
    assert_eq!(fleet.key_usage().unwrap().to_string(), "keyCertSign, cRLSign");
    assert!(!fleet.key_usage().unwrap().key_encipherment());
    let macos = Certificate::parse(&workshop.read("macos")).unwrap();
    assert_eq!(macos.subject(), "DESCRIPTION=host.local,CN=FileVault Recovery Key");
    assert_eq!(macos.key_usage(), None);
}
