//! `debcut.toml`: whether it can be read, and whether it fits the tree and the
//! tags.

use std::collections::BTreeSet;

use super::{Patient, listed};
use crate::config::{self, ConfigError};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{Checkup, Finding, TagName};
use crate::release::ownership::Ownership;
use crate::release::policy::Unit;
use crate::release::{Facts, Policy, TagPattern};
use crate::sys::git::{Descend, ObjectId, Repository};

/// Opens the repository with its configuration; one that cannot be read is a
/// finding, and what depends on it is not checked.
pub(super) fn opened(
    patient: &Patient<'_>,
    checkup: &mut Checkup,
) -> Result<Option<Workspace>, FlowError> {
    match Workspace::open(patient.directory, patient.config) {
        Ok(workspace) => {
            let described = workspace.project.packages.len();
            // Without any, debian/ decides; whether there is one is seen later.
            if described > 0 {
                let why = format!("{described} package(s)");
                checkup.pass("configuration", config::FILE_NAME, why);
            }
            Ok(Some(workspace))
        }
        Err(FlowError::Config(error)) => {
            checkup.find(unreadable(&error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn unreadable(error: &ConfigError) -> Finding {
    let fix = match error {
        ConfigError::Malformed {
            nearest: Some(known),
            ..
        } => format!("did you mean “{known}”?"),
        _ => "correct that line".to_owned(),
    };
    Finding::error("configuration", config::FILE_NAME, error.to_string()).fix(fix)
}

/// Compares it with the tree at HEAD and with the tags.
pub(super) fn check(
    repository: &Repository,
    policy: &Policy,
    facts: &Facts,
) -> Result<Checkup, FlowError> {
    let mut checkup = Checkup::default();
    checkup.extend(nobodys(&unowned(repository, &policy.units)?));
    checkup.extend(tags(&policy.units, facts.tags.keys()));
    Ok(checkup)
}

/// Lists the directories of the tree at HEAD in which no package owns anything,
/// each without those below it. Hidden ones are the forge's and the editors'.
fn unowned(repository: &Repository, units: &[Unit]) -> Result<Vec<String>, FlowError> {
    let ownership = Ownership::new(units);
    let objects = repository.objects()?;
    let tree = repository.commit("HEAD")?.tree;
    let mut found = Vec::new();
    let Some(tree) = ObjectId::from_hex(&tree) else {
        return Ok(found);
    };
    objects.compare(None, Some(tree), &mut |entry| {
        let path = String::from_utf8_lossy(entry.path).into_owned();
        let hidden = path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with('.'));
        if !entry.is_directory() || hidden {
            return Descend::Over;
        }
        match ownership.owners_of_all(&path) {
            Some(owners) if owners.is_empty() => {
                found.push(path);
                Descend::Over
            }
            Some(_) => Descend::Over,
            None if ownership.owners(&path).is_empty() => Descend::Into,
            None => Descend::Over,
        }
    })?;
    Ok(found)
}

fn nobodys(directories: &[String]) -> Checkup {
    let mut checkup = Checkup::default();
    if directories.is_empty() {
        checkup.pass("unowned-files", "tree", "every directory is some package's");
        return checkup;
    }
    let why = "of no package: commits that touch nothing else release nothing";
    let finding = Finding::warning("unowned-files", listed(directories), why);
    checkup.find(finding.fix("add it to a package: path, or include = [\"…\"] in debcut.toml"));
    checkup
}

/// Finds packages that no tag is a release of, where there are tags that look
/// like releases and are nobody's.
fn tags<'a>(units: &[Unit], names: impl Iterator<Item = &'a TagName>) -> Checkup {
    let mut checkup = Checkup::default();
    let mut tagged = BTreeSet::new();
    let mut nobodys = Vec::new();
    for name in names {
        let text = name.as_str();
        let fits = |pattern: &TagPattern| pattern.version_in(text).is_some();
        let mut is_anybodys = false;
        for (index, unit) in units.iter().enumerate() {
            if unit.tags.iter().any(fits) {
                tagged.insert(index);
                is_anybodys = true;
            }
            is_anybodys |= unit.upstream_tags.iter().any(fits);
        }
        if !is_anybodys && looks_like_a_release(text) {
            nobodys.push(text.to_owned());
        }
    }
    for (index, unit) in units.iter().enumerate() {
        let patterns: Vec<_> = unit.tags.iter().map(ToString::to_string).collect();
        let patterns = patterns.join(", ");
        let name = unit.name.as_str();
        if tagged.contains(&index) {
            checkup.pass("tag-pattern", name, format!("its releases are {patterns}"));
        } else if nobodys.is_empty() {
            checkup.pass("tag-pattern", name, "not released yet");
        } else {
            let why = format!(
                "no tag fits {patterns}, while {} fit(s) no package: {}",
                nobodys.len(),
                listed(&nobodys)
            );
            let finding = Finding::warning("tag-pattern", name, why);
            checkup.find(finding.fix("name the style in debcut.toml: tag = \"…{version}\""));
        }
    }
    checkup
}

/// Tells whether a tag's name ends in numbers with a dot between them.
fn looks_like_a_release(tag: &str) -> bool {
    let last = tag.rsplit('/').next().unwrap_or_default();
    let number = last.find(|c: char| c.is_ascii_digit());
    number.is_some_and(|at| {
        let rest = last[at..].trim_start_matches(|c: char| c.is_ascii_digit());
        let behind = rest.strip_prefix(['.', '_']);
        behind.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_tags_are_recognised() {
        for (tag, want) in [
            ("v1.2.3", true),
            ("release-1.0", true),
            ("REL_9_6_1", true),
            ("lib/2.0.0-rc.1", true),
            ("nightly", false),
            ("v2", false),
            ("build-2025", false),
        ] {
            assert_eq!(looks_like_a_release(tag), want, "{tag}");
        }
    }
}
