//! The branches that requests have of their own, for their pull requests.

use super::{Act, Plan, Pushed};
use crate::flow::FlowError;
use crate::flow::patching::{PatchingError, branches};
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener, Timestamp};
use crate::patch::{Listed, RequestId};
use crate::sys::environment::Environment;
use crate::sys::git::{Author, Grafted, NewPick, Signs, UserGit, push, remote_ref};

/// Pushes the branches of what is to be opened, all in one; returns whose are
/// there.
pub(super) fn push_branches(
    workspace: &Workspace,
    environment: &Environment,
    plan: &Plan,
    pushed: &mut Pushed,
    listener: &dyn Listener,
) -> Result<Vec<RequestId>, FlowError> {
    let mut refspecs = Vec::new();
    let mut ready = Vec::new();
    for page in &plan.pages {
        for act in &page.acts {
            let Act::Push(branch) = act else { continue };
            let id = &page.listed.request.id;
            match picked(workspace, environment, &page.listed)? {
                Some(commit) => {
                    refspecs.push(format!("+{commit}:refs/heads/{branch}"));
                    ready.push(id.clone());
                }
                None => {
                    let why = "it does not apply any more";
                    let finding = Finding::warning("no-pull-request-yet", id.as_str(), why);
                    pushed.findings.push(finding.fix("debcut patch list"));
                }
            }
        }
    }
    if !refspecs.is_empty() {
        let remote = &workspace.project.release.remote;
        let repository = &workspace.repository;
        push(repository, environment, remote, &refspecs, listener)?;
    }
    Ok(ready)
}

/// Makes the commits of a request as they would be picked; returns the newest
/// one. They follow from the branch and the commits alone, so that whoever
/// makes them makes the same. None: they do not apply.
fn picked(
    workspace: &Workspace,
    environment: &Environment,
    listed: &Listed,
) -> Result<Option<String>, FlowError> {
    let repository = &workspace.repository;
    let ask = &listed.request.ask.what;
    let line = branches::line(workspace, &ask.onto)?;
    let start = line.head.to_string();
    let mut tree = repository.commit(&start)?.tree;
    let mut head = start.clone();
    for of in &ask.commits {
        tree = match repository.graft(of, &tree)? {
            Grafted::Tree(tree) => tree,
            Grafted::Nothing => continue,
            Grafted::Conflicts(_) => return Ok(None),
        };
        let committer = repository.commit_facts(of)?.committer;
        let pick = NewPick {
            of,
            parent: &head,
            tree: &tree,
            committer: Author {
                name: &committer.name,
                email: &committer.email,
                date: Timestamp::from_unix(committer.seconds),
            },
        };
        let written = UserGit::new(repository, environment).write_pick(&pick, Signs::No);
        head = written.map_err(PatchingError::Commit)?;
    }
    Ok((head != start).then_some(head))
}

/// Deletes branches that are still there: the forge may have done it.
pub(super) fn delete_branches(
    workspace: &Workspace,
    environment: &Environment,
    gone: &[String],
    listener: &dyn Listener,
) -> Result<(), FlowError> {
    let remote = workspace.project.release.remote.as_str();
    let repository = &workspace.repository;
    let mut refspecs = Vec::new();
    for branch in gone {
        let name = format!("refs/heads/{branch}");
        let there = remote_ref(repository, environment, remote, &name);
        if there.map_err(PatchingError::Fetch)?.is_some() {
            refspecs.push(format!(":{name}"));
        }
    }
    if !refspecs.is_empty() {
        push(repository, environment, remote, &refspecs, listener)?;
    }
    Ok(())
}
