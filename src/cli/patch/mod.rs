//! The verbs of maintenance branches, one file each.

mod apply;
mod embargo;
mod forge;
mod freeze;
mod hotfix;
mod lift;
mod list;
mod log;
mod overriding;
mod pick;
mod plan;
mod pushing;
mod say;
mod show;
mod suggest;
mod sync;
mod writing;

use clap::{Args, Subcommand};

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::flow::project::Workspace;
use crate::model::BranchName;
use crate::patch::Decision;
use writing::{Share, WriteArguments, after, before, planned, refused};

/// Takes a reason: it is for the record, so it says something.
fn why(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a reason is for the record: say why".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Takes a branch's name, or its full ref.
fn branch(text: &str) -> Result<BranchName, String> {
    let name = text.strip_prefix("refs/heads/").unwrap_or(text);
    BranchName::new(name).map_err(|error| error.to_string())
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
    /// Everything about one request
    Show(show::ShowArguments),
    /// Let requests onto their branch
    #[command(after_long_help = say::APPROVE)]
    Approve(say::ReasonedArguments),
    /// Let requests wait
    #[command(after_long_help = say::HOLD)]
    Hold(say::ReasonedArguments),
    /// Keep requests off their branch
    #[command(after_long_help = say::REJECT)]
    Reject(say::ReasonedArguments),
    /// Answer a release manager's questions
    Answer(say::AnswerVerbArguments),
    /// Take requests back
    #[command(after_long_help = say::WITHDRAW)]
    Withdraw(say::ReasonedArguments),
    /// Put another request in the place of some
    Supersede(say::SupersedeArguments),
    /// What was said, by whom, when and why
    Log(log::LogArguments),
    /// Keep what is here private until a lift
    Embargo(Box<embargo::EmbargoArguments>),
    /// Release at once what an embargo kept
    Lift(lift::LiftArguments),
    /// Answer git's hook of an embargo
    #[command(hide = true)]
    PrePush(embargo::PrePushArguments),
    /// Let a branch take nothing for a while but what is named
    Freeze(freeze::FreezeArguments),
    /// Give what was approved back to a branch that was frozen
    Thaw(freeze::ThawArguments),
    /// When the next patch releases are due, with what, and what blocks them
    Plan(plan::PlanArguments),
    /// A branch from a release's tag, for what cannot wait
    Hotfix(hotfix::HotfixArguments),
    /// Share the queue with a remote
    Sync(sync::SyncArguments),
    /// Requests and the forge's pull requests
    Forge(forge::ForgeVerb),
    /// Commits of the main branch that look like they belong on a branch
    Suggest(suggest::SuggestArguments),
    /// Put approved requests onto their branch, or go on after a conflict
    Apply(Box<apply::ApplyArguments>),
    /// Set a rule aside for a request, with a reason
    Override(overriding::OverrideArguments),
}

/// Runs a verb of `patch`.
pub fn run(arguments: PatchVerb, context: &Context<'_>) -> Result<Said, Failure> {
    match arguments.verb {
        Verb::Pick(arguments) => pick::run(*arguments, context),
        Verb::List(arguments) => list::run(&arguments, context),
        Verb::Show(arguments) => show::run(&arguments, context),
        Verb::Approve(arguments) => say::decide(Decision::Approve, &arguments, context),
        Verb::Hold(arguments) => say::decide(Decision::Hold, &arguments, context),
        Verb::Reject(arguments) => say::decide(Decision::Reject, &arguments, context),
        Verb::Answer(arguments) => say::answer(&arguments, context),
        Verb::Withdraw(arguments) => say::withdraw(&arguments, context),
        Verb::Supersede(arguments) => say::supersede(&arguments, context),
        Verb::Log(arguments) => log::run(&arguments, context),
        Verb::Embargo(arguments) => embargo::run(*arguments, context),
        Verb::Lift(arguments) => lift::run(arguments, context),
        Verb::PrePush(arguments) => embargo::pre_push(&arguments, context),
        Verb::Freeze(arguments) => freeze::freeze(&arguments, context),
        Verb::Thaw(arguments) => freeze::thaw(&arguments, context),
        Verb::Plan(arguments) => plan::run(&arguments, context),
        Verb::Hotfix(arguments) => hotfix::run(&arguments, context),
        Verb::Sync(arguments) => sync::run(&arguments, context),
        Verb::Forge(arguments) => forge::run(&arguments, context),
        Verb::Suggest(arguments) => suggest::run(arguments, context),
        Verb::Apply(arguments) => apply::run(*arguments, context),
        Verb::Override(arguments) => overriding::run(&arguments, context),
    }
}

/// Opens the repository with its configuration, and with the main branch's rules.
fn workspace(context: &Context<'_>) -> Result<Workspace, Failure> {
    context.workspace()
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
    /// What users are told of it, or NONE: where the commits do not say it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

impl AnswerArguments {
    fn answers(&self) -> crate::patch::Answers {
        let text = |given: &Option<String>| given.as_deref().unwrap_or_default().trim().to_owned();
        crate::patch::Answers {
            bug: text(&self.bug),
            affected: text(&self.affected),
            severity: text(&self.severity),
            verified: text(&self.verified),
            note: text(&self.note),
        }
    }
}

/// Tells whether somebody is there to be asked.
fn may_ask(context: &Context<'_>) -> bool {
    let environment = &context.environment;
    !context.json && environment.var("CI").is_none() && context.terminal().can_ask()
}
