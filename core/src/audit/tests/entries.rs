//! One entry: what it says, and how it is written.

use super::*;

#[test]
fn an_entry_is_read_as_it_was_written() {
    let device = Device::with_history("C02XYZ", 2, Some(&mac_key()));
    let entry = Entry::parse(device.entries[1].1.as_bytes()).unwrap();
    assert_eq!(entry.to_json(), device.entries[1].1);
    assert_eq!((entry.number(), entry.subject()), (2, device.subject.clone()));
    assert_eq!(entry.action(), &Action::KeyChecked);
    assert_eq!(entry.actor().as_str(), "server");
    assert_eq!(entry.reason().unwrap().to_string(), "routine \u{1f512} \"check\"");
    assert_eq!(entry.time(), second(1));
    assert_eq!(entry.organization(), &organization());
    assert_eq!(entry.previous(), Entry::parse(device.entries[0].1.as_bytes()).unwrap().hash());
    assert_eq!(entry.head(), device.head);
    assert_eq!(entry.references().recipients, [Digest::of(b"certificate")]);
}

#[test]
fn the_organization_has_a_chain_without_device() {
    let mut certificates = Device::new("unused");
    certificates.subject = Subject::Organization;
    certificates.record(Action::CertificateRegistered, "certificates/1", "decrypt_only", None);
    assert!(!certificates.entries[0].1.contains("\"device\""));
    assert_eq!(words(&certificates.verify(&[])), [""; 0]);
    assert_eq!(certificates.subject.to_string(), "the organization");
}

#[test]
fn an_empty_chain_is_intact_with_and_without_a_head() {
    let device = Device::new("C02XYZ");
    assert!(device.verify(&[mac_key()]).is_intact());
    let organization = organization();
    let report = ChainVerifier::new(&organization, device.subject.clone(), &[]).finish(None, None);
    assert_eq!((report.entries, report.head, report.is_intact()), (0, Head::GENESIS, true));
}

#[test]
fn members_and_words_of_a_newer_version_are_kept_and_hashed() {
    let device = Device::with_history("C02XYZ", 1, None);
    let json = device.entries[0].1.replace("key_checked", "key_engraved");
    let mut document: serde_json::Value = serde_json::from_str(&json).unwrap();
    document["weather"] = serde_json::json!({ "wind": 3 });
    document["references"]["colour"] = serde_json::json!(["red", null]);
    let entry = Entry::parse(document.to_string().as_bytes()).unwrap();
    document["hash"] = serde_json::to_value(entry.computed_hash()).unwrap();
    let mut verifier = ChainVerifier::new(entry.organization(), device.subject.clone(), &[]);
    verifier.entry(1, document.to_string().as_bytes());
    assert!(verifier.finish(Some(&Head::new(1, entry.computed_hash())), None).is_intact());
    let kept = Entry::parse(document.to_string().as_bytes()).unwrap().to_json();
    assert!(kept.contains("\"weather\":{\"wind\":3}") && kept.contains("\"colour\":[\"red\",null]"));
    assert!(kept.contains("key_engraved"));
}

#[test]
fn white_space_that_a_database_adds_is_not_tampering() {
    let mut device = Device::with_history("C02XYZ", 3, None);
    for (_, body) in &mut device.entries {
        *body = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(body).unwrap()).unwrap();
    }
    assert_eq!(words(&device.verify(&[])), [""; 0]);
}

#[test]
fn what_is_no_entry_is_refused() {
    let json = Device::with_history("C02XYZ", 1, None).entries[0].1.clone();
    let cases = [
        ("", "not JSON that has one meaning"),
        ("{}", "a member is missing or malformed"),
        (&json.replace("\"number\":1", "\"number\":1,\"number\":1"), "not JSON that has one meaning"),
        (&json.replace("\"number\":1", "\"number\":1.0"), "not JSON that has one meaning"),
        (&json.replace("\"number\":1", "\"number\":-1"), "a member is missing or malformed"),
        (&json.replace("\"version\":1", "\"version\":2"), "of a version that is not known"),
        (&json.replace("\"number\":1", "\"mac\":null,\"number\":1"), "a member is not written in its one form"),
        (&json.replace("Z\"", "+00:00\""), "a member is not written in its one form"),
        (&json.replace("\"server\"", "\"\""), "a member is missing or malformed"),
    ];
    for (body, problem) in cases {
        let error = Entry::parse(body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("not an audit entry: {problem}"), "{body}");
        assert_eq!(error.code(), crate::ErrorCode::StoreCorrupt);
    }
}

#[test]
fn a_reason_is_bounded() {
    assert_eq!(Text::new("x".repeat(1024)).unwrap().as_str().len(), 1024);
    for bad in ["", "two\nlines", &"x".repeat(1025)] {
        assert_eq!(Text::new(bad).unwrap_err().code(), crate::ErrorCode::IdInvalid);
    }
}

#[test]
fn no_two_rows_share_a_digest_by_moving_a_byte() {
    assert_ne!(row_digest([&b"ab"[..], b"c"]), row_digest([&b"a"[..], b"bc"]));
    assert_ne!(row_digest([&b"ab"[..]]), row_digest([&b"ab"[..], b""]));
}
