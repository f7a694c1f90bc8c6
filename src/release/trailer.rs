//! The trailer of a release commit: `Debcut-Release: NAME VERSION`, by which it
//! is found again, also once it was squashed.

use crate::model::PackageName;

/// What stands before the colon.
pub const TRAILER: &str = "Debcut-Release";

/// What stands before the colon where a commit takes the words of releases of
/// another line over: `Debcut-Synced: NAME VERSION`. Such a commit is none of
/// these releases, and brings no change.
pub const SYNCED: &str = "Debcut-Synced";

/// Tells whether a commit takes words of releases over and does nothing else.
pub fn is_synced(message: &str) -> bool {
    let mut lines = message.lines().skip(1);
    lines.any(|line| {
        line.strip_prefix(SYNCED)
            .is_some_and(|rest| rest.starts_with(": "))
    })
}

/// Tells whether a commit says that it was picked from another one
/// (`git cherry-pick -x`).
pub fn is_picked(message: &str) -> bool {
    let mut lines = message.lines().skip(1);
    lines.any(|line| line.starts_with("(cherry picked from commit "))
}

/// Finds the packages and versions that a message's trailers name, in their
/// order. They count in whatever paragraph, for squashing puts the messages of
/// several commits behind each other; but neither in the subject nor indented
/// or behind a `>`, where they are quoted.
pub fn released(message: &str) -> impl Iterator<Item = (&str, &str)> {
    message.lines().skip(1).filter_map(named)
}

/// Reads one line below the subject.
pub fn named(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_at_checked(TRAILER.len())?;
    if !key.eq_ignore_ascii_case(TRAILER) {
        return None;
    }
    let mut words = value.strip_prefix(':')?.split_whitespace();
    let (name, version) = (words.next()?, words.next()?);
    let valid = PackageName::new(name).is_ok()
        && version.contains(|c: char| c.is_ascii_digit())
        && words.next().is_none();
    valid.then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_found_in_squashed_messages() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            (
                "chore: x\n\nDebcut-Release: hello 1.2.0\n",
                &[("hello", "1.2.0")],
            ),
            (
                "merge\n\n* chore(release): a, b\n\nDebcut-Release: aa 1\r\ndebcut-release: bb 2-1\n\n* fix: c\n",
                &[("aa", "1"), ("bb", "2-1")],
            ),
            ("Debcut-Release: aa 1\n", &[]),
            ("x\n\nDebcut-Release: aa\nDebcut-Release: aa 1 2\n", &[]),
            (
                "x\n\nDebcut-Release: NAME VERSION\nDebcut-Released: aa 1\n",
                &[],
            ),
            ("x\n\n> Debcut-Release: aa 1\n", &[]),
            (
                "x\n\n    Debcut-Release: aa 1\n\tDebcut-Release: aa 1\n",
                &[],
            ),
        ];
        for (message, want) in cases {
            assert_eq!(released(message).collect::<Vec<_>>(), *want, "{message}");
        }
    }
}
