//! `archive pin`, `archive unpin` and `archive pins`.

use std::time::Duration;

use clap::Args;

use super::{ArchiveArgument, desk, state};
use crate::archive::{Pin, PinName};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::generations::{Pinned, State};
use crate::model::{Sha256, Suite};
use crate::report::{Answer, PinDocument, PinsDocument, UnpinDocument};

/// Arguments of `archive pin`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive pin stable --name before-2.0 --reason 'the way back' --archive /srv/apt
  debcut archive pin stable@12 --name release-1.0

A pinned generation is kept whatever the retention says, until it is unpinned. A suite goes
back to it by its name.")]
pub struct PinArguments {
    /// The suite, or one of its generations (stable@12) [default: the newest]
    #[arg(value_name = "SUITE[@N]", value_parser = state)]
    suite: State,
    /// The pin's name; one of that name moves
    #[arg(long, value_name = "NAME")]
    name: PinName,
    #[command(flatten)]
    archive: ArchiveArgument,
    /// How long to wait for another publisher, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
    /// Why, for whoever wonders later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print what would be pinned and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `archive unpin`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive unpin stable --name before-2.0 --archive /srv/apt")]
pub struct UnpinArguments {
    /// The suite
    suite: Suite,
    /// The pin's name
    #[arg(long, value_name = "NAME")]
    name: PinName,
    #[command(flatten)]
    archive: ArchiveArgument,
    /// How long to wait for another publisher, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
    /// Print what would be unpinned and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `archive pins`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive pins --archive /srv/apt
  debcut archive pins stable --archive /srv/apt --json")]
pub struct PinsArguments {
    /// The suites [default: all]
    suites: Vec<Suite>,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Pins a generation.
pub fn pin(arguments: &PinArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let location = arguments.archive.location(context)?;
    let desk = desk(&location, Duration::from_secs(arguments.wait), context)?;
    let (name, why) = (&arguments.name, arguments.reason.clone());
    let of = |pin: &Pin| Answer::new(PinDocument::new([pin]));
    let answer = match desk.pin(&arguments.suite, name, why, arguments.dry_run)? {
        Pinned::Unchanged(there) => of(&there).changed(false),
        Pinned::Done(pin) if arguments.dry_run => of(&pin).dry_run(Sha256::of(&pin.to_bytes())),
        Pinned::Done(pin) => of(&pin).changed(true),
    };
    Ok(answer.into())
}

/// Removes a pin.
pub fn unpin(arguments: &UnpinArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let location = arguments.archive.location(context)?;
    let desk = desk(&location, Duration::from_secs(arguments.wait), context)?;
    let (suite, name) = (&arguments.suite, &arguments.name);
    let removed = |pin: &Pin| Answer::new(UnpinDocument::removed(pin));
    let answer = match desk.unpin(suite, name, arguments.dry_run)? {
        Err(others) => Answer::new(UnpinDocument::unknown(suite, name, &others)).changed(false),
        Ok(pin) if arguments.dry_run => removed(&pin).dry_run(Sha256::of(&pin.to_bytes())),
        Ok(pin) => removed(&pin).changed(true),
    };
    Ok(answer.into())
}

/// Lists pins.
pub fn list(arguments: &PinsArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    let pins = desk.pins(&arguments.suites)?;
    Ok(Answer::new(PinsDocument::new(&pins)).into())
}
