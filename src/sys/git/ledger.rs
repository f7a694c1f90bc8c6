//! A ref that holds a set of small files which only grows: each is named by its
//! content, so two such sets merge by taking both.
//!
//! Nothing is ever taken out: a merge with a side that lacks files has them all
//! the same. The merge of two sides is the same commit wherever it is made.

use std::collections::BTreeMap;

use super::user::UserGit;
use super::{Author, GitError, RefUpdate, RefsError, Repository, failed};

/// How often a ref that somebody else moves meanwhile is tried again.
const TRIES: u32 = 20;

/// Why a ledger was not written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The repository gave no answer or took nothing.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The ref could not be moved.
    #[error(transparent)]
    Refs(#[from] RefsError),
    /// Others write all the time.
    #[error("{name} is moved by others again and again")]
    Busy {
        /// The ref.
        name: String,
    },
}

/// What merging another ledger came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// It had nothing new.
    Nothing,
    /// It had files that were not here.
    Taken,
}

/// Returns the place of a file that is named by its digest.
fn place(name: &str) -> String {
    format!("entries/{}/{}.json", &name[..2], &name[2..])
}

impl Repository {
    /// Reads the files of a commit's ledger, by their names.
    pub fn ledger(&self, commit: &str) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
        let act = || failed("read the ledger");
        let tree = self.tree(&self.commit(commit)?.tree)?;
        let mut found = Vec::new();
        let walked = tree.walk(git2::TreeWalkMode::PreOrder, |folder, item| {
            if item.kind() == Some(git2::ObjectType::Blob) {
                let file = item.name().unwrap_or_default();
                let parts = (folder.strip_prefix("entries/"), file.strip_suffix(".json"));
                if let (Some(first), Some(rest)) = parts {
                    found.push((format!("{}{rest}", first.trim_end_matches('/')), item.id()));
                }
            }
            git2::TreeWalkResult::Ok
        });
        walked.map_err(act())?;
        let mut files = BTreeMap::new();
        for (name, id) in found {
            let blob = self.inner.find_blob(id).map_err(act())?;
            files.insert(name, blob.content().to_owned());
        }
        Ok(files)
    }

    /// Stores the commit that holds the files of both commits.
    fn join(&self, one: &str, other: &str) -> Result<String, GitError> {
        let act = || failed("merge two ledgers");
        let files = self.ledger(other)?;
        let mut edits = git2::build::TreeUpdateBuilder::new();
        for (name, content) in &files {
            let id = self.inner.blob(content).map_err(act())?;
            edits.upsert(place(name), id, git2::FileMode::Blob);
        }
        let base = self.tree(&self.commit(one)?.tree)?;
        let tree = edits.create_updated(&self.inner, &base).map_err(act())?;
        let tree = self.inner.find_tree(tree).map_err(act())?;
        // The same wherever it is made: parents in order, nobody's name, the
        // later one's moment.
        let mut sides = [one, other];
        sides.sort_unstable();
        let mut parents = Vec::new();
        for side in sides {
            let id = git2::Oid::from_str(side).map_err(act())?;
            parents.push(self.inner.find_commit(id).map_err(act())?);
        }
        let seconds = parents.iter().map(|one| one.time().seconds()).max();
        let time = git2::Time::new(seconds.unwrap_or_default(), 0);
        let who = git2::Signature::new("debcut", "debcut@localhost", &time).map_err(act())?;
        let parents: Vec<_> = parents.iter().collect();
        let message = "Merge what was written at the same time\n";
        let id = self
            .inner
            .commit(None, &who, &who, message, &tree, &parents);
        Ok(id.map_err(act())?.to_string())
    }

    /// Stores a commit that adds files, on top of another one or of nothing.
    fn add_to_ledger(
        &self,
        on: Option<&str>,
        files: &[(String, Vec<u8>)],
        author: Author<'_>,
        message: &str,
    ) -> Result<String, GitError> {
        let act = || failed("write the ledger");
        let empty = || {
            let id = self.inner.treebuilder(None)?.write()?;
            self.inner.find_tree(id)
        };
        let (base, parent) = match on {
            Some(id) => {
                let parsed = git2::Oid::from_str(id).map_err(act())?;
                let parent = self.inner.find_commit(parsed).map_err(act())?;
                (parent.tree().map_err(act())?, Some(parent))
            }
            None => (empty().map_err(act())?, None),
        };
        let mut edits = git2::build::TreeUpdateBuilder::new();
        for (name, content) in files {
            let id = self.inner.blob(content).map_err(act())?;
            edits.upsert(place(name), id, git2::FileMode::Blob);
        }
        let tree = edits.create_updated(&self.inner, &base).map_err(act())?;
        let tree = self.inner.find_tree(tree).map_err(act())?;
        let time = git2::Time::new(author.date.unix(), 0);
        let who = git2::Signature::new(author.name, author.email, &time).map_err(act())?;
        let parents: Vec<_> = parent.iter().collect();
        let id = self
            .inner
            .commit(None, &who, &who, message, &tree, &parents);
        Ok(id.map_err(act())?.to_string())
    }
}

impl UserGit<'_> {
    /// Adds files to a ledger, named by their digests, and moves its ref. What
    /// others write at the same moment stays.
    pub fn append_to_ledger(
        &self,
        name: &str,
        files: &[(String, Vec<u8>)],
        author: Author<'_>,
        message: &str,
    ) -> Result<String, LedgerError> {
        self.moved(name, message, |from| {
            let repository = self.repository;
            repository
                .add_to_ledger(from, files, author, message)
                .map(Some)
        })
        .map(Option::unwrap_or_default)
    }

    /// Takes the files of another ledger's commit into one, and moves its ref.
    pub fn join_ledgers(&self, name: &str, other: &str) -> Result<Joined, LedgerError> {
        let moved = self.moved(name, "merge", |from| {
            let Some(from) = from else {
                return Ok(Some(other.to_owned()));
            };
            if self.repository.is_ancestor(other, from)? {
                return Ok(None);
            }
            if self.repository.is_ancestor(from, other)? {
                return Ok(Some(other.to_owned()));
            }
            self.repository.join(from, other).map(Some)
        })?;
        Ok(match moved {
            Some(_) => Joined::Taken,
            None => Joined::Nothing,
        })
    }

    /// Moves a ref to what is made of where it is, again when others were
    /// faster; none: it stays.
    fn moved(
        &self,
        name: &str,
        why: &str,
        make: impl Fn(Option<&str>) -> Result<Option<String>, GitError>,
    ) -> Result<Option<String>, LedgerError> {
        for _ in 0..TRIES {
            let from = self.repository.ref_target(name)?;
            let Some(to) = make(from.as_deref())? else {
                return Ok(None);
            };
            let update = RefUpdate {
                name: name.to_owned(),
                from,
                to: to.clone(),
            };
            match self.update_refs(&[update], why) {
                Ok(()) => return Ok(Some(to)),
                Err(RefsError::Moved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let name = name.to_owned();
        Err(LedgerError::Busy { name })
    }
}
