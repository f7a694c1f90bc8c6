//! `prepare`.

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::request::RequestArguments;
use super::{Said, editor};
use crate::flow::preparing::{self, Extent, Outcome, Wanted};
use crate::flow::project::Workspace;
use crate::model::DigestPrefix;
use crate::report::{Answer, PrepareDocument, ReleasedPackage};
use crate::sys::git;

/// Arguments of `prepare`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PrepareArguments {
    #[command(flatten)]
    request: RequestArguments,
    /// Refuse when the release would not be the one of this plan
    #[arg(long, value_name = "DIGEST")]
    plan: Option<DigestPrefix>,
    /// Commit on this branch instead of the current one; made if it is not there
    #[arg(long, value_name = "NAME", conflicts_with = "no_commit", value_parser = branch)]
    branch: Option<String>,
    /// Edit the files in the work tree and leave the commit to you
    #[arg(long)]
    no_commit: bool,
    /// Open $VISUAL or $EDITOR on each new debian/changelog entry
    #[arg(short, long)]
    edit: bool,
    /// Push the branch; on a branch of its own, say how to open a pull request
    #[arg(long, conflicts_with = "no_commit")]
    push: bool,
    /// Print what would be written and write nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  debcut prepare                       version files, changelogs, notes: one commit
  debcut prepare libfoo --pre rc       a candidate of one package
  debcut prepare --edit                with your last word on the changelog
  debcut prepare --plan 20194a3b9889  exactly the plan that was approved
  debcut prepare --branch release/1.3.0 --push
                                       for a protected branch: by pull request

Only the release's own files are committed; other changes of yours stay as they
are. The repository's commit hooks are not run.";

/// Takes a name that git takes for a branch.
fn branch(text: &str) -> Result<String, String> {
    match git::is_branch_name(text) {
        true => Ok(text.to_owned()),
        false => Err("git takes no branch of this name: see git-check-ref-format(1)".to_owned()),
    }
}

/// Makes the release commit.
pub fn run(arguments: PrepareArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = Workspace::open(&context.directory, context.config.as_deref())?;
    let author = context.person()?;
    let mut edit = editor::editor(context);
    let wanted = Wanted {
        request: arguments.request.of_source()?,
        expected: arguments.plan,
        branch: arguments.branch,
        extent: if arguments.no_commit {
            Extent::Files
        } else {
            Extent::Commit
        },
        push: arguments.push,
        dry_run: arguments.dry_run,
        author,
        date: context.now(),
    };
    let edit = arguments
        .edit
        .then_some(&mut edit as &mut preparing::Edit<'_>);
    let outcome = preparing::prepare(
        &workspace,
        &wanted,
        &context.environment,
        edit,
        context.listener(),
    )?;
    Ok(answer(outcome).into())
}

fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Refused { findings, dry_run } => {
            let answer = Answer::new(PrepareDocument::default()).findings(findings);
            match dry_run {
                true => answer.no_plan(),
                false => answer.changed(false),
            }
        }
        Outcome::Planned { planned, commit } => {
            let document = PrepareDocument {
                packages: ReleasedPackage::of(&planned.plan),
                ..PrepareDocument::default()
            };
            let document = match &commit {
                Some(plan) => document.with(plan),
                None => document,
            };
            Answer::new(document)
                .dry_run(planned.plan.digest())
                .findings(planned.findings)
        }
        Outcome::Unchanged {
            planned,
            pushed,
            next_step,
        } => Answer::new(PrepareDocument {
            packages: ReleasedPackage::of(&planned.plan),
            pushed: pushed.is_some(),
            pull_request: pushed.clone().and_then(|pushed| pushed.pull_request),
            next_step,
            ..PrepareDocument::default()
        })
        .changed(pushed.is_some_and(|pushed| pushed.changed))
        .findings(planned.findings),
        Outcome::Done(done) => {
            let document = PrepareDocument {
                packages: ReleasedPackage::of(&done.planned.plan),
                commit: done.commit,
                pushed: done.pushed.is_some(),
                pull_request: done.pushed.and_then(|pushed| pushed.pull_request),
                next_step: done.next_step,
                ..PrepareDocument::default()
            };
            Answer::new(document.with(&done.plan))
                .changed(true)
                .findings(done.planned.findings)
        }
    }
}
