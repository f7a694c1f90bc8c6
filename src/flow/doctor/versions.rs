//! The versions that the tree at HEAD says, against each other and against the
//! last release.

use crate::model::finding::with_causes;
use crate::model::{Checkup, Finding};
use crate::release::facts::UnitFacts;
use crate::release::number::Number;
use crate::release::policy::Unit;
use crate::release::upstream::is_release_of;
use crate::release::{Facts, Policy};

/// Judges every package.
pub(super) fn judge(policy: &Policy, facts: &Facts) -> Checkup {
    let mut checkup = Checkup::default();
    for (unit, found) in policy.units.iter().zip(&facts.units) {
        checkup.extend(one(unit, found));
    }
    checkup
}

fn one(unit: &Unit, found: &UnitFacts) -> Checkup {
    let mut checkup = Checkup::default();
    let name = unit.name.as_str();
    let mut said = Vec::new();
    for file in &found.versions {
        match &file.version {
            Ok(version) => said.push((file.path.as_str(), version.as_str())),
            Err(error) => {
                let finding = Finding::error("version-file", &file.path, with_causes(error));
                checkup.find(finding.fix("correct it, or version-files in debcut.toml"));
            }
        }
    }
    let Some((first, version)) = said.first().copied() else {
        return checkup;
    };
    if said.iter().any(|(_, other)| !is_same(other, version)) {
        let all: Vec<String> = said
            .iter()
            .map(|(path, v)| format!("{path} says {v}"))
            .collect();
        let finding = Finding::error("version-files-disagree", name, all.join(", "));
        checkup.find(finding.fix("make them say the version of the last release, and commit"));
        return checkup;
    }
    if let Some(entry) = found
        .changelog
        .as_ref()
        .filter(|entry| !entry.is_unreleased())
        && !is_release_of(version, &entry.version)
        && !is_development(version)
    {
        let why = format!(
            "{first} says {version}, and the newest changelog entry is {}",
            entry.version
        );
        let finding = Finding::error("version-files-disagree", name, why);
        checkup.find(finding.fix("debcut prepare writes both; make them agree, and commit"));
        return checkup;
    }
    let last = found.pre_releases.last().or(found.last_final.as_ref());
    if let Some(last) = last
        && let (Ok(own), Ok(released)) = (Number::parse(version), Number::parse(&last.version))
        && own < released
    {
        let why = format!(
            "{first} says {version}, but {} is released as {}",
            last.version, last.tag
        );
        let finding = Finding::warning("version-behind-tag", name, why);
        checkup.find(finding.fix("debcut prepare writes the next version into it"));
        return checkup;
    }
    checkup.pass(
        "versions",
        name,
        format!("{} file(s) say {version}", said.len()),
    );
    checkup
}

fn is_same(a: &str, b: &str) -> bool {
    a == b
        || match (Number::parse(a), Number::parse(b)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        }
}

fn is_development(version: &str) -> bool {
    Number::parse(version).is_ok_and(|number| number.is_development())
}
