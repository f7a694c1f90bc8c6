//! `archive copy`.

use std::time::Duration;

use clap::Args;

use super::add::answer;
use super::{ArchiveArgument, configured_key, desk, rules, state};
use crate::archive::restore::Lasting;
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::archiving::Act;
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
    archive: ArchiveArgument,
    #[command(flatten)]
    key: KeyArguments,
    /// How long to wait for another publisher, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print what would be published and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Makes it.
pub fn run(arguments: &CopyArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let from = super::origin(&arguments.suite, arguments.from.as_ref())?;
    let location = arguments.archive.location(context)?;
    let mut desk = desk(&location, Duration::from_secs(arguments.wait), context)?;
    desk.configured_key = configured_key(context)?;
    desk.rules = rules(&location, context)?;
    let mut act = Act {
        key: arguments.key.wanted(),
        ask: &mut passphrase::asker(context),
        dry_run: arguments.dry_run,
        reason: arguments.reason.clone(),
    };
    let outcome = desk.derive(from, &arguments.name, Lasting::Own, &mut act)?;
    Ok(answer(&arguments.name, outcome, CopyDocument).into())
}
