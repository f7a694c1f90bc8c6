//! Errors of maintenance branches.

use super::{Exit, Failure};
use crate::flow::patching::PatchingError;
use crate::sys::git::{FetchError, ForwardError, LedgerError, RefsError};

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
            PatchingError::NoBranch { nearest, .. } => {
                let failure = of(Exit::Request, "no-branch");
                match nearest {
                    Some(nearest) => failure.hint(format!("did you mean {nearest}?")),
                    None => failure.hint("git branch --all lists them; git fetch gets new ones"),
                }
            }
            PatchingError::Which(_) => of(Exit::Request, "no-request")
                .hint("debcut patch list shows them; the beginning of a name is enough"),
            PatchingError::NoCommits(_) => of(Exit::Request, "no-commits")
                .hint("git log shows what is there; a range A..B leaves out A"),
            PatchingError::NoPullRequest {
                number,
                main,
                remote,
                ..
            } => {
                let failure = of(Exit::Request, "no-pull-request");
                let failure = match main {
                    Some(main) => failure.hint(format!(
                        "no commit that only {main} has ends in (#{number}) or is its merge; git fetch first, or name a commit"
                    )),
                    None => failure.hint("git fetch first, or name a commit"),
                };
                failure.hint(format!(
                    "for one that is open: git fetch {remote} refs/pull/{number}/head:refs/pull/{number}/head"
                ))
            }
            PatchingError::Fetch(FetchError::NoRemote { remote }) => {
                of(Exit::Request, "no-remote").hint(format!("git remote add {remote} URL"))
            }
            PatchingError::Fetch(FetchError::Unreached { .. }) => of(Exit::Outside, "fetch")
                .hint("what was said is in this clone; debcut patch sync shares it later"),
            PatchingError::Refs(_) => of(Exit::Outside, "moved").hint("run the same command again"),
            PatchingError::NoId(_) => of(Exit::Request, "invalid-id"),
            PatchingError::Template(_) => {
                of(Exit::Request, "invalid-template").hint("[patch] template in debcut.toml")
            }
        }
    }
}
