//! What are things called?
//!
//! Names that embedders give ([`Organization`], [`DeviceId`], [`VolumeId`], [`ProtectorId`], [`Actor`]) are
//! text of 1 to 255 bytes, compared byte by byte: no case folding, no Unicode normalisation, so that two
//! names are the same exactly when their bytes are; where the same GUID may be spelled in several ways,
//! [`ProtectorId::bitlocker`] and its neighbours give it one spelling. [`KeyId`] and [`Digest`] are ours. A [`Person`] is who an
//! [`Actor`] is, for rules about several people.

mod guid;
mod person;
mod platform;

use std::{fmt, str::FromStr};

pub use person::Person;
pub use platform::Platform;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ErrorCode;

/// A name is empty, longer than 255 bytes, or has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
#[non_exhaustive]
pub struct IdError {
    pub(crate) what: &'static str,
    pub(crate) problem: &'static str,
}

impl IdError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::IdInvalid
    }
}

/// The longest name, in bytes of UTF-8.
pub const MAX_BYTES: usize = 255;

pub(crate) fn checked(what: &'static str, text: String) -> Result<String, IdError> {
    let problem = if text.is_empty() {
        "is empty"
    } else if text.len() > MAX_BYTES {
        "is longer than 255 bytes"
    } else if text.chars().any(char::is_control) {
        "has control characters"
    } else {
        return Ok(text);
    };
    Err(IdError { what, problem })
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// Takes a name of 1 to 255 bytes without control characters.
            ///
            /// # Errors
            /// [`IdError`] if it is empty, longer, or has control characters.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                checked($what, text.into()).map(Self)
            }

            /// The name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

name! {
    /// The organization whose keys these are: leads every stored key, so that two never mix.
    Organization, "organization"
}
name! {
    /// A device, by the identifier that the embedder chose for good (a serial number, a database id).
    DeviceId, "device"
}
name! {
    /// A volume of a device: an APFS volume UUID, a Windows volume name, a LUKS UUID.
    VolumeId, "volume"
}
name! {
    /// What protects the volume key: a BitLocker protector GUID, a LUKS key slot, a FileVault crypto user.
    ProtectorId, "protector"
}
name! {
    /// Who does something: a person or a program, as the embedder authenticated it.
    Actor, "actor"
}

/// A stable word of a list that may grow: 1 to 64 of `a`-`z`, `0`-`9` and `_`.
///
/// Where a stored record holds a word that this version does not know, it is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Word(String);

impl Word {
    /// Takes a word.
    ///
    /// # Errors
    /// [`IdError`] if it is empty, longer than 64 bytes, or has other characters.
    pub fn new(text: &str) -> Result<Self, IdError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError { what: "word", problem: "is not 1 to 64 lower-case letters, digits and underscores" })
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// An enum whose variants are words in documents and stored records.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal; )* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $type { $( $(#[$variant_doc])* $variant, )* }

        impl $type {
            /// Every one.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word in documents and stored records.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

/// An id of 128 random bits.
macro_rules! random_id {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type([u8; 16]);

        impl $type {
            /// A new random one.
            ///
            /// # Errors
            /// [`RandomnessError`](crate::random::RandomnessError) if the source failed.
            pub fn generate(
                rng: &dyn crate::random::Randomness,
            ) -> Result<Self, crate::random::RandomnessError> {
                let mut bytes = [0; 16];
                rng.fill(&mut bytes)?;
                Ok(Self(bytes))
            }

            /// From its sixteen bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// Its sixteen bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::ids::write_hex(f, &self.0)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }

        impl std::str::FromStr for $type {
            type Err = crate::ids::IdError;

            fn from_str(text: &str) -> Result<Self, crate::ids::IdError> {
                let problem = "is not 32 hexadecimal digits";
                crate::ids::parse_hex(text).map(Self).ok_or(crate::ids::IdError { what: $what, problem })
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize<'de>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use random_id;

random_id! {
    /// A stored key, by 128 random bits; printed as 32 lower-case hexadecimal digits.
    KeyId, "key id"
}

/// A SHA-256 digest (FIPS 180-4): of an envelope, of a certificate (its fingerprint), of a stored row, of an
/// audit entry; printed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// 32 zero bytes: the digest of nothing, where a chain of digests begins.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// From its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_hex(text).map(Self).ok_or(IdError { what: "digest", problem: "is not 64 hexadecimal digits" })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn write_hex(out: &mut impl fmt::Write, bytes: &[u8]) -> fmt::Result {
    let mut digits = [0; 64];
    bytes.chunks(digits.len() / 2).try_for_each(|bytes| {
        let digits = base16ct::lower::encode_str(bytes, &mut digits);
        out.write_str(digits.map_err(|_| fmt::Error)?)
    })
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    // Nothing fails that is written to a string.
    let _ = write_hex(&mut digits, bytes);
    digits
}

/// Exactly `N` bytes from lower- or upper-case hexadecimal digits.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let read = base16ct::mixed::decode(text, &mut bytes).ok()?.len();
    (read == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bytes_and_nothing_is_folded() {
        let composed = DeviceId::new("caf\u{e9}").unwrap();
        let decomposed = DeviceId::new("cafe\u{301}").unwrap();
        assert_ne!(composed, decomposed);
        assert_ne!(DeviceId::new("ABC"), DeviceId::new("abc"));
        assert_eq!(DeviceId::new("'; DROP TABLE keys; --").unwrap().as_str(), "'; DROP TABLE keys; --");
    }

    #[test]
    fn what_no_database_could_hold_is_refused() {
        for bad in ["", "a\0b", "line\nbreak", &"x".repeat(256)] {
            let error = DeviceId::new(bad).unwrap_err();
            assert_eq!(error.code(), ErrorCode::IdInvalid);
        }
        assert!(DeviceId::new("\u{1f512}".repeat(63)).is_ok());
    }

    #[test]
    fn a_key_id_prints_and_parses() {
        let id = KeyId::from_bytes(*b"0123456789abcdef");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("0123".parse::<KeyId>().is_err());
    }

    #[test]
    fn a_word_is_short_and_plain() {
        assert_eq!(Word::new("key_received").unwrap().to_string(), "key_received");
        for bad in ["", "Key", "key received", "k\u{e9}y", &"x".repeat(65)] {
            assert!(Word::new(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Word>("\"A\"").is_err());
    }

    #[test]
    fn a_digest_is_sha_256_in_hexadecimal() {
        // FIPS 180-4's own example: the message "abc".
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = Digest::of(b"abc");
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(serde_json::to_string(&digest).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Digest>(&format!("\"{text}\"")).unwrap(), digest);
        assert!(text.get(1..).unwrap().parse::<Digest>().is_err());
        assert_eq!(Digest::from_bytes(*digest.as_bytes()), digest);
        assert_eq!(format!("{digest:?}"), format!("Digest({text})"));
    }
}
