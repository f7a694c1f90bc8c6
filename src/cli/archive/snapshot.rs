//! `archive snapshot`.

use clap::Args;

use super::add::answer;
use super::change::ChangeArguments;
use super::state;
use crate::archive::restore::Lasting;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::generations::State;
use crate::model::Suite;
use crate::report::SnapshotDocument;

/// Arguments of `archive snapshot`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive snapshot stable 2025-06 --archive /srv/apt
  debcut archive snapshot stable@12 release-1.0 --reason 'what we shipped'
  debcut archive snapshot stable release-1.0 --from stable@12   the same

A snapshot is a suite of its own, signed, that never changes: nothing is added to it, and
it does not expire. Clients name it as any suite.")]
pub struct SnapshotArguments {
    /// The suite, or one of its generations (stable@12)
    #[arg(value_name = "SUITE[@N]", value_parser = state)]
    suite: State,
    /// The name of the snapshot, which is a suite
    name: Suite,
    /// Another suite or generation to make it of
    #[arg(long, value_name = "SUITE[@N]", value_parser = state)]
    from: Option<State>,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Makes it.
pub fn run(arguments: &SnapshotArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let from = super::origin(&arguments.suite, arguments.from.as_ref())?;
    let desk = arguments.change.desk(context)?;
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    let outcome = desk.derive(from, &arguments.name, Lasting::Frozen, &mut act)?;
    Ok(answer(&arguments.name, outcome, SnapshotDocument).into())
}
