//! Which tags are to be made, after checking that tree version, changelog and
//! tag agree.
//!
//! The rules have the names that a build has for them: what passes here is
//! what a build of the tag accepts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::observe::{Awaited, Changelog, Said, TagFacts};
use crate::format::version::Version;
use crate::model::{Finding, PackageName, Sha256, TagName, Timestamp, finding::with_causes};
use crate::release::notes::render::{Format, render};
use crate::release::notes::{self, Source};
use crate::release::plan::{PackagePlan, ReleasePlan};
use crate::release::policy::{Policy, Unit};
use crate::release::tag_pattern;
use crate::release::upstream::is_release_of;

/// A tag that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewTag {
    /// The package.
    pub package: PackageName,
    /// The version, as the project writes it.
    pub version: String,
    /// The Debian version.
    pub debian_version: Version,
    /// The tag's name.
    pub name: TagName,
    /// The release commit.
    pub commit: String,
    /// The message: a title and the notes.
    pub message: String,
}

/// The tags of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TagPlan {
    /// Those that are to be made, in the configuration's order of packages.
    pub new: Vec<NewTag>,
    /// Those that are on their release commits already.
    pub there: Vec<NewTag>,
}

impl TagPlan {
    /// Returns the digest of the tags that are to be made.
    pub fn digest(&self) -> Sha256 {
        let named = self.new.iter().map(|tag| (&tag.name, &tag.commit));
        let named: Vec<_> = named.collect();
        Sha256::of(&serde_json::to_vec(&named).expect("names are text"))
    }
}

/// Plans the tags; the error holds everything that stands against them.
pub fn plan(
    release: &ReleasePlan,
    policy: &Policy,
    facts: &TagFacts,
    date: Timestamp,
) -> Result<TagPlan, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut planned = TagPlan {
        new: Vec::new(),
        there: Vec::new(),
    };
    for (awaited, templates) in facts.awaited.iter().zip(&facts.templates) {
        let package = &release.packages[awaited.package];
        let unit = &policy.units[package.unit];
        match &awaited.there {
            Some(commit) if *commit == awaited.commit => {
                planned.there.push(new(awaited, String::new()));
                continue;
            }
            Some(commit) => findings.push(taken(awaited, commit)),
            None => {}
        }
        check(awaited, unit, &mut findings);
        match message(awaited, package, policy, templates, date) {
            Ok(message) => add(&mut planned, new(awaited, message), &mut findings),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() {
        Ok(planned)
    } else {
        Err(findings)
    }
}

/// Adds a tag. Packages that are released as one version may share it: it tells
/// of all of them.
fn add(planned: &mut TagPlan, tag: NewTag, findings: &mut Vec<Finding>) {
    let Some(other) = planned.new.iter_mut().find(|new| new.name == tag.name) else {
        planned.new.push(tag);
        return;
    };
    if (&other.version, &other.commit) == (&tag.version, &tag.commit) {
        other.message = format!("{}\n\n{}", other.message.trim_end(), tag.message);
        return;
    }
    let found = format!(
        "{} and {} would have the same tag",
        other.package, tag.package
    );
    let finding = Finding::error("tag-shared", tag.name.as_str(), found);
    findings.push(finding.fix("give each package a tag pattern with its name"));
}

fn new(awaited: &Awaited, message: String) -> NewTag {
    NewTag {
        package: awaited.name.clone(),
        version: awaited.version.clone(),
        debian_version: awaited.debian_version.clone(),
        name: awaited.tag.clone(),
        commit: awaited.commit.clone(),
        message,
    }
}

fn taken(awaited: &Awaited, by: &str) -> Finding {
    let found = format!(
        "it leads to {by}, but the release commit of {} {} is {}",
        awaited.name, awaited.version, awaited.commit
    );
    let fix = "release another version; a tag that others may have fetched is never moved";
    Finding::error("tag-taken", awaited.tag.as_str(), found).fix(fix)
}

fn check(awaited: &Awaited, unit: &Unit, findings: &mut Vec<Finding>) {
    let Awaited {
        name,
        version,
        debian_version,
        tag,
        commit,
        ..
    } = awaited;
    let short = &commit[..commit.len().min(12)];
    let prepare = format!("debcut prepare {name} makes the commit that agrees");
    for (file, said) in &awaited.versions {
        let finding = match said {
            Said::Version(text) if text == version || is_release_of(text, debian_version) => {
                continue;
            }
            Said::Version(text) => {
                let found = format!("it says {text} at {short}, but the release is {version}");
                Finding::error("version-file-mismatch", &file.path, found).fix(&prepare)
            }
            Said::Unreadable(error) => {
                Finding::error("version-file-unreadable", &file.path, with_causes(error))
            }
            Said::NotText => {
                Finding::error("version-file-unreadable", &file.path, "it is not UTF-8")
            }
            Said::NotThere => {
                let found = format!("the tree of {short} has no such file");
                Finding::error("version-file-missing", &file.path, found)
                    .fix("remove it from version-files in debcut.toml")
            }
        };
        findings.push(finding);
    }
    if let Some(Changelog { path, newest }) = &awaited.changelog {
        let finding = match newest {
            Some(Ok(entry)) if entry.source != *name || entry.version != *debian_version => {
                let found = format!(
                    "its newest entry at {short} is {} {}, but the release is {name} {debian_version}",
                    entry.source, entry.version
                );
                Some(Finding::error("changelog-version", path, found).fix(&prepare))
            }
            Some(Ok(entry)) if entry.is_unreleased() => {
                let found = format!("the entry of {} is UNRELEASED", entry.version);
                Some(Finding::error("unreleased", path, found).fix(&prepare))
            }
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(Finding::error(
                "changelog-unreadable",
                path,
                with_causes(error),
            )),
            None => {
                let found = format!("the tree of {short} has no such file");
                Some(Finding::error("changelog-missing", path, found).fix(&prepare))
            }
        };
        findings.extend(finding);
    }
    let agrees = unit.tags.iter().any(|pattern| {
        pattern
            .version_in(tag.as_str())
            .is_some_and(|tagged| tag_pattern::names(&tagged, debian_version, pattern))
    });
    if !agrees {
        let found = format!("it does not name {debian_version} by the tag patterns of {name}");
        findings.push(Finding::error(
            "tag-changelog-mismatch",
            tag.as_str(),
            found,
        ));
    }
}

/// Writes `NAME VERSION` and the notes as plain text.
fn message(
    awaited: &Awaited,
    package: &PackagePlan,
    policy: &Policy,
    templates: &BTreeMap<String, String>,
    date: Timestamp,
) -> Result<String, Finding> {
    let source = Source {
        package: awaited.name.as_str(),
        version: Some(&awaited.version),
        tag: Some(&awaited.tag),
        previous_tag: package.since.as_ref().map(|release| &release.tag),
        kind: notes::ReleaseKind::of(&awaited.version, package.since.as_ref()),
        date,
        changes: &package.changes,
    };
    let notes = notes::notes(&source, &policy.notes);
    let text = render(&notes, Format::Text, templates).map_err(|error| {
        Finding::error("notes-template", &error.name, with_causes(&error))
            .fix("correct the template and commit it")
    })?;
    let title = format!("{} {}", awaited.name, awaited.version);
    let text = text.trim();
    // A template may begin with the same title.
    let text = text.strip_prefix(title.as_str()).map_or(text, |rest| {
        if rest.starts_with('\n') {
            rest.trim_start()
        } else {
            text
        }
    });
    Ok(if text.is_empty() {
        format!("{title}\n")
    } else {
        format!("{title}\n\n{}\n", harmless(text))
    })
}

/// Sets off lines that git would take for the beginning of the signature: what
/// stands behind such a line is not covered by it.
fn harmless(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if line.starts_with("-----BEGIN ") {
            format!(" {line}")
        } else {
            line.trim_end().to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
