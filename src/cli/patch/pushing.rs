//! What `patch apply` gets from a remote first, and what it sends afterwards: no
//! pick goes to others in the queue that does not go there with its branch.

use super::{WriteArguments, sync};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::syncing::{self, Shared};
use crate::flow::project::Workspace;
use crate::flow::{FlowError, embargoing};
use crate::model::{BranchName, Finding};
use crate::patch::policy::Sharing;
use crate::sys::git::{PushError, may_push};

/// What goes to a remote afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Going {
    /// Nothing.
    Nothing,
    /// The queue, unless it speaks of picks that are here alone.
    Queue(String),
    /// The branch and the queue.
    Both(String),
}

/// What went.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The remote that has the branch now.
    pub pushed: Option<String>,
    /// Whether anything went.
    pub changed: bool,
    /// What is worth knowing of it.
    pub findings: Vec<Finding>,
    /// How to exit; none: as the answer says.
    pub exit: Option<Exit>,
}

/// Whether the branch is to be pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Push {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Gets what others have said and picked, before anything is picked; fails where
/// that was asked for and the remote does not answer, or an embargo refuses it.
pub(super) fn before(
    push: Push,
    onto: &BranchName,
    write: &WriteArguments,
    workspace: &Workspace,
    context: &Context<'_>,
) -> Result<Going, Failure> {
    let at_once = workspace.project.patch.sharing == Sharing::AtOnce;
    if write.dry_run || !(push == Push::Yes || write.sync || at_once) {
        return Ok(Going::Nothing);
    }
    let (repository, environment) = (&workspace.repository, &context.environment);
    let mut remote = workspace.project.release.remote.clone();
    let is_asked = push == Push::Yes || write.sync;
    if is_asked && let Some(open) = embargoing::open_remote(workspace, environment)? {
        remote = open;
    }
    match may_push(repository, environment, &remote) {
        Err(PushError::Outward(error)) if !is_asked => {
            let here = "debcut patch sync --remote REMOTE shares it with a private one";
            context.listener().note(format!("{error}; {here}"));
            return Ok(Going::Nothing);
        }
        Err(error @ PushError::Outward(_)) => {
            return Err(Failure::from(FlowError::Push(error)).hint("nothing was done"));
        }
        // Whether it is there at all is found out with what it has.
        _ => {}
    }
    let taken = syncing::take(workspace, environment, &remote, onto, context.listener());
    match taken.map_err(Failure::from) {
        Ok(_) if push == Push::Yes => Ok(Going::Both(remote)),
        Ok(_) => Ok(Going::Queue(remote)),
        Err(failure) if failure.exit != Exit::Outside => Err(failure),
        Err(mut failure) if is_asked => {
            let without = match push {
                Push::Yes => "--push",
                Push::No => "--sync",
            };
            failure.hints.clear();
            let hint =
                format!("nothing was done; without {without} it goes by what is in this clone");
            Err(failure.hint(hint))
        }
        Err(failure) => {
            let later = "it is said here alone; debcut patch sync shares it";
            context
                .listener()
                .warn(format!("{}: {later}", failure.message));
            Ok(Going::Nothing)
        }
    }
}

/// Sends what is to go. What was picked stays picked, whatever becomes of that.
pub(super) fn after(
    going: Going,
    onto: &BranchName,
    workspace: &Workspace,
    context: &Context<'_>,
) -> Result<Sent, Failure> {
    let environment = &context.environment;
    let listener = context.listener();
    let (remote, shared) = match going {
        Going::Nothing => return Ok(Sent::default()),
        Going::Queue(remote) => {
            let ledger = Ledger::read(&workspace.repository, environment)?;
            let open = syncing::unpushed(workspace, &ledger.queue, &remote)?;
            if open.iter().any(|(branch, _)| branch == onto) {
                let why = format!(
                    "the queue waits here for {onto}: {remote} is told of picks when it has them"
                );
                let fix = format!("debcut patch apply --onto {onto} --push sends both at once");
                let finding = Finding::warning("not-shared", remote.as_str(), why).fix(fix);
                return Ok(Sent {
                    findings: vec![finding],
                    ..Sent::default()
                });
            }
            let shared = syncing::sync(workspace, environment, &remote, listener);
            (remote, shared)
        }
        Going::Both(remote) => {
            let shared = syncing::send(workspace, environment, &remote, onto, listener);
            (remote, shared)
        }
    };
    match shared.map_err(Failure::from) {
        Ok(shared) => {
            listener.note(sync::text(&shared));
            let Shared {
                sent,
                branch,
                findings,
                ..
            } = shared;
            Ok(Sent {
                changed: sent > 0 || branch.is_some(),
                pushed: branch.map(|_| remote),
                findings,
                exit: None,
            })
        }
        Err(failure) => {
            let why = [vec![failure.message.clone()], failure.causes.clone()].concat();
            let message = format!("written here, not pushed: {}", why.join(": "));
            let finding = Finding::error("not-pushed", remote.as_str(), message);
            let fix = format!(
                "git fetch {remote}; where that has more of {onto}: git rebase {remote}/{onto} \
                 {onto}; then the same command again"
            );
            Ok(Sent {
                findings: vec![finding.fix(fix)],
                exit: Some(failure.exit),
                ..Sent::default()
            })
        }
    }
}
