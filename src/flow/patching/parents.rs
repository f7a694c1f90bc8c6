//! What is known of the commits that others were picked from, beside their own
//! words: the note that somebody gave later in the ledger, and the pull request
//! that brought them to the main branch.

use std::collections::{BTreeMap, HashMap};

use super::{branches, ledger};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::patch::Request;
use crate::release::change;
use crate::release::commit::{Commit, Origin};
use crate::sys::git::ObjectId;

/// Completes the origins of commits, newest first.
pub fn complete(workspace: &Workspace, commits: &mut [Commit]) -> Result<(), FlowError> {
    if commits.iter().all(|commit| commit.origins.is_empty()) {
        return Ok(());
    }
    by_ledger(workspace, commits)?;
    by_merges(workspace, commits)
}

fn by_ledger(workspace: &Workspace, commits: &mut [Commit]) -> Result<(), FlowError> {
    let queue = ledger::queue(&workspace.repository)?;
    let mut all: Vec<&Request> = queue.requests.values().collect();
    all.sort_by_key(|one| (one.withdrawn.is_none(), one.ask.at, one.ask.entry));
    // The newest one that stands is last, and wins.
    let mut asked: HashMap<&str, &Request> = HashMap::new();
    let mut applied: HashMap<&str, &Request> = HashMap::new();
    for one in all {
        asked.extend(one.ask.what.commits.iter().map(|id| (id.as_str(), one)));
        let picked = one.applied.iter().flat_map(|said| &said.what);
        applied.extend(picked.filter_map(|it| Some((it.to.as_deref()?, one))));
    }
    for commit in commits {
        let own = applied.get(commit.id.as_str()).copied();
        for origin in &mut commit.origins {
            let request = own.or_else(|| asked.get(origin.id.as_str()).copied());
            if let Some(request) = request {
                said(origin, request);
            }
        }
    }
    Ok(())
}

fn said(origin: &mut Origin, request: &Request) {
    let ask = &request.ask.what;
    let note = ask.answers.note.trim();
    origin.note = (!note.is_empty()).then(|| note.to_owned());
    let named = ask.pull_request.as_deref().and_then(|name| {
        let digits = name.rsplit(['#', '!', '/']).next()?;
        digits.parse().ok()
    });
    // Nobody said this title: it was made of the first commit's.
    let others = ask.commits.len().saturating_sub(1);
    let made = ask.title.ends_with(&format!(" and {others} more"));
    let title = if made { "" } else { ask.title.as_str() };
    origin.request = named.map(|number| (number, title.to_owned()));
}

/// Finds which merge brought each origin to the main branch, and its pull
/// request: where it names none itself.
fn by_merges(workspace: &Workspace, commits: &mut [Commit]) -> Result<(), FlowError> {
    let open = |origin: &&mut Origin| {
        let said = origin.said.as_ref();
        let silent = said.is_some_and(|said| change::pull_request(&said.message).is_none());
        silent
            && origin
                .request
                .as_ref()
                .is_none_or(|(_, title)| title.is_empty())
    };
    let Some(head) = commits.first().and_then(|one| ObjectId::from_hex(&one.id)) else {
        return Ok(());
    };
    let mut wanted: BTreeMap<ObjectId, Vec<&mut Origin>> = BTreeMap::new();
    for origin in commits
        .iter_mut()
        .flat_map(|one| &mut one.origins)
        .filter(open)
    {
        if let Some(id) = ObjectId::from_hex(&origin.id) {
            wanted.entry(id).or_default().push(origin);
        }
    }
    let main = match wanted.is_empty() {
        true => None,
        false => branches::main_line(workspace)?,
    };
    let Some(main) = main else { return Ok(()) };
    let repository = &workspace.repository;
    let objects = repository.objects()?;
    let ids = repository.commits_only_in(main.head, &[head])?;
    // Of the main branch's own line the oldest commit that has another one
    // brought it; children come before their parents.
    let mut line = Some(main.head);
    let mut oldest: HashMap<ObjectId, usize> = HashMap::new();
    for (at, id) in ids.iter().enumerate() {
        if wanted.is_empty() {
            break;
        }
        let commit = objects.commit(*id)?;
        let by = match line == Some(*id) {
            true => {
                line = commit.parents.first().copied();
                at
            }
            false => oldest.get(id).copied().unwrap_or(at),
        };
        for parent in &commit.parents {
            let known = oldest.entry(*parent).or_insert(by);
            *known = by.max(*known);
        }
        if let Some(origins) = wanted.remove(id) {
            let merge = objects.commit(ids[by])?;
            let found = match merge.parents.len() {
                0 | 1 => None,
                _ => change::pull_request(&merge.message()),
            };
            for origin in origins {
                if let Some(found) = &found {
                    origin.request = Some(found.clone());
                }
            }
        }
    }
    Ok(())
}
