//! How this project releases: what `config/` reads and every part of
//! `release/` follows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::TagPattern;
use super::version_file::VersionFile;
use crate::format::changelog::Urgency;
use crate::model::{PackageName, Suite};

/// The policy of a whole repository.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What is released: packages, in the order of the configuration.
    pub units: Vec<Unit>,
    /// Which change asks for which step of the version.
    pub bumps: BumpRules,
    /// What merge commits say.
    pub merges: Merges,
    /// Packages whose releases belong together.
    pub groups: Vec<Group>,
    /// Names of maintenance branches, with `{version}`, such as
    /// `release-{version}`: only patch releases of that version are made there.
    pub maintenance: Vec<String>,
    /// How notes are written.
    pub notes: NotesPolicy,
    /// How `debian/changelog` entries are written.
    pub debian: DebianPolicy,
    /// The release commit's message, a template (minijinja).
    pub message: String,
    /// The remote that `--push` pushes to.
    pub remote: String,
    /// Commands around the steps.
    pub hooks: Vec<Hook>,
}

/// One thing that is released: a package with its own version.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The source package's name.
    pub name: PackageName,
    /// Its directory from the repository's top, with `/`; empty for the top.
    pub path: String,
    /// Further paths and glob patterns that are the package's, from the top.
    pub include: Vec<String>,
    /// Paths and glob patterns that are not, from the top.
    pub exclude: Vec<String>,
    /// Directories where it was before, from the top.
    pub former_paths: Vec<String>,
    /// Which tags are releases of it; the first is the one that new tags have.
    pub tags: Vec<TagPattern>,
    /// Which tags are releases of the upstream that a Debian package is made of.
    pub upstream_tags: Vec<TagPattern>,
    /// Files that hold the version.
    pub version_files: Vec<VersionFile>,
    /// What its Debian version is made of.
    pub debian: DebianKind,
    /// Packages of this repository that it depends on.
    pub depends_on: Vec<Edge>,
    /// The Markdown file of its changes, from the top (`CHANGELOG.md`), if it
    /// has one.
    pub changes_file: Option<String>,
}

impl Unit {
    /// Returns the path of its changelog in Debian's format, from the top.
    pub fn changelog_path(&self) -> Option<&str> {
        match &self.debian {
            DebianKind::Changelog { path } => Some(path),
            DebianKind::Declared { changelog, .. } => changelog.as_deref(),
        }
    }
}

/// Where a package's Debian version comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DebianKind {
    /// `debian/changelog` at this path from the repository's top.
    Changelog {
        /// The path.
        path: String,
    },
    /// The project's version, with this revision; none: a native package.
    Declared {
        /// The revision, such as `1`.
        revision: Option<String>,
        /// A changelog in Debian's format that is kept in the tree, from the
        /// repository's top.
        changelog: Option<String>,
        /// The distribution of its changelog entries.
        distribution: String,
        /// `Name <address>`.
        maintainer: String,
    },
}

/// A step of a version, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// No release is needed.
    None,
    /// The third number (of a Debian revision: the revision).
    Patch,
    /// The second number.
    Minor,
    /// The first number.
    Major,
}

/// Which change asks for which step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BumpRules {
    /// By type, and by type with scope: `feat`, `feat(api)`, in lower case. The
    /// one with the scope goes first.
    pub types: BTreeMap<String, Bump>,
    /// What a known type asks for that the table does not name.
    pub other: Bump,
    /// What a message asks for that is no conventional commit.
    pub unconventional: Unconventional,
    /// What a breaking change asks for below 1.0.0.
    pub breaking_below_one: Bump,
    /// What a feature asks for below 1.0.0.
    pub feature_below_one: Bump,
}

/// What becomes of messages that are no conventional commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unconventional {
    /// They ask for a patch release, and are listed as such.
    Patch,
    /// They are left out, with the reason.
    Ignore,
    /// They stop the plan.
    Error,
}

/// What merge commits say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merges {
    /// Nothing: the commits that they bring are read, one by one.
    AllCommits,
    /// Only the first parents' line is read; a merge counts with its pull
    /// request's title.
    FirstParent,
}

/// Packages whose releases belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name, for reasons.
    pub name: String,
    /// Its packages, as indices into [`Policy::units`].
    pub units: Vec<usize>,
    /// How they belong together.
    pub kind: GroupKind,
}

/// How packages belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// Those that are released get the same version, the highest of theirs.
    SameVersion,
    /// If one is released, all are, with the same version.
    Together,
}

/// That a package depends on another one of this repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The other one, as an index into [`Policy::units`].
    pub on: usize,
    /// What follows from a release of the other one.
    pub follow: Follow,
    /// The files and patterns where the requirement is written; its version is
    /// updated when the package is released.
    pub requirements: Vec<VersionFile>,
}

/// What a dependent does when what it depends on is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// It gets a patch release.
    Patch,
    /// It gets the same step.
    Same,
    /// Nothing; its requirement is updated with its own next release.
    Ignore,
}

/// How notes are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotesPolicy {
    /// The sections in their order: title and the types in it. Those of what
    /// users must do, of security and of what breaks are always first.
    pub sections: Vec<Section>,
    /// The page of a pull request, with `{number}`.
    pub pull_request: Option<String>,
    /// The page of a commit, with `{id}`.
    pub commit: Option<String>,
    /// The page that compares two tags, with `{from}` and `{to}`.
    pub compare: Option<String>,
    /// Whether contributors are named.
    pub contributors: bool,
    /// Whether a description that stands for a note begins with its scopes.
    pub scopes: bool,
    /// Which releases' notes are told by component.
    pub by_component: Components,
    /// Own templates: format's name → path from the top.
    pub templates: BTreeMap<String, String>,
}

/// Which releases' notes are told by component: in each section by scope, with
/// the scope before each note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Components {
    /// None.
    Never,
    /// Patch releases: many small things of many places.
    PatchReleases,
    /// All.
    Always,
}

/// A section of the notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// The types of changes in it; `*` is every other known type and
    /// unconventional ones.
    pub types: Vec<String>,
}

/// How `debian/changelog` entries are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebianPolicy {
    /// The distribution; none: that of the entry before.
    pub distribution: Option<Suite>,
    /// Suites beside Debian's and Ubuntu's that entries may go to: those of the
    /// project's own archives.
    pub suites: Vec<Suite>,
    /// The urgency by what the entry holds; the highest wins.
    pub urgency: UrgencyRules,
    /// The column behind which lines are wrapped.
    pub width: usize,
    /// Whether changes of more than one author get `[ Name ]` sections.
    pub multi_maintainer: bool,
}

/// Which urgency an entry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrgencyRules {
    /// Ordinary changes.
    pub usual: Urgency,
    /// A change that names a CVE.
    pub security: Urgency,
    /// A change whose trailers say that a hole is exploited.
    pub exploited: Urgency,
}

/// A command before or after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Before or after.
    pub when: When,
    /// The step: `prepare`, `build`, `tag`, `publish`, `release`.
    pub step: String,
    /// The command, run by `sh -c` at the repository's top.
    pub command: String,
}

/// On which side of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// A failure stops the step.
    Before,
    /// A failure is reported and made good by running again.
    After,
}

/// The release commit's message, where the configuration has none. The trailers
/// are appended by debcut.
pub const MESSAGE: &str = "chore(release): {% for p in packages %}{% if not loop.first %}, {% endif %}{{ p.name }} {{ p.version }}{% endfor %}";

impl Policy {
    /// The policy of a project that has configured nothing but its packages.
    pub fn usual(units: Vec<Unit>) -> Self {
        Self {
            units,
            bumps: BumpRules::default(),
            merges: Merges::AllCommits,
            groups: Vec::new(),
            maintenance: vec!["release-{version}".into(), "release/{version}".into()],
            notes: NotesPolicy::default(),
            debian: DebianPolicy::default(),
            message: MESSAGE.into(),
            remote: "origin".into(),
            hooks: Vec::new(),
        }
    }
}

impl Default for BumpRules {
    /// Features raise the second number, all else the third; below 1.0.0
    /// breaking changes raise the second, for 1.0.0 is a decision of its own.
    fn default() -> Self {
        Self {
            types: BTreeMap::from([("feat".into(), Bump::Minor)]),
            other: Bump::Patch,
            unconventional: Unconventional::Patch,
            breaking_below_one: Bump::Minor,
            feature_below_one: Bump::Minor,
        }
    }
}

impl Default for NotesPolicy {
    fn default() -> Self {
        let section = |title: &str, types: &[&str]| Section {
            title: title.into(),
            types: types.iter().map(|name| (*name).into()).collect(),
        };
        Self {
            sections: vec![
                section("Added", &["feat"]),
                section("Fixed", &["fix"]),
                section("Performance", &["perf"]),
                section("Reverted", &["revert"]),
                section("Other", &["*"]),
            ],
            pull_request: None,
            commit: None,
            compare: None,
            contributors: true,
            scopes: false,
            by_component: Components::PatchReleases,
            templates: BTreeMap::new(),
        }
    }
}

impl Default for DebianPolicy {
    fn default() -> Self {
        Self {
            distribution: None,
            suites: Vec::new(),
            urgency: UrgencyRules {
                usual: Urgency::Medium,
                security: Urgency::High,
                exploited: Urgency::Critical,
            },
            width: 80,
            multi_maintainer: true,
        }
    }
}
