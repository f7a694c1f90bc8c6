//! `archive check`.

use std::path::PathBuf;

use clap::Args;

use super::{ArchiveArgument, certificates};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::Suite;
use crate::publish::Depth;
use crate::report::{Answer, CheckDocument};

/// Arguments of `archive check`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive check --archive /srv/apt
  debcut archive check --archive /srv/apt --deep    reads and hashes every package
  debcut archive check --archive /srv/apt --rebuild   when .debcut/ is lost or damaged

--rebuild restores .debcut/ from what clients read, if one of your keys or of --keyring signed
it; only earlier generations and pins are lost. Then it checks.")]
pub struct CheckArguments {
    /// The suites [default: all]
    suites: Vec<Suite>,
    /// Read and hash everything, packages and our own state
    #[arg(long)]
    deep: bool,
    /// Restore lost state from the published tree first
    #[arg(long)]
    rebuild: bool,
    /// Trust the certificates in FILE as well
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Checks suites.
pub fn run(arguments: &CheckArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    let more = certificates(&arguments.keyring, context)?;
    if arguments.rebuild {
        let refused = desk.rebuild(&arguments.suites, more.clone())?;
        if !refused.is_empty() {
            let place = desk.store.place();
            let document = CheckDocument::new(place, &arguments.suites, &refused);
            return Ok(Answer::new(document).findings(refused).into());
        }
    }
    for suite in &arguments.suites {
        desk.look(suite, None, crate::publish::Question::Manifest)?;
    }
    let depth = if arguments.deep {
        Depth::Everything
    } else {
        Depth::References
    };
    let (suites, findings) = if arguments.suites.is_empty() {
        desk.check_all(depth, more)?
    } else {
        let suites = arguments.suites.clone();
        let findings = desk.check(&suites, depth, more)?;
        (suites, findings)
    };
    Ok(
        Answer::new(CheckDocument::new(desk.store.place(), &suites, &findings))
            .findings(findings)
            .into(),
    )
}
