//! How is a secret held in memory?
//!
//! In [`Secret`], and nowhere else: boxed, wiped when dropped, redacted when printed, and shown by one
//! accessor, [`Secret::expose`], so that a search for that word finds every place where a key is seen.
//! It has no `Clone`, `Display`, `PartialEq`, `Serialize`, `Deref` or `Default`:
//!
//! ```compile_fail,E0277
//! fn shown(secret: &fdescrow::Secret<str>) -> String {
//!     format!("{secret}")
//! }
//! ```
//! ```compile_fail,E0277
//! fn written(secret: &fdescrow::Secret<str>) -> String {
//!     serde_json::to_string(secret).unwrap()
//! }
//! ```
//! ```compile_fail,E0599
//! fn copied(secret: &fdescrow::Secret<[u8; 16]>) -> fdescrow::Secret<[u8; 16]> {
//!     fdescrow::Secret::<[u8; 16]>::clone(secret)
//! }
//! ```
//! ```
//! // what the three above do with another type
//! fn shown(id: &fdescrow::DeviceId) -> String {
//!     let copy: fdescrow::DeviceId = fdescrow::DeviceId::clone(id);
//!     format!("{copy}: {}", serde_json::to_string(id).unwrap())
//! }
//! ```

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A value that is wiped when it is dropped and never printed.
///
/// What it cannot do: pages may be swapped out or dumped by the operating system, and copies that the
/// caller makes of [`expose`](Self::expose) are the caller's to wipe.
pub struct Secret<T: Zeroize + ?Sized>(Box<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes a value of fixed size. The value passed in may leave a copy on the caller's stack.
    pub fn new(value: T) -> Self {
        Self(Box::new(value))
    }
}

impl<T: Zeroize + ?Sized> Secret<T> {
    /// Takes a boxed value without copying it.
    pub fn from_box(value: Box<T>) -> Self {
        Self(value)
    }

    /// Shows the secret. The only way to it.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The secret, to be changed in place.
    pub(crate) fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl Secret<str> {
    /// Takes a string; its buffer is used as it is or, where it has room to spare, copied once and wiped.
    pub fn from_string(mut value: String) -> Self {
        if value.capacity() == value.len() {
            return Self(value.into_boxed_str());
        }
        // Shrinking would reallocate and leave the old buffer behind, so copy and wipe it ourselves.
        let copy = Box::<str>::from(value.as_str());
        value.zeroize();
        Self(copy)
    }

    /// Copies a string; the original is the caller's to wipe.
    pub fn copy_from(value: &str) -> Self {
        Self(Box::from(value))
    }
}

impl Secret<[u8]> {
    /// Takes bytes; their buffer is used as it is or, where it has room to spare, copied once and wiped.
    pub fn from_vec(mut value: Vec<u8>) -> Self {
        if value.capacity() == value.len() {
            return Self(value.into_boxed_slice());
        }
        let copy = Box::<[u8]>::from(value.as_slice());
        value.zeroize();
        Self(copy)
    }

    /// Copies bytes; the original is the caller's to wipe.
    pub fn copy_from(value: &[u8]) -> Self {
        Self(Box::from(value))
    }

    /// `length` zero bytes, to be filled in place by `fill`.
    pub fn filled(length: usize, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut buffer = vec![0; length].into_boxed_slice();
        fill(&mut buffer);
        Self(buffer)
    }

    /// How many bytes it holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it holds no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both hold the same bytes, in time that depends only on their lengths.
    pub fn constant_time_eq(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }
}

impl<T: Zeroize + ?Sized> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize + ?Sized> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::from_string("AAAA-BBBB".to_owned());
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret([redacted]) Secret([redacted])");
    }

    #[test]
    fn a_string_with_room_to_spare_is_kept_whole() {
        let mut text = String::with_capacity(100);
        text.push_str("abc");
        assert_eq!(Secret::from_string(text).expose(), "abc");
        assert_eq!(Secret::from_string("abc".to_owned()).expose(), "abc");
    }

    #[test]
    fn equality_is_of_bytes() {
        let secret = Secret::<[u8]>::copy_from(b"abc");
        assert!(secret.constant_time_eq(b"abc"));
        assert!(!secret.constant_time_eq(b"abd"));
        assert!(!secret.constant_time_eq(b"ab"));
    }
}
