//! What would make a commit apply that does not: earlier commits of the main
//! branch that the branch lacks, or another request that gets in its way.

use super::judging::Place;
use crate::flow::FlowError;
use crate::model::BranchName;
use crate::patch::RequestId;
use crate::patch::queue::Queue;
use crate::patch::sequence::{OnConflict, Part, Stop, prerequisites, sequence};
use crate::sys::git::{GitError, Grafted, ObjectId, Repository};

/// How many earlier commits are tried: those that touch the same paths, the
/// nearest ones.
const TRIED: usize = 48;

/// What would make a commit apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advice {
    /// Earlier commits, in order, with their subjects; empty: none would.
    pub first: Vec<Earlier>,
    /// How many were tried.
    pub tried: usize,
    /// The request that it does not go together with: alone it applies.
    pub against: Option<RequestId>,
}

/// An earlier commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its id.
    pub commit: String,
    /// Its subject.
    pub subject: String,
    /// The request for it, where somebody asks for it on the branch.
    pub request: Option<RequestId>,
}

/// Finds what would make a commit apply. `parts` are the requests of which it
/// is one; `memory` keeps what is tried out of the repository.
pub(super) fn advice(
    memory: &Repository,
    place: &Place,
    parts: &[Part],
    stop: &Stop,
    queue: &Queue,
) -> Result<Advice, FlowError> {
    let mut graft =
        |commit: &str, tree: &str| -> Result<Grafted, GitError> { memory.graft(commit, tree) };
    let (candidates, tried) = candidates(memory, place, parts, stop)?;
    let first = prerequisites(&candidates, &stop.commit, &stop.tree, &mut graft)?;
    let mut found = Advice {
        tried,
        ..Advice::default()
    };
    for commit in first {
        found.first.push(Earlier {
            subject: memory.commit(&commit)?.subject,
            request: request_for(queue, &place.line.name, &commit),
            commit,
        });
    }
    // Alone on the branch it may apply: then another request is in the way.
    let own = parts.iter().find(|part| part.request == stop.begun.request);
    let base = memory.commit(&place.line.head.to_string())?.tree;
    if let Some(own) = own {
        let alone = std::slice::from_ref(own);
        if sequence(alone, &base, OnConflict::Stop, &mut graft)?
            .stop
            .is_none()
        {
            for part in parts.iter().take_while(|part| part.request != own.request) {
                let both = [part.clone(), own.clone()];
                let pair = sequence(&both, &base, OnConflict::Stop, &mut graft)?;
                if pair
                    .stop
                    .is_some_and(|found| found.begun.request == own.request)
                {
                    found.against = Some(part.request.clone());
                    break;
                }
            }
        }
    }
    Ok(found)
}

/// Lists the earlier commits that touch the conflicting paths and that neither
/// the branch nor what goes with it has, oldest first.
fn candidates(
    memory: &Repository,
    place: &Place,
    parts: &[Part],
    stop: &Stop,
) -> Result<(Vec<String>, usize), FlowError> {
    let Some(commit) = ObjectId::from_hex(&stop.commit) else {
        return Ok((Vec::new(), 0));
    };
    let objects = memory.objects()?;
    let mut found = Vec::new();
    for id in memory.commits_only_in(commit, &[place.line.head])? {
        if id == commit || objects.commit(id)?.parents.len() > 1 {
            continue;
        }
        let id = id.to_string();
        if !memory.changes_among(&id, &stop.paths)?.is_empty() {
            found.push(id);
        }
        if found.len() == TRIED {
            break;
        }
    }
    let landed = place.landed(memory, &objects, &found)?;
    drop(objects);
    let goes = |id: &String| {
        let before = parts
            .iter()
            .take_while(|part| part.request != stop.begun.request);
        let begun = stop.begun.commits.iter().map(|(commit, _)| commit);
        let mut all = before
            .flat_map(|part| part.commits.iter().map(|one| &one.commit))
            .chain(begun);
        all.any(|one| one == id)
    };
    found.retain(|id| {
        let there = ObjectId::from_hex(id).is_some_and(|id| landed.contains_key(&id));
        !there && !goes(id)
    });
    let tried = found.len();
    found.reverse();
    Ok((found, tried))
}

fn request_for(queue: &Queue, onto: &BranchName, commit: &str) -> Option<RequestId> {
    let mut requests = queue.requests.values();
    let found = requests.find(|one| {
        one.ask.what.onto == *onto && one.ask.what.commits.iter().any(|id| id == commit)
    });
    found.map(|one| one.id.clone())
}
