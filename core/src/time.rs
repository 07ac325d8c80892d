//! What time is it?
//!
//! The caller says so: core never reads a clock, and `now` is the last argument wherever it matters. Order
//! is decided by the store's sequence numbers, never by comparing times.

use std::{fmt, str::FromStr};

use ::time::{OffsetDateTime, format_description::well_known::Rfc3339};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ErrorCode;

/// A moment: whole seconds since 1970-01-01T00:00:00Z, within the years 1 to 9999.
///
/// Printed, parsed and serialized as RFC 3339 in UTC: `2026-11-24T07:22:59Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A time lies outside of the years 1 to 9999, or its text is not RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time is not RFC 3339, or outside of the years 1 to 9999")]
#[non_exhaustive]
pub struct TimeError;

impl TimeError {
    /// The stable number of this error.
    pub fn code(self) -> ErrorCode {
        ErrorCode::TimeOutOfRange
    }
}

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800);
    /// 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);

    /// From seconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`TimeError`] outside of the years 1 to 9999.
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, TimeError> {
        let time = Self(seconds);
        if time < Self::MIN || time > Self::MAX { Err(TimeError) } else { Ok(time) }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0
    }

    /// This time moved by `seconds`, held within the years 1 to 9999.
    #[must_use]
    pub fn saturating_add(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds)).clamp(Self::MIN, Self::MAX)
    }

    /// Seconds from `earlier` to this time; negative if this time is the earlier one.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    fn to_offset_date_time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_offset_date_time().format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimeError)?;
        Self::from_unix_seconds(parsed.unix_timestamp())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses_rfc_3339() {
        let time = Timestamp::from_unix_seconds(1_795_505_000).unwrap();
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!("2026-11-24T09:22:59+02:00".parse::<Timestamp>().unwrap().to_string(), "2026-11-24T07:22:59Z");
    }

    #[test]
    fn both_ends_print_and_what_lies_beyond_is_refused() {
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_unix_seconds(Timestamp::MAX.unix_seconds() + 1), Err(TimeError));
        assert_eq!(Timestamp::MAX.saturating_add(i64::MAX), Timestamp::MAX);
    }
}
