//! What a person wants to read of a request's commits.

use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::Timestamp;
use crate::patch::facts::NoteFact;
use crate::release::change::{self, Note};
use crate::release::commit::Person;
use crate::sys::git::ObjectId;

/// A commit of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub id: String,
    /// Its subject; none: it is not in this clone.
    pub subject: Option<String>,
    /// Who wrote it.
    pub author: Option<Person>,
    /// When it was committed.
    pub committed: Option<Timestamp>,
    /// Whether users are told of it.
    pub note: NoteFact,
    /// What they are told.
    pub text: Option<String>,
}

/// Reads some commits.
pub fn commits(workspace: &Workspace, ids: &[String]) -> Result<Vec<Told>, FlowError> {
    let objects = workspace.repository.objects()?;
    let told = |id: &String| {
        let found = ObjectId::from_hex(id).and_then(|id| objects.commit(id).ok());
        let Some(commit) = found else {
            return Told {
                id: id.clone(),
                subject: None,
                author: None,
                committed: None,
                note: NoteFact::Missing,
                text: None,
            };
        };
        let message = commit.message();
        let (name, email) = commit.author();
        let (note, text) = match change::note(&message) {
            Note::Written(text) => (NoteFact::Written, Some(text)),
            Note::Nothing => (NoteFact::None, None),
            Note::Unsaid => (NoteFact::Missing, None),
        };
        let subject = message.lines().next().unwrap_or_default().trim().to_owned();
        Told {
            id: id.clone(),
            subject: Some(subject),
            author: Some(Person { name, email }),
            committed: Some(Timestamp::from_unix(commit.committed)),
            note,
            text,
        }
    };
    Ok(ids.iter().map(told).collect())
}
