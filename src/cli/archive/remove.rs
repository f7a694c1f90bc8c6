//! `archive remove`.

use std::str::FromStr;

use clap::Args;

use super::add::answer;
use super::change::ChangeArguments;
use crate::archive::Removal;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
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
    change: ChangeArguments,
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
    let desk = arguments.change.desk(context)?;
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    // A suite that is not there is a request that is wrong, not a refusal.
    desk.look(&arguments.from, None, Question::Manifest)?;
    let outcome = desk.remove(&arguments.packages, &arguments.from, &mut act)?;
    Ok(answer(&arguments.from, outcome, RemoveDocument).into())
}
