//! What is made for C and is no secret: texts, JSON among them, and bytes.

use crate::{
    handle::{Handle, borrow, free, opaque},
    view::{fdescrow_bytes, fdescrow_str},
};

/// A text that the library made: JSON, XML, a report.
#[derive(Debug)]
pub struct fdescrow_text {
    handle: Handle,
}
opaque!(fdescrow_text, String, b"fdetext_");

/// Bytes that the library made: a profile, an envelope, a part of a spool.
#[derive(Debug)]
pub struct fdescrow_buffer {
    handle: Handle,
}
opaque!(fdescrow_buffer, Vec<u8>, b"fdebuffr");

/// Method of `fdescrow_text`: what it holds, borrowed from it; empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_text_value(text: Option<&fdescrow_text>) -> fdescrow_str {
    borrow(text).map_or(fdescrow_str::EMPTY, |text| fdescrow_str::of(text))
}

/// Destructor of `fdescrow_text`. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_text_free(text: Option<Box<fdescrow_text>>) {
    free(text);
}

/// Method of `fdescrow_buffer`: what it holds, borrowed from it; empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_buffer_value(buffer: Option<&fdescrow_buffer>) -> fdescrow_bytes {
    borrow(buffer).map_or(fdescrow_bytes::EMPTY, |bytes| fdescrow_bytes::of(bytes))
}

/// Destructor of `fdescrow_buffer`. NULL is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn fdescrow_buffer_free(buffer: Option<Box<fdescrow_buffer>>) {
    free(buffer);
}
