//! Is a document small, shallow and plain enough to be read as a property list?
//!
//! A walk over the XML before anything is built from it: limits on depth and number of elements, no entity
//! of its own (so nothing expands), no CDATA, no key twice, every element in its place. What passes here
//! means the same to every reader.

use std::collections::HashSet;

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};

use super::{ProfileError, ProfileLimits};
use crate::policy::text::is_xml_char;

/// Walks the document, whose line ends are line feeds already.
pub(super) fn scan(text: &str, limits: &ProfileLimits) -> Result<(), ProfileError> {
    if !text.chars().all(is_xml_char) {
        return Err(ProfileError::Syntax("it has characters that XML cannot carry"));
    }
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = true;
    config.check_comments = true;
    let mut walk = Walk { limits, open: Vec::new(), elements: 0, stage: Stage::Start };
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match reader.read_event().map_err(|_| ProfileError::Syntax("not well-formed XML"))? {
            Event::Start(element) => walk.start(&element)?,
            Event::End(_) => walk.end()?,
            Event::Text(content) => walk.text(&content)?,
            Event::GeneralRef(reference) => walk.reference(&reference)?,
            Event::Decl(declaration) if at == 0 => walk.declaration(&declaration)?,
            // the reader does not mind the letter case, nor a missing space
            Event::DocType(doctype) if text.get(at..).is_some_and(|rest| rest.starts_with("<!DOCTYPE plist")) => {
                walk.doctype(&doctype)?;
            }
            Event::Decl(_) | Event::DocType(_) => return Err(PLACE),
            Event::CData(_) => return Err(ProfileError::Syntax("it has a CDATA section")),
            Event::PI(_) => return Err(ProfileError::Syntax("it has a processing instruction")),
            Event::Empty(_) | Event::Comment(_) => {}
            Event::Eof => return walk.finish(),
        }
    }
}

/// Where in the document the walk is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    Declared,
    Doctype,
    Root,
}

/// An element that is open.
enum Open {
    Plist {
        full: bool,
    },
    Array,
    Dictionary {
        keys: HashSet<String>,
        awaits_value: bool,
    },
    Key(String),
    /// string, data, date, integer, real
    Scalar,
    /// true, false
    Empty,
}

struct Walk<'a> {
    limits: &'a ProfileLimits,
    open: Vec<Open>,
    elements: usize,
    stage: Stage,
}

const PLACE: ProfileError = ProfileError::Syntax("an element is not in its place");

impl Walk<'_> {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), ProfileError> {
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(ProfileError::Limit("has more elements than the limit"));
        }
        if self.open.len() >= self.limits.depth {
            return Err(ProfileError::Limit("is deeper than the limit"));
        }
        let name = element.name();
        let name: &str = name.as_ref();
        let attributes = element.attributes_raw().trim();
        let versioned = name == "plist" && matches!(attributes, VERSION | VERSION_APOSTROPHES);
        if !attributes.is_empty() && !versioned {
            return Err(ProfileError::Syntax("an element has attributes"));
        }
        match self.open.last_mut() {
            None if name == "plist" && self.stage != Stage::Root => {
                self.stage = Stage::Root;
                self.open.push(Open::Plist { full: false });
                return Ok(());
            }
            Some(Open::Plist { full }) if !*full => *full = true,
            Some(Open::Array) => {}
            Some(Open::Dictionary { awaits_value: false, .. }) if name == "key" => {
                self.open.push(Open::Key(String::new()));
                return Ok(());
            }
            Some(Open::Dictionary { awaits_value, .. }) if *awaits_value => *awaits_value = false,
            _ => return Err(PLACE),
        }
        self.open.push(match name {
            "array" => Open::Array,
            "dict" => Open::Dictionary { keys: HashSet::new(), awaits_value: false },
            "string" | "data" | "date" | "integer" | "real" => Open::Scalar,
            "true" | "false" => Open::Empty,
            "key" | "plist" => return Err(PLACE),
            _ => return Err(ProfileError::Syntax("an element is not one of property lists")),
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), ProfileError> {
        match self.open.pop() {
            Some(Open::Key(key)) => match self.open.last_mut() {
                Some(Open::Dictionary { keys, awaits_value }) => {
                    *awaits_value = true;
                    if keys.insert(key) { Ok(()) } else { Err(ProfileError::Syntax("a dictionary has a key twice")) }
                }
                _ => Err(PLACE),
            },
            Some(Open::Plist { full: false } | Open::Dictionary { awaits_value: true, .. }) | None => Err(PLACE),
            Some(_) => Ok(()),
        }
    }

    fn text(&mut self, content: &str) -> Result<(), ProfileError> {
        // XML 1.0 §2.4: not in character data, so that nothing looks like the end of a CDATA section
        if content.contains("]]>") {
            return Err(ProfileError::Syntax("not well-formed XML"));
        }
        self.characters(content)
    }

    fn characters(&mut self, content: &str) -> Result<(), ProfileError> {
        match self.open.last_mut() {
            Some(Open::Key(key)) => key.push_str(content),
            Some(Open::Scalar) => {}
            _ if content.bytes().all(|byte| b" \t\n".contains(&byte)) => {}
            _ => return Err(ProfileError::Syntax("there is text outside of a value")),
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), ProfileError> {
        let character = match reference.resolve_char_ref() {
            Ok(Some(character)) if is_xml_char(character) => character,
            Ok(None) => match reference.as_ref() {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => return Err(ProfileError::Syntax("it refers to an entity that XML does not define")),
            },
            _ => return Err(ProfileError::Syntax("it refers to a character that XML cannot carry")),
        };
        self.characters(character.encode_utf8(&mut [0; 4]))
    }

    fn declaration(&mut self, declaration: &str) -> Result<(), ProfileError> {
        let declaration = declaration.replace('\'', "\"").replace("\"utf-8\"", "\"UTF-8\"");
        let mut words = declaration.split_ascii_whitespace();
        let version = words.next() == Some("xml") && words.next() == Some(VERSION);
        let plain = match (words.next(), words.next(), words.next()) {
            (None, ..) => true,
            (Some(ENCODING), standalone, None) => matches!(standalone, None | Some(STANDALONE)),
            (Some(STANDALONE), None, _) => true,
            _ => false,
        };
        if self.stage != Stage::Start || !version || !plain {
            return Err(ProfileError::Syntax("its XML declaration is not one of XML 1.0 in UTF-8"));
        }
        self.stage = Stage::Declared;
        Ok(())
    }

    fn doctype(&mut self, doctype: &str) -> Result<(), ProfileError> {
        if !matches!(self.stage, Stage::Start | Stage::Declared) || !self.open.is_empty() {
            return Err(PLACE);
        }
        // an internal subset is where entities are declared; Apple's reference to its DTD has none
        if doctype.contains('[') {
            return Err(ProfileError::Syntax("it declares entities or elements of its own"));
        }
        if !is_apples(doctype.trim()) {
            return Err(ProfileError::Syntax("its document type is not that of property lists"));
        }
        self.stage = Stage::Doctype;
        Ok(())
    }

    fn finish(&self) -> Result<(), ProfileError> {
        if self.open.is_empty() && self.stage == Stage::Root {
            Ok(())
        } else {
            Err(ProfileError::Syntax("it ends too early, or is no property list"))
        }
    }
}

const VERSION: &str = "version=\"1.0\"";
const VERSION_APOSTROPHES: &str = "version='1.0'";
const ENCODING: &str = "encoding=\"UTF-8\"";
const STANDALONE: &str = "standalone=\"yes\"";

/// `plist`, alone or with Apple's public identifier, or the older one, and the address of its DTD, which
/// nobody fetches.
fn is_apples(doctype: &str) -> bool {
    let Some(external) = doctype.strip_prefix("plist") else { return false };
    let external: Vec<&str> = external.split('"').collect();
    match external.as_slice() {
        [nothing] => nothing.is_empty(),
        [public, identifier, space, address, end] => {
            public.trim() == "PUBLIC"
                && public.starts_with(char::is_whitespace)
                && public.ends_with(char::is_whitespace)
                && matches!(*identifier, "-//Apple//DTD PLIST 1.0//EN" | "-//Apple Computer//DTD PLIST 1.0//EN")
                && !space.is_empty()
                && space.trim().is_empty()
                && address.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>&".contains(&byte))
                && end.is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        match scan(text, &ProfileLimits { depth: 8, elements: 100, ..ProfileLimits::default() }) {
            Ok(()) => "none".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn plain_property_lists_pass() {
        for text in [
            "<plist><dict/></plist>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><!DOCTYPE plist><plist><dict/></plist>",
            "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
             \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"><plist version='1.0'><!-- c --><dict>\
             <key>a&amp;</key><array><true/><false></false><integer>1</integer></array></dict></plist>\n",
        ] {
            assert_eq!(problem(text), "none", "{text}");
        }
    }

    #[test]
    fn what_readers_could_take_in_two_ways_is_refused() {
        for (text, word) in [
            ("", "too early"),
            ("<plist>", "too early"),
            ("<plist></plist>", "place"),
            ("<plist><dict/><dict/></plist>", "place"),
            ("<plist><dict/></plist><plist><dict/></plist>", "place"),
            ("<dict/>", "place"),
            ("<plist><dict><string>a</string><true/></dict></plist>", "place"),
            ("<plist><dict><key>a</key></dict></plist>", "place"),
            ("<plist><dict><key>a</key><key>b</key></dict></plist>", "place"),
            ("<plist><dict><key>a</key><true/><key>a</key><false/></dict></plist>", "twice"),
            ("<plist><dict><key>a</key><true/><key>&#97;</key><false/></dict></plist>", "twice"),
            ("<plist><dict><key>a</key><string><![CDATA[x]]></string></dict></plist>", "CDATA"),
            ("<plist><string>&other;</string></plist>", "entity"),
            ("<plist><string>&#0;</string></plist>", "character"),
            ("<plist><string>&#xFFFE;</string></plist>", "character"),
            ("<plist><string>\u{1}</string></plist>", "characters"),
            ("<plist><string>]]></string></plist>", "well-formed"),
            ("<plist><string a='b'/></plist>", "attributes"),
            ("<plist a='b'><dict/></plist>", "attributes"),
            ("<plist><x:dict/></plist>", "not one of"),
            ("<plist><true>x</true></plist>", "text outside"),
            ("<plist><dict></array></plist>", "well-formed"),
            ("<?xml version='1.0' encoding='UTF-16'?><plist><dict/></plist>", "declaration"),
            ("<?xml version='1.1'?><plist><dict/></plist>", "declaration"),
            ("<?xml version='1.0' encodin='UTF-8'?><plist><dict/></plist>", "declaration"),
            ("\n<?xml version='1.0'?><plist><dict/></plist>", "place"),
            ("<?php ?><plist><dict/></plist>", "processing instruction"),
            ("<!DOCTYPE html><plist><dict/></plist>", "place"),
            ("<!doctype plist><plist><dict/></plist>", "place"),
            ("<!DOCTYPE plistic><plist><dict/></plist>", "document type"),
            ("<!DOCTYPE plist SYSTEM \"file:///etc/passwd\"><plist><dict/></plist>", "document type"),
            ("<plist><dict/></plist><!DOCTYPE plist>", "place"),
            ("<!DOCTYPE plist [<!ENTITY a \"b\">]><plist><string>&a;</string></plist>", "entities"),
        ] {
            assert!(problem(text).contains(word), "{text}: {}", problem(text));
        }
    }

    #[test]
    fn limits_count_what_is_open_and_all_there_is() {
        let nested =
            |levels: usize| format!("<plist>{}{}</plist>", "<array>".repeat(levels), "</array>".repeat(levels));
        assert_eq!(problem(&nested(7)), "none");
        assert!(problem(&nested(8)).contains("deeper"));
        let wide = |items: usize| format!("<plist><array>{}</array></plist>", "<true/>".repeat(items));
        assert_eq!(problem(&wide(98)), "none");
        assert!(problem(&wide(99)).contains("more elements"));
    }
}
