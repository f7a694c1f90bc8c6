//! Versions of one's own house, and what they do to Debian's updates.

use std::cmp::Ordering;

use super::suite::SUITES;
use super::{Base, Basis, DebianVersionError, Parts, before, suffix};
use crate::format::version::Version;
use crate::model::Finding;

/// Words behind `+` that have a meaning of Debian's.
const RESERVED: [&str; 8] = ["b", "bpo", "deb", "dfsg", "ds", "nmu", "really", "repack"];

/// Words behind `+` that tell which source it is, in native versions.
const SOURCES: [&str; 7] = ["git", "svn", "hg", "bzr", "cvs", "snapshot", "post"];

pub(super) fn local(basis: &Basis<'_>, word: &str) -> Result<Version, DebianVersionError> {
    let mark = Mark::read(word)?;
    let base = basis.base()?;
    let is_new = matches!(base, Base::New(_));
    let (Base::Same(parts) | Base::New(parts)) = base;
    let tail = suffix::without_rebuild(parts.tail());
    let raised = suffix::counted(tail, &mark.text);
    let is_first = raised.strip_prefix(tail) == Some(&format!("{}1", mark.text));
    let next = parts.with_tail(raised).version()?;
    match mark.sign {
        Sign::Above => basis.after_current(next),
        Sign::Below if is_first => {
            let origin = parts.with_tail(tail.to_owned()).version()?;
            let next = before(next, &origin)?;
            if is_new {
                basis.after_current(next)
            } else {
                Ok(next)
            }
        }
        Sign::Below => basis.after_current(next),
    }
}

/// How a local version sorts to the one that it is made of.
#[derive(Clone, Copy)]
enum Sign {
    Above,
    Below,
}

/// A local version's word, with its sign.
struct Mark {
    sign: Sign,
    text: String,
}

impl Mark {
    fn read(written: &str) -> Result<Self, DebianVersionError> {
        let (sign, word) = match written.strip_prefix('~') {
            Some(word) => (Sign::Below, word),
            None => (Sign::Above, written.strip_prefix('+').unwrap_or(written)),
        };
        let letters =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let starts = word.starts_with(|c: char| c.is_ascii_alphabetic());
        // A digit at its end would be read as a part of the count.
        let ends = word.ends_with(|c: char| c.is_ascii_alphabetic());
        let first = word.split(|c: char| c.is_ascii_digit()).next();
        let reserved = first.is_some_and(|first| RESERVED.contains(&first));
        if reserved || !starts || !ends || !word.split('.').all(letters) {
            return Err(DebianVersionError::LocalWord(written.to_owned()));
        }
        let sign_text = match sign {
            Sign::Above => '+',
            Sign::Below => '~',
        };
        Ok(Self {
            sign,
            text: format!("{sign_text}{word}"),
        })
    }
}

/// Warns of a local version that outranks Debian's next stable update of what
/// it is made of, so that apt keeps it and the fix is not installed:
/// `1.2-1+wmf1` > `1.2-1+deb12u1`.
pub fn masks_security_updates(version: &Version) -> Option<Finding> {
    let parts = Parts::of(version);
    let tail = parts.tail();
    let is_local = |(at, _): &(usize, &str)| {
        let behind = &tail[at + 1..];
        let end = behind.find(|c: char| !c.is_ascii_alphabetic());
        let word = &behind[..end.unwrap_or(behind.len())];
        let known = RESERVED.contains(&word) || version.is_native() && SOURCES.contains(&word);
        *at > 0 && !word.is_empty() && !known
    };
    // In an upstream version a dot marks nothing of Debian's.
    let signs: &[char] = if version.is_native() {
        &['+']
    } else {
        &['+', '.']
    };
    let (at, _) = tail.match_indices(signs).find(is_local)?;
    let base = &tail[..at];
    let update = match suffix::stable(base) {
        Some((_, _, number, _)) => suffix::stable_update(base, number.parse().ok()?),
        None => suffix::stable_update(base, SUITES.iter().map(|(_, number)| *number).max()?),
    };
    let update = parts.with_tail(update).version().ok()?;
    if version.compare(&update) != Ordering::Greater {
        return None;
    }
    let message = format!("it outranks {update}, so a security update of Debian's stays out");
    let fix = "take in each security update and count on from it, or mark the local version with ~, \
               which sorts below";
    Some(Finding::warning("masks-security-updates", version.as_str(), message).fix(fix))
}
