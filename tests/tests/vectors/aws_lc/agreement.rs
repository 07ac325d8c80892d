//! ECDH: Wycheproof's points and keys, and the forms a point may have.

use aes_kw::{AesKw, KeyInit};
use fdescrow::envelope::{HashAlgorithm, KeyAlgorithm, identity::WrappedKey};
use fdescrow_tests::generator::asn1::Node;
use sha2::{Digest, Sha256};
use wycheproof::{
    TestResult,
    ecdh::{Test, TestName, TestSet},
};

use super::Pair;

const INFO: &[u8] = b"any shared information";
const CONTENT_KEY: [u8; 32] = [0x5a; 32];
const ALGORITHM: KeyAlgorithm = KeyAlgorithm::Ecdh { cofactor: false, kdf: HashAlgorithm::Sha256, wrap_bits: 256 };

/// The octets of a scalar and of a coordinate, and the curve's object identifier.
const CURVES: [(usize, &str, TestName, TestName); 2] = [
    (32, "1.2.840.10045.3.1.7", TestName::EcdhSecp256r1Ecpoint, TestName::EcdhSecp256r1),
    (48, "1.3.132.0.34", TestName::EcdhSecp384r1Ecpoint, TestName::EcdhSecp384r1),
];

/// ECPrivateKey, RFC 5915 §3, of an integer of any length.
fn pair(scalar: &[u8], size: usize, curve: &str) -> Pair {
    let mut octets = vec![0; size];
    for (octet, from) in octets.iter_mut().rev().zip(scalar.iter().rev()) {
        *octet = *from;
    }
    let key = [Node::integer([1]), Node::octet_string(octets), Node::explicit(0, Node::oid(curve))];
    Pair::of(&Node::sequence(key).encode())
}

/// Whether both make the content key of this point, which was wrapped under this shared secret. They agree in any case.
fn opens(pair: &Pair, point: &[u8], shared: &[u8]) -> bool {
    // RFC 5753 §3.1 with X9.63, by the book
    let key = Sha256::digest([shared, &[0, 0, 0, 1], INFO].concat());
    let mut encrypted = vec![0; 40];
    AesKw::<aes::Aes256>::new_from_slice(&key).unwrap().wrap_key(&CONTENT_KEY, &mut encrypted).unwrap();
    let wrapped = WrappedKey::agreed(&ALGORITHM, &encrypted, point, INFO, CONTENT_KEY.len());
    pair.unwrap(&wrapped) == CONTENT_KEY
}

fn tests(set: TestName) -> impl Iterator<Item = Test> {
    TestSet::load(set).unwrap().test_groups.into_iter().flat_map(|group| group.tests)
}

/// The subjectPublicKey of a SubjectPublicKeyInfo, whatever stands beside it.
fn point_of(subject_public_key_info: &[u8]) -> Option<Vec<u8>> {
    let bits = Node::parse(subject_public_key_info)?.children().get(1)?.content();
    bits.split_first().map(|(_, point)| point.to_vec())
}

#[test]
fn wycheproof_points_and_keys_are_answered_alike_counted() {
    let (mut alike, mut opened, mut skipped) = (0, 0, 0);
    for (size, curve, points, keys) in CURVES {
        let points = tests(points).map(|test| (Some(test.public_key.to_vec()), test));
        let keys = tests(keys).map(|test| (point_of(&test.public_key), test));
        for (point, test) in points.chain(keys) {
            let Some(point) = point else {
                assert_ne!(test.result, TestResult::Valid, "test {}", test.tc_id);
                skipped += 1;
                continue;
            };
            let answer = opens(&pair(&test.private_key, size, curve), &point, &test.shared_secret);
            assert!(answer || test.result != TestResult::Valid, "test {} {}", test.tc_id, test.comment);
            opened += usize::from(answer);
            alike += 1;
        }
    }
    println!("ECDH: {alike} answered alike, {opened} with the content key, {skipped} without any point");
    assert_eq!((alike, opened, skipped), (2618, 2464, 186));
}

#[test]
fn a_point_is_read_in_the_forms_of_rfc_5480_and_in_no_other_counted() {
    let mut forms = [0; 9];
    for (size, curve, _, keys) in CURVES {
        for test in tests(keys).filter(|test| test.result == TestResult::Valid).take(8) {
            let pair = pair(&test.private_key, size, curve);
            let point = point_of(&test.public_key).unwrap();
            assert_eq!((point[0], point.len()), (4, 1 + 2 * size));
            let (x, y) = point[1..].split_at(size);
            let odd = y[size - 1] & 1;
            let with = |tag: u8, coordinates: &[u8]| [&[tag], coordinates].concat();
            let mut off = point.clone();
            off[2 * size] ^= 1;
            for (form, opened, octets) in [
                (0, true, point.clone()),
                (1, true, with(2 | odd, x)),
                // the other root: its shared secret is the same x-coordinate
                (2, true, with(2 | (odd ^ 1), x)),
                (3, false, off),
                // hybrid, compact, infinity, coordinates alone
                (4, false, with(6 | odd, &point[1..])),
                (5, false, with(5, x)),
                (6, false, vec![0]),
                (7, false, point[1..].to_vec()),
                // a SubjectPublicKeyInfo
                (8, false, test.public_key.to_vec()),
            ] {
                assert_eq!(opens(&pair, &octets, &test.shared_secret), opened, "form {form}, test {}", test.tc_id);
                forms[form] += 1;
            }
            for cut in [0, 1, size, 2 * size] {
                assert!(!opens(&pair, &point[..cut], &test.shared_secret));
            }
        }
    }
    println!("points of P-256 and P-384: 9 forms, 3 of them read, {} times each", forms[0]);
    assert!(forms.iter().all(|count| *count == 16), "{forms:?}");
}
