//! `patch plan`.

use clap::Args;

use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::coming::{self, Coming, Health};
use crate::flow::patching::hotfixing::holding::Holding;
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
(holidays) and zone say on which days. [patch] require-green is asked of every head
that has something to release; status leaves that out. “blocked” is what a release
of the branch would be refused for; what else is to be looked at keeps none back.")]
pub struct PlanArguments {
    /// The branches [default: every maintenance branch]
    #[arg(value_name = "BRANCH", value_parser = super::branch)]
    branches: Vec<BranchName>,
}

/// Shows when the next releases are due.
pub fn run(arguments: &PlanArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let health = Health::Ask(&context.environment, context.listener());
    let named = &arguments.branches;
    let found = coming::coming(&workspace, &ledger, named, context.now(), health)?;
    let mut findings = ledger.findings.clone();
    for one in &found {
        if let Some((hotfix, held)) = &one.hotfix {
            findings.extend(held.too_many(hotfix));
            findings.extend(coming::unreturned(hotfix, &one.lacking));
        }
    }
    let has_rhythm = workspace.project.patch.rhythm.interval_days.is_some();
    let branches = found.into_iter().map(|one| NextRelease {
        when: when(&one, has_rhythm),
        hotfix_of: one.hotfix.as_ref().map(|(of, _)| of.from.to_string()),
        changes: one
            .hotfix
            .iter()
            .flat_map(|(_, held)| changes(held))
            .collect(),
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
        freeze: one.freeze,
        blocks: one.blocks,
        attention: one.attention,
    });
    let branches = branches.collect();
    Ok(Answer::new(NextDocument { branches })
        .findings(findings)
        .into())
}

/// Says when a release is due.
fn when(one: &Coming, has_rhythm: bool) -> String {
    match (&one.hotfix, &one.due) {
        (Some((hotfix, held)), _) => format!("a hotfix of {}: {}", hotfix.from, held.count()),
        (None, Some(due)) => due.words(),
        (None, None) if has_rhythm && one.last.is_none() => {
            "no release yet: the rhythm begins with the first one".to_owned()
        }
        (None, None) => String::new(),
    }
}

fn changes(held: &Holding) -> impl Iterator<Item = Named> {
    held.changes.iter().map(|one| Named {
        id: one.id.clone(),
        title: one.title.clone(),
    })
}
