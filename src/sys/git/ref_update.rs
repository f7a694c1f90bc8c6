//! Refs: where they are, and several moved in one transaction, each only from
//! where it is expected.

use std::path::PathBuf;

use super::user::{UserGit, UserGitError};
use super::{GitError, Repository, failed};
use crate::sys::files::is_writable;
use crate::sys::process::ToolError;

/// A ref that is to be moved or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefUpdate {
    /// Its full name (`refs/heads/main`), or `HEAD` when that is detached.
    pub name: String,
    /// The object it must be at; none: it must not be there yet.
    pub from: Option<String>,
    /// The object it is put at.
    pub to: String,
}

/// Tells whether git takes this for the name of a branch
/// (git-check-ref-format(1), and no `-` in front).
pub fn is_branch_name(name: &str) -> bool {
    git2::Branch::name_is_valid(name).unwrap_or(false)
}

/// Why refs were not moved; none of them was.
#[derive(Debug, thiserror::Error)]
pub enum RefsError {
    /// Somebody else has moved one meanwhile.
    #[error("{name} is at {}, not at {}", Place(found), Place(expected))]
    Moved {
        /// The ref.
        name: String,
        /// Where it was expected.
        expected: Option<String>,
        /// Where it is.
        found: Option<String>,
    },
    /// This user may not write there; git says of it only that it cannot.
    #[error("git cannot move its refs: {}: Permission denied", .0.display())]
    Denied(PathBuf),
    /// git refused, for example because another git holds a lock.
    #[error(transparent)]
    User(#[from] UserGitError),
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
}

struct Place<'a>(&'a Option<String>);

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("nothing"))
    }
}

/// Where a branch is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchPlace {
    /// In this work tree.
    Here,
    /// In another work tree of the repository.
    Elsewhere(PathBuf),
    /// In none.
    Nowhere,
}

impl Repository {
    /// Returns the branch that HEAD follows, without `refs/heads/`; none when
    /// it is detached.
    pub fn branch_of_head(&self) -> Result<Option<String>, GitError> {
        let head = self.inner.find_reference("HEAD");
        let head = head.map_err(failed("read HEAD"))?;
        let target = head.symbolic_target().ok().flatten().map(str::to_owned);
        Ok(target.and_then(|name| Some(name.strip_prefix("refs/heads/")?.to_owned())))
    }

    /// Returns the object that a ref leads to, by its full name.
    pub fn ref_target(&self, name: &str) -> Result<Option<String>, GitError> {
        match self.inner.refname_to_id(name) {
            Ok(id) => Ok(Some(id.to_string())),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failed(format!("look up {name}"))(error)),
        }
    }

    /// Tells whether a commit is another one or one of its ancestors.
    pub fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, GitError> {
        let act = || failed(format!("compare {older} with {newer}"));
        let parse = |id: &str| git2::Oid::from_str(id).map_err(act());
        let (older, newer) = (parse(older)?, parse(newer)?);
        Ok(older == newer
            || self
                .inner
                .graph_descendant_of(newer, older)
                .map_err(act())?)
    }

    /// Tells where a branch is checked out.
    pub fn branch_place(&self, branch: &str) -> Result<BranchPlace, GitError> {
        if self.branch_of_head()?.as_deref() == Some(branch) && !self.inner.is_bare() {
            return Ok(BranchPlace::Here);
        }
        let act = || failed("list its work trees");
        let names = self.inner.worktrees().map_err(act())?;
        let mut others = Vec::new();
        for name in names.iter().flatten().flatten() {
            if let Ok(found) = self.inner.find_worktree(name) {
                others.push(found.path().to_owned());
            }
        }
        if self.inner.is_worktree() {
            others.push(self.inner.commondir().to_owned());
        }
        for path in others {
            // A work tree whose directory is gone holds no branch.
            let Ok(inner) = git2::Repository::open(&path) else {
                continue;
            };
            let other = Self { inner };
            let same = other.inner.path() == self.inner.path();
            if !same && !other.inner.is_bare() && other.branch_of_head()?.as_deref() == Some(branch)
            {
                return Ok(BranchPlace::Elsewhere(other.top().to_owned()));
            }
        }
        Ok(BranchPlace::Nowhere)
    }

    /// Tells whether a ref has ever been at an object, as far as its log goes;
    /// none when it has no log.
    pub fn has_been_at(&self, name: &str, id: &str) -> Result<Option<bool>, GitError> {
        let log = self.inner.reflog(name);
        let log = log.map_err(failed(format!("read the log of {name}")))?;
        if log.is_empty() {
            return Ok(None);
        }
        Ok(Some(log.iter().any(|entry| {
            entry.id_new().to_string() == id || entry.id_old().to_string() == id
        })))
    }
}

impl UserGit<'_> {
    /// Moves refs in one transaction: all of them, or, where one is not where
    /// it is expected, none. `why` goes into their logs. No hook is run.
    pub fn update_refs(&self, updates: &[RefUpdate], why: &str) -> Result<(), RefsError> {
        if updates.is_empty() {
            return Ok(());
        }
        let mut input = String::new();
        for RefUpdate { name, from, to } in updates {
            input += &match from {
                Some(from) => format!("update {name}\0{to}\0{from}\0"),
                None => format!("create {name}\0{to}\0"),
            };
        }
        let tool = self
            .tool()
            .args(["update-ref", "--no-deref", "-m", why, "--stdin", "-z"])
            .input(input);
        let Err(error) = self.run("move its refs", tool) else {
            return Ok(());
        };
        if let ToolError::Interrupted { .. } = error.source
            && self.has_moved(updates)?
        {
            // Stopped at its very end: it has done what it was to do.
            return Ok(());
        }
        for RefUpdate { name, from, .. } in updates {
            let found = self.repository.ref_target(name)?;
            if found != *from {
                return Err(RefsError::Moved {
                    name: name.clone(),
                    expected: from.clone(),
                    found,
                });
            }
        }
        let refs = self.repository.inner.commondir().join("refs");
        Err(match is_writable(&refs) {
            true => error.into(),
            false => RefsError::Denied(refs),
        })
    }

    /// Tells whether all refs are where they were to go.
    fn has_moved(&self, updates: &[RefUpdate]) -> Result<bool, GitError> {
        for RefUpdate { name, to, .. } in updates {
            if self.repository.ref_target(name)?.as_ref() != Some(to) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
