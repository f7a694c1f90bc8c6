//! What commits call themselves, by Conventional Commits.

use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::Timestamp;
use crate::patch::rules::{Breaks, Kind};
use crate::release::change::{self, Change};
use crate::release::commit::{Commit, Person};
use crate::release::policy::Policy;

/// Reads what some commits call themselves; those that are not here, nothing.
pub fn of(workspace: &Workspace, commits: &[String]) -> Result<Vec<Kind>, FlowError> {
    let repository = &workspace.repository;
    let mut found = Vec::new();
    for id in commits.iter().filter(|id| repository.has_commit(id)) {
        let facts = repository.commit_facts(id)?;
        let author = Person {
            name: facts.author.name,
            email: facts.author.email,
        };
        for change in read(&[commit(id.clone(), author, facts.message)]).changes {
            found.push(Kind {
                commit: id.clone(),
                breaks: match change.breaking {
                    Some(_) => Breaks::Said,
                    None => Breaks::Unsaid,
                },
                name: change.kind,
            });
        }
    }
    Ok(found)
}

/// Takes a commit for what its message says alone: of whatever package.
pub(super) fn commit(id: String, author: Person, message: String) -> Commit {
    Commit {
        id,
        parents: Vec::new(),
        author,
        committed: Timestamp::from_unix(0),
        message,
        touches: vec![0],
        unowned: None,
    }
}

/// Reads commits, newest first, as changes.
pub(super) fn read(commits: &[Commit]) -> change::Changes {
    let commits: Vec<&Commit> = commits.iter().collect();
    change::changes(&commits, &Policy::usual(Vec::new()))
}

/// Tells whether a change calls itself a fix.
pub(super) fn is_fix(change: &Change) -> bool {
    change.kind.as_deref() == Some("fix")
}
