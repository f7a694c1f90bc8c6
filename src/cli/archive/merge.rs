//! `archive merge`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::add::answer;
use super::remove::removal;
use super::{ArchiveArgument, configured_key, desk, keys_of, rules};
use crate::archive::{Older, Removal, Selection};
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::archiving::Act;
use crate::flow::archiving::open_to_read;
use crate::flow::merging::Vendor;
use crate::flow::signing;
use crate::model::Suite;
use crate::publish::Question;
use crate::report::MergeDocument;
use crate::sys::openpgp::Keyring;

/// Arguments of `archive merge`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive merge --from https://apt.example.org --from-suite bookworm --to stable \\
      --keyring vendor.asc --package agent
  debcut archive merge --from /srv/other --from-suite stable --to stable --dry-run

The Release of the other archive must be signed by a key of --keyring or one of your own.
Its packages come with their files, by all rules that added packages obey: all or none.
Without --package the newest version of everything comes.")]
pub struct MergeArguments {
    /// The other archive: a directory, a URL, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "LOCATION")]
    from: String,
    /// The suite there
    #[arg(long, value_name = "SUITE")]
    from_suite: Suite,
    /// The suite that gets them
    #[arg(long, value_name = "SUITE")]
    to: Suite,
    /// Only these, source and the binaries made of it; without a version the newest
    #[arg(long = "package", value_name = "PACKAGE[=VERSION]", value_parser = removal)]
    packages: Vec<Removal>,
    /// Trust the certificates in FILE, for the other archive
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
    /// Take versions older than what the suite has
    #[arg(long)]
    allow_older: bool,
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

/// Merges.
pub fn run(arguments: &MergeArguments, context: &Context<'_>) -> Result<Said, Failure> {
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
    desk.look(&arguments.to, None, Question::Manifest)?;
    let mut certificates = signing::keyring(&context.environment)?
        .certificates()
        .to_vec();
    certificates.extend(keys_of(&arguments.keyring, context)?);
    let keyring = Keyring::new(certificates);
    let store = open_to_read(&arguments.from, &context.directory, &context.environment)?;
    let vendor = Vendor {
        store: store.as_ref(),
        suite: &arguments.from_suite,
        keyring: &keyring,
    };
    let selection = match arguments.packages.is_empty() {
        true => Selection::All,
        false => Selection::Packages(arguments.packages.clone()),
    };
    let older = match arguments.allow_older {
        true => Older::Allow,
        false => Older::Refuse,
    };
    let outcome = desk.merge(&vendor, &selection, &arguments.to, older, &mut act)?;
    Ok(answer(&arguments.to, outcome, MergeDocument).into())
}
