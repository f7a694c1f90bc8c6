//! What one line of a changelog is, by the expressions of dpkg's
//! `Dpkg::Changelog::Debian` and `Dpkg::Changelog::Entry::Debian` (1.21).

use std::sync::LazyLock;

use regex::bytes::Regex;

macro_rules! expression {
    ($text:expr $(,)?) => {
        LazyLock::new(|| Regex::new($text).expect("an expression of ours"))
    };
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `hello (1.0-1) unstable; urgency=medium`
    Heading,
    /// ` -- Name <mail@example.org>  date`
    Trailer,
    /// A change: two blanks and something.
    Change,
    /// Nothing but blanks.
    Blank,
    /// One blank and something, which nothing starts with.
    Unrecognised,
    /// Comments, keywords of version control, headings that are none: passed
    /// over, and stay where they are.
    Skipped,
    /// From here on dpkg reads nothing: editors' settings, and the forms that
    /// changelogs had before 1996.
    Tail,
}

/// Tells what a line is, without its line break.
pub(super) fn kind(line: &[u8]) -> Kind {
    let first = line.first();
    if line.iter().all(|b| is_white(*b)) {
        return Kind::Blank;
    }
    if first.is_some_and(|b| !is_white(*b)) {
        return match line {
            _ if HEADING.is_match(line) => Kind::Heading,
            _ if TAIL.is_match(line) => Kind::Tail,
            _ if SKIPPED.is_match(line) => Kind::Skipped,
            _ if ANCIENT.is_match(line) => Kind::Tail,
            _ => Kind::Skipped,
        };
    }
    if line.starts_with(b" --") {
        return match TRAILER.is_match(line) {
            true => Kind::Trailer,
            false => Kind::Skipped,
        };
    }
    match line.get(1).is_some_and(|b| is_white(*b)) {
        true => Kind::Change,
        false => Kind::Unrecognised,
    }
}

/// What Perl's `\s` matches in bytes.
pub(super) fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r')
}

/// Source, version, distributions, options.
pub(super) static HEADING: LazyLock<Regex> =
    expression!(r"(?i-u)^(\w[-+0-9a-z.]*) \(([^() \t]+)\)((?:\s+[-+0-9a-z.]+)+);(.*?)\s*$",);

/// Name, address, date.
pub(super) static TRAILER: LazyLock<Regex> = expression!(
    r"(?-u)^ -- (.*) <(.*)>  ?((?:\w+,\s*)?\d{1,2}\s+\w+\s+\d{4}\s+\d{1,2}:\d\d:\d\d\s+[-+]\d{4})\s*$",
);

static TAIL: LazyLock<Regex> = expression!(r"(?i-u)^(?:(?:;;\s*)?local variables:|vim:)");

static SKIPPED: LazyLock<Regex> = expression!(r"(?-u)^(?:\$\w+:.*\$|# |/\*.*\*/)");

static ANCIENT: LazyLock<Regex> = expression!(concat!(
    r"(?i-u)^(?:",
    r"\w+\s+\w+\s+\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}\s+[\w\s]*\d{4}\s+.*\s+[<(].*[)>]",
    r"|\w+\s+\w+\s+\d{1,2},?\s*\d{4}\s+.*\s+[<(].*[)>]",
    r"|\w[-+0-9a-z.]* \([^() \t]+\);?",
    r"|[\w.+-]+[- ]\S+ Debian \S+",
    r"|Changes from version .* to .*:",
    r"|Changes for [\w.+-]+-[\w.+-]+:?\s*$",
    r"|Old Changelog:\s*$",
    r"|(?:\d+:)?\w[\w.+~-]*:?\s*$",
    r")",
));
