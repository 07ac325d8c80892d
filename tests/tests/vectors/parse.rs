//! Messages without keys: structure is read, or refused for what it is, and inspection tells.

use fdescrow::envelope::{ContentType, Envelope, EnvelopeError, Limits, Note, Suite};

use crate::pack::{all_keys, entries, options};

#[test]
fn messages_of_aws_and_rustcrypto_parse_counted() {
    let Some(entries) = entries("cms-parse") else { return };
    let keyring = all_keys().unwrap();
    let (mut openable, mut others) = (0, 0);
    for entry in &entries {
        let envelope =
            Envelope::parse(&entry.bytes, &Limits::default()).unwrap_or_else(|error| panic!("{}: {error}", entry.file));
        let inspection = envelope.inspect(&[]);
        assert_eq!(inspection.content_type, ContentType::EnvelopedData);
        // A password or a shared key beside or in the place of a certificate: never opened, and told.
        let other = ["kekri", "multi", "pwri"].iter().any(|kind| entry.file.contains(kind));
        assert_eq!(inspection.notes.contains(&Note::OtherRecipients), other, "{}: {inspection}", entry.file);
        assert_eq!(inspection.suites.is_empty(), other, "{}: {inspection}", entry.file);
        let refusal = envelope.danger_open_raw(&keyring, &options(Suite::Legacy));
        if other {
            assert!(matches!(refusal, Err(EnvelopeError::Suite { .. })), "{}: {refusal:?}", entry.file);
            others += 1;
        } else {
            openable += 1;
        }
        if entry.file.contains("kms_") {
            // RSAES-OAEP with SHA-256, the recipient named by its key: what an enclave's own key would open.
            assert_eq!(inspection.recipients.len(), 1);
            assert!(!inspection.recipients[0].subject_key_identifier.is_empty(), "{inspection}");
            assert_eq!(inspection.recipients[0].key_algorithm, "RSAES-OAEP with SHA-256", "{inspection}");
            assert_eq!(inspection.content_algorithm, "AES-256-CBC");
        }
        let again = Envelope::parse(envelope.der(), &Limits::default()).unwrap();
        assert_eq!(again.digest(), envelope.digest(), "{}: DER stays as it is", entry.file);
    }
    println!(
        "{} of {} messages parse, {others} of them refused for their recipients",
        openable + others,
        entries.len()
    );
    assert_eq!((openable, others), (6, 3));
}
