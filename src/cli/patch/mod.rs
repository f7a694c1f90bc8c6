//! The verbs of maintenance branches, one file each.

mod list;
mod pick;

use clap::{Args, Subcommand};

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::project::Workspace;

/// Takes a reason: it is for the record, so it says something.
fn why(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a reason is for the record: say why".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Arguments of `patch`.
#[derive(Debug, Args)]
pub struct PatchVerb {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Ask for commits on a maintenance branch
    Pick(Box<pick::PickArguments>),
    /// The queue: what is asked for, and where it stands now
    List(list::ListArguments),
}

/// Runs a verb of `patch`.
pub fn run(arguments: PatchVerb, context: &Context<'_>) -> Result<Said, Failure> {
    match arguments.verb {
        Verb::Pick(arguments) => pick::run(*arguments, context),
        Verb::List(arguments) => list::run(&arguments, context),
    }
}

/// Opens the repository with its configuration.
fn workspace(context: &Context<'_>) -> Result<Workspace, Failure> {
    Ok(Workspace::open(
        &context.directory,
        context.config.as_deref(),
    )?)
}

/// Answers to a release manager's questions.
#[derive(Debug, Clone, Args)]
struct AnswerArguments {
    /// Which bug: a number, an address, or what goes wrong
    #[arg(long, value_name = "TEXT")]
    bug: Option<String>,
    /// Who is affected, and since when
    #[arg(long, value_name = "TEXT")]
    affected: Option<String>,
    /// How bad it is, and whether there is a way around it
    #[arg(long, value_name = "TEXT")]
    severity: Option<String>,
    /// How it was verified, on which branch
    #[arg(long, value_name = "TEXT")]
    verified: Option<String>,
}

impl AnswerArguments {
    fn answers(&self) -> crate::patch::Answers {
        let text = |given: &Option<String>| given.as_deref().unwrap_or_default().trim().to_owned();
        crate::patch::Answers {
            bug: text(&self.bug),
            affected: text(&self.affected),
            severity: text(&self.severity),
            verified: text(&self.verified),
        }
    }
}

/// How a verb writes to the ledger.
#[derive(Debug, Clone, Args)]
struct WriteArguments {
    /// Print what would be written down and write nothing
    #[arg(long)]
    dry_run: bool,
}
