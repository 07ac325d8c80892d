//! Which certificate is meant?
//!
//! The one with this SHA-256 of its DER. Names and serial numbers are no answer: several certificates share
//! them.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    error::ErrorCode,
    ids::{parse_hex, write_hex},
};

/// SHA-256 of a certificate's DER.
///
/// Printed as 64 lower-case hexadecimal digits; parsed from either case, with colons or white space between
/// (`openssl x509 -fingerprint -sha256` and its `Fingerprint=` prefix too).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// The text is not a SHA-256 fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fingerprint is not 64 hexadecimal digits (SHA-256)")]
#[non_exhaustive]
pub struct FingerprintError;

impl FingerprintError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::CertificateSyntax
    }
}

impl Fingerprint {
    /// From its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits = text.rsplit_once('=').map_or(text, |(_, digits)| digits);
        let digits: String = digits.chars().filter(|c| *c != ':' && !c.is_ascii_whitespace()).take(65).collect();
        parse_hex(&digits).map(Self).ok_or(FingerprintError)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_lower_case_and_parses_what_openssl_prints() {
        let fingerprint = Fingerprint::from_bytes(std::array::from_fn(|i| u8::try_from(i * 7).unwrap()));
        let text = fingerprint.to_string();
        assert_eq!(text, text.to_lowercase());
        assert_eq!(text.parse(), Ok(fingerprint));
        let bytes: Vec<String> = fingerprint.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(format!("sha256 Fingerprint={}\n", bytes.join(":")).parse(), Ok(fingerprint));
        let json = serde_json::to_string(&fingerprint).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
    }

    #[test]
    fn other_lengths_are_refused() {
        for text in ["", "00", &"0".repeat(40), &"0".repeat(65), &"g".repeat(64)] {
            let error = text.parse::<Fingerprint>().unwrap_err();
            assert_eq!(error.code(), ErrorCode::CertificateSyntax);
        }
    }
}
