//! Which tags are releases of which package.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::members::Members;
use crate::format::version::Version;
use crate::model::TagName;
use crate::release::number::Number;
use crate::release::policy::Unit;
use crate::release::tag_pattern::{TagPattern, are_usual};
use crate::sys::git::ObjectId;

/// A tag that is a release of a package.
#[derive(Debug, Clone)]
pub(super) struct Tagged {
    pub(super) tag: TagName,
    pub(super) version: String,
    pub(super) kind: TaggedKind,
}

/// What kind of release it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaggedKind {
    Final,
    PreRelease,
}

/// The releases of all packages, by the commits that their tags lead to.
#[derive(Debug)]
pub(super) struct Releases {
    /// The packages that have a final release there.
    pub(super) finals: HashMap<ObjectId, Members>,
    by_unit: Vec<HashMap<ObjectId, Vec<Tagged>>>,
    /// Tags of a package's patterns that are no releases for all that, with
    /// their commits.
    passed_over: Vec<Vec<(TagName, ObjectId)>>,
}

/// What a tag of a package's pattern is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claimed {
    Release(TaggedKind),
    /// A mark of work in progress.
    Development,
    /// Nothing that can be told.
    Unreadable,
}

impl Releases {
    /// Sorts the tags by package. A tag that patterns of several packages match
    /// is of the one whose pattern says most of its name: `lib-2-1.0` is 1.0 of
    /// `lib-2`, not 2-1.0 of `lib`. Marks of work in progress are no releases.
    pub(super) fn new(units: &[Unit], tags: &BTreeMap<TagName, ObjectId>) -> Self {
        let mut releases = Self {
            finals: HashMap::new(),
            by_unit: vec![HashMap::new(); units.len()],
            passed_over: vec![Vec::new(); units.len()],
        };
        let usual = |unit: &Unit| are_usual(unit.name.as_str(), &unit.tags);
        let usual: Vec<bool> = units.iter().map(usual).collect();
        for (tag, &commit) in tags {
            let mut claims: Vec<(usize, String, &TagPattern)> = Vec::new();
            for (index, unit) in units.iter().enumerate() {
                let found = unit
                    .tags
                    .iter()
                    .filter_map(|pattern| Some((pattern.version_in(tag.as_str())?, pattern)));
                let least = found.min_by_key(|(version, _)| version.len());
                claims.extend(least.map(|(version, pattern)| (index, version, pattern)));
            }
            let least = claims.iter().map(|(_, version, _)| version.len()).min();
            claims.retain(|(_, version, _)| Some(version.len()) == least);
            for (unit, version, pattern) in claims {
                let kind = match claimed(&version, pattern, usual[unit]) {
                    Claimed::Release(kind) => kind,
                    Claimed::Development => continue,
                    Claimed::Unreadable => {
                        releases.passed_over[unit].push((tag.clone(), commit));
                        continue;
                    }
                };
                let all = || Members::none(units.len());
                if kind == TaggedKind::Final {
                    let there = releases.finals.entry(commit).or_insert_with(all);
                    there.insert(unit);
                }
                let tag = tag.clone();
                let tagged = Tagged { tag, version, kind };
                let there = releases.by_unit[unit].entry(commit).or_default();
                there.push(tagged);
            }
        }
        releases
    }

    /// Tells whether the package has a release at all, on any line.
    pub(super) fn any(&self, unit: usize) -> bool {
        !self.by_unit[unit].is_empty()
    }

    /// Returns the tags that look like a package's releases and are none that
    /// can be read, with their commits.
    pub(super) fn passed_over(&self, unit: usize) -> &[(TagName, ObjectId)] {
        &self.passed_over[unit]
    }

    /// Returns all of a package's releases, in no order.
    pub(super) fn all(&self, unit: usize) -> impl Iterator<Item = (&Tagged, ObjectId)> {
        let by_commit = self.by_unit[unit].iter();
        by_commit.flat_map(|(id, tagged)| tagged.iter().map(|tagged| (tagged, *id)))
    }

    /// Returns the package's releases of a kind at a commit.
    pub(super) fn at(
        &self,
        unit: usize,
        commit: ObjectId,
        kind: TaggedKind,
    ) -> impl Iterator<Item = &Tagged> {
        let there = self.by_unit[unit].get(&commit).into_iter().flatten();
        there.filter(move |tagged| tagged.kind == kind)
    }
}

/// Tells what a tag says. Of patterns that nobody chose (`usual`) not every
/// match is meant: `2024-01-talk` and `3-way-demo` are no pre-releases of 2024
/// and 3.
fn claimed(version: &str, pattern: &TagPattern, usual: bool) -> Claimed {
    let is_pre = if pattern.is_debian() {
        let Ok(version) = Version::new(version) else {
            return Claimed::Unreadable;
        };
        is_pre_release_of_debian(&version)
    } else {
        let Ok(number) = Number::parse(version) else {
            return Claimed::Unreadable;
        };
        if number.is_development() {
            return Claimed::Development;
        }
        let is_pre = number.is_pre_release();
        let is_stray = is_pre && number.pre().is_none();
        let is_bare = pattern.is_bare() && !version.contains('.');
        if usual && (is_stray || is_bare) {
            return Claimed::Unreadable;
        }
        is_pre
    };
    Claimed::Release(match is_pre {
        true => TaggedKind::PreRelease,
        false => TaggedKind::Final,
    })
}

/// Tells whether an upstream version leads to another by a `~`. A repacked
/// tarball (`1.0~dfsg`) and a snapshot (`1.0~git20260101`) are released as they
/// are, and nobody else's `1.0` has to follow.
pub(super) fn is_pre_release_of_debian(version: &Version) -> bool {
    let Some((_, behind)) = version.upstream().split_once('~') else {
        return false;
    };
    let word: String = behind
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let words = [
        "rc", "alpha", "beta", "a", "b", "pre", "preview", "dev", "exp",
    ];
    words.contains(&word.to_ascii_lowercase().as_str())
}

/// Compares two versions of one package: as the project's numbers, or as dpkg
/// does where one of them is none.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    // Upstream numbers have no hyphen in front of a digit but in pre-releases;
    // `1.2-3` is Debian's, and dpkg orders plain numbers as well.
    let is_debian = |text: &str| text.contains(['~', ':']) || revision(text);
    if !is_debian(a)
        && !is_debian(b)
        && let (Ok(a), Ok(b)) = (Number::parse(a), Number::parse(b))
    {
        return a.cmp(&b);
    }
    match (Version::new(a), Version::new(b)) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    }
}

fn revision(text: &str) -> bool {
    let behind = text.rsplit_once('-').map(|(_, behind)| behind);
    behind.is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_tildes_are_pre_releases() {
        for (version, want) in [
            ("1.2.3~rc1-1", true),
            ("1:2.0~beta2-1", true),
            ("2.0~a1", true),
            ("1.2.3-1", false),
            ("1.2.3-1~bpo12+1", false),
            ("1.0~dfsg-1", false),
            ("1.0~git20260101-1", false),
            ("2.0~0.2026-1", false),
            ("3.1+really2.0-1", false),
        ] {
            let parsed = Version::new(version).expect(version);
            assert_eq!(is_pre_release_of_debian(&parsed), want, "{version}");
        }
    }

    #[test]
    fn tags_of_patterns_that_nobody_chose_are_taken_with_care() {
        use Claimed::{Development, Release, Unreadable};
        use TaggedKind::{Final, PreRelease};
        for (pattern, version, usual, chosen) in [
            ("{version}", "1.2", Release(Final), Release(Final)),
            ("{version}", "3-way-demo", Unreadable, Release(PreRelease)),
            ("{version}", "2024-01-talk", Unreadable, Release(PreRelease)),
            ("{version}", "3", Unreadable, Release(Final)),
            ("v{version}", "3", Release(Final), Release(Final)),
            ("v{version}", "1.2-odd", Unreadable, Release(PreRelease)),
            (
                "v{version}",
                "1.2-rc.1",
                Release(PreRelease),
                Release(PreRelease),
            ),
            (
                "v{version}",
                "1.2b1",
                Release(PreRelease),
                Release(PreRelease),
            ),
            ("v{version}", "1.2-SNAPSHOT", Development, Development),
            ("v{version}", "1.0.2g", Unreadable, Unreadable),
            ("debian/{version}", "1.0-1", Release(Final), Release(Final)),
        ] {
            let own = TagPattern::new(pattern).expect(pattern);
            let found = [true, false].map(|usual| claimed(version, &own, usual));
            assert_eq!(found, [usual, chosen], "{pattern} {version}");
        }
    }

    #[test]
    fn versions_of_both_kinds_are_compared() {
        for (low, high) in [
            ("1.2.3~rc1-1", "1.2.3-1"),
            ("1.9-1", "1.10-1"),
            ("1.1", "1.2-1"),
            ("1.2-1", "1:0.1-1"),
        ] {
            assert_eq!(compare(low, high), Ordering::Less, "{low} {high}");
            assert_eq!(compare(high, low), Ordering::Greater, "{low} {high}");
        }
    }
}
