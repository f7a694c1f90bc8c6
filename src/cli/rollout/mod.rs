//! The verbs of a rollout, one file each.

mod advance;
mod approve;
mod back;
mod change;
mod closing;
mod control;
mod history;
mod reverting;
mod start;
mod status;
mod who;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::config::{FILE_NAME, Project, RolloutRules};
use crate::flow::rolling::shelf::Shelf;
use crate::sys::files;
use crate::sys::git::Repository;

/// Takes a reason: it is for the record, so it says something.
fn why(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a reason is for the record: say why".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Arguments of `rollout`.
#[derive(Debug, Args)]
pub struct RolloutVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Plan a rollout of a published version: who gets it, in which order
    Start(Box<start::StartArguments>),
    /// Where a rollout stands: rings, soak, who is not well, what comes next
    Status(status::StatusArguments),
    /// Do the next step of a rollout, or all of them
    Advance(advance::AdvanceArguments),
    /// Begin nothing new; what runs on hosts ends by itself
    Pause(change::PauseArguments),
    /// Go on after a pause or a halt; what failed is tried again
    Resume(change::ResumeArguments),
    /// Let the rest of a ring's soak go
    SkipSoak(change::SkipSoakArguments),
    /// Leave a host out from now on
    Exclude(change::ExcludeArguments),
    /// Take a host in again that was left out
    Include(change::IncludeArguments),
    /// End a rollout where it is
    Abort(change::AbortArguments),
    /// Approve a deployment request by a signature
    Approve(approve::Approve),
    /// Bring every host that was touched back to what it had
    Rollback(Box<back::RollbackArguments>),
    /// Bring hosts that were away to where the others are
    Converge(back::ConvergeArguments),
    /// Say which hosts take a phased update, from their machine-ids
    Who(who::Who),
    /// List all rollouts, or all that happened in one
    History(history::HistoryArguments),
}

/// Runs a verb of `rollout`.
pub fn run(arguments: RolloutVerb, context: &Context<'_>) -> Result<Said, Failure> {
    match arguments.verb {
        Verb::Start(arguments) => start::run(*arguments, context),
        Verb::Status(arguments) => status::run(&arguments, context),
        Verb::Advance(arguments) => advance::run(&arguments, context),
        Verb::Pause(arguments) => change::pause(&arguments, context),
        Verb::Resume(arguments) => change::resume(&arguments, context),
        Verb::SkipSoak(arguments) => change::skip_soak(&arguments, context),
        Verb::Exclude(arguments) => change::exclude(&arguments, context),
        Verb::Include(arguments) => change::include(&arguments, context),
        Verb::Abort(arguments) => change::abort(&arguments, context),
        Verb::Approve(arguments) => approve::run(&arguments, context),
        Verb::Rollback(arguments) => back::rollback(&arguments, context),
        Verb::Converge(arguments) => back::converge(&arguments, context),
        Verb::Who(arguments) => who::run(&arguments, context),
        Verb::History(arguments) => history::run(&arguments, context),
    }
}

/// Where rollouts are kept.
#[derive(Debug, Clone, Args)]
struct StateArgument {
    /// Where journals are kept [default: debcut/rollouts below $XDG_STATE_HOME]
    #[arg(long, value_name = "DIR", env = "DEBCUT_STATE", hide_env = true)]
    state: Option<PathBuf>,
}

impl StateArgument {
    fn shelf(&self, context: &Context<'_>) -> Result<Shelf, Failure> {
        let named = self.state.as_ref().map(|path| context.path(path));
        Ok(Shelf::of(named, &context.environment)?)
    }
}

/// Which rollout is meant.
#[derive(Debug, Clone, Args)]
struct WhichArguments {
    /// The rollout, by its name or its package [default: the only open one]
    #[arg(value_name = "ROLLOUT")]
    rollout: Option<String>,
    #[command(flatten)]
    state: StateArgument,
}

/// The file of the rings.
#[derive(Debug, Clone, Args)]
struct RingsArgument {
    /// Read [rollout]'s keys from FILE, without that prefix, instead of debcut.toml
    #[arg(long, value_name = "FILE", env = "DEBCUT_RINGS", hide_env = true)]
    rings: Option<PathBuf>,
}

/// Reads how rollouts go: from the file of the rings, else from the project's
/// configuration, else by the defaults.
fn rules(rings: Option<&PathBuf>, context: &Context<'_>) -> Result<RolloutRules, Failure> {
    let text = |path: &PathBuf| -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&files::read(path)?).into_owned())
    };
    if let Some(path) = rings {
        let shown = path.display().to_string();
        return Ok(RolloutRules::parse(&shown, &text(path)?)?);
    }
    let top = Repository::discover(&context.directory).map(|one| one.top().to_owned());
    let usual = top
        .unwrap_or_else(|_| context.directory.clone())
        .join(FILE_NAME);
    let path = context.config.clone().unwrap_or(usual);
    match context.config.is_some() || path.is_file() {
        true => {
            let shown = match context.config {
                Some(_) => path.display().to_string(),
                None => FILE_NAME.to_owned(),
            };
            Ok(Project::parse(&shown, &text(&path)?)?.rollout)
        }
        false => Ok(RolloutRules::default()),
    }
}
