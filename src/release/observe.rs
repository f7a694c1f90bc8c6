//! The repository → [`Facts`]: one walk, bounded by the oldest release that
//! matters, for all packages at once. Writes nothing.

use super::facts::Facts;
use super::policy::Policy;
use crate::sys::git::{GitError, Repository};

/// Why there is nothing to plan with.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The repository gave no answer.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Reads what the next releases of a revision (`HEAD`) depend on.
pub fn observe(
    repository: &Repository,
    revision: &str,
    policy: &Policy,
) -> Result<Facts, ObserveError> {
    let head = repository.commit(revision)?;
    Ok(Facts {
        head: head.id,
        branch: None,
        commits: Vec::new(),
        units: policy.units.iter().map(|_| Default::default()).collect(),
        tags: Default::default(),
    })
}
