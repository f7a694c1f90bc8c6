//! What a package requires of another one's version: the version in it, and
//! nothing of its operators.
//!
//! Cargo's and npm's version requirements, PEP 440's version specifiers. The
//! lower bound is what follows a release; an upper bound is a decision that
//! stays, and so is a wildcard.

use std::ops::Range;

use super::error::Unread;
use super::scan::is_version_character;
use crate::format::version::Version;
use crate::release::upstream::debian_upstream;

/// One comparison of a requirement.
struct Bound<'a> {
    operator: &'a str,
    version: Range<usize>,
}

impl Bound<'_> {
    fn is_lower(&self) -> bool {
        !["<", "<=", "!="].contains(&self.operator)
    }
}

/// Finds the version that a requirement names as its lower bound; none if it
/// takes any, or names no version (a path, an address, a tag).
pub(super) fn version(text: &str, at: Range<usize>) -> Result<Option<Range<usize>>, Unread> {
    let bounds = bounds(text, at);
    let lower: Vec<_> = bounds.into_iter().filter(Bound::is_lower).collect();
    let is_wildcard = |bound: &&Bound<'_>| {
        let mut parts = text[bound.version.clone()].split('.');
        parts.any(|part| ["*", "x", "X"].contains(&part))
    };
    match lower.as_slice() {
        [] => Ok(None),
        [one] if is_wildcard(&one) => Ok(None),
        [one] => Ok(Some(one.version.clone())),
        _ => {
            let at = lower.iter().map(|bound| bound.version.start).collect();
            Err(Unread::several("a lower bound of the requirement", at))
        }
    }
}

/// Returns the upper bound that excludes a version, as it is written.
pub(super) fn excludes<'a>(text: &'a str, at: Range<usize>, to: &str) -> Option<&'a str> {
    let number = |text: &str| Version::new(debian_upstream(text)).ok();
    let to = number(to)?;
    let excluding = bounds(text, at).into_iter().find(|bound| {
        let limit = number(&text[bound.version.clone()]);
        limit.is_some_and(|limit| match bound.operator {
            "<" => to >= limit,
            "<=" => to > limit,
            "!=" => to == limit,
            _ => false,
        })
    })?;
    let end = excluding.version.end;
    let before = text[..excluding.version.start].trim_end();
    Some(&text[before.len() - excluding.operator.len()..end])
}

fn bounds(text: &str, at: Range<usize>) -> Vec<Bound<'_>> {
    let mut found = Vec::new();
    let mut place = at.start;
    // npm's aliases: `workspace:^1.0`, `npm:other@^1.0`.
    for prefix in ["workspace:", "npm:"] {
        if let Some(rest) = text[at.clone()].strip_prefix(prefix) {
            let alias = if prefix == "npm:" {
                rest.rfind('@').map_or(0, |at| at + 1)
            } else {
                0
            };
            place = at.start + prefix.len() + alias;
        }
    }
    let skip = |from: usize, what: fn(char) -> bool| {
        let rest = &text[from..at.end];
        from + rest.find(|c| !what(c)).unwrap_or(rest.len())
    };
    while place < at.end {
        let operator = skip(place, |c| c.is_whitespace() || ",|()".contains(c));
        let blank = skip(operator, |c| "<>=!~^".contains(c));
        let mut start = skip(blank, char::is_whitespace);
        if text[start..at.end].starts_with('v') {
            start += 1;
        }
        let end = skip(start, |c| is_version_character(c) || c == '*');
        let written = &text[start..end];
        if !written.starts_with(|c: char| c.is_ascii_digit() || c == '*') {
            // No version: what follows is no requirement of one either, but a
            // range of npm's (`1.2.3 - 2.0.0`) is told by its two versions.
            if written == "-" {
                place = end;
                continue;
            }
            break;
        }
        found.push(Bound {
            operator: &text[operator..blank],
            version: start..end,
        });
        place = end;
    }
    found
}

/// Finds the requirements of a `requirements.txt` on a package.
pub(super) fn list(text: &str, name: &str) -> Result<Vec<Range<usize>>, Unread> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        if let Some(after) = super::pyproject::after_name(bare, name) {
            found.push(at + after.start..at + after.end);
        }
        at += line.len();
    }
    if found.is_empty() {
        return Err(Unread::NoVersion(format!("a dependency on {name}")));
    }
    Ok(found)
}

/// Finds what a `go.mod` requires of a module.
pub(super) fn go_module(text: &str, name: &str) -> Result<Vec<Range<usize>>, Unread> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or_default();
        let mut words = code.split_whitespace().peekable();
        words.next_if_eq(&"require");
        if words.next() == Some(name)
            && let Some(version) = words.next()
            && version.starts_with('v')
            && let Some(place) = code.rfind(version)
        {
            found.push(at + place..at + place + version.len());
        }
        at += line.len();
    }
    if found.is_empty() {
        return Err(Unread::NoVersion(format!("a dependency on {name}")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_bound_is_found() {
        let cases: &[(&str, Option<&str>)] = &[
            ("1.2.3", Some("1.2.3")),
            ("^1.2", Some("1.2")),
            ("~1.2.3", Some("1.2.3")),
            ("=1.2.3-rc.1", Some("1.2.3-rc.1")),
            (">= 1.2, < 2", Some("1.2")),
            ("<2,>=1.2", Some("1.2")),
            (">=1.2 <2", Some("1.2")),
            ("(>=1.2)", Some("1.2")),
            ("~=1.4.2", Some("1.4.2")),
            ("===1.0", Some("1.0")),
            ("!=1.5,>=1!1.2", Some("1!1.2")),
            ("v1.2.3", Some("1.2.3")),
            ("workspace:^1.0.0", Some("1.0.0")),
            ("npm:@scope/other@~1.0.0", Some("1.0.0")),
            ("workspace:*", None),
            ("*", None),
            ("1.*", None),
            ("1.x", None),
            ("<2", None),
            ("latest", None),
            ("file:../other", None),
            ("git+ssh://host/path#v1.2.3", None),
            ("", None),
        ];
        for (text, want) in cases {
            let found = version(text, 0..text.len()).expect(text);
            assert_eq!(found.map(|at| &text[at]), *want, "{text}");
        }
        for text in ["^1.0 || ^2.0", "1.2.3 - 2.0.0"] {
            assert!(version(text, 0..text.len()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_upper_bound_excludes() {
        let cases = [
            (">=1.2,<2", "1.9", None),
            (">=1.2,<2", "2.0", Some("<2")),
            (">=1.2, <= 2.0", "2.0.1", Some("<= 2.0")),
            ("!=1.5", "1.5", Some("!=1.5")),
            ("^1.2", "2.0", None),
        ];
        for (text, to, want) in cases {
            let found = excludes(text, 0..text.len(), to);
            let found = found.map(|text| text.replace(' ', ""));
            assert_eq!(found, want.map(|text| text.replace(' ', "")), "{text} {to}");
        }
    }
}
