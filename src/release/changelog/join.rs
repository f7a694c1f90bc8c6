//! Entries of another line's `debian/changelog`, put where their versions
//! belong. No byte of the others is touched.

use std::collections::BTreeSet;

use crate::format::changelog::{File, RawEntry};
use crate::format::version::Version;

/// A changelog that has taken entries over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// The versions of the entries that were taken over, the lowest first.
    pub taken: Vec<Version>,
    /// An entry that is still being written and is lower than one of these.
    pub overtaken: Option<Version>,
}

/// Puts into a changelog the released entries that another one has gained since
/// both were the same: each above the first entry of a lower version, none above
/// an entry that is still being written.
pub fn joined(into: &[u8], from: &[u8], base: &[u8]) -> Joined {
    let (own, other) = (File::parse(into), File::parse(from));
    let base = File::parse(base);
    let known: BTreeSet<Version> = (own.entries.iter().chain(&base.entries))
        .filter_map(RawEntry::version)
        .collect();
    let mut pieces: Vec<Piece<'_>> = own.entries.iter().map(Piece::old).collect();
    let mut taken = Vec::new();
    for entry in other.entries.iter().rev() {
        let Some(version) = entry.version() else {
            continue;
        };
        let is_new = !known.contains(&version) && !taken.contains(&version);
        if !is_new || entry.is_unreleased() || !entry.is_ended() {
            continue;
        }
        let lower = |piece: &Piece<'_>| {
            !piece.open && piece.version.as_ref().is_some_and(|own| *own < version)
        };
        let place = pieces.iter().position(lower).unwrap_or(pieces.len());
        pieces.insert(place, Piece::new(entry, version.clone()));
        taken.push(version);
    }
    taken.sort();
    let open = pieces.iter().find(|piece| piece.open);
    let overtaken = open.and_then(|open| open.version.clone());
    let overtaken = overtaken.filter(|open| taken.last().is_some_and(|last| open < last));
    let mut bytes = own.before.to_vec();
    for (at, piece) in pieces.iter().enumerate() {
        bytes.extend(piece.bytes);
        let Some(next) = pieces.get(at + 1) else {
            break;
        };
        if (piece.is_new || next.is_new) && !bytes.ends_with(b"\n\n") {
            let lacking: &[u8] = if bytes.ends_with(b"\n") {
                b"\n"
            } else {
                b"\n\n"
            };
            bytes.extend(lacking);
        }
    }
    bytes.extend(own.after);
    Joined {
        bytes,
        taken,
        overtaken,
    }
}

struct Piece<'a> {
    bytes: &'a [u8],
    version: Option<Version>,
    open: bool,
    is_new: bool,
}

impl<'a> Piece<'a> {
    fn old(entry: &RawEntry<'a>) -> Self {
        Self {
            bytes: entry.bytes,
            version: entry.version(),
            open: entry.is_unreleased(),
            is_new: false,
        }
    }

    /// Takes an entry without the empty lines behind it.
    fn new(entry: &RawEntry<'a>, version: Version) -> Self {
        let behind = entry.behind().len();
        Self {
            bytes: &entry.bytes[..entry.bytes.len() - behind],
            version: Some(version),
            open: false,
            is_new: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(version: &str, suite: &str) -> String {
        format!(
            "hello ({version}) {suite}; urgency=medium\n\n  * Change of {version}.\n\n \
             -- A B <a@b.example>  Sat, 21 Nov 2026 09:30:00 +0000\n"
        )
    }

    /// Writes versions, `*` behind those that are being written.
    fn file(versions: &[&str]) -> String {
        let entries = versions.iter().map(|text| match text.strip_suffix('*') {
            Some(version) => entry(version, "UNRELEASED"),
            None => entry(text, "unstable"),
        });
        entries.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn entries_go_where_their_versions_belong() {
        // Into, from, base → the result, what is overtaken.
        type Case<'a> = (
            &'a [&'a str],
            &'a [&'a str],
            &'a [&'a str],
            &'a [&'a str],
            &'a str,
        );
        let cases: &[Case<'_>] = &[
            (
                &["2.0", "1.0"],
                &["1.1", "1.0"],
                &["1.0"],
                &["2.0", "1.1", "1.0"],
                "",
            ),
            (&["1.0"], &["1.1", "1.0"], &["1.0"], &["1.1", "1.0"], ""),
            (
                &["2.0", "1.2", "1.0"],
                &["1.3", "1.2", "1.1", "1.0"],
                &["1.0"],
                &["2.0", "1.3", "1.2", "1.1", "1.0"],
                "",
            ),
            // What was cut off here is not brought back.
            (
                &["2.0"],
                &["1.1", "1.0", "0.9"],
                &["1.0", "0.9"],
                &["2.0", "1.1"],
                "",
            ),
            // What is being written stays above, and says that it is lower.
            (
                &["1.1*", "1.0"],
                &["1.2", "1.0"],
                &["1.0"],
                &["1.1*", "1.2", "1.0"],
                "1.1",
            ),
            (
                &["2.0*", "1.0"],
                &["1.2", "1.0"],
                &["1.0"],
                &["2.0*", "1.2", "1.0"],
                "",
            ),
            (
                &["2.0", "1.0"],
                &["1.3*", "1.2", "1.0"],
                &["1.0"],
                &["2.0", "1.2", "1.0"],
                "",
            ),
            (&["1.0"], &["1.0"], &["1.0"], &["1.0"], ""),
            (&[], &["1.1", "1.0"], &["1.0"], &["1.1"], ""),
        ];
        for (into, from, base, want, overtaken) in cases {
            let found = joined(
                file(into).as_bytes(),
                file(from).as_bytes(),
                file(base).as_bytes(),
            );
            let text = String::from_utf8(found.bytes).expect("it was text");
            assert_eq!(text, file(want), "{into:?} + {from:?}");
            let shown = found.overtaken.map(|version| version.to_string());
            assert_eq!(shown.unwrap_or_default(), *overtaken, "{into:?} + {from:?}");
            let again = joined(
                text.as_bytes(),
                file(from).as_bytes(),
                file(base).as_bytes(),
            );
            assert_eq!(again.taken, [], "{into:?} + {from:?}");
            assert_eq!(again.bytes, text.as_bytes());
        }
    }

    #[test]
    fn what_stands_around_entries_stays() {
        let own = format!(
            "{}\nLocal variables:\nmode: debian-changelog\nEnd:\n",
            file(&["2.0"])
        );
        let found = joined(own.as_bytes(), file(&["1.1"]).as_bytes(), b"");
        let text = String::from_utf8(found.bytes).expect("it was text");
        assert!(text.starts_with(&file(&["2.0"])), "{text}");
        assert!(text.contains(&entry("1.1", "unstable")), "{text}");
    }
}
