//! What commits call themselves, by Conventional Commits.

use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::format::conventional::{Breaking, Header};
use crate::model::Timestamp;
use crate::patch::Ask;
use crate::patch::rules::{Breaks, Kind};
use crate::release::change::{self, Change};
use crate::release::commit::{Commit, Person};
use crate::release::policy::Policy;

/// Reads what the commits of a request call themselves; where they do not, its
/// title speaks for them. Those that are not here say nothing.
pub fn of(workspace: &Workspace, ask: &Ask) -> Result<Vec<Kind>, FlowError> {
    let repository = &workspace.repository;
    let header = Header::parse(&ask.title);
    let titled = header.as_ref().map(|header| header.kind.to_string());
    let breaking = |header: &Header<'_>| header.breaking == Breaking::Said;
    let breaks = |said: bool| match said || header.as_ref().is_some_and(breaking) {
        true => Breaks::Said,
        false => Breaks::Unsaid,
    };
    let mut found = Vec::new();
    for id in ask.commits.iter().filter(|id| repository.has_commit(id)) {
        let facts = repository.commit_facts(id)?;
        let author = Person {
            name: facts.author.name,
            email: facts.author.email,
        };
        let changes = read(&[commit(id.clone(), author, facts.message)]).changes;
        // A commit to be squashed, or a merge, is no change by itself.
        if changes.is_empty() {
            found.push(Kind {
                commit: id.clone(),
                breaks: breaks(false),
                name: titled.clone(),
            });
        }
        found.extend(changes.into_iter().map(|change| Kind {
            commit: id.clone(),
            breaks: breaks(change.breaking.is_some()),
            name: change.kind.or_else(|| titled.clone()),
        }));
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
        origins: Vec::new(),
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
