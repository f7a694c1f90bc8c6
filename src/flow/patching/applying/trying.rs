//! Which requests would go one behind the other, as an apply would put them.

use std::collections::BTreeSet;

use super::journal::Journal;
use super::judging::{Judged, Place};
use super::parting;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::BranchName;
use crate::patch::RequestId;
use crate::patch::sequence::{OnConflict, sequence};
use crate::patch::state::Listed;

/// Finds the commits that the remote of a branch has and the branch lacks, where
/// that has others: the remote's branch and how many.
pub fn behind(
    workspace: &Workspace,
    onto: &BranchName,
) -> Result<Option<(String, usize)>, FlowError> {
    Ok(Place::of(workspace, onto)?.behind)
}

/// Finds those of some requests that go onto a branch in the order of an apply,
/// where each that does not is left out: one that does not apply to the branch
/// as it is may apply behind another one. Writes nothing.
pub fn going(
    workspace: &Workspace,
    onto: &BranchName,
    wanted: &[Listed],
) -> Result<BTreeSet<RequestId>, FlowError> {
    let repository = &workspace.repository;
    let place = Place::of(workspace, onto)?;
    let mut judged = Judged {
        going: wanted.to_vec(),
        found: Vec::new(),
        staying: Vec::new(),
        overridden: Vec::new(),
    };
    judged.going.sort_by_key(|one| place.position(one));
    let journal = Journal::new(onto.clone(), Vec::new());
    let parts = parting::parts(repository, &place, &judged, &journal)?;
    let memory = repository.in_memory()?;
    let tree = repository.commit(&place.line.head.to_string())?.tree;
    let mut graft = |commit: &str, tree: &str| memory.graft(commit, tree);
    let found = sequence(&parts, &tree, OnConflict::LeaveOut, &mut graft)?;
    Ok(found.gone.into_iter().map(|one| one.request).collect())
}
