//! Where is the profile inside a CMS signature?
//!
//! Profiles are delivered inside SignedData (RFC 5652 §5), in DER or, by streaming signers, in BER: this
//! finds the content and nothing else. **The signature is not verified**: who signed a profile is the
//! Mac's question; what it asks for is ours.

use super::{ProfileError, ProfileLimits};

/// Elements inside each other; SignedData needs five.
const MAX_DEPTH: usize = 16;

/// Tag octets, X.690 §8.1.2.
const OID: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const OCTET_STRINGS: u8 = 0x24;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const EXPLICIT_0: u8 = 0xA0;

/// id-signedData, RFC 5652 §5.1: 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
/// id-data, RFC 5652 §4: 1.2.840.113549.1.7.1.
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];

/// Whether these bytes begin like a CMS message.
pub(super) fn looks_signed(bytes: &[u8]) -> bool {
    bytes.first() == Some(&SEQUENCE)
}

/// The content of SignedData.
pub(super) fn content(bytes: &[u8], limits: &ProfileLimits) -> Result<Vec<u8>, ProfileError> {
    if bytes.len() > limits.bytes {
        return Err(ProfileError::Limit("is larger than the limit"));
    }
    find(bytes).ok_or(ProfileError::Syntax("neither a property list nor a CMS SignedData with one inside"))
}

fn find(bytes: &[u8]) -> Option<Vec<u8>> {
    let (content_info, after) = Element::read(bytes, MAX_DEPTH)?;
    // transports add line ends and padding; anything else is not part of the message
    if !after.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return None;
    }
    let (content_type, rest) = Element::read(content_info.inside(SEQUENCE)?, MAX_DEPTH)?;
    (content_type.inside(OID)? == SIGNED_DATA).then_some(())?;
    let (explicit, _) = Element::read(rest, MAX_DEPTH)?;
    let (signed_data, _) = Element::read(explicit.inside(EXPLICIT_0)?, MAX_DEPTH)?;
    let (version, rest) = Element::read(signed_data.inside(SEQUENCE)?, MAX_DEPTH)?;
    version.inside(INTEGER)?;
    let (digest_algorithms, rest) = Element::read(rest, MAX_DEPTH)?;
    digest_algorithms.inside(SET)?;
    let (encapsulated, _) = Element::read(rest, MAX_DEPTH)?;
    let (content_type, rest) = Element::read(encapsulated.inside(SEQUENCE)?, MAX_DEPTH)?;
    (content_type.inside(OID)? == DATA).then_some(())?;
    let (explicit, _) = Element::read(rest, MAX_DEPTH)?;
    let (octets, _) = Element::read(explicit.inside(EXPLICIT_0)?, MAX_DEPTH)?;
    let mut content = Vec::new();
    octets.collect(&mut content, MAX_DEPTH)?;
    Some(content)
}

/// One TLV, X.690 §8.1.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element and what follows it.
    fn read(bytes: &'a [u8], depth: usize) -> Option<(Self, &'a [u8])> {
        let (&tag, rest) = bytes.split_first()?;
        if tag & 0x1F == 0x1F {
            return None; // no tag of CMS is that large
        }
        let (&first, rest) = rest.split_first()?;
        match first {
            0..=0x7F => Self::definite(tag, usize::from(first), rest),
            // X.690 §8.1.3.6: until two zero octets, constructed only
            0x80 if tag & 0x20 != 0 => Self::indefinite(tag, rest, depth.checked_sub(1)?),
            0x81..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
                let length = octets.iter().fold(0_usize, |length, octet| (length << 8) | usize::from(*octet));
                Self::definite(tag, length, rest)
            }
            _ => None,
        }
    }

    fn definite(tag: u8, length: usize, rest: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (content, rest) = rest.split_at_checked(length)?;
        Some((Self { tag, content }, rest))
    }

    fn indefinite(tag: u8, bytes: &'a [u8], depth: usize) -> Option<(Self, &'a [u8])> {
        let mut rest = bytes;
        loop {
            if let Some(after) = rest.strip_prefix(&[0, 0]) {
                let length = bytes.len().checked_sub(rest.len())?;
                return Some((Self { tag, content: bytes.get(..length)? }, after));
            }
            (_, rest) = Self::read(rest, depth)?;
        }
    }

    /// The content, if it is of this type.
    fn inside(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }

    /// The octets of an OCTET STRING, in one piece or in several (X.690 §8.7.3).
    fn collect(&self, out: &mut Vec<u8>, depth: usize) -> Option<()> {
        match self.tag {
            OCTET_STRING => out.extend_from_slice(self.content),
            OCTET_STRINGS => {
                let mut rest = self.content;
                while !rest.is_empty() {
                    let (piece, after) = Self::read(rest, depth)?;
                    piece.collect(out, depth.checked_sub(1)?)?;
                    rest = after;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_lengths_and_depths_end_early() {
        for bytes in [
            vec![],
            vec![SEQUENCE],
            vec![SEQUENCE, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            vec![SEQUENCE, 0x88, 0, 0, 0, 0, 0, 0, 0, 1],
            [SEQUENCE, 0x80].repeat(1000),
            [0x24, 0x80].repeat(200_000),
            vec![0x04, 0x80, 0, 0],
            vec![0x3F, 0x01, 0x00],
        ] {
            assert_eq!(find(&bytes), None);
        }
    }
}
