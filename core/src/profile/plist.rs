//! How does a property list become bytes, and bytes a property list?
//!
//! Reading is the crate `plist`'s, writing is [`xml`]'s and sorts every dictionary. Reading first lets
//! [`scan`](super::scan) see that the document is small, shallow and plain, because the crate would overflow the stack on deep
//! nesting, drop CDATA and unknown entities in silence, and keep the last of two equal keys.

mod xml;

use std::{borrow::Cow, io::Cursor};

use ::plist::{Dictionary, Value};

use super::{ProfileError, ProfileLimits, scan};

/// Bytes of memory to begin with: more than a profile with a certificate has as a rule.
const USUAL_SIZE: usize = 8 << 10;

/// Writes an XML property list, every dictionary in the order of its keys, a line feed at the end.
pub(super) fn write(root: &Dictionary) -> Result<Vec<u8>, ProfileError> {
    let mut bytes = Vec::with_capacity(USUAL_SIZE);
    xml::write(root, &mut bytes)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The members in the order of their keys.
fn members(dictionary: &Dictionary) -> Vec<(&str, &Value)> {
    let mut members: Vec<_> = dictionary.iter().map(|(key, value)| (key.as_str(), value)).collect();
    members.sort_unstable_by_key(|(key, _)| *key);
    members
}

/// Reads an XML property list whose root is a dictionary.
pub(crate) fn read(bytes: &[u8], limits: &ProfileLimits) -> Result<Dictionary, ProfileError> {
    if bytes.len() > limits.bytes {
        return Err(ProfileError::Limit("is larger than the limit"));
    }
    if bytes.starts_with(b"bplist") {
        return Err(ProfileError::Syntax("a binary property list; convert it to XML first (plutil -convert xml1)"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ProfileError::Syntax("not UTF-8"))?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let text = with_line_feeds(text);
    scan::scan(&text, limits)?;
    let value = Value::from_reader_xml(Cursor::new(text.as_bytes()))
        .map_err(|_| ProfileError::Syntax("a value is not of the type that its element says"))?;
    value.into_dictionary().ok_or(ProfileError::Syntax("its root is not a dictionary"))
}

/// XML 1.0 §2.11: literal line ends are line feeds to whoever reads the document.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// Bytes that are the same exactly when the values are, whatever the order of keys and the layout of the
/// XML: a letter for the type, then the length and the content.
pub(super) fn canonical(dictionary: &Dictionary) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL_SIZE);
    put_dictionary(dictionary, &mut out);
    out
}

fn put_dictionary(dictionary: &Dictionary, out: &mut Vec<u8>) {
    let members = members(dictionary);
    put(b'd', &members.len().to_string(), out);
    for (key, value) in members {
        put(b'k', key, out);
        put_value(value, out);
    }
}

fn put_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            put(b'a', &items.len().to_string(), out);
            items.iter().for_each(|item| put_value(item, out));
        }
        Value::Dictionary(dictionary) => put_dictionary(dictionary, out),
        Value::Boolean(value) => put(b'b', if *value { "true" } else { "false" }, out),
        Value::Data(bytes) => put(b'x', bytes, out),
        Value::Date(date) => put(b't', &date.to_xml_format(), out),
        Value::Integer(integer) => put(b'i', &integer.to_string(), out),
        Value::Real(real) => put(b'r', &real.to_string(), out),
        Value::String(text) => put(b's', text, out),
        // not in XML property lists
        _ => put(b'?', "", out),
    }
}

fn put(kind: u8, content: &(impl AsRef<[u8]> + ?Sized), out: &mut Vec<u8>) {
    let content = content.as_ref();
    out.push(kind);
    put_number(content.len(), out);
    out.push(b':');
    out.extend_from_slice(content);
}

/// A number in decimal digits.
fn put_number(number: usize, out: &mut Vec<u8>) {
    if number >= 10 {
        put_number(number / 10, out);
    }
    out.extend(u8::try_from(number % 10).map(|digit| b'0' + digit));
}

#[cfg(test)]
fn sort(dictionary: &mut Dictionary) {
    dictionary.sort_keys();
    for (_, value) in dictionary.iter_mut() {
        sort_inside(value);
    }
}

#[cfg(test)]
fn sort_inside(value: &mut Value) {
    match value {
        Value::Dictionary(dictionary) => sort(dictionary),
        Value::Array(items) => items.iter_mut().for_each(sort_inside),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary(pairs: &[(&str, Value)]) -> Dictionary {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    #[test]
    fn writing_sorts_and_reading_gives_back() {
        let inner = dictionary(&[("z", 1.into()), ("a", "\r\n\t <&>\"' ü".into())]);
        let root = dictionary(&[("b", Value::Array(vec![inner.into()])), ("a", Value::Data(vec![1, 2, 3]))]);
        let bytes = write(&root).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.find("<key>a</key>").unwrap() < text.find("<key>b</key>").unwrap());
        assert!(text.ends_with("</plist>\n"));
        assert_eq!(read(&bytes, &ProfileLimits::default()).unwrap(), {
            let mut sorted = root;
            sort(&mut sorted);
            sorted
        });
    }

    #[test]
    fn the_canonical_form_knows_values_and_not_their_order() {
        let one = dictionary(&[("a", "1".into()), ("b", true.into())]);
        let other = dictionary(&[("b", true.into()), ("a", "1".into())]);
        assert_eq!(canonical(&one), canonical(&other));
        for different in [
            dictionary(&[("a", 1.into()), ("b", true.into())]),
            dictionary(&[("a", Value::Data(b"1".to_vec())), ("b", true.into())]),
            dictionary(&[("a", "1".into())]),
            dictionary(&[("a", "1k1:bb4:true".into())]),
        ] {
            assert_ne!(canonical(&one), canonical(&different));
        }
    }

    #[test]
    fn literal_line_ends_are_line_feeds_and_written_ones_stay() {
        let text = "<plist>\r\n<dict><key>a</key><string>1\r\n2\r3&#13;&#10;</string></dict>\r</plist>";
        let root = read(text.as_bytes(), &ProfileLimits::default()).unwrap();
        assert_eq!(root.get("a").unwrap().as_string(), Some("1\n2\n3\r\n"));
    }
}
