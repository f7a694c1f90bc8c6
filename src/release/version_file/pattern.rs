//! A version between two literal texts on a line, for files of any kind.

use std::ops::Range;

use super::error::Unread;
use super::scan::is_version_character;

pub(super) const PLACE: &str = "{version}";

/// Says what is wrong with a pattern, as one clause.
pub(super) fn refusal(pattern: &str, count: usize) -> Option<&'static str> {
    if pattern.contains('\n') {
        Some("is more than one line")
    } else if pattern.matches(PLACE).count() != 1 {
        Some("needs one {version}")
    } else if pattern.trim() == PLACE {
        Some("needs text around {version}")
    } else if count == 0 {
        Some("must be found at least once")
    } else {
        None
    }
}

/// Finds the versions between the pattern's texts. They stand as they are
/// written and on one line; a pattern that begins or ends within a word matches
/// only there: `version = "` does not match `min_version = "`. A `^` before
/// the pattern stands for the line's begin.
pub(super) fn spans(text: &str, pattern: &str, count: usize) -> Result<Vec<Range<usize>>, Unread> {
    let (before, after) = pattern.split_once(PLACE).unwrap_or((pattern, ""));
    let (anchored, before) = match before.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, before),
    };
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let mut from = 0;
        while let Some(offset) = bare[from..].find(before) {
            let start = from + offset;
            let inside = start + before.len();
            let begins = if anchored {
                start == 0
            } else {
                is_edge(bare, start)
            };
            match version(bare, inside, after).filter(|_| begins) {
                Some(end) => {
                    found.push(at + inside..at + end);
                    from = end;
                }
                None => from = start + bare[start..].chars().next().map_or(1, char::len_utf8),
            }
            if from >= bare.len() {
                break;
            }
        }
        at += line.len();
    }
    if found.len() == count {
        return Ok(found);
    }
    let at = found.iter().map(|found| found.start).collect();
    Err(Unread::Count(format!("“{pattern}”"), count, at))
}

/// Finds where the version ends that begins there, with the text after it.
fn version(line: &str, start: usize, after: &str) -> Option<usize> {
    let rest = &line[start..];
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let run = rest
        .find(|c| !is_version_character(c))
        .unwrap_or(rest.len());
    // The longest that fits: in `x-1.2.tar.gz` the version is not `1.2.tar`.
    let ends = (1..=run).rev().map(|length| start + length);
    let mut ends = ends.filter(|end| line[..*end].ends_with(|c: char| c.is_ascii_alphanumeric()));
    ends.find(|end| {
        let stops = *end..*end + after.len();
        line[*end..].starts_with(after) && is_edge(line, stops.end)
    })
}

/// Tells whether no word goes on over this place.
fn is_edge(line: &str, at: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let before = line[..at].chars().next_back();
    let after = line[at..].chars().next();
    // A hyphen joins words too: `min-version`, `1.2-rc`.
    let joins = |c: Option<char>| c.is_some_and(|c| is_word(c) || c == '-');
    !(joins(before) && after.is_some_and(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_versions_between_its_texts() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                "version = \"{version}\"",
                "version = \"1.2\"\nmin_version = \"1.0\"",
                &["1.2"],
            ),
            ("version = \"{version}\"", "min-version = \"1.0\"", &[]),
            ("version: {version}", "# version: 1.2.\r\n", &["1.2"]),
            ("x-{version}.tar.gz", "get x-1.2.3.tar.gz now", &["1.2.3"]),
            (
                "x-{version}.tar.gz",
                "x-1.2.tar.gz x-1.3.tar.gz",
                &["1.2", "1.3"],
            ),
            ("img:{version}", "img:latest img:1.2-rc.1", &["1.2-rc.1"]),
            (
                "^VERSION={version}",
                "VERSION=1.0\n XVERSION=2\n VERSION=3",
                &["1.0"],
            ),
            ("{version} (stable)", "release 1.2 (stable)", &["1.2"]),
            ("»{version}«", "»1.2« und »ä«", &["1.2"]),
        ];
        for (pattern, text, want) in cases {
            assert_eq!(refusal(pattern, 1), None, "{pattern}");
            let found = spans(text, pattern, want.len());
            let found = found.unwrap_or_else(|error| panic!("{pattern}: {error:?}"));
            let found: Vec<_> = found.into_iter().map(|at| &text[at]).collect();
            assert_eq!(found, *want, "{pattern}: {text}");
        }
    }
}
