//! Where is the profile inside a CMS signature?
//!
//! Profiles are delivered inside SignedData (RFC 5652 §5), in DER or, by streaming signers, in BER: this
//! finds the content and nothing else. **The signature is not verified**: who signed a profile is the
//! Mac's question; what it asks for is ours.

use super::{ProfileError, ProfileLimits};
use crate::envelope::{
    EnvelopeError, Limits,
    ber::{self, Reader, tag},
};

/// Elements inside each other; certificates in it need most of them.
const MAX_DEPTH: usize = 32;

/// id-signedData, RFC 5652 §5.1: 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
/// id-data, RFC 5652 §4: 1.2.840.113549.1.7.1.
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];

/// Whether these bytes begin like a CMS message.
pub(super) fn looks_signed(bytes: &[u8]) -> bool {
    bytes.first() == Some(&tag::SEQUENCE)
}

/// The content of SignedData.
pub(super) fn content(bytes: &[u8], limits: &ProfileLimits) -> Result<Vec<u8>, ProfileError> {
    let message_limits = Limits { input_bytes: limits.bytes, depth: MAX_DEPTH, ..Limits::default() };
    let found = ber::to_der(bytes, &message_limits).and_then(|der| inside(&der));
    found.map_err(|error| match error {
        EnvelopeError::Limit { what: "size" } => ProfileError::Limit("is larger than the limit"),
        EnvelopeError::Limit { .. } => ProfileError::Limit("is deeper than the limit"),
        _ => ProfileError::Syntax("neither a property list nor a CMS SignedData with one inside"),
    })
}

fn inside(der: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    // ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT ANY }, RFC 5652 §3
    let mut content_info = Reader::new(Reader::new(der).expect(tag::SEQUENCE)?.value);
    is(&mut content_info, SIGNED_DATA)?;
    let explicit = content_info.expect(tag::context_constructed(0))?;
    // SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo, … }, RFC 5652 §5.1
    let mut signed_data = Reader::new(Reader::new(explicit.value).expect(tag::SEQUENCE)?.value);
    signed_data.expect(tag::INTEGER)?;
    signed_data.expect(tag::SET)?;
    // EncapsulatedContentInfo ::= SEQUENCE { eContentType, eContent [0] EXPLICIT OCTET STRING OPTIONAL }, §5.2
    let mut encapsulated = Reader::new(signed_data.expect(tag::SEQUENCE)?.value);
    is(&mut encapsulated, DATA)?;
    let explicit = encapsulated.expect(tag::context_constructed(0))?;
    Ok(Reader::new(explicit.value).expect(tag::OCTET_STRING)?.value.to_vec())
}

fn is(reader: &mut Reader<'_>, object_identifier: &[u8]) -> Result<(), EnvelopeError> {
    let found = reader.expect(tag::OBJECT_IDENTIFIER)?.value;
    if found == object_identifier { Ok(()) } else { Err(crate::envelope::Malformed::Structure.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_messages_and_bombs_are_refused() {
        let limits = ProfileLimits::default();
        let enveloped = [0x30, 13, 0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x03, 0xA0, 0];
        for (bytes, word) in [
            (vec![0x30], "neither"),
            (enveloped.to_vec(), "neither"),
            ([0x30, 0x80].repeat(100_000), "deeper"),
            (vec![0x30; limits.bytes + 1], "larger"),
        ] {
            assert!(content(&bytes, &limits).unwrap_err().to_string().contains(word), "{word}");
        }
    }
}
