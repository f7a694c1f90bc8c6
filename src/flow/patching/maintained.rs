//! The maintenance branches of a repository.

use std::collections::BTreeMap;

use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::BranchName;
use crate::release::Policy;
use crate::release::plan::hotfix;

/// A maintenance branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintained {
    /// Its name.
    pub name: BranchName,
    /// Its newest commit: of the local branch, else of the remote's.
    pub commit: String,
}

/// Lists the branches whose names are those of maintenance branches, by name;
/// one that is local and the remote's is the local one.
pub fn maintained(
    workspace: &Workspace,
    policy: &Policy,
) -> Result<BTreeMap<String, Maintained>, FlowError> {
    let mut found = BTreeMap::new();
    let remote = policy.remote.as_str();
    let patterns = &policy.maintenance;
    for branch in workspace.repository.branches()? {
        let own = branch.remote.as_deref().is_none_or(|name| name == remote);
        let short = branch.short().to_owned();
        let kept = hotfix::line_of(&short, patterns).is_some()
            || hotfix::branch_of(&short, patterns).is_some();
        // Local ones come first.
        if !own || !kept || found.contains_key(&short) {
            continue;
        }
        if let Ok(name) = BranchName::new(short.clone()) {
            let commit = branch.commit.to_string();
            found.insert(short, Maintained { name, commit });
        }
    }
    Ok(found)
}
