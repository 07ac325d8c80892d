//! How is a property list written as XML?
//!
//! By octet what the crate `plist` writes, which the tests hold it against, in a third of the time: no events, no
//! tags that are copied first. The form is Apple's: tabs, one element a line, Base64 in lines of 68.

use ::plist::{Dictionary, Value};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::members;
use crate::profile::ProfileError;

const PROLOGUE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
    <plist version=\"1.0\">";

/// Octets in one line of data: 68 characters.
const LINE: usize = 51;

/// The document without a line feed at its end, every dictionary in the order of its keys.
pub(super) fn write(root: &Dictionary, out: &mut Vec<u8>) -> Result<(), ProfileError> {
    out.extend_from_slice(PROLOGUE.as_bytes());
    dictionary(root, 0, out)?;
    out.extend_from_slice(b"\n</plist>");
    Ok(())
}

fn dictionary(dictionary: &Dictionary, depth: usize, out: &mut Vec<u8>) -> Result<(), ProfileError> {
    if dictionary.is_empty() {
        line(depth, "<dict/>", out);
        return Ok(());
    }
    line(depth, "<dict>", out);
    for (key, value) in members(dictionary).iter() {
        element(depth + 1, "key", key, out);
        put(value, depth + 1, out)?;
    }
    line(depth, "</dict>", out);
    Ok(())
}

fn put(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), ProfileError> {
    match value {
        Value::Array(items) if items.is_empty() => line(depth, "<array/>", out),
        Value::Array(items) => {
            line(depth, "<array>", out);
            items.iter().try_for_each(|item| put(item, depth + 1, out))?;
            line(depth, "</array>", out);
        }
        Value::Dictionary(members) => dictionary(members, depth, out)?,
        Value::Boolean(true) => line(depth, "<true/>", out),
        Value::Boolean(false) => line(depth, "<false/>", out),
        Value::Data(octets) => data(octets, depth, out),
        Value::Date(date) => element(depth, "date", &date.to_xml_format(), out),
        Value::Integer(integer) => element(depth, "integer", &integer.to_string(), out),
        Value::Real(real) => element(depth, "real", &real.to_string(), out),
        Value::String(text) => element(depth, "string", text, out),
        _ => return Err(ProfileError::Syntax("the property list cannot be written as XML")),
    }
    Ok(())
}

fn line(depth: usize, text: &str, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b'\t', depth));
    out.extend_from_slice(text.as_bytes());
}

fn element(depth: usize, name: &str, text: &str, out: &mut Vec<u8>) {
    line(depth, "<", out);
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
    escape(text, out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// XML 1.0 §2.4; a carriage return is a line feed to whoever reads it, unless it is written as a reference (§2.11).
fn escape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    let special = |octet: &u8| matches!(octet, b'<' | b'>' | b'&' | b'\'' | b'"' | b'\r');
    while let Some((plain, [octet, after @ ..])) =
        rest.iter().position(special).and_then(|at| rest.split_at_checked(at))
    {
        out.extend_from_slice(plain);
        out.extend_from_slice(match octet {
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'&' => b"&amp;",
            b'\'' => b"&apos;",
            b'"' => b"&quot;",
            _ => b"&#13;",
        });
        rest = after;
    }
    out.extend_from_slice(rest);
}

fn data(octets: &[u8], depth: usize, out: &mut Vec<u8>) {
    line(depth, "<data>", out);
    let mut encoded = [0; LINE.div_ceil(3) * 4];
    for piece in octets.chunks(LINE) {
        line(depth, "", out);
        let length = STANDARD.encode_slice(piece, &mut encoded).unwrap_or_default();
        out.extend_from_slice(encoded.get(..length).unwrap_or_default());
    }
    line(depth, "</data>", out);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Boolean),
            any::<i64>().prop_map(|number| Value::Integer(number.into())),
            any::<u64>().prop_map(|number| Value::Integer(number.into())),
            (-1e9..1e9).prop_map(Value::Real),
            "[\\PC\r\n\t<>&'\"]{0,12}".prop_map(Value::String),
            prop::collection::vec(any::<u8>(), 0..200).prop_map(Value::Data),
            (0..4_000_000_000_u64)
                .prop_map(|at| Value::Date((SystemTime::UNIX_EPOCH + Duration::from_secs(at)).into())),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::vec(("[a-zA-Z<&]{0,6}", inner), 0..6)
                    .prop_map(|members| Value::Dictionary(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_octet_for_octet_what_the_crate_writes(value in value()) {
            let mut root: Dictionary = [("one", value)].map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
            let mut ours = Vec::new();
            write(&root, &mut ours).unwrap();
            super::super::sort(&mut root);
            let mut theirs = Vec::new();
            Value::Dictionary(root).to_writer_xml(&mut theirs).unwrap();
            prop_assert_eq!(String::from_utf8(ours).unwrap(), String::from_utf8(theirs).unwrap());
        }
    }

    #[test]
    fn what_xml_property_lists_do_not_have_is_refused() {
        let root: Dictionary = [("uid".to_owned(), Value::Uid(::plist::Uid::new(1)))].into_iter().collect();
        assert!(write(&root, &mut Vec::new()).is_err());
    }
}
