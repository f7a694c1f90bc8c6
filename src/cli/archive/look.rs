//! `archive list` and `archive show`.

use clap::Args;
use glob::Pattern;

use super::{ArchiveArgument, state};
use crate::archive::query::filter::Filter;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::generations::State;
use crate::format::version::Version;
use crate::model::{Architecture, Component, PackageName};
use crate::report::{Answer, ListDocument, Shape, ShowDocument};

/// Arguments of `archive list`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive list --archive /srv/apt
  debcut archive list stable@12 --archive /srv/apt --json   an earlier generation
  debcut archive list stable --name 'libfoo*' --architecture amd64,all
  debcut archive list stable --source hello                 what is built from it

Conditions of several kinds must all hold; of several of one kind, one must.")]
pub struct ListArguments {
    /// Suites, or generations of them (stable@12) [default: all suites]
    #[arg(value_name = "SUITE[@N]", value_parser = state)]
    suites: Vec<State>,
    /// Only these architectures: amd64, all, source
    #[arg(long, value_name = "ARCH", value_delimiter = ',')]
    architecture: Vec<Architecture>,
    /// Only these components
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    component: Vec<Component>,
    /// Only packages with a name like this: * and ? stand for any characters
    #[arg(long, value_name = "GLOB")]
    name: Vec<Pattern>,
    /// Only packages built from this source, and the source itself
    #[arg(long, value_name = "PACKAGE", value_delimiter = ',')]
    source: Vec<PackageName>,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Arguments of `archive show`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive show hello --archive /srv/apt
  debcut archive show hello=2.10-3 --suite stable --stanza   all that the index says
  debcut archive show hello --suite stable@12 --archive /srv/apt --json")]
pub struct ShowArguments {
    /// The package, or one version of it (hello=2.10-3)
    #[arg(value_name = "PACKAGE[=VERSION]")]
    package: String,
    /// Only in this suite, or generation of one (stable@12); may be repeated [default: in all]
    #[arg(long, value_name = "SUITE[@N]", value_parser = state)]
    suite: Vec<State>,
    /// Print the whole stanzas, as clients read them
    #[arg(long)]
    stanza: bool,
    #[command(flatten)]
    archive: ArchiveArgument,
}

/// Lists what is where.
pub fn list(arguments: &ListArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    let wanted = Filter {
        architectures: arguments.architecture.clone(),
        components: arguments.component.clone(),
        names: arguments.name.clone(),
        sources: arguments.source.clone(),
    };
    let mut document = ListDocument::new(desk.store.place());
    for at in suites(&arguments.suites, &desk)? {
        let (current, packages) = desk.filtered(&at, &wanted)?;
        document.add(&current, packages);
    }
    Ok(Answer::new(document).into())
}

/// Shows a package.
pub fn show(arguments: &ShowArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let (name, version) = match arguments.package.split_once('=') {
        None => (arguments.package.as_str(), None),
        Some((name, version)) => {
            let version = Version::new(version)
                .map_err(|error| Failure::request("invalid-version", error.to_string()))?;
            (name, Some(version))
        }
    };
    let name = PackageName::new(name)?;
    let desk = arguments.archive.desk(context)?;
    let mut shown = desk.shown(&suites(&arguments.suite, &desk)?, &name)?;
    if let Some(version) = &version {
        shown
            .found
            .retain(|found| found.stanza.version() == version);
    }
    let shape = match arguments.stanza {
        true => Shape::Stanzas,
        false => Shape::Table,
    };
    let mut document = ShowDocument::new(&name, shape);
    for found in &shown.found {
        document.add(&found.suite, found.generation, &found.index, &found.stanza);
    }
    for found in &shown.relatives {
        document.add_related(&found.suite, found.generation, &found.index, &found.stanza);
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

/// Returns which suites are meant; all when none is named.
fn suites(named: &[State], desk: &crate::flow::archiving::Desk<'_>) -> Result<Vec<State>, Failure> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let newest = |suite| State {
        suite,
        number: None,
    };
    Ok(desk.suites()?.into_iter().map(newest).collect())
}
