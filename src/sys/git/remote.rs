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

    /// Returns the ref that a fetch from a remote puts one of its refs at
    /// (`remote.NAME.fetch`), where that is one of `refs/remotes/`; none: a fetch
    /// brings objects at most.
    pub fn tracking_ref(&self, remote: &str, name: &str) -> Option<String> {
        let remote = self.inner.find_remote(remote).ok()?;
        let specs = remote.refspecs();
        let fetched = specs.filter(|spec| spec.direction() == git2::Direction::Fetch);
        let mut found = fetched.filter(|spec| spec.src_matches(name));
        let place = found.find_map(|spec| spec.transform(name).ok())?;
        let place = std::str::from_utf8(&place).ok()?;
        place.starts_with("refs/remotes/").then(|| place.to_owned())
    }

    /// Returns the branch that others start from: the one that the remote's HEAD
    /// names, else the one that is checked out; none: HEAD is detached.
    pub fn main_branch(&self, remote: &str) -> Option<String> {
        let head = format!("refs/remotes/{remote}/HEAD");
        let followed = self.inner.find_reference(&head).ok();
        let followed = followed.and_then(|head| {
            let target = head.symbolic_target().ok().flatten()?.to_owned();
            let prefix = format!("refs/remotes/{remote}/");
            target.strip_prefix(&prefix).map(str::to_owned)
        });
        followed.or_else(|| {
            // An unborn branch has a name and no commit.
            let head = self.inner.find_reference("HEAD").ok()?;
            let target = head.symbolic_target().ok().flatten()?.to_owned();
            target.strip_prefix("refs/heads/").map(str::to_owned)
        })
    }
}
