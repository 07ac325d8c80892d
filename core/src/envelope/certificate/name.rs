//! How is a name in a certificate shown to a person?
//!
//! As RFC 4514 text that can do nothing to a terminal, a log or a page: control characters and invisible
//! formatting characters (text direction, zero width) are escaped, and the length is bounded.

use std::fmt::{self, Write};

use der::{
    Decode, Tag, Tagged,
    asn1::{Any, Ia5StringRef, PrintableStringRef, Utf8StringRef},
};
use x509_cert::{attr::AttributeTypeAndValue, name::Name};

/// The longest text of a name, in characters.
const MAX_CHARACTERS: usize = 512;

/// The name as text; the sentence "(unreadable name)" if it is none.
pub(in crate::envelope) fn to_text(der: &[u8]) -> String {
    let Ok(name) = Name::from_der(der) else { return "(unreadable name)".to_owned() };
    let mut text = Bounded { text: String::new(), left: MAX_CHARACTERS };
    if write_name(&name, &mut text).is_err() {
        text.text.push('…');
    }
    text.text
}

/// The types of attributes that names are made of as a rule, by the contents of their identifiers, all below 2.5.4 but
/// the last. `x509-cert` writes the same, and looks through some thousand identifiers for the name of each.
const TYPES: [(&[u8], &str); 9] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 13], "DESCRIPTION"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
];

/// RFC 4514 §2.1, §2.2: the last part first, attributes of one part with a plus between them.
fn write_name(name: &Name, text: &mut Bounded) -> fmt::Result {
    let parts: Vec<_> = name.iter_rdn().collect();
    for (place, part) in parts.into_iter().rev().enumerate() {
        for (attribute, separator) in part.iter().zip(std::iter::once(",").chain(std::iter::repeat("+"))) {
            text.write_str(if place == 0 && separator == "," { "" } else { separator })?;
            write_attribute(attribute, text)?;
        }
    }
    Ok(())
}

fn write_attribute(attribute: &AttributeTypeAndValue, text: &mut Bounded) -> fmt::Result {
    let known = TYPES.iter().find(|(octets, _)| *octets == attribute.oid.as_bytes());
    match (known, characters(&attribute.value)) {
        (Some((_, name)), Some(value)) => {
            write!(text, "{name}=")?;
            write_value(value, text)
        }
        _ => write!(text, "{attribute}"),
    }
}

/// The characters of a value, if it is of one of the types that strings have as a rule.
fn characters(value: &Any) -> Option<&str> {
    match value.tag() {
        Tag::PrintableString => PrintableStringRef::try_from(value).ok().map(|string| string.as_str()),
        Tag::Utf8String => Utf8StringRef::try_from(value).ok().map(|string| string.as_str()),
        Tag::Ia5String => Ia5StringRef::try_from(value).ok().map(|string| string.as_str()),
        _ => None,
    }
}

/// RFC 4514 §2.4: what would be taken for something else stands behind a backslash.
fn write_value(value: &str, text: &mut Bounded) -> fmt::Result {
    let mut rest = value.chars();
    while let Some(character) = rest.next() {
        let first = rest.as_str().len() + character.len_utf8() == value.len();
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(text, "\\{character}")?,
            '#' if first => text.write_str("\\#")?,
            ' ' if first || rest.as_str().is_empty() => text.write_str("\\ ")?,
            '\0'..='\x1f' | '\x7f' => write!(text, "\\{:02x}", u32::from(character))?,
            _ => text.write_char(character)?,
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use der::{Encode, asn1::ObjectIdentifier};
    use proptest::prelude::*;
    use x509_cert::{
        attr::AttributeTypeAndValue,
        name::{RdnSequence, RelativeDistinguishedName},
    };

    use super::*;

    fn value() -> impl Strategy<Value = Any> {
        let string = |tag| move |text: String| Any::new(tag, text.into_bytes()).unwrap();
        prop_oneof![
            "[ #\"+,;<>\\\\a-zé€\u{0}\u{1f}\u{7f}=]{0,12}".prop_map(string(Tag::Utf8String)),
            "[ -~]{0,12}".prop_map(string(Tag::Ia5String)),
            "[ '()+,./:=?A-Za-z0-9-]{0,12}".prop_map(string(Tag::PrintableString)),
            "[ -~]{0,4}".prop_map(string(Tag::TeletexString)),
            any::<[u8; 4]>().prop_map(|octets| Any::new(Tag::OctetString, octets).unwrap()),
            // no string of its type
            any::<[u8; 4]>().prop_map(|octets| Any::new(Tag::PrintableString, octets).unwrap()),
        ]
    }

    fn attribute() -> impl Strategy<Value = AttributeTypeAndValue> {
        let known = (0..TYPES.len()).prop_map(|place| ObjectIdentifier::from_bytes(TYPES[place].0).unwrap());
        let other = (0..60u8).prop_map(|last| ObjectIdentifier::from_bytes(&[0x55, 4, last]).unwrap());
        (prop_oneof![known, other], value()).prop_map(|(oid, value)| AttributeTypeAndValue { oid, value })
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_x509_cert_writes(
            parts in prop::collection::vec(prop::collection::vec(attribute(), 1..3), 0..4)
        ) {
            let part = |attributes: Vec<_>| RelativeDistinguishedName::try_from(attributes).ok();
            let Some(parts) = parts.into_iter().map(part).collect::<Option<Vec<_>>>() else { return Ok(()) };
            let name = Name::hazmat_from_rdn_sequence(RdnSequence::from(parts));
            let mut expected = Bounded { text: String::new(), left: MAX_CHARACTERS };
            write!(expected, "{name}").unwrap();
            prop_assert_eq!(to_text(&name.to_der().unwrap()), expected.text);
        }
    }
}
