//! The state of a request: what was said of it, and what is so now.
//!
//! Decisions are weighed by what their makers knew. A hold or a rejection ends
//! every decision that its maker knew of; an approval ends the holds and
//! rejections that its maker knew of and adds to other approvals. Decisions that
//! were made without knowledge of each other stand side by side; the most
//! careful of them counts until somebody decides who knows them all.

use std::collections::BTreeSet;

use serde::Serialize;

use super::entry::{Decision, EntryId};
use super::facts::{Applies, Facts, Picks};
use super::policy::{Parents, Policy};
use super::question::Question;
use super::queue::{Freeze, Queue, Request, Said};
use super::rules;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It waits for a decision.
    New,
    /// It waits for answers.
    NeedsInfo,
    /// It may be picked.
    Approved,
    /// It waits: somebody said so, or its branch is frozen.
    Held,
    /// It is approved or waits for a decision, and does not apply.
    Conflicts,
    /// Somebody has written down that it is picked, and this clone does not know
    /// the pick on its branch.
    Elsewhere,
    /// It is on its branch.
    Picked,
    /// It was on its branch, and was taken back there.
    Reverted,
    /// It is not to be picked.
    Rejected,
    /// Another request is looked at instead.
    Superseded,
    /// Who asked asks no more.
    Withdrawn,
}

impl State {
    /// All of them, in the order in which a list shows them.
    pub const ALL: [Self; 11] = [
        Self::New,
        Self::NeedsInfo,
        Self::Conflicts,
        Self::Approved,
        Self::Held,
        Self::Elsewhere,
        Self::Picked,
        Self::Reverted,
        Self::Rejected,
        Self::Superseded,
        Self::Withdrawn,
    ];

    /// Returns its name, as people read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::NeedsInfo => "needs info",
            Self::Approved => "approved",
            Self::Held => "held",
            Self::Conflicts => "conflicts",
            Self::Elsewhere => "elsewhere",
            Self::Picked => "picked",
            Self::Reverted => "reverted",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Tells whether anything can still become of it.
    pub fn is_open(self) -> bool {
        !matches!(
            self,
            Self::Picked | Self::Reverted | Self::Rejected | Self::Superseded | Self::Withdrawn
        )
    }
}

/// Where a request stands, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// The questions without an answer.
    pub missing: Vec<Question>,
    /// The decisions in force, oldest first.
    pub decisions: Vec<Said<(Decision, String)>>,
    /// How many approvers have approved.
    pub approvals: usize,
    /// What holds it, where that is no decision; none of what is over.
    pub frozen: Option<Freeze>,
    /// The day until which that is, in the project's zone, where one was said.
    pub until: Option<String>,
    /// Whether its commits must be on the main branch first. A hotfix need not:
    /// it is looked for there afterwards.
    pub parents: Parents,
}

impl Standing {
    /// Tells whether decisions in force contradict each other: they were made
    /// at the same time.
    pub fn is_contradicted(&self) -> bool {
        let kinds: BTreeSet<Decision> = self.decisions.iter().map(|one| one.what.0).collect();
        kinds.len() > 1
    }

    /// Returns the decision that counts: the most careful one in force.
    pub fn decision(&self) -> Option<&Said<(Decision, String)>> {
        self.decisions.iter().max_by_key(|one| one.what.0)
    }
}

/// A request and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The request.
    pub request: Request,
    /// What is so of its commits.
    pub facts: Facts,
    /// Where it stands.
    pub standing: Standing,
}

/// Finds where a request stands.
pub fn standing(request: &Request, facts: &Facts, queue: &Queue, policy: &Policy) -> Standing {
    let decisions = in_force(request, policy);
    let people: BTreeSet<String> = (decisions.iter())
        .filter(|one| one.what.0 == Decision::Approve)
        .map(|one| one.by.email.to_lowercase())
        .collect();
    let strictest = decisions.iter().map(|one| one.what.0).max();
    let answers = &request.ask.what.answers;
    let missing = answers.missing(&policy.questions);
    let freeze = queue.frozen.get(&request.ask.what.onto);
    let freeze = freeze.filter(|freeze| !freeze.except.contains(&request.id));
    let approved = match strictest {
        Some(Decision::Approve) => people.len() >= policy.approvals,
        // Nobody has to approve.
        None => policy.approvals == 0 && missing.is_empty(),
        Some(_) => false,
    };
    let conflicts = matches!(facts.applies, Applies::Conflicts { .. });
    let frozen = freeze.filter(|_| approved).cloned();
    let calendar = &policy.rhythm.calendar;
    let until = frozen
        .as_ref()
        .and_then(|freeze| freeze.until_day(calendar));
    let parents = match queue.hotfixes.contains_key(&request.ask.what.onto) {
        true => Parents::Any,
        false => policy.parents,
    };
    // What is on the branch is there, whatever was said meanwhile.
    // What was written down and is there no more stands as it stood before.
    let written = request.applied.as_ref().map(|_| &facts.picks);
    let state = if facts.landed.is_some() || written == Some(&Picks::There) {
        State::Picked
    } else if matches!(written, Some(Picks::Reverted { .. })) {
        State::Reverted
    } else if rules::is_elsewhere(request, facts, policy) {
        State::Elsewhere
    } else if request.withdrawn.is_some() {
        State::Withdrawn
    } else if request.superseded.is_some() {
        State::Superseded
    } else if strictest == Some(Decision::Reject) {
        State::Rejected
    } else if strictest == Some(Decision::Hold) || frozen.is_some() {
        State::Held
    } else if !approved && !missing.is_empty() {
        State::NeedsInfo
    } else if conflicts {
        State::Conflicts
    } else if approved {
        State::Approved
    } else {
        State::New
    };
    Standing {
        state,
        missing,
        decisions,
        approvals: people.len(),
        until: until.filter(|_| state == State::Held),
        frozen: frozen.filter(|_| state == State::Held),
        parents,
    }
}

/// Returns the decisions that count now, oldest first: those of approvers that
/// no later one has ended, and that were not taken back. What one that was taken
/// back had ended stands again.
pub fn in_force(request: &Request, policy: &Policy) -> Vec<Said<(Decision, String)>> {
    let counts = |one: &&Said<(Decision, String)>| {
        policy.is_approver(&one.by) && !request.taken_back.contains_key(&one.entry)
    };
    let all: Vec<_> = request.decisions.iter().filter(counts).collect();
    let ended = |one: &Said<(Decision, String)>| {
        all.iter().any(|later| {
            let knows = request.knows(later.entry, one.entry);
            let ends = match later.what.0 {
                Decision::Hold | Decision::Reject => true,
                Decision::Approve => one.what.0 != Decision::Approve || later.by == one.by,
            };
            knows && ends
        })
    };
    let standing = all.iter().filter(|one| !ended(one));
    standing.map(|one| (*one).clone()).collect()
}

impl Request {
    /// Tells whether the maker of a decision knew of another one, or who set a
    /// rule aside of the pick.
    pub fn knows(&self, later: EntryId, earlier: EntryId) -> bool {
        self.known.contains(&(later, earlier))
    }
}

#[cfg(test)]
mod tests;
