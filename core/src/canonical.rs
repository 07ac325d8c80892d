//! Which bytes of a JSON document are hashed?
//!
//! Exactly one form: no white space, members sorted by the code points of their names, no member twice, no
//! fractions and no exponents, and in strings only `"`, `\` and the characters below U+0020 escaped (`\b \f
//! \n \r \t`, otherwise `\u` and four lower-case digits). That is RFC 8785 for the documents that have only
//! whole numbers and names in ASCII, and what Python's
//! `json.dumps(d, sort_keys=True, separators=(",", ":"), ensure_ascii=False)` writes.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

/// A JSON document in the one form that is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Canonical {
    Bool(bool),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
    Negative(i64),
    Null,
    Number(u64),
    Text(String),
}

impl Canonical {
    /// Reads a document; `None` if it is not JSON, names a member twice, or has a fraction.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The canonical form of a record of ours; `None` if it cannot be one, which no record of ours does.
    pub(crate) fn of(record: &impl Serialize) -> Option<Self> {
        Self::deserialize(serde_json::to_value(record).ok()?).ok()
    }

    /// Takes out a member, if this is a map that has it.
    pub(crate) fn remove(&mut self, name: &str) {
        if let Self::Map(members) = self {
            members.remove(name);
        }
    }
}

impl fmt::Display for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Map(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_text(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
            Self::Negative(value) => write!(f, "{value}"),
            Self::Null => f.write_str("null"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(text) => write_text(f, text),
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

impl<'de> Deserialize<'de> for Canonical {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Canonical;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON without fractions")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Canonical, E> {
                Ok(Canonical::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Canonical, E> {
                Ok(u64::try_from(value).map_or(Canonical::Negative(value), Canonical::Number))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Canonical, E> {
                Ok(Canonical::Number(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Canonical, E> {
                Ok(Canonical::Text(value.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<Canonical, E> {
                Ok(Canonical::Null)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Canonical, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Canonical::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Canonical, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((name, value)) = members.next_entry()? {
                    // Two readers of a document that names a member twice need not see the same one.
                    if map.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member is named twice"));
                    }
                }
                Ok(Canonical::Map(map))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(json: &str) -> Option<String> {
        Canonical::parse(json.as_bytes()).map(|document| document.to_string())
    }

    #[test]
    fn one_document_has_one_form() {
        let sorted = "{\"a\":[1,-2,true,null],\"b\":{\"\u{e9}\":\"\\n\\u0001\u{7f}\u{2028}\\\"/\"}}";
        let spread = "{ \"b\" : {\"\\u00e9\": \"\\u000a\\u0001\\u007F\\u2028\\\"\\/\"},\n \"a\": [1, -2, true, null] }";
        assert_eq!(form(spread).as_deref(), Some(sorted));
        assert_eq!(form(sorted).as_deref(), Some(sorted));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for bad in ["{\"a\":1,\"a\":1}", "{\"a\":1.0}", "1e3", "\"\\ud800\"", "{} {}", "", "\u{feff}{}"] {
            assert_eq!(form(bad), None, "{bad}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(form(&deep), None);
    }
}
