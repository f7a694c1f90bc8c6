//! What kind of clone it is: where its history is not the one that everybody
//! sees, and which branch it is on.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io;

use super::{GitError, ObjectId, Repository, failed};
use crate::sys::files;

/// Where a clone's history differs from the stored one.
///
/// Shallow clones end at some commits. Grafts and replacements change what one
/// clone alone sees: a release must not depend on them, so who reads a history
/// refuses them where they matter instead of following them.
#[derive(Debug, Clone, Default)]
pub struct Substitutes {
    /// Commits whose parents were not fetched.
    pub shallow: HashSet<ObjectId>,
    /// Objects that `git replace` has replaced.
    pub replaced: HashSet<ObjectId>,
    /// Commits whose parents `info/grafts` changes.
    pub grafted: HashSet<ObjectId>,
    /// The remote that a partial clone left objects at.
    pub partial: Option<String>,
}

/// A way of changing what one clone sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Substitution {
    /// `git replace`.
    Replaced,
    /// `info/grafts`.
    Grafted,
}

impl fmt::Display for Substitution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replaced => "replaced",
            Self::Grafted => "grafted",
        })
    }
}

impl Substitutes {
    /// Refuses a commit that would have to be read and that is not there as
    /// everybody has it.
    pub fn check(&self, commit: ObjectId) -> Result<(), GitError> {
        let substituted = |how| GitError::Substituted {
            commit: commit.to_string(),
            how,
        };
        if self.replaced.contains(&commit) {
            return Err(substituted(Substitution::Replaced));
        }
        if self.grafted.contains(&commit) {
            return Err(substituted(Substitution::Grafted));
        }
        if self.shallow.contains(&commit) {
            let commit = commit.to_string();
            return Err(GitError::Shallow { commit });
        }
        Ok(())
    }
}

impl Repository {
    /// Returns the error that says so where HEAD's branch has no commit yet.
    pub(super) fn unborn(&self) -> Option<GitError> {
        let error = self.inner.head().err()?;
        if error.code() != git2::ErrorCode::UnbornBranch {
            return None;
        }
        let head = self.inner.find_reference("HEAD").ok()?;
        let target = head.symbolic_target_bytes()?;
        let target = String::from_utf8_lossy(target);
        let branch = target.strip_prefix("refs/heads/").unwrap_or(&target);
        Some(GitError::Unborn {
            branch: branch.to_owned(),
        })
    }

    /// Returns the branch that a revision names, without `refs/heads/`: of
    /// `HEAD` the one it is on; none when it is detached or names no branch.
    pub fn branch_of(&self, revision: &str) -> Option<String> {
        if revision != "HEAD" && revision != "@" {
            let short = revision.strip_prefix("refs/heads/").unwrap_or(revision);
            let found = self.inner.find_branch(short, git2::BranchType::Local);
            return found.is_ok().then(|| short.to_owned());
        }
        let head = self.inner.head().ok().filter(git2::Reference::is_branch)?;
        let name = String::from_utf8_lossy(head.name_bytes()).into_owned();
        name.strip_prefix("refs/heads/").map(str::to_owned)
    }

    pub(super) fn substitutes(&self) -> Result<Substitutes, GitError> {
        let mut found = Substitutes {
            shallow: self.listed_commits("shallow")?,
            grafted: self.listed_commits("info/grafts")?,
            ..Substitutes::default()
        };
        let config = self
            .inner
            .config()
            .map_err(failed("read its configuration"))?;
        if config.get_bool("core.usereplacerefs").unwrap_or(true) {
            let listed = self.inner.references_glob("refs/replace/*");
            for name in listed.map_err(failed("list replacements"))? {
                let name = name.map_err(failed("list replacements"))?;
                let name = String::from_utf8_lossy(name.name_bytes()).into_owned();
                let id = name.rsplit('/').next().and_then(ObjectId::from_hex);
                found.replaced.extend(id);
            }
        }
        let mut entries = config
            .entries(Some("^remote\\..*\\.promisor$"))
            .map_err(failed("read its configuration"))?;
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(failed("read its configuration"))?;
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            let is_on = config.get_bool(&name).unwrap_or(false);
            let remote = name.strip_prefix("remote.");
            let remote = remote.and_then(|name| name.strip_suffix(".promisor"));
            if let Some(remote) = remote.filter(|_| is_on) {
                found.partial = Some(remote.to_owned());
            }
        }
        Ok(found)
    }

    /// Reads the commits that lines of a file of git's begin with. Work trees
    /// share the file, which libgit2 (1.9) does not see from a linked one.
    fn listed_commits(&self, file: &str) -> Result<HashSet<ObjectId>, GitError> {
        let path = self.inner.commondir().join(file);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(files::failed("read", &path)(error).into()),
        };
        let first = |line: &str| ObjectId::from_hex(line.split_whitespace().next()?);
        Ok(text.lines().filter_map(first).collect())
    }
}
