//! Whether a version may stand above those that are there.

use std::cmp::Ordering;

use super::EntryError;
use crate::format::changelog::Upload;
use crate::format::version::Version;

/// What marks uploads of another line than the one they are made from:
/// backports (backports.debian.org), stable updates and rebuilds for an older
/// release (Developer's Reference 5.5.1, 6.7.8.1).
const MARKS: [&str; 3] = ["~bpo", "~deb", "+deb"];

/// Refuses a version that is not higher than the newest of `released`, which
/// come newest first.
///
/// A backport (`1.2-3~bpo12+1`) and its like need not be: they are lower than
/// what they are made from, which must be there, and higher than the last one
/// for the same release. A binary-only version only has to be new.
pub(super) fn check(new: &Version, released: &[Version], upload: Upload) -> Result<(), EntryError> {
    let Some(newest) = released.first() else {
        return Ok(());
    };
    let same = |a: &Version, b: &Version| a.compare(b) == Ordering::Equal;
    let taken = released.iter().any(|old| same(old, new));
    let lower_is_right = || {
        let base = line(new).and_then(|(base, ..)| Version::new(base).ok());
        base.is_some_and(|base| {
            let on_line = released.iter().find(|old| line(old) == line(new));
            released.iter().any(|old| same(old, &base))
                && on_line.is_none_or(|old| new.compare(old) == Ordering::Greater)
        })
    };
    if new.compare(newest) == Ordering::Greater
        || (!taken && (upload == Upload::BinaryOnly || lower_is_right()))
    {
        return Ok(());
    }
    Err(EntryError::NotHigher {
        new: new.clone(),
        old: newest.clone(),
    })
}

/// What a version was made from, its mark, and the release's number.
fn line(version: &Version) -> Option<(&str, &str, &str)> {
    let text = version.as_str();
    MARKS.iter().find_map(|mark| {
        let at = text.rfind(mark)?;
        let rest = &text[at + mark.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        (end > 0).then_some((&text[..at], *mark, &rest[..end]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_along_their_line() {
        let version = |text: &str| Version::new(text).expect(text);
        for (new, old, want) in [
            ("1.0-1", "", true),
            ("1.0-2", "1.0-1", true),
            ("1.0-1", "1.0-1", false),
            ("1.0-0", "1.0", false),
            ("1.0-1", "1.0-2", false),
            ("1.0~rc1-1", "1.0-1", false),
            ("3.1+really2.0-1", "3.1-1", true),
            // A backport is lower than its base, and only than that.
            ("1.0-1~bpo12+1", "1.0-1", true),
            ("1.0-1~bpo12+2", "1.0-1~bpo12+1 1.0-1", true),
            ("1.0-1~bpo12+1", "1.0-1~bpo12+2 1.0-1", false),
            ("1.0-1~bpo12+1", "1.0-1~bpo12+1 1.0-1", false),
            ("1.0-1~bpo11+1", "1.0-1~bpo12+1 1.0-1", true),
            ("1.0-2~bpo12+1", "1.0-2 1.0-1~bpo12+1 1.0-1", true),
            ("0.9-1~bpo12+1", "1.0-1", false),
            ("1.0-2~deb12u1", "1.0-2", true),
            ("1.0-1+deb12u1", "1.0-1", true),
            ("1.0-1+deb12u2", "1.0-1+deb12u1 1.0-1", true),
            ("1.0-1+deb12u1", "1.0-2 1.0-1", true),
            ("1.0-1+deb12u1", "1.0-1+deb12u2 1.0-1", false),
        ] {
            let old: Vec<_> = old.split_whitespace().map(version).collect();
            let found = check(&version(new), &old, Upload::Source);
            assert_eq!(found.is_ok(), want, "{new} above {old:?}");
        }
        let old = [version("1.0-2"), version("1.0-1")];
        check(&version("1.0-1+b1"), &old, Upload::BinaryOnly).expect("a rebuild");
        check(&version("1.0-1"), &old, Upload::BinaryOnly).expect_err("taken");
    }
}
