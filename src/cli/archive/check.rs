//! `archive check`.

use std::path::PathBuf;

use clap::Args;

use super::{ArchiveArgument, certificates};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::{Finding, Suite};
use crate::publish::{Depth, Restoring};
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
    /// Print what --rebuild would restore and write nothing
    #[arg(long, requires = "rebuild")]
    dry_run: bool,
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
    let (mut restored, mut said) = (None, Vec::new());
    if arguments.rebuild {
        let restoring = match arguments.dry_run {
            true => Restoring::Planned,
            false => Restoring::Written,
        };
        let done = desk.rebuild(&arguments.suites, more.clone(), restoring)?;
        let place = desk.store.place();
        if arguments.dry_run {
            let document = CheckDocument::planned(place, &arguments.suites, &done.lines);
            let answer = Answer::new(document).dry_run(done.digest());
            return Ok(answer.findings(done.findings).into());
        }
        let changed = !done.lines.is_empty();
        if done.findings.iter().any(Finding::is_error) {
            let document = CheckDocument::new(place, &arguments.suites, &done.findings);
            let answer = Answer::new(document.restored(&done.lines)).changed(changed);
            return Ok(answer.findings(done.findings).into());
        }
        (restored, said) = (Some(done.lines), done.findings);
    }
    for suite in &arguments.suites {
        desk.look(suite, None, crate::publish::Question::Manifest)?;
    }
    let depth = if arguments.deep {
        Depth::Everything
    } else {
        Depth::References
    };
    let (suites, mut findings) = if arguments.suites.is_empty() {
        desk.check_all(depth, more)?
    } else {
        let suites = arguments.suites.clone();
        let findings = desk.check(&suites, depth, more)?;
        (suites, findings)
    };
    findings.extend(said);
    let document = CheckDocument::new(desk.store.place(), &suites, &findings);
    let answer = match restored {
        Some(lines) => Answer::new(document.restored(&lines)).changed(!lines.is_empty()),
        None => Answer::new(document),
    };
    Ok(answer.findings(findings).into())
}
