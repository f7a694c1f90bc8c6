//! What goes of the ledger when an embargo is lifted: what was said of what is
//! public then. A private ledger may hold more, of other embargoes say, and its
//! commits tell of that in their messages; so what goes is put on top of the
//! public one anew.

use std::collections::{BTreeMap, BTreeSet};

use crate::flow::FlowError;
use crate::flow::authoring::authored;
use crate::flow::patching::ledger::{Ledger, REF};
use crate::flow::patching::syncing::{Shared, fetched, moved, pause, tracked};
use crate::flow::patching::{PatchingError, keeping};
use crate::flow::project::Workspace;
use crate::model::{BranchName, Listener};
use crate::patch::embargo::{Embargo, Lift};
use crate::patch::{Entry, EntryId, Event, RequestId};
use crate::sys::environment::Environment;
use crate::sys::git::{ObjectId, PushError, UserGit, push};

/// How often a remote that others move meanwhile is tried again.
const TRIES: usize = 10;

/// What became of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Given {
    /// How many entries went.
    pub sent: usize,
    /// How many stay, because they tell of what does not go out.
    pub kept: usize,
}

/// Pushes what may go. Run again it does nothing.
pub(super) fn give(
    workspace: &Workspace,
    embargo: &Embargo,
    lift: &Lift,
    (environment, listener): (&Environment, &dyn Listener),
) -> Result<Given, FlowError> {
    let repository = &workspace.repository;
    let remote = &embargo.target.remote;
    let Some(own) = repository.ref_target(REF)? else {
        return Ok(Given { sent: 0, kept: 0 });
    };
    let git = UserGit::new(repository, environment);
    let public = public(workspace, remote, lift, &git)?;
    let own = repository.ledger(&own).map_err(FlowError::Git)?;
    let mut refused = Vec::new();
    for tried in 0..TRIES {
        pause(tried);
        let mut shared = Shared::none(remote);
        let theirs = fetched(workspace, environment, remote, listener, &mut shared)?;
        let (at, there) = theirs.unzip();
        let there: BTreeSet<String> = there.unwrap_or_default();
        let mut going = going(workspace, &own, &there, &public, embargo)?;
        // What another embargo has kept since its end, too.
        let ledger = Ledger::read(repository, environment)?;
        let kept = keeping::withheld(repository, &ledger, remote, &there, environment)?;
        let kept: BTreeSet<String> = kept.entries.iter().map(EntryId::hex).collect();
        going.retain(|(name, _)| !kept.contains(name));
        let given = Given {
            sent: going.len(),
            kept: own.keys().filter(|name| !there.contains(*name)).count() - going.len(),
        };
        if going.is_empty() {
            // A killed run may have ended before its own took that over.
            if let Some(at) = &at {
                git.join_ledgers(REF, at).map_err(PatchingError::Ledger)?;
            }
            return Ok(given);
        }
        let author = authored(&lift.by, lift.at);
        let message = format!("lift {}\n", embargo.mark.name);
        let commit = repository.add_to_ledger(at.as_deref(), &going, author, &message)?;
        match push(
            repository,
            environment,
            remote,
            &[format!("{commit}:{REF}")],
            listener,
        ) {
            Ok(_) => {
                git.set_ref(&tracked(remote), &commit)
                    .map_err(PatchingError::Refs)?;
                git.join_ledgers(REF, &commit)
                    .map_err(PatchingError::Ledger)?;
                return Ok(given);
            }
            Err(PushError::Rejected { refused: why, .. }) if why.iter().all(|one| moved(one)) => {
                refused = why;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let remote = remote.clone();
    Err(PushError::Rejected { remote, refused }.into())
}

/// Lists what is public now: the heads that went, and those that were there.
fn public(
    workspace: &Workspace,
    remote: &str,
    lift: &Lift,
    git: &UserGit<'_>,
) -> Result<Vec<ObjectId>, FlowError> {
    let there = git.remote_refs(remote)?;
    let heads = there.iter();
    let heads = heads.filter(|(name, _)| name.starts_with("refs/heads/"));
    let all = heads.map(|(_, id)| id).chain(lift.branches.values());
    let known = all.filter(|id| workspace.repository.has_object(id));
    Ok(known.filter_map(|id| ObjectId::from_hex(id)).collect())
}

/// Chooses what may go of what the public ledger lacks: files by their names.
fn going(
    workspace: &Workspace,
    own: &BTreeMap<String, Vec<u8>>,
    there: &BTreeSet<String>,
    public: &[ObjectId],
    embargo: &Embargo,
) -> Result<Vec<(String, Vec<u8>)>, FlowError> {
    let repository = &workspace.repository;
    let mut entries = Vec::new();
    for (name, bytes) in own {
        let (id, entry) = Entry::parse(name, bytes).map_err(PatchingError::Entry)?;
        entries.push((name, bytes, id, entry));
    }
    let mut requests: BTreeSet<RequestId> = BTreeSet::new();
    for (name, _, id, entry) in &entries {
        let Event::Asked(ask) = &entry.event else {
            continue;
        };
        let commits = ask.commits.iter();
        let commits: Option<Vec<ObjectId>> = commits
            .map(|commit| ObjectId::from_hex(commit).filter(|_| repository.has_object(commit)))
            .collect();
        let is_out = match commits {
            Some(commits) => repository.lacking(&commits, public)?.is_empty(),
            None => false,
        };
        if is_out || there.contains(*name) {
            requests.insert(RequestId::of(id));
        }
    }
    // Who was told of a release goes where its commits go.
    let mut told: BTreeSet<EntryId> = BTreeSet::new();
    for (_, _, id, entry) in &entries {
        let Event::Announced { commits, .. } = &entry.event else {
            continue;
        };
        let here = |commit: &String| ObjectId::from_hex(commit);
        let here = |commit| here(commit).filter(|_| repository.has_object(commit));
        let here: Option<Vec<ObjectId>> = commits.iter().map(here).collect();
        if here.is_some_and(|all| {
            !all.is_empty()
                && repository
                    .lacking(&all, public)
                    .is_ok_and(|none| none.is_empty())
        }) {
            told.insert(*id);
        }
    }
    let of_branch = |branch: &BranchName| embargo.branches.contains(branch);
    let goes = |id: &_, entry: &Entry| match &entry.event {
        Event::Asked(_) => requests.contains(&RequestId::of(id)),
        Event::Superseded { request, by } => requests.contains(request) && requests.contains(by),
        Event::Answered { request, .. }
        | Event::Titled { request, .. }
        | Event::Decided { request, .. }
        | Event::TakenBack { request, .. }
        | Event::Overridden { request, .. }
        | Event::Applied { request, .. }
        | Event::Withdrawn { request, .. }
        | Event::Linked { request, .. } => requests.contains(request),
        Event::Frozen { branch, .. }
        | Event::Thawed { branch, .. }
        | Event::Excused { branch, .. }
        | Event::Mocked { branch, .. }
        | Event::Cut { branch, .. }
        | Event::HotfixOpened { branch, .. } => of_branch(branch),
        // What is kept where is nobody else's.
        Event::Kept { .. } | Event::LetOut { .. } => false,
        Event::Announced { .. } => told.contains(id),
        // Who was told of a freeze goes where the freeze goes.
        Event::Told { of, .. } => entries.iter().any(|(_, _, id, entry)| {
            let (Event::Frozen { branch, .. } | Event::Thawed { branch, .. }) = &entry.event else {
                return false;
            };
            id == of && of_branch(branch)
        }),
    };
    let chosen = entries
        .iter()
        .filter(|(name, _, id, entry)| !there.contains(*name) && goes(id, entry));
    Ok(chosen
        .map(|(name, bytes, ..)| ((*name).clone(), (*bytes).clone()))
        .collect())
}
