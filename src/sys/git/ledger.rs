//! A ref that holds a set of small files which only grows: each is named by its
//! content, so two such sets merge by taking both.
//!
//! Nothing is ever taken out: a merge with a side that lacks files has them all
//! the same. The merge of two sides is the same commit wherever it is made. A
//! second ref follows the first one with every move that is made here, so that
//! what was taken out by hand, or by somebody's `git push --force`, is found and
//! comes back.

use std::collections::{BTreeMap, BTreeSet};

use super::user::UserGit;
use super::{Author, GitError, RefUpdate, RefsError, Repository, failed};
use crate::model::Sha256;

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

/// Returns the ref that follows a ledger's own one.
pub fn kept(name: &str) -> String {
    let short = name.strip_prefix("refs/debcut/").unwrap_or(name);
    format!("refs/debcut/kept/{short}")
}

/// Returns the place of a file that is named by its digest.
fn place(name: &str) -> String {
    format!("entries/{}/{}.json", &name[..2], &name[2..])
}

impl Repository {
    /// Reads the files of a commit's ledger, by their names.
    pub fn ledger(&self, commit: &str) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
        let act = || failed("read the ledger");
        let found = self.ledger_index(commit)?;
        let mut files = BTreeMap::new();
        for (name, id) in found {
            let blob = self.inner.find_blob(id).map_err(act())?;
            files.insert(name, blob.content().to_owned());
        }
        Ok(files)
    }

    /// Lists the files of a commit's ledger, by their names, unread.
    fn ledger_index(&self, commit: &str) -> Result<BTreeMap<String, git2::Oid>, GitError> {
        let tree = self.tree(&self.commit(commit)?.tree)?;
        let mut found = BTreeMap::new();
        let walked = tree.walk(git2::TreeWalkMode::PreOrder, |folder, item| {
            if item.kind() == Some(git2::ObjectType::Blob) {
                let file = item.name().unwrap_or_default();
                let parts = (folder.strip_prefix("entries/"), file.strip_suffix(".json"));
                if let (Some(first), Some(rest)) = parts {
                    let name = format!("{}{rest}", first.trim_end_matches('/'));
                    found.insert(name, item.id());
                }
            }
            git2::TreeWalkResult::Ok
        });
        walked.map_err(failed("read the ledger"))?;
        Ok(found)
    }

    /// Tells whether a commit's ledger has every file of another one's.
    fn has_ledger(&self, commit: &str, other: &str) -> Result<bool, GitError> {
        if commit == other {
            return Ok(true);
        }
        let own = self.ledger_index(commit)?;
        let others = self.ledger_index(other)?;
        Ok(others.iter().all(|(name, id)| own.get(name) == Some(id)))
    }

    /// Tells whether a file is what its name says.
    fn is_named(&self, id: git2::Oid, name: &str) -> Result<bool, GitError> {
        let blob = self
            .inner
            .find_blob(id)
            .map_err(failed("read the ledger"))?;
        Ok(Sha256::of(blob.content()).hex() == name)
    }

    /// Tells whether every file of a commit's ledger that another one's lacks is
    /// what its name says.
    fn is_sound(&self, commit: &str, beside: Option<&str>) -> Result<bool, GitError> {
        let known = match beside {
            Some(beside) => self.ledger_index(beside)?,
            None => BTreeMap::new(),
        };
        for (name, id) in self.ledger_index(commit)? {
            if known.get(&name) != Some(&id) && !self.is_named(id, &name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Stores the commit that holds the files of both commits: those that
    /// are what their names say.
    fn join(&self, one: &str, other: &str) -> Result<String, GitError> {
        let act = || failed("merge two ledgers");
        let (own, others) = (self.ledger_index(one)?, self.ledger_index(other)?);
        let mut edits = git2::build::TreeUpdateBuilder::new();
        let names: BTreeSet<&String> = own.keys().chain(others.keys()).collect();
        for name in names {
            let sides = [own.get(name), others.get(name)];
            for id in sides.into_iter().flatten() {
                if self.is_named(*id, name)? {
                    edits.upsert(place(name), *id, git2::FileMode::Blob);
                    break;
                }
            }
        }
        let base = self.inner.treebuilder(None).and_then(|empty| empty.write());
        let base = self.inner.find_tree(base.map_err(act())?).map_err(act())?;
        let tree = edits.create_updated(&self.inner, &base).map_err(act())?;
        let tree = self.inner.find_tree(tree).map_err(act())?;
        // The same wherever it is made: parents in order, nobody's name, the
        // later one's moment.
        let mut sides = vec![one, other];
        sides.sort_unstable();
        sides.dedup();
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

    /// Stores a commit that adds files, on top of another one or of nothing. No
    /// ref moves.
    pub fn add_to_ledger(
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

impl Repository {
    /// Stores files that are added to a ledger, and returns how its refs are to
    /// be moved, from where the ledger was read: for who moves others in the
    /// same transaction. What was taken out by hand comes back with it.
    pub fn stage_in_ledger(
        &self,
        name: &str,
        from: Option<&str>,
        files: &[(String, Vec<u8>)],
        author: Author<'_>,
        message: &str,
    ) -> Result<Vec<RefUpdate>, GitError> {
        let mut to = self.add_to_ledger(from, files, author, message)?;
        let kept_at = self.ref_target(&kept(name))?;
        if let Some(kept) = kept_at.as_ref().filter(|kept| Some(kept.as_str()) != from)
            && !self.has_ledger(&to, kept)?
        {
            to = self.join(&to, kept)?;
        }
        let update = |name: String, from: Option<String>| RefUpdate {
            name,
            from,
            to: to.clone(),
        };
        Ok(vec![
            update(name.to_owned(), from.map(str::to_owned)),
            update(kept(name), kept_at),
        ])
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
            let repository = self.repository;
            let sound = repository.is_sound(other, from)?;
            let Some(from) = from else {
                return match sound {
                    true => Ok(Some(other.to_owned())),
                    false => repository.join(other, other).map(Some),
                };
            };
            if repository.is_ancestor(other, from)? && repository.has_ledger(from, other)? {
                return Ok(None);
            }
            let newer = sound && repository.is_ancestor(from, other)?;
            if newer && repository.has_ledger(other, from)? {
                return Ok(Some(other.to_owned()));
            }
            repository.join(from, other).map(Some)
        })?;
        Ok(match moved {
            Some(_) => Joined::Taken,
            None => Joined::Nothing,
        })
    }

    /// Puts back what was taken out of a ledger by hand.
    pub fn heal_ledger(&self, name: &str) -> Result<Joined, LedgerError> {
        match self.repository.ref_target(&kept(name))? {
            Some(kept) => self.join_ledgers(name, &kept),
            None => Ok(Joined::Nothing),
        }
    }

    /// Puts a ref at an object, wherever it is now.
    pub fn set_ref(&self, name: &str, to: &str) -> Result<(), RefsError> {
        let update = RefUpdate {
            name: name.to_owned(),
            from: self.repository.ref_target(name)?,
            to: to.to_owned(),
        };
        self.update_refs(&[update], "share")
    }

    /// Moves a ref to what is made of where it is, again when others were
    /// faster; none: it stays. What was taken out by hand comes back with it.
    fn moved(
        &self,
        name: &str,
        why: &str,
        make: impl Fn(Option<&str>) -> Result<Option<String>, GitError>,
    ) -> Result<Option<String>, LedgerError> {
        let repository = self.repository;
        for _ in 0..TRIES {
            let from = repository.ref_target(name)?;
            let kept_at = repository.ref_target(&kept(name))?;
            let Some(mut to) = make(from.as_deref())? else {
                return Ok(None);
            };
            if let Some(kept) = kept_at.as_ref().filter(|kept| Some(*kept) != from.as_ref())
                && !repository.has_ledger(&to, kept)?
            {
                to = repository.join(&to, kept)?;
            }
            let update = |name: String, from: &Option<String>| RefUpdate {
                name,
                from: from.clone(),
                to: to.clone(),
            };
            let updates = [update(name.to_owned(), &from), update(kept(name), &kept_at)];
            match self.update_refs(&updates, why) {
                Ok(()) => return Ok(Some(to)),
                Err(RefsError::Moved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let name = name.to_owned();
        Err(LedgerError::Busy { name })
    }
}
