//! Releases that were prepared and await their tags.
//!
//! A release commit says so in a trailer; where somebody else's tool wrote it,
//! the version in the tree tells. The commit that is found is the one that
//! brought the version to this branch: the squashed one where it was squashed.

use std::cmp::Ordering;

use super::tree;
use super::{History, ObserveError, releases};
use crate::format::changelog::{Entry, Upload};
use crate::format::version::Version;
use crate::model::TagName;
use crate::release::facts::{Facts, Mistagged, Pending, PendingBy, UnitFacts};
use crate::release::number::Number;
use crate::release::policy::{DebianKind, Policy, Unit};
use crate::release::upstream::is_release_of;
use crate::release::{tag_pattern, trailer};
use crate::sys::git::{GitError, ObjectId, Objects};

/// Finds every package's pending release.
pub(super) fn fill(
    facts: &mut Facts,
    history: &History<'_>,
    objects: &Objects<'_>,
    policy: &Policy,
) -> Result<(), ObserveError> {
    let line = first_parents(history);
    let announced = announced(history, &line);
    for (index, unit) in policy.units.iter().enumerate() {
        let own = &facts.units[index];
        let holds = said(unit, own);
        let is_tagged = |version: &str| is_tagged(facts, unit, version);
        let in_range = |at: usize| history.walk.nodes[at].range().has(index);
        let by_trailer = announced.iter().find(|(at, name, version)| {
            let is_own = name == unit.name.as_str() && in_range(*at);
            is_own && !is_tagged(version) && still_holds(unit, own, version)
        });
        let found = match by_trailer {
            Some((at, _, version)) => Some((*at, version.clone(), PendingBy::Trailer)),
            None => match holds.filter(|version| is_next(own, version) && !is_tagged(version)) {
                Some(version) => {
                    let line: Vec<usize> = line
                        .iter()
                        .copied()
                        .take_while(|&at| in_range(at))
                        .collect();
                    brought(unit, &version, &line, history, objects)?
                        .map(|at| (at, version, PendingBy::Tree))
                }
                None => None,
            },
        };
        let pending = found.map(|(at, version, by)| {
            let before = history.walk.ancestors(at);
            let later = own.since_final.iter().copied();
            let later = later.filter(|&place| !before[history.listed[place]]);
            Pending {
                version,
                commit: history.walk.nodes[at].id.to_string(),
                by,
                later: later.collect(),
            }
        });
        // The tag of a release is on its release commit. One that is on another line's own release commit is none of
        // this branch's: a squash of that line has brought its release here.
        let releases = own.last_final.iter().chain(&own.pre_releases);
        let tags: Vec<_> = releases.map(|release| &release.tag).collect();
        let mistagged = announced.iter().find_map(|(at, name, version)| {
            let is_own = name == unit.name.as_str() && in_range(*at);
            let (tag, commit) = tag_of(facts, unit, version).filter(|_| is_own)?;
            let release_commit = history.walk.nodes[*at].id.to_string();
            // `1.3+really1.2` is made of the release that v1.2 names, and has a tag of its own.
            let patterns = &mut unit.tags.iter();
            let is_whole =
                patterns.any(|one| one.version_in(tag.as_str()).as_ref() == Some(version));
            let stray = || is_whole && !announces(objects, commit, name, version);
            let ours = || tags.contains(&tag) || stray();
            let beside = *commit != release_commit && ours();
            beside.then(|| Mistagged {
                tag: tag.clone(),
                commit: commit.clone(),
                release_commit,
            })
        });
        facts.units[index].mistagged = mistagged;
        facts.units[index].pending = pending;
    }
    Ok(())
}

/// The commits from HEAD along first parents, as far as they were read.
fn first_parents(history: &History<'_>) -> Vec<usize> {
    let mut line = vec![0];
    let mut at = 0;
    while let Some(&parent) = history.walk.nodes[at].parents.first() {
        line.push(parent);
        at = parent;
    }
    line
}

/// Lists what release commits announce, those on the line of first parents
/// first, newest first.
fn announced(history: &History<'_>, line: &[usize]) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let order = history.order.iter().copied();
    let (on_line, beside): (Vec<usize>, Vec<usize>) =
        order.partition(|at| history.walk.nodes[*at].on_line);
    debug_assert!(on_line.iter().all(|at| line.contains(at)));
    for at in on_line.into_iter().chain(beside) {
        let message = history.walk.nodes[at].object.message();
        let releases = trailer::released(&message);
        found.extend(releases.map(|(name, version)| (at, name.to_owned(), version.to_owned())));
    }
    found
}

/// Tells whether a tagged commit says that it is a release. One that cannot be
/// read may be one: a shallow clone has tags without their commits.
fn announces(objects: &Objects<'_>, commit: &str, name: &str, version: &str) -> bool {
    let read = ObjectId::from_hex(commit).and_then(|id| objects.commit(id).ok());
    read.is_none_or(|commit| {
        let message = commit.message();
        trailer::released(&message).any(|said| said == (name, version))
    })
}

/// Returns the version that a package's tree says, as its tags would name it.
fn said(unit: &Unit, found: &UnitFacts) -> Option<String> {
    let mut versions = found
        .versions
        .iter()
        .map(|found| found.version.as_ref().ok());
    if let Some(first) = versions.next() {
        let first = first?;
        let agree = versions.all(|other| other == Some(first));
        // Half of a release is none: prepare has yet to finish the entry.
        let entry = found.changelog.as_ref();
        let agree = agree && entry.is_none_or(|entry| is_released_as(entry, first));
        let debian = unit
            .tags
            .first()
            .is_some_and(tag_pattern::TagPattern::is_debian);
        if !debian {
            return agree.then(|| first.clone());
        }
    }
    said_by_entry(unit, found.changelog.as_ref()?)
}

fn is_release(entry: &Entry) -> bool {
    !entry.is_unreleased() && entry.upload != Upload::BinaryOnly
}

fn is_released_as(entry: &Entry, version: &str) -> bool {
    is_release(entry) && names(version, &entry.version)
}

/// Tells whether a version is a changelog's, with or without what is Debian's.
fn names(version: &str, entry: &Version) -> bool {
    version == entry.as_str() || version == entry.without_epoch() || is_release_of(version, entry)
}

fn said_by_entry(unit: &Unit, entry: &Entry) -> Option<String> {
    let debian = unit
        .tags
        .first()
        .is_some_and(tag_pattern::TagPattern::is_debian);
    is_release(entry).then(|| match debian {
        true => entry.version.to_string(),
        false => entry.version.upstream().to_owned(),
    })
}

/// Tells whether the tree still is at a version that a commit announced.
fn still_holds(unit: &Unit, found: &UnitFacts, version: &str) -> bool {
    if !found.versions.is_empty() && !matches!(unit.debian, DebianKind::Changelog { .. }) {
        // A Debian tag's version has more than what the files say.
        let is_debian = unit.tags.iter().any(tag_pattern::TagPattern::is_debian);
        let debian = Version::new(version).ok().filter(|_| is_debian);
        let is_of = |own: &str| {
            let of_debian = |debian| crate::release::upstream::is_release_of(own, debian);
            own == version || debian.as_ref().is_some_and(of_debian)
        };
        let says = |found: &Result<String, _>| matches!(found, Ok(own) if is_of(own));
        return found.versions.iter().all(|found| says(&found.version));
    }
    match &found.changelog {
        None => found
            .versions
            .iter()
            .all(|own| own.version.as_deref() == Ok(version)),
        Some(entry) => names(version, &entry.version),
    }
}

/// Tells whether a version is one to be released behind what was.
fn is_next(found: &UnitFacts, version: &str) -> bool {
    let development = Number::parse(version).is_ok_and(|number| number.is_development());
    let pre = found.pre_releases.last();
    let last = [found.last_final.as_ref(), pre];
    let mut last = last.into_iter().flatten().peekable();
    !development
        && last.peek().is_some()
        && last.all(|last| releases::compare(version, &last.version) == Ordering::Greater)
}

fn is_tagged(facts: &Facts, unit: &Unit, version: &str) -> bool {
    tag_of(facts, unit, version).is_some()
}

/// Finds the tag of a version, with its commit.
fn tag_of<'a>(facts: &'a Facts, unit: &Unit, version: &str) -> Option<(&'a TagName, &'a String)> {
    let parsed = Version::new(version).ok();
    facts.tags.iter().find(|(tag, _)| {
        unit.tags.iter().any(|pattern| {
            let tagged = pattern.version_in(tag.as_str());
            tagged.is_some_and(|tagged| {
                tagged == version
                    || parsed
                        .as_ref()
                        .is_some_and(|parsed| tag_pattern::names(&tagged, parsed, pattern))
            })
        })
    })
}

/// Finds the commit on a line, newest first, since which the tree says a
/// version without a break.
fn brought(
    unit: &Unit,
    version: &str,
    line: &[usize],
    history: &History<'_>,
    objects: &Objects<'_>,
) -> Result<Option<usize>, ObserveError> {
    let files = unit.version_files.iter().map(|file| file.path.as_str());
    let files: Vec<&str> = files.chain(unit.changelog_path()).collect();
    let state = |top: ObjectId| -> Result<Vec<_>, GitError> {
        files.iter().map(|path| objects.entry(top, path)).collect()
    };
    for &at in line {
        let node = &history.walk.nodes[at];
        let Some(&parent) = node.parents.first() else {
            return Ok(Some(at));
        };
        let before = history.walk.nodes[parent].object.tree;
        if state(before)? == state(node.object.tree)? {
            continue;
        }
        let older = UnitFacts {
            versions: tree::versions(objects, before, unit)?,
            // An entry that could not be read was no release.
            changelog: tree::changelog(objects, before, unit, "").unwrap_or_default(),
            ..UnitFacts::default()
        };
        if said(unit, &older).as_deref() != Some(version) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}
