//! The ledger of requests and decisions, in a ref of the repository.

use std::collections::BTreeMap;

use super::applying::ApplyError;
use super::forging::ForgingError;
use crate::flow::FlowError;
use crate::flow::authoring::authored;
use crate::model::{BranchName, Finding, Timestamp};
use crate::patch::answers::TemplateError;
use crate::patch::entry::EntryError;
use crate::patch::queue::WhichError;
use crate::patch::{Entry, EntryId, Event, Queue, Request};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::git::{
    Author, CommitError, FetchError, ForwardError, LedgerError, PushError, RefUpdate, RefsError,
    Repository, UserGit, kept,
};
use crate::sys::process::ToolError;

/// The ref of the ledger.
pub const REF: &str = "refs/debcut/patches";

/// Why the ledger gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum PatchingError {
    /// The ref was not read or moved.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What is in it is no ledger.
    #[error("{REF} holds what is no ledger")]
    Entry(#[source] EntryError),
    /// A commit was not written, or not signed.
    #[error("the commit is not made")]
    Commit(#[source] CommitError),
    /// A branch was not moved.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// No branch has this name.
    #[error("there is no branch “{name}”")]
    NoBranch {
        /// What was asked for.
        name: BranchName,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// No request is meant.
    #[error(transparent)]
    Which(#[from] WhichError),
    /// There is nothing to pick.
    #[error("“{0}” has no commit to pick")]
    NoCommits(String),
    /// A pull request was not found.
    #[error("nothing here names the pull request {written}")]
    NoPullRequest {
        /// As it was written.
        written: String,
        /// Its number.
        number: u64,
        /// The branch that was searched.
        main: Option<BranchName>,
        /// Where its commits could be fetched from.
        remote: String,
    },
    /// An id of a kind that this program does not read.
    #[error("“{0}” is no object id of 40 digits")]
    NoId(String),
    /// The remote's ledger was not fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The remote did not take the ledger.
    #[error(transparent)]
    Unshared(PushError),
    /// Others were faster each time.
    #[error("{remote} was written to by others each time that it was tried ({tries})")]
    Outrun {
        /// The remote.
        remote: String,
        /// How often it was tried.
        tries: usize,
    },
    /// A ref could not be moved.
    #[error(transparent)]
    Refs(#[from] RefsError),
    /// An apply did not come to its end.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The command that says whether a branch is green did not run.
    #[error("nobody says whether the branch is green")]
    Green(#[source] ToolError),
    /// The forge was not asked, or gave no answer.
    #[error(transparent)]
    Forging(#[from] ForgingError),
    /// Nothing says which branch is the main one.
    #[error("nobody knows which branch is the main one")]
    NoMain,
    /// The template of the questions cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// A ledger as it was when it was read.
pub struct Ledger<'a> {
    repository: &'a Repository,
    environment: &'a Environment,
    /// The commit that was read; none: there is no ledger.
    at: Option<String>,
    /// What was said, in the order of the queue's folding.
    pub entries: Vec<(EntryId, Entry)>,
    /// What follows from it.
    pub queue: Queue,
    /// What was done to it by hand; what it lacks since counts all the same.
    pub findings: Vec<Finding>,
}

impl<'a> Ledger<'a> {
    /// Reads the ledger of a repository; one without is empty. What was ever
    /// written here and was changed or taken out by hand is read as it was.
    pub fn read(
        repository: &'a Repository,
        environment: &'a Environment,
    ) -> Result<Self, FlowError> {
        let Found {
            at,
            mut entries,
            changed,
            gone,
        } = found(repository)?;
        let queue = Queue::of(entries.iter().cloned());
        entries.sort_by_key(|(id, entry)| (entry.height, entry.at, *id));
        Ok(Self {
            repository,
            environment,
            at,
            entries,
            queue,
            findings: tampered(changed, gone),
        })
    }

    /// Writes down what somebody says; `summary` is the commit's subject.
    pub fn say(
        &mut self,
        events: Vec<Event>,
        by: &Person,
        at: Timestamp,
        summary: &str,
    ) -> Result<Vec<EntryId>, FlowError> {
        let (said, files) = self.entered(events, by, at);
        self.append(&files, authored(by, at), summary)?;
        Ok(said)
    }

    /// Writes down what somebody said elsewhere, at a moment that may be long
    /// past: in knowledge of the request and of what was said here until then,
    /// and of nothing later.
    pub fn say_late(
        &mut self,
        event: Event,
        by: &Person,
        at: Timestamp,
        about: &Request,
        summary: &str,
    ) -> Result<EntryId, FlowError> {
        let known = |(id, entry): &&(EntryId, Entry)| entry.at <= at || *id == about.ask.entry;
        let then = Queue::of(self.entries.iter().filter(known).cloned());
        let entry = then.next(at, by.clone(), event);
        let id = entry.id();
        self.append(&[(id.hex(), entry.bytes())], authored(by, at), summary)?;
        self.entries.push((id, entry));
        self.queue = Queue::of(self.entries.iter().cloned());
        Ok(id)
    }

    /// Stores what somebody says without moving the ref: for who moves others
    /// together with it, from where this ledger was read.
    pub fn stage(
        &mut self,
        events: Vec<Event>,
        by: &Person,
        at: Timestamp,
        summary: &str,
    ) -> Result<Vec<RefUpdate>, FlowError> {
        let (_, files) = self.entered(events, by, at);
        let message = format!("{summary}\n");
        let from = self.at.as_deref();
        let repository = self.repository;
        Ok(repository.stage_in_ledger(REF, from, &files, authored(by, at), &message)?)
    }

    /// Puts files of entries into the ref.
    fn append(
        &self,
        files: &[(String, Vec<u8>)],
        author: Author<'_>,
        summary: &str,
    ) -> Result<(), FlowError> {
        UserGit::new(self.repository, self.environment)
            .append_to_ledger(REF, files, author, &format!("{summary}\n"))
            .map_err(PatchingError::Ledger)?;
        Ok(())
    }

    /// Takes what somebody says for the newest entries; returns their names and
    /// files.
    fn entered(
        &mut self,
        events: Vec<Event>,
        by: &Person,
        at: Timestamp,
    ) -> (Vec<EntryId>, Vec<(String, Vec<u8>)>) {
        let mut said = Vec::new();
        let mut files = Vec::new();
        for event in events {
            let entry = self.queue.next(at, by.clone(), event);
            let id = entry.id();
            files.push((id.hex(), entry.bytes()));
            self.entries.push((id, entry));
            self.queue = Queue::of(self.entries.iter().cloned());
            said.push(id);
        }
        (said, files)
    }
}

/// What is in a ledger.
struct Found {
    /// The commit that was read.
    at: Option<String>,
    entries: Vec<(EntryId, Entry)>,
    /// How many entries were changed by hand.
    changed: usize,
    /// How many entries were taken out by hand.
    gone: usize,
}

fn found(repository: &Repository) -> Result<Found, FlowError> {
    let files = |commit: &Option<String>| match commit {
        Some(commit) => repository.ledger(commit),
        None => Ok(BTreeMap::new()),
    };
    let own = repository.ref_target(REF)?;
    let at = own.clone();
    let kept = repository.ref_target(&kept(REF))?;
    let kept = kept.filter(|kept| Some(kept) != own.as_ref());
    let (own, mut kept) = (files(&own)?, files(&kept)?);
    let mut entries = Vec::new();
    let (mut changed, mut gone) = (0, 0);
    for (name, bytes) in &own {
        let good = kept.remove(name);
        let entry = match (Entry::parse(name, bytes), good) {
            (Err(EntryError::Digest { .. }), Some(good)) => {
                changed += 1;
                Entry::parse(name, &good)
            }
            (read, _) => read,
        };
        entries.push(entry.map_err(PatchingError::Entry)?);
    }
    for (name, bytes) in &kept {
        gone += 1;
        entries.push(Entry::parse(name, bytes).map_err(PatchingError::Entry)?);
    }
    Ok(Found {
        at,
        entries,
        changed,
        gone,
    })
}

/// Reads what follows from what was said, for who says nothing.
pub fn queue(repository: &Repository) -> Result<Queue, FlowError> {
    Ok(Queue::of(found(repository)?.entries))
}

/// Says what was done to a ledger by hand.
fn tampered(changed: usize, gone: usize) -> Vec<Finding> {
    let count = |number: usize| match number {
        1 => "1 entry was".to_owned(),
        number => format!("{number} entries were"),
    };
    let told = [
        (changed, format!("{} changed in it by hand", count(changed))),
        (gone, format!("{} taken out of it by hand", count(gone))),
    ];
    let told = told.into_iter().filter(|(number, _)| *number > 0);
    let finding = |(_, message)| {
        let finding = Finding::warning("ledger-rewritten", REF, message);
        finding.fix("they count as they were; debcut patch sync puts them back")
    };
    told.map(finding).collect()
}
