use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use der::{Decode, Encode, asn1::ObjectIdentifier};
use proptest::prelude::*;
use sha2::Sha256;

use super::*;
use crate::{
    envelope::certificate::{
        NewCertificate,
        tests::{Hashed, tlv},
    },
    error::ErrorCode,
};

fn secret(text: &str) -> Secret<str> {
    Secret::<str>::copy_from(text)
}

fn sequence(members: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, members.concat())
}

fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new_unwrap(text).to_der().unwrap()
}

fn integer(number: u64) -> Vec<u8> {
    number.to_der().unwrap()
}

fn p256() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::P256, &Hashed::default()).unwrap()
}

fn parse(bytes: &[u8], password: &str) -> Result<Bundle, IdentityError> {
    Bundle::parse(bytes, Some(&secret(password)))
}

/// PBKDF2 with HMAC-SHA-256 or another hash.
fn pbkdf2_parameters(iterations: &[u8], hash: &str) -> Vec<u8> {
    let prf = sequence(&[&oid(hash), &[5, 0]]);
    sequence(&[&oid("1.2.840.113549.1.5.12"), &sequence(&[&tlv(4, b"saltsalt"), iterations, &prf])])
}

fn scrypt_parameters(n: u64, r: u64, p: u64) -> Vec<u8> {
    let costs = sequence(&[&tlv(4, b"saltsalt"), &integer(n), &integer(r), &integer(p)]);
    sequence(&[&oid("1.3.6.1.4.1.11591.4.11"), &costs])
}

fn aes(oid_text: &str, iv: &[u8]) -> Vec<u8> {
    sequence(&[&oid(oid_text), &tlv(4, iv)])
}

const AES_256: &str = "2.16.840.1.101.3.4.1.42";
const SHA_256: &str = "1.2.840.113549.2.9";

/// EncryptedPrivateKeyInfo under PBES2 over bytes that are no ciphertext of anything.
fn pbes2(kdf: &[u8], cipher: &[u8]) -> Vec<u8> {
    let scheme = sequence(&[&oid("1.2.840.113549.1.5.13"), &sequence(&[kdf, cipher])]);
    sequence(&[&scheme, &tlv(4, [0x5A; 64])])
}

/// A PFX with one safe of content type Data and a MAC of so many iterations.
fn pfx(safe_contents: &[u8], iterations: &[u8], hash: &str) -> Vec<u8> {
    let data = |content: &[u8]| sequence(&[&oid("1.2.840.113549.1.7.1"), &tlv(0xA0, tlv(4, content))]);
    let digest = sequence(&[&sequence(&[&oid(hash), &[5, 0]]), &tlv(4, [0; 32])]);
    let mac = sequence(&[&digest, &tlv(4, b"saltsalt"), iterations]);
    sequence(&[&integer(3), &data(&sequence(&[&data(safe_contents)])), &mac])
}

fn bag(kind: u8, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(&format!("1.2.840.113549.1.12.10.1.{kind}")), &tlv(0xA0, value)])
}

/// A PFX without MAC.
fn open_pfx(safe_contents: &[u8]) -> Vec<u8> {
    let data = |content: &[u8]| sequence(&[&oid("1.2.840.113549.1.7.1"), &tlv(0xA0, tlv(4, content))]);
    sequence(&[&integer(3), &data(&sequence(&[&data(safe_contents)]))])
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn what_a_password_may_cost_is_refused_before_any_work() {
    let cipher = aes(AES_256, &[0; 16]);
    let hashed = |iterations: &[u8]| pbes2(&pbkdf2_parameters(iterations, SHA_256), &cipher);
    let memory_hard = |n, r, p| pbes2(&scrypt_parameters(n, r, p), &cipher);
    let shrouded = |iterations| {
        let params = sequence(&[&tlv(4, b"saltsalt"), &integer(iterations)]);
        let scheme = sequence(&[&oid("1.2.840.113549.1.12.1.3"), &params]);
        open_pfx(&sequence(&[&bag(2, &sequence(&[&scheme, &tlv(4, [0x5A; 64])]))]))
    };
    let cases = [
        hashed(&integer(10_000_001)),
        hashed(&integer(u32::MAX.into())),
        hashed(&integer(u64::MAX)),
        hashed(&tlv(2, [&[0x7F][..], &[0xFF; 100]].concat())),
        hashed(&integer(0)),
        // A key longer than the hash costs twice.
        pbes2(&pbkdf2_parameters(&integer(5_000_001), "1.2.840.113549.2.7"), &cipher),
        memory_hard(1 << 22, 8, 1),
        memory_hard(1 << 63, 8, 1),
        memory_hard(1 << 14, 65_535, 1),
        memory_hard(2, 65_535, 65_535),
        memory_hard(1 << 18, 8, 5),
        memory_hard(0, 8, 1),
        memory_hard(1, 8, 1),
        memory_hard(3, 8, 1),
        memory_hard(1 << 14, 0, 1),
        memory_hard(1 << 14, 8, 0),
        pfx(&sequence(&[]), &integer(10_000_001), "2.16.840.1.101.3.4.2.1"),
        pfx(&sequence(&[]), &integer(u64::MAX), "2.16.840.1.101.3.4.2.1"),
        shrouded(5_000_001),
        shrouded(u64::MAX),
    ];
    for (number, case) in cases.iter().enumerate() {
        // The quickest of many: that the machine was busy says nothing about the work.
        let took = (0..200)
            .map(|_| {
                let start = Instant::now();
                parse(case, "password").unwrap_err();
                start.elapsed()
            })
            .find(|took| *took < Duration::from_millis(5));
        assert!(took.is_some(), "case {number} takes more than 5 ms each time");
        let error = parse(case, "password").unwrap_err();
        assert!(
            matches!(error.code(), ErrorCode::IdentityUnsupported | ErrorCode::IdentitySyntax),
            "case {number}: {error}"
        );
    }
}

#[test]
fn everything_in_one_file_shares_one_budget() {
    let mut budget = encryption::Budget::new();
    assert_eq!(budget.charge(4_000_000), Ok(4_000_000));
    assert_eq!(budget.charge(6_000_000), Ok(6_000_000));
    let error = budget.charge(1).unwrap_err();
    assert!(error.to_string().contains("10 million"), "{error}");
}

#[test]
fn parameters_that_lie_are_refused() {
    let kdf = pbkdf2_parameters(&integer(1), SHA_256);
    for cipher in [aes(AES_256, &[0; 15]), aes("1.2.840.113549.3.7", &[0; 7]), oid(AES_256), sequence(&[&oid(AES_256)])]
    {
        assert_eq!(parse(&pbes2(&kdf, &cipher), "x").unwrap_err().code(), ErrorCode::IdentitySyntax);
    }
    let gcm = aes("2.16.840.1.101.3.4.1.46", &[0; 12]);
    assert_eq!(parse(&pbes2(&kdf, &gcm), "x").unwrap_err().code(), ErrorCode::IdentityUnsupported);
    let length = sequence(&[&tlv(4, b"salt"), &integer(1), &integer(16)]);
    let short = sequence(&[&oid("1.2.840.113549.1.5.12"), &length]);
    assert_eq!(parse(&pbes2(&short, &aes(AES_256, &[0; 16])), "x").unwrap_err().code(), ErrorCode::IdentitySyntax);
    for (kdf, text) in [
        (pbkdf2_parameters(&integer(1), "1.2.3"), "unknown hash"),
        (sequence(&[&oid("1.2.3"), &sequence(&[])]), "neither PBKDF2 nor scrypt"),
    ] {
        let error = parse(&pbes2(&kdf, &aes(AES_256, &[0; 16])), "x").unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
    // PBES1 with MD5 and DES.
    let old = sequence(&[&sequence(&[&oid("1.2.840.113549.1.5.3"), &sequence(&[])]), &tlv(4, [0; 8])]);
    assert!(parse(&old, "x").unwrap_err().to_string().contains("openssl pkcs8 -topk8"));
    let bare = sequence(&[&sequence(&[&oid("1.2.840.113549.1.5.13")]), &tlv(4, [0; 8])]);
    assert_eq!(parse(&bare, "x").unwrap_err().code(), ErrorCode::IdentitySyntax);
}

/// Peter Gutmann's vectors, which implementations of RFC 7292 §B.2 have used since: ID, password, salt, iterations, result.
#[test]
fn the_derivation_of_pkcs12_gives_what_others_get() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    for (id, password, salt, iterations, result) in [
        (kdf::KEY, "smeg", "0A58CF64530D823F", 1, "8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3"),
        (kdf::IV, "smeg", "0A58CF64530D823F", 1, "79993DFE048D3B76"),
        (kdf::KEY, "smeg", "642B99AB44FB4B1F", 1, "F3A95FEC48D7711E985CFE67908C5AB79FA3D7C5CAA5D966"),
        (kdf::MAC, "smeg", "3D83C0E4546AC140", 1, "8D967D88F6CAA9D714800AB3D48051D63F73A312"),
        (kdf::KEY, "queeg", "05DEC959ACFF72F7", 1000, "ED2034E36328830FF09DF1E1A07DD357185DAC0D4F9EB3D4"),
        (kdf::IV, "queeg", "05DEC959ACFF72F7", 1000, "11DEDAD7758D4860"),
        (kdf::MAC, "queeg", "263216FCC2FAB31C", 1000, "5EC4C7A80DF652294C3925B6489A7AB857C83476"),
    ] {
        let password = encryption::Password::new(password);
        let mut out = hex(result);
        let length = out.len();
        out.fill(0);
        kdf::pkcs12_kdf::<sha1::Sha1>(id, password.bmp(), &hex(salt), iterations, &mut out);
        assert_eq!(out[..length], hex(result), "{salt} {id}");
    }
    let mut empty = [0; 8];
    kdf::pkcs12_kdf::<Sha256>(kdf::KEY, &[], &[], 1, &mut empty);
    assert_ne!(empty, [0; 8]);
}

#[test]
fn a_key_survives_its_own_forms() {
    let (rng, password) = (Hashed::default(), secret("päss 𝄞"));
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
        let key = PrivateKey::generate(algorithm, &rng).unwrap();
        let plain = key.to_pkcs8_pem();
        let read = PrivateKey::parse_all(plain.expose().as_bytes(), None).unwrap();
        assert_eq!(read[0].public_key(), key.public_key());
        assert_eq!(read[0].to_pkcs8_pem().expose(), plain.expose());
        // Once is enough: 600,000 iterations take a debug build a second.
        if algorithm != KeyAlgorithm::P256 {
            continue;
        }
        let encrypted = key.to_encrypted_pkcs8_pem(&password, &rng).unwrap();
        assert!(encrypted.expose().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let read = PrivateKey::parse_all(encrypted.expose().as_bytes(), Some(&password)).unwrap();
        assert_eq!(read[0].to_pkcs8_pem().expose(), plain.expose());
        assert_eq!(parse(encrypted.expose().as_bytes(), "other").unwrap_err(), IdentityError::PasswordWrong);
        assert_eq!(Bundle::parse(encrypted.expose().as_bytes(), None).unwrap_err(), IdentityError::PasswordMissing);
    }
}

#[test]
fn a_key_is_never_printed() {
    let key = p256();
    let pem = key.to_pkcs8_pem();
    let Inner::P256(scalar) = key.inner() else { panic!("not P-256") };
    let scalar = format!("{:?}", scalar.to_bytes());
    let mut bundle = Bundle::parse(pem.expose().as_bytes(), None).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey(P-256, [redacted])");
    bundle.certificates.clear();
    for text in [format!("{key:?}"), format!("{bundle:?}"), format!("{bundle:#?}"), format!("{pem:?}")] {
        assert!(!text.contains(&scalar[1..20]) && !text.contains(&pem.expose()[40..60]), "{text}");
    }
}

#[test]
fn numbers_that_do_not_belong_together_are_refused() {
    let rng = Hashed::default();
    let rsa = PrivateKey::generate(KeyAlgorithm::Rsa2048, &rng).unwrap().to_pkcs8_der();
    let good = rsa.expose();
    let inner = pkcs8::PrivateKeyInfoRef::from_der(good).unwrap().private_key.as_bytes().to_vec();
    let fields = pkcs1::RsaPrivateKeyRef::from_der(&inner).unwrap();
    let original = [
        fields.modulus,
        fields.public_exponent,
        fields.private_exponent,
        fields.prime1,
        fields.prime2,
        fields.exponent1,
        fields.exponent2,
        fields.coefficient,
    ]
    .map(|number| number.as_bytes().to_vec());
    let build = |numbers: &[Vec<u8>; 8]| {
        let numbers: Vec<u8> =
            numbers.iter().flat_map(|number| pkcs1::UintRef::new(number).unwrap().to_der().unwrap()).collect();
        tlv(0x30, [&[2, 1, 0], numbers.as_slice()].concat())
    };
    assert!(parse(&build(&original), "").is_ok());
    // The CRT numbers are computed anew: whatever a file says of them is not used.
    for (place, refused) in [(0, true), (1, true), (2, true), (3, true), (4, true), (5, false), (7, false)] {
        let mut numbers = original.clone();
        *numbers[place].last_mut().unwrap() ^= 2;
        assert_eq!(parse(&build(&numbers), "").is_err(), refused, "number {place}");
    }
    let swap = |place: usize, number: Vec<u8>| {
        let mut numbers = original.clone();
        numbers[place] = number;
        parse(&build(&numbers), "").unwrap_err().to_string()
    };
    assert!(swap(0, vec![0x81; 64]).contains("less than 1024 bits"));
    assert!(swap(0, vec![0x81; 1025]).contains("more than 8192 bits"));
    assert!(swap(0, [vec![1], vec![0x81; 1024]].concat()).contains("more than 8192 bits"));
    assert!(swap(1, vec![0x81; 9]).contains("unusual public exponent"));
    assert!(swap(2, vec![0x81; 500]).contains("do not belong together"));
    assert!(swap(3, vec![0x81; 500]).contains("do not belong together"));
    assert!(swap(3, vec![0]).contains("do not belong together"));
    assert!(swap(3, vec![1]).contains("do not belong together"));
    // p = 1, q = n: a product that is right.
    let mut trivial = original.clone();
    trivial[3] = vec![1];
    trivial[4] = original[0].clone();
    assert!(parse(&build(&trivial), "").is_err());
    let three =
        [&[2, 1, 1][..], &build(&original)[7..], &sequence(&[&sequence(&[&integer(3), &integer(1), &integer(1)])])]
            .concat();
    assert!(parse(&tlv(0x30, three), "").unwrap_err().to_string().contains("more than two primes"));
}

#[test]
fn primes_of_unequal_length_are_legal() {
    use p256::elliptic_curve::bigint::{ConcatenatingMul, Resize};
    use rsa::{
        BoxedUint,
        traits::{PrivateKeyParts, PublicKeyParts},
    };
    let (rng, e) = (Hashed::default(), BoxedUint::from(65_537u64));
    let prime = |bits| rsa::PrivateKey::new(&mut CryptoRng::new(&rng), bits).unwrap().primes()[0].as_ref().clone();
    let (p, q) = (prime(2048), prime(1024));
    let (n, one) = (p.concatenating_mul(&q), BoxedUint::one());
    let phi = (&p - &one).concatenating_mul(&(&q - &one));
    let d = e.clone().resize(phi.bits_precision()).invert_mod(&phi.to_nz().unwrap()).unwrap();
    let numbers = [&n, &e, &d, &p, &q, &one, &one, &one]
        .map(|number| pkcs1::UintRef::new(&number.to_be_bytes()).unwrap().to_der().unwrap());
    let found = parse(&tlv(0x30, [&[2, 1, 0], numbers.concat().as_slice()].concat()), "").unwrap();
    let Inner::Rsa(key, public) = found.private_keys[0].inner() else { panic!("not RSA") };
    assert_eq!((key.n().as_ref(), public.bits()), (&n, 1536));
    // PKCS#8 of it is read as well.
    assert!(PrivateKey::parse_all(found.private_keys[0].to_pkcs8_pem().expose().as_bytes(), None).is_ok());
}

#[test]
fn keys_on_curves_have_to_be_consistent() {
    let key = p256();
    let (Inner::P256(scalar), PublicKey::P256(public_key)) = (key.inner(), key.public_key()) else {
        panic!("not P-256")
    };
    let scalar = tlv(4, scalar.to_bytes());
    let p256_oid = oid("1.2.840.10045.3.1.7");
    let (curve, point) = (tlv(0xA0, &p256_oid), tlv(0xA1, tlv(3, [&[0], public_key.sec1()].concat())));
    let sec1 = |members: &[&[u8]]| parse(&sequence(&[&[&integer(1), &scalar[..]][..], members].concat()), "");
    for good in [&[&curve[..]][..], &[&curve, &point]] {
        assert_eq!(sec1(good).unwrap().private_keys[0].public_key(), PublicKey::P256(public_key.clone()));
    }
    let problem = |members: &[&[u8]]| sec1(members).unwrap_err();
    assert!(problem(&[&point]).to_string().contains("does not name its curve"));
    let other = tlv(0xA0, oid("1.3.132.0.10"));
    assert!(problem(&[&other]).to_string().contains("other than P-256 and P-384"));
    let described = tlv(0xA0, sequence(&[&integer(1)]));
    assert!(problem(&[&described]).to_string().contains("named_curve"));
    let mut wrong = public_key.sec1().to_vec();
    wrong[64] ^= 1;
    let wrong = tlv(0xA1, tlv(3, [&[0], wrong.as_slice()].concat()));
    assert!(problem(&[&curve, &wrong]).to_string().contains("public half"));
    let p384 = tlv(0xA0, oid("1.3.132.0.34"));
    assert!(problem(&[&p384, &point]).to_string().contains("public half"));

    let pkcs8 = |curve: &[u8], key: &[u8]| {
        let algorithm = sequence(&[&oid("1.2.840.10045.2.1"), curve]);
        parse(&sequence(&[&integer(0), &algorithm, &tlv(4, key)]), "")
    };
    pkcs8(&p256_oid, &sequence(&[&integer(1), &scalar])).unwrap();
    assert!(
        pkcs8(&oid("1.3.132.0.34"), &sequence(&[&integer(1), &scalar, &curve]))
            .unwrap_err()
            .to_string()
            .contains("two different curves")
    );
    assert!(pkcs8(&sequence(&[]), &sequence(&[&integer(1), &scalar])).unwrap_err().to_string().contains("named_curve"));
    for scalar in [vec![0; 32], vec![0xFF; 32], vec![], vec![1; 33]] {
        assert_eq!(
            pkcs8(&p256_oid, &sequence(&[&integer(1), &tlv(4, scalar)])).unwrap_err().code(),
            ErrorCode::IdentitySyntax
        );
    }
    assert!(pkcs8(&p256_oid, b"\x30\x80").is_err());
}

#[test]
fn other_kinds_are_named_and_do_not_stop_those_that_are_understood() {
    let ed25519 = sequence(&[&integer(0), &sequence(&[&oid("1.3.101.112")]), &tlv(4, tlv(4, [7; 32]))]);
    let error = parse(&ed25519, "").unwrap_err();
    assert_eq!(error.code(), ErrorCode::IdentityUnsupported);
    let pss = sequence(&[&integer(0), &sequence(&[&oid("1.2.840.113549.1.1.10")]), &tlv(4, [0])]);
    assert!(parse(&pss, "").unwrap_err().to_string().contains("may only sign"));
    let key = p256();
    let both = format!("{}{}", armor::to_pem("PRIVATE KEY", &ed25519).as_str(), key.to_pkcs8_pem().expose());
    assert_eq!(parse(both.as_bytes(), "").unwrap().private_keys.len(), 1);
    let openssh = armor::to_pem("OPENSSH PRIVATE KEY", b"openssh-key-v1");
    assert!(parse(openssh.as_bytes(), "").unwrap_err().to_string().contains("ssh-keygen"));
    let traditional = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    assert!(parse(traditional.as_bytes(), "").unwrap_err().to_string().contains("openssl pkcs8 -topk8"));
}

#[test]
fn what_is_neither_is_told() {
    let text = |bytes: &[u8]| parse(bytes, "").unwrap_err().to_string();
    assert!(text(b"").contains("empty"));
    assert!(text(b"hello, world").contains("neither DER nor PEM nor base64"));
    assert!(text(&integer(5)).contains("none of PKCS#1"));
    assert!(text(&sequence(&[&integer(5)])).contains("none of PKCS#1"));
    assert!(text(&[0x30, 0x80, 2, 1, 5, 0, 0]).contains("none of PKCS#1"));
    assert!(
        text(b"-----BEGIN PUBLIC KEY-----\nMAMC\n-----END PUBLIC KEY-----")
            .contains("neither private key nor certificate")
    );
    assert!(text(&vec![b'\n'; 1024 * 1024 + 1]).contains("larger than 1 MiB"));
    let key = p256().to_pkcs8_der();
    assert!(text(&[key.expose(), b"x"].concat()).contains("something follows it"));
    let (certificate, _) = certificate(&Hashed::default());
    assert_eq!(
        PrivateKey::parse_all(certificate.der(), None).unwrap_err().to_string(),
        "not a private key: there is no private key in the input"
    );
}

fn certificate(rng: &Hashed) -> (Certificate, PrivateKey) {
    let (from, to) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap());
    NewCertificate::new("CN=x", KeyAlgorithm::P256, from, to).unwrap().generate(rng).unwrap()
}

#[test]
fn bags_of_every_kind_are_read_or_passed_over() {
    let (certificate, key) = certificate(&Hashed::default());
    let key_der = key.to_pkcs8_der();
    let x509 =
        |kind: u8, der: &[u8]| sequence(&[&oid(&format!("1.2.840.113549.1.9.22.{kind}")), &tlv(0xA0, tlv(4, der))]);
    let attributes = tlv(0x31, sequence(&[&oid("1.2.840.113549.1.9.20"), &tlv(0x31, tlv(0x1E, [0, 0x41]))]));
    let named = sequence(&[&oid("1.2.840.113549.1.12.10.1.1"), &tlv(0xA0, key_der.expose()), &attributes]);
    let nested = bag(6, &sequence(&[&bag(3, &x509(1, certificate.der()))]));
    let sdsi = bag(3, &x509(2, b"sdsi"));
    let crl = bag(4, &sequence(&[]));
    let contents = sequence(&[&named, &nested, &sdsi, &crl]);
    let found = Bundle::parse(&open_pfx(&contents), None).unwrap();
    assert_eq!(found.certificates, [certificate]);
    assert!(found.private_keys[0].matches(&found.certificates[0]));

    let mut deep = sequence(&[]);
    for _ in 0..6 {
        deep = sequence(&[&bag(6, &deep)]);
    }
    for bad in [
        open_pfx(&deep),
        open_pfx(b"\x05\x00"),
        open_pfx(&sequence(&[&bag(3, b"\x05\x00")])),
        open_pfx(&sequence(&[&bag(2, b"\x05\x00")])),
    ] {
        assert_eq!(Bundle::parse(&bad, None).unwrap_err(), IdentityError::Syntax("malformed PKCS#12"));
    }
    let of_type = |kind: u8, content: &[u8]| {
        sequence(&[&integer(3), &sequence(&[&oid(&format!("1.2.840.113549.1.7.{kind}")), content])])
    };
    assert!(parse(&of_type(2, &tlv(0xA0, sequence(&[]))), "").unwrap_err().to_string().contains("signed"));
    assert!(parse(&of_type(3, &tlv(0xA0, sequence(&[]))), "").unwrap_err().to_string().contains("malformed"));
    assert!(parse(&of_type(1, &[]), "").unwrap_err().to_string().contains("malformed"));
    let enveloped = sequence(&[&oid("1.2.840.113549.1.7.3"), &tlv(0xA0, sequence(&[]))]);
    let safe = sequence(&[
        &integer(3),
        &sequence(&[&oid("1.2.840.113549.1.7.1"), &tlv(0xA0, tlv(4, sequence(&[&enveloped])))]),
    ]);
    assert!(parse(&safe, "").unwrap_err().to_string().contains("encrypted to a public key"));
}

#[test]
fn the_check_of_a_pkcs12_file_is_done_with_every_hash() {
    let check = |hash: &str| Bundle::parse(&pfx(&sequence(&[]), &integer(1), hash), None);
    for hash in [
        "1.3.14.3.2.26",
        "2.16.840.1.101.3.4.2.4",
        "2.16.840.1.101.3.4.2.1",
        "2.16.840.1.101.3.4.2.2",
        "2.16.840.1.101.3.4.2.3",
    ] {
        assert_eq!(check(hash).unwrap_err(), IdentityError::PasswordMissing, "{hash}");
        assert_eq!(parse(&pfx(&sequence(&[]), &[], hash), "x").unwrap_err(), IdentityError::PasswordWrong, "{hash}");
    }
    assert!(check("1.2.840.113549.2.5").unwrap_err().to_string().contains("unknown hash"));
}

#[test]
fn keys_and_certificates_from_several_files_find_each_other() {
    let rng = Hashed::default();
    let ((one, one_key), (two, two_key)) = (certificate(&rng), certificate(&rng));
    let bundle = |bytes: &[u8]| Bundle::parse(bytes, None).unwrap();
    let files = || {
        vec![
            bundle(two_key.to_pkcs8_pem().expose().as_bytes()),
            bundle(format!("{}{}", one.to_pem(), one_key.to_pkcs8_pem().expose()).as_bytes()),
            bundle(two.der()),
        ]
    };
    let paired = pair(files()).unwrap();
    let found: Vec<_> = paired.iter().map(|(_, certificates)| certificates.as_slice()).collect();
    assert_eq!(found, [&[two.clone()][..], std::slice::from_ref(&one)]);
    // The same files once more change nothing.
    assert_eq!(pair(files().into_iter().chain(files())).unwrap().len(), 2);

    let alone = pair([bundle(one_key.to_pkcs8_pem().expose().as_bytes())]).unwrap();
    assert!(alone[0].1.is_empty());
    assert!(pair([bundle(one.der())]).unwrap().is_empty());
    assert!(pair([]).unwrap().is_empty());
    let strangers = pair([bundle(one_key.to_pkcs8_pem().expose().as_bytes()), bundle(two.der())]).unwrap_err();
    assert_eq!(strangers.code(), ErrorCode::IdentityMismatch);
}

#[test]
fn an_algorithm_is_named_by_one_word() {
    for algorithm in KeyAlgorithm::ALL {
        assert_eq!(algorithm.to_string().parse(), Ok(*algorithm));
    }
    assert!("rsa-1024".parse::<KeyAlgorithm>().is_err());
}

/// One for all cases: in a debug build each takes milliseconds to make.
static IDENTITY: LazyLock<(Certificate, PrivateKey)> = LazyLock::new(|| certificate(&Hashed::default()));

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn changed_files_are_read_or_refused(at: prop::sample::Index, octet: u8, which in 0usize..4) {
        let (certificate, key) = &*IDENTITY;
        let key = key.to_pkcs8_der();
        let shrouded = pbes2(&pbkdf2_parameters(&integer(2), SHA_256), &aes(AES_256, &[0; 16]));
        let contents = sequence(&[&bag(1, key.expose()), &bag(2, &shrouded)]);
        let mut file = match which {
            0 => key.expose().to_vec(),
            1 => shrouded,
            2 => open_pfx(&contents),
            _ => [certificate.to_pem().as_bytes(), armor::to_pem("PRIVATE KEY", key.expose()).as_bytes()].concat(),
        };
        let at = at.index(file.len());
        file[at] = octet;
        let _ = Bundle::parse(&file, None);
        let _ = Bundle::parse(&file[..at], None);
    }
}
