//! One run: everything computed on the branch and by the decisions as they are
//! now, and done, unless something stands against it.

use super::journal::Journal;
use super::judging::{Judged, Place};
use super::{ApplyError, Ending, Extent, Outcome, Shop, Steps, Wanted};
use super::{advice, judging, parting};
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::flow::patching::ledger::Ledger;
use crate::patch::sequence::{Sequence, sequence};

/// How often it is computed again when others move the branch or the ledger
/// meanwhile.
const TRIES: u32 = 20;

/// One run, and what it is about.
pub(super) struct Run<'r, 's> {
    /// Who works.
    pub shop: &'r Shop<'r>,
    /// What is known from before, and written down on the way.
    pub journal: &'r mut Journal,
    /// What is wanted.
    pub wanted: &'r Wanted,
    /// Asked after every step.
    pub steps: Steps<'s>,
}

/// What one try came to.
pub(super) enum Once {
    /// It ended so.
    Ended(Box<Outcome>),
    /// A conflict was resolved on the way.
    Again,
    /// Somebody else has moved this ref meanwhile.
    Moved(String),
}

/// What is so at the moment of one try.
pub(super) struct Seen<'a> {
    /// The branch.
    pub place: Place,
    /// What was said.
    pub ledger: Ledger<'a>,
    /// Which requests go.
    pub judged: Judged,
    /// How far they go.
    pub found: Sequence,
}

impl Run<'_, '_> {
    /// Computes everything, and does it unless something stands against it;
    /// again, when others were faster.
    pub(super) fn whole(mut self) -> Result<Outcome, FlowError> {
        let mut name = String::new();
        for _ in 0..TRIES {
            match self.once()? {
                Once::Ended(outcome) => return Ok(*outcome),
                Once::Again => {}
                Once::Moved(moved) => name = moved,
            }
        }
        Err(PatchingError::from(ApplyError::Moved { name }).into())
    }

    fn once(&mut self) -> Result<Once, FlowError> {
        let (shop, wanted) = (self.shop, self.wanted);
        let repository = &shop.workspace.repository;
        let ledger = Ledger::read(repository, shop.environment)?;
        let place = Place::of(shop.workspace, &self.journal.onto)?;
        let batch = Wanted {
            requests: self.journal.requests.clone(),
            ..wanted.clone()
        };
        let judged = judging::judged(shop, &ledger, &place, &batch)?;
        let parts = parting::parts(repository, &place, &judged, self.journal)?;
        let mut outcome = Outcome::of(&self.journal.onto, Ending::Refused);
        outcome.from = Some(place.line.head.to_string());
        outcome.findings = judged.overridden.clone();
        if !wanted.requests.is_empty() {
            // What was named and cannot go is worth a no; what is there already
            // is not.
            let refused = judged.refused();
            if !refused.is_empty() {
                outcome.findings.extend(refused);
                parting::staying(&mut outcome, &judged);
                return Ok(Once::Ended(Box::new(outcome)));
            }
        }
        if self.journal.requests.is_empty() {
            // What is approved while a conflict waits does not join.
            let going = judged.going.iter();
            self.journal.requests = going.map(|one| one.request.id.clone()).collect();
        }
        let memory = repository.in_memory()?;
        let tried = match wanted.extent {
            Extent::Plan => &memory,
            Extent::Write => repository,
        };
        let tree = repository.commit(&place.line.head.to_string())?.tree;
        let mut graft = |commit: &str, tree: &str| tried.graft(commit, tree);
        let found = sequence(&parts, &tree, wanted.on_conflict, &mut graft)?;
        let advice = match &found.stop {
            Some(stop) => {
                let queue = &ledger.queue;
                Some(advice::advice(&memory, &place, &parts, stop, queue)?)
            }
            None => None,
        };
        let seen = Seen {
            place,
            ledger,
            judged,
            found,
        };
        if let (Some(stop), Some(advice)) = (&seen.found.stop, advice) {
            parting::planned(&mut outcome, &seen.judged, self.journal, &seen.found);
            return self.stop(&seen, stop, advice, outcome);
        }
        if wanted.extent == Extent::Plan {
            parting::planned(&mut outcome, &seen.judged, self.journal, &seen.found);
            outcome.ending = Ending::Planned;
            return Ok(Once::Ended(Box::new(outcome)));
        }
        self.finish(seen, outcome)
    }
}
