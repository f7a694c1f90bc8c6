//! Packages whose last releases are older than those of what they depend on.

use super::releases::{Releases, TaggedKind, compare, is_pre_release_of_debian};
use super::{History, ObserveError};
use crate::format::version::Version;
use crate::release::facts::{Behind, Facts};
use crate::release::number::Number;
use crate::release::policy::Policy;
use crate::release::tag_pattern::TagPattern;
use crate::sys::git::{ObjectId, Repository};

/// Finds, for every package, the dependencies that it has yet to follow.
pub(super) fn fill(
    facts: &mut Facts,
    history: &History<'_>,
    releases: &Releases,
    repository: &Repository,
    policy: &Policy,
) -> Result<(), ObserveError> {
    let place = |commit: &str| {
        let id = ObjectId::from_hex(commit)?;
        history.walk.nodes.iter().position(|node| node.id == id)
    };
    for (index, unit) in policy.units.iter().enumerate() {
        let last = facts.units[index].last_final.as_ref();
        let Some(last) = last.filter(|_| !unit.depends_on.is_empty()) else {
            continue;
        };
        let last = last.commit.clone();
        // What a dependency released after it is still in the dependency's
        // range there, and was read.
        let Some(contained) = place(&last).map(|at| history.walk.ancestors(at)) else {
            continue;
        };
        let mut behind = Vec::new();
        for edge in &unit.depends_on {
            let Some((version, commit)) = newest(facts, policy, edge.on) else {
                continue;
            };
            if place(&commit).is_none_or(|at| contained[at]) {
                continue;
            }
            behind.push(Behind {
                on: edge.on,
                before: before(releases, edge.on, &version, &last, repository)?,
                version,
            });
        }
        facts.units[index].behind = behind;
    }
    Ok(())
}

/// The newest final release of a package, with its commit.
fn newest(facts: &Facts, policy: &Policy, unit: usize) -> Option<(String, String)> {
    let own = &facts.units[unit];
    let is_debian = policy.units[unit]
        .tags
        .first()
        .is_some_and(TagPattern::is_debian);
    let is_final = |version: &str| match is_debian {
        true => Version::new(version).is_ok_and(|version| !is_pre_release_of_debian(&version)),
        false => Number::parse(version).is_ok_and(|number| !number.is_pre_release()),
    };
    let pending = own.pending.as_ref();
    if let Some(pending) = pending.filter(|pending| is_final(&pending.version)) {
        return Some((pending.version.clone(), pending.commit.clone()));
    }
    let last = own.last_final.as_ref()?;
    Some((last.version.clone(), last.commit.clone()))
}

/// The highest final release below a version that a commit descends from.
fn before(
    releases: &Releases,
    unit: usize,
    version: &str,
    commit: &str,
    repository: &Repository,
) -> Result<Option<String>, ObserveError> {
    let finals = releases.all(unit);
    let finals = finals.filter(|(tagged, _)| tagged.kind == TaggedKind::Final);
    let lower = finals.filter(|(tagged, _)| compare(&tagged.version, version).is_lt());
    let mut lower: Vec<_> = lower.collect();
    lower.sort_by(|(a, _), (b, _)| compare(&b.version, &a.version));
    for (tagged, id) in lower {
        let id = id.to_string();
        if id == commit || repository.is_ancestor(&id, commit)? {
            return Ok(Some(tagged.version.clone()));
        }
    }
    Ok(None)
}
