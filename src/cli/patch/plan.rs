//! `patch plan`.

use clap::Args;

use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::coming;
use crate::flow::patching::ledger::Ledger;
use crate::model::BranchName;
use crate::report::Answer;
use crate::report::patch::{Named, NextDocument, NextRelease};

/// Arguments of `patch plan`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch plan                  every maintenance branch
  debcut patch plan release-1.12 --json

[patch] interval = \"2w..4w\" says how often releases are cut; working-days, closed
and zone say on which days.")]
pub struct PlanArguments {
    /// The branches [default: every maintenance branch]
    #[arg(value_name = "BRANCH")]
    branches: Vec<BranchName>,
}

/// Shows when the next releases are due.
pub fn run(arguments: &PlanArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let found = coming::coming(&workspace, &ledger, &arguments.branches, context.now())?;
    let branches = found.into_iter().map(|one| NextRelease {
        branch: one.branch.to_string(),
        last: one.last,
        next: one.next,
        due: one.due,
        commits: one
            .commits
            .into_iter()
            .map(|(id, title)| Named { id, title })
            .collect(),
        approved: one
            .approved
            .iter()
            .map(|request| Named {
                id: request.id.to_string(),
                title: request.ask.what.title.clone(),
            })
            .collect(),
        mocked: one.mock,
        blocks: one.blocks,
    });
    let branches = branches.collect();
    Ok(Answer::new(NextDocument { branches })
        .findings(ledger.findings.clone())
        .into())
}
