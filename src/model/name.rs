//! Names as Debian and git spell them, each checked when it is made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Says why a text is not the name it was given as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is not a valid {what}: {rule}")]
pub struct NameError {
    /// The kind of name that was expected.
    pub what: &'static str,
    /// What was found.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $rule:literal, $valid:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(String);

        impl $type {
            /// Checks `text` and takes it as a name.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                if $valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(NameError { what: $what, text, rule: $rule })
                }
            }

            /// Returns the name as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(from)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

name!(
    /// A host as ssh(1) is told of it: a name, an address or an alias of the
    /// user's configuration, with `USER@` before it where one is meant.
    HostName, "host name",
    "letters, digits and ._:@%[]- only, not beginning with -, at most 255", valid_host
);

name!(
    /// The name of a ring of hosts.
    RingName, "ring name",
    "letters, digits and ._- only, beginning with a letter or digit, at most 64", valid_ring
);

name!(
    /// The name of a source or binary package (Debian Policy 5.6.1).
    PackageName, "package name",
    "two or more of a-z 0-9 + - . and a letter or digit first", valid_package
);
name!(
    /// The name of a suite, a path below `dists/` (`stable`, `bookworm/updates`).
    Suite, "suite name",
    "letters, digits and + - . _ in parts divided by /", valid_suite
);
name!(
    /// The name of an archive's component (`main`).
    Component, "component name",
    "letters, digits and + - . _", valid_path_part
);
name!(
    /// A Debian architecture (`amd64`, `all`), or `source` in a `.changes`.
    Architecture, "architecture",
    "lower-case letters, digits and -", valid_architecture
);
name!(
    /// The short name of a git tag, without `refs/tags/` (git-check-ref-format).
    TagName, "tag name",
    "what git-check-ref-format allows", valid_tag
);
name!(
    /// The short name of a git branch, without `refs/heads/`
    /// (git-check-ref-format).
    BranchName, "branch name",
    "what git-check-ref-format --branch allows", valid_branch
);
name!(
    /// A path below an archive's root (`pool/main/h/hello/hello_2.10-3_amd64.deb`),
    /// the same for clients, for a directory and for an object store.
    ArchivePath, "path in an archive",
    "printable ASCII without blank and \\, in parts divided by /, none of them . or ..",
    valid_archive_path
);
name!(
    /// An OpenPGP v4 fingerprint, 40 upper-case hexadecimal digits.
    Fingerprint, "OpenPGP fingerprint",
    "40 hexadecimal digits in upper case", valid_fingerprint
);

impl PackageName {
    /// Returns the pool directory of a source package of this name: `liba` for
    /// `libabc`, else the first letter (as Debian's archive does).
    pub fn pool_prefix(&self) -> &str {
        let len = if self.0.starts_with("lib") && self.0.len() > 3 {
            4
        } else {
            1
        };
        &self.0[..len]
    }
}

impl Architecture {
    /// Returns the architecture of packages that run anywhere.
    pub fn all() -> Self {
        Self("all".to_owned())
    }

    /// Tells whether this is `all`.
    pub fn is_all(&self) -> bool {
        self.0 == "all"
    }

    /// Returns Debian's name for the machine this program was compiled for.
    pub fn of_this_machine() -> Self {
        let name = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "x86" => "i386",
            "aarch64" => "arm64",
            "arm" => "armhf",
            "powerpc64" => "ppc64el",
            "mips64" => "mips64el",
            "loongarch64" => "loong64",
            other => other,
        };
        Self(name.to_owned())
    }
}

/// Counts the letters to insert, delete or replace that make `b` of `a`
/// (Levenshtein), for “did you mean”.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Finds the most similar of some names, where one is similar at all.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &'a str| (edit_distance(wanted, name), name);
    let (distance, name) = names.into_iter().map(distance).min()?;
    (distance <= wanted.chars().count().max(3) / 3 + 1).then_some(name)
}

fn valid_host(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:@%[]-".contains(&b);
    !text.is_empty() && text.len() <= 255 && !text.starts_with('-') && text.bytes().all(plain)
}

fn valid_ring(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let starts = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric());
    starts && text.len() <= 64 && text.bytes().all(plain)
}

fn valid_package(text: &str) -> bool {
    let bytes = text.as_bytes();
    let known = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(b);
    bytes.len() >= 2 && bytes.iter().all(known) && bytes[0].is_ascii_alphanumeric()
}

fn valid_path_part(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"+-._".contains(&b);
    !text.is_empty() && text.bytes().all(known) && !text.starts_with(['.', '-'])
}

fn valid_suite(text: &str) -> bool {
    text.split('/').all(valid_path_part)
}

fn valid_archive_path(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_graphic() && b != b'\\';
    text.bytes().all(known) && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn valid_architecture(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(known) && !text.starts_with('-')
}

fn valid_tag(text: &str) -> bool {
    let bad = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    !text.is_empty()
        && text != "@"
        && !text.contains(bad)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.starts_with('-')
        && !text.ends_with('.')
        && text
            .split('/')
            .all(|p| !p.is_empty() && !p.starts_with('.') && !p.ends_with(".lock"))
}

fn valid_branch(text: &str) -> bool {
    valid_tag(text) && text != "HEAD"
}

fn valid_fingerprint(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_rules() {
        type Check = fn(&str) -> bool;
        let cases: &[(Check, &[&str], &[&str])] = &[
            (
                valid_package,
                &["a0", "libc++1", "0ad", "g.x"],
                &["a", "", "A0", "-a", "a_b", "a/b"],
            ),
            (
                valid_suite,
                &["stable", "bookworm/updates", "a_b"],
                &["", "/a", "a//b", "../x", "a b"],
            ),
            (
                valid_archive_path,
                &["a", "pool/main/h/x_1:2~a+b.deb", ".debcut/lock", "a/..b"],
                &[
                    "", "/a", "a/", "a//b", "../a", "a/..", "./a", "a b", "a\\b", "é",
                ],
            ),
            (
                valid_architecture,
                &["amd64", "all", "kfreebsd-amd64"],
                &["", "AMD64", "a/b", "-x"],
            ),
            (
                valid_tag,
                &["v1.0", "debian/1%1.2_rc1-1", "a.#.b"],
                &["", "@", "a..b", "a b", "a~1", "-x", "x.lock", "a//b", "v1."],
            ),
            (
                valid_fingerprint,
                &["0123456789ABCDEF0123456789ABCDEF01234567"],
                &["", "0123", "x"],
            ),
        ];
        for (valid, good, bad) in cases {
            for text in *good {
                assert!(valid(text), "{text:?} is valid");
            }
            for text in *bad {
                assert!(!valid(text), "{text:?} is invalid");
            }
        }
    }

    #[test]
    fn nearest_name_is_near() {
        let names = ["v1.0.0", "v1.1.0", "debian/1.0-1"];
        for (wanted, want) in [
            ("v1.0", Some("v1.0.0")),
            ("1.1.0", Some("v1.1.0")),
            ("zzz", None),
        ] {
            assert_eq!(nearest(wanted, names), want, "{wanted}");
        }
    }

    #[test]
    fn pool_prefix_is_debians() {
        for (name, want) in [
            ("hello", "h"),
            ("libabc", "liba"),
            ("lib", "l"),
            ("0ad", "0"),
        ] {
            assert_eq!(
                PackageName::new(name).expect(name).pool_prefix(),
                want,
                "{name}"
            );
        }
    }
}
