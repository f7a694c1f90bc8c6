//! `archive copy`.

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
use crate::report::CopyDocument;

/// Arguments of `archive copy`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive copy stable next --archive /srv/apt
  debcut archive copy stable@12 oldstable --dry-run

The new suite has the same content and settings, and goes its own way from then on. No
package is copied: suites share the pool.")]
pub struct CopyArguments {
    /// The suite, or one of its generations (stable@12)
    #[arg(value_name = "SUITE[@N]", value_parser = state)]
    suite: State,
    /// The name of the new suite
    name: Suite,
    /// Another suite or generation to make it of
    #[arg(long, value_name = "SUITE[@N]", value_parser = state)]
    from: Option<State>,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Makes it.
pub fn run(arguments: &CopyArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let from = super::origin(&arguments.suite, arguments.from.as_ref())?;
    let desk = arguments.change.desk(context)?;
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    let outcome = desk.derive(from, &arguments.name, Lasting::Own, &mut act)?;
    Ok(answer(&arguments.name, outcome, CopyDocument).into())
}
