//! What a release on a maintenance branch is more than a release: it is cut
//! from the branch's head alone, after a trial, and written down.

use super::ledger::Ledger;
use super::{branches, green, maintained};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::flow::releasing::{Outcome, Released};
use crate::model::{BranchName, Finding, Listener, Timestamp};
use crate::patch::Event;
use crate::release::Policy;
use crate::release::commit::Person;
use crate::release::trailer;
use crate::sys::environment::Environment;

/// A release on a maintenance branch that is about to begin.
#[derive(Debug, Clone)]
pub struct Cut {
    /// The branch.
    pub branch: BranchName,
    /// Its head.
    pub head: String,
    /// Why it may not begin; empty: it may.
    pub refused: Vec<Finding>,
    /// What is worth a warning where there is something to release.
    pub warnings: Vec<Finding>,
}

/// Looks at a release before it begins; none: HEAD is on no maintenance branch.
pub fn cut(
    workspace: &Workspace,
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<Option<Cut>, FlowError> {
    let repository = &workspace.repository;
    let policy = workspace.policy("HEAD")?;
    let head = repository.commit("HEAD")?.id;
    let mut refused = Vec::new();
    let Some(branch) = place(workspace, &policy, &head, &mut refused)? else {
        return Ok(None);
    };
    let theirs = format!("refs/remotes/{}/{branch}", policy.remote);
    if let Some(theirs) = repository.ref_target(&theirs)?
        && !repository.is_ancestor(&theirs, &head)?
    {
        let why = format!("{} has commits that HEAD lacks", policy.remote);
        let finding = Finding::error("not-branch-head", branch.as_str(), why);
        refused.push(finding.fix("a release is cut from the head alone: git pull"));
    }
    refused.extend(green::refused(
        workspace,
        environment,
        branch.as_str(),
        &head,
        listener,
    )?);
    let ledger = Ledger::read(repository, environment)?;
    let tried = tried_heads(workspace, &head)?;
    let passed = ledger.queue.mocks.iter().any(|mock| {
        mock.branch.what == branch && mock.findings.is_empty() && tried.contains(&mock.head)
    });
    let mut warnings = Vec::new();
    if !passed {
        let why = format!("no mock of {head:.12} has passed");
        let finding = Finding::warning("no-mock", branch.as_str(), why);
        warnings.push(finding.fix("debcut release --to SUITE --mock tries all of it"));
    }
    Ok(Some(Cut {
        branch,
        head,
        refused,
        warnings,
    }))
}

/// Finds the maintenance branch that is released. A detached HEAD, as CI has
/// it, is on the one that it is the newest commit of.
fn place(
    workspace: &Workspace,
    policy: &Policy,
    head: &str,
    refused: &mut Vec<Finding>,
) -> Result<Option<BranchName>, FlowError> {
    let repository = &workspace.repository;
    let kept = maintained(workspace, policy)?;
    if let Some(name) = repository.branch_of_head()? {
        return Ok(kept.get(&name).map(|one| one.name.clone()));
    }
    if let Some(one) = kept.values().find(|one| one.commit == head) {
        return Ok(Some(one.name.clone()));
    }
    if let Some(main) = branches::main_line(workspace)?
        && repository.is_ancestor(head, &main.head.to_string())?
    {
        return Ok(None);
    }
    for one in kept.values() {
        if repository.is_ancestor(head, &one.commit)? {
            let why = format!("HEAD is {head:.12}, which is not its newest commit");
            let finding = Finding::error("not-branch-head", one.name.as_str(), why);
            refused.push(finding.fix(format!("git switch {}", one.name)));
            return Ok(Some(one.name.clone()));
        }
    }
    Ok(None)
}

/// Lists the commits whose trial counts for a head: a release commit adds
/// nothing that was not tried.
fn tried_heads(workspace: &Workspace, head: &str) -> Result<Vec<String>, FlowError> {
    let mut found = vec![head.to_owned()];
    let mut at = head.to_owned();
    loop {
        let (parents, message) = workspace.repository.parents_and_message(&at)?;
        let is_release = trailer::released(&message).next().is_some();
        match parents.into_iter().next().filter(|_| is_release) {
            Some(parent) => at = parent,
            None => return Ok(found),
        }
        found.push(at.clone());
    }
}

/// Writes down what a trial came to.
pub fn mocked(
    workspace: &Workspace,
    cut: &Cut,
    outcome: &Outcome,
    (by, at): (&Person, Timestamp),
    environment: &Environment,
) -> Result<(), FlowError> {
    let (released, findings): (&Released, &[Finding]) = match outcome {
        Outcome::Done(released) => (released, &[]),
        Outcome::Refused { released, findings } => (released, findings),
        Outcome::Planned { .. } => return Ok(()),
    };
    let errors = findings.iter().filter(|finding| finding.is_error());
    let versions = released.targets.iter();
    let event = Event::Mocked {
        branch: cut.branch.clone(),
        head: cut.head.clone(),
        versions: versions
            .map(|target| format!("{} {}", target.name, target.debian_version))
            .collect(),
        findings: errors
            .map(|one| format!("{}: {} [{}]", one.subject, one.message, one.rule))
            .collect(),
    };
    let mut ledger = Ledger::read(&workspace.repository, environment)?;
    let summary = format!("mock {} at {:.12}", cut.branch, cut.head);
    ledger.say(vec![event], by, at, &summary)?;
    Ok(())
}

/// Writes down a release, once.
pub fn done(
    workspace: &Workspace,
    cut: &Cut,
    released: &Released,
    (by, at): (&Person, Timestamp),
    environment: &Environment,
) -> Result<(), FlowError> {
    let Some(last) = released.targets.last() else {
        return Ok(());
    };
    let mut ledger = Ledger::read(&workspace.repository, environment)?;
    let known: Vec<_> = ledger.queue.cuts.iter().flat_map(|cut| &cut.tags).collect();
    let tags = released.targets.iter().map(|target| target.tag.clone());
    let tags: Vec<_> = tags.filter(|tag| !known.contains(&tag)).collect();
    if tags.is_empty() {
        return Ok(());
    }
    let summary = format!("cut {} of {}", tags[0], cut.branch);
    let event = Event::Cut {
        branch: cut.branch.clone(),
        commit: last.commit.clone(),
        tags,
    };
    ledger.say(vec![event], by, at, &summary)?;
    Ok(())
}
