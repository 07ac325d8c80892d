use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::envelope::private_key::KeyAlgorithm;

/// Blocks of SHA-256 over a counter: reproducible, and good enough to find primes with.
#[derive(Debug, Default)]
pub(crate) struct Hashed(std::sync::atomic::AtomicU64);

impl crate::random::Randomness for Hashed {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for piece in out.chunks_mut(32) {
            let count = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let block = Sha256::digest(count.to_be_bytes());
            piece.copy_from_slice(&block[..piece.len()]);
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Broken;

impl crate::random::Randomness for Broken {
    fn fill(&self, _out: &mut [u8]) -> Result<(), RandomnessError> {
        Err(RandomnessError::new())
    }
}

/// A DER element.
pub(crate) fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    crate::envelope::ber::element(tag, &[content.as_ref()])
}

fn sequence(members: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, members.concat())
}

/// A Name of one attribute 2.5.4.`attribute` with a value of any string type.
fn name(attribute: u8, tag: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(0x31, sequence(&[&tlv(6, [0x55, 4, attribute]), &tlv(tag, value)]))])
}

/// The members of a certificate, each of which a test may replace.
struct Draft {
    version: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    dates: [Vec<u8>; 2],
    subject: Vec<u8>,
    key: Vec<u8>,
    extensions: Vec<u8>,
}

const EC_P256: &[u8] = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const SIGNATURE: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

fn spki(algorithm: &[u8], bits: &[u8]) -> Vec<u8> {
    sequence(&[algorithm, &tlv(3, [&[0], bits].concat())])
}

/// `octets` octets of an odd modulus that nobody has factors of.
fn rsa_spki(octets: usize, exponent: &[u8]) -> Vec<u8> {
    let mut modulus = vec![0xA5; octets];
    modulus[0] = 0x80;
    let key = sequence(&[&tlv(2, [&[0], modulus.as_slice()].concat()), &tlv(2, exponent)]);
    spki(RSA, &key)
}

fn generator(compressed: bool) -> Vec<u8> {
    use p256::elliptic_curve::{PublicKey, sec1::ToSec1Point};
    let point = PublicKey::<p256::NistP256>::from_affine(p256::AffinePoint::GENERATOR).unwrap();
    point.to_sec1_point(compressed).as_bytes().to_vec()
}

impl Draft {
    fn new() -> Self {
        Self {
            version: tlv(0xA0, [2, 1, 2]),
            serial: tlv(2, [1]),
            issuer: name(3, 0x0C, b"issuer"),
            dates: [tlv(0x17, "200101000000Z"), tlv(0x17, "300101000000Z")],
            subject: name(3, 0x0C, b"subject"),
            key: spki(EC_P256, &generator(false)),
            extensions: Vec::new(),
        }
    }

    fn der(&self) -> Vec<u8> {
        let [from, to] = &self.dates;
        let dates = sequence(&[from, to]);
        let members: [&[u8]; 8] =
            [&self.version, &self.serial, SIGNATURE, &self.issuer, &dates, &self.subject, &self.key, &self.extensions];
        sequence(&[&sequence(&members), SIGNATURE, &tlv(3, [0, 0x0A])])
    }

    fn parse(&self) -> Result<Certificate, CertificateError> {
        Certificate::parse(&self.der())
    }

    fn extend(&mut self, extensions: &[&[u8]]) {
        self.extensions = tlv(0xA3, sequence(extensions));
    }
}

const SKI: [u8; 3] = [0x55, 0x1D, 0x0E];
const USAGE: [u8; 3] = [0x55, 0x1D, 0x0F];

fn extension(oid: [u8; 3], flag: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(6, oid), flag, &tlv(4, value)])
}

fn syntax(result: Result<Certificate, CertificateError>) -> &'static str {
    match result {
        Err(CertificateError::Syntax(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn serial_numbers_are_kept_as_they_are_encoded() {
    let long = [0x7F; 200];
    for serial in [&[0][..], &[1], &[0x80], &[0xFF, 0x7F], &[0, 0x80], &[0, 0, 1], &[0; 21], &long] {
        let certificate = Draft { serial: tlv(2, serial), ..Draft::new() }.parse().unwrap();
        assert_eq!(certificate.serial_number(), serial);
    }
    Draft { serial: tlv(2, []), ..Draft::new() }.parse().unwrap_err();
}

#[test]
fn names_may_be_empty_unsorted_or_odd_and_are_kept_byte_for_byte() {
    let unsorted = tlv(
        0x30,
        tlv(
            0x31,
            [
                sequence(&[&tlv(6, [0x55, 4, 10]), &tlv(0x0C, "zzzzzz")]),
                sequence(&[&tlv(6, [0x55, 4, 3]), &tlv(0x0C, "a")]),
            ]
            .concat(),
        ),
    );
    let names = [
        (sequence(&[]), ""),
        (name(3, 0x13, b""), "CN="),
        (name(13, 0x0C, b"what it is for"), "DESCRIPTION=what it is for"),
        (name(3, 0x0C, "Müller, \"x\"".as_bytes()), "CN=Müller\\, \\\"x\\\""),
        (name(3, 0x1E, &[0, 0x41]), "2.5.4.3=#1e020041"),
        (unsorted, "CN=a+O=zzzzzz"),
    ];
    for (name, text) in names {
        let certificate = Draft { issuer: name.clone(), subject: name.clone(), ..Draft::new() }.parse().unwrap();
        assert_eq!(certificate.issuer_der(), name);
        assert_eq!(certificate.subject_der(), name);
        assert_eq!(certificate.issuer(), text);
        assert_eq!(certificate.subject(), text);
    }
}

#[test]
fn the_text_of_a_name_does_nothing_to_a_terminal() {
    let hostile = "a\u{1b}[31m\r\n\0\u{202e}\u{200b}\u{9b}\u{feff}z";
    let certificate = Draft { subject: name(3, 0x0C, hostile.as_bytes()), ..Draft::new() }.parse().unwrap();
    let text = certificate.subject();
    assert!(text.chars().all(|character| character.is_ascii_graphic()), "{text:?}");
    assert!(text.starts_with("CN=a\\1b[31m\\0d\\0a\\00\\e2\\80\\ae"), "{text}");
    let long = Draft { subject: name(3, 0x0C, &[b'x'; 60_000]), ..Draft::new() }.parse().unwrap();
    assert_eq!(long.subject().chars().count(), 513);
    assert!(long.subject().ends_with('…'));
    assert!(format!("{long:?}").len() < 1000);
}

#[test]
fn dates_are_read_in_both_forms_and_held_within_bounds() {
    let read = |tag, text: &str| {
        let draft = Draft { dates: [tlv(tag, text), tlv(0x17, "491231235959Z")], ..Draft::new() };
        draft.parse().map(|certificate| certificate.not_before().to_string())
    };
    assert_eq!(read(0x17, "500101000000Z").unwrap(), "1950-01-01T00:00:00Z");
    assert_eq!(read(0x17, "2001010000Z").unwrap(), "2020-01-01T00:00:00Z");
    assert_eq!(read(0x18, "99991231235959Z").unwrap(), "9999-12-31T23:59:59Z");
    assert_eq!(read(0x18, "00000101000000Z").unwrap(), "0001-01-01T00:00:00Z");
    assert_eq!(read(0x18, "20200101000000.5Z").unwrap(), "2020-01-01T00:00:00Z");
    for (tag, text) in [
        (0x17, ""),
        (0x17, "Z"),
        (0x17, "200101000000"),
        (0x17, "200101000000+0100"),
        (0x17, "201301000000Z"),
        (0x17, "200230000000Z"),
        (0x17, "20010100000xZ"),
        (0x18, "2020010100000066Z"),
        (0x18, "20200101000000.xZ"),
        (0x17, "\u{fc}00101000000Z"),
        (0x0C, "200101000000Z"),
    ] {
        assert_eq!(
            read(tag, text).unwrap_err(),
            CertificateError::Syntax("its validity dates are malformed"),
            "{text}"
        );
    }
    let certificate = Draft::new().parse().unwrap();
    let at = |text: &str| certificate.validity(text.parse().unwrap());
    assert_eq!(at("2019-12-31T23:59:59Z"), Validity::NotYetValid);
    assert_eq!(at("2020-01-01T00:00:00Z"), Validity::Valid);
    assert_eq!(at("2030-01-01T00:00:00Z"), Validity::Valid);
    assert_eq!(at("2030-01-01T00:00:01Z"), Validity::Expired);
}

#[test]
fn extensions_are_looked_at_no_closer_than_needed() {
    let mut draft = Draft { version: Vec::new(), ..Draft::new() };
    let bare = draft.parse().unwrap();
    assert_eq!((bare.subject_key_identifier(), bare.key_usage()), (None, None));
    assert_eq!(Some(bare.key_identifier()), bare.public_key().key_identifier());

    // A flag that is neither true nor false in DER, an extension that is none, and a second identifier.
    draft.extend(&[
        &extension([0x55, 0x1D, 0x7F], &[1, 1, 1], b"?"),
        &extension(SKI, &[], &tlv(4, b"first")),
        &extension(SKI, &[], &tlv(4, b"second")),
        &extension(USAGE, &[1, 1, 0xFF], &[3, 2, 4, 0x30]),
    ]);
    let certificate = draft.parse().unwrap();
    assert_eq!(certificate.subject_key_identifier(), Some(&b"first"[..]));
    let usage = certificate.key_usage().unwrap();
    assert_eq!(usage.to_string(), "keyEncipherment, dataEncipherment");
    assert!(usage.key_encipherment() && usage.data_encipherment());
    assert!(!usage.key_agreement() && !usage.digital_signature());

    draft.extend(&[&extension(SKI, &[], b"no octet string"), &extension(USAGE, &[], b"")]);
    let certificate = draft.parse().unwrap();
    assert_eq!((certificate.subject_key_identifier(), certificate.key_usage()), (None, None));

    draft.extend(&[b"\x30\x03\x02\x01\x00"]);
    assert_eq!(syntax(draft.parse()), "its extensions are malformed");
}

#[test]
fn public_keys_of_every_kind_are_named() {
    let key = |key: Vec<u8>| Draft { key, ..Draft::new() }.parse().map(|certificate| certificate.public_key().clone());
    let described = |spki: Vec<u8>| key(spki).unwrap().description();

    let PublicKey::P256(point) = key(spki(EC_P256, &generator(true))).unwrap() else { panic!("not P-256") };
    assert_eq!(point.sec1(), generator(false));
    assert_eq!(format!("{point:?}"), "P256PublicKey(P-256)");
    let mut off = generator(false);
    off[64] ^= 1;
    assert_eq!(
        key(spki(EC_P256, &off)).unwrap_err(),
        CertificateError::Syntax("its public key is not a point of its curve")
    );
    key(spki(EC_P256, &[0])).unwrap_err();

    let PublicKey::Rsa(rsa) = key(rsa_spki(256, &[1, 0, 1])).unwrap() else { panic!("not RSA") };
    assert_eq!((rsa.bits(), rsa.exponent(), rsa.modulus().len()), (2048, 65537, 256));
    assert_eq!(format!("{rsa:?}"), "RsaPublicKey(2048 bits, exponent 65537)");
    assert_eq!(described(rsa_spki(128, &[3])), "RSA-1024");
    assert_eq!(described(rsa_spki(1024, &[3])), "RSA-8192");
    assert_eq!(described(rsa_spki(64, &[3])), "1.2.840.113549.1.1.1 (less than 1024 bits)");
    assert_eq!(described(rsa_spki(1025, &[3])), "1.2.840.113549.1.1.1 (more than 8192 bits)");
    assert_eq!(described(rsa_spki(20_000, &[3])), "1.2.840.113549.1.1.1 (more than 8192 bits)");
    for exponent in [&[0][..], &[1], &[2], &[2, 0, 0, 0, 1], &[1, 0, 0, 0, 0, 0, 0, 0, 1]] {
        assert_eq!(described(rsa_spki(256, exponent)), "1.2.840.113549.1.1.1 (unusual exponent)");
    }
    let even = sequence(&[&tlv(2, [&[0][..], &[0x80; 256]].concat()), &tlv(2, [3])]);
    assert_eq!(described(spki(RSA, &even)), "1.2.840.113549.1.1.1 (even modulus)");
    key(spki(RSA, b"junk")).unwrap_err();

    let p521 = sequence(&[&tlv(6, b"\x2a\x86\x48\xce\x3d\x02\x01"), &tlv(6, b"\x2b\x81\x04\x00\x23")]);
    assert_eq!(described(spki(&p521, b"point")), "1.2.840.10045.2.1 (curve 1.3.132.0.35)");
    let unnamed = sequence(&[&tlv(6, b"\x2a\x86\x48\xce\x3d\x02\x01"), &sequence(&[])]);
    assert_eq!(described(spki(&unnamed, b"point")), "1.2.840.10045.2.1 (curve without a name)");
    let ed25519 = key(spki(&sequence(&[&tlv(6, b"\x2b\x65\x70")]), &[7; 32])).unwrap();
    assert_eq!(ed25519.description(), "1.3.101.112");
    assert_eq!(ed25519.key_identifier(), None);
    assert!(key(sequence(&[EC_P256, &tlv(3, [1, 2])])).is_err());
}

#[test]
fn what_is_no_certificate_is_told() {
    let der = Draft::new().der();
    assert_eq!(syntax(Certificate::parse(b"")), "the input is empty");
    assert_eq!(syntax(Certificate::parse(b"hello, world")), "the input is neither DER nor PEM nor base64");
    assert_eq!(syntax(Certificate::parse(&der[..der.len() - 1])), "it is not DER");
    assert_eq!(syntax(Certificate::parse(&tlv(0x30, [2, 1, 5]))), "it is not the DER of an X.509 certificate");
    assert_eq!(syntax(Certificate::parse(&[&der[..], b"more"].concat())), "it is not DER");
    assert_eq!(syntax(Certificate::parse(&vec![b' '; MAX_INPUT + 1])), "the input is larger than 1 MiB");
    let large = Draft { subject: name(3, 0x0C, &[b'x'; 65_500]), ..Draft::new() };
    assert_eq!(syntax(large.parse()), "it is larger than 64 KiB");
    let followed = armor::to_pem("CERTIFICATE", &[&der[..], b"more"].concat());
    assert_eq!(syntax(Certificate::parse(followed.as_bytes())), "something follows it");
    let key = armor::to_pem("PUBLIC KEY", &der);
    assert_eq!(syntax(Certificate::parse(key.as_bytes())), "there is no CERTIFICATE block in the input");
    assert_eq!(CertificateError::Syntax("x").code(), ErrorCode::CertificateSyntax);
    let odd = Draft { issuer: tlv(0x31, []), ..Draft::new() };
    assert_eq!(syntax(odd.parse()), "its issuer or subject is malformed");
}

#[test]
fn certificates_are_found_in_every_wrapping() {
    let one = Draft::new().parse().unwrap();
    // The signature ends in a line feed, which is no white space here.
    assert_eq!(one.der().last(), Some(&0x0A));
    let two = Draft { serial: tlv(2, [2]), ..Draft::new() }.parse().unwrap();
    let all = [one.clone(), two.clone()];

    let mut chain = format!("bag attributes\n{}", armor::to_pem("RSA PRIVATE KEY", b"none of our business").as_str());
    write!(chain, "subject=x\n{}{}", one.to_pem(), armor::to_pem("X509 CERTIFICATE", two.der()).as_str()).unwrap();
    assert_eq!(Certificate::parse(chain.as_bytes()).unwrap(), one);
    assert_eq!(Certificate::parse_all(chain.as_bytes()).unwrap(), all);

    let concatenated = [one.der(), two.der(), b"\r\n\0"].concat();
    assert_eq!(Certificate::parse(&concatenated).unwrap(), one);
    assert_eq!(Certificate::parse_all(&concatenated).unwrap(), all);

    let base64: String = one.to_pem().lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(Certificate::parse(base64.as_bytes()).unwrap(), one);
    let trusted = armor::to_pem("TRUSTED CERTIFICATE", &[one.der(), &sequence(&[])].concat());
    assert_eq!(Certificate::parse(trusted.as_bytes()).unwrap(), one);

    assert_eq!(one.fingerprint().as_bytes(), Sha256::digest(one.der()).as_slice());
    assert_ne!(one, two);
    assert_eq!(std::collections::HashSet::from([one.clone(), one, two]).len(), 2);
}

fn new(subject: &str) -> Result<NewCertificate, CertificateError> {
    let (from, to) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2055-06-01T00:00:00Z".parse().unwrap());
    NewCertificate::new(subject, KeyAlgorithm::P384, from, to)
}

#[test]
fn a_generated_certificate_says_what_it_is_for() {
    let rng = Hashed::default();
    let (certificate, key) = new("CN=Escrow 2026, O=Example\\, Inc.").unwrap().generate(&rng).unwrap();
    assert!(key.matches(&certificate));
    assert_eq!(certificate.subject(), "CN=Escrow 2026,O=Example\\, Inc.");
    assert_eq!(certificate.subject_der(), certificate.issuer_der());
    assert_eq!(certificate.serial_number().len(), 16);
    assert_eq!(certificate.serial_number()[0] & 0xC0, 0x40);
    assert_eq!(certificate.subject_key_identifier(), Some(&certificate.key_identifier()[..]));
    assert_eq!(certificate.key_usage().unwrap().to_string(), "keyAgreement");
    assert_eq!(certificate.not_before().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(certificate.not_after().to_string(), "2055-06-01T00:00:00Z");
    let (other, _) = new("CN=Escrow 2026").unwrap().generate(&rng).unwrap();
    assert_ne!(other.serial_number(), certificate.serial_number());
}

#[test]
fn a_subject_that_cannot_be_is_refused() {
    for (subject, text) in [
        ("", "written as RFC 4514"),
        ("Escrow", "written as RFC 4514"),
        ("X Y=z", "written as RFC 4514"),
        ("CN=a,", "written as RFC 4514"),
        ("CN=", "empty"),
        ("C=ä", "cannot hold"),
        ("CN=\\ff", "cannot hold"),
    ] {
        let error = new(subject).unwrap_err();
        assert_eq!(error.code(), ErrorCode::CertificateUnsuitable);
        assert!(error.to_string().contains(text), "{subject:?}: {error}");
    }
    assert!(new(&format!("CN={}", "x".repeat(1022))).is_err());
    assert!(new("cn=a/b;c").is_ok());
    assert!(new("CN=x,DC=example,DC=net").is_ok());
    assert!(new("CN=x,DC=ä").is_err());
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let dates = |from, to| NewCertificate::new("CN=x", KeyAlgorithm::P256, time(from), time(to)).map(drop);
    dates("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z").unwrap();
    dates("2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z").unwrap_err();
    dates("1969-12-31T23:59:59Z", "2026-01-01T00:00:00Z").unwrap_err();
}

#[test]
fn nothing_is_made_without_randomness() {
    for algorithm in KeyAlgorithm::ALL {
        let (from, to) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap());
        let new = NewCertificate::new("CN=x", *algorithm, from, to).unwrap();
        assert_eq!(new.generate(&Broken).unwrap_err().code(), ErrorCode::RandomnessUnavailable);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_changed_certificate_is_read_or_refused(at in 0usize..400, octet: u8, cut in 0usize..400) {
        let mut der = Draft::new().der();
        let at = at % der.len();
        der[at] = octet;
        if let Ok(certificate) = Certificate::parse(&der) {
            prop_assert_eq!(certificate.der(), der.as_slice());
            prop_assert!(der.windows(certificate.issuer_der().len()).any(|part| part == certificate.issuer_der()));
        }
        let _ = Certificate::parse(&der[..cut % der.len()]);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        prop_assert!(Certificate::parse_all(&bytes).is_err());
    }
}
