//! How do BER bytes become DER, and how are DER elements read?
//!
//! macOS, `openssl -stream`, AWS KMS and others write BER: indefinite lengths, octet strings in chunks, lengths
//! in long form. [`to_der`] rewrites exactly those (X.690 §8.1.3, §8.7.3) and copies everything else byte for
//! byte, so that what was signed or compared as DER stays the same. All work is bounded by [`Limits`] before it
//! is done.

use super::{EnvelopeError, Limits, Malformed};

/// Tag octets that CMS uses.
pub(crate) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
    /// A SEQUENCE marked primitive, which no rule of X.690 allows and Go writes.
    pub(crate) const PRIMITIVE_SEQUENCE: u8 = 0x10;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    /// `[number]`, primitive.
    pub(crate) const fn context(number: u8) -> u8 {
        0x80 | number
    }
    /// `[number]`, constructed.
    pub(crate) const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// Bit 6 of a tag octet: the contents are elements.
const CONSTRUCTED: u8 = 0x20;
/// A constructed OCTET STRING: chunks.
const CHUNKED_OCTET_STRING: u8 = tag::OCTET_STRING | CONSTRUCTED;

/// Octets to begin with where the length is not said: those of a message that macOS sealed.
const USUAL_CONTENT: usize = 512;

/// One element of DER.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    /// The first octet of the tag: its class, the constructed bit and, below 31, its number.
    pub(crate) tag: u8,
    /// The content octets.
    pub(crate) value: &'a [u8],
    /// Tag, length and content.
    pub(crate) whole: &'a [u8],
}

/// Reads elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next element, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<Element<'a>>, EnvelopeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let start = self.rest;
        let header = Header::read(start)?;
        let length = header.length.ok_or(Malformed::Encoding)?;
        let value = start.get(header.size..header.size + length).ok_or(Malformed::Truncated)?;
        let (whole, rest) = start.split_at_checked(header.size + length).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(Some(Element { tag: header.tag, value, whole }))
    }

    /// The next element, which must be there and have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, EnvelopeError> {
        match self.next()? {
            Some(element) if element.tag == tag => Ok(element),
            _ => Err(Malformed::Structure.into()),
        }
    }

    /// The next element if it has this tag; otherwise nothing is read.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, EnvelopeError> {
        if self.rest.first() == Some(&tag) { self.next() } else { Ok(None) }
    }

    /// Nothing may follow.
    pub(crate) fn finish(self) -> Result<(), EnvelopeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed::Structure.into()) }
    }
}

/// Tag and length of an element.
struct Header {
    tag: u8,
    /// Octets of the tag.
    tag_size: usize,
    /// Octets of tag and length.
    size: usize,
    /// `None` is the indefinite form.
    length: Option<usize>,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let tag = *bytes.first().ok_or(Malformed::Truncated)?;
        let mut tag_size = 1;
        if tag & 0x1f == 0x1f {
            // X.690 §8.1.2.4: the number follows in groups of seven bits. Nothing in CMS needs more than four.
            loop {
                let octet = bytes.get(tag_size).ok_or(Malformed::Truncated)?;
                tag_size += 1;
                if octet & 0x80 == 0 {
                    break;
                }
                if tag_size > 4 {
                    return Err(Malformed::Encoding.into());
                }
            }
        }
        let first = *bytes.get(tag_size).ok_or(Malformed::Truncated)?;
        let mut size = tag_size + 1;
        let length = match first {
            0x00..=0x7f => Some(usize::from(first)),
            0x80 => None,
            _ => {
                // X.690 §8.1.3.5; leading zeros are allowed in BER, and counted against the octets at hand.
                let count = usize::from(first & 0x7f);
                let octets = bytes.get(size..size + count).ok_or(Malformed::Truncated)?;
                size += count;
                let mut length = 0usize;
                for octet in octets {
                    length = length.checked_mul(256).ok_or(Malformed::Truncated)? | usize::from(*octet);
                }
                if length > bytes.len() {
                    return Err(Malformed::Truncated.into());
                }
                Some(length)
            }
        };
        Ok(Self { tag, tag_size, size, length })
    }
}

/// The DER of the one BER element at the start of `input`; only white space and NUL may follow it.
pub(crate) fn to_der(input: &[u8], limits: &Limits) -> Result<Vec<u8>, EnvelopeError> {
    if input.len() > limits.input_bytes {
        return Err(EnvelopeError::Limit { what: "size" });
    }
    let mut der = Vec::with_capacity(input.len());
    let rest = rewrite(input, limits.depth, &mut der)?;
    // Transports pad: a trailing newline from a text file, NULs from a fixed-size column.
    if rest.iter().any(|byte| !matches!(byte, b'\0' | b'\t' | b'\n' | b'\r' | b' ')) {
        return Err(Malformed::Trailing.into());
    }
    Ok(der)
}

/// Appends the DER of the first element of `input` to `out` and gives what follows it.
fn rewrite<'a>(input: &'a [u8], depth: usize, out: &mut Vec<u8>) -> Result<&'a [u8], EnvelopeError> {
    let depth = depth.checked_sub(1).ok_or(EnvelopeError::Limit { what: "depth" })?;
    let header = Header::read(input)?;
    let tag_octets = input.get(..header.tag_size).ok_or(Malformed::Truncated)?;
    let after_header = input.get(header.size..).ok_or(Malformed::Truncated)?;
    if header.tag == 0 {
        // End-of-contents octets outside of an indefinite length.
        return Err(Malformed::Encoding.into());
    }
    if header.tag & CONSTRUCTED == 0 {
        let length = header.length.ok_or(Malformed::Encoding)?;
        let (value, rest) = after_header.split_at_checked(length).ok_or(Malformed::Truncated)?;
        write(tag_octets, value, out);
        return Ok(rest);
    }

    let chunked = header.tag == CHUNKED_OCTET_STRING;
    let mut content = Vec::with_capacity(header.length.unwrap_or(USUAL_CONTENT).min(after_header.len()));
    let mut child = |bytes: &'a [u8]| -> Result<&'a [u8], EnvelopeError> {
        if !chunked {
            return rewrite(bytes, depth, &mut content);
        }
        // X.690 §8.7.3: the chunks are octet strings; the value is their contents one after the other.
        let mut chunk = Vec::new();
        let rest = rewrite(bytes, depth, &mut chunk)?;
        content.extend_from_slice(Reader::new(&chunk).expect(tag::OCTET_STRING)?.value);
        Ok(rest)
    };
    let rest = match header.length {
        Some(length) => {
            let (mut inside, rest) = after_header.split_at_checked(length).ok_or(Malformed::Truncated)?;
            while !inside.is_empty() {
                inside = child(inside)?;
            }
            rest
        }
        None => {
            let mut inside = after_header;
            loop {
                if let Some(rest) = inside.strip_prefix(&[0, 0]) {
                    break rest;
                }
                inside = child(inside)?;
            }
        }
    };
    write(if chunked { &[tag::OCTET_STRING] } else { tag_octets }, &content, out);
    Ok(rest)
}

/// Appends an element with a length in its shortest form (X.690 §10.1).
pub(crate) fn write(tag_octets: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(tag_octets);
    let length = value.len();
    if let (Ok(short), true) = (u8::try_from(length), length < 0x80) {
        out.push(short);
    } else {
        let octets = length.to_be_bytes();
        let significant = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
        let octets = octets.get(significant..).unwrap_or_default();
        out.push(0x80 | octets.len().to_le_bytes()[0]);
        out.extend_from_slice(octets);
    }
    out.extend_from_slice(value);
}

/// An element made of the given parts.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let mut out = Vec::with_capacity(value.len() + 6);
    write(&[tag], &value, &mut out);
    out
}

/// An element whose parts are written in DER's order of a SET OF (X.690 §11.6).
pub(crate) fn set_of(tag: u8, mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(tag, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(input: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        to_der(input, &Limits::default())
    }

    #[test]
    fn der_stays_the_same_byte_for_byte() {
        let input =
            element(tag::SEQUENCE, &[&element(tag::INTEGER, &[&[0]]), &element(tag::OCTET_STRING, &[&[7; 300]])]);
        assert_eq!(der(&input).unwrap(), input);
    }

    #[test]
    fn indefinite_lengths_chunks_and_long_lengths_are_rewritten() {
        // SEQUENCE (indefinite) { OCTET STRING chunks { 01 02, chunks { 03 }, 04 }, INTEGER with a long length }
        let input = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x02, 1, 2, 0x24, 0x03, 0x04, 0x01, 3, 0x04, 0x82, 0x00, 0x01, 4, 0, 0, 0x02,
            0x81, 0x01, 9, 0, 0,
        ];
        assert_eq!(der(&input).unwrap(), [0x30, 9, 0x04, 4, 1, 2, 3, 4, 0x02, 1, 9]);
    }

    #[test]
    fn white_space_and_nul_may_follow_and_nothing_else() {
        let message = [0x30, 0x03, 0x02, 0x01, 0x05];
        let padded = [&message[..], b"\r\n\0\0 "].concat();
        assert_eq!(der(&padded).unwrap(), message);
        assert_eq!(der(&[&message[..], &[1]].concat()), Err(Malformed::Trailing.into()));
    }

    #[test]
    fn what_is_not_ber_is_refused() {
        for (input, expected) in [
            (&[0x30][..], Malformed::Truncated),
            (&[0x30, 0x05, 0x02, 0x01, 0x05], Malformed::Truncated),
            (&[0x30, 0x80, 0x02, 0x01, 0x05], Malformed::Truncated),
            (&[0x00, 0x00], Malformed::Encoding),
            // A primitive element of indefinite length.
            (&[0x04, 0x80, 0x00, 0x00], Malformed::Encoding),
            // Two to the power of 64 octets.
            (&[0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], Malformed::Truncated),
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0], Malformed::Truncated),
            // A tag number of 35 bits.
            (&[0x3f, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00], Malformed::Encoding),
            // Chunks that are no octet strings.
            (&[0x24, 0x03, 0x02, 0x01, 0x05], Malformed::Structure),
        ] {
            assert_eq!(der(input), Err(expected.into()), "{input:02x?}");
        }
    }

    #[test]
    fn depth_and_size_are_bounded_before_the_work() {
        let bomb = [[0x30, 0x80]; 20_000].concat();
        assert_eq!(der(&bomb), Err(EnvelopeError::Limit { what: "depth" }));
        assert_eq!(der(&vec![0x30; 65_537]), Err(EnvelopeError::Limit { what: "size" }));
    }
}
