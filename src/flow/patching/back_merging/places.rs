//! Work trees that have branches which are to move: all of them must be able to
//! follow before the first one does.

use super::Target;
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::flow::patching::applying::ApplyError;
use crate::model::Finding;
use crate::sys::environment::Environment;
use crate::sys::git::{BranchPlace, Following, Repository, UserGit};

/// Says what keeps work trees from following.
pub(super) fn in_the_way(
    repository: &Repository,
    targets: &[Target],
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let mut found = Vec::new();
    for target in targets.iter().filter(|one| !one.steps.is_empty()) {
        let place = match repository.branch_place(target.branch.as_str())? {
            BranchPlace::Nowhere => continue,
            BranchPlace::Here => repository.top().to_owned(),
            BranchPlace::Elsewhere(place) => place,
        };
        let Some(there) = repository.work_tree_at(&place) else {
            continue;
        };
        let git = UserGit::new(&there, environment);
        let following = git.can_follow(&target.base, &target.to);
        let following = following.map_err(|error| PatchingError::Apply(ApplyError::from(error)))?;
        let place = place.display().to_string();
        let place = place.trim_end_matches('/');
        let (message, fix) = match following {
            Following::Free => continue,
            Following::Locked => (
                format!("it is checked out in {place}, where another git is at work"),
                format!(
                    "wait for it; if none runs, rm {}",
                    there.index_lock().display()
                ),
            ),
            Following::Changed(paths) => {
                let shown = match paths.is_empty() {
                    true => "it".to_owned(),
                    false => paths.join(", "),
                };
                (
                    format!("it is checked out in {place}, where {shown} is changed"),
                    "commit or git stash it there, or git switch to another branch".to_owned(),
                )
            }
        };
        let finding = Finding::error("dirty-work-tree", target.branch.as_str(), message);
        found.push(finding.fix(fix));
    }
    Ok(found)
}
