//! `archive list` and `archive show`.

use clap::Args;

use super::{ArchiveArgument, suite_at};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::{PackageName, Suite};
use crate::publish::Question;
use crate::report::{Answer, ListDocument, ShowDocument};

/// Arguments of `archive list`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive list --archive /srv/apt
  debcut archive list stable@12 --archive /srv/apt --json   an earlier generation")]
pub struct ListArguments {
    /// A suite, or one of its generations (stable@12) [default: all suites]
    suite: Option<String>,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Arguments of `archive show`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive show hello --archive /srv/apt
  debcut archive show hello --suite stable --archive /srv/apt --json")]
pub struct ShowArguments {
    /// The package
    package: PackageName,
    /// Only in this suite [default: in all]
    #[arg(long, value_name = "SUITE")]
    suite: Option<Suite>,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Lists what is where.
pub fn list(arguments: &ListArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    let suites = match &arguments.suite {
        Some(text) => vec![suite_at(text)?],
        None => desk
            .suites()?
            .into_iter()
            .map(|suite| (suite, None))
            .collect(),
    };
    let mut document = ListDocument::new(desk.store.place());
    for (suite, number) in suites {
        let current = desk.look(&suite, number, Question::Manifest)?;
        let packages = desk.list(&suite, number)?;
        document.add(&current, packages);
    }
    Ok(Answer::new(document).into())
}

/// Shows a package.
pub fn show(arguments: &ShowArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    let suites = match &arguments.suite {
        Some(suite) => vec![suite.clone()],
        None => desk.suites()?,
    };
    let mut document = ShowDocument::new(&arguments.package);
    for suite in &suites {
        document.add(suite, desk.show(suite, &arguments.package)?);
    }
    if document.is_empty() {
        let why = format!(
            "{} has no package {}",
            desk.store.place(),
            arguments.package
        );
        return Err(
            Failure::request("no-package", why).hint("debcut archive list shows what it has")
        );
    }
    Ok(Answer::new(document).into())
}
