//! Errors of maintenance branches.

use super::{Exit, Failure};
use crate::flow::patching::PatchingError;
use crate::flow::patching::applying::ApplyError;
use crate::sys::git::{FetchError, ForwardError, LedgerError, RefsError, ResolveError};

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
            PatchingError::Fetch(FetchError::NoRemote { remote, known }) => {
                of(Exit::Request, "no-remote").hint(super::release::no_remote(remote, known))
            }
            PatchingError::Fetch(FetchError::Unreached { .. }) => of(Exit::Outside, "fetch")
                .hint("what was said before is in this clone; debcut patch sync shares it later"),
            PatchingError::Unshared(_) => of(Exit::Outside, "push-rejected")
                .hint("what was said is in this clone; debcut patch sync tries it again")
                .hint("the remote must let you push to refs/debcut/patches"),
            PatchingError::Outrun { .. } => of(Exit::Outside, "moved")
                .hint("what was said is in this clone; debcut patch sync tries it again"),
            PatchingError::Refs(RefsError::Moved { .. }) => {
                of(Exit::Outside, "moved").hint("run the same command again")
            }
            PatchingError::Refs(_) => of(Exit::Outside, "git"),
            PatchingError::Apply(error) => apply(error),
            PatchingError::Forging(error) => super::forge::forging(error),
            PatchingError::Green(_) => of(Exit::Outside, "green")
                .hint("--require-green COMMAND, or [patch] require-green in debcut.toml"),
            PatchingError::NoMain => {
                of(Exit::Request, "no-main-branch").hint("set [patch] main in debcut.toml")
            }
            PatchingError::NoId(_) => of(Exit::Request, "invalid-id"),
            PatchingError::Template(_) => {
                of(Exit::Request, "invalid-template").hint("[patch] template in debcut.toml")
            }
        }
    }
}

fn apply(error: &ApplyError) -> Failure {
    let of = |exit, kind| Failure::of(exit, kind, error);
    match error {
        ApplyError::Busy { .. } => of(Exit::Outside, "busy")
            .hint("wait until the other one is done, then run the same command again"),
        ApplyError::IndexLocked { path } => of(Exit::Outside, "index-locked").hint(format!(
            "wait until the other git is done; if none runs: rm {}",
            path.display()
        )),
        ApplyError::NothingStopped => {
            of(Exit::Request, "nothing-stopped").hint("debcut patch apply --onto BRANCH begins one")
        }
        ApplyError::Journal { path, .. } => of(Exit::Request, "damaged-state").hint(format!(
            "nothing is lost with it but resolutions of conflicts: rm {}",
            path.display()
        )),
        ApplyError::Behind { .. } => of(Exit::Stopped, "work-tree-behind")
            .hint("git stash there, then run the same command again"),
        ApplyError::Moved { .. } | ApplyError::Refs(RefsError::Moved { .. }) => {
            of(Exit::Outside, "moved").hint("run the same command again")
        }
        ApplyError::Resolve(ResolveError::Taken { .. }) => {
            of(Exit::Request, "taken").hint("name another directory, or remove this one")
        }
        ApplyError::Commit(_) => of(Exit::Request, "not-signed")
            .hint("git config commit.gpgSign and user.signingKey say how commits are signed"),
        _ => of(Exit::Outside, "git"),
    }
}
