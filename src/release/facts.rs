//! What is known before a release is planned. Filled by `observe`, judged by
//! `plan`; nothing here is decided yet.

use std::collections::BTreeMap;

use super::commit::{Commit, Release};
use super::ownership::DeadPattern;
use super::policy::Policy;
use super::version_file::VersionFileError;
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{Finding, TagName};

/// The repository, as far as the next release depends on it.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The commit that a release would be made of.
    pub head: String,
    /// The branch, without `refs/heads/`; none when HEAD is detached.
    pub branch: Option<String>,
    /// The commits in the range of at least one package, newest first: no
    /// commit stands behind one of its ancestors.
    pub commits: Vec<Commit>,
    /// What is known of each package, in the order of [`super::Policy::units`].
    pub units: Vec<UnitFacts>,
    /// All tags of the repository, reachable or not, with their commits: a
    /// version whose tag is there is taken.
    pub tags: BTreeMap<TagName, String>,
    /// The lines that maintenance branches other than this one have: `1.2`. Of
    /// a detached HEAD they are not told.
    pub lines: Vec<String>,
    /// Directories and patterns of the packages that match nothing at HEAD.
    pub dead_patterns: Vec<DeadPattern>,
}

/// A package, as far as its next release depends on it.
#[derive(Debug, Clone, Default)]
pub struct UnitFacts {
    /// Its newest final release on this branch's line: the highest version
    /// among the nearest tags that HEAD descends from.
    pub last_final: Option<Release>,
    /// The pre-releases since then, lowest version first.
    pub pre_releases: Vec<Release>,
    /// Commits since the last final release that touch the package, as indices
    /// into [`Facts::commits`], newest first.
    pub since_final: Vec<usize>,
    /// Those of them that are newer than the newest pre-release; the same as
    /// `since_final` where there is none.
    pub since_pre: Vec<usize>,
    /// What its version files say at HEAD, by path, in the order of
    /// [`super::Unit::version_files`].
    pub versions: Vec<FoundVersion>,
    /// The newest entry of its `debian/changelog` at HEAD, if it has one.
    pub changelog: Option<Entry>,
    /// The version of the newest entry there that is released, where the newest
    /// of all is still being written.
    pub released_entry: Option<Version>,
    /// The version that the tree at HEAD holds and no tag names yet, with the
    /// commit that brought it: a release that was prepared and awaits its tag.
    pub pending: Option<Pending>,
    /// A release commit in the range whose version is tagged on another commit.
    pub mistagged: Option<Mistagged>,
    /// Dependencies whose newest final release, tagged or awaiting its tag, is
    /// not in this package's last one.
    pub behind: Vec<Behind>,
    /// Tags of its patterns on this branch, newer than its last final release,
    /// whose versions cannot be read: they are passed over.
    pub passed_over: Vec<TagName>,
    /// The maintenance branch, other than this one, that goes on from its last
    /// final release.
    pub elsewhere: Option<Elsewhere>,
}

/// A line of versions that another branch maintains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The line: `1.2` has 1.2.0, 1.2.1 and so on.
    pub line: String,
    /// The branch.
    pub branch: String,
}

/// A tag of a release that is not on its release commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistagged {
    /// The tag.
    pub tag: TagName,
    /// Where it is.
    pub commit: String,
    /// The release commit of that version.
    pub release_commit: String,
}

/// That a package has not yet followed one that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The dependency, as an index into [`super::Policy::units`].
    pub on: usize,
    /// The dependency's newest version.
    pub version: String,
    /// Its highest version that is in the package's last release.
    pub before: Option<String>,
}

/// Warns of tags that were passed over: the next version may have to be above
/// theirs.
pub fn passed_over(facts: &Facts, policy: &Policy) -> Vec<Finding> {
    let units = std::iter::zip(&policy.units, &facts.units);
    let tags = units.flat_map(|(unit, found)| found.passed_over.iter().map(move |tag| (unit, tag)));
    tags.map(|(unit, tag)| {
        let message = format!("{tag} is newer than the last release and names no known version");
        Finding::warning("unreadable-tag", unit.name.as_str(), message).fix(
            "a tag that is a release has a version such as 1.2.3; tag in debcut.toml says which \
             tags are releases",
        )
    })
    .collect()
}

impl UnitFacts {
    /// Tells whether pre-releases hold all that was done since the last final
    /// release.
    pub fn is_all_in_pre_releases(&self) -> bool {
        !self.pre_releases.is_empty() && self.since_pre.is_empty()
    }
}

/// What one version file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundVersion {
    /// The file, from the repository's top.
    pub path: String,
    /// The version, or why it says none.
    pub version: Result<String, VersionFileError>,
}

/// A release that is committed and not tagged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The version, as the project writes it.
    pub version: String,
    /// The release commit: the one that brought the version to this branch
    /// (along first parents, so that a squashed or merged one is found).
    pub commit: String,
    /// How it was recognised.
    pub by: PendingBy,
    /// Commits after it that touch the package, as indices into
    /// [`Facts::commits`]: they are of the release after this one.
    pub later: Vec<usize>,
}

/// What tells that a release was prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingBy {
    /// A trailer `Debcut-Release: NAME VERSION` of a commit.
    Trailer,
    /// The version in the tree changed to one that no tag names.
    Tree,
}
