//! The git repository: tags, commits and trees, read through libgit2.
//!
//! A ref is resolved once; everything after that goes by object id, so that a
//! tag moved meanwhile changes nothing.

mod cherry;
mod condition;
mod export;
mod fetch;
mod history;
mod landed;
mod ledger;
mod merge;
mod objects;
mod patch_id;
mod pick;
mod picked;
mod refs;
mod remote;
mod survey;
mod tag;
mod text;
mod tree_change;
mod write;

mod commit;
mod denied;
mod embargo;
mod follow;
mod forge;
mod lock;
mod push;
mod ref_update;
mod resolving;
#[cfg(test)]
pub(crate) mod scratch;
mod sign;
mod user;
mod work_tree;

use std::path::{Path, PathBuf};

use crate::model::{TagName, Timestamp};

pub use cherry::{NewPick, Signs, picked_message};
pub use condition::{Substitutes, Substitution};
pub use export::{ExportChanges, Exported, TreeEntry, TreeEntryKind};
pub use fetch::{FetchError, fetch, remote_ref, remote_refs, remote_refs_of};
pub use history::UnifiedDiff;
pub use landed::Landed;
pub use ledger::{Joined, LedgerError, kept};
pub use merge::ForwardError;
pub use objects::{CommitObject, Descend, Difference, Item, ObjectId, Objects};
pub use pick::{Grafted, Picking, Step};
pub use picked::{Missing, TooFar, picks};
pub use survey::{Branch, Underway, Upstream};
pub use tag::{Tag, TagKind, tag_object};
pub use tree_change::TreeChange;
pub use write::{Author, NewFile};

pub use commit::{CommitError, FileKind, NewCommit, PlacedBlob};
pub use denied::is_denial;
pub use embargo::alternates;
pub use follow::{FollowError, Following};
pub(in crate::sys) use forge::host_and_path;
pub use forge::{ForgeCommand, forge_command};
pub use push::{Arrival, PushError, Pushed, may_push, push, push_address, push_places, try_push};
pub use ref_update::{BranchPlace, RefUpdate, RefsError, is_branch_name};
pub use resolving::{Resolution, ResolveError};
pub use sign::SignTagError;
pub use user::{UserGit, UserGitError};
pub use work_tree::{IndexChange, IndexEntry};

/// Why the repository gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No repository at or above the directory.
    #[error("{} is not inside a git repository", directory.display())]
    NoRepository {
        /// Where the search began.
        directory: PathBuf,
    },
    /// A repository of a kind that libgit2 does not read.
    #[error("the repository {} is of a kind that debcut cannot read yet: {feature}", path.display())]
    Unsupported {
        /// The repository.
        path: PathBuf,
        /// What libgit2 does not know of it.
        feature: String,
    },
    /// A repository of another user's, which git does not trust.
    #[error("the repository {} belongs to another user, and git is not told to trust it", path.display())]
    ForeignRepository {
        /// The repository.
        path: PathBuf,
    },
    /// There is no tag of this name.
    #[error("there is no tag “{name}”{}", nearest.as_ref().map(|n| format!("; the nearest is “{n}”")).unwrap_or_default())]
    NoTag {
        /// The name that was asked for.
        name: String,
        /// The most similar name that exists.
        nearest: Option<String>,
    },
    /// A tag object that is stored under another name than its own.
    #[error(
        "the ref “{wanted}” points at the tag object “{own}”: a tag renamed to pass for another"
    )]
    RenamedTag {
        /// The ref's name.
        wanted: String,
        /// The name written inside the tag object.
        own: String,
    },
    /// A revision that names nothing or no commit.
    #[error("“{revision}” names no commit of this repository")]
    NoCommit {
        /// The revision as it was given.
        revision: String,
    },
    /// The branch has no commit yet.
    #[error("the branch “{branch}” has no commit yet")]
    Unborn {
        /// The branch, without `refs/heads/`.
        branch: String,
    },
    /// A shallow clone ends inside what would have to be read.
    #[error("the clone is shallow: its history ends at {commit}, before what is asked for")]
    Shallow {
        /// The last commit that is there.
        commit: String,
    },
    /// A commit of what would have to be read is not what others see: it is
    /// replaced or grafted in this clone alone.
    #[error("the commit {commit} is {how} in this clone, so that others see another history")]
    Substituted {
        /// The commit.
        commit: String,
        /// By which of git's two ways.
        how: Substitution,
    },
    /// An object is not in this repository.
    #[error("the object {id} is missing{}", partial.as_ref().map(|from| format!(": the clone is partial, and “{from}” has the rest")).unwrap_or_default())]
    MissingObject {
        /// The object's id in hexadecimal.
        id: String,
        /// The remote that a partial clone left objects at; none: the clone is
        /// whole, and the repository is damaged.
        partial: Option<String>,
    },
    /// An object is not what git stores.
    #[error("the object {id} is damaged: {why}")]
    BrokenObject {
        /// The object's id in hexadecimal.
        id: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A tree holds something that cannot be written to a directory.
    #[error("the tree holds {path:?}, {why}")]
    Unexportable {
        /// The entry's path.
        path: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// A file of an export could not be written.
    #[error(transparent)]
    Write(#[from] crate::sys::files::FileError),
    /// Anything else that libgit2 says.
    #[error("git: cannot {action}")]
    Git {
        /// What was tried.
        action: String,
        /// What libgit2 said.
        #[source]
        source: git2::Error,
    },
}

fn failed(action: impl Into<String>) -> impl FnOnce(git2::Error) -> GitError {
    let action = action.into();
    move |source| GitError::Git { action, source }
}

/// Tells a repository that libgit2 does not read from one that is broken; it
/// has no code of its own for that (repository.c: `check_valid_extension`,
/// `load_objectformat`, `check_repositoryformatversion`).
fn is_unsupported(error: &git2::Error) -> bool {
    let unknown = ["extension", "object format", "repository version"];
    error.class() == git2::ErrorClass::Repository
        && unknown.iter().any(|part| error.message().contains(part))
}

/// A commit, with what a build wants to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The commit's object id in hexadecimal.
    pub id: String,
    /// Its tree's object id in hexadecimal.
    pub tree: String,
    /// When it was committed.
    pub committed: Timestamp,
    /// The first line of its message.
    pub subject: String,
}

/// An open repository.
pub struct Repository {
    inner: git2::Repository,
}

impl Repository {
    /// Opens the repository that `directory` is in.
    pub fn discover(directory: &Path) -> Result<Self, GitError> {
        match git2::Repository::discover(directory) {
            Ok(inner) => Ok(Self { inner }),
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                Err(GitError::NoRepository {
                    directory: directory.to_owned(),
                })
            }
            Err(error) if is_unsupported(&error) => Err(GitError::Unsupported {
                path: directory.to_owned(),
                feature: error.message().to_owned(),
            }),
            Err(error) if error.code() == git2::ErrorCode::Owner => {
                Err(GitError::ForeignRepository {
                    path: directory.to_owned(),
                })
            }
            Err(error) => Err(failed(format!("open {}", directory.display()))(error)),
        }
    }

    /// Returns the top of the work tree; the repository itself if it is bare.
    pub fn top(&self) -> &Path {
        self.inner.workdir().unwrap_or_else(|| self.inner.path())
    }

    /// Returns where debcut keeps its own notes: `debcut/` in the directory
    /// that all work trees of the repository share.
    pub fn own_dir(&self) -> PathBuf {
        self.inner.commondir().join("debcut")
    }

    /// Returns where [`Repository::own_dir`] is for a directory; none outside a
    /// repository. It asks nothing of the repository: also one that debcut
    /// cannot read, or that belongs to somebody else, has that place.
    pub fn own_dir_at(directory: &Path) -> Option<PathBuf> {
        let nothing: [&Path; 0] = [];
        let git = git2::Repository::discover_path(directory, nothing).ok()?;
        // gitrepository-layout(5): what a linked work tree shares is there.
        let common = std::fs::read_to_string(git.join("commondir")).ok();
        let common = common.map(|path| git.join(path.trim_end()));
        let common = common.unwrap_or(git);
        Some(common.canonicalize().unwrap_or(common).join("debcut"))
    }

    /// Lists the changed and untracked files of the work tree, by path.
    pub fn dirty(&self) -> Result<Vec<String>, GitError> {
        if self.inner.is_bare() {
            return Ok(Vec::new());
        }
        let mut options = git2::StatusOptions::new();
        options.include_untracked(true).exclude_submodules(true);
        let found = self
            .inner
            .statuses(Some(&mut options))
            .map_err(failed("read its status"))?;
        let path =
            |entry: git2::StatusEntry<'_>| String::from_utf8_lossy(entry.path_bytes()).into_owned();
        Ok(found.iter().map(path).collect())
    }

    /// Lists all tags by name.
    pub fn tag_names(&self) -> Result<Vec<TagName>, GitError> {
        let names = self
            .inner
            .tag_names(None)
            .map_err(failed("list its tags"))?;
        Ok(names
            .iter()
            .flatten()
            .flatten()
            .filter_map(|name| TagName::new(name).ok())
            .collect())
    }

    /// Lists the tags that point at the commit HEAD is on, by name.
    pub fn tags_at_head(&self) -> Result<Vec<TagName>, GitError> {
        let Ok(head) = self.commit("HEAD") else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for name in self.tag_names()? {
            if self
                .commit(&format!("refs/tags/{name}"))
                .is_ok_and(|at| at.id == head.id)
            {
                found.push(name);
            }
        }
        Ok(found)
    }

    /// Resolves a revision (`HEAD`, `main~2`, an id) to a commit.
    pub fn commit(&self, revision: &str) -> Result<Commit, GitError> {
        let none = |_| GitError::NoCommit {
            revision: revision.to_owned(),
        };
        let object = match self.inner.revparse_single(revision) {
            Ok(object) => object,
            Err(error) => return Err(self.unborn().unwrap_or_else(|| none(error))),
        };
        let commit = object.peel_to_commit().map_err(none)?;
        Ok(Commit {
            id: commit.id().to_string(),
            tree: commit.tree_id().to_string(),
            committed: Timestamp::from_unix(commit.time().seconds()),
            subject: text::utf8(
                commit.summary_bytes().unwrap_or_default(),
                &text::encoding(&commit),
            ),
        })
    }

    /// Reads a file of a tree; `None` when the tree has no such file.
    pub fn file(&self, tree: &str, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let tree = self.tree(tree)?;
        let entry = match tree.get_path(Path::new(path)) {
            Ok(entry) => entry,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(failed(format!("look up {path}"))(error)),
        };
        if entry.kind() != Some(git2::ObjectType::Blob) {
            return Ok(None);
        }
        let blob = self
            .inner
            .find_blob(entry.id())
            .map_err(failed(format!("read {path}")))?;
        Ok(Some(blob.content().to_vec()))
    }

    /// Returns the tree of a directory of a tree, where it has that directory;
    /// the empty path is the tree.
    pub fn subtree(&self, tree: &str, path: &str) -> Result<Option<String>, GitError> {
        if path.is_empty() {
            return Ok(Some(tree.to_owned()));
        }
        match self.tree(tree)?.get_path(Path::new(path)) {
            Ok(entry) => {
                Ok((entry.kind() == Some(git2::ObjectType::Tree)).then(|| entry.id().to_string()))
            }
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => {
                let action = format!("find the directory {path} in the tree {tree}");
                Err(failed(action)(error))
            }
        }
    }

    fn tree(&self, id: &str) -> Result<git2::Tree<'_>, GitError> {
        let action = || failed(format!("read the tree {id}"));
        let id = git2::Oid::from_str(id).map_err(action())?;
        self.inner.find_tree(id).map_err(action())
    }

    /// Returns `user.name` and `user.email` as git is configured at
    /// `directory`: by the repository it is in, else by the user.
    pub fn user_at(directory: &Path) -> (Option<String>, Option<String>) {
        let config = match Self::discover(directory) {
            Ok(repository) => repository.inner.config(),
            Err(_) => git2::Config::open_default(),
        };
        // A name that cannot be read is a name that was not given.
        let config = config.ok();
        let get = |name: &str| config.as_ref().and_then(|c| c.get_string(name).ok());
        let filled = |text: &String| !text.trim().is_empty();
        (
            get("user.name").filter(filled),
            get("user.email").filter(filled),
        )
    }
}
