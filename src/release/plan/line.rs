//! A package's line of versions: where it stands, which tags it has, and what
//! of the version is raised.

use crate::format::version::Version;
use crate::model::TagName;
use crate::release::commit::Release;
use crate::release::debian_version::without_uploads;
use crate::release::facts::UnitFacts;
use crate::release::number::Number;
use crate::release::policy::{DebianKind, Unit};
use crate::release::tag_pattern::{TagPattern, are_usual};

/// Where a package stands.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    /// The pattern that its new tags have.
    pub pattern: TagPattern,
    /// What a release raises.
    pub raises: Raises,
    /// Its newest release, pre-releases included.
    pub current: Option<&'a Release>,
    /// The number of its newest final release.
    pub last: Option<Number>,
    /// The number that its tree holds and nobody has released.
    pub in_tree: Option<(Number, String)>,
    /// The version of its newest `debian/changelog` entry.
    pub debian: Option<&'a Version>,
    /// The version of the newest entry that is released, where that one is not.
    pub released: Option<&'a Version>,
    /// Whether that entry is still being written.
    pub is_unreleased: bool,
}

/// What a release raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raises {
    /// The project's own number.
    Number,
    /// The Debian revision: upstream is somebody else's, and its next release
    /// comes with `--set-version` or in an UNRELEASED entry.
    Revision,
}

impl<'a> Line<'a> {
    /// Reads where a package stands; `alone`: the project has no other.
    pub fn of(unit: &Unit, facts: &'a UnitFacts, alone: bool) -> Self {
        let current = facts.pre_releases.last().or(facts.last_final.as_ref());
        let pattern = pattern(unit, current, alone);
        let entry = facts.changelog.as_ref();
        let debian = entry.map(|entry| &entry.version);
        let revised = debian.is_some_and(|version| !version.is_native());
        let raises = match pattern.is_debian() && revised {
            true => Raises::Revision,
            false => Raises::Number,
        };
        let last = facts.last_final.as_ref();
        let last = last.and_then(|release| number(&pattern, &release.version));
        Self {
            raises,
            current,
            last,
            in_tree: in_tree(facts),
            debian,
            released: facts.released_entry.as_ref(),
            is_unreleased: entry.is_some_and(|entry| entry.is_unreleased()),
            pattern,
        }
    }

    /// Reads the number of a release, as its tag names it.
    pub fn number(&self, version: &str) -> Option<Number> {
        number(&self.pattern, version)
    }

    /// Returns the tag of a release.
    pub fn tag(&self, version: &str, debian: &Version) -> Option<TagName> {
        let name = match self.pattern.is_debian() {
            true => self.pattern.tag(debian.as_str()),
            false => self.pattern.tag(version),
        };
        TagName::new(name).ok()
    }
}

/// A Debian tag's version has an epoch and a revision, which are not the
/// project's.
fn number(pattern: &TagPattern, text: &str) -> Option<Number> {
    let debian = pattern.is_debian().then(|| Version::new(text).ok());
    let upstream = debian.flatten().map(|v| v.upstream().to_owned());
    numbered(upstream.as_deref().unwrap_or(text))
}

/// Chooses the pattern of new tags: that of the last release, else the first
/// that is configured, else the usual one of the package's kind.
fn pattern(unit: &Unit, current: Option<&Release>, alone: bool) -> TagPattern {
    let names = |pattern: &&TagPattern| {
        current.is_some_and(|release| pattern.version_in(release.tag.as_str()).is_some())
    };
    if let Some(known) = unit.tags.iter().find(names) {
        return known.clone();
    }
    let usual = |text: &str| TagPattern::new(&text.replace("{name}", unit.name.as_str()));
    let unconfigured = are_usual(unit.name.as_str(), &unit.tags);
    let style = match (&unit.debian, alone) {
        (DebianKind::Changelog { .. }, true) => "debian/{version}",
        (DebianKind::Declared { .. }, true) => "v{version}",
        (_, false) => "{name}-v{version}",
    };
    match unit.tags.first() {
        Some(first) if !unconfigured => first.clone(),
        _ => usual(style).expect("a package's name is fit for a tag"),
    }
}

/// Returns what the version files agree on, else what an entry that is being
/// written says, with the file's name.
fn in_tree(facts: &UnitFacts) -> Option<(Number, String)> {
    let mut said = facts.versions.iter().filter_map(|found| {
        let version = found.version.as_ref().ok()?;
        Some((Number::parse(version).ok()?, found.path.clone()))
    });
    let first = said.next();
    let agreed = first.filter(|(number, _)| said.all(|(other, _)| other == *number));
    agreed.or_else(|| {
        let entry = facts.changelog.as_ref()?;
        let number = numbered(entry.version.upstream())?;
        Some((number, "debian/changelog".to_owned()))
    })
}

/// Reads a number; that of an upload of a native package is the package's.
fn numbered(text: &str) -> Option<Number> {
    let number = Number::parse(text).ok();
    number.or_else(|| Number::parse(without_uploads(text)).ok())
}
