//! Sections of another line's file of changes, put where their versions belong.

use std::cmp::Ordering;

use super::File;
use super::references::{self, Edit};
use super::style::Style;
use crate::format::version::Version;
use crate::release::number::Number;

/// A file of changes that has taken sections over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedChanges {
    /// The whole file.
    pub text: String,
    /// The versions of the sections that were taken over, in the order in which
    /// they were.
    pub taken: Vec<String>,
}

/// Puts into a file the releases that another one has gained since both were
/// the same, word for word: each above the first release of a lower version,
/// with its link reference. What is not released yet is not taken over.
pub fn joined(into: &str, from: &str, base: &str) -> JoinedChanges {
    let (other, base) = (File::read(from, None), File::read(base, None));
    let mut text = into.to_owned();
    let mut taken = Vec::new();
    for release in other.releases.iter().rev() {
        let name = (release.title.package(), release.title.version.as_str());
        let has = |file: &File<'_>| {
            let mut all = file.releases.iter();
            all.any(|own| (own.title.package(), own.title.version.as_str()) == name)
        };
        let own = File::read(&text, None);
        if has(&own) || has(&base) || release.title.is_open() {
            continue;
        }
        let heading = &release.heading;
        let mut section: Vec<String> = other.lines[heading.line..heading.after]
            .iter()
            .map(|line| line.text.to_owned())
            .collect();
        let style = Style::of(&own);
        section.extend(style.airy.then(String::new));
        let body = other.body(heading.after, release.end);
        section.extend(body.into_iter().map(str::to_owned));
        let lower = |version: &str| compare(version, name.1) == Ordering::Less;
        let below = own
            .releases
            .iter()
            .find(|release| lower(&release.title.version));
        let last = own.releases.last().map(|last| last.end);
        let place = match (below, last) {
            (Some(below), _) => below.heading.line,
            (None, Some(last)) => last,
            (None, None) => own.open_lines().map_or(own.place(), |(_, end)| end),
        };
        let edits = reference(&own, &other, name.1).into_iter().collect();
        text = own.spliced(place, place, &section, &style, edits);
        taken.push(name.1.to_owned());
    }
    JoinedChanges { text, taken }
}

/// Takes a release's link reference over: in front of that of the first lower
/// release, else behind all others.
fn reference(own: &File<'_>, other: &File<'_>, version: &str) -> Option<Edit> {
    let plain = |label: &str| label.strip_prefix('v').unwrap_or(label).to_owned();
    let theirs = references::references(&other.lines);
    let wanted = theirs.iter().find(|one| plain(one.label) == version)?;
    let ours = references::references(&own.lines);
    if ours.iter().any(|one| plain(one.label) == version) {
        return None;
    }
    let lower = |label: &str| {
        let label = plain(label);
        let is_version = label.starts_with(|c: char| c.is_ascii_digit());
        is_version && compare(&label, version) == Ordering::Less
    };
    let below = ours.iter().find(|one| lower(one.label)).map(|one| one.line);
    let behind = ours.last().map(|last| last.line + 1);
    Some(Edit {
        line: below.or(behind).unwrap_or(own.lines.len()),
        replaces: false,
        text: format!("[{}]: {}", wanted.label, wanted.address),
    })
}

/// Compares versions as releases; those that are nobody's numbers as dpkg does.
fn compare(a: &str, b: &str) -> Ordering {
    if let (Ok(a), Ok(b)) = (Number::parse(a), Number::parse(b)) {
        return a.cmp(&b);
    }
    match (Version::new(a), Version::new(b)) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n\n- One.\n\n\
                        [Unreleased]: https://x.example/compare/v1.0.0...HEAD\n\
                        [1.0.0]: https://x.example/releases/tag/v1.0.0\n";
    const MAIN: &str = "# Changelog\n\n## [Unreleased]\n\n- To come.\n\n## [1.1.0] - 2026-03-01\n\n\
                        - Two.\n\n## [1.0.0] - 2026-01-01\n\n- One.\n\n\
                        [Unreleased]: https://x.example/compare/v1.1.0...HEAD\n\
                        [1.1.0]: https://x.example/compare/v1.0.0...v1.1.0\n\
                        [1.0.0]: https://x.example/releases/tag/v1.0.0\n";
    const BRANCH: &str = "# Changelog\n\n## [Unreleased]\n\n## [1.0.2] - 2026-04-01\n\n### Fixes\n\n\
                          - Later.\n\n## [1.0.1] - 2026-02-01\n\n- Fixed.\n\n\
                          ## [1.0.0] - 2026-01-01\n\n- One.\n\n\
                          [1.0.2]: https://x.example/compare/v1.0.1...v1.0.2\n\
                          [1.0.1]: https://x.example/compare/v1.0.0...v1.0.1\n\
                          [1.0.0]: https://x.example/releases/tag/v1.0.0\n";

    #[test]
    fn sections_go_where_their_versions_belong() {
        let found = joined(MAIN, BRANCH, BASE);
        assert_eq!(found.taken, ["1.0.1", "1.0.2"]);
        let want = MAIN
            .replace(
                "## [1.0.0]",
                "## [1.0.2] - 2026-04-01\n\n### Fixes\n\n- Later.\n\n\
                 ## [1.0.1] - 2026-02-01\n\n- Fixed.\n\n## [1.0.0]",
            )
            .replace(
                "[1.0.0]: ",
                "[1.0.2]: https://x.example/compare/v1.0.1...v1.0.2\n\
                 [1.0.1]: https://x.example/compare/v1.0.0...v1.0.1\n[1.0.0]: ",
            );
        assert_eq!(found.text, want);
        let again = joined(&found.text, BRANCH, BASE);
        assert_eq!((again.text, again.taken), (want, vec![]));
        // What stood there when the lines parted is not brought back.
        let cut = "# Changelog\n\n## 2.0.0 - 2026-05-01\n\n- New.\n";
        let found = joined(cut, BRANCH, BASE);
        assert_eq!(found.taken, ["1.0.1", "1.0.2"]);
        assert!(!found.text.contains("One."), "{}", found.text);
        assert!(
            found.text.find("New.") < found.text.find("Later."),
            "{}",
            found.text
        );
        assert!(
            found.text.find("Later.") < found.text.find("Fixed."),
            "{}",
            found.text
        );
        // Without a release in it, what is to come stays above.
        let open = "# Changelog\n\n## Unreleased\n\n- To come.\n";
        let found = joined(open, BRANCH, BASE).text;
        assert!(found.find("To come.") < found.find("Later."), "{found}");
    }
}
