//! In what text did a message travel?
//!
//! Messages come as bytes, as base64 (a property list, JSON, a database column), as PEM or with S/MIME
//! headers. [`decode`] finds out which and gives the bytes; it judges nothing else.

use std::borrow::Cow;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{EnvelopeError, Limits, Malformed};

/// Padding is often lost on the way; nothing is ambiguous without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Labels under which CMS messages travel as PEM (RFC 7468 §9 and what older tools write).
const LABELS: [&str; 3] = ["CMS", "PKCS7", "PKCS #7 SIGNED DATA"];

/// The bytes of the message in `input`.
pub(super) fn decode<'a>(input: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, EnvelopeError> {
    if input.first() == Some(&super::ber::tag::SEQUENCE) {
        return Ok(Cow::Borrowed(input));
    }
    // Base64 with line breaks is a third longer, headers need some room.
    if input.len() > limits.input_bytes.saturating_mul(3) / 2 + 4096 {
        return Err(EnvelopeError::Limit { what: "size" });
    }
    let text = std::str::from_utf8(input).map_err(|_| Malformed::NotCms)?;
    let text =
        text.trim_start_matches('\u{feff}').trim_matches(|symbol: char| symbol.is_ascii_whitespace() || symbol == '\0');
    let body = match pem_body(text) {
        Some(body) => body,
        None => mime_body(text).unwrap_or(text),
    };
    let mut compact = Vec::with_capacity(body.len());
    compact.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let bytes = BASE64.decode(compact).map_err(|_| Malformed::NotCms)?;
    if bytes.first() != Some(&super::ber::tag::SEQUENCE) {
        return Err(Malformed::NotCms.into());
    }
    Ok(Cow::Owned(bytes))
}

/// The text between the lines of the first PEM block that holds a CMS message.
fn pem_body(text: &str) -> Option<&str> {
    LABELS.iter().find_map(|label| {
        let (_, after) = text.split_once(&format!("-----BEGIN {label}-----"))?;
        after.split_once(&format!("-----END {label}-----")).map(|(body, _)| body)
    })
}

/// What follows the headers of an S/MIME message (RFC 8551 §3.3).
fn mime_body(text: &str) -> Option<&str> {
    let first = text.lines().next()?;
    let (name, _) = first.split_once(':')?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    ["\r\n\r\n", "\n\n"]
        .iter()
        .filter_map(|blank| text.split_once(blank))
        .map(|(_, body)| body)
        .max_by_key(|body| body.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x05];

    fn decoded(text: &str) -> Result<Vec<u8>, EnvelopeError> {
        decode(text.as_bytes(), &Limits::default()).map(Cow::into_owned)
    }

    #[test]
    fn bytes_base64_pem_and_mime_give_the_same() {
        assert_eq!(&*decode(&MESSAGE, &Limits::default()).unwrap(), MESSAGE);
        for text in [
            "MAMCAQU=",
            "MAMCAQU",
            "  MAM\r\nCAQU=\r\n\0",
            "\u{feff}MAMCAQU=",
            "-----BEGIN CMS-----\nMAMCAQU=\n-----END CMS-----\n",
            "text before\n-----BEGIN PKCS7-----\r\nMAMC\r\nAQU=\r\n-----END PKCS7-----\r\ntext after",
            "MIME-Version: 1.0\nContent-Disposition: attachment; filename=\"smime.p7m\"\nContent-Type: application/pkcs7-mime\n\nMAMCAQU=\n\n",
            "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\nMAMCAQU=\r\n",
        ] {
            assert_eq!(decoded(text).unwrap(), MESSAGE, "{text:?}");
        }
    }

    #[test]
    fn a_key_in_clear_is_not_taken_for_a_message() {
        for text in
            ["", "AU2A-PHMK-WBGX-PWKX-M3X3-VAPY", "471207-278498-422125-177177-561902-537405-468006-693451", "AAAA"]
        {
            assert_eq!(decoded(text), Err(Malformed::NotCms.into()), "{text:?}");
        }
    }
}
