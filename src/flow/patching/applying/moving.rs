//! The end of a run: the picks are written, branch and ledger move together.

use super::journal::{self, Moving};
use super::running::{Once, Run, Seen};
use super::{Ending, Outcome, Step, failed, finishing, parting};
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::patch::entry::Picked;
use crate::patch::{Event, RequestId};
use crate::sys::git::{RefUpdate, RefsError, UserGit};

impl Run<'_, '_> {
    /// Moves branch and ledger, and all that follows.
    pub(super) fn finish(
        &mut self,
        mut seen: Seen<'_>,
        mut outcome: Outcome,
    ) -> Result<Once, FlowError> {
        let repository = &self.shop.workspace.repository;
        let git = UserGit::new(repository, self.shop.environment);
        let signs = git.signs().map_err(failed)?;
        let old = seen.place.line.head.to_string();
        let mut head = old.clone();
        let mut written = Vec::new();
        for gone in &seen.found.gone {
            let commits = parting::write(git, gone, &mut head, self.wanted, signs)?;
            written.push((gone.request.clone(), commits));
        }
        self.step(Step::Commits)?;
        parting::done(
            &mut outcome,
            &seen.judged,
            self.journal,
            &seen.found,
            &written,
        );
        outcome.to = Some(head.clone());
        let events = events(&seen, &written);
        if events.is_empty() {
            outcome.ending = Ending::Unchanged;
            if self.journal.stopped.is_none() {
                journal::remove(repository)?;
            }
            return Ok(Once::Ended(Box::new(outcome)));
        }
        let mut updates = Vec::new();
        if head != old {
            let notes = written.iter().flat_map(|(_, commits)| commits);
            let notes = notes.filter_map(|one| Some((one.from.clone(), one.to.clone()?)));
            let moving = Moving {
                reference: seen.place.reference.clone(),
                old: seen.place.local.clone(),
                new: head,
                git_dir: None,
                notes: notes.collect(),
            };
            let moving = match finishing::follower(self.shop, moving)? {
                Ok(moving) => moving,
                Err(finding) => {
                    outcome.findings.push(finding);
                    outcome.ending = Ending::Refused;
                    outcome.to = None;
                    parting::undone(&mut outcome);
                    return Ok(Once::Ended(Box::new(outcome)));
                }
            };
            updates.push(RefUpdate {
                name: moving.reference.clone(),
                from: moving.old.clone(),
                to: moving.new.clone(),
            });
            self.journal.moving = Some(moving);
            self.journal.write(repository)?;
        }
        self.step(Step::Journal)?;
        let (by, at) = (&self.wanted.by, self.wanted.at);
        let summary = parting::summary(&outcome);
        updates.extend(seen.ledger.stage(events, by, at, &summary)?);
        if let Err(error) = git.update_refs(&updates, "debcut: apply requests") {
            if self.has_moved()? {
                // Stopped between the branch and the ledger: the journal says
                // what is left to do.
                return Err(failed(error).into());
            }
            self.unmoved()?;
            return match error {
                RefsError::Moved { name, .. } => Ok(Once::Moved(name)),
                error => Err(failed(error).into()),
            };
        }
        self.step(Step::Refs)?;
        finishing::complete(self.shop, self.journal, self.steps)?;
        outcome.ending = Ending::Done;
        Ok(Once::Ended(Box::new(outcome)))
    }

    fn step(&mut self, step: Step) -> Result<(), PatchingError> {
        Ok((self.steps)(step)?)
    }

    /// Tells whether the branch is where it was to go, whoever stopped it then.
    fn has_moved(&self) -> Result<bool, FlowError> {
        let Some(moving) = &self.journal.moving else {
            return Ok(false);
        };
        let repository = &self.shop.workspace.repository;
        match repository.ref_target(&moving.reference)? {
            Some(at) => Ok(repository.is_ancestor(&moving.new, &at)?),
            None => Ok(false),
        }
    }

    /// Writes down that nothing was moved.
    fn unmoved(&mut self) -> Result<(), FlowError> {
        let repository = &self.shop.workspace.repository;
        self.journal.moving = None;
        match self.journal.stopped.is_some() || !self.journal.stand_ins.is_empty() {
            true => self.journal.write(repository)?,
            false => journal::remove(repository)?,
        }
        Ok(())
    }
}

/// Says what was picked, and what was there already.
fn events(seen: &Seen<'_>, written: &[(RequestId, Vec<Picked>)]) -> Vec<Event> {
    let found = seen.judged.found.iter().map(|one| {
        let commits = one.facts.landed.clone().unwrap_or_default();
        (one.request.id.clone(), commits)
    });
    let all = found.chain(written.iter().cloned());
    all.map(|(request, commits)| Event::Applied { request, commits })
        .collect()
}
