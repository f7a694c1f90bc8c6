//! Packages that were moved: their history goes on at the old place.

use std::collections::HashMap;

use crate::sys::git::{Descend, GitError, Item, ObjectId, Objects};

/// A package that a commit moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) unit: usize,
    /// Where it was put.
    pub(super) newer: String,
    /// Where it was before.
    pub(super) older: String,
}

/// Finds where a directory that a commit added was before: the place from
/// which at least half of its files came unchanged, as `git mv` leaves them.
/// The first place wins among equals.
pub(super) fn origin(
    objects: &Objects<'_>,
    before: ObjectId,
    after: ObjectId,
    place: &str,
) -> Result<Option<String>, GitError> {
    let mut gone: HashMap<Item, Vec<String>> = HashMap::new();
    let mut come: Vec<(String, Item)> = Vec::new();
    let below = format!("{place}/");
    objects.compare(Some(before), Some(after), &mut |found| {
        if !found.is_directory() {
            let path = String::from_utf8_lossy(found.path);
            if let (Some(was), None) = (found.before, found.after) {
                gone.entry(was).or_default().push(path.into_owned());
            } else if let (None, Some(is)) = (found.before, found.after)
                && let Some(rest) = path.strip_prefix(&below)
            {
                come.push((rest.to_owned(), is));
            }
        }
        Descend::Into
    })?;
    let mut votes: Vec<(String, usize)> = Vec::new();
    for (rest, item) in &come {
        let sources = gone.get(item).into_iter().flatten();
        let suffix = format!("/{rest}");
        let directories = sources.filter_map(|path| match path.strip_suffix(&suffix) {
            Some(directory) => Some(directory),
            None => (path == rest).then_some(""),
        });
        for directory in directories {
            match votes.iter_mut().find(|(known, _)| known == directory) {
                Some((_, count)) => *count += 1,
                None => votes.push((directory.to_owned(), 1)),
            }
        }
    }
    let best = votes.into_iter().rev().max_by_key(|(_, count)| *count);
    let enough = best.filter(|(_, count)| count * 2 >= come.len());
    Ok(enough.map(|(directory, _)| directory))
}
