//! The repositories that this one fetches from and pushes to.

use super::{GitError, Repository, failed};

impl Repository {
    /// Returns the URL of a remote as it is configured; none if there is no such
    /// remote.
    pub fn remote_url(&self, name: &str) -> Result<Option<String>, GitError> {
        let remote = match self.inner.find_remote(name) {
            Ok(remote) => remote,
            Err(error)
                if matches!(
                    error.code(),
                    git2::ErrorCode::NotFound | git2::ErrorCode::InvalidSpec
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(failed(format!("read its remote {name}"))(error)),
        };
        Ok(remote.url().ok().map(str::to_owned))
    }
}
