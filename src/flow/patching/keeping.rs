//! What an embargo that is over keeps of the ledger: written down where it ends,
//! asked wherever the ledger leaves, let out by who may decide.

use std::collections::BTreeSet;

use super::ledger::Ledger;
use super::syncing::tracked;
use crate::flow::FlowError;
use crate::model::{Finding, Timestamp};
use crate::patch::embargo::Embargo;
use crate::patch::keeping::{self, There, Withheld};
use crate::patch::{EntryId, Event, Policy};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::git::{Repository, push_places};

/// Finds what of a ledger does not go to a remote that has some entries.
pub fn withheld(
    repository: &Repository,
    ledger: &Ledger<'_>,
    remote: &str,
    has: &BTreeSet<String>,
    environment: &Environment,
) -> Result<Withheld, FlowError> {
    let places = &push_places(repository, environment, remote)?;
    Ok(keeping::withheld(&ledger.entries, There { has, places }))
}

/// Lists the entries that a remote has, as it was fetched last.
pub fn known_at(repository: &Repository, remote: &str) -> Result<BTreeSet<String>, FlowError> {
    let there = repository.ref_target(&tracked(remote))?;
    let there = there.map(|commit| repository.ledger(&commit)).transpose()?;
    Ok(there.unwrap_or_default().into_keys().collect())
}

/// Lists what is kept when an embargo ends now: what its public remote is not
/// known to have.
pub fn to_keep(
    repository: &Repository,
    embargo: &Embargo,
    environment: &Environment,
) -> Result<Vec<EntryId>, FlowError> {
    let ledger = Ledger::read(repository, environment)?;
    let has = known_at(repository, &embargo.target.remote)?;
    Ok(keeping::to_keep(&ledger.entries, &has))
}

/// Writes down what stays private when an embargo ends. Run again it does
/// nothing. Tells whether anything is kept for it.
pub fn keep(
    repository: &Repository,
    embargo: &Embargo,
    (by, at): (&Person, Timestamp),
    environment: &Environment,
) -> Result<bool, FlowError> {
    let name = &embargo.mark.name;
    let entries = to_keep(repository, embargo, environment)?;
    let mut ledger = Ledger::read(repository, environment)?;
    if !entries.is_empty() {
        let event = Event::Kept {
            embargo: name.clone(),
            private: embargo.mark.private.remotes.clone(),
            entries,
        };
        ledger.say(vec![event], by, at, &format!("keep {name}"))?;
    }
    Ok(!keeping::keeping(&ledger.entries, name).is_empty())
}

/// Says that what an embargo kept may go to others; refused for who decides
/// nothing here. False: nothing is kept for it.
pub fn let_out(
    repository: &Repository,
    name: &str,
    reason: &str,
    (by, at, policy): (&Person, Timestamp, &Policy),
    environment: &Environment,
) -> Result<Result<bool, Finding>, FlowError> {
    let mut ledger = Ledger::read(repository, environment)?;
    let kept = keeping::keeping(&ledger.entries, name);
    if kept.is_empty() {
        return Ok(Ok(false));
    }
    if !(policy.is_approver(by) || policy.is_owner(by)) {
        let message = format!("{} <{}> decides nothing here", by.name, by.email);
        let who = [&policy.approvers[..], &policy.owners[..]].concat();
        let finding = Finding::error("not-an-approver", name, message);
        return Ok(Err(finding.fix(format!("ask {}", who.join(", ")))));
    }
    let event = Event::LetOut {
        embargo: name.to_owned(),
        reason: reason.to_owned(),
        kept,
    };
    ledger.say(vec![event], by, at, &format!("let out {name}"))?;
    Ok(Ok(true))
}
