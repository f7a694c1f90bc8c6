//! Whether what was written down as picked is on its branch: somebody may have
//! been faster with a push, and a branch may be reset or taken back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::branches::{self, Line};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::BranchName;
use crate::patch::facts::Picks;
use crate::patch::{Queue, Request, RequestId};
use crate::sys::git::{GitError, ObjectId, Objects, Repository};

/// Finds those of some requests whose picks are not on their branch, or were
/// taken back there. A pick is there where the branch here, the remote's, or any
/// tag has it: what was released was there, whatever became of the branch.
pub(super) fn picks(
    repository: &Repository,
    objects: &Objects<'_>,
    line: &Line,
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
                None => absent.push((request.id.clone(), to.clone())),
            }
        }
    }
    let mut lacking = repository.lacking(&here, &line.heads)?;
    if !lacking.is_empty() {
        let left: Vec<ObjectId> = lacking.into_iter().collect();
        let mut tags = Vec::new();
        for name in repository.tag_names()? {
            let at = repository.commit(&format!("refs/tags/{name}"));
            tags.extend(at.ok().and_then(|at| ObjectId::from_hex(&at.id)));
        }
        lacking = repository.lacking(&left, &tags)?;
    }
    let reverted = match here.is_empty() {
        true => HashMap::new(),
        false => repository.reverted(objects, own)?,
    };
    for request in requests {
        for to in written(request) {
            let Some(id) = ObjectId::from_hex(to) else {
                continue;
            };
            if lacking.contains(&id) {
                found.insert(request.id.clone(), Picks::Lost(to.clone()));
            } else if let Some(by) = reverted.get(&id) {
                let (pick, by) = (to.clone(), by.to_string());
                let picks = Picks::Reverted { pick, by };
                found.entry(request.id.clone()).or_insert(picks);
            }
        }
    }
    // A shallow clone ends somewhere: what it has not may be below.
    if objects.substitutes.shallow.is_empty() {
        found.extend(absent.into_iter().map(|(id, to)| (id, Picks::Lost(to))));
    }
    Ok(found)
}

fn written(request: &Request) -> impl Iterator<Item = &String> {
    let picked = request.applied.iter().flat_map(|said| &said.what);
    picked.filter_map(|one| one.to.as_ref())
}

/// Lists the requests whose picks are not on their branch.
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
        let astray = picks(repository, &objects, &line, &own, &requests)?;
        let lost = astray.into_iter();
        let lost = lost.filter(|(_, picks)| matches!(picks, Picks::Lost(_)));
        found.extend(lost.map(|(id, _)| id));
    }
    Ok(found)
}
