//! Which texts can a configuration profile carry?
//!
//! Those whose every character XML 1.0 can carry: the writer escapes markup, but a NUL or U+FFFE has no
//! escaped form and would make the whole profile unreadable. So they are refused where a policy is
//! built, and rendering needs no check.

use super::error::Violations;

/// The longest text of a policy, in bytes of UTF-8: an agreement fits, a file does not.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// The longest payload identifier, in bytes.
pub(crate) const MAX_IDENTIFIER_BYTES: usize = 255;

const XML_CHAR: &str = "XML 1.0 §2.2, Char";
const IDENTIFIER: &str = "TopLevel.yaml, PayloadIdentifier";

/// Whether XML 1.0 can carry this character (§2.2, production 2).
///
/// ```text
/// Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]
/// ```
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Requires a text that a profile can carry and that says something.
pub(super) fn require_text(violations: &mut Violations, field: &'static str, text: &str) {
    violations.require(!text.trim().is_empty(), field, "is blank", "leave it out instead");
    require_carried(violations, field, text);
}

/// Requires a text that a profile can carry; it may be empty.
pub(super) fn require_carried(violations: &mut Violations, field: &'static str, text: &str) {
    violations.require(text.len() <= MAX_TEXT_BYTES, field, "is longer than 16,384 bytes", "limit of this library");
    violations.require(text.chars().all(is_xml_char), field, "has characters that XML cannot carry", XML_CHAR);
}

/// Requires a reverse-DNS identifier: letters, digits, `.`, `-` and `_`, no empty component.
pub(super) fn require_identifier(violations: &mut Violations, field: &'static str, text: &str) {
    let grammar = text.split('.').all(|component| {
        !component.is_empty() && component.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    });
    violations.require(grammar, field, "is not an identifier such as com.example.filevault", IDENTIFIER);
    violations.require(text.len() <= MAX_IDENTIFIER_BYTES, field, "is longer than 255 bytes", IDENTIFIER);
}

/// Whether this is a language tag by its form (RFC 5646 §2.1), or Apple's word `default`.
pub(super) fn is_language(tag: &str) -> bool {
    tag.len() <= 35
        && tag
            .split('-')
            .all(|part| matches!(part.len(), 1..=8) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_carries_all_but_these_characters() {
        let refused: Vec<u32> =
            (0..=0x10_FFFF).filter_map(char::from_u32).filter(|c| !is_xml_char(*c)).map(u32::from).collect();
        let controls = (0..0x20).filter(|c| ![0x9, 0xA, 0xD].contains(c));
        assert_eq!(refused, controls.chain([0xFFFE, 0xFFFF]).collect::<Vec<_>>());
    }

    #[test]
    fn languages_have_the_form_of_bcp_47() {
        for good in ["en", "pt-BR", "zh-Hant-TW", "default"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "en_US", "-en", "en-", "verylonglanguage", "é"] {
            assert!(!is_language(bad), "{bad}");
        }
    }

    #[test]
    fn identifiers_have_no_empty_component() {
        let broken = |text| {
            let mut violations = Violations::default();
            require_identifier(&mut violations, "identifier", text);
            violations.or(()).is_err()
        };
        assert!(!broken("com.apple.MCX.62024f29-105E-497A-A724-1D5BA4D9E854"));
        for bad in ["", ".", "com..example", "com.example.", "com example", "com.exämple", &"a".repeat(256)] {
            assert!(broken(bad), "{bad}");
        }
    }
}
