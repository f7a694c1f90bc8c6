//! What apt says when it cannot → what that means. Its messages are those of
//! `LC_ALL=C.UTF-8`.

use std::collections::BTreeMap;

use serde::Serialize;

/// What an archive does to a run that needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It does not answer.
    Unreachable,
    /// It answers, and has no such suite.
    NoSuite,
}

/// A build dependency that cannot be installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmet {
    /// The relation as it is written (`libfoo-dev (>= 2)`).
    pub relation: String,
    /// What apt has against it, or who wants it.
    pub why: String,
    /// Its versions that are there, each with where: `1.2-3 (own stable/main)`.
    pub there: Vec<String>,
}

/// Says what is the matter with the archives, if that is it.
pub fn trouble(said: &str) -> Option<Trouble> {
    const ABSENT: [&str; 1] = ["does not have a Release file"];
    const UNREACHABLE: [&str; 10] = [
        "Could not resolve",
        "Temporary failure resolving",
        "Could not connect",
        "Cannot initiate the connection",
        "Connection failed",
        "Connection timed out",
        "Connection refused",
        "Unable to connect",
        "Network is unreachable",
        "Failed to fetch",
    ];
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&UNREACHABLE[..9]) {
        return Some(Trouble::Unreachable);
    }
    if has(&ABSENT) {
        return Some(Trouble::NoSuite);
    }
    has(&UNREACHABLE).then_some(Trouble::Unreachable)
}

/// Reads apt's list of unmet dependencies: each relation that fails, once, and
/// why.
///
/// ```text
/// The following packages have unmet dependencies:
///  builddeps:/tmp/x : Depends: libfoo-dev (>= 2) but 1 is to be installed
///                     Depends: nope but it is not installable
/// ```
pub fn unmet(said: &str) -> Vec<Unmet> {
    const KINDS: [&str; 4] = ["PreDepends: ", "Pre-Depends: ", "Depends: ", "Conflicts: "];
    let mut found: Vec<Unmet> = Vec::new();
    let mut who = String::new();
    for line in said.lines() {
        let Some((at, kind)) = KINDS.iter().find_map(|kind| Some((line.find(kind)?, kind))) else {
            continue;
        };
        let before = line[..at].trim().trim_end_matches(':').trim();
        if !before.is_empty() {
            who = before.to_owned();
        }
        let rest = line[at + kind.len()..].trim();
        let (relation, why) = match rest.split_once(" but ") {
            Some((relation, why)) => (relation, why.to_owned()),
            None => (rest, "it cannot be installed".to_owned()),
        };
        let conflict = kind.starts_with("Conflicts");
        let relation = match conflict {
            true => format!("not {relation}"),
            false => relation.to_owned(),
        };
        let why = match who.starts_with("builddeps:") {
            true => why,
            false => format!("{why}, and {who} needs it"),
        };
        if !found.iter().any(|unmet| unmet.relation == relation) {
            let there = Vec::new();
            found.push(Unmet {
                relation,
                why,
                there,
            });
        }
    }
    found
}

impl Unmet {
    /// Returns the package's name.
    pub fn package(&self) -> &str {
        let relation = self.relation.trim_start_matches("not ");
        let end = relation.find([' ', '(', ':', '|']);
        &relation[..end.unwrap_or(relation.len())]
    }
}

/// Names the packages that are lacking, are in one of these suites and were not
/// asked of them yet.
pub fn to_pin(unmet: &[Unmet], suites: &[String], asked: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for package in unmet {
        let has = |place: &String| {
            let mut suites = suites.iter();
            suites.any(|suite| place.contains(&format!(" {suite}/")))
        };
        let name = package.package().to_owned();
        if package.there.iter().any(has) && !asked.contains(&name) && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Reads what `apt-cache madison` says: the versions of each package and where
/// they are, as `VERSION (WHERE)`.
pub fn madison(said: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for line in said.lines() {
        let mut columns = line.split('|').map(str::trim);
        let (Some(name), Some(version), Some(place)) =
            (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        // `http://deb.debian.org/debian bookworm/main amd64 Packages`
        let place = place.trim_end_matches(" Packages");
        let entry = (version.to_owned(), place.to_owned());
        let versions = found.entry(name.to_owned()).or_default();
        if !versions.contains(&entry) {
            versions.push(entry);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
Reading package lists...
Some packages could not be installed. This may mean that you have
The following packages have unmet dependencies:
 builddeps:/tmp/source : Depends: libfoo-dev (>= 2) but 1.0-1 is to be installed
                         Depends: nope but it is not installable
 libbar-dev : Depends: libbar1 (= 2) but it is not going to be installed
 builddeps:/tmp/source : Conflicts: evil
                         Depends: nope but it is not installable
E: Unable to correct problems, you have held broken packages.
";

    #[test]
    fn unmet_dependencies_are_read() {
        let found = unmet(SAID);
        let shown: Vec<_> = found
            .iter()
            .map(|u| (u.package(), u.relation.as_str(), u.why.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                (
                    "libfoo-dev",
                    "libfoo-dev (>= 2)",
                    "1.0-1 is to be installed"
                ),
                ("nope", "nope", "it is not installable"),
                (
                    "libbar1",
                    "libbar1 (= 2)",
                    "it is not going to be installed, and libbar-dev needs it"
                ),
                ("evil", "not evil", "it cannot be installed"),
            ]
        );
    }

    #[test]
    fn archives_in_trouble_are_told_apart() {
        use Trouble::{NoSuite, Unreachable};
        for (said, want) in [
            (
                "E: The repository 'http://x nope Release' does not have a Release file.",
                Some(NoSuite),
            ),
            (
                "W: Failed to fetch http://x  Could not connect to x:80",
                Some(Unreachable),
            ),
            (
                "Err:1 http://x  Temporary failure resolving 'x'",
                Some(Unreachable),
            ),
            (
                "E: Failed to fetch http://x/a.deb  404  Not Found [IP: ::1]",
                Some(Unreachable),
            ),
            (
                "E: Failed to fetch http://x/a.deb  500 broken",
                Some(Unreachable),
            ),
            (
                "E: Sub-process /usr/bin/dpkg returned an error code (1)",
                None,
            ),
        ] {
            assert_eq!(trouble(said), want, "{said}");
        }
    }

    #[test]
    fn versions_are_read() {
        let said = " hello | 2.10-3 | http://deb.debian.org/debian bookworm/main amd64 Packages\n\
                     \x20hello | 2.12-1 | copy:/run/debcut-archive-0 stable/main amd64 Packages\n\
                     \x20other | 1 | http://x y/main amd64 Packages\n";
        let found = madison(said);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found["hello"][1],
            (
                "2.12-1".to_owned(),
                "copy:/run/debcut-archive-0 stable/main amd64".to_owned()
            )
        );
    }
}
