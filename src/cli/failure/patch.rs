//! Errors of maintenance branches.

use super::{Exit, Failure};
use crate::flow::patching::PatchingError;
use crate::sys::git::{ForwardError, LedgerError, RefsError};

impl From<PatchingError> for Failure {
    fn from(error: PatchingError) -> Self {
        let of = |exit, kind| Self::of(exit, kind, &error);
        match &error {
            PatchingError::Ledger(LedgerError::Busy { .. }) => {
                of(Exit::Outside, "moved").hint("run the same command again")
            }
            PatchingError::Ledger(LedgerError::Refs(RefsError::Moved { .. })) => {
                of(Exit::Outside, "moved").hint("run the same command again")
            }
            PatchingError::Ledger(_) => of(Exit::Outside, "git"),
            PatchingError::NoSource { .. } => of(Exit::Request, "no-branch")
                .hint("git branch --all lists them; git fetch gets new ones"),
            PatchingError::Commit(_) => of(Exit::Outside, "git")
                .hint("nothing was changed; git commit in this repository says more"),
            PatchingError::Forward(ForwardError::InTheWay { work_tree, .. }) => {
                of(Exit::Request, "work-tree-in-the-way").hint(format!(
                    "commit the changes in {} or put them aside: git stash",
                    work_tree.display()
                ))
            }
            PatchingError::Forward(_) => {
                of(Exit::Outside, "moved").hint("run the same command again")
            }
            PatchingError::Entry(_) => of(Exit::Request, "damaged-state").hint(
                "it was changed by hand, or written by a newer debcut: git log refs/debcut/patches",
            ),
        }
    }
}
