//! Changelog entries that a build makes and nobody commits: of a rebuild
//! (`+b1`) and of a build for one distribution of several (`~deb12u1`).
//!
//! deb-changelog(5); the words of a rebuild are those of sbuild(1).

use serde::Serialize;

use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{Architecture, Suite, Timestamp};

/// An entry on top of the tag's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MadeEntry {
    /// Where it is added.
    pub place: EntryPlace,
    /// The version that the entry gives.
    pub version: Version,
    /// The tag's version.
    pub source_version: Version,
    /// When it is said to be made; a build's “now”. Counted on from the tag's
    /// entry, so that everybody who builds it says the same, and later ones are
    /// later.
    pub date: Timestamp,
    /// The whole text, with the empty line that follows it.
    pub text: String,
}

/// Where an entry is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryPlace {
    /// Before the source package is made: another source version.
    Source,
    /// After it was unpacked: the binaries alone have the version.
    Binaries,
}

/// Makes the entry of a build for a distribution.
pub fn for_distribution(newest: &Entry, version: Version, suite: &Suite) -> MadeEntry {
    let date = newest.date.plus_seconds(1);
    let text = format!(
        "{} ({version}) {suite}; urgency=medium\n\n  * Build for {suite}.\n\n -- {}  {}\n\n",
        newest.source,
        newest.maintainer,
        date.rfc2822()
    );
    MadeEntry {
        place: EntryPlace::Source,
        source_version: newest.version.clone(),
        version,
        date,
        text,
    }
}

/// Makes the entry of a rebuild, the `count`-th of its source.
pub fn of_rebuild(
    newest: &Entry,
    version: Version,
    count: u32,
    architecture: &Architecture,
    reason: &str,
) -> MadeEntry {
    let date = newest.date.plus_seconds(i64::from(count));
    let suites: Vec<_> = newest.distributions.iter().map(Suite::as_str).collect();
    let mut text = format!(
        "{} ({version}) {}; urgency=low, binary-only=yes\n\n  * Binary-only non-maintainer upload \
         for {architecture}; no source changes.\n",
        newest.source,
        suites.join(" "),
    );
    for (at, line) in reason.lines().map(str::trim).enumerate() {
        if !line.is_empty() {
            let mark = if at == 0 { "  * " } else { "    " };
            text.push_str(&format!("{mark}{line}\n"));
        }
    }
    text.push_str(&format!(
        "\n -- {}  {}\n\n",
        newest.maintainer,
        date.rfc2822()
    ));
    MadeEntry {
        place: EntryPlace::Binaries,
        source_version: newest.version.clone(),
        version,
        date,
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "stamp (1:1.0-1) unstable; urgency=medium\n\n  * First release.\n\n \
                        -- Ada Example <ada@example.org>  Thu, 01 May 2025 10:00:00 +0000\n";

    fn newest() -> Entry {
        Entry::newest(TEXT.as_bytes()).expect("an entry")
    }

    #[test]
    fn made_entries_are_entries() {
        let version = |text: &str| Version::new(text).expect(text);
        let here = Architecture::of_this_machine();
        let suite = Suite::new("bookworm").expect("a suite");
        let rebuild = of_rebuild(
            &newest(),
            version("1:1.0-1+b2"),
            2,
            &here,
            "Rebuild against libx2.\n\nIt has moved.",
        );
        let backport = for_distribution(&newest(), version("1:1.0-1~deb12u1"), &suite);
        for (made, only, to) in [(&rebuild, true, "unstable"), (&backport, false, "bookworm")] {
            let found = Entry::newest((made.text.clone() + TEXT).as_bytes()).expect("an entry");
            assert_eq!(found.version, made.version);
            assert_eq!(found.date, made.date);
            assert_eq!(found.distributions[0].as_str(), to);
            let upload = found.upload == crate::format::changelog::Upload::BinaryOnly;
            assert_eq!(upload, only, "{}", made.text);
            assert!(made.date > newest().date, "later than what it stands on");
        }
        assert!(rebuild.text.contains("\n    It has moved.\n"));
    }
}
