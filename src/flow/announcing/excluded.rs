//! What a hotfix leaves out: changes that are on the normal branch already and
//! not in the release.

use crate::flow::FlowError;
use crate::flow::patching::hotfixing;
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{BranchName, TagName};
use crate::report::announcing::Excluded;
use crate::sys::environment::Environment;
use crate::sys::git::ObjectId;

/// Lists them, newest first, with the branch that has them; none: the releases
/// are of no hotfix branch.
pub(super) fn excluded(
    workspace: &Workspace,
    tags: &[TagName],
    environment: &Environment,
) -> Result<Option<(BranchName, Vec<Excluded>)>, FlowError> {
    let repository = &workspace.repository;
    let ledger = Ledger::read(repository, environment)?;
    let Some(tag) = tags.first() else {
        return Ok(None);
    };
    let release = repository.tag(tag.as_str())?.commit.id;
    for (branch, hotfix) in &ledger.queue.hotfixes {
        let head = |branch: &BranchName| repository.ref_target(&format!("refs/heads/{branch}"));
        let (Some(own), Some(normal)) = (head(branch)?, head(&hotfix.normal)?) else {
            continue;
        };
        let Ok(from) = repository.tag(hotfix.from.what.as_str()) else {
            continue;
        };
        let is_of_it = release != from.commit.id
            && repository.is_ancestor(&from.commit.id, &release)?
            && repository.is_ancestor(&release, &own)?
            && !repository.is_ancestor(&release, &normal)?;
        if !is_of_it {
            continue;
        }
        let parse = |id: &str| ObjectId::from_hex(id);
        let (Some(normal), Some(release)) = (parse(&normal), parse(&release)) else {
            continue;
        };
        let lacks = hotfixing::returning::lacking(workspace, normal, &[release])?;
        let changes = lacks.known().iter().map(|one| Excluded {
            commit: one.commit.clone(),
            subject: one.subject.clone(),
        });
        return Ok(Some((hotfix.normal.clone(), changes.collect())));
    }
    Ok(None)
}
