//! What the main branch's commits say: their messages, read together.

use std::collections::HashMap;

use crate::flow::FlowError;
use crate::flow::patching::kinds;
use crate::model::Timestamp;
use crate::release::change::{Change, Reason as LeftOut};
use crate::release::commit::{Commit, Person};
use crate::sys::git::{ObjectId, Objects};

/// A commit of the main branch with what its message says.
pub(super) struct Read {
    pub id: ObjectId,
    pub commit: Commit,
    pub changes: Vec<Change>,
    /// The commit that takes it back, or that it takes back.
    pub taken_back: Option<String>,
    pub takes_back: Vec<String>,
}

/// Reads the messages of all commits but merges.
pub(super) fn read(
    objects: &Objects<'_>,
    newest_first: &[ObjectId],
) -> Result<Vec<Read>, FlowError> {
    let mut commits = Vec::new();
    let mut ids = Vec::new();
    for id in newest_first.iter().copied() {
        let object = objects.commit(id)?;
        if object.parents.len() > 1 {
            continue;
        }
        let (name, email) = object.author();
        let author = Person { name, email };
        let mut commit = kinds::commit(id.to_string(), author, object.message());
        commit.committed = Timestamp::from_unix(object.committed);
        commits.push(commit);
        ids.push(id);
    }
    let mut said = kinds::read(&commits);
    let mut changes: HashMap<String, Vec<Change>> = HashMap::new();
    for change in said.changes.drain(..) {
        changes
            .entry(change.commit.clone())
            .or_default()
            .push(change);
    }
    let mut left_out: HashMap<String, LeftOut> = HashMap::new();
    for ignored in said.ignored {
        left_out.insert(ignored.commit, ignored.reason);
    }
    let mut found = Vec::new();
    for (id, commit) in ids.into_iter().zip(commits) {
        let mut changes = changes.remove(&commit.id).unwrap_or_default();
        let (mut taken_back, mut takes_back) = (None, Vec::new());
        match left_out.remove(&commit.id) {
            None => {}
            Some(LeftOut::Reverted(by)) => taken_back = Some(by),
            Some(LeftOut::RevertOf(of)) => takes_back.push(of),
            // Of debcut's own, of a commit to be squashed: nothing to pick.
            Some(_) => continue,
        }
        if changes.is_empty() {
            // It still says what it says, whatever became of it.
            changes = kinds::read(std::slice::from_ref(&commit)).changes;
        }
        let words = changes
            .iter()
            .filter_map(|change| change.reverts.as_deref());
        let older: Vec<String> = words
            .flat_map(|words| words.split(", "))
            .map(str::to_owned)
            .collect();
        takes_back.extend(older);
        found.push(Read {
            id,
            commit,
            changes,
            taken_back,
            takes_back,
        });
    }
    Ok(found)
}
