//! Tag names ⇄ versions: one written mapping for each package.
//!
//! In a pattern `{version}` stands for the version. Names under `debian/` (and
//! other vendors' as DEP-14 has them) spell `~` as `_` and `:` as `%`.

use std::fmt;

use super::upstream::is_release_of;
use crate::format::version::Version;
use crate::model::TagName;

/// A pattern of tag names with one `{version}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPattern {
    before: String,
    after: String,
}

/// Says that a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// `{version}` must stand in it exactly once.
    #[error("the tag pattern “{0}” must hold {{version}} exactly once")]
    Version(String),
    /// The rest of it is not fit for a tag's name.
    #[error("the tag pattern “{0}” makes no valid tag name")]
    Name(String),
}

/// What a package's tag patterns are when nobody has said so, once `{name}` is
/// replaced.
pub const USUAL: [&str; 7] = [
    "debian/{version}",
    "v{version}",
    "{version}",
    "{name}-v{version}",
    "{name}/v{version}",
    "{name}-{version}",
    "{name}/{version}",
];

impl TagPattern {
    /// Reads a pattern such as `v{version}` or `debian/{version}`.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let Some((before, after)) = text.split_once("{version}") else {
            return Err(PatternError::Version(text.to_owned()));
        };
        if after.contains("{version}") {
            return Err(PatternError::Version(text.to_owned()));
        }
        if TagName::new(format!("{before}1{after}")).is_err() {
            return Err(PatternError::Name(text.to_owned()));
        }
        Ok(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// Returns the version text that a tag's name carries, where the name is
    /// of this pattern: of the release as the project writes it.
    pub fn version_in(&self, tag: &str) -> Option<String> {
        let middle = tag.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let starts = middle.starts_with(|c: char| c.is_ascii_digit());
        if !starts {
            return None;
        }
        let mangled = self
            .is_mangled()
            .then(|| Version::from_dep14(middle).ok())
            .flatten();
        Some(mangled.map_or_else(|| middle.to_owned(), |version| version.to_string()))
    }

    /// Returns the name of the tag of this version.
    pub fn tag(&self, version: &str) -> String {
        let mangled = self
            .is_mangled()
            .then(|| Version::new(version).ok())
            .flatten();
        let middle = mangled.map_or_else(|| version.to_owned(), |version| version.to_dep14());
        format!("{}{middle}{}", self.before, self.after)
    }

    /// Tells whether names of this pattern hold nothing but the version.
    pub fn is_bare(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    fn is_mangled(&self) -> bool {
        self.is_debian() || self.before == "upstream/"
    }

    /// Tells whether the tags name Debian revisions, not upstream releases.
    pub fn is_debian(&self) -> bool {
        matches!(self.before.as_str(), "debian/" | "ubuntu/" | "kali/")
    }
}

impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{version}}{}", self.before, self.after)
    }
}

/// Tells whether a package's patterns are the usual ones, which nobody chose.
pub fn are_usual(name: &str, patterns: &[TagPattern]) -> bool {
    let usual = |text: &str| TagPattern::new(&text.replace("{name}", name));
    patterns.len() == USUAL.len()
        && std::iter::zip(USUAL, patterns).all(|(text, own)| usual(text).as_ref() == Ok(own))
}

/// Tells whether the version that a tag names is the package's: the whole
/// Debian version, or, for an upstream style of tag, its upstream part.
pub fn names(tagged: &str, package: &Version, pattern: &TagPattern) -> bool {
    tagged == package.as_str()
        || tagged == package.without_epoch()
        || (!pattern.is_debian() && is_release_of(tagged, package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_versions_go_both_ways() {
        let cases = [
            ("v{version}", "v1.2.3", Some("1.2.3")),
            ("v{version}", "1.2.3", None),
            ("v{version}", "vendor", None),
            (
                "debian/{version}",
                "debian/1%1.2.3_rc1-1",
                Some("1:1.2.3~rc1-1"),
            ),
            ("hello-{version}-final", "hello-1.0-final", Some("1.0")),
            ("{version}", "2024.1", Some("2024.1")),
        ];
        for (pattern, tag, want) in cases {
            let pattern = TagPattern::new(pattern).expect(pattern);
            assert_eq!(pattern.version_in(tag).as_deref(), want, "{pattern} {tag}");
            if let Some(version) = want {
                assert_eq!(pattern.tag(version), tag);
            }
        }
    }

    #[test]
    fn patterns_are_checked() {
        for text in [
            "v",
            "{version}{version}",
            "a b{version}",
            "{version}.lock",
            "",
        ] {
            assert!(TagPattern::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tag_names_a_package_version() {
        let cases = [
            ("debian/{version}", "1.2-3", "1.2-3", true),
            ("debian/{version}", "1.2", "1.2-3", false),
            ("v{version}", "1.2", "1.2-3", true),
            ("v{version}", "1.2.0-rc.1", "1.2.0~rc1-1", true),
            ("v{version}", "1.2", "1:1.2-3", true),
            ("v{version}", "1.2", "1.3-1", false),
            ("v{version}", "1.2", "1.2+dfsg1-1", true),
            ("v{version}", "1.2", "1.2+nmu1", true),
            ("v{version}", "1.9", "2.0+really1.9-1", true),
            ("debian/{version}", "1.2", "1.2+nmu1", false),
        ];
        for (pattern, tagged, package, want) in cases {
            let pattern = TagPattern::new(pattern).expect(pattern);
            let package = Version::new(package).expect(package);
            assert_eq!(
                names(tagged, &package, &pattern),
                want,
                "{tagged} {package}"
            );
        }
    }
}
