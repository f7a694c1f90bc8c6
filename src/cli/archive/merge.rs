//! `archive merge`.

use std::path::PathBuf;

use clap::Args;

use super::add::answer;
use super::change::ChangeArguments;
use super::remove::removal;
use crate::archive::{Older, Removal, Selection};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::archiving::open_to_read;
use crate::flow::embargoing::archives::refuse_leak;
use crate::flow::merging::Vendor;
use crate::flow::signing;
use crate::model::Suite;
use crate::publish::Question;
use crate::report::MergeDocument;
use crate::sys::openpgp::Keyring;
use crate::sys::outward::{Destination, archive_place};

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
    change: ChangeArguments,
}

/// Merges.
pub fn run(arguments: &MergeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.change.desk(context)?;
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    desk.look(&arguments.to, None, Question::Manifest)?;
    let mut certificates = signing::keyring(&context.environment)?
        .certificates()
        .to_vec();
    certificates.extend(super::certificates(&arguments.keyring, context)?);
    let keyring = Keyring::new(certificates);
    let store = open_to_read(&arguments.from, &context.directory, &context.environment)?;
    let to = archive_place(&desk.store.place(), &context.directory);
    let to = Destination::Archive(to);
    let into = Some(desk.store.as_ref());
    refuse_leak(store.as_ref(), to, into, &context.environment)?;
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
