//! `patch pick`.

use clap::Args;

use super::{AnswerArguments, WriteArguments, why};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::editor::editor;
use crate::cli::failure::Failure;
use crate::flow::FlowError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::picking::{self, Again, Asking, Merge, Wanted};
use crate::flow::patching::{PatchingError, listing};
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Sha256};
use crate::patch::reference::Reference;
use crate::patch::{Answers, Ask, RequestId, answers};
use crate::report::Answer;
use crate::report::patch::{PickDocument, RequestView};

/// Arguments of `patch pick`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch pick 1a2b3c4 --onto release-1.12
  debcut patch pick v1.12.0..main~3 --onto release-1.12 --title 'fix: the parser, whole'
  debcut patch pick '#123' --onto release-1.12 --severity 'high: data is lost'
  debcut patch pick refs/pull/123/head --onto release-1.12

A pull request is found by what main says of it (“(#123)”, “Merge pull request
#123”), else by its ref, if that was fetched. Where debcut.toml has [patch.forge],
the forge is asked what it became, and its description answers as well. A merge
is picked as the commits that it brought; -m 1 takes it whole.

Answers come from the commits (trailers Bug:, Closes:, Affects:, Severity:,
Verified:, Tested-by:, and fenced blocks of these names), from the flags, and
from an editor on a terminal. What nobody says can be said later: patch answer.

Of what kind it is, say the commits (“fix: …”), and --title where they do not;
[patch] kinds in debcut.toml lists those that a maintenance branch takes.")]
pub struct PickArguments {
    /// A commit, a range A..B, or a pull request: #12, !12, its address
    #[arg(value_name = "COMMIT|RANGE|PR")]
    what: String,
    /// The maintenance branch
    #[arg(long, value_name = "BRANCH", value_parser = super::branch)]
    onto: BranchName,
    /// What it is, in a line [default: the commit's subject]
    #[arg(long, value_name = "TEXT", value_parser = why)]
    title: Option<String>,
    #[command(flatten)]
    answers: AnswerArguments,
    /// Take a merge whole, as one change against its first parent
    #[arg(short = 'm', long = "mainline", value_name = "PARENT", value_parser = clap::value_parser!(u8).range(1..=1))]
    mainline: Option<u8>,
    /// Ask anew for what was rejected
    #[arg(long)]
    again: bool,
    /// Open no editor: what is not answered stays open
    #[arg(long)]
    no_edit: bool,
    #[command(flatten)]
    write: WriteArguments,
}

/// Makes a request.
pub fn run(arguments: PickArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let by = context.person()?;
    let reference = Reference::parse(&arguments.what)
        .map_err(|error| Failure::request("invalid-reference", error.to_string()))?;
    let (pull, away) = match &reference {
        Reference::PullRequest { number, written } => {
            let dry_run = arguments.write.dry_run;
            super::forge::pull(&workspace, (*number, written), dry_run, context)
        }
        _ => (None, None),
    };
    let wanted = Wanted {
        reference,
        pull,
        onto: arguments.onto.clone(),
        title: arguments.title.clone(),
        answers: arguments.answers.answers(),
        merge: match arguments.mainline {
            Some(_) => Merge::Whole,
            None => Merge::Commits,
        },
        again: match arguments.again {
            true => Again::Yes,
            false => Again::No,
        },
    };
    let first = super::before(&arguments.write, &workspace, context)?;
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let policy = &workspace.project.patch;
    let found = match picking::wanted(&workspace, &ledger, &wanted) {
        // Neither git nor the forge knows it: the forge says why.
        Err(FlowError::Patching(PatchingError::NoPullRequest { .. })) if away.is_some() => {
            return Err(away.expect("it was looked at"));
        }
        found => found?,
    };
    if let Some(away) = away {
        let here = "what git says of it is taken";
        context.listener().warn(format!("{}: {here}", away.message));
    }
    let ready = match found {
        Asking::Refused(findings) => {
            let document = PickDocument::refused(&arguments.onto);
            let answer = Answer::new(document).findings(findings);
            return Ok(super::refused(answer, &arguments.write));
        }
        Asking::Known(id) => {
            let document = shown(&workspace, &ledger, &id, context)?;
            let answer = Answer::new(document).changed(false);
            if arguments.write.dry_run {
                let digest = Sha256::of(id.as_str().as_bytes());
                return Ok(answer.dry_run(digest).into());
            }
            return super::after(first, answer, &workspace, context);
        }
        Asking::New(ready) => ready,
    };
    let mut ask = ready.ask;
    if arguments.write.dry_run {
        let document = PickDocument::new(&ask, ask.answers.missing(&policy.questions));
        let answer = Answer::new(document).findings(ready.findings);
        return Ok(super::planned(answer, &ask));
    }
    let open = !ask.answers.missing(&policy.questions).is_empty();
    if open && !arguments.no_edit && super::may_ask(context) {
        edit(&mut ask, policy.template.as_deref(), context)?;
    }
    let id = picking::make(&mut ledger, ask, &by, context.now())?;
    let document = shown(&workspace, &ledger, &id, context)?;
    let answer = Answer::new(document).findings(ready.findings);
    let answer = answer.changed(true);
    super::after(first, answer, &workspace, context)
}

/// What asking for one commit came to.
pub(super) struct Made {
    /// The request; none: nothing was written.
    pub id: Option<RequestId>,
    /// Whether it is new.
    pub changed: bool,
    /// What is refused, or worth knowing.
    pub findings: Vec<Finding>,
}

/// Asks for one commit as it is, with what its message answers.
pub(super) fn ask_for(
    workspace: &Workspace,
    ledger: &mut Ledger<'_>,
    commit: &str,
    onto: &BranchName,
    write: &WriteArguments,
    context: &Context<'_>,
) -> Result<Made, Failure> {
    let wanted = Wanted {
        reference: Reference::Revision(commit.to_owned()),
        pull: None,
        onto: onto.clone(),
        title: None,
        answers: Answers::default(),
        merge: Merge::Commits,
        again: Again::No,
    };
    let (id, changed, findings) = match picking::wanted(workspace, ledger, &wanted)? {
        Asking::Refused(findings) => (None, false, findings),
        Asking::Known(id) => (Some(id), false, Vec::new()),
        Asking::New(ready) if write.dry_run => (None, true, ready.findings),
        Asking::New(ready) => {
            let by = context.person()?;
            let id = picking::make(ledger, ready.ask, &by, context.now())?;
            (Some(id), true, ready.findings)
        }
    };
    Ok(Made {
        id,
        changed,
        findings,
    })
}

fn edit(ask: &mut Ask, template: Option<&str>, context: &Context<'_>) -> Result<(), Failure> {
    let text = answers::asked(template, ask).map_err(PatchingError::Template)?;
    let edited = editor(context)("PATCH_ANSWERS", &text)?;
    ask.answers = answers::of_text(&edited);
    Ok(())
}

fn shown(
    workspace: &crate::flow::project::Workspace,
    ledger: &Ledger<'_>,
    id: &RequestId,
    context: &Context<'_>,
) -> Result<PickDocument, Failure> {
    let request = ledger
        .queue
        .find(id.as_str())
        .map_err(PatchingError::Which)?;
    let listed = listing::listed(workspace, ledger, &[request])?;
    let needed = workspace.project.patch.approvals;
    let view = |one| RequestView::new(one, context.now(), needed);
    let view = listed.first().map(view).expect("one was asked for");
    Ok(PickDocument::standing(view))
}
