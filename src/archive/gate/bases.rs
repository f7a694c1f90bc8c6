//! The suites of other archives that hosts have beside one of ours.

use std::str::FromStr;

use crate::model::{Component, Suite};

/// A suite of another archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseSuite {
    /// Where the archive is: a directory, `file:`, `http:` or `https:`.
    pub location: String,
    /// The suite.
    pub suite: Suite,
    /// Those of its components that hosts have; all without any.
    pub components: Vec<Component>,
}

/// Says that a text names no base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not LOCATION SUITE [COMPONENT…]")]
pub struct BaseSyntaxError(pub String);

impl FromStr for BaseSuite {
    type Err = BaseSyntaxError;
    fn from_str(text: &str) -> Result<Self, BaseSyntaxError> {
        let refuse = || BaseSyntaxError(text.to_owned());
        let mut words = text.split_whitespace();
        let (location, suite) = (words.next(), words.next());
        let components = words.map(Component::new).collect::<Result<_, _>>();
        Ok(Self {
            location: location.ok_or_else(refuse)?.to_owned(),
            suite: Suite::new(suite.ok_or_else(refuse)?).map_err(|_| refuse())?,
            components: components.map_err(|_| refuse())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_a_place_a_suite_and_components() {
        let base: BaseSuite = "http://deb.debian.org/debian  bookworm main contrib"
            .parse()
            .expect("a base");
        assert_eq!(base.location, "http://deb.debian.org/debian");
        assert_eq!(
            (base.suite.as_str(), base.components.len()),
            ("bookworm", 2)
        );
        for bad in ["", "/srv/apt", "/srv/apt ../x", "/srv/apt stable ma/in"] {
            let error = bad.parse::<BaseSuite>().expect_err(bad);
            assert!(error.to_string().contains("LOCATION SUITE"), "{bad}");
        }
    }
}
