//! What does a binary property list say?
//!
//! Apple's format `bplist00` (CoreFoundation, `CFBinaryPList.c`): a table of objects that refer to each other by number.
//! The crate `plist` builds every object as often as it is referred to, so that a few hundred octets can ask for more
//! memory than there is; here every value that is built counts, and the walk ends at the limit. Numbers are big-endian.

use ::plist::{Dictionary, Value};

use crate::verification::observation::ObservationError;

const BROKEN: ObservationError = ObservationError::Syntax("it is a broken binary property list");
const TRAILER: usize = 32;
/// The octets of text and data that are built in all: a short object may be referred to often.
const MAX_CONTENT: usize = 4 * 1024 * 1024;

struct Objects<'a> {
    bytes: &'a [u8],
    /// How many octets an offset and a reference have.
    offset_size: usize,
    reference_size: usize,
    count: usize,
    /// Where the table of offsets is.
    table: usize,
    /// How many values, and how much content, may still be built.
    values_left: usize,
    content_left: usize,
}

/// Reads a binary property list whose root is a dictionary.
pub(super) fn read(bytes: &[u8], depth: usize, values: usize) -> Result<Dictionary, ObservationError> {
    let bytes_before = bytes.len().checked_sub(TRAILER).filter(|_| bytes.starts_with(b"bplist00")).ok_or(BROKEN)?;
    let trailer = bytes.get(bytes_before..).ok_or(BROKEN)?;
    let size = |at: usize| trailer.get(at).map(|octet| usize::from(*octet)).filter(|size| (1..=8).contains(size));
    let word = |at: usize| trailer.get(at..).and_then(|rest| number(rest.get(..8)?)).ok_or(BROKEN);
    let mut objects = Objects {
        bytes: bytes.get(..bytes_before).ok_or(BROKEN)?,
        offset_size: size(6).ok_or(BROKEN)?,
        reference_size: size(7).ok_or(BROKEN)?,
        count: word(8)?,
        table: word(24)?,
        values_left: values,
        content_left: MAX_CONTENT,
    };
    match objects.value(word(16)?, depth)? {
        Value::Dictionary(root) => Ok(root),
        _ => Err(ObservationError::Syntax("its root is not a dictionary")),
    }
}

impl<'a> Objects<'a> {
    fn value(&mut self, object: usize, depth: usize) -> Result<Value, ObservationError> {
        let limit = ObservationError::Limit("is deeper or has more values than is read");
        let depth = depth.checked_sub(1).ok_or(limit)?;
        self.values_left = self.values_left.checked_sub(1).ok_or(limit)?;
        let at = self.offset(object).ok_or(BROKEN)?;
        let marker = *self.bytes.get(at).ok_or(BROKEN)?;
        let at = at.checked_add(1).ok_or(BROKEN)?;
        let low = usize::from(marker & 0x0F);
        match marker >> 4 {
            0x0 if low == 8 => Ok(Value::Boolean(false)),
            0x0 if low == 9 => Ok(Value::Boolean(true)),
            0x1 if low <= 3 => self.integer(at, 1 << low).ok_or(BROKEN),
            // Reals, dates and UIDs say nothing that is asked here; they are there so that the rest can be read.
            0x2 | 0x3 | 0x8 => Ok(Value::Real(0.0)),
            0x4 => self.content(at, low, 1).map(|octets| Value::Data(octets.to_vec())),
            0x5 => {
                let octets = self.content(at, low, 1)?;
                let ascii = std::str::from_utf8(octets).ok().filter(|text| text.is_ascii()).ok_or(BROKEN)?;
                Ok(Value::String(ascii.to_owned()))
            }
            0x6 => {
                let (units, _) = self.content(at, low, 2)?.as_chunks::<2>();
                String::from_utf16(&units.iter().map(|unit| u16::from_be_bytes(*unit)).collect::<Vec<_>>())
                    .map(Value::String)
                    .map_err(|_| BROKEN)
            }
            0xA => {
                let (at, length) = self.length(at, low).ok_or(BROKEN)?;
                let items = self.references(at, length)?;
                items.map(|item| self.value(item?, depth)).collect::<Result<_, _>>().map(Value::Array)
            }
            0xD => {
                let (at, length) = self.length(at, low).ok_or(BROKEN)?;
                let both = length.checked_mul(2).ok_or(BROKEN)?;
                let references = self.references(at, both)?.collect::<Result<Vec<_>, _>>()?;
                let (keys, values) = references.split_at_checked(length).ok_or(BROKEN)?;
                let mut dictionary = Dictionary::new();
                for (key, value) in keys.iter().zip(values) {
                    let Value::String(key) = self.value(*key, depth)? else { return Err(BROKEN) };
                    if dictionary.insert(key, self.value(*value, depth)?).is_some() {
                        return Err(ObservationError::Syntax("a dictionary has a key twice"));
                    }
                }
                Ok(Value::Dictionary(dictionary))
            }
            _ => Err(BROKEN),
        }
    }

    fn offset(&self, object: usize) -> Option<usize> {
        let at = self
            .table
            .checked_add(Some(object).filter(|object| *object < self.count)?.checked_mul(self.offset_size)?)?;
        number(self.slice(at, self.offset_size)?)
    }

    fn slice(&self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn integer(&self, at: usize, size: usize) -> Option<Value> {
        let octets = self.slice(at, size)?;
        // Only eight octets have a sign.
        let wide = octets.try_into().ok().map(i64::from_be_bytes);
        wide.or_else(|| number(octets).and_then(|number| i64::try_from(number).ok()))
            .map(|number| Value::Integer(number.into()))
    }

    /// Where the content begins, and how much there is: in the marker, or in an integer behind it.
    fn length(&self, at: usize, low: usize) -> Option<(usize, usize)> {
        if low != 0x0F {
            return Some((at, low));
        }
        let marker = usize::from(*self.bytes.get(at)?);
        let size = 1usize.checked_shl(u32::try_from(marker.checked_sub(0x10)?).ok()?).filter(|size| *size <= 8)?;
        let at = at.checked_add(1)?;
        Some((at.checked_add(size)?, number(self.slice(at, size)?)?))
    }

    fn content(&mut self, at: usize, low: usize, width: usize) -> Result<&'a [u8], ObservationError> {
        let (at, length) = self.length(at, low).ok_or(BROKEN)?;
        let content = length.checked_mul(width).and_then(|length| self.slice(at, length)).ok_or(BROKEN)?;
        let left = self.content_left.checked_sub(content.len());
        self.content_left = left.ok_or(ObservationError::Limit("has more content than is read"))?;
        Ok(content)
    }

    /// References to objects; that they are there is seen before any is followed.
    fn references(
        &self,
        at: usize,
        length: usize,
    ) -> Result<impl Iterator<Item = Result<usize, ObservationError>> + use<'a>, ObservationError> {
        let octets = length.checked_mul(self.reference_size).and_then(|length| self.slice(at, length)).ok_or(BROKEN)?;
        Ok(octets.chunks_exact(self.reference_size).map(|octets| number(octets).ok_or(BROKEN)))
    }
}

/// A number of at most eight octets.
fn number(octets: &[u8]) -> Option<usize> {
    let number = octets.iter().try_fold(0_u64, |number, octet| Some(number.checked_mul(256)? | u64::from(*octet)))?;
    usize::try_from(number).ok()
}
