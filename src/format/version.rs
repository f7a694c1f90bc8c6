//! Versions of Debian packages: deb-version(7), and their tags by DEP-14.
//!
//! Holds a version as it was written, dpkg's order of versions, and the
//! mapping to git tags. Knows nothing of how a version is chosen.
//!
//! Deviations from dpkg: blanks around a version are refused, where dpkg trims
//! them, and so is a sign before the epoch. What `dpkg --compare-versions`
//! only warns about and `dpkg-deb` refuses (an upstream version that does not
//! start with a digit, unknown characters) is refused.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A version: `[EPOCH:]UPSTREAM[-REVISION]`, kept as it was written.
///
/// Two versions are *equal* (`==`) when their texts are: `1.0` and `1.0-0` name
/// different files. dpkg does not tell them apart: use [`Version::compare`] to
/// ask which one it would install. `Ord` is dpkg's order and, where dpkg sees
/// none, the order of the texts, so it agrees with `==` and sorted maps are
/// sound.
///
/// ```
/// use std::cmp::Ordering;
/// use debcut::format::version::Version;
///
/// let candidate: Version = "1:1.2.3~rc1-1".parse()?;
/// let last: Version = "1:1.2.3-1".parse()?;
/// assert!(candidate < last, "a tilde sorts before the end");
/// assert_eq!(candidate.upstream(), "1.2.3~rc1");
/// assert_eq!(candidate.without_epoch(), "1.2.3~rc1-1");
/// assert_eq!(candidate.to_dep14(), "1%1.2.3_rc1-1");
///
/// let (short, long): (Version, Version) = ("1.0".parse()?, "0:1.0-0".parse()?);
/// assert_eq!(short.compare(&long), Ordering::Equal);
/// assert_ne!(short, long);
/// # Ok::<(), debcut::format::version::VersionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    text: String,
    epoch: u32,
    /// Where the upstream version starts in `text`.
    upstream: usize,
    /// Where the last hyphen of `text` is, if there is a revision.
    hyphen: Option<usize>,
}

/// Says why a text is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not a valid version: {rule}")]
pub struct VersionError {
    /// What was found.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

/// The largest epoch dpkg can hold (a C `int`).
const LARGEST_EPOCH: u32 = 2_147_483_647;

impl Version {
    /// Checks `text` and takes it as a version.
    pub fn new(text: impl Into<String>) -> Result<Self, VersionError> {
        let text = text.into();
        match parts(&text) {
            Ok((epoch, upstream, hyphen)) => Ok(Self {
                text,
                epoch,
                upstream,
                hyphen,
            }),
            Err(rule) => Err(VersionError { text, rule }),
        }
    }

    /// Returns the version as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the epoch, 0 when none is written.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Returns what stands between the epoch and the revision.
    pub fn upstream(&self) -> &str {
        &self.text[self.upstream..self.hyphen.unwrap_or(self.text.len())]
    }

    /// Returns what stands after the last hyphen.
    pub fn revision(&self) -> Option<&str> {
        self.hyphen.map(|hyphen| &self.text[hyphen + 1..])
    }

    /// Returns the version without its epoch, as file names have it.
    pub fn without_epoch(&self) -> &str {
        &self.text[self.upstream..]
    }

    /// Tells whether this is the version of a native package: no revision.
    pub fn is_native(&self) -> bool {
        self.hyphen.is_none()
    }

    /// Compares as dpkg does; `Equal` does not mean `==` (see [`Version`]).
    pub fn compare(&self, other: &Self) -> Ordering {
        let revision = |version: &Self| version.hyphen.map_or(version.text.len(), |h| h + 1);
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(self.upstream(), other.upstream()))
            .then_with(|| {
                compare_part(&self.text[revision(self)..], &other.text[revision(other)..])
            })
    }
}

/// Finds the epoch, the start of the upstream version and the last hyphen, or
/// the rule that `text` breaks.
fn parts(text: &str) -> Result<(u32, usize, Option<usize>), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    let (epoch, start) = match text.split_once(':') {
        None => (0, 0),
        Some(("", _)) => return Err("the epoch before the colon is empty"),
        Some((epoch, _)) => {
            if !epoch.bytes().all(|b| b.is_ascii_digit()) {
                return Err("the epoch before the first colon must be a number");
            }
            match epoch.parse::<u32>() {
                Ok(number) if number <= LARGEST_EPOCH => (number, epoch.len() + 1),
                _ => return Err("the epoch must be at most 2147483647"),
            }
        }
    };
    let rest = &text[start..];
    let hyphen = rest.rfind('-');
    let upstream = &rest[..hyphen.unwrap_or(rest.len())];
    if !upstream.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("the upstream version must start with a digit");
    }
    if !upstream
        .bytes()
        .all(|b| is_known(b) || b == b'-' || b == b':')
    {
        return Err("the upstream version may hold only letters, digits and . + - ~ :");
    }
    if let Some(hyphen) = hyphen {
        let revision = &rest[hyphen + 1..];
        if revision.is_empty() {
            return Err("the revision after the last hyphen is empty");
        }
        if !revision.bytes().all(is_known) {
            return Err("the revision may hold only letters, digits and . + ~");
        }
    }
    Ok((epoch, start, hyphen.map(|hyphen| start + hyphen)))
}

fn is_known(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".+~".contains(&byte)
}

/// dpkg's `verrevcmp`: stretches of non-digits by [`weight`], stretches of
/// digits as numbers of any length, in turn.
fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        while starts_without_digit(a) || starts_without_digit(b) {
            let order = weight(a).cmp(&weight(b));
            if order != Ordering::Equal {
                return order;
            }
            // Equal weights here mean equal characters: neither is at its end.
            (a, b) = (&a[1..], &b[1..]);
        }
        let (left, right) = (number(&mut a), number(&mut b));
        let order = left.len().cmp(&right.len()).then(left.cmp(right));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn starts_without_digit(text: &[u8]) -> bool {
    text.first().is_some_and(|b| !b.is_ascii_digit())
}

/// `~` before the end (or a digit), the end before letters, letters before the
/// rest.
fn weight(text: &[u8]) -> i32 {
    match text.first() {
        None => 0,
        Some(digit) if digit.is_ascii_digit() => 0,
        Some(b'~') => -1,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    }
}

/// Takes the digits off the front of `text` and drops their leading zeros.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    &digits[zeros..]
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other).then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Version {
    type Err = VersionError;
    fn from_str(text: &str) -> Result<Self, VersionError> {
        Self::new(text)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

// ── Tags: DEP-14, “Version mangling” ────────────────────────────────────────

impl Version {
    /// Writes the version as a part of a tag name: `~` as `_`, `:` as `%`, and
    /// `#` after a dot that git refuses (before another dot, at the end, or
    /// before a final `lock`).
    pub fn to_dep14(&self) -> String {
        let mut tag = String::with_capacity(self.text.len() + 1);
        for (at, letter) in self.text.char_indices() {
            let rest = &self.text[at + 1..];
            match letter {
                '~' => tag.push('_'),
                ':' => tag.push('%'),
                '.' if rest.is_empty() || rest.starts_with('.') || rest == "lock" => {
                    tag.push_str(".#");
                }
                other => tag.push(other),
            }
        }
        tag
    }

    /// Reads what [`Version::to_dep14`] wrote, and nothing else: two tags never
    /// mean the same version.
    pub fn from_dep14(tag: &str) -> Result<Self, VersionError> {
        let letter = |c| match c {
            '_' => Some('~'),
            '%' => Some(':'),
            '#' => None,
            other => Some(other),
        };
        let version = Self::new(tag.chars().filter_map(letter).collect::<String>())?;
        if version.to_dep14() == tag {
            Ok(version)
        } else {
            Err(VersionError {
                text: tag.to_owned(),
                rule: "a tag writes ~ as _, : as %, and # only after a dot that git refuses",
            })
        }
    }
}

#[cfg(test)]
mod tests;
