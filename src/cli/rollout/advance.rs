//! `rollout advance`.

use clap::Args;

use super::control::{ControlArguments, Lines, go};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::rolling::advancing::Until;
use crate::flow::rolling::shelf::Among;

/// Arguments of `rollout advance`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout advance               the next step of the only open rollout
  debcut rollout advance hello         that of hello's
  debcut rollout advance --watch       all steps, until it ends or needs a person
  */5 * * * * debcut rollout advance hello --quiet   for cron: a mail only when something
                                       changed, or needs a person

One step is what an operator sees as one: the rehearsal, a ring that opens with its first batch,
the next batch, a gate that is passed. Installations that it begins are waited for, unless
--no-wait. Killed at any moment, it goes on from its journal when it is called again. With --quiet
it prints nothing while nothing has changed and nobody is needed.

Exit codes: 0 it did something, or waits for time, hosts or an approval (ending: progressed,
waiting, over) · 1 it is halted or blocked, or this controller's own ssh does not get to a host,
each reason a finding · 3 the archive or another controller is in the way · 4 stopped by Ctrl-C;
call it again.")]
pub struct AdvanceArguments {
    #[command(flatten)]
    control: ControlArguments,
    /// Go on until it ends, halts or needs a person, waiting out every soak; with --json one
    /// document a line, whenever something has changed
    #[arg(long, conflicts_with = "no_wait")]
    watch: bool,
    /// Do not wait for installations to end
    #[arg(long)]
    no_wait: bool,
}

/// Goes on.
pub fn run(arguments: &AdvanceArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let shelf = arguments.control.shelf(context)?;
    let id = arguments.control.find(&shelf, Among::All)?;
    let lines = match arguments.watch {
        true => Lines::Many,
        false => Lines::One,
    };
    let until = match (arguments.watch, arguments.no_wait) {
        (true, _) => Until::Settled,
        (false, true) => Until::Begun,
        (false, false) => Until::Changed,
    };
    arguments
        .control
        .control(&shelf, &id, context, |controlled| {
            go(
                controlled,
                until,
                "debcut/rollout-advance/1",
                lines,
                context,
            )
        })
}
