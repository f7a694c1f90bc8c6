//! How verbs write to the ledger: what they share, and how they answer.

use clap::Args;
use serde::Serialize;

use super::sync;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::Sha256;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// It is not.
    No,
    /// It is, and the remote answers.
    Yes,
    /// It would be, but the remote does not answer.
    Later,
}

/// Gets what others have said, before anything is decided that they might have
/// decided otherwise. Where `--sync` asks for it a remote that does not answer,
/// or that an embargo refuses, stops everything; where the configuration does,
/// it is only told.
pub(super) fn before(
    write: &WriteArguments,
    workspace: &Workspace,
    context: &Context<'_>,
) -> Result<Share, Failure> {
    let at_once = workspace.project.patch.sharing == Sharing::AtOnce;
    if write.dry_run || !(write.sync || at_once) {
        return Ok(Share::No);
    }
    let remote = &workspace.project.release.remote;
    let (repository, environment) = (&workspace.repository, &context.environment);
    match may_push(repository, environment, remote) {
        Err(PushError::Outward(error)) if !write.sync => {
            let here = "debcut patch sync --remote REMOTE shares it with a private one";
            context.listener().note(format!("{error}; {here}"));
            return Ok(Share::No);
        }
        Err(error @ PushError::Outward(_)) => return Err(FlowError::Push(error).into()),
        // Whether it is there at all is found out with what it has.
        _ => {}
    }
    match sync::shared(workspace, remote, context) {
        Ok(_) => Ok(Share::Yes),
        Err(failure) if write.sync || failure.exit != Exit::Outside => Err(failure),
        Err(failure) => {
            let later = "it is said here alone; debcut patch sync shares it";
            context
                .listener()
                .warn(format!("{}: {later}", failure.message));
            Ok(Share::Later)
        }
    }
}

/// Shares what was written. It stays written, whatever becomes of that.
pub(super) fn after(
    share: Share,
    answer: Answer,
    workspace: &Workspace,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    if share != Share::Yes {
        return Ok(answer.into());
    }
    let remote = &workspace.project.release.remote;
    let shared = sync::shared(workspace, remote, context)?;
    context.listener().note(sync::text(&shared));
    Ok(answer.findings(shared.findings).into())
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
