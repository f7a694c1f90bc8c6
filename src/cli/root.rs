//! `root list`, `root make`, `root remove`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::build::root::plan::Step;
use crate::build::root::{Dependencies, Parts, Refresh};
use crate::flow::project::Workspace;
use crate::flow::rooting::{self, Made, Saying, Surroundings, Which};
use crate::model::{Finding, Sha256};
use crate::report::{Answer, RootLine, RootList, RootMade, RootRemoved};
use crate::sys::files;

/// Arguments of `root`.
#[derive(Debug, Args)]
pub struct RootVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the clean systems that are kept: suite, age, size
    List,
    /// Make the clean system of a suite, so that the next build need not
    Make(Make),
    /// Remove systems that are kept
    Remove(Remove),
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut root make                       of the project's suite, where there is none or it is old
  debcut root make trixie-backports      of another one
  debcut root make bookworm --refresh    anew, whatever its age; for a nightly job
  debcut root make --build-depends debian/control
                                         with what that package needs to be built

Made by mmdebstrap from the mirror of this machine's apt, or what [build] in
debcut.toml says; kept below ~/.cache/debcut/roots. Root is not needed where
user namespaces and subordinate numbers of users (subuid) are there.")]
struct Make {
    /// The suite, as debian/changelog names it [default: [build] suite, else unstable]
    suite: Option<String>,
    /// Make a new one, whatever the age of the one that is there
    #[arg(long)]
    refresh: bool,
    /// Install the build dependencies of this debian/control on top
    #[arg(long, value_name = "FILE")]
    build_depends: Option<PathBuf>,
    /// Say what would be made and make nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut root remove bookworm            every system of that suite
  debcut root remove --all --dry-run     what would go

Systems that somebody builds in stay.")]
struct Remove {
    /// Names as `root list` shows them, or suites
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,
    /// All of them
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Say what would go and remove nothing
    #[arg(long)]
    dry_run: bool,
}

/// This program, as a room starts it again.
const PROGRAM: &str = "/proc/self/exe";

/// Runs a verb of `root`.
pub fn run(arguments: RootVerb, context: &Context<'_>) -> Result<Said, Failure> {
    let answer = match arguments.verb {
        Verb::List => list(context)?,
        Verb::Make(arguments) => make(&arguments, context)?,
        Verb::Remove(arguments) => remove(arguments, context)?,
    };
    Ok(answer.into())
}

fn list(context: &Context<'_>) -> Result<Answer, Failure> {
    let kept = rooting::kept(&context.environment)?;
    let now = context.now();
    let lines = kept.iter().map(|kept| RootLine::kept(kept, now));
    Ok(Answer::new(RootList::new(lines.collect())))
}

fn make(arguments: &Make, context: &Context<'_>) -> Result<Answer, Failure> {
    // Anywhere: a system needs no project, but one has a say.
    let workspace = match Workspace::open(&context.directory, context.config.as_deref()) {
        Err(crate::flow::FlowError::Git(_)) if context.config.is_none() => None,
        opened => Some(opened?),
    };
    let (choices, archives) = (Default::default(), Default::default());
    let top: PathBuf = context.directory.clone();
    let mut saying = Saying {
        choices: &choices,
        archives: &archives,
        top: &top,
    };
    if let Some(workspace) = &workspace {
        saying.choices = &workspace.project.root;
        saying.archives = &workspace.project.archives;
        saying.top = workspace.repository.top();
    }
    let now = context.now();
    let suite = arguments.suite.as_deref();
    let mut wanted = rooting::wanted(&saying, "UNRELEASED", suite, &context.environment, now)?;
    if let Some(path) = &arguments.build_depends {
        let control = files::read(&context.path(path))?;
        wanted.dependencies = Some(Dependencies {
            control: String::from_utf8_lossy(&control).into_owned(),
            parts: Parts::All,
            profiles: Vec::new(),
            host_architecture: None,
        });
    }
    let refresh = match arguments.refresh {
        true => Refresh::Now,
        false => Refresh::AfterDays(saying.choices.refresh_days),
    };
    let around = Surroundings {
        environment: &context.environment,
        program: Path::new(PROGRAM),
        now,
        listener: context.listener(),
    };
    let answer = match rooting::make(&wanted, refresh, arguments.dry_run, &around)? {
        Made::Planned(Step::Use(cached)) => {
            let digest = cached.record.identity;
            let line = RootLine::new(&cached, now);
            Answer::new(RootMade::there(line))
                .changed(false)
                .dry_run(digest)
        }
        Made::Planned(Step::Make(why)) => {
            let suites = std::iter::once(&wanted.suites.base).chain(&wanted.suites.further);
            let suites: Vec<String> = suites.map(ToString::to_string).collect();
            let digest = Sha256::of(suites.concat().as_bytes());
            Answer::new(RootMade::planned(suites, why)).dry_run(digest)
        }
        Made::There(cached) => {
            Answer::new(RootMade::there(RootLine::new(&cached, now))).changed(false)
        }
        Made::New(cached) => {
            Answer::new(RootMade::there(RootLine::new(&cached, now))).changed(true)
        }
        Made::Filled {
            cached,
            provided,
            changed,
        } => {
            let line = RootLine::new(&cached, now);
            Answer::new(RootMade::filled(line, &provided)).changed(changed)
        }
    };
    Ok(answer)
}

fn remove(arguments: Remove, context: &Context<'_>) -> Result<Answer, Failure> {
    let which = match arguments.all {
        true => Which::All,
        false => Which::Named(arguments.names),
    };
    let chosen = rooting::chosen(&context.environment, &which)?;
    if arguments.dry_run {
        let names: Vec<&str> = chosen.iter().map(|cached| cached.name.as_str()).collect();
        let digest = Sha256::of(names.concat().as_bytes());
        return Ok(Answer::new(RootRemoved::planned(&chosen)).dry_run(digest));
    }
    let (gone, busy) = rooting::remove(&context.environment, chosen)?;
    if let Some((directory, count, size)) = rooting::left(&context.environment)? {
        context.listener().note(format!(
            "{count} packages ({} MB) stay in {} for the next system: after 30 days unused they go",
            size.div_ceil(1_000_000),
            directory.display()
        ));
    }
    let findings = busy.iter().map(|cached| {
        let finding = Finding::error("root-in-use", cached.name.as_str(), "somebody builds in it");
        finding.fix("run it again when that build has ended")
    });
    let findings: Vec<Finding> = findings.collect();
    let changed = !gone.is_empty();
    Ok(Answer::new(RootRemoved::new(&gone, &busy))
        .changed(changed)
        .findings(findings))
}
