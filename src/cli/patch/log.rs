//! `patch log`.

use clap::Args;

use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::PatchingError;
use crate::flow::patching::ledger::Ledger;
use crate::model::BranchName;
use crate::report::Answer;
use crate::report::patch::{LogDocument, about, branch_of};

/// Arguments of `patch log`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch log                       everything, the oldest first
  debcut patch log 3fa9c1                what was said of one request
  debcut patch log --onto release-1.12 --json

The entries are files of the commits of refs/debcut/patches, each named by its
SHA-256; git log refs/debcut/patches shows who wrote them from where.")]
pub struct LogArguments {
    /// The request, by its name or the beginning of it [default: all]
    #[arg(value_name = "REQUEST")]
    request: Option<String>,
    /// Only what is about this branch
    #[arg(long, value_name = "BRANCH", value_parser = super::branch, conflicts_with = "request")]
    onto: Option<BranchName>,
}

/// Shows what was said.
pub fn run(arguments: &LogArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let meant = match &arguments.request {
        Some(text) => {
            let found = ledger.queue.find(text).map_err(PatchingError::Which)?;
            Some(found.id.clone())
        }
        None => None,
    };
    let own = ledger.entries.iter().filter(|(id, entry)| {
        let request = about(*id, &entry.event);
        let branch = || branch_of(&entry.event, request.as_ref(), &ledger.queue);
        match (&meant, &arguments.onto) {
            (Some(meant), _) => request.as_ref() == Some(meant),
            (None, Some(onto)) => branch().as_ref() == Some(onto),
            (None, None) => true,
        }
    });
    let document = LogDocument::new(own, &ledger.queue, &workspace.project.patch);
    Ok(Answer::new(document).findings(ledger.findings).into())
}
