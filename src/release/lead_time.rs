//! How long a change takes: from its commit to its tag to the suites.

use std::collections::BTreeSet;

use serde::Serialize;

use super::change;
use super::commit::Commit;
use super::observe::Known;
use super::policy::Policy;
use crate::model::{PackageName, Suite, TagName, Timestamp};

/// A release's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeadTime {
    /// The package.
    pub package: PackageName,
    /// The version, as the project writes it.
    pub version: String,
    /// Its tag.
    pub tag: TagName,
    /// How many commits it is made of, without merges and release commits.
    pub commits: usize,
    /// When the oldest of them was made.
    pub oldest_commit: Option<Timestamp>,
    /// Half of them waited no longer than this for the tag, in seconds.
    pub median_seconds: Option<i64>,
    /// When the tag was made.
    pub tagged: Timestamp,
    /// The suites that had it, in the order of the configuration.
    pub suites: Vec<Arrival>,
    /// When the first host of a rollout's first ring had it.
    pub canary: Option<Timestamp>,
    /// When the last ring of a rollout passed its gate.
    pub everyone: Option<Timestamp>,
    /// When its rollout began to go back: nobody has it, so it counts for no
    /// median.
    pub taken_back: Option<Timestamp>,
}

/// How long steps took over several releases, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The steps: `commit-tag`, `tag-archive`, `archive-canary`,
    /// `canary-everyone`, `commit-everyone`.
    pub steps: &'static str,
    /// How many releases both are known of.
    pub releases: usize,
    /// Half of them took no longer; of an even number the lower of the two in
    /// the middle.
    pub median_seconds: i64,
    /// None took longer.
    pub worst_seconds: i64,
}

/// Returns what is known of each step over all releases; a step that no release
/// has both ends of is left out, and so is a release that was taken back. A clock
/// that ran ahead is no time.
pub fn spans(releases: &[LeadTime]) -> Vec<Span> {
    type End = fn(&LeadTime) -> Option<Timestamp>;
    let archive: End = |one| one.suites.iter().map(|arrival| arrival.at).min();
    let (commit, tag): (End, End) = (|one| one.oldest_commit, |one| Some(one.tagged));
    let (canary, everyone): (End, End) = (|one| one.canary, |one| one.everyone);
    let steps = [
        ("commit-tag", commit, tag),
        ("tag-archive", tag, archive),
        ("archive-canary", archive, canary),
        ("canary-everyone", canary, everyone),
        ("commit-everyone", commit, everyone),
    ];
    let span = |(steps, from, to): (&'static str, End, End)| {
        let took = |one: &LeadTime| Some((to(one)?.unix() - from(one)?.unix()).max(0));
        let stays = releases.iter().filter(|one| one.taken_back.is_none());
        let mut all: Vec<i64> = stays.filter_map(took).collect();
        all.sort_unstable();
        Some(Span {
            steps,
            releases: all.len(),
            median_seconds: *all.get(all.len().checked_sub(1)? / 2)?,
            worst_seconds: *all.last()?,
        })
    };
    steps.into_iter().filter_map(span).collect()
}

/// That a suite had a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrival {
    /// The archive's name in the configuration.
    pub archive: String,
    /// The suite.
    pub suite: Suite,
    /// The first generation that had it, as far as generations are kept.
    pub generation: u64,
    /// When that was made.
    pub at: Timestamp,
    /// Whether it came with that generation, or may have been there before.
    pub known: Since,
}

/// What is known of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Since {
    /// It was then.
    Exactly,
    /// It was then or before.
    AtLatest,
}

/// Returns the commits that count: they touch the package, and are neither
/// merges nor release commits.
pub fn counted(commits: &[Commit], unit: usize, policy: &Policy) -> Vec<Timestamp> {
    commits
        .iter()
        .filter(|commit| commit.touches.contains(&unit))
        .filter(|commit| !commit.is_merge() && !change::is_release(commit, policy))
        .map(|commit| commit.committed)
        .collect()
}

/// Returns the median of how long commits waited, in seconds; of an even number
/// the lower of the two in the middle. A clock that ran ahead is no wait.
pub fn median_wait(commits: &[Timestamp], tagged: Timestamp) -> Option<i64> {
    let wait = |made: &Timestamp| (tagged.unix() - made.unix()).max(0);
    let mut waits: Vec<i64> = commits.iter().map(wait).collect();
    waits.sort_unstable();
    waits.get(waits.len().checked_sub(1)? / 2).copied()
}

/// Finds the release that another one's commits are counted from: the highest
/// one below it that it descends from; for a final release, the highest final
/// one. `known` is sorted, the highest version first.
pub fn predecessor<'a>(
    known: &'a [Known],
    at: usize,
    descends: &mut dyn FnMut(&Known) -> bool,
) -> Option<&'a Known> {
    let own = &known[at];
    let mut seen = BTreeSet::new();
    known[at + 1..]
        .iter()
        .filter(|other| own.is_pre_release || !other.is_pre_release)
        .filter(|other| other.commit != own.commit && seen.insert(&other.commit))
        .find(|other| descends(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::commit::Person;

    #[test]
    fn half_of_the_commits_waited_no_longer() {
        let tagged = Timestamp::from_unix(1_000);
        let cases: &[(&[i64], Option<i64>)] = &[
            (&[], None),
            (&[990], Some(10)),
            (&[990, 900], Some(10)),
            (&[990, 900, 0], Some(100)),
            (&[0, 990, 900, 1], Some(100)),
            (&[1_010], Some(0)),
        ];
        for (made, want) in cases {
            let made: Vec<_> = made.iter().copied().map(Timestamp::from_unix).collect();
            assert_eq!(median_wait(&made, tagged), *want, "{made:?}");
        }
    }

    #[test]
    fn spans_are_of_releases_that_have_both_ends() {
        let at = Timestamp::from_unix;
        let release = |tagged: i64, canary: Option<i64>, everyone: Option<i64>| LeadTime {
            package: PackageName::new("hello").expect("a name"),
            version: String::new(),
            tag: TagName::new("v1").expect("a name"),
            commits: 1,
            oldest_commit: Some(at(0)),
            median_seconds: None,
            tagged: at(tagged),
            suites: Vec::new(),
            canary: canary.map(at),
            everyone: everyone.map(at),
            taken_back: None,
        };
        let taken_back = LeadTime {
            taken_back: Some(at(900)),
            ..release(800, Some(850), Some(899))
        };
        let all = [
            release(10, Some(100), Some(400)),
            release(30, Some(100), None),
            release(20, None, None),
            release(40, Some(300), Some(200)),
            taken_back,
        ];
        let found: Vec<_> = spans(&all)
            .iter()
            .map(|s| (s.steps, s.releases, s.median_seconds, s.worst_seconds))
            .collect();
        let want = [
            ("commit-tag", 4, 20, 40),
            ("canary-everyone", 2, 0, 300),
            ("commit-everyone", 2, 200, 400),
        ];
        assert_eq!(found, want);
        assert_eq!(spans(&[]), []);
    }

    #[test]
    fn only_changes_of_the_package_count() {
        let commit = |parents: usize, touches: &[usize], message: &str| Commit {
            id: String::new(),
            parents: vec![String::new(); parents],
            author: Person {
                name: String::new(),
                email: String::new(),
            },
            committed: Timestamp::from_unix(parents as i64),
            message: message.to_owned(),
            touches: touches.to_vec(),
            unowned: None,
            origins: Vec::new(),
        };
        let cases = [
            (commit(1, &[0], "fix: x"), true),
            (commit(0, &[0, 1], "fix: x"), true),
            (commit(1, &[1], "fix: x"), false),
            (commit(2, &[0], "merge"), false),
            (commit(1, &[0], "r\n\nDebcut-Release: aa 1.0\n"), false),
            (commit(1, &[0], "r\n\nDebcut-Released\n"), true),
            (
                commit(1, &[0], "fix: x\n\n    Debcut-Release: aa 1.0\n"),
                true,
            ),
        ];
        for (commit, want) in cases {
            let policy = Policy::usual(Vec::new());
            let found = counted(std::slice::from_ref(&commit), 0, &policy);
            assert_eq!(!found.is_empty(), want, "{commit:?}");
        }
    }

    #[test]
    fn finals_are_counted_from_finals() {
        let known = |text: &str, is_pre_release: bool| Known {
            tag: TagName::new(format!("v{text}")).expect(text),
            version: text.to_owned(),
            commit: text.to_owned(),
            is_pre_release,
        };
        let all = [
            known("2.0", false),
            known("2.0-rc.2", true),
            known("2.0-rc.1", true),
            known("1.9", false),
            known("1.8", false),
        ];
        for (at, lacks, want) in [
            (0, "", Some("1.9")),
            (0, "1.9", Some("1.8")),
            (1, "", Some("2.0-rc.1")),
            (2, "", Some("1.9")),
            (4, "", None),
        ] {
            let found = predecessor(&all, at, &mut |other| other.version != lacks);
            assert_eq!(found.map(|f| f.version.as_str()), want, "{at} {lacks}");
        }
    }
}
