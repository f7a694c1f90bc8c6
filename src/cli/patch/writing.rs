//! How verbs write to the ledger: what they share, and how they answer.

use clap::Args;
use serde::Serialize;

use super::sync;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::flow::project::Workspace;
use crate::flow::{FlowError, embargoing};
use crate::model::{Finding, Sha256};
use crate::patch::policy::Sharing;
use crate::report::Answer;
use crate::sys::git::{PushError, may_push};

/// How a verb writes to the ledger.
#[derive(Debug, Clone, Args)]
pub(super) struct WriteArguments {
    /// Print what would be written down and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Share the queue with the remote at once, as patch sync does
    #[arg(long, conflicts_with = "dry_run")]
    pub sync: bool,
}

/// Whether what is written is shared, as it turned out before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Share {
    /// It is not.
    No,
    /// It is, with this remote, which answers.
    Yes(String),
    /// It would be, but the remote does not answer.
    Later,
    /// It is to be, and the remote does not answer: for this reason.
    Owed(Box<Failure>),
}

impl Share {
    /// Fails where it is owed: for what is not a word alone, that would be done
    /// without knowing what others have said.
    pub(super) fn or_stop(self) -> Result<Self, Failure> {
        match self {
            Self::Owed(failure) => {
                let mut failure = *failure;
                failure.hints.clear();
                Err(failure
                    .hint("nothing was done; without --sync it goes by what is in this clone"))
            }
            other => Ok(other),
        }
    }
}

/// Gets what others have said, before anything is decided that they might have
/// decided otherwise. A remote that does not answer keeps nobody from saying
/// something here: where `--sync` asks for it, it is owed ([`after`] says so);
/// where the configuration does, it is only told. Where an embargo refuses it,
/// `--sync` means a private one; without any it stops.
pub(super) fn before(
    write: &WriteArguments,
    workspace: &Workspace,
    context: &Context<'_>,
) -> Result<Share, Failure> {
    let at_once = workspace.project.patch.sharing == Sharing::AtOnce;
    if write.dry_run || !(write.sync || at_once) {
        return Ok(Share::No);
    }
    let mut remote = workspace.project.release.remote.clone();
    let (repository, environment) = (&workspace.repository, &context.environment);
    match may_push(repository, environment, &remote) {
        Err(PushError::Outward(error)) if !write.sync => {
            let here = "debcut patch sync --remote REMOTE shares it with a private one";
            context.listener().note(format!("{error}; {here}"));
            return Ok(Share::No);
        }
        Err(error @ PushError::Outward(_)) => {
            match embargoing::open_remote(workspace, environment)? {
                Some(open) => remote = open,
                None => return Err(unwritten(FlowError::Push(error).into())),
            }
        }
        // Whether it is there at all is found out with what it has.
        _ => {}
    }
    match sync::shared(workspace, &remote, context) {
        Ok(_) => Ok(Share::Yes(remote)),
        Err(failure) if failure.exit != Exit::Outside && write.sync => Err(unwritten(failure)),
        Err(failure) if failure.exit != Exit::Outside => {
            Err(failure.hint("nothing was written; without [patch] sync = true it is"))
        }
        Err(failure) if write.sync => {
            let here = "it is judged by what is in this clone";
            context
                .listener()
                .warn(format!("{}: {here}", failure.message));
            Ok(Share::Owed(Box::new(failure)))
        }
        Err(failure) => {
            let later = "it is said here alone; debcut patch sync shares it";
            context
                .listener()
                .warn(format!("{}: {later}", failure.message));
            Ok(Share::Later)
        }
    }
}

/// Says that a request was wrong before anything was said.
fn unwritten(failure: Failure) -> Failure {
    failure.hint(
        "nothing was written; without --sync it is, and debcut patch sync --remote REMOTE shares it",
    )
}

/// Shares what was written. It stays written, whatever becomes of that: where
/// `--sync` asked for it, what is not shared is a finding, and the exit says why.
pub(super) fn after(
    share: Share,
    answer: Answer,
    workspace: &Workspace,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let usual = workspace.project.release.remote.clone();
    let (remote, shared) = match share {
        Share::No | Share::Later => return Ok(answer.into()),
        Share::Owed(failure) => (usual, Err(*failure)),
        Share::Yes(remote) => {
            let shared = sync::shared(workspace, &remote, context);
            (remote, shared)
        }
    };
    match shared {
        Ok(shared) => {
            context.listener().note(sync::text(&shared));
            Ok(answer.findings(shared.findings).into())
        }
        Err(failure) => {
            let finding = unshared(&remote, &failure);
            Ok(Said::Judged(answer.findings([finding]), failure.exit))
        }
    }
}

/// Says that what was written is in this clone alone.
fn unshared(remote: &str, failure: &Failure) -> Finding {
    let why = [vec![failure.message.clone()], failure.causes.clone()].concat();
    let message = format!("written here, not shared yet: {}", why.join(": "));
    let finding = Finding::error("not-shared", remote, message);
    finding.fix("debcut patch sync shares it, when the remote answers")
}

/// Answers with a no: nothing was written, nor would be.
pub(super) fn refused(answer: Answer, write: &WriteArguments) -> Said {
    match write.dry_run {
        true => answer.no_plan().into(),
        false => answer.changed(false).into(),
    }
}

/// Answers with what would be written.
pub(super) fn planned(answer: Answer, plan: &impl Serialize) -> Said {
    let plan = serde_json::to_vec(plan).expect("what is written has string keys");
    answer.dry_run(Sha256::of(&plan)).into()
}
