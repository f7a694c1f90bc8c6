//! `archive gc`.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::Args;

use super::{ArchiveArgument, desk};
use crate::archive::settings::Retention;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, duration};
use crate::model::Sha256;
use crate::publish::Policy;
use crate::report::{Answer, CollectDocument};

/// Arguments of `archive gc`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive gc --archive /srv/apt              by each suite's own retention
  debcut archive gc --keep 10 --keep-for 30d        whichever keeps more
  debcut archive gc --keep 10 --dry-run
  debcut archive gc --keep 1 --grace 0              at once; nobody may be reading

Run it daily: what nothing needs is condemned first, and deleted by a run that finds it still
unneeded when its grace time is over. The newest generation of each suite, those that were
current within the grace time, and pinned ones are always kept; without a retention (of the
suite, or here) all of them are.")]
pub struct GcArguments {
    #[command(flatten)]
    archive: ArchiveArgument,
    /// Keep so many generations of each suite, whatever its own retention says
    #[arg(long, value_name = "N")]
    keep: Option<NonZeroU32>,
    /// Keep the generations of this time, whatever the suite's retention says: 30d
    #[arg(long, value_name = "TIME", value_parser = time)]
    keep_for: Option<u64>,
    /// How long readers and publishers may rely on what is no longer needed: 24h, 0
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "24h")]
    grace: u64,
    /// How long to wait for another publisher, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
    /// Print what would be removed and write nothing
    #[arg(long)]
    dry_run: bool,
}

fn time(text: &str) -> Result<u64, String> {
    match text {
        "0" => Ok(0),
        text => Ok(duration::seconds(text, duration::SHORT)?.get().into()),
    }
}

/// Collects garbage.
pub fn run(arguments: &GcArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let location = arguments.archive.location(context)?;
    let desk = desk(&location, Duration::from_secs(arguments.wait), context)?;
    let retention = Retention {
        count: arguments.keep,
        seconds: arguments.keep_for,
    };
    let policy = Policy {
        retention: (!retention.is_unsaid()).then_some(retention),
        grace_seconds: arguments.grace,
    };
    let place = desk.store.place();
    let collected = match desk.collect(&policy, arguments.dry_run)? {
        Ok(collected) => collected,
        Err(findings) => {
            let document = CollectDocument::refused(place);
            return Ok(Answer::new(document)
                .changed(false)
                .findings(findings)
                .into());
        }
    };
    let document = CollectDocument::new(place, &collected, arguments.grace);
    let paths = collected.deleted.iter().map(|(path, ..)| path.as_str());
    let digest = Sha256::of(paths.collect::<Vec<_>>().join("\n").as_bytes());
    let answer = Answer::new(document);
    Ok(match arguments.dry_run {
        true => answer.dry_run(digest),
        false => answer.changed(!collected.deleted.is_empty() || collected.condemned_anew),
    }
    .into())
}
