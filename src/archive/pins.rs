//! Pins: generations that somebody wants kept, whatever the retention says.
//!
//! A rollout pins its way back, an operator a state that is known to be good.
//! A pin names a generation by its number and its manifest, so that it is found
//! even where the generations between it and the newest are gone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::archive::manifest::Base;
use crate::model::{Suite, Timestamp};

/// The form this program writes and reads.
const SCHEMA: &str = "debcut/pin/1";

/// A pin's name: letters, digits and `+-._`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PinName(String);

/// Says that a text cannot name a pin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” names no pin: letters, digits and +-._ expected, a letter first, at most 100 of them"
)]
pub struct PinNameError(pub String);

impl PinName {
    /// Takes a name. It starts with a letter, so that it is never taken for the
    /// number of a generation.
    pub fn new(text: impl Into<String>) -> Result<Self, PinNameError> {
        let text = text.into();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"+-._".contains(&b);
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        match starts && text.len() <= 100 && text.bytes().all(plain) {
            true => Ok(Self(text)),
            false => Err(PinNameError(text)),
        }
    }

    /// Returns it as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PinName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for PinName {
    type Err = PinNameError;
    fn from_str(text: &str) -> Result<Self, PinNameError> {
        Self::new(text)
    }
}

impl TryFrom<String> for PinName {
    type Error = PinNameError;
    fn try_from(text: String) -> Result<Self, PinNameError> {
        Self::new(text)
    }
}

impl From<PinName> for String {
    fn from(name: PinName) -> Self {
        name.0
    }
}

/// A generation that is kept until the pin is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    schema: String,
    /// The suite.
    pub suite: Suite,
    /// The pin's name, unique in its suite.
    pub name: PinName,
    /// The generation.
    pub generation: Base,
    /// Who pinned it.
    pub who: String,
    /// Why.
    pub why: Option<String>,
    /// When.
    pub when: Timestamp,
}

/// Says why bytes are no pin.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// They are not the JSON of one.
    #[error("not a pin of the form {SCHEMA}")]
    Json(#[from] serde_json::Error),
    /// A later version of this program wrote it.
    #[error("found a pin of the form “{0}”, expected {SCHEMA}")]
    Schema(String),
}

impl Pin {
    /// Makes a pin.
    pub fn new(
        suite: Suite,
        name: PinName,
        generation: Base,
        (who, why): (String, Option<String>),
        when: Timestamp,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            suite,
            name,
            generation,
            who,
            why,
            when,
        }
    }

    /// Writes it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and numbers only");
        bytes.push(b'\n');
        bytes
    }

    /// Reads one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PinError> {
        let pin: Self = serde_json::from_slice(bytes)?;
        match pin.schema == SCHEMA {
            true => Ok(pin),
            false => Err(PinError::Schema(pin.schema)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sha256;

    #[test]
    fn names_are_file_names_and_never_numbers() {
        let long = "a".repeat(101);
        let cases = [
            ("before-2.0", true),
            ("ring1_way.back+x", true),
            ("12", false),
            ("", false),
            (".hidden", false),
            ("a/b", false),
            ("..", false),
            ("ä", false),
            (long.as_str(), false),
        ];
        for (text, good) in cases {
            assert_eq!(PinName::new(text).is_ok(), good, "{text:?}");
        }
    }

    #[test]
    fn a_pin_is_read_as_written() {
        let pin = Pin::new(
            Suite::new("stable").expect("a name"),
            PinName::new("good").expect("a name"),
            Base {
                number: 3,
                manifest: Sha256::of(b"x"),
            },
            ("ada".to_owned(), Some("it worked".to_owned())),
            Timestamp::from_unix(1_795_253_400),
        );
        assert_eq!(Pin::from_bytes(&pin.to_bytes()).expect("valid"), pin);
        let later = String::from_utf8(pin.to_bytes()).expect("text");
        let later = later.replace(SCHEMA, "debcut/pin/9");
        Pin::from_bytes(later.as_bytes()).expect_err("of another form");
    }
}
