//! Does OpenSSL take what we make?

use fdescrow::Timestamp;
use fdescrow::envelope::private_key::KeyAlgorithm;
use fdescrow::envelope::{Certificate, NewCertificate, PrivateKey};
use fdescrow_identities::SystemRandomness;

use super::{Workshop, secret};

const DAY: i64 = 86_400;

fn generate(algorithm: KeyAlgorithm) -> (Certificate, PrivateKey) {
    // The time is OpenSSL's own to judge by, so that it has to be the true one.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let now = Timestamp::from_unix_seconds(i64::try_from(now).unwrap()).unwrap();
    let subject = "CN=Escrow 2026,OU=IT \\+ Security,O=Exämple\\, Inc.,C=DE";
    NewCertificate::new(subject, algorithm, now.saturating_add(-DAY), now.saturating_add(30 * 365 * DAY))
        .unwrap()
        .generate(&SystemRandomness::new())
        .unwrap()
}

fn openssl_takes(algorithm: KeyAlgorithm, expected: &[&str]) {
    let Some(workshop) = Workshop::open("generated") else { return };
    let (certificate, key) = generate(algorithm);
    workshop.write("escrow.crt", certificate.to_pem());
    workshop.write("escrow.key", key.to_pkcs8_pem().expose());

    let text = workshop.openssl("x509 -in escrow.crt -noout -text -nameopt RFC2253,-esc_msb,utf8");
    let common = [
        "Version: 3 (0x2)",
        "Subject: CN=Escrow 2026,OU=IT \\+ Security,O=Exämple\\, Inc.,C=DE",
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "X509v3 Key Usage: critical\n",
        "X509v3 Subject Key Identifier: \n",
    ];
    for part in common.iter().chain(expected) {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_eq!(text.matches("X509v3 ").count() - text.matches("X509v3 extensions").count(), 3, "{text}");
    assert_eq!(workshop.openssl("verify -CAfile escrow.crt escrow.crt"), "escrow.crt: OK\n");

    workshop.openssl("pkey -in escrow.key -check -noout");
    assert_eq!(workshop.public("escrow.key"), certificate.public_key_der());
    assert_eq!(certificate.public_key().key_identifier(), Some(certificate.key_identifier()));
    assert_eq!(certificate.public_key().description().to_lowercase(), algorithm.as_str());
    let password = secret("correct horse");
    workshop.write("sealed.key", key.to_encrypted_pkcs8_pem(&password, &SystemRandomness::new()).unwrap().expose());
    workshop.write("password", password.expose());
    workshop.openssl("pkey -in sealed.key -passin file:password -pubout -outform DER -out opened.der");
    assert_eq!(workshop.read("opened.der"), certificate.public_key_der());
    workshop.write("wrong", "incorrect horse");
    assert!(workshop.try_openssl("pkey -in sealed.key -passin file:wrong -noout").is_err());
    let scheme = workshop.openssl("asn1parse -in sealed.key");
    for part in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "INTEGER           :0927C0"] {
        assert!(scheme.contains(part), "{part} is not in\n{scheme}");
    }

    // Anything can be sealed to it, by either name of the recipient.
    workshop.write("plain", "471207-278498-422125-177177-561902-537405-468006-693451");
    for naming in ["", " -keyid"] {
        workshop.openssl(&format!(
            "cms -encrypt -binary -aes-256-cbc{naming} -outform DER -in plain -out sealed.der -recip escrow.crt"
        ));
        workshop
            .openssl("cms -decrypt -binary -inform DER -in sealed.der -out opened -inkey escrow.key -recip escrow.crt");
        assert_eq!(workshop.read("opened"), workshop.read("plain"));
    }
}

#[test]
fn openssl_takes_an_rsa_2048_certificate() {
    openssl_takes(
        KeyAlgorithm::Rsa2048,
        &["Public-Key: (2048 bit)", "sha256WithRSAEncryption", "                Key Encipherment\n"],
    );
}

#[test]
fn openssl_takes_an_rsa_3072_certificate() {
    openssl_takes(KeyAlgorithm::Rsa3072, &["Public-Key: (3072 bit)", "sha256WithRSAEncryption"]);
}

#[test]
fn openssl_takes_an_rsa_4096_certificate() {
    openssl_takes(KeyAlgorithm::Rsa4096, &["Public-Key: (4096 bit)", "sha256WithRSAEncryption"]);
}

#[test]
fn openssl_takes_a_p256_certificate() {
    openssl_takes(KeyAlgorithm::P256, &["NIST CURVE: P-256", "ecdsa-with-SHA256", "                Key Agreement\n"]);
}

#[test]
fn openssl_takes_a_p384_certificate() {
    openssl_takes(KeyAlgorithm::P384, &["NIST CURVE: P-384", "ecdsa-with-SHA384"]);
}
