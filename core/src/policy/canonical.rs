//! Which bytes stand for a document, however it was written?
//!
//! JSON in canonical form (RFC 8785), for the digest of a policy: members sorted by their UTF-16 code
//! units, no white space. Policies have no numbers but integers, so its rules for fractions are not needed.

use serde_json::Value;

/// RFC 8785 §3.2 for documents whose numbers are integers.
pub(super) fn to_string(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(&Value::String(name.clone()), out);
                out.push(':');
                write(member, out);
            }
            out.push('}');
        }
        // scalars are printed by serde_json as §3.2.2 asks
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_by_utf_16_and_nothing_is_spaced() {
        let value: Value = serde_json::from_str(
            r#"{"\u20ac": 1, "\r": "a\u000f\n\"\\/", "\ud83d\ude00": [true, null, -1], "\ufb33": {}, "1": {"b": 2, "a": 1}}"#,
        )
        .unwrap();
        // the order of RFC 8785 §3.2.3's example: U+1F600 sorts by its surrogates, before U+FB33
        let expected = "{\"\\r\":\"a\\u000f\\n\\\"\\\\/\",\"1\":{\"a\":1,\"b\":2},\"\u{20ac}\":1,\"\u{1f600}\":[true,null,-1],\"\u{fb33}\":{}}";
        assert_eq!(to_string(&value), expected);
    }
}
