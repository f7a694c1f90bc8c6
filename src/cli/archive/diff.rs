//! `archive diff`.

use clap::Args;

use super::{ArchiveArgument, state};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::generations::State;
use crate::model::Finding;
use crate::report::{Answer, DiffDocument};

/// Arguments of `archive diff`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive diff stable canary --archive /srv/apt       what promoting everything would bring
  debcut archive diff stable@11 stable@12 --archive /srv/apt
  debcut archive diff stable canary --exit-code --json       exit 1 when they differ

Reads only what the two do not share: milliseconds also between large suites. Exits with 0
also when they differ, unless --exit-code asks otherwise.")]
pub struct DiffArguments {
    /// A suite, or one of its generations (stable@12)
    #[arg(value_name = "A", value_parser = state)]
    a: State,
    /// What it is compared with
    #[arg(value_name = "B", value_parser = state)]
    b: State,
    /// Exit with 1 when they differ
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Compares two generations.
pub fn run(arguments: &DiffArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    let (a, b) = (&arguments.a, &arguments.b);
    let (one, other, comparison) = desk.difference(a, b)?;
    let (a, b) = (format!("{}@{one}", a.suite), format!("{}@{other}", b.suite));
    let mut findings = Vec::new();
    if arguments.exit_code && !comparison.is_empty() {
        findings.push(Finding::error(
            "differs",
            format!("{a} and {b}"),
            "they differ",
        ));
    }
    Ok(Answer::new(DiffDocument::new(a, b, comparison))
        .findings(findings)
        .into())
}
