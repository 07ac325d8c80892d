//! Any bytes as certificates. What is read is kept octet for octet, and what is shown of it is short and
//! harmless.
#![no_main]

use fdescrow::envelope::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(certificates) = Certificate::parse_all(data) else { return };
    assert_eq!(Certificate::parse(data).as_ref().ok(), certificates.first());
    for certificate in &certificates {
        let again = Certificate::from_der(certificate.der()).expect("the DER of a certificate is one");
        assert_eq!((&again, again.fingerprint()), (certificate, certificate.fingerprint()));
        assert_eq!(Certificate::parse(certificate.to_pem().as_bytes()).as_ref(), Ok(certificate));
        for text in [certificate.subject(), certificate.issuer()] {
            // 512 characters, each of which may be escaped.
            assert!(text.chars().count() <= 512 * 12 && !text.chars().any(char::is_control), "{text:?}");
        }
        let _ = (certificate.key_usage(), certificate.public_key().description(), certificate.key_identifier());
        let _ = certificate.validity(certificate.not_before());
        let der = certificate.der();
        for part in [certificate.issuer_der(), certificate.serial_number(), certificate.public_key_der()] {
            assert!(!part.is_empty() && der.windows(part.len()).any(|window| window == part));
        }
    }
});
