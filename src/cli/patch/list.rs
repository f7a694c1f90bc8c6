//! `patch list`.

use clap::{Args, ValueEnum};

use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::listing::{self, Which};
use crate::flow::patching::{branches, placing, ruling};
use crate::model::BranchName;
use crate::patch::State;
use crate::report::Answer;
use crate::report::patch::{ListDocument, ListedBranch, RequestView};

/// Arguments of `patch list`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch list                          what is open, and what was picked since the last release
  debcut patch list --onto release-1.12
  debcut patch list --state new --state needs-info
  debcut patch list --all --json

Whether a request applies is tried in memory, on the branch as it is in this
clone now; git fetch first. Nothing is written.")]
pub struct ListArguments {
    /// Only what is asked for on this branch
    #[arg(long, value_name = "BRANCH", value_parser = super::branch)]
    onto: Option<BranchName>,
    /// Only what stands so; may be repeated
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<StateWord>,
    /// Also what was over before the branch's last release
    #[arg(long)]
    all: bool,
}

/// A state, as it is written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StateWord {
    /// It waits for a decision
    New,
    /// It waits for answers
    NeedsInfo,
    /// It may be picked
    Approved,
    /// It waits: somebody said so, or its branch is frozen
    Held,
    /// It does not apply
    Conflicts,
    /// Somebody has picked it, and this clone does not know the pick
    Elsewhere,
    /// It is on its branch
    Picked,
    /// It was on its branch, and was taken back there
    Reverted,
    /// It is not to be picked
    Rejected,
    /// Another request is looked at instead
    Superseded,
    /// Who asked asks no more
    Withdrawn,
}

impl From<StateWord> for State {
    fn from(word: StateWord) -> Self {
        match word {
            StateWord::New => Self::New,
            StateWord::NeedsInfo => Self::NeedsInfo,
            StateWord::Approved => Self::Approved,
            StateWord::Held => Self::Held,
            StateWord::Conflicts => Self::Conflicts,
            StateWord::Elsewhere => Self::Elsewhere,
            StateWord::Picked => Self::Picked,
            StateWord::Reverted => Self::Reverted,
            StateWord::Rejected => Self::Rejected,
            StateWord::Superseded => Self::Superseded,
            StateWord::Withdrawn => Self::Withdrawn,
        }
    }
}

/// Shows the queue.
pub fn run(arguments: &ListArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let ledger = Ledger::read(&workspace.repository, &context.environment)?;
    if let Some(onto) = &arguments.onto
        && !ledger
            .queue
            .requests
            .values()
            .any(|one| one.ask.what.onto == *onto)
    {
        // Nothing is asked for on it; but a slip is worth a word.
        branches::line(&workspace, onto)?;
    }
    let states: Vec<State> = arguments.state.iter().map(|word| (*word).into()).collect();
    let which = match arguments.all || !states.is_empty() {
        true => Which::All,
        false => Which::SinceRelease,
    };
    let astray = placing::astray(&workspace, &ledger.queue)?;
    let onto = arguments.onto.as_ref();
    let (requests, left_out) = listing::chosen(&ledger.queue, onto, which, &astray);
    let listed = listing::listed(&workspace, &ledger, &requests)?;
    let needed = workspace.project.patch.approvals;
    let now = context.now();
    let mut views = Vec::new();
    let mut otherwise = 0;
    for one in &listed {
        let view = RequestView::new(one, now, needed);
        if states.is_empty() || states.contains(&view.state) {
            views.push(view.ruled(ruling::breaches(&workspace, one)?));
        } else {
            otherwise += 1;
        }
    }
    let mut names: Vec<&BranchName> = views.iter().map(|view| &view.onto).collect();
    names.sort();
    names.dedup();
    let calendar = &workspace.project.patch.rhythm.calendar;
    let branch = |name: &BranchName| {
        let frozen = ledger.queue.frozen.get(name);
        ListedBranch {
            name: name.clone(),
            head: (branches::line(&workspace, name).ok()).map(|line| line.head.to_string()),
            frozen: frozen.is_some(),
            frozen_until: frozen.and_then(|freeze| freeze.until),
            frozen_day: frozen.and_then(|freeze| freeze.until_day(calendar)),
        }
    };
    let branches = names.into_iter().map(branch).collect();
    let width = context.terminal().width(&context.environment);
    let document = ListDocument::new(branches, views, left_out, now)
        .of_states(states, otherwise)
        .within(width);
    Ok(Answer::new(document).findings(ledger.findings).into())
}
