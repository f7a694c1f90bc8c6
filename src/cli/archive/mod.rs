//! The verbs of an archive, one file each.

mod add;
mod change;
mod check;
mod copy;
mod diff;
mod gc;
mod history;
mod import;
mod incoming;
mod init;
mod look;
mod merge;
mod mirror;
mod pages;
mod pin;
mod promote;
mod purge;
mod refresh;
mod remove;
mod rollback;
mod serve;
pub(super) mod several;
mod snapshot;
mod sources;
mod status;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::config::Project;
use crate::flow::archiving::{self, Desk};
use crate::flow::evidence::Rules;
use crate::flow::generations::State;
use crate::flow::project::Workspace;
use crate::model::Suite;
use crate::sys::git::Repository;
use crate::sys::openpgp::Certificate;

pub use add::{PublishArguments, publish};

/// Arguments of `archive`.
#[derive(Debug, Args)]
pub struct ArchiveVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create an archive, or add suites, components and architectures to one
    Init(Box<init::InitArguments>),
    /// Add packages to a suite: all or nothing, live at once
    Add(add::AddArguments),
    /// Publish what dput puts into a directory, each upload by itself
    Incoming(incoming::IncomingArguments),
    /// Remove packages from a suite: all or nothing, live at once
    Remove(remove::RemoveArguments),
    /// Take packages from one suite into another: the same bits, no rebuild
    Promote(promote::PromoteArguments),
    /// Give a suite the content of an older generation, as a new one
    Rollback(rollback::RollbackArguments),
    /// Make a suite that never changes of the state of another one
    Snapshot(snapshot::SnapshotArguments),
    /// Make a new suite with the content of another one
    Copy(copy::CopyArguments),
    /// Take packages of another archive into a suite, with their files
    Merge(merge::MergeArguments),
    /// Keep a generation whatever the retention says
    Pin(pin::PinArguments),
    /// Remove a pin
    Unpin(pin::UnpinArguments),
    /// List the pins
    Pins(pin::PinsArguments),
    /// Remove what no kept generation needs, beside running publishers
    Gc(gc::GcArguments),
    /// Destroy leaked content in every generation, and keep a record of it
    Purge(purge::PurgeArguments),
    /// Take over an archive that another program made, with its paths
    Import(import::ImportArguments),
    /// List what is in the suites
    List(look::ListArguments),
    /// Show all that a suite says of a package
    Show(look::ShowArguments),
    /// Show what differs between two suites or generations
    Diff(diff::DiffArguments),
    /// Show a suite's generations: who made them, when and why
    History(history::HistoryArguments),
    /// Show how suites stand: validity, keys, size; also for Nagios and Prometheus
    Status(status::StatusArguments),
    /// Write pages for people: how to install, packages, histories
    Pages(pages::PagesArguments),
    /// Check that an archive is whole and signed
    Check(check::CheckArguments),
    /// Bring the archive to further locations, or say where they stand
    Mirror(mirror::MirrorArguments),
    /// Renew the dates and signatures of suites, and nothing else
    Refresh(refresh::RefreshArguments),
    /// Write the .sources file that a client needs
    Sources(sources::SourcesArguments),
    /// Serve an archive over HTTP, for trying it out
    Serve(serve::ServeArguments),
}

/// Runs a verb of `archive`.
pub fn run(arguments: ArchiveVerb, context: &Context<'_>) -> Result<Said, Failure> {
    match arguments.verb {
        Verb::Init(arguments) => init::run(*arguments, context),
        Verb::Add(arguments) => add::run(arguments, context),
        Verb::Incoming(arguments) => incoming::run(&arguments, context),
        Verb::Remove(arguments) => remove::run(&arguments, context),
        Verb::Promote(arguments) => promote::run(&arguments, context),
        Verb::Rollback(arguments) => rollback::run(&arguments, context),
        Verb::Snapshot(arguments) => snapshot::run(&arguments, context),
        Verb::Copy(arguments) => copy::run(&arguments, context),
        Verb::Merge(arguments) => merge::run(&arguments, context),
        Verb::Pin(arguments) => pin::pin(&arguments, context),
        Verb::Unpin(arguments) => pin::unpin(&arguments, context),
        Verb::Pins(arguments) => pin::list(&arguments, context),
        Verb::Gc(arguments) => gc::run(&arguments, context),
        Verb::Purge(arguments) => purge::run(&arguments, context),
        Verb::Import(arguments) => import::run(&arguments, context),
        Verb::List(arguments) => look::list(&arguments, context),
        Verb::Show(arguments) => look::show(&arguments, context),
        Verb::Diff(arguments) => diff::run(&arguments, context),
        Verb::History(arguments) => history::run(&arguments, context),
        Verb::Status(arguments) => status::run(&arguments, context),
        Verb::Pages(arguments) => pages::run(&arguments, context),
        Verb::Check(arguments) => check::run(&arguments, context),
        Verb::Mirror(arguments) => mirror::run(&arguments, context),
        Verb::Refresh(arguments) => refresh::run(&arguments, context),
        Verb::Sources(arguments) => sources::run(&arguments, context),
        Verb::Serve(arguments) => serve::run(&arguments, context),
    }
}

/// Which archive is meant.
#[derive(Debug, Clone, Args)]
pub struct ArchiveArgument {
    /// The archive: a name from debcut.toml, a directory or s3://BUCKET/PREFIX [default: the only configured one]
    #[arg(
        long,
        value_name = "NAME|DIR|URL",
        env = "DEBCUT_ARCHIVE",
        hide_env = true
    )]
    archive: Option<String>,
}

impl ArchiveArgument {
    /// Names one as the command line would.
    pub(in crate::cli) fn called(name: &str) -> Self {
        Self {
            archive: Some(name.to_owned()),
        }
    }

    /// Tells whether the command line, or its environment, names one.
    pub(in crate::cli) fn is_named(&self) -> bool {
        self.archive.is_some()
    }

    /// Returns where it is.
    pub(in crate::cli) fn location(&self, context: &Context<'_>) -> Result<String, Failure> {
        match &self.archive {
            // The configuration is read only where it can matter: the one in
            // the work tree may be half-written.
            Some(place) if place.contains('/') => Ok(place.clone()),
            Some(name) => named(name, context),
            None => match configured(context)?.as_slice() {
                [(_, location)] => Ok(location.clone()),
                [] => Err(Failure::request("no-archive", "no archive is named")
                    .hint("--archive DIR, or DEBCUT_ARCHIVE")
                    .hint("or [archive.NAME] with its location in debcut.toml")),
                several => Err(several.iter().fold(
                    Failure::request(
                        "several-archives",
                        "several archives are configured: say which",
                    ),
                    |failure, (name, location)| {
                        failure.hint(format!("--archive {name}   # {location}"))
                    },
                )),
            },
        }
    }

    /// Returns where it is, if one is named or exactly one is configured.
    pub(in crate::cli) fn named_location(
        &self,
        context: &Context<'_>,
    ) -> Result<Option<String>, Failure> {
        if self.archive.is_none() && !matches!(configured(context)?.as_slice(), [_]) {
            return Ok(None);
        }
        self.location(context).map(Some)
    }

    /// Returns the name under which the configuration has a place.
    pub(super) fn configured_name(
        location: &str,
        context: &Context<'_>,
    ) -> Result<Option<String>, Failure> {
        let mut named = configured(context)?.into_iter();
        let found = named.find(|(_, place)| place == location);
        Ok(found.map(|(name, _)| name))
    }

    /// Opens it with what the configuration says of publishing there.
    pub(in crate::cli) fn desk_to_change<'a>(
        &self,
        context: &'a Context<'_>,
    ) -> Result<Desk<'a>, Failure> {
        let location = self.location(context)?;
        let mut desk = desk(&location, DEFAULT_WAIT, context)?;
        desk.configured_key = configured_key(context)?;
        desk.rules = rules(&location, context)?;
        Ok(desk)
    }

    /// Opens it.
    fn desk<'a>(&self, context: &'a Context<'_>) -> Result<Desk<'a>, Failure> {
        desk(&self.location(context)?, DEFAULT_WAIT, context)
    }
}

/// Finds what a word without a slash names: a configured archive, else a
/// directory.
fn named(name: &str, context: &Context<'_>) -> Result<String, Failure> {
    let is_directory = context.directory.join(name).is_dir();
    let configured = match configured(context) {
        Err(_) if is_directory => return Ok(name.to_owned()),
        found => found?,
    };
    if let Some((_, location)) = configured.iter().find(|(known, _)| known == name) {
        return Ok(location.clone());
    }
    if is_directory {
        return Ok(name.to_owned());
    }
    let why = format!("“{name}” is neither a configured archive nor a directory");
    let failure = Failure::request("no-archive", why);
    let failure = configured
        .iter()
        .fold(failure, |failure, (name, location)| {
            failure.hint(format!("--archive {name}   # {location}"))
        });
    Err(failure.hint(format!("debcut archive init ./{name} --suite stable")))
}

/// How long a publisher waits for another one; publishes take seconds.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_secs(60);

/// The archives that `debcut.toml` names, relative to it; outside a repository
/// there are none, unless a file is named.
fn configured(context: &Context<'_>) -> Result<Vec<(String, String)>, Failure> {
    if Repository::discover(&context.directory).is_err() && context.config.is_none() {
        return Ok(Vec::new());
    }
    let project = project(context)?;
    let top = Repository::discover(&context.directory).map(|r| r.top().to_owned());
    let top = top.unwrap_or_else(|_| context.directory.clone());
    let absolute = |location: String| match location.contains("://") {
        true => location,
        false => top.join(location).display().to_string(),
    };
    Ok(project
        .archives
        .into_iter()
        .map(|(name, at)| (name, absolute(at)))
        .collect())
}

/// The mirrors that `debcut.toml` names for the archive at this place, paths
/// relative to the repository; outside one there are none.
fn configured_mirrors(location: &str, context: &Context<'_>) -> Result<Vec<String>, Failure> {
    let Some(name) = ArchiveArgument::configured_name(location, context)? else {
        return Ok(Vec::new());
    };
    let mirrors = project(context)?.mirrors.remove(&name).unwrap_or_default();
    let top = Repository::discover(&context.directory).map(|r| r.top().to_owned());
    let top = top.unwrap_or_else(|_| context.directory.clone());
    let absolute = |place: String| match place.contains(':') {
        true => place,
        false => top.join(place).display().to_string(),
    };
    Ok(mirrors.into_iter().map(absolute).collect())
}

/// The configuration of the repository, or the one that is named.
pub(super) fn project(context: &Context<'_>) -> Result<Project, Failure> {
    Ok(
        match (Repository::discover(&context.directory), &context.config) {
            (Err(_), Some(path)) => {
                let text = crate::sys::files::read(path)?;
                Project::parse(&path.display().to_string(), &String::from_utf8_lossy(&text))?
            }
            (_, config) => Workspace::open(&context.directory, config.as_deref())?.project,
        },
    )
}

/// The key that `debcut.toml` names; outside a repository there is none.
pub(super) fn configured_key(context: &Context<'_>) -> Result<Option<String>, Failure> {
    if Repository::discover(&context.directory).is_err() {
        return Ok(None);
    }
    Ok(
        Workspace::open(&context.directory, context.config.as_deref())?
            .project
            .key,
    )
}

/// Reads the certificates of keyring files.
pub(super) fn certificates(
    files: &[PathBuf],
    context: &Context<'_>,
) -> Result<Vec<Certificate>, Failure> {
    let mut found = Vec::new();
    for file in files {
        let bytes = crate::sys::files::read(&context.path(file))?;
        found.extend(Certificate::parse_all(&bytes).map_err(|error| {
            let why = format!("{} holds no certificate: {error}", file.display());
            Failure::request("key", why)
        })?);
    }
    Ok(found)
}

/// What `debcut.toml` demands of a publish to this place; outside a repository
/// nothing, unless a file is named.
pub(super) fn rules(location: &str, context: &Context<'_>) -> Result<Rules, Failure> {
    if Repository::discover(&context.directory).is_err() && context.config.is_none() {
        return Ok(Rules::default());
    }
    let project = project(context)?;
    let name = ArchiveArgument::configured_name(location, context)?;
    Ok(Rules::of(&project, name.as_deref()))
}

pub(super) fn desk<'a>(
    location: &str,
    wait: Duration,
    context: &'a Context<'_>,
) -> Result<Desk<'a>, Failure> {
    Ok(Desk {
        store: archiving::open_store(location, &context.directory, &context.environment)?,
        environment: &context.environment,
        clock: context.clock,
        dates: context.archive_clock()?,
        configured_key: None,
        rules: Default::default(),
        wait,
        who: context.who(),
        command: context.command.clone(),
        listener: context.listener(),
    })
}

/// Returns which of two ways to name a state was taken; `stable NAME --from
/// stable@12` says the suite twice.
fn origin<'a>(suite: &'a State, from: Option<&'a State>) -> Result<&'a State, Failure> {
    match from {
        Some(from) if suite.number.is_none() && suite.suite == from.suite => Ok(from),
        Some(from) => {
            let why = format!("{} and --from {} are two suites", suite.suite, from.suite);
            Err(Failure::request("two-suites", why).hint("name only one of them"))
        }
        None => Ok(suite),
    }
}

/// Reads `stable` or `stable@12` as an argument.
fn state(text: &str) -> Result<State, String> {
    let (suite, number) = match text.split_once('@') {
        None => (text, None),
        Some((suite, number)) => (suite, Some(number)),
    };
    let number = number.map(|number| {
        let parsed = number.parse().ok().filter(|number| *number > 0);
        parsed.ok_or_else(|| format!("“{text}” names no generation: SUITE@NUMBER expected"))
    });
    Ok(State {
        suite: Suite::new(suite).map_err(|error| error.to_string())?,
        number: number.transpose()?,
    })
}
