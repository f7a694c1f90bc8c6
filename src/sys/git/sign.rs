//! Tag objects signed by the user's own configuration of git.

use std::path::Path;

use super::user::{UserGit, UserGitError};
use super::{Author, GitError, failed};
use crate::model::TagName;
use crate::sys::files;

/// Why no signed tag object was made.
#[derive(Debug, thiserror::Error)]
pub enum SignTagError {
    /// git, gpg or ssh-keygen refused.
    #[error(transparent)]
    User(#[from] UserGitError),
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The place where git works could not be made.
    #[error("cannot make a place for git to sign in")]
    Place(#[source] files::FileError),
    /// The same, for the directory itself.
    #[error("cannot make a directory in {}", directory.display())]
    Directory {
        /// Where.
        directory: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl UserGit<'_> {
    /// Lets `git tag -s` make a tag object (`gpg.format`, `user.signingKey`),
    /// and returns its id. No ref of the repository is touched.
    ///
    /// git has no command that makes such an object without a ref. So it works
    /// in a git directory of its own inside the repository's, which has the
    /// same configuration and stores its objects in the same place.
    pub fn sign_tag(
        &self,
        name: &TagName,
        commit: &str,
        tagger: Author<'_>,
        message: &str,
    ) -> Result<String, SignTagError> {
        let own = self.repository.own_dir();
        files::create_dir(&own).map_err(SignTagError::Place)?;
        let place = tempfile::Builder::new()
            .prefix(SIGNING)
            .tempdir_in(&own)
            .map_err(|source| SignTagError::Directory {
                directory: own.clone(),
                source,
            })?;
        self.prepare_place(place.path())
            .map_err(SignTagError::Place)?;
        let common = self.repository.inner.commondir();
        let tool = self
            .tool()
            .env("GIT_DIR", place.path())
            .env("GIT_OBJECT_DIRECTORY", common.join("objects"))
            .env("GIT_WORK_TREE", self.repository.top())
            .env("GIT_COMMITTER_NAME", tagger.name)
            .env("GIT_COMMITTER_EMAIL", tagger.email)
            .env(
                "GIT_COMMITTER_DATE",
                format!("{} +0000", tagger.date.unix()),
            )
            .args(["-c", "i18n.commitEncoding=UTF-8", "tag", "--sign"])
            .args(["--cleanup=verbatim", "--file=-", name.as_str(), commit])
            .input(message);
        self.run(&format!("sign the tag {name}"), tool)?;
        let made = git2::Repository::open_bare(place.path())
            .and_then(|made| made.refname_to_id(&format!("refs/tags/{name}")))
            .map_err(failed(format!("find the signed tag {name}")))?;
        Ok(made.to_string())
    }

    /// Removes what a killed run has left of [`sign_tag`](Self::sign_tag). Only
    /// for whoever holds debcut's lock on the repository.
    pub fn sweep_signing(&self) -> Result<(), files::FileError> {
        let own = self.repository.own_dir();
        let found = std::fs::read_dir(&own).map_err(files::failed("read", &own))?;
        for entry in found.flatten() {
            if entry.file_name().to_string_lossy().starts_with(SIGNING) {
                files::remove_tree(&entry.path())?;
            }
        }
        Ok(())
    }

    fn prepare_place(&self, place: &Path) -> Result<(), files::FileError> {
        let inner = &self.repository.inner;
        let mut config = String::new();
        // The work tree's own configuration goes last, as git reads it.
        for path in [
            inner.commondir().join("config"),
            inner.path().join("config.worktree"),
        ] {
            if path.is_file() {
                let path = path.to_string_lossy();
                let path = path.replace('\\', "\\\\").replace('"', "\\\"");
                config += &format!("[include]\n\tpath = \"{path}\"\n");
            }
        }
        files::create_dir(&place.join("refs"))?;
        files::create_dir(&place.join("objects"))?;
        let write = |name, text: &str| {
            files::replace(&place.join(name), text.as_bytes(), files::Access::Private)
        };
        write("HEAD", "ref: refs/heads/none\n")?;
        write("config", &config)
    }
}

/// How the names of those directories begin; a kill may leave one.
const SIGNING: &str = "signing-";
