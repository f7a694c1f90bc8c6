//! `archive promote`.

use std::path::PathBuf;

use clap::Args;

use super::add::answer;
use super::change::ChangeArguments;
use super::remove::removal;
use super::{certificates, state};
use crate::archive::{Older, Removal, Selection};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::generations::State;
use crate::model::Suite;
use crate::publish::Question;
use crate::report::PromoteDocument;

/// Arguments of `archive promote`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive promote hello --from staging --to stable --archive /srv/apt
  debcut archive promote hello=2.10-3 --from staging --to stable --dry-run
  debcut archive promote --all --from staging --to stable
  debcut archive promote hello --from staging@12 --to stable   as it was then

A source package's name takes its binaries with it. Of several versions the
newest is taken; what is there already stays.")]
pub struct PromoteArguments {
    /// Packages, source and the binaries made of it; without a version the newest
    #[arg(value_name = "PACKAGE[=VERSION]", value_parser = removal)]
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    packages: Vec<Removal>,
    /// Everything that is in the suite
    #[arg(long)]
    all: bool,
    /// The suite that has them, or one of its generations (stable@12)
    #[arg(long, value_name = "SUITE[@N]", value_parser = state)]
    from: State,
    /// The suite that gets them
    #[arg(long, value_name = "SUITE")]
    to: Suite,
    /// Take versions older than what the suite has
    #[arg(long)]
    allow_older: bool,
    /// Count signatures, of bases, by the certificates in FILE as well
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Promotes packages.
pub fn run(arguments: &PromoteArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let mut desk = arguments.change.desk(context)?;
    desk.rules.keyring = certificates(&arguments.keyring, context)?;
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    // A suite that is not there is a request that is wrong, not a refusal.
    for suite in [&arguments.from.suite, &arguments.to] {
        desk.look(suite, None, Question::Manifest)?;
    }
    let selection = match arguments.all {
        true => Selection::All,
        false => Selection::Packages(arguments.packages.clone()),
    };
    let older = match arguments.allow_older {
        true => Older::Allow,
        false => Older::Refuse,
    };
    let (from, to) = (&arguments.from, &arguments.to);
    let outcome = desk.promote(&selection, from, to, older, &mut act)?;
    Ok(answer(to, outcome, PromoteDocument).into())
}
