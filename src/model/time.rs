//! A moment in seconds, and the ways the formats write it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: seconds since 1970-01-01 00:00:00 UTC, may be negative.
///
/// Displayed and serialised as RFC 3339 in UTC (`2026-11-21T09:30:00Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Says that a text is not a date of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not a date ({form} expected)")]
pub struct TimestampError {
    /// What was found.
    pub text: String,
    /// The form that was expected, with an example.
    pub form: &'static str,
}

/// The years that every format of ours can write: four digits.
const LIMITS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_207_200;

impl Timestamp {
    /// Takes seconds since the epoch, held to the years 1 to 9999.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(*LIMITS.start(), *LIMITS.end()))
    }

    /// Returns seconds since the epoch.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Returns the moment `seconds` later (earlier when negative).
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix(self.0.saturating_add(seconds))
    }

    /// Reads an RFC 3339 date-time with any offset.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimestampError> {
        let moment: jiff::Timestamp = text.trim().parse().map_err(|_| TimestampError {
            text: text.to_owned(),
            form: "RFC 3339, such as 2026-11-21T09:30:00Z",
        })?;
        Ok(Self::from_unix(moment.as_second()))
    }

    /// Reads an RFC 2822 date-time as in `debian/changelog` and `Release`
    /// (where the zone may be written `UTC`).
    pub fn parse_rfc2822(text: &str) -> Result<Self, TimestampError> {
        let plain = text.trim();
        let plain = plain
            .strip_suffix("UTC")
            .map_or(plain.to_owned(), |day| format!("{day}+0000"));
        let moment = jiff::fmt::rfc2822::parse(&plain).map_err(|_| TimestampError {
            text: text.to_owned(),
            form: "RFC 2822, such as Sat, 21 Nov 2026 09:30:00 +0000",
        })?;
        Ok(Self::from_unix(moment.timestamp().as_second()))
    }

    /// Writes `Sat, 21 Nov 2026 09:30:00 +0000`, as in a changelog's last line.
    pub fn rfc2822(self) -> String {
        self.civil("%a, %d %b %Y %H:%M:%S +0000")
    }

    /// Writes `Sat, 21 Nov 2026 09:30:00 UTC`, as in a `Release` file.
    pub fn release_date(self) -> String {
        self.civil("%a, %d %b %Y %H:%M:%S UTC")
    }

    /// Writes `Sat, 21 Nov 2026 09:30:00 GMT`, as in an HTTP header.
    pub fn http_date(self) -> String {
        self.civil("%a, %d %b %Y %H:%M:%S GMT")
    }

    /// Writes `2026-11-21`.
    pub fn day(self) -> String {
        self.civil("%Y-%m-%d")
    }

    fn civil(self, form: &str) -> String {
        let moment = jiff::Timestamp::from_second(self.0).expect("held to the years 1 to 9999");
        moment.strftime(form).to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.civil("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        Self::parse_rfc3339(text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse_rfc3339(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_moment() {
        let moment = Timestamp::from_unix(1_795_253_400);
        assert_eq!(moment.to_string(), "2026-11-21T09:30:00Z");
        assert_eq!(moment.rfc2822(), "Sat, 21 Nov 2026 09:30:00 +0000");
        assert_eq!(moment.release_date(), "Sat, 21 Nov 2026 09:30:00 UTC");
        for text in [
            "Sat, 21 Nov 2026 10:30:00 +0100",
            "Sat, 21 Nov 2026 09:30:00 UTC",
        ] {
            assert_eq!(Timestamp::parse_rfc2822(text), Ok(moment), "{text}");
        }
        assert_eq!(
            Timestamp::parse_rfc3339("2026-11-21T10:30:00+01:00"),
            Ok(moment)
        );
    }

    #[test]
    fn extremes_are_held_to_four_digit_years() {
        assert_eq!(
            Timestamp::from_unix(i64::MAX).to_string(),
            "9999-12-30T22:00:00Z"
        );
        assert_eq!(
            Timestamp::from_unix(i64::MIN).to_string(),
            "0001-01-01T00:00:00Z"
        );
    }
}
