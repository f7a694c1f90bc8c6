//! What a hotfix leaves out: changes that are on the normal branch already and
//! not in the release.

use crate::flow::FlowError;
use crate::flow::patching::hotfixing;
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{BranchName, TagName};
use crate::release::change::{self, Note};
use crate::release::trailer;
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
            && repository.is_ancestor(&release, &own)?;
        if !is_of_it {
            continue;
        }
        let parse = |id: &str| ObjectId::from_hex(id);
        let (Some(normal), Some(release)) = (parse(&normal), parse(&release)) else {
            continue;
        };
        let lacks = hotfixing::returning::lacking(workspace, normal, &[release])?;
        let changes = lacks.known().iter().filter_map(|one| {
            let message = repository.commit_facts(&one.commit).ok()?.message;
            Some(Excluded {
                commit: one.commit.clone(),
                subject: told(&message)?,
            })
        });
        return Ok(Some((hotfix.normal.clone(), changes.collect())));
    }
    Ok(None)
}

/// Says in a line what a commit does, in its note's words where it has one;
/// none: users are told nothing of it, or it makes a release.
fn told(message: &str) -> Option<String> {
    if trailer::is_synced(message) || trailer::released(message).next().is_some() {
        return None;
    }
    let line = |text: &str| text.lines().next().unwrap_or_default().trim().to_owned();
    match change::note(message) {
        Note::Nothing => None,
        Note::Written(note) => Some(line(&note)),
        Note::Unsaid => Some(line(message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_told_as_users_are() {
        for (message, want) in [
            ("fix: a\n\nText.", Some("fix: a")),
            ("fix: a\n\nRelease-Note: It works.\n", Some("It works.")),
            ("fix: a\n\nRelease-Note: NONE\n", None),
            (
                "chore(release): hello 1.2.4\n\nDebcut-Release: hello 1.2.4\n",
                None,
            ),
            (
                "chore(release): take over\n\nDebcut-Synced: hello 1.2.4\n",
                None,
            ),
        ] {
            assert_eq!(told(message).as_deref(), want, "{message}");
        }
    }
}
