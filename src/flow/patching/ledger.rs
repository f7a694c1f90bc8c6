//! The ledger of requests and decisions, in a ref of the repository.

use crate::flow::FlowError;
use crate::model::{BranchName, Timestamp};
use crate::patch::entry::EntryError;
use crate::patch::{Entry, EntryId, Event, Queue};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::git::{Author, CommitError, ForwardError, LedgerError, Repository, UserGit};

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
    /// A branch whose release should come back is not there.
    #[error("there is no branch “{name}”")]
    NoSource {
        /// Its name.
        name: BranchName,
    },
    /// A commit was not written, or not signed.
    #[error("the commit is not made")]
    Commit(#[source] CommitError),
    /// A branch was not moved.
    #[error(transparent)]
    Forward(#[from] ForwardError),
}

/// A ledger as it was when it was read.
pub struct Ledger<'a> {
    repository: &'a Repository,
    environment: &'a Environment,
    /// What was said, in the order of the queue's folding.
    pub entries: Vec<(EntryId, Entry)>,
    /// What follows from it.
    pub queue: Queue,
}

impl<'a> Ledger<'a> {
    /// Reads the ledger of a repository; one without is empty.
    pub fn read(
        repository: &'a Repository,
        environment: &'a Environment,
    ) -> Result<Self, FlowError> {
        let mut entries = Vec::new();
        if let Some(commit) = repository.ref_target(REF)? {
            for (name, bytes) in repository.ledger(&commit)? {
                let entry = Entry::parse(&name, &bytes).map_err(PatchingError::Entry)?;
                entries.push(entry);
            }
        }
        let queue = Queue::of(entries.iter().cloned());
        entries.sort_by_key(|(id, entry)| (entry.height, entry.at, *id));
        Ok(Self {
            repository,
            environment,
            entries,
            queue,
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
        let author = Author {
            name: &by.name,
            email: &by.email,
            date: at,
        };
        UserGit::new(self.repository, self.environment)
            .append_to_ledger(REF, &files, author, &format!("{summary}\n"))
            .map_err(PatchingError::Ledger)?;
        Ok(said)
    }
}
