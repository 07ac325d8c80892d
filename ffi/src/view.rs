//! What does C show that is not the library's?
//!
//! Views: a pointer and a length. Those that come in are read during the call and never kept; those that go out are borrowed
//! from the object that they were asked of.

use std::{ffi::c_char, ptr, slice};

use crate::failure::Failure;

/// UTF-8, not ended by a NUL. Empty: any pointer, NULL too, and length 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct fdescrow_str {
    /// The first byte.
    data: *const c_char,
    /// How many bytes.
    length: usize,
}

/// Bytes. Empty: any pointer, NULL too, and length 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct fdescrow_bytes {
    /// The first one.
    data: *const u8,
    /// How many.
    length: usize,
}

impl fdescrow_str {
    pub(crate) const EMPTY: Self = Self { data: ptr::null(), length: 0 };

    /// A view of a text that lives on.
    pub fn of(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), length: text.len() }
    }

    /// The text, for the time of the call.
    pub(crate) fn read<'a>(self) -> Result<&'a str, Failure> {
        let bytes = fdescrow_bytes { data: self.data.cast(), length: self.length };
        std::str::from_utf8(bytes.read()?).map_err(|_| Failure::NOT_UTF8)
    }

    /// The text; none if it is empty.
    pub(crate) fn read_some<'a>(self) -> Result<Option<&'a str>, Failure> {
        Ok(Some(self.read()?).filter(|text| !text.is_empty()))
    }
}

impl fdescrow_bytes {
    pub(crate) const EMPTY: Self = Self { data: ptr::null(), length: 0 };

    /// A view of bytes that live on.
    pub fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), length: bytes.len() }
    }

    /// The bytes, for the time of the call.
    pub(crate) fn read<'a>(self) -> Result<&'a [u8], Failure> {
        if self.length == 0 {
            return Ok(&[]);
        }
        if self.data.is_null() {
            return Err(Failure::NULL);
        }
        if self.length > isize::MAX.unsigned_abs() {
            return Err(Failure::misuse("a length is larger than any object"));
        }
        // SAFETY: rule 5 of docs/c-abi.md: so many bytes are there and stay as they are until the call returns; nothing that
        // is read here is kept longer.
        Ok(unsafe { slice::from_raw_parts(self.data, self.length) })
    }
}
