//! Whether what was written down as picked is on its branch: somebody may have
//! been faster with a push, a branch may be reset or taken back, and a pick may
//! be in another clone alone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::branches::{self, Line};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Timestamp};
use crate::patch::facts::{Elsewhere, Picks};
use crate::patch::{Picked, Queue, Request, RequestId};
use crate::sys::git::{GitError, ObjectId, Objects, Repository};

/// Finds those of some requests, all for one branch, whose picks are not there,
/// or were taken back there. A pick is there where the branch here, the remote's,
/// or any tag has it: what was released was there, whatever became of the branch.
///
/// What this clone does not know is lost only where it would know: where the
/// remote's branch, as it was fetched last, is newer than the pick. What is lost
/// is reverted all the same where the branch had another pick of the same commit
/// and has taken that back.
pub(super) fn picks(
    (workspace, queue): (&Workspace, &Queue),
    repository: &Repository,
    objects: &Objects<'_>,
    line: Option<&Line>,
    own: &[ObjectId],
    requests: &[&Request],
) -> Result<HashMap<RequestId, Picks>, GitError> {
    let mut found = HashMap::new();
    let mut here = Vec::new();
    let mut absent = Vec::new();
    for request in requests {
        for to in written(request) {
            match ObjectId::from_hex(to).filter(|id| objects.commit(*id).is_ok()) {
                Some(id) => here.push(id),
                None => absent.push((*request, to)),
            }
        }
    }
    let mut lacking = match line {
        Some(line) => repository.lacking(&here, &line.heads)?,
        None => HashSet::new(),
    };
    let mut other_refs = HashMap::new();
    if !lacking.is_empty() {
        let left: Vec<ObjectId> = lacking.into_iter().collect();
        let mut tags = Vec::new();
        for name in repository.tag_names()? {
            let at = repository.commit(&format!("refs/tags/{name}"));
            tags.extend(at.ok().and_then(|at| ObjectId::from_hex(&at.id)));
        }
        lacking = repository.lacking(&left, &tags)?;
        other_refs = at_remotes(repository, &lacking)?;
    }
    let reverted = match here.is_empty() && absent.is_empty() {
        true => HashMap::new(),
        false => repository.reverted(objects, own)?,
    };
    for request in requests {
        for to in written(request) {
            let Some(id) = ObjectId::from_hex(to) else {
                continue;
            };
            let pick = to.clone();
            if let Some(name) = other_refs.get(&id) {
                let place = Elsewhere::At(name.clone());
                found.insert(request.id.clone(), Picks::Elsewhere { pick, place });
            } else if lacking.contains(&id) {
                found.insert(request.id.clone(), Picks::Lost(pick));
            } else if let Some(by) = reverted.get(&id) {
                let by = by.to_string();
                let picks = Picks::Reverted { pick, by };
                found.entry(request.id.clone()).or_insert(picks);
            }
        }
    }
    if !absent.is_empty() {
        found.extend(unseen(workspace, objects, line, &absent)?);
    }
    let Some(line) = line else {
        return Ok(found);
    };
    let gone = own.iter().copied().filter(|id| reverted.contains_key(id));
    let gone: Vec<ObjectId> = gone.collect();
    for request in requests {
        let is_away = |picks: &Picks| !matches!(picks, Picks::Reverted { .. });
        if gone.is_empty() || !found.get(&request.id).is_some_and(is_away) {
            continue;
        }
        if let Some(pick) = taken_back(repository, objects, (line, own), &gone, queue, request)? {
            let by = reverted[&pick].to_string();
            let pick = pick.to_string();
            found.insert(request.id.clone(), Picks::Reverted { pick, by });
        }
    }
    Ok(found)
}

/// Finds a pick of a request that is among those that the branch has taken back:
/// one that was ever written down for it, or that somebody made by hand. What was
/// written down for another request is that one's.
fn taken_back(
    repository: &Repository,
    objects: &Objects<'_>,
    (line, own): (&Line, &[ObjectId]),
    gone: &[ObjectId],
    queue: &Queue,
    request: &Request,
) -> Result<Option<ObjectId>, GitError> {
    let to = |one: &Picked| one.to.as_deref().and_then(ObjectId::from_hex);
    let others = queue.requests.values().filter(|one| one.id != request.id);
    let others: HashSet<ObjectId> = others
        .flat_map(|one| &one.recorded)
        .filter_map(to)
        .collect();
    let recorded: HashSet<ObjectId> = request.recorded.iter().filter_map(to).collect();
    let gone = gone.iter().copied();
    let gone = gone.filter(|id| recorded.contains(id) || !others.contains(id));
    let gone: Vec<ObjectId> = gone.collect();
    let commits = request.ask.what.commits.iter();
    let commits: Vec<ObjectId> = commits.filter_map(|id| ObjectId::from_hex(id)).collect();
    let here = commits.iter().copied();
    let here: Vec<ObjectId> = here.filter(|id| objects.commit(*id).is_ok()).collect();
    // What was picked again behind a revert is there.
    let landed = repository.landed(objects, &here, line.head, own)?;
    for commit in commits.into_iter().filter(|id| !landed.contains_key(id)) {
        let hex = commit.to_string();
        let own = request.recorded.iter().filter(|one| one.from == hex);
        let own: Vec<ObjectId> = own.filter_map(to).collect();
        let known = gone.iter().copied().find(|id| own.contains(id));
        let known = match known {
            Some(known) => Some(known),
            None => repository.twins(objects, commit, &gone)?.first().copied(),
        };
        if known.is_some() {
            return Ok(known);
        }
    }
    Ok(None)
}

/// Says of picks that are not in this clone where they are.
fn unseen(
    workspace: &Workspace,
    objects: &Objects<'_>,
    line: Option<&Line>,
    absent: &[(&Request, &String)],
) -> Result<HashMap<RequestId, Picks>, GitError> {
    let mut found = HashMap::new();
    let known = known_until(workspace, objects, line)?;
    let ends = ends(objects);
    let fetch = fetch(workspace)?;
    for (request, to) in absent {
        let picked = request.applied.as_ref().map(|said| said.at);
        // A shallow clone ends somewhere: what is older may be below.
        if ends.is_some_and(|ends| picked.is_none_or(|picked| picked <= ends)) {
            continue;
        }
        let pick = (*to).clone();
        let picks = match known.is_some_and(|known| picked.is_some_and(|picked| picked < known)) {
            true => Picks::Lost(pick),
            false => Picks::Elsewhere {
                pick,
                place: Elsewhere::Unseen(fetch.clone()),
            },
        };
        found.insert(request.id.clone(), picks);
    }
    Ok(found)
}

/// Finds which of some commits a remote's branch has, and which one.
fn at_remotes(
    repository: &Repository,
    commits: &HashSet<ObjectId>,
) -> Result<HashMap<ObjectId, String>, GitError> {
    let mut found = HashMap::new();
    let mut left: Vec<ObjectId> = commits.iter().copied().collect();
    for branch in repository.branches()? {
        if left.is_empty() {
            break;
        }
        if branch.remote.is_none() {
            continue;
        }
        let without = repository.lacking(&left, &[branch.commit])?;
        let (without, with): (Vec<ObjectId>, Vec<ObjectId>) =
            left.into_iter().partition(|id| without.contains(id));
        found.extend(with.into_iter().map(|id| (id, branch.name.clone())));
        left = without;
    }
    Ok(found)
}

/// Returns when the newest commit of the remote's branch was made, as it was
/// fetched last: older picks were lost or never pushed.
fn known_until(
    workspace: &Workspace,
    objects: &Objects<'_>,
    line: Option<&Line>,
) -> Result<Option<Timestamp>, GitError> {
    let Some(line) = line else { return Ok(None) };
    let remote = workspace.project.release.remote.as_str();
    let branches = workspace.repository.branches()?;
    let theirs = branches.iter().find(|branch| {
        branch.remote.as_deref() == Some(remote) && branch.short() == line.name.as_str()
    });
    Ok(match theirs {
        Some(theirs) => Some(Timestamp::from_unix(
            objects.commit(theirs.commit)?.committed,
        )),
        None => None,
    })
}

/// Returns the newest moment at which a shallow clone ends; none: it is whole.
fn ends(objects: &Objects<'_>) -> Option<Timestamp> {
    let shallow = objects.substitutes.shallow.iter();
    let moments = shallow.filter_map(|id| Some(objects.commit(*id).ok()?.committed));
    moments.max().map(Timestamp::from_unix)
}

/// Returns the command that brings what the remotes have; none: there is none.
fn fetch(workspace: &Workspace) -> Result<Option<String>, GitError> {
    let remotes = workspace.repository.remotes()?;
    let usual = &workspace.project.release.remote;
    Ok(match remotes.as_slice() {
        [] => None,
        [only] => Some(format!("git fetch {only}")),
        all if all.contains(usual) => Some(format!("git fetch {usual}, or git fetch --all")),
        _ => Some("git fetch --all".to_owned()),
    })
}

fn written(request: &Request) -> impl Iterator<Item = &String> {
    let picked = request.applied.iter().flat_map(|said| &said.what);
    picked.filter_map(|one| one.to.as_ref())
}

/// Lists the requests whose picks are not on their branch, as far as this clone
/// knows.
pub fn astray(workspace: &Workspace, queue: &Queue) -> Result<BTreeSet<RequestId>, FlowError> {
    let repository = &workspace.repository;
    let objects = repository.objects()?;
    let main = branches::main_line(workspace)?;
    let mut by_branch: BTreeMap<&BranchName, Vec<&Request>> = BTreeMap::new();
    for request in queue.requests.values().filter(|one| one.applied.is_some()) {
        let onto = &request.ask.what.onto;
        by_branch.entry(onto).or_default().push(request);
    }
    let mut found = BTreeSet::new();
    for (branch, requests) in by_branch {
        let Ok(line) = branches::line(workspace, branch) else {
            continue;
        };
        let own = branches::own(repository, &line, main.as_ref())?;
        let line = Some(&line);
        let shop = (workspace, queue);
        let astray = picks(shop, repository, &objects, line, &own, &requests)?;
        let away = astray.into_iter();
        let away =
            away.filter(|(_, picks)| matches!(picks, Picks::Lost(_) | Picks::Elsewhere { .. }));
        found.extend(away.map(|(id, _)| id));
    }
    Ok(found)
}
