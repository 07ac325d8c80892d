//! Is this DER, PEM or base64, and what is in it?
//!
//! One lenient reader for certificates, keys and messages, because files have been through editors, mail and
//! consoles: text around the blocks, several blocks, lines of any width, CRLF, byte order marks (UTF-16 too:
//! PowerShell's `>` writes it), missing padding. Blocks are found first and decoded on demand, so that a
//! broken block nobody asked for does no harm. What is decoded may be a private key and is wiped when dropped.

use std::fmt;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

/// Input as it came.
pub(crate) enum Armored {
    /// Not text: DER or BER, for the caller to look at.
    Binary,
    /// Text with PEM blocks, in order; at least one.
    Pem(Vec<Block>),
    /// Text that is base64 and nothing else, decoded.
    Base64(Zeroizing<Vec<u8>>),
}

/// What is wrong with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArmorProblem {
    /// No bytes, or only white space.
    Empty,
    /// Text that is neither PEM nor base64.
    NotArmored,
    /// A PEM block without its END line, or with another label there.
    NoEnd,
    /// A PEM block holds what is not base64.
    NotBase64,
    /// More PEM blocks than [`MAX_BLOCKS`].
    TooMany,
}

impl ArmorProblem {
    /// What is wrong, to be read after the name of the thing.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "the input is empty",
            Self::NotArmored => "the input is neither DER nor PEM nor base64",
            Self::NoEnd => "a PEM block has no matching END line",
            Self::NotBase64 => "a PEM block holds characters that are not base64",
            Self::TooMany => "the input has more than 256 PEM blocks",
        }
    }
}

/// The most PEM blocks in one input.
pub(crate) const MAX_BLOCKS: usize = 256;

/// A PEM block, RFC 7468, found and not yet decoded.
pub(crate) struct Block {
    label: String,
    body: Zeroizing<Vec<u8>>,
    encrypted: bool,
}

impl fmt::Debug for Armored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Binary => f.write_str("Binary"),
            Self::Pem(blocks) => f.debug_tuple("Pem").field(blocks).finish(),
            Self::Base64(_) => f.write_str("Base64([redacted])"),
        }
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Block {
    /// The words after BEGIN.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Whether RFC 1421 headers say that the content is encrypted (`Proc-Type: 4,ENCRYPTED`), as OpenSSL's
    /// traditional private keys do.
    pub(crate) fn is_traditionally_encrypted(&self) -> bool {
        self.encrypted
    }

    /// The content.
    pub(crate) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, ArmorProblem> {
        decode_base64(&self.body).ok_or(ArmorProblem::NotBase64)
    }
}

/// Says what the input is; text is taken apart. The caller has checked the input's size.
pub(crate) fn read(input: &[u8]) -> Result<Armored, ArmorProblem> {
    let unicode = from_utf16(input);
    let input = unicode.as_deref().map_or(input, Vec::as_slice);
    let input = input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input);
    let text = trim(input);
    if text.is_empty() {
        return Err(ArmorProblem::Empty);
    }
    if !is_text(text) {
        return Ok(Armored::Binary);
    }
    let blocks = pem_blocks(text)?;
    if !blocks.is_empty() {
        return Ok(Armored::Pem(blocks));
    }
    decode_base64(text).map(Armored::Base64).ok_or(ArmorProblem::NotArmored)
}

/// Decodes base64 (RFC 4648 §4) with white space anywhere; padding and the unused bits of the last character
/// are not looked at. `None` for anything else, and for nothing.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.iter().copied().filter(|byte| !is_space(*byte)));
    if digits.is_empty() {
        return None;
    }
    let mut decoded = Zeroizing::new(vec![0; base64::decoded_len_estimate(digits.len())]);
    let length = LENIENT.decode_slice(digits.as_slice(), &mut decoded).ok()?;
    decoded.truncate(length);
    Some(decoded)
}

/// Standard base64 in lines of 64 characters between BEGIN and END, as RFC 7468 §3 writes it.
pub(crate) fn to_pem(label: &str, content: &[u8]) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(vec![0; base64::encoded_len(content.len(), true).unwrap_or(0)]);
    // The buffer has exactly the length that is needed, so that this cannot fail.
    let length = LENIENT.encode_slice(content, &mut digits).unwrap_or(0);
    let digits = digits.get(..length).unwrap_or_default();
    // Reserved whole: growing would leave pieces of a private key behind.
    let mut pem = Zeroizing::new(String::with_capacity(2 * label.len() + 34 + length + length.div_ceil(64)));
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    for line in digits.chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}

/// The bytes without white space and NUL at their end, where transports and editors leave some.
pub(crate) fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let Some((last, rest)) = bytes.split_last()
        && (is_space(*last) || *last == 0)
    {
        bytes = rest;
    }
    bytes
}

fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(bytes).trim_ascii_start()
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0B
}

/// No control characters but white space and Ctrl-Z (the end of a DOS file). Every DER or BER structure that
/// is read here has some: its tags and short lengths are control characters.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte >= 0x20 || is_space(*byte) || *byte == 0x1A)
}

/// The ASCII of text in UTF-16 with a byte order mark; other characters become `?`, which only the text
/// around a block can have.
fn from_utf16(input: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (rest, unit): (_, fn([u8; 2]) -> u16) = match input.split_at_checked(2)? {
        ([0xFF, 0xFE], rest) => (rest, u16::from_le_bytes),
        ([0xFE, 0xFF], rest) => (rest, u16::from_be_bytes),
        _ => return None,
    };
    let (units, _) = rest.as_chunks::<2>();
    let mut ascii = Zeroizing::new(Vec::with_capacity(units.len()));
    ascii.extend(units.iter().map(|pair| u8::try_from(unit(*pair)).ok().filter(u8::is_ascii).unwrap_or(b'?')));
    Some(ascii)
}

/// Finds every block. A BEGIN inside of a line counts too: whole blocks get pasted into one line.
fn pem_blocks(text: &[u8]) -> Result<Vec<Block>, ArmorProblem> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = split_once(rest, b"-----BEGIN ") {
        let Some((label, body, after)) = split_block(after) else {
            return Err(ArmorProblem::NoEnd);
        };
        if blocks.len() == MAX_BLOCKS {
            return Err(ArmorProblem::TooMany);
        }
        let (encrypted, body) = split_headers(body);
        blocks.push(Block { label, body: Zeroizing::new(body.to_vec()), encrypted });
        rest = after;
    }
    Ok(blocks)
}

fn split_block(text: &[u8]) -> Option<(String, &[u8], &[u8])> {
    let (label, body) = split_once(text, b"-----")?;
    let (body, after) = split_once(body, b"-----END ")?;
    let (end, after) = split_once(after, b"-----")?;
    if label != end || label.len() > 64 {
        return None;
    }
    Some((String::from_utf8(label.to_vec()).ok()?, body, after))
}

/// RFC 1421 §4.4: header fields end at a blank line.
fn split_headers(body: &[u8]) -> (bool, &[u8]) {
    if !body.contains(&b':') {
        return (false, body);
    }
    let mut rest = body.trim_ascii_start();
    let mut encrypted = false;
    while let Some((line, after)) = split_once(rest, b"\n") {
        let line = line.trim_ascii();
        if line.is_empty() {
            return (encrypted, after);
        }
        encrypted |= line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED");
        rest = after;
    }
    (encrypted, body)
}

fn split_once<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    let (before, after) = bytes.split_at_checked(at)?;
    Some((before, after.strip_prefix(separator)?))
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: [u8; 80] = [0x30; 80];

    fn only_block(text: &[u8]) -> Vec<u8> {
        let Ok(Armored::Pem(blocks)) = read(text) else { panic!("no PEM") };
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].label(), "CERTIFICATE");
        blocks[0].decode().unwrap().to_vec()
    }

    #[test]
    fn pem_is_read_in_every_shape_it_comes_in() {
        let pem = to_pem("CERTIFICATE", &CONTENT);
        let digits: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let wide =
            digits.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n");
        let unpadded = digits.trim_end_matches('=');
        let shapes = [
            pem.to_string(),
            pem.replace('\n', "\r\n"),
            pem.trim_end().to_owned(),
            format!("\u{feff}{}", pem.as_str()),
            format!("subject=CN = ä: b\n\n{}some text after\u{1a}", pem.as_str()),
            format!("-----BEGIN CERTIFICATE-----\n{wide}\n-----END CERTIFICATE-----"),
            format!("-----BEGIN CERTIFICATE-----{digits}-----END CERTIFICATE-----"),
            format!("-----BEGIN CERTIFICATE-----\n{unpadded}\n-----END CERTIFICATE-----\n"),
            format!("-----BEGIN CERTIFICATE-----\nX-Note: yes\n\n{digits}\n-----END CERTIFICATE-----\n"),
        ];
        for shape in shapes {
            assert_eq!(only_block(shape.as_bytes()), CONTENT, "{shape}");
        }
        let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(pem.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain(pem.encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(only_block(&little), CONTENT);
        assert_eq!(only_block(&big), CONTENT);
    }

    #[test]
    fn base64_alone_is_read() {
        let Ok(Armored::Base64(decoded)) = read(b" MAMC\r\nAQU= \n") else { panic!("not base64") };
        assert_eq!(decoded.as_slice(), [0x30, 3, 2, 1, 5]);
        assert!(decode_base64(b"MAMCAQU").is_some());
        assert!(decode_base64(b"M").is_none());
        assert!(decode_base64(b"MA=M").is_none());
        assert!(decode_base64(b" \n").is_none());
    }

    #[test]
    fn der_is_left_alone_even_with_text_in_it() {
        let mut der = vec![0x30, 30, 0x0C, 28];
        der.extend_from_slice(b"-----BEGIN CERTIFICATE-----\n");
        assert!(matches!(read(&der), Ok(Armored::Binary)));
    }

    #[test]
    fn what_is_wrong_has_a_name() {
        assert_eq!(read(b" \n").unwrap_err(), ArmorProblem::Empty);
        assert_eq!(read(b"hello!").unwrap_err(), ArmorProblem::NotArmored);
        assert_eq!(read(b"-----BEGIN A-----\nMAMC").unwrap_err(), ArmorProblem::NoEnd);
        assert_eq!(read(b"-----BEGIN A-----\nMAMC\n-----END B-----").unwrap_err(), ArmorProblem::NoEnd);
        let Ok(Armored::Pem(blocks)) = read(b"-----BEGIN A-----\nM*MC\n-----END A-----") else { panic!("no PEM") };
        assert_eq!(blocks[0].decode().unwrap_err(), ArmorProblem::NotBase64);
        let many = b"-----BEGIN A-----\nMAMC\n-----END A-----\n".repeat(MAX_BLOCKS + 1);
        assert_eq!(read(&many).unwrap_err(), ArmorProblem::TooMany);
    }

    #[test]
    fn what_may_be_a_private_key_is_not_printed() {
        let pem = to_pem("PRIVATE KEY", &CONTENT);
        let base64 = read(b"MAMCAQUwAwIBBTADAgEF").unwrap();
        let printed = format!("{:?} {base64:?}", read(pem.as_bytes()).unwrap());
        assert_eq!(printed, r#"Pem([Block { label: "PRIVATE KEY", .. }]) Base64([redacted])"#);
    }

    #[test]
    fn traditional_encryption_is_noticed() {
        let text = b"-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,00\r\n\r\nMAMC\r\n-----END RSA PRIVATE KEY-----";
        let Ok(Armored::Pem(blocks)) = read(text) else { panic!("no PEM") };
        assert!(blocks[0].is_traditionally_encrypted());
        assert_eq!(blocks[0].decode().unwrap().as_slice(), [0x30, 3, 2]);
    }
}
