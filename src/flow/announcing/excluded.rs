//! What a hotfix leaves out: changes that are on the normal branch already and
//! not in the release.

use std::collections::BTreeSet;

use crate::flow::FlowError;
use crate::flow::patching::hotfixing::{self, Elsewhere, Lacks};
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::parents;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, TagName, Timestamp};
use crate::release::change::{self, Note, Reason};
use crate::release::commit::Commit;
use crate::release::notes::{self, NoteLine, ReleaseKind};
use crate::release::observe::between;
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
    now: Timestamp,
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
        let range = (release.to_string(), normal.to_string());
        let changes = texts(workspace, &range, &lacks, now)?;
        return Ok(LeftOut::These(branch, changes));
    }
    Ok(LeftOut::Nothing)
}

/// Says in a line each what commits of a range do, newest first, in the words
/// that the release's own notes would have for them: those of a request or its
/// pull request among them. Of several that are told in one, one is listed.
fn texts(
    workspace: &Workspace,
    (from, to): &(String, String),
    wanted: &[Elsewhere],
    now: Timestamp,
) -> Result<Vec<Excluded>, FlowError> {
    let repository = &workspace.repository;
    let policy = workspace.policy("HEAD")?;
    let mut commits = between(repository, Some(from), to, &policy)?;
    let ids: BTreeSet<&str> = wanted.iter().map(|one| one.commit.as_str()).collect();
    commits.retain(|commit| ids.contains(commit.id.as_str()));
    parents::complete(workspace, &mut commits)?;
    let all: Vec<&Commit> = commits.iter().collect();
    let read = change::changes(&all, &policy);
    let source = notes::Source {
        package: "",
        version: None,
        tag: None,
        previous_tag: None,
        kind: ReleaseKind::Other,
        date: now,
        changes: &read.changes,
    };
    let notes = notes::notes(&source, &policy.notes);
    let lines: Vec<&NoteLine> = notes.sections.iter().flat_map(|one| &one.notes).collect();
    let mut found = Vec::new();
    for one in wanted {
        let excluded = |subject: String| Excluded {
            commit: one.commit.clone(),
            subject,
        };
        let own: Vec<_> = (lines.iter())
            .filter(|line| line.commit == one.commit)
            .map(|line| excluded(first_line(&line.text)))
            .collect();
        let is_with_another = || lines.iter().any(|line| line.merged.contains(&one.commit));
        let is_no_news = || {
            let nothing = |it: &change::Change| it.commit == one.commit && it.note == Note::Nothing;
            let undone = |it: &change::Ignored| {
                let why = &it.reason;
                it.commit == one.commit
                    && matches!(
                        why,
                        Reason::Merge | Reason::Reverted(_) | Reason::RevertOf(_)
                    )
            };
            read.changes.iter().any(nothing) || read.ignored.iter().any(undone)
        };
        if !own.is_empty() {
            found.extend(own);
        } else if !is_with_another() && !is_no_news() {
            // Notes leave its kind out, and still somebody may have said what it does.
            let mut own = read.changes.iter().filter(|it| it.commit == one.commit);
            let note = own.find_map(|it| match &it.note {
                Note::Written(note) => Some(first_line(note)),
                _ => None,
            });
            let message = repository.commit_facts(&one.commit)?.message;
            found.extend(note.or_else(|| told(&message)).map(excluded));
        }
    }
    Ok(found)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Says in a line what a commit does, in its note's words where it has one;
/// none: users are told nothing of it, or it makes a release.
fn told(message: &str) -> Option<String> {
    if trailer::is_synced(message) || trailer::released(message).next().is_some() {
        return None;
    }
    match change::note(message) {
        Note::Nothing => None,
        Note::Written(note) => Some(first_line(&note)),
        Note::Unsaid => Some(first_line(message)),
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
