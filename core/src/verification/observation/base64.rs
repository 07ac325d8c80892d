//! Which octets does a text stand for?

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest salt of a key slot; cryptsetup writes 32 octets.
const MAX_SALT: usize = 64;

/// Base64 (RFC 4648 §4), with line ends or without, padded or not; none for anything else.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    LENIENT.decode(digits).ok()
}

/// The base64 of a salt, in the one form that is compared.
pub(super) fn salt(text: &str) -> Option<String> {
    let octets = decode(text).filter(|octets| (1..=MAX_SALT).contains(&octets.len()))?;
    let mut padded = LENIENT.encode(octets);
    while padded.len() % 4 != 0 {
        padded.push('=');
    }
    Some(padded)
}

/// Octets as hexadecimal digits, in either letter case; empty for no digits.
pub(super) fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
