//! `archive mirror`.

use clap::Args;

use super::{ArchiveArgument, DEFAULT_WAIT, configured_key, configured_mirrors, desk};
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, duration, passphrase};
use crate::flow::archiving::{Act, local_directory};
use crate::flow::mirroring::{Mirroring, Prune, State};
use crate::model::Suite;
use crate::publish::mirror::Compare;
use crate::report::{Answer, MirrorDocument};

/// Arguments of `archive mirror`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive mirror /mnt/mirror --archive /srv/apt
  debcut archive mirror apt@mirror.example.org:/srv/apt --prune
  debcut archive mirror                          all mirrors of [archive.NAME] in debcut.toml
  debcut archive mirror --status                 at which generation each of them stands

Packages go first and InRelease last, so that a mirror's readers see one whole
generation at every moment. Stopped and run again, only what lacks is sent.
What recent readers may still need goes with --prune alone, after --grace.")]
pub struct MirrorArguments {
    /// Directories, s3://…, rsync://… or USER@HOST:PATH [default: the configured ones]
    #[arg(value_name = "DEST")]
    destinations: Vec<String>,
    /// The suites (repeat or separate by commas) [default: all]
    #[arg(long, value_name = "SUITE", value_delimiter = ',')]
    suite: Vec<Suite>,
    /// Push this generation instead of the newest, signed again with its own dates
    #[arg(long, value_name = "N", requires = "suite")]
    generation: Option<u64>,
    /// Compare digests instead of sizes
    #[arg(long)]
    deep: bool,
    /// Remove what no reader needs any more
    #[arg(long)]
    prune: bool,
    /// How long readers may need what a push has dropped
    #[arg(long, value_name = "TIME", default_value = "2d", value_parser = grace)]
    grace: u32,
    /// Bring debcut's own state along, so that the mirror can take over
    #[arg(long, conflicts_with = "generation")]
    with_state: bool,
    /// Say at which generation the mirrors stand, and write nothing
    #[arg(long, conflicts_with_all = ["prune", "deep", "with_state", "generation", "dry_run"])]
    status: bool,
    #[command(flatten)]
    archive: ArchiveArgument,
    #[command(flatten)]
    key: KeyArguments,
    /// Print what would be sent and write nothing
    #[arg(long)]
    dry_run: bool,
}

fn grace(text: &str) -> Result<u32, String> {
    Ok(duration::seconds(text, duration::SHORT)?.get())
}

/// Brings mirrors up to date, or says where they stand.
pub fn run(arguments: &MirrorArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let location = arguments.archive.location(context)?;
    let mut desk = desk(&location, DEFAULT_WAIT, context)?;
    desk.configured_key = configured_key(context)?;
    desk.suites()?;
    let destinations = match arguments.destinations.as_slice() {
        [] => configured_mirrors(&location, context)?,
        named => named.to_vec(),
    };
    if destinations.is_empty() {
        return Err(Failure::request("no-mirror", "no mirror is named")
            .hint("debcut archive mirror DEST")
            .hint("or mirrors = [\"DEST\"] in [archive.NAME] of debcut.toml"));
    }
    let root = local_directory(&location, &context.directory);
    let mut document = MirrorDocument::new(desk.store.place());
    if arguments.status {
        for destination in &destinations {
            let (place, stands) = desk.stands(
                destination,
                &context.directory,
                root.as_ref(),
                &arguments.suite,
            )?;
            document.stands(place, &stands);
        }
        return Ok(Answer::new(document).into());
    }
    let how = Mirroring {
        suites: arguments.suite.clone(),
        generation: arguments.generation,
        compare: match arguments.deep {
            true => Compare::Digests,
            false => Compare::Sizes,
        },
        prune: match arguments.prune {
            true => Prune::After(arguments.grace),
            false => Prune::Keep,
        },
        state: match arguments.with_state {
            true => State::With,
            false => State::Without,
        },
    };
    for destination in &destinations {
        let mut act = Act {
            key: arguments.key.wanted(),
            ask: &mut passphrase::asker(context),
            dry_run: arguments.dry_run,
            reason: None,
        };
        let directory = &context.directory;
        let done = desk.mirror(destination, directory, root.as_ref(), &how, &mut act)?;
        document.mirrored(&done);
    }
    let (changed, digest) = (document.is_change(), document.digest());
    let answer = Answer::new(document);
    Ok(match arguments.dry_run {
        true => answer.dry_run(digest),
        false => answer.changed(changed),
    }
    .into())
}
