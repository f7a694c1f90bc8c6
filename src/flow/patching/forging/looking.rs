//! What a forge knows of a pull request: its commits as they were merged, and
//! what its description answers.

use super::{ForgingError, failed, open};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::Listener;
use crate::sys::environment::Environment;
use crate::sys::forge::{Forge, PullCommit, PullRequest, PullState};
use crate::sys::git::{Repository, fetch};

/// A pull request that the forge was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// What became of it.
    pub state: PullState,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// What is to be picked.
    pub commits: Commits,
}

/// Which commits a pull request stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commits {
    /// This merge brought them.
    Merge(String),
    /// These, in the order of picking: as they are on the base branch.
    Landed(Vec<String>),
    /// What leads to this one; it is not merged.
    Head(String),
}

/// Whether commits that are not here are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// They are.
    Yes,
    /// Nothing is written.
    No,
}

/// Asks the forge for a pull request; none: its address is of another project.
pub fn look(
    workspace: &Workspace,
    environment: &Environment,
    (number, written): (u64, &str),
    fetch: Fetch,
    listener: &dyn Listener,
) -> Result<Option<Pull>, FlowError> {
    let forge = open(workspace, environment)?;
    let address = written.split(['?', '#']).next().unwrap_or_default();
    let is_foreign = || !forge.is_of_project(address);
    if written.contains("://") && is_foreign() {
        return Ok(None);
    }
    listener.begin(format!("{written} of {}", forge.host()));
    let pull = forge.pull_request(number).map_err(failed)?;
    let pull = pull.ok_or_else(|| {
        failed(ForgingError::NoPull {
            written: written.to_owned(),
            host: forge.host().to_owned(),
            project: forge.project().to_owned(),
        })
    })?;
    let remote = workspace.project.release.remote.as_str();
    let base = &pull.base;
    let (wanted, from, to) = match &pull.merge_commit {
        Some(newest) => (
            newest,
            format!("refs/heads/{base}"),
            format!("refs/remotes/{remote}/{base}"),
        ),
        None => (
            &pull.head,
            forge.pull_ref(number),
            place_of(number, &pull.head),
        ),
    };
    let repository = &workspace.repository;
    if !repository.has_commit(wanted) {
        let place = (environment, remote);
        if fetch == Fetch::Yes {
            fetched(repository, place, &from, &to, listener)?;
        }
        if !repository.has_commit(wanted) {
            return Err(failed(ForgingError::Absent {
                written: written.to_owned(),
                commit: wanted.clone(),
                remote: remote.to_owned(),
                from,
            }));
        }
    }
    let commits = match &pull.merge_commit {
        Some(_) => merged(repository, &forge, &pull)?,
        None => Commits::Head(pull.head.clone()),
    };
    Ok(Some(Pull {
        state: pull.state,
        title: pull.title,
        body: pull.body,
        commits,
    }))
}

/// Returns the ref that keeps a pull request as it was when it ended in a commit:
/// its author may push others in their place, and those that were asked for must
/// not be lost then.
pub(super) fn place_of(number: u64, head: &str) -> String {
    format!("refs/debcut/forge/{number}-{head:.12}")
}

fn fetched(
    repository: &Repository,
    (environment, remote): (&Environment, &str),
    from: &str,
    to: &str,
    listener: &dyn Listener,
) -> Result<(), FlowError> {
    let refspec = format!("+{from}:{to}");
    fetch(repository, environment, remote, &[refspec], listener)
        .map_err(super::PatchingError::Fetch)?;
    Ok(())
}

/// Finds what a merged pull request became on its base branch: a merge, one
/// squashed commit, or its own ones, put there one by one.
pub(super) fn merged(
    repository: &Repository,
    forge: &Forge,
    pull: &PullRequest,
) -> Result<Commits, FlowError> {
    let newest = pull.merge_commit.as_deref().unwrap_or(&pull.head);
    if repository.commit_facts(newest)?.parents.len() > 1 {
        return Ok(Commits::Merge(newest.to_owned()));
    }
    let own = forge.commits(pull.number).map_err(failed)?;
    Ok(Commits::Landed(landed(repository, newest, &own)?))
}

/// Walks back from the newest commit as long as the commits are the pull
/// request's, by their authors and subjects: a rebase keeps both, a squash
/// makes one commit of several.
fn landed(
    repository: &Repository,
    newest: &str,
    own: &[PullCommit],
) -> Result<Vec<String>, FlowError> {
    let mut found = Vec::new();
    let mut next = Some(newest.to_owned());
    for one in own.iter().rev() {
        let Some(id) = next else { break };
        let facts = repository.commit_facts(&id)?;
        let subject = facts
            .message
            .trim_start()
            .lines()
            .next()
            .unwrap_or_default();
        let same = facts.author.email.eq_ignore_ascii_case(&one.email)
            && subject.trim_end() == one.subject.trim_end();
        if !same || facts.parents.len() > 1 {
            break;
        }
        next = facts.parents.first().cloned();
        found.push(id);
    }
    if own.is_empty() || found.len() < own.len() {
        return Ok(vec![newest.to_owned()]);
    }
    found.reverse();
    Ok(found)
}
