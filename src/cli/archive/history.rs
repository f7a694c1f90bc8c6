//! `archive history`.

use clap::Args;

use super::ArchiveArgument;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::Suite;
use crate::report::{Answer, HistoryDocument};

/// Arguments of `archive history`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive history stable --archive /srv/apt
  debcut archive history stable --limit 100 --archive /srv/apt --json

The newest generation comes first: who made it, when, why, by which command, signed with
which key, and how many packages it added (+), removed (-) and changed (~).")]
pub struct HistoryArguments {
    /// The suite
    suite: Suite,
    /// How many generations are shown
    #[arg(long, value_name = "N", default_value = "20",
          value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Shows a suite's generations.
pub fn run(arguments: &HistoryArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let (past, extent) = desk.past(&arguments.suite, limit)?;
    let mut document = HistoryDocument::new(&arguments.suite, &past, extent);
    for pin in desk.pins(std::slice::from_ref(&arguments.suite))? {
        document.pin(pin.generation.number, pin.name.as_str());
    }
    for purge in desk.purges()? {
        document.purged(&purge);
    }
    Ok(Answer::new(document).into())
}
