//! A rollout's name: what it brings, and which try it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::format::version::Version;
use crate::model::PackageName;

/// A rollout's name: `SOURCE_VERSION`, and `_N` from the second try on. Neither
/// names nor versions have a `_`, so it is read one way only; it is a file name
/// too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RolloutId {
    /// The source package.
    pub source: PackageName,
    /// Its version: the first that is meant for some release.
    pub version: Version,
    /// Which try it is, from 1.
    pub attempt: u32,
}

/// Says that a text names no rollout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” names no rollout (SOURCE_VERSION or SOURCE_VERSION_N expected)")]
pub struct RolloutIdError(pub String);

impl RolloutId {
    /// Names the first try.
    pub fn first(source: PackageName, version: Version) -> Self {
        Self {
            source,
            version,
            attempt: 1,
        }
    }

    /// Names the next try.
    pub fn again(&self) -> Self {
        Self {
            attempt: self.attempt.saturating_add(1),
            ..self.clone()
        }
    }
}

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = format!("{}_{}", self.source, self.version);
        match self.attempt {
            1 => f.pad(&first),
            more => f.pad(&format!("{first}_{more}")),
        }
    }
}

impl FromStr for RolloutId {
    type Err = RolloutIdError;
    fn from_str(text: &str) -> Result<Self, RolloutIdError> {
        let read = || {
            let mut parts = text.split('_');
            let source = PackageName::new(parts.next()?).ok()?;
            let version = Version::new(parts.next()?).ok()?;
            let attempt = match parts.next() {
                None => 1,
                Some(digits) => digits.parse().ok().filter(|n| *n > 1)?,
            };
            let id = Self {
                source,
                version,
                attempt,
            };
            // `_02` and `_+2` would be other names of the same.
            (parts.next().is_none() && id.to_string() == text).then_some(id)
        };
        read().ok_or_else(|| RolloutIdError(text.to_owned()))
    }
}

impl Serialize for RolloutId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RolloutId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_written() {
        let cases = [
            ("hello_1.2-1", Some(1)),
            ("hello_1:1.2-1~deb12u1_3", Some(3)),
            ("hello_1.2_1", None),
            ("hello_1.2_02", None),
            ("hello_1.2_2_2", None),
            ("hello", None),
            ("_1", None),
            ("../x_1", None),
        ];
        for (text, attempt) in cases {
            let read: Result<RolloutId, _> = text.parse();
            assert_eq!(read.as_ref().ok().map(|id| id.attempt), attempt, "{text}");
            if let Ok(id) = read {
                assert_eq!(id.to_string(), text);
                assert_eq!(id.again().attempt, id.attempt + 1);
            }
        }
    }
}
