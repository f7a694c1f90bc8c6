//! Errors of maintenance branches.

use super::{Exit, Failure};
use crate::flow::patching::PatchingError;
use crate::sys::git::{LedgerError, RefsError};

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
            PatchingError::Entry(_) => of(Exit::Request, "damaged-state").hint(
                "it was changed by hand, or written by a newer debcut: git log refs/debcut/patches",
            ),
        }
    }
}
