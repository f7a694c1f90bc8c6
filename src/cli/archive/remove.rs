//! `archive remove`.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::add::answer;
use super::{ArchiveArgument, configured_key, desk, rules};
use crate::archive::Removal;
use crate::cli::build::KeyArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::archiving::Act;
use crate::format::version::Version;
use crate::model::{PackageName, Suite};
use crate::publish::Question;
use crate::report::RemoveDocument;

/// Arguments of `archive remove`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive remove hello --from stable --archive /srv/apt
  debcut archive remove hello=2.10-3 libhello1=2.10-3 --from canary --dry-run

The files stay in the pool, where earlier generations and other suites may have them.
Hosts keep what they have installed.")]
pub struct RemoveArguments {
    /// Packages, source and binary of that name; without a version, all of its versions
    #[arg(required = true, value_name = "PACKAGE[=VERSION]", value_parser = removal)]
    packages: Vec<Removal>,
    /// The suite that loses them
    #[arg(long, value_name = "SUITE")]
    from: Suite,
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
    /// Print what would be removed and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn removal(text: &str) -> Result<Removal, String> {
    let (name, version) = match text.split_once('=') {
        None => (text, None),
        Some((name, version)) => (name, Some(version)),
    };
    let version = version.map(Version::from_str).transpose();
    Ok(Removal {
        name: PackageName::new(name).map_err(|error| error.to_string())?,
        version: version.map_err(|error| error.to_string())?,
    })
}

/// Removes packages from a suite.
pub fn run(arguments: &RemoveArguments, context: &Context<'_>) -> Result<Said, Failure> {
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
    // A suite that is not there is a request that is wrong, not a refusal.
    desk.look(&arguments.from, None, Question::Manifest)?;
    let outcome = desk.remove(&arguments.packages, &arguments.from, &mut act)?;
    Ok(answer(&arguments.from, outcome, RemoveDocument).into())
}
