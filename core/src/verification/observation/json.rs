//! What does a JSON document of somebody else say?
//!
//! A value that keeps what two readers could read differently apart: a member that is named twice has no value, a
//! number that is no whole one is none. Bytes, depth and values are limited before anything is built. Text may come
//! with a byte order mark and in UTF-16, as PowerShell's `>` writes it.

use std::{borrow::Cow, cell::Cell, collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{MAX_BYTES, ObservationError};

/// Values inside each other.
const MAX_DEPTH: usize = 32;
/// Values in all.
const MAX_VALUES: usize = 100_000;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Bool(bool),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
    Null,
    Text(String),
    /// A member that is named twice, or a number that is not whole or very large.
    Unclear,
    Whole(i128),
}

const NULL: &Json = &Json::Null;

impl Json {
    /// Reads a document.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ObservationError> {
        let text = text(bytes)?;
        let (values, exceeded) = (Cell::new(0), Cell::new(false));
        let mut reader = serde_json::Deserializer::from_str(&text);
        let seed = Seed { depth: 0, values: &values, exceeded: &exceeded };
        let document = seed.deserialize(&mut reader).and_then(|document| reader.end().map(|()| document));
        document.map_err(|_| match exceeded.get() {
            true => ObservationError::Limit("is deeper or has more values than is read"),
            false => ObservationError::Syntax("it is no JSON document"),
        })
    }

    /// The member of this name; null if there is none.
    pub(super) fn get(&self, name: &str) -> &Self {
        self.map().and_then(|members| members.get(name)).unwrap_or(NULL)
    }

    pub(super) fn map(&self) -> Option<&BTreeMap<String, Self>> {
        if let Self::Map(members) = self { Some(members) } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Whether nothing is said: null, or the empty text that osquery writes for a column without a value.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Null) || self.text().is_some_and(str::is_empty)
    }

    /// A whole number, or its decimal digits as text.
    pub(super) fn whole(&self) -> Option<i128> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Text(text) => whole(text),
            _ => None,
        }
    }

    /// A number of 32 bits without a sign, or its decimal digits as text.
    pub(super) fn number(&self) -> Option<u32> {
        u32::try_from(self.whole()?).ok()
    }

    /// Yes or no: a boolean, or 1 and 0, or one of them as text.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Whole(1) => Some(true),
            Self::Whole(0) => Some(false),
            Self::Text(text) => match text.as_str() {
                "1" | "true" => Some(true),
                "0" | "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Decimal digits, perhaps with a minus, at most twenty characters.
pub(super) fn whole(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// The text of a report that is no more than [`MAX_BYTES`] long: UTF-8, or UTF-16 with a byte order mark.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, ObservationError> {
    if bytes.len() > MAX_BYTES {
        return Err(ObservationError::Limit("is larger than 1 MiB"));
    }
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => {
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            let text = std::str::from_utf8(bytes).map_err(|_| ObservationError::Syntax("it is not UTF-8"))?;
            return Ok(Cow::Borrowed(text));
        }
    };
    let (units, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(units.iter().skip(1).map(|pair| unit(*pair))).collect::<Result<String, _>>();
    match text {
        Ok(text) if rest.is_empty() => Ok(Cow::Owned(text)),
        _ => Err(ObservationError::Syntax("it is not UTF-16")),
    }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    depth: usize,
    values: &'a Cell<usize>,
    exceeded: &'a Cell<bool>,
}

impl Seed<'_> {
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            self.exceeded.set(true);
            return Err(E::custom("deep"));
        }
        Ok(Self { depth: self.depth.saturating_add(1), ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.values.set(self.values.get().saturating_add(1));
        if self.values.get() > MAX_VALUES {
            self.exceeded.set(true);
            return Err(D::Error::custom("large"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Whole(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Whole(value.into()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Unclear)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut map = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inside)?;
            map.entry(name).and_modify(|known| *known = Json::Unclear).or_insert(value);
        }
        Ok(Json::Map(map))
    }
}
