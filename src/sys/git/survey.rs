//! How a repository stands, as far as it knows by itself: what is under way in
//! its work tree, how far a branch is from its upstream, which branches and
//! settings there are. Fetches nothing.

use super::{GitError, ObjectId, Repository, failed};
use crate::model::{TagName, Timestamp};

/// What git has begun in the work tree and not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Underway {
    /// `git merge`.
    Merge,
    /// `git revert`.
    Revert,
    /// `git cherry-pick`.
    CherryPick,
    /// `git bisect`.
    Bisect,
    /// `git rebase`.
    Rebase,
    /// `git am`.
    Am,
}

impl Underway {
    /// Returns git's command that began it.
    pub fn command(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Revert => "revert",
            Self::CherryPick => "cherry-pick",
            Self::Bisect => "bisect",
            Self::Rebase => "rebase",
            Self::Am => "am",
        }
    }
}

/// What a branch follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// Nothing is configured.
    None,
    /// What is configured is not known here: it was deleted, or never fetched.
    Gone,
    /// A branch, as it was when it was last fetched.
    Known {
        /// Its name, such as `origin/main`.
        name: String,
        /// How many commits it lacks.
        ahead: usize,
        /// How many commits the branch lacks.
        behind: usize,
    },
}

/// A branch and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its name: `main`, of a remote's `origin/main`.
    pub name: String,
    /// The remote, where it is a remote's.
    pub remote: Option<String>,
    /// The commit.
    pub commit: ObjectId,
}

impl Branch {
    /// Returns the name without the remote's.
    pub fn short(&self) -> &str {
        let own = self.remote.as_ref().and_then(|remote| {
            let rest = self.name.strip_prefix(remote.as_str())?;
            rest.strip_prefix('/')
        });
        own.unwrap_or(&self.name)
    }
}

impl Repository {
    /// Returns what is under way in the work tree.
    pub fn underway(&self) -> Option<Underway> {
        use git2::RepositoryState as State;
        match self.inner.state() {
            State::Clean => None,
            State::Merge => Some(Underway::Merge),
            State::Revert | State::RevertSequence => Some(Underway::Revert),
            State::CherryPick | State::CherryPickSequence => Some(Underway::CherryPick),
            State::Bisect => Some(Underway::Bisect),
            State::Rebase | State::RebaseInteractive | State::RebaseMerge => Some(Underway::Rebase),
            State::ApplyMailbox | State::ApplyMailboxOrRebase => Some(Underway::Am),
        }
    }

    /// Compares a local branch with what it follows.
    pub fn upstream(&self, branch: &str) -> Result<Upstream, GitError> {
        let act = || failed(format!("compare {branch} with its upstream"));
        let local = self.inner.find_branch(branch, git2::BranchType::Local);
        let local = local.map_err(act())?;
        let full = format!("refs/heads/{branch}");
        if self.inner.branch_upstream_name(&full).is_err() {
            return Ok(Upstream::None);
        }
        let Ok(followed) = local.upstream() else {
            return Ok(Upstream::Gone);
        };
        let (Some(own), Some(other)) = (local.get().target(), followed.get().target()) else {
            return Ok(Upstream::Gone);
        };
        let (ahead, behind) = self.inner.graph_ahead_behind(own, other).map_err(act())?;
        let name = String::from_utf8_lossy(followed.name_bytes().unwrap_or_default());
        Ok(Upstream::Known {
            name: name.into_owned(),
            ahead,
            behind,
        })
    }

    /// Lists all branches, local ones first, then the remotes' as they were last
    /// fetched, each by name. `origin/HEAD` is none.
    pub fn branches(&self) -> Result<Vec<Branch>, GitError> {
        let act = || failed("list its branches");
        let remotes = self.remotes()?;
        let mut found = Vec::new();
        for item in self.inner.branches(None).map_err(act())? {
            let (branch, kind) = item.map_err(act())?;
            let name = String::from_utf8_lossy(branch.name_bytes().unwrap_or_default());
            let commit = branch.get().target().and_then(ObjectId::of);
            let (Some(commit), true) = (commit, !name.is_empty()) else {
                continue;
            };
            let remote = match kind {
                git2::BranchType::Local => None,
                git2::BranchType::Remote => remotes
                    .iter()
                    .filter(|remote| name.starts_with(&format!("{remote}/")))
                    .max_by_key(|remote| remote.len())
                    .cloned(),
            };
            found.push(Branch {
                name: name.into_owned(),
                remote,
                commit,
            });
        }
        found.sort_by(|a, b| (&a.remote, &a.name).cmp(&(&b.remote, &b.name)));
        Ok(found)
    }

    /// Returns the branch that a remote calls its own (`origin/HEAD`), without
    /// the remote's name, as far as the clone was told.
    pub fn default_branch(&self, remote: &str) -> Option<String> {
        let head = self
            .inner
            .find_reference(&format!("refs/remotes/{remote}/HEAD"));
        let head = head.ok()?;
        let target = String::from_utf8_lossy(head.symbolic_target_bytes()?).into_owned();
        let name = target.strip_prefix(&format!("refs/remotes/{remote}/"))?;
        Some(name.to_owned())
    }

    /// Lists the remotes by name.
    pub fn remotes(&self) -> Result<Vec<String>, GitError> {
        let names = self.inner.remotes().map_err(failed("list its remotes"))?;
        let names = names.iter().flatten().flatten();
        Ok(names.map(str::to_owned).collect())
    }

    /// Reads a setting of git's, of the repository or of the user.
    pub fn setting(&self, name: &str) -> Option<String> {
        let config = self.inner.config().ok()?;
        let value = config.get_string(name).ok()?;
        (!value.trim().is_empty()).then_some(value)
    }

    /// Returns when a tag was made; of one that is no object, when its commit
    /// was.
    pub fn tag_date(&self, name: &TagName) -> Result<Timestamp, GitError> {
        let act = || failed(format!("read the tag {name}"));
        let found = self.inner.find_reference(&format!("refs/tags/{name}"));
        let found = found.map_err(act())?;
        let made = match found.peel_to_tag() {
            Ok(tag) => tag.tagger().map(|tagger| tagger.when().seconds()),
            Err(_) => None,
        };
        let made = match made {
            Some(seconds) => seconds,
            None => found.peel_to_commit().map_err(act())?.time().seconds(),
        };
        Ok(Timestamp::from_unix(made))
    }
}
