//! What a hotfix leaves out: changes that are on the normal branch already and
//! not in the release.

use crate::flow::FlowError;
use crate::flow::patching::hotfixing::{self, Lacks};
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, TagName};
use crate::release::change::{self, Note};
use crate::release::trailer;
use crate::report::announcing::Excluded;
use crate::sys::environment::Environment;
use crate::sys::git::ObjectId;

/// What a release leaves out.
pub(super) enum LeftOut {
    /// It is of no hotfix branch: nothing is left out.
    Nothing,
    /// What this branch has and the release has not, newest first.
    These(BranchName, Vec<Excluded>),
    /// Thousands of commits lie between it and this branch: nobody can tell.
    Unknown(BranchName),
}

impl LeftOut {
    /// Warns where nobody can tell what an announcement should.
    pub(super) fn warning(&self) -> Option<Finding> {
        let Self::Unknown(branch) = self else {
            return None;
        };
        let why = "thousands of commits lie between it and the release: what is left out is \
                   not listed";
        let fix = "look: git log RELEASE..BRANCH, and say it in a template of your own";
        Some(Finding::warning("excluded-unknown", branch.as_str(), why).fix(fix))
    }
}

/// Finds what the releases leave out.
pub(super) fn excluded(
    workspace: &Workspace,
    tags: &[TagName],
    environment: &Environment,
) -> Result<LeftOut, FlowError> {
    let repository = &workspace.repository;
    let ledger = Ledger::read(repository, environment)?;
    let Some(tag) = tags.first() else {
        return Ok(LeftOut::Nothing);
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
        let branch = hotfix.normal.clone();
        let lacks = match hotfixing::returning::lacking(workspace, normal, &[release])? {
            Lacks::These(lacks) => lacks,
            Lacks::Unknown => return Ok(LeftOut::Unknown(branch)),
        };
        let changes = lacks.iter().filter_map(|one| {
            let message = repository.commit_facts(&one.commit).ok()?.message;
            Some(Excluded {
                commit: one.commit.clone(),
                subject: told(&message)?,
            })
        });
        return Ok(LeftOut::These(branch, changes.collect()));
    }
    Ok(LeftOut::Nothing)
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
