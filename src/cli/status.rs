//! `status`.

use std::path::PathBuf;

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::rolling::shelf::has_ended;
use crate::flow::status;
use crate::report::rollout::{Picture, remarks};
use crate::report::{Answer, StatusDocument};
use crate::rollout::plan;

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct StatusArguments {
    /// Where journals of rollouts are [default: debcut/rollouts below $XDG_STATE_HOME]
    #[arg(long, value_name = "DIR", env = "DEBCUT_STATE", hide_env = true)]
    state: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  debcut status            each package's last and next release, and who waits for whom
  debcut status --json     the same for a dashboard

Shows what the suites of the archives in debcut.toml hold of this project, what each
ring has by the journals of rollouts, and where open rollouts are: ring, soak, what
happens next. debcut plan lists the changes, debcut doctor what stands in the way of a
release, debcut rollout status the whole of a rollout.";

/// Shows where everything stands.
pub fn run(arguments: &StatusArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = context.workspace()?;
    let state = arguments.state.as_ref().map(|path| context.path(path));
    let now = context.now();
    let mut status = status::status(&workspace, state, &context.environment, now)?;
    let branch = status.branch.as_deref();
    let mut document = StatusDocument::new(&status.head, branch, &status.standings);
    for seen in &status.suites {
        document.add_suite(&seen.archive, &seen.suite, seen.generation, seen.date);
    }
    // The newest that a ring took is what it has.
    status
        .rollouts
        .sort_by_key(|(rollout, _)| (rollout.planned, rollout.id.attempt));
    for (rollout, entries) in &status.rollouts {
        document.add_rings(rollout);
        if !has_ended(&rollout.phase) {
            let next = plan::next(rollout, now);
            document.add_rollout(Picture::new(rollout, entries, &next, now));
            status.findings.extend(remarks(rollout));
        }
    }
    Ok(Answer::new(document).findings(status.findings).into())
}
