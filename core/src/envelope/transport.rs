//! In what text did a message travel?
//!
//! Messages come as bytes, as base64 (a property list, JSON, a database column), as PEM or with S/MIME
//! headers. [`decode`] finds out which and gives the bytes; it judges nothing else.

use std::borrow::Cow;

use super::{
    EnvelopeError, Limits, Malformed,
    armor::{self, Armored},
    ber::tag,
};

/// Labels under which CMS messages travel as PEM (RFC 7468 §9, and what older tools write).
const LABELS: [&str; 2] = ["CMS", "PKCS7"];

/// The bytes of the message in `input`.
pub(super) fn decode<'a>(input: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, EnvelopeError> {
    if input.first() == Some(&tag::SEQUENCE) {
        return Ok(Cow::Borrowed(input));
    }
    // Base64 with line breaks is a third longer, UTF-16 is twice that, and headers need some room.
    if input.len() > limits.input_bytes.saturating_mul(3) + 4096 {
        return Err(EnvelopeError::Limit { what: "size" });
    }
    let text = armor::trim_end(input);
    let decoded = match armor::read(mime_body(text).unwrap_or(text)) {
        Ok(Armored::Base64(bytes)) => Some(bytes),
        Ok(Armored::Pem(blocks)) => {
            let block = blocks.iter().find(|block| LABELS.contains(&block.label()));
            block.and_then(|block| block.decode().ok())
        }
        Ok(Armored::Binary) | Err(_) => None,
    };
    match decoded {
        Some(bytes) if bytes.first() == Some(&tag::SEQUENCE) => Ok(Cow::Owned(bytes.to_vec())),
        _ => Err(refused(text).into()),
    }
}

/// What else the text may be that people take for base64.
fn refused(text: &[u8]) -> Malformed {
    let url =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=') || byte.is_ascii_whitespace();
    match text.trim_ascii_start() {
        [b'd' | b'D', rest @ ..] if rest.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"ata:")) => {
            Malformed::DataUrl
        }
        // A SEQUENCE, and far longer than any key in clear.
        digits @ [b'M', ..] if digits.len() > 200 && digits.iter().all(url) => Malformed::Base64Url,
        _ => Malformed::NotCms,
    }
}

/// What follows the headers of an S/MIME message (RFC 8551 §3.3).
fn mime_body(text: &[u8]) -> Option<&[u8]> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let (name, _) = text.split_at_checked(colon)?;
    if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
        return None;
    }
    let after = |blank: &[u8]| {
        let end = text.windows(blank.len()).position(|window| window == blank)? + blank.len();
        text.get(end..)
    };
    after(b"\r\n\r\n").or_else(|| after(b"\n\n"))
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
