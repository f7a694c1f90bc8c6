//! The work tree and the index, file by file, by git's own rules: filters and
//! line ends of `.gitattributes`, sparse checkouts, an index with extensions.

use std::path::{Path, PathBuf};

use super::user::{UserGit, UserGitError, line};
use super::{GitError, PlacedBlob, Repository, failed};

/// What the index holds of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexEntry {
    /// Nothing.
    None,
    /// A blob.
    Blob {
        /// Its object id.
        id: String,
        /// Whether the work tree leaves it out (a sparse checkout).
        skipped: bool,
    },
    /// A conflict, or something that is no file.
    Other,
}

/// A path of the index that is to be put at a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexChange {
    /// The path with its new blob.
    pub placed: PlacedBlob,
    /// Whether the work tree goes on leaving it out.
    pub skipped: bool,
}

impl Repository {
    /// Returns the file that a git which writes this work tree's index holds.
    pub fn index_lock(&self) -> PathBuf {
        self.inner.path().join("index.lock")
    }

    /// Returns the work tree's own git directory.
    pub fn own_git_dir(&self) -> PathBuf {
        self.inner.path().to_owned()
    }

    /// Tells whether a path differs between HEAD, the index and the work tree,
    /// or is there untracked or ignored.
    pub fn differs(&self, path: &str) -> Result<bool, GitError> {
        match self.inner.status_file(Path::new(path)) {
            Ok(status) => Ok(status != git2::Status::CURRENT),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(false),
            // A directory stands in its place.
            Err(error) if error.code() == git2::ErrorCode::Ambiguous => Ok(true),
            Err(error) => Err(failed(format!("read the state of {path}"))(error)),
        }
    }

    /// Tells whether it has no work tree.
    pub fn is_bare(&self) -> bool {
        self.inner.is_bare()
    }
}

impl UserGit<'_> {
    /// Returns what a checkout writes into the work tree for a blob.
    pub fn smudged(&self, path: &str, blob: &str) -> Result<Vec<u8>, UserGitError> {
        let tool = self.tool().args(["cat-file", "--filters"]);
        let tool = tool.arg(format!("--path={path}")).arg(blob);
        let action = format!("filter {path} for the work tree");
        Ok(self.run(&action, tool)?.stdout)
    }

    /// Returns the id of the blob that `git add` would make of a content.
    pub fn cleaned_id(&self, path: &str, content: &[u8]) -> Result<String, UserGitError> {
        let tool = self.tool().args(["hash-object", "--stdin"]);
        let tool = tool.arg(format!("--path={path}")).input(content);
        let action = format!("filter {path} of the work tree");
        Ok(line(&self.run(&action, tool)?))
    }

    /// Reads what the index holds of a path.
    pub fn index_entry(&self, path: &str) -> Result<IndexEntry, UserGitError> {
        let tool = self
            .tool()
            .args(["ls-files", "--stage", "-t", "-z", "--", path]);
        let output = self.run("read the index", tool)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut found = text.split_terminator('\0');
        let (Some(first), None) = (found.next(), found.next()) else {
            return Ok(if text.is_empty() {
                IndexEntry::None
            } else {
                IndexEntry::Other
            });
        };
        // `H 100644 ID 0<tab>PATH`
        let words: Vec<&str> = first.split(['\t', ' ']).collect();
        Ok(match words[..] {
            [tag, "100644" | "100755", id, "0", ..] if first.ends_with(&format!("\t{path}")) => {
                IndexEntry::Blob {
                    id: id.to_owned(),
                    skipped: tag == "S",
                }
            }
            _ => IndexEntry::Other,
        })
    }

    /// Puts some paths of the index at other blobs, and leaves the rest of it
    /// as it is.
    pub fn update_index(&self, changes: &[IndexChange]) -> Result<(), UserGitError> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut input = String::new();
        for IndexChange { placed, .. } in changes {
            let mode = if placed.executable {
                "100755"
            } else {
                "100644"
            };
            input += &format!("{mode} {}\t{}\0", placed.blob, placed.path);
        }
        let tool = self.tool().args(["update-index", "-z", "--index-info"]);
        self.run("write the index", tool.input(input))?;
        let skipped = changes.iter().filter(|change| change.skipped);
        let skipped: Vec<&str> = skipped.map(|change| change.placed.path.as_str()).collect();
        if !skipped.is_empty() {
            let tool = self.tool().args(["update-index", "--skip-worktree", "--"]);
            self.run("write the index", tool.args(skipped))?;
        }
        // Only saves the next `git status` from reading the files again; it
        // ends with 1 when anything at all is changed.
        let _ = self
            .tool()
            .args(["update-index", "-q", "--refresh"])
            .finish();
        Ok(())
    }
}
