//! The paths that a commit changes, and the dependencies that it moves.

use crate::patch::moves::{self, Changed, Move};
use crate::sys::git::{Descend, GitError, Item, ObjectId, Objects};

type Visit<'v> = &'v mut dyn FnMut(&str, Option<ObjectId>, Option<ObjectId>);

/// Calls `visit` with every path that a commit changes, and its contents before
/// and after.
pub(super) fn each_change(
    objects: &Objects<'_>,
    id: ObjectId,
    visit: Visit<'_>,
) -> Result<(), GitError> {
    let commit = objects.commit(id)?;
    let before = objects.tree_before(id, &commit)?;
    objects.compare(before, Some(commit.tree), &mut |found| {
        if !found.is_directory() {
            let path = String::from_utf8_lossy(found.path);
            let id = |item: Option<Item>| item.map(|item| item.id);
            visit(&path, id(found.before), id(found.after));
        }
        Descend::Into
    })
}

/// Reads the dependencies that a commit moves: in its files, and by its subject.
pub(in crate::flow::patching) fn moves(
    objects: &Objects<'_>,
    id: ObjectId,
) -> Result<Vec<Move>, GitError> {
    let mut files = Vec::new();
    each_change(objects, id, &mut |path, before, after| {
        if moves::is_manifest(path) {
            files.push((path.to_owned(), before, after));
        }
    })?;
    let content = |id: Option<ObjectId>| id.map(|id| objects.content(id)).transpose();
    let mut read = Vec::new();
    for (path, before, after) in files {
        read.push((path, content(before)?, content(after)?));
    }
    let changed = read.iter().map(|(path, before, after)| Changed {
        path,
        before: before.as_deref(),
        after: after.as_deref(),
    });
    let message = objects.commit(id)?.message();
    let subject = message.lines().next().unwrap_or_default();
    Ok(moves::with_subject(moves::moves(changed), subject))
}
