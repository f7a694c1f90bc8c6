//! `patch approve`, `hold`, `reject`, `withdraw`, `supersede` and `answer`: a
//! person's word about requests.

use clap::Args;

use super::{AnswerArguments, WriteArguments, why};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::editor::editor;
use crate::cli::failure::Failure;
use crate::flow::patching::deciding::{self, Word};
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::{PatchingError, listing};
use crate::flow::project::Workspace;
use crate::patch::{Answers, Decision, Request, answers};
use crate::report::Answer;
use crate::report::patch::{RequestView, SaidDocument, Verb};

/// What `patch approve --help` ends with.
pub const APPROVE: &str = "\
Examples:
  debcut patch approve 3fa9c1 --reason 'crashes for everybody since 1.12.2'
  debcut patch approve 3fa9c1 77b0 --reason 'as talked about on Monday'

An approval adds to those of others, until there are as many as [patch] approvals
asks for. It ends holds and rejections that are known here, and looks again at what
was replaced; patch sync first.";

/// What `patch hold --help` ends with.
pub const HOLD: &str = "\
Examples:
  debcut patch hold 3fa9c1 --reason 'wait for the fix of the fix'

It ends the approvals that are known here: who wants it in approves it anew.";

/// What `patch reject --help` ends with.
pub const REJECT: &str = "\
Examples:
  debcut patch reject 3fa9c1 --reason 'a feature: it waits for 1.13'

Whoever decides can change that later: patch approve.";

/// What `patch withdraw --help` ends with.
pub const WITHDRAW: &str = "\
Examples:
  debcut patch withdraw 3fa9c1 --reason 'nobody is affected after all'

For who asked and for approvers; for an author of the commits until somebody has
approved it.";

/// Arguments of a word that takes a reason.
#[derive(Debug, Args)]
pub struct ReasonedArguments {
    #[command(flatten)]
    which: WhichArguments,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = why)]
    reason: String,
    #[command(flatten)]
    write: WriteArguments,
}

/// Arguments of `patch supersede`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch supersede 3fa9c1 --by 77b0e2     the second one has the whole fix

What is approved is replaced by approvers. patch approve of what was replaced looks
at it after all.")]
pub struct SupersedeArguments {
    #[command(flatten)]
    which: WhichArguments,
    /// The request that is looked at instead
    #[arg(long, value_name = "REQUEST")]
    by: String,
    #[command(flatten)]
    write: WriteArguments,
}

/// Arguments of `patch answer`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch answer 3fa9c1 --bug '#123' --severity 'high: data is lost'
  debcut patch answer 3fa9c1 --title 'fix: the parser'   of what kind it is
  debcut patch answer 3fa9c1                    asks in an editor, on a terminal

What is not named stays as it was said.")]
pub struct AnswerVerbArguments {
    /// The request, by its name or the beginning of it
    #[arg(value_name = "REQUEST")]
    request: String,
    #[command(flatten)]
    answers: AnswerArguments,
    /// What it is, in a line; “fix: …” says the kind where the commits do not
    #[arg(long, value_name = "TEXT", value_parser = why)]
    title: Option<String>,
    #[command(flatten)]
    write: WriteArguments,
}

/// Which requests are meant.
#[derive(Debug, Clone, Args)]
struct WhichArguments {
    /// The requests, by their names or the beginnings of them
    #[arg(value_name = "REQUEST", required = true)]
    requests: Vec<String>,
}

/// A word about requests, ready to be said.
struct Spoken<'a> {
    verb: Verb,
    requests: &'a [String],
    word: Word,
    summary: &'static str,
}

/// Decides requests, for a reason.
pub fn decide(
    decision: Decision,
    arguments: &ReasonedArguments,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let (verb, summary) = match decision {
        Decision::Approve => (Verb::Approve, "approve"),
        Decision::Hold => (Verb::Hold, "hold"),
        Decision::Reject => (Verb::Reject, "reject"),
    };
    say(&arguments.write, context, |_, _| {
        Ok(Spoken {
            verb,
            requests: &arguments.which.requests,
            word: Word::Decide(decision, arguments.reason.clone()),
            summary,
        })
    })
}

/// Withdraws.
pub fn withdraw(arguments: &ReasonedArguments, context: &Context<'_>) -> Result<Said, Failure> {
    say(&arguments.write, context, |_, _| {
        Ok(Spoken {
            verb: Verb::Withdraw,
            requests: &arguments.which.requests,
            word: Word::Withdraw(arguments.reason.clone()),
            summary: "withdraw",
        })
    })
}

/// Puts another request in the place of some.
pub fn supersede(arguments: &SupersedeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    say(&arguments.write, context, |_, ledger| {
        let by = ledger.queue.find(&arguments.by);
        Ok(Spoken {
            verb: Verb::Supersede,
            requests: &arguments.which.requests,
            word: Word::Supersede(by.map_err(PatchingError::Which)?.id.clone()),
            summary: "supersede",
        })
    })
}

/// Answers questions of a request.
pub fn answer(arguments: &AnswerVerbArguments, context: &Context<'_>) -> Result<Said, Failure> {
    say(&arguments.write, context, |workspace, ledger| {
        let mut answers = arguments.answers.answers();
        if answers == Answers::default() && arguments.title.is_none() {
            let request = ledger.queue.find(&arguments.request);
            let request = request.map_err(PatchingError::Which)?;
            answers = asked(request, workspace, context)?;
        }
        Ok(Spoken {
            verb: Verb::Answer,
            requests: std::slice::from_ref(&arguments.request),
            word: Word::Answer(answers, arguments.title.clone()),
            summary: "answer for",
        })
    })
}

fn asked(
    request: &Request,
    workspace: &Workspace,
    context: &Context<'_>,
) -> Result<Answers, Failure> {
    if !super::may_ask(context) {
        let missing = request
            .ask
            .what
            .answers
            .missing(&workspace.project.patch.questions);
        let flags: Vec<String> = missing
            .iter()
            .map(|one| format!("--{} TEXT", one.word()))
            .collect();
        let failure = Failure::request("no-answer", "no answer was given, and nobody can be asked");
        return Err(match flags.is_empty() {
            true => failure.hint("--bug, --affected, --severity, --verified or --note TEXT"),
            false => failure.hint(format!("not said yet: {}", flags.join(" "))),
        });
    }
    let template = workspace.project.patch.template.as_deref();
    let text = answers::asked(template, &request.ask.what).map_err(PatchingError::Template)?;
    Ok(answers::of_text(&editor(context)("PATCH_ANSWERS", &text)?))
}

fn say<'a>(
    write: &WriteArguments,
    context: &Context<'_>,
    spoken: impl FnOnce(&Workspace, &Ledger<'_>) -> Result<Spoken<'a>, Failure>,
) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let by = context.person()?;
    let first = super::before(write, &workspace, context)?;
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let spoken = spoken(&workspace, &ledger)?;
    let saying = deciding::said(&workspace, &ledger, spoken.requests, &spoken.word, &by)?;
    let refused = saying.is_refused();
    if !refused && !write.dry_run {
        let names: Vec<&str> = saying.requests.iter().map(|id| id.as_str()).collect();
        let summary = format!("{} {}", spoken.summary, names.join(" "));
        deciding::say(&mut ledger, &saying, &by, context.now(), &summary)?;
    }
    let requests = saying.requests.iter();
    let requests: Vec<&Request> = requests
        .filter_map(|id| ledger.queue.requests.get(id))
        .collect();
    let listed = listing::listed(&workspace, &ledger, &requests)?;
    let needed = workspace.project.patch.approvals;
    let views = listed
        .iter()
        .map(|one| RequestView::new(one, context.now(), needed));
    let document = SaidDocument::new(spoken.verb, views.collect());
    let answer = Answer::new(document).findings(saying.findings);
    if refused {
        return Ok(super::refused(answer, write));
    }
    if write.dry_run {
        return Ok(super::planned(answer, &saying.events));
    }
    let answer = answer.changed(!saying.events.is_empty());
    super::after(first, answer, &workspace, context)
}
