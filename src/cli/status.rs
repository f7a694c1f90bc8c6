//! `status`.

use clap::Args;

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::project::Workspace;
use crate::flow::status;
use crate::report::{Answer, StatusDocument};

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct StatusArguments {}

const EXAMPLES: &str = "\
Examples:
  debcut status            each package's last and next release, and who waits for whom
  debcut status --json     the same for a dashboard

Shows what the suites of the archives in debcut.toml hold of this project. debcut
plan lists the changes, debcut doctor what stands in the way of a release.";

/// Shows where everything stands.
pub fn run(_: &StatusArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = Workspace::open(&context.directory, context.config.as_deref())?;
    let status = status::status(&workspace, &context.environment, context.now())?;
    let branch = status.branch.as_deref();
    let mut document = StatusDocument::new(&status.head, branch, &status.standings);
    for seen in &status.suites {
        document.add_suite(&seen.archive, &seen.suite, seen.generation, seen.date);
    }
    Ok(Answer::new(document).findings(status.findings).into())
}
