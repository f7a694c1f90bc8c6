//! New repositories and commits, made of bytes in memory.

use std::path::Path;

use super::{GitError, Repository, failed};
use crate::model::Timestamp;

/// A file of a new commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile<'a> {
    /// Its path from the top, with `/`.
    pub path: &'a str,
    /// What is in it.
    pub content: &'a str,
    /// Whether git's executable bit is set.
    pub executable: bool,
}

/// Who makes a commit, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author<'a> {
    /// The name.
    pub name: &'a str,
    /// The address.
    pub email: &'a str,
    /// The moment.
    pub date: Timestamp,
}

impl Repository {
    /// Makes an empty repository with the branch `main`.
    pub fn init(directory: &Path) -> Result<Self, GitError> {
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        let inner = git2::Repository::init_opts(directory, &options);
        let inner = inner.map_err(failed(format!("create {}", directory.display())))?;
        Ok(Self { inner })
    }

    /// Commits files on top of HEAD, whose other files stay, and writes them
    /// into the work tree.
    pub fn commit_files(
        &self,
        author: Author<'_>,
        message: &str,
        files: &[NewFile<'_>],
    ) -> Result<String, GitError> {
        let act = || failed("commit");
        let parent = match self.inner.head() {
            Ok(head) => Some(head.peel_to_commit().map_err(act())?),
            Err(_) => None,
        };
        let mut index = self.inner.index().map_err(act())?;
        for file in files {
            let id = self.inner.blob(file.content.as_bytes()).map_err(act())?;
            let mode = if file.executable { 0o100755 } else { 0o100644 };
            let entry = git2::IndexEntry {
                ctime: git2::IndexTime::new(0, 0),
                mtime: git2::IndexTime::new(0, 0),
                dev: 0,
                ino: 0,
                mode,
                uid: 0,
                gid: 0,
                file_size: 0,
                id,
                flags: 0,
                flags_extended: 0,
                path: file.path.as_bytes().to_vec(),
            };
            index.add(&entry).map_err(act())?;
        }
        index.write().map_err(act())?;
        let tree = index.write_tree().map_err(act())?;
        let tree = self.inner.find_tree(tree).map_err(act())?;
        let time = git2::Time::new(author.date.unix(), 0);
        let signature = git2::Signature::new(author.name, author.email, &time).map_err(act())?;
        let parents: Vec<_> = parent.iter().collect();
        let id = self
            .inner
            .commit(
                Some("HEAD"),
                &signature,
                &signature,
                message,
                &tree,
                &parents,
            )
            .map_err(act())?;
        let mut checkout = git2::build::CheckoutBuilder::new();
        self.inner
            .checkout_head(Some(checkout.force()))
            .map_err(act())?;
        Ok(id.to_string())
    }
}
