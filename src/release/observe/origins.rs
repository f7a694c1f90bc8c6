//! What picks were picked from: the commits that their messages name, as far as
//! they are in this clone.

use std::collections::{BTreeMap, BTreeSet};

use crate::format::cherry;
use crate::release::commit::{Commit, Origin, Person, Said};
use crate::sys::git::{ObjectId, Objects, Repository};

/// How many picks in a row are followed.
const DEPTH: usize = 8;

/// Finds what commits were picked from. Of a pick of a pick that is the first
/// one's origin: between them is only the way it came. One that is not here is
/// named as the message names it.
pub(super) fn fill(repository: &Repository, objects: &Objects<'_>, commits: &mut [Commit]) {
    let mut look = Look {
        repository,
        objects,
        said: BTreeMap::new(),
    };
    for commit in commits {
        commit.origins = look.origins(&commit.message);
    }
}

struct Look<'a> {
    repository: &'a Repository,
    objects: &'a Objects<'a>,
    /// What was read, by id.
    said: BTreeMap<String, Option<Said>>,
}

impl Look<'_> {
    fn origins(&mut self, message: &str) -> Vec<Origin> {
        let mut open: Vec<(String, usize)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut found: Vec<Origin> = Vec::new();
        // Those between the original and this one are named too, the original
        // first.
        let mut between = BTreeSet::new();
        open.extend(self.named(message).into_iter().rev().map(|id| (id, 0)));
        while let Some((id, depth)) = open.pop() {
            if !seen.insert(id.clone()) {
                continue;
            }
            let said = self.said(&id);
            let further = match &said {
                Some(said) if depth < DEPTH => self.named(&said.message),
                _ => Vec::new(),
            };
            if !further.is_empty() {
                between.insert(id.clone());
                open.extend(further.into_iter().rev().map(|id| (id, depth + 1)));
                continue;
            }
            found.push(Origin {
                id,
                said,
                request: None,
                note: None,
            });
        }
        found.retain(|origin| !between.contains(&origin.id));
        found
    }

    /// Reads the commits that a message names, whole where they are here.
    fn named(&self, message: &str) -> Vec<String> {
        let whole = |id: &str| {
            let id = id.to_ascii_lowercase();
            if id.len() >= 40 {
                return id;
            }
            let found = self.repository.commit(&id).ok().map(|commit| commit.id);
            found.filter(|whole| whole.starts_with(&id)).unwrap_or(id)
        };
        cherry::origins(message).into_iter().map(whole).collect()
    }

    fn said(&mut self, id: &str) -> Option<Said> {
        if let Some(known) = self.said.get(id) {
            return known.clone();
        }
        let said = self.read(id);
        self.said.insert(id.to_owned(), said.clone());
        said
    }

    fn read(&self, id: &str) -> Option<Said> {
        // Of a clone that is shallow or lacks the upstream nothing is there.
        let commit = self.objects.commit(ObjectId::from_hex(id)?).ok()?;
        let (name, email) = commit.author();
        let brought = match commit.parents.as_slice() {
            [first, second, ..] => {
                let (first, second) = (first.to_string(), second.to_string());
                let all = self.repository.commits_between(&first, &second);
                let all = all.unwrap_or_default().into_iter();
                all.filter(|one| one.parents.len() < 2)
                    .map(|one| one.message)
                    .collect()
            }
            _ => Vec::new(),
        };
        Some(Said {
            author: Person { name, email },
            message: commit.message(),
            brought,
        })
    }
}
