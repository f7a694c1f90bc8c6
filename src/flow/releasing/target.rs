//! What a release brings to the suite: tagged or about to be, and not there yet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Tagged, Wanted};
use crate::archive::Older;
use crate::build::observe::Wanted as Revision;
use crate::flow::FlowError;
use crate::flow::archiving::Desk;
use crate::flow::hooks::HookPackage;
use crate::flow::planning::Planned;
use crate::flow::project::Workspace;
use crate::format::changelog::Entry;
use crate::format::version::Version;
use crate::model::{Finding, PackageName, TagName};
use crate::release::notes;
use crate::release::notes::render::{Format, render};
use crate::release::plan::{Decision, PackagePlan};
use crate::release::policy::{DebianKind, Policy, Unit};
use crate::release::upstream::debian_upstream;

/// A package on its way into the suite.
#[derive(Debug, Clone)]
pub struct Target {
    /// The package.
    pub name: PackageName,
    /// Its version, as the project writes it.
    pub version: String,
    /// Its Debian version.
    pub debian_version: Version,
    /// Its tag.
    pub tag: TagName,
    /// Whether the tag is there.
    pub is_tagged: bool,
    /// The release commit; until it is made, the commit that it will stand on.
    pub commit: String,
    /// Its notes in Markdown; empty where it was tagged before.
    pub notes: String,
    /// Where its artifacts go.
    pub place: PathBuf,
    /// The artifacts, once they are built.
    pub artifacts: Vec<PathBuf>,
    /// The `.changes` among them.
    pub changes: Option<PathBuf>,
}

impl Target {
    /// Returns where it is built before its tag is made.
    pub(super) fn candidate_place(&self, workspace: &Workspace) -> PathBuf {
        let name = format!("{}-{:.12}", self.name, self.commit);
        workspace.repository.own_dir().join("candidates").join(name)
    }

    /// Tells hooks of it.
    pub(super) fn told(&self, workspace: &Workspace) -> HookPackage {
        let notes = notes_file(workspace, &self.name, &self.version);
        let paths = self.artifacts.iter().map(|path| path.display().to_string());
        HookPackage {
            name: self.name.to_string(),
            version: self.version.clone(),
            debian_version: self.debian_version.to_string(),
            tag: Some(self.tag.to_string()),
            commit: Some(self.commit.clone()),
            notes_file: notes.is_file().then(|| notes.display().to_string()),
            artifacts: paths.collect(),
        }
    }
}

/// Where the notes of a release are kept for hooks.
pub(super) fn notes_file(workspace: &Workspace, name: &PackageName, version: &str) -> PathBuf {
    let own = workspace.repository.own_dir().join("notes");
    own.join(format!("{name}_{version}.md"))
}

/// Finds what the suite lacks: what the plan releases, what is prepared, and
/// what is tagged and was not published there. In dependency order.
pub(super) fn of(
    workspace: &Workspace,
    planned: &Planned,
    desk: &Desk<'_>,
    wanted: &Wanted,
) -> Result<Vec<Target>, FlowError> {
    let asked = &wanted.request.packages;
    let mut targets = Vec::new();
    for unit in in_order(&planned.policy) {
        let package = &planned.plan.packages[unit];
        let known = &planned.policy.units[unit];
        let Some(target) = target(workspace, planned, package, known, wanted)? else {
            continue;
        };
        if target.is_tagged && wanted.tagged == Tagged::LeftAlone {
            continue;
        }
        if target.is_tagged {
            // A tag of before this configuration cannot be built by it.
            let tag = Revision::Tag(target.tag.clone());
            if workspace.package(&tag, Some(&target.name)).is_err() {
                continue;
            }
            let is_asked = asked.is_empty() || asked.contains(&target.name);
            if !is_asked || has(desk, wanted, &target)? {
                continue;
            }
            // Named, it is wanted back.
            if !asked.contains(&target.name)
                && desk.had(&wanted.to, &target.name, &target.debian_version)?
            {
                desk.listener.warn(format!(
                    "{0} {1} was removed from {2} and stays out: debcut release {0} brings it back",
                    target.name, target.version, wanted.to
                ));
                continue;
            }
            desk.listener.note(format!(
                "{} {} is tagged and not in {}: it goes there, too",
                target.name, target.version, wanted.to
            ));
        }
        targets.push(target);
    }
    // Several packages of one tag each need a place of their own.
    for at in 0..targets.len() {
        let is_shared = targets
            .iter()
            .filter(|other| other.tag == targets[at].tag)
            .count()
            > 1;
        if is_shared {
            targets[at].place = targets[at].place.join(targets[at].name.as_str());
        }
    }
    Ok(targets)
}

fn target(
    workspace: &Workspace,
    planned: &Planned,
    package: &PackagePlan,
    unit: &Unit,
    wanted: &Wanted,
) -> Result<Option<Target>, FlowError> {
    let (version, debian_version, tag, commit, is_tagged) = match &package.decision {
        Decision::Release(next) => {
            let Some(tag) = next.tag.clone() else {
                return Ok(None);
            };
            let head = planned.plan.head.clone();
            (
                next.version.clone(),
                next.debian_version.clone(),
                tag,
                head,
                false,
            )
        }
        Decision::Prepared {
            version,
            debian_version,
            tag,
            commit,
            ..
        } => (
            version.clone(),
            debian_version.clone(),
            tag.clone(),
            commit.clone(),
            false,
        ),
        Decision::Skip { .. } => {
            let Some(current) = &package.current else {
                return Ok(None);
            };
            let Some(version) = released(workspace, unit, &current.version, &current.commit)?
            else {
                return Ok(None);
            };
            let (tag, commit) = (current.tag.clone(), current.commit.clone());
            (current.version.clone(), version, tag, commit, true)
        }
    };
    let notes = match package.decision {
        Decision::Skip { .. } => String::new(),
        _ => {
            let source = notes::Source {
                package: package.name.as_str(),
                version: Some(&version),
                tag: Some(&tag),
                previous_tag: package.since.as_ref().map(|release| &release.tag),
                kind: notes::ReleaseKind::of(&version, package.since.as_ref()),
                date: wanted.date,
                changes: &package.changes,
            };
            let notes = notes::notes(&source, &planned.policy.notes);
            // A project's own template is judged where the tag is made.
            render(&notes, Format::Forge, &BTreeMap::new()).unwrap_or_default()
        }
    };
    Ok(Some(Target {
        name: package.name.clone(),
        version,
        debian_version,
        place: place(workspace, &tag),
        tag,
        is_tagged,
        commit,
        notes,
        artifacts: Vec::new(),
        changes: None,
    }))
}

/// Returns what a tag brings, whatever the branch has become since; none where
/// its Debian version cannot be told.
pub(in crate::flow) fn of_tag(
    workspace: &Workspace,
    unit: &Unit,
    version: &str,
    (tag, commit): (&TagName, &str),
) -> Result<Option<Target>, FlowError> {
    let found = released(workspace, unit, version, commit)?;
    Ok(found.map(|debian_version| Target {
        name: unit.name.clone(),
        version: version.to_owned(),
        debian_version,
        tag: tag.clone(),
        is_tagged: true,
        commit: commit.to_owned(),
        notes: String::new(),
        place: place(workspace, tag),
        artifacts: Vec::new(),
        changes: None,
    }))
}

fn place(workspace: &Workspace, tag: &TagName) -> PathBuf {
    workspace.repository.top().join("dist").join(tag.as_str())
}

/// Returns the Debian version of a release; none where it cannot be told.
fn released(
    workspace: &Workspace,
    unit: &Unit,
    version: &str,
    commit: &str,
) -> Result<Option<Version>, FlowError> {
    let revision = match &unit.debian {
        DebianKind::Changelog { path } => {
            let commit = workspace.repository.commit(commit)?;
            let text = workspace.repository.file(&commit.tree, path)?;
            let entry = text.and_then(|text| Entry::newest(&text).ok());
            return Ok(entry.map(|entry| entry.version));
        }
        DebianKind::Declared { revision, .. } => revision.as_deref(),
    };
    let upstream = debian_upstream(version);
    let whole = match revision {
        Some(revision) => format!("{upstream}-{revision}"),
        None => upstream,
    };
    Ok(Version::new(whole).ok())
}

/// Tells whether the suite has the package in this version.
pub(super) fn has(desk: &Desk<'_>, wanted: &Wanted, target: &Target) -> Result<bool, FlowError> {
    let stanzas = desk.show(&wanted.to, &target.name)?;
    let version = format!("Version: {}", target.debian_version);
    Ok(stanzas
        .iter()
        .any(|(_, text)| text.lines().any(|line| line == version)))
}

/// Says which of the versions that a plan makes are lower than what the suite
/// has, where that is not wanted: the archive would refuse their packages.
pub(super) fn older(
    planned: &Planned,
    desk: &Desk<'_>,
    wanted: &Wanted,
) -> Result<Vec<Finding>, FlowError> {
    let mut found = Vec::new();
    if wanted.older == Older::Allow {
        return Ok(found);
    }
    for package in &planned.plan.packages {
        let version = match &package.decision {
            Decision::Release(next) if next.tag.is_some() => &next.debian_version,
            Decision::Prepared { debian_version, .. } => debian_version,
            Decision::Release(_) | Decision::Skip { .. } => continue,
        };
        let (suite, name) = (&wanted.to, &package.name);
        let Some(newest) = newest(desk, wanted, name)?.filter(|newest| newest > version) else {
            continue;
        };
        let message = format!("{suite} has {newest}, which is newer than {version}");
        let finding = Finding::error("older-version", name.as_str(), message);
        found.push(finding.fix(format!(
            "nothing is prepared or tagged: name another suite, or --allow-older, and who has \
             {newest} keeps it"
        )));
    }
    Ok(found)
}

/// Returns the highest version that a suite has of a package: of its source,
/// where that is there, for binary packages may count on their own.
fn newest(
    desk: &Desk<'_>,
    wanted: &Wanted,
    name: &PackageName,
) -> Result<Option<Version>, FlowError> {
    let stanzas = desk.show(&wanted.to, name)?;
    let version = |text: &str| {
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix("Version: "))?;
        Version::new(line.trim()).ok()
    };
    let of = |sources: bool| {
        let own = stanzas.iter();
        let own = own.filter(|(index, _)| index.ends_with("/Sources") == sources);
        own.filter_map(|(_, text)| version(text)).max()
    };
    Ok(of(true).or_else(|| of(false)))
}

/// Orders packages so that each stands behind what it depends on.
fn in_order(policy: &Policy) -> Vec<usize> {
    fn visit(at: usize, policy: &Policy, order: &mut Vec<usize>, seen: &mut Vec<bool>) {
        if std::mem::replace(&mut seen[at], true) {
            return;
        }
        for edge in &policy.units[at].depends_on {
            visit(edge.on, policy, order, seen);
        }
        order.push(at);
    }
    let mut order = Vec::new();
    let mut seen = vec![false; policy.units.len()];
    for at in 0..policy.units.len() {
        visit(at, policy, &mut order, &mut seen);
    }
    order
}
