//! A conflict: where it is written down, and how its resolution is taken over.

use std::path::Path;

use super::journal::{Journal, Stopped};
use super::running::{Once, Run, Seen};
use super::{
    Advice, Ending, Extent, MayChange, Named, Outcome, Shop, Step, Stopping, failed, parting,
};
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::model::Finding;
use crate::patch::resolution::{self, Offered, Unfit};
use crate::patch::sequence::Stop;
use crate::sys::git::{Author, Grafted, Repository, Resolution, Signs, UserGit};

/// What became of a work tree for a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolving {
    /// It waits.
    Begun,
    /// There is nothing to resolve.
    Resolved,
}

impl Run<'_, '_> {
    /// Writes down where it stops.
    pub(super) fn stop(
        &mut self,
        seen: &Seen<'_>,
        stop: &Stop,
        advice: Advice,
        mut outcome: Outcome,
    ) -> Result<Once, FlowError> {
        let repository = &self.shop.workspace.repository;
        let request = stop.begun.request.clone();
        let message = format!(
            "{} does not apply: both sides changed {}",
            &stop.commit[..12],
            stop.paths.join(", ")
        );
        let fix = parting::ways_out(&advice, self.wanted);
        outcome
            .findings
            .push(Finding::error("conflict", request.as_str(), message).fix(fix));
        outcome.stop = Some(Stopping {
            request: request.clone(),
            commit: stop.commit.clone(),
            subject: repository.commit(&stop.commit)?.subject,
            paths: stop.paths.clone(),
            advice: Some(advice),
            directory: None,
        });
        if self.wanted.extent == Extent::Plan {
            outcome.ending = Ending::Refused;
            return Ok(Once::Ended(Box::new(outcome)));
        }
        // Only a base to resolve on: these are not the picks that stay.
        let git = UserGit::new(repository, self.shop.environment);
        let mut base = seen.place.line.head.to_string();
        let begun = std::iter::once(&stop.begun);
        for gone in seen.found.gone.iter().chain(begun) {
            parting::write(git, gone, &mut base, self.wanted, Signs::No)?;
        }
        let stopped = Stopped {
            request,
            commit: stop.commit.clone(),
            base,
            paths: stop.paths.clone(),
            directory: None,
            made: None,
        };
        self.journal.stopped = Some(stopped.clone());
        self.journal.write(repository)?;
        (self.steps)(Step::Stopped).map_err(PatchingError::from)?;
        if let Some(directory) = &self.wanted.resolve_in {
            let found = begin_resolving(self.shop, self.journal, stopped, directory)?;
            if found == Resolving::Resolved {
                return Ok(Once::Again);
            }
            if let Some(stop) = &mut outcome.stop {
                stop.directory = Some(directory.clone());
            }
        }
        outcome.ending = Ending::Stopped;
        Ok(Once::Ended(Box::new(outcome)))
    }
}

/// Makes a work tree for a conflict that waits for one. Where git's own merge
/// finds a way, it is taken, and nothing waits any more.
pub(super) fn resolve_in(
    shop: &Shop<'_>,
    journal: &mut Journal,
    stopped: Stopped,
    directory: &Path,
) -> Result<(), FlowError> {
    begin_resolving(shop, journal, stopped, directory).map(drop)
}

fn begin_resolving(
    shop: &Shop<'_>,
    journal: &mut Journal,
    mut stopped: Stopped,
    directory: &Path,
) -> Result<Resolving, FlowError> {
    let repository = &shop.workspace.repository;
    let git = UserGit::new(repository, shop.environment);
    let (parents, _) = repository.parents_and_message(&stopped.commit)?;
    git.begin_resolving(directory, &stopped.base, &stopped.commit, parents.len() > 1)
        .map_err(failed)?;
    stopped.directory = Some(directory.to_owned());
    journal.stopped = Some(stopped.clone());
    journal.write(repository)?;
    stopped.made = git.resolving_tree(directory).map_err(failed)?;
    journal.stopped = Some(stopped.clone());
    journal.write(repository)?;
    let refused = resolved(shop, journal, &stopped, None)?;
    if refused.is_some() || !journal.stand_ins.contains_key(&stopped.commit) {
        return Ok(Resolving::Begun);
    }
    shop.listener.note(format!(
        "git's own merge puts {} where it belongs",
        &stopped.commit[..12]
    ));
    journal.stopped = None;
    journal.write(repository)?;
    end(shop, journal, &stopped)?;
    Ok(Resolving::Resolved)
}

/// Removes the work tree of a conflict that is over, unless it holds edits that
/// are nowhere else: they are the user's, whatever became of the pick.
pub(super) fn end(shop: &Shop<'_>, journal: &Journal, stopped: &Stopped) -> Result<(), FlowError> {
    let Some(directory) = &stopped.directory else {
        return Ok(());
    };
    let repository = &shop.workspace.repository;
    let mut kept: Vec<String> = stopped.made.iter().cloned().collect();
    if let Some(taken) = journal.stand_ins.get(&stopped.commit) {
        kept.push(repository.commit(taken)?.tree);
    }
    let git = UserGit::new(repository, shop.environment);
    if !git.end_resolving(directory, &kept).map_err(failed)? {
        shop.listener.warn(format!(
            "{} holds files or edits that nothing else has, and stays: git worktree remove --force {0} when they are not needed",
            directory.display()
        ));
    }
    Ok(())
}

/// Takes over how a conflict was resolved; none: it is, or somebody else has put
/// the commit onto the branch.
pub(super) fn resolved(
    shop: &Shop<'_>,
    journal: &mut Journal,
    stopped: &Stopped,
    named: Option<&Named>,
) -> Result<Option<Finding>, FlowError> {
    let repository = &shop.workspace.repository;
    let stand_in = match (named, &stopped.directory) {
        (Some(named), _) => {
            let id = repository.commit(&named.commit)?.id;
            if let Some(finding) = no_resolution(repository, stopped, &id, named.may)? {
                return Ok(Some(finding));
            }
            id
        }
        (None, None) => return Ok(None),
        (None, Some(directory)) => {
            let author = Author {
                name: "debcut",
                email: "debcut@localhost",
                date: repository.commit(&stopped.base)?.committed,
            };
            let git = UserGit::new(repository, shop.environment);
            let found = git.resolved(directory, &stopped.base, author);
            match found.map_err(failed)? {
                Resolution::Commit(commit) => commit,
                open => return Ok(unresolved(&open, stopped, directory)),
            }
        }
    };
    journal.stand_ins.insert(stopped.commit.clone(), stand_in);
    Ok(None)
}

/// Says why a named commit does not resolve a conflict; none: it may.
fn no_resolution(
    repository: &Repository,
    stopped: &Stopped,
    id: &str,
    may: MayChange,
) -> Result<Option<Finding>, FlowError> {
    let short = &id[..id.len().min(12)];
    let pick = &stopped.commit[..stopped.commit.len().min(12)];
    let conflicts = stopped.paths.join(", ");
    let finding = |rule: &'static str, message: String, fix: &str| {
        let finding = Finding::error(rule, stopped.request.as_str(), message);
        Ok(Some(finding.fix(fix)))
    };
    // Only to look: what it would come to is computed again.
    let memory = repository.in_memory()?;
    let base = memory.commit(&stopped.base)?.tree;
    if memory.graft(id, &base)? == Grafted::Nothing {
        return finding(
            "resolves-nothing",
            format!("{short} changes nothing on the branch: {conflicts} would stay as they are"),
            "--resolution names a commit with what the branch needs of it; --skip leaves the \
             request out",
        );
    }
    if may == MayChange::Anything {
        return Ok(None);
    }
    let (paths, picked) = (
        repository.changed_paths(id)?,
        repository.changed_paths(&stopped.commit)?,
    );
    let offered = Offered {
        paths: &paths,
        conflicts: &stopped.paths,
        picked: &picked,
    };
    match resolution::unfit(&offered) {
        None => Ok(None),
        Some(Unfit::Elsewhere(paths)) => finding(
            "resolves-nothing",
            format!(
                "{short} changes {}, and nothing of what conflicts: {conflicts}",
                paths.join(", ")
            ),
            "--resolution names a commit that changes it; --other-paths takes this one all the \
             same; --skip leaves the request out",
        ),
        Some(Unfit::Beyond(paths)) => finding(
            "other-paths",
            format!(
                "{short} changes {} too, which neither {pick} nor its conflict touches",
                paths.join(", ")
            ),
            "leave it out of the resolution; --other-paths takes it all the same",
        ),
    }
}

/// Says why a work tree holds no resolution yet.
fn unresolved(found: &Resolution, stopped: &Stopped, directory: &Path) -> Option<Finding> {
    let place = directory.display();
    let (message, fix) = match found {
        Resolution::Commit(_) => return None,
        Resolution::Unmerged(paths) => (
            format!("{} in {place} are not resolved yet", paths.join(", ")),
            format!("edit them, git -C {place} add them, then --continue"),
        ),
        Resolution::Unstaged(paths) => (
            format!(
                "{} in {place} changed after git add: what is staged would be taken without that",
                paths.join(", ")
            ),
            format!(
                "git -C {place} add them, or git -C {place} checkout -- them to take what is staged; then --continue"
            ),
        ),
        Resolution::Untouched => (
            format!("nothing of the change is left in {place}"),
            format!(
                "--skip leaves the request out; git -C {place} commit --allow-empty says that it changes nothing"
            ),
        ),
        Resolution::Gone => (
            format!("the work tree {place} is gone"),
            "--abort, then begin again; --resolution COMMIT takes a commit of yours".to_owned(),
        ),
    };
    let finding = Finding::error("unresolved", stopped.request.as_str(), message);
    Some(finding.fix(fix))
}
