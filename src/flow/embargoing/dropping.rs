//! Dropping an embargo: what it kept may be pushed and published then, and is
//! released by nobody. It is dropped where it was set, by who may; another clone
//! ends it when the private remotes have its mark no more.

use std::collections::BTreeMap;

use super::sharing::{self, Look, Theirs};
use crate::flow::FlowError;
use crate::flow::patching::{keeping, syncing};
use crate::flow::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{BranchName, Finding, Silent, TagName, Timestamp};
use crate::patch::embargo::{Due, Embargo, Ended, Part};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::git::{ObjectId, Repository};
use crate::sys::outward::{BRANCHES, Phase};

/// What a drop ends, and what it opens.
#[derive(Debug, Clone)]
pub struct Drop {
    /// The embargo.
    pub embargo: Embargo,
    /// Where it ends.
    pub ends: Ends,
    /// How many commits of each branch here may be pushed then: those that the
    /// public remote is not known to have.
    pub branches: BTreeMap<BranchName, usize>,
    /// The tags of such commits.
    pub tags: Vec<TagName>,
    /// How many entries of the queue stay private.
    pub kept: usize,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

/// Where an embargo ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Its mark is taken from the private remotes: it is over for all.
    ForAll,
    /// It is over for others, and now here.
    Here,
}

/// Finds what dropping an embargo opens, or what stands against it; none: there
/// is none of that name.
pub fn to_drop(
    workspace: &Workspace,
    name: &str,
    (by, now): (&Person, Timestamp),
    environment: &Environment,
) -> Result<Result<Option<Drop>, Vec<Finding>>, FlowError> {
    let repository = &workspace.repository;
    let embargo = match super::read(repository)? {
        Some(own) => Some(own),
        None => sharing::came_along_here(repository, name, environment)?,
    };
    let Some(embargo) = embargo else {
        return Ok(Ok(None));
    };
    if embargo.mark.phase == Phase::Lifting {
        let finding = Finding::error("lifting", name, "it is being lifted");
        let fix = "debcut patch lift finishes it; --abort closes it while nothing is out";
        return Ok(Err(vec![finding.fix(fix)]));
    }
    let ends = match embargo.part {
        Part::Founding => Ends::ForAll,
        Part::Joined => Ends::Here,
    };
    let against = match ends {
        Ends::ForAll => not_by(workspace, &embargo, by),
        Ends::Here => not_here(repository, &embargo, environment)?,
    };
    if let Some(finding) = against {
        return Ok(Err(vec![finding]));
    }
    let (branches, tags) = opened(repository, &embargo)?;
    let kept = keeping::to_keep(repository, &embargo, environment)?.len();
    let mut findings = Vec::new();
    if let (Ends::ForAll, Due::At(until)) = (ends, embargo.due(now)) {
        let message = format!("it was agreed on until {until}, and others may count on that");
        let finding = Finding::warning("not-due", name, message);
        findings.push(finding.fix("ask who else keeps it"));
    }
    if ends == Ends::ForAll && !embargo.mark.private.remotes.is_empty() {
        let message = "clones that took part stay under it, and those that its mark came along \
                       to until their next git fetch --prune";
        let finding = Finding::info("others", name, message);
        let fix = format!("there: debcut patch embargo {name} --drop ends it");
        findings.push(finding.fix(fix));
    }
    Ok(Ok(Some(Drop {
        embargo,
        ends,
        branches,
        tags,
        kept,
        findings,
    })))
}

/// Finds that a person may not drop it: who set it may, and who decides.
fn not_by(workspace: &Workspace, embargo: &Embargo, by: &Person) -> Option<Finding> {
    let policy = &workspace.project.patch;
    let is_setter = embargo.by.email.eq_ignore_ascii_case(&by.email);
    if is_setter || policy.is_approver(by) || policy.is_owner(by) {
        return None;
    }
    let message = format!("{} <{}> does not drop it", by.name, by.email);
    let finding = Finding::error("not-an-approver", &embargo.mark.name, message);
    let setter = format!("{} <{}>", embargo.by.name, embargo.by.email);
    Some(finding.fix(format!("ask {setter}, who set it")))
}

/// Finds that it is not over where it was set, as far as a private remote says.
fn not_here(
    repository: &Repository,
    embargo: &Embargo,
    environment: &Environment,
) -> Result<Option<Finding>, FlowError> {
    if sharing::withdrawn(repository, embargo, Look::There, environment)?.is_some() {
        return Ok(None);
    }
    let message = "it was set in another clone, and nothing says that it is over there: its mark \
                   is at a private remote, or none of them answers";
    let finding = Finding::error("not-set-here", &embargo.mark.name, message);
    let Person { name, email } = &embargo.by;
    Ok(Some(
        finding.fix(format!("{name} <{email}> has set it: ask there")),
    ))
}

/// Lists what may be pushed then: the commits of branches, and the tags, that
/// the public remote is not known to have.
fn opened(
    repository: &Repository,
    embargo: &Embargo,
) -> Result<(BTreeMap<BranchName, usize>, Vec<TagName>), FlowError> {
    let all = repository.branches()?;
    let remote = Some(embargo.target.remote.as_str());
    let public = all.iter().filter(|one| one.remote.as_deref() == remote);
    let public: Vec<ObjectId> = public.map(|one| one.commit).collect();
    let mut branches = BTreeMap::new();
    for own in all.iter().filter(|one| one.remote.is_none()) {
        let Ok(name) = BranchName::new(own.name.clone()) else {
            continue;
        };
        let new = repository.commits_only_in(own.commit, &public)?.len();
        if new > 0 && !own.name.starts_with(&format!("{BRANCHES}/")) {
            branches.insert(name, new);
        }
    }
    let mut tags = Vec::new();
    for tag in repository.tag_names()? {
        let Ok(commit) = repository.tag(tag.as_str()).map(|tag| tag.commit.id) else {
            continue;
        };
        let commit: Vec<ObjectId> = ObjectId::from_hex(&commit).into_iter().collect();
        if !repository.lacking(&commit, &public)?.is_empty() {
            tags.push(tag);
        }
    }
    Ok((branches, tags))
}

/// Ends it. What is said of it in the queue stays private, which goes to the
/// private remotes first.
pub fn drop(
    workspace: &Workspace,
    planned: &Drop,
    (by, now): (&Person, Timestamp),
    reason: &str,
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let repository = &workspace.repository;
    let embargo = &planned.embargo;
    let mut findings = keep(workspace, embargo, (by, now), environment)?;
    let over = Ended {
        name: embargo.mark.name.clone(),
        at: now,
        by: by.clone(),
        since: (planned.ends == Ends::ForAll).then_some(embargo.since),
        lift: None,
        reason: Some(reason.to_owned()),
    };
    let theirs = match planned.ends {
        Ends::ForAll => Theirs::Withdrawn,
        Ends::Here => Theirs::Left,
    };
    if super::read(repository)?.is_some() {
        findings.extend(super::end(repository, embargo, over, theirs, environment)?);
    } else {
        super::remember(repository, over)?;
        sharing::forget(repository, &embargo.mark.name)?;
    }
    Ok(findings)
}

/// Writes down what of the queue stays private when an embargo ends, and brings
/// that to the private remotes; says which of them do not know it.
pub(in crate::flow) fn keep(
    workspace: &Workspace,
    embargo: &Embargo,
    said: (&Person, Timestamp),
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let repository = &workspace.repository;
    let mut findings = Vec::new();
    if !keeping::keep(repository, embargo, said, environment)? {
        return Ok(findings);
    }
    for remote in sharing::private_remotes(repository, embargo, &[], environment)? {
        if let Err(error) = syncing::sync(workspace, environment, &remote, &Silent) {
            let why = with_causes(&error);
            let message = format!("its queue does not say yet what stays private: {why}");
            let finding = Finding::warning("not-shared", &remote, message);
            findings.push(finding.fix(format!("debcut patch sync --remote {remote}")));
        }
    }
    Ok(findings)
}
