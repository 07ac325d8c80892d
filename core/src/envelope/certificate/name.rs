//! How is a name in a certificate shown to a person?
//!
//! As RFC 4514 text that can do nothing to a terminal, a log or a page: control characters and invisible
//! formatting characters (text direction, zero width) are escaped, and the length is bounded.

use std::fmt::{self, Write};

use der::Decode;
use x509_cert::name::Name;

/// The longest text of a name, in characters.
const MAX_CHARACTERS: usize = 512;

/// The name as text; the sentence "(unreadable name)" if it is none.
pub(in crate::envelope) fn to_text(der: &[u8]) -> String {
    let Ok(name) = Name::from_der(der) else { return "(unreadable name)".to_owned() };
    let mut text = Bounded { text: String::new(), left: MAX_CHARACTERS };
    if write!(text, "{name}").is_err() {
        text.text.push('…');
    }
    text.text
}

/// Takes text until it is full, and then refuses, so that a name of 64 KiB is not rendered whole.
struct Bounded {
    text: String,
    left: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        for character in piece.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            if is_visible(character) {
                self.text.push(character);
            } else {
                // RFC 4514 §2.4: a backslash and two hexadecimal digits for each octet of UTF-8.
                let mut octets = [0; 4];
                for octet in character.encode_utf8(&mut octets).bytes() {
                    write!(self.text, "\\{octet:02x}")?;
                }
            }
        }
        Ok(())
    }
}

fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}
