//! `patch forge push`, `pull` and `sync`: the queue and the forge's pull
//! requests.

use clap::{Args, Subcommand};

use super::WriteArguments;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::forging::absent;
use crate::flow::patching::forging::paging::Meant;
use crate::flow::patching::forging::pulling::{self, Heard};
use crate::flow::patching::forging::pushing::{self, Act, Planned};
use crate::flow::patching::forging::recalling::Recalled;
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::BranchName;
use crate::report::Answer;
use crate::report::patch::{
    ActView, ForgeDocument, ForgeVerb as Verb, HeardDecision, PageView, RecalledDecision,
};

/// Arguments of `patch forge`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch forge sync                       both ways: pull, then push
  debcut patch forge push --onto release-1.12 --dry-run
  debcut patch forge pull

[patch.forge] in debcut.toml names the forge; an empty one takes what the
remote's address says. Keys: kind (github, gitlab), url (of the API), project,
open-pull-requests, labels, decisions, people, backport, body.

The token comes from DEBCUT_FORGE_TOKEN; else, for the hosts that they are for
alone, from GITHUB_TOKEN, GH_TOKEN, GITLAB_TOKEN, CI_JOB_TOKEN. Nothing else of
the queue needs a forge.")]
pub struct ForgeVerb {
    #[command(subcommand)]
    verb: Way,
}

#[derive(Debug, Subcommand)]
enum Way {
    /// Show the queue on the forge: pull requests and labels
    Push(PushArguments),
    /// Write down what approvers decided on the forge
    Pull(PullArguments),
    /// Pull, then push
    Sync(SyncArguments),
}

/// Arguments of `patch forge push`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch forge push
  debcut patch forge push --onto release-1.12 --dry-run
  debcut patch forge push 3fa9c1

Each open request that applies has a pull request against its branch, with its
commits as they would be picked on a branch debcut/patch/REQUEST, and a label
that says where it stands; one that is over is closed. What people write on the
page around debcut's part stays. A request that came from a pull request against
the branch itself, a fork's too, gets no second one: that one is labelled. With open-pull-requests = false only labels are
set, on the pull requests that the requests came from.")]
struct PushArguments {
    #[command(flatten)]
    which: ForgeArguments,
}

/// Arguments of `patch forge pull`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch forge pull
  debcut patch forge pull --onto release-1.12 --dry-run

An approval approves, a review that asks for changes holds, and so do the labels
that [patch.forge] decisions names (approve-patch, hold-patch, reject-patch); who
said it is looked up in [patch.forge] people, and must be an approver. Each is
written down once, with its moment there. The labels that debcut sets decide
nothing.

Of several reviews of a person the newest one counts. An approval that came from
there and is gone there (dismissed, taken back, its label taken away) does not
count any more; a hold that is gone stays until somebody approves. What was
decided with debcut itself stays.")]
struct PullArguments {
    #[command(flatten)]
    which: ForgeArguments,
}

/// Arguments of `patch forge sync`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch forge sync
  debcut patch forge sync --sync        and share the queue with the remote")]
struct SyncArguments {
    #[command(flatten)]
    which: ForgeArguments,
}

#[derive(Debug, Args)]
struct ForgeArguments {
    /// The requests, by their names or the beginnings of them [default: all]
    #[arg(value_name = "REQUEST")]
    requests: Vec<String>,
    /// Only the requests for this branch
    #[arg(long, value_name = "BRANCH", value_parser = super::branch, conflicts_with = "requests")]
    onto: Option<BranchName>,
    #[command(flatten)]
    write: WriteArguments,
}

/// Runs a verb of `patch forge`.
pub fn run(arguments: &ForgeVerb, context: &Context<'_>) -> Result<Said, Failure> {
    let (verb, which) = match &arguments.verb {
        Way::Push(arguments) => (Verb::Push, &arguments.which),
        Way::Pull(arguments) => (Verb::Pull, &arguments.which),
        Way::Sync(arguments) => (Verb::Sync, &arguments.which),
    };
    let workspace = super::workspace(context)?;
    let (environment, listener) = (&context.environment, context.listener());
    // Before anything is fetched or asked.
    let forge = crate::flow::patching::forging::open(&workspace, environment)?;
    let mut document = ForgeDocument::new(verb, forge.host(), forge.project());
    let share = super::before(&which.write, &workspace, context)?.or_stop()?;
    let mut ledger = Ledger::read(&workspace.repository, environment)?;
    let meant = Meant {
        requests: which.requests.clone(),
        onto: which.onto.clone(),
    };
    let mut findings = ledger.findings.clone();
    let place = (&workspace, environment);
    if !which.write.dry_run {
        findings.extend(absent::fetched(place, &ledger, &forge, &meant, listener)?);
    }
    let by = context.person()?;
    let said = (&by, context.now());
    let mut heard = Heard::default();
    if verb != Verb::Push {
        heard = pulling::heard(place, &ledger, &forge, &meant, said, listener)?;
        findings.append(&mut heard.findings);
        if !which.write.dry_run {
            pulling::take(&mut ledger, &heard)?;
        }
    }
    let mut changed = !heard.is_empty();
    document.decisions = heard.decisions.iter().map(decision).collect();
    document.taken_back = heard.taken_back.iter().map(recalled).collect();
    if verb != Verb::Pull {
        let mut plan = pushing::plan(place, &ledger, &forge, &meant, listener)?;
        findings.append(&mut plan.findings);
        changed |= !plan.is_empty();
        document.requests = plan.pages.iter().map(page).collect();
        if !which.write.dry_run {
            let pushed =
                pushing::apply(&workspace, &mut ledger, environment, &plan, said, listener)?;
            findings.extend(pushed.findings);
            for (id, url) in pushed.urls {
                document.place(&id, url);
            }
        }
    }
    let plan = serde_json::to_value(&document).expect("documents are plain values");
    let answer = Answer::new(document).findings(findings);
    match which.write.dry_run {
        true => Ok(super::planned(answer, &plan)),
        false => super::after(share, answer.changed(changed), &workspace, context),
    }
}

fn decision(one: &pulling::Heeded) -> HeardDecision {
    HeardDecision {
        request: one.request.clone(),
        decision: one.decision,
        by: one.by.clone(),
        at: one.at,
        reason: one.reason.clone(),
    }
}

fn recalled(one: &Recalled) -> RecalledDecision {
    RecalledDecision {
        request: one.request.clone(),
        of: one.of.clone(),
        by: one.by.clone(),
        at: one.at,
        reason: one.reason.clone(),
    }
}

fn page(planned: &Planned) -> PageView {
    let request = &planned.listed.request;
    PageView {
        id: request.id.clone(),
        onto: request.ask.what.onto.clone(),
        title: request.ask.what.title.clone(),
        state: planned.listed.standing.state,
        url: planned.pull.as_ref().map(|pull| pull.url.clone()),
        acts: planned.acts.iter().map(act).collect(),
    }
}

fn act(act: &Act) -> ActView {
    let (act, text) = match act {
        Act::Push(branch) => ("push", format!("push {branch}")),
        Act::Open { title, .. } => ("open", format!("open a pull request: {title}")),
        Act::Body(_) => ("body", "write its page anew".to_owned()),
        Act::Reopen => ("reopen", "open it again".to_owned()),
        Act::Relabel { set, take } => {
            let set = set.iter().map(|label| format!("+{label}"));
            let take = take.iter().map(|label| format!("-{label}"));
            let both: Vec<String> = set.chain(take).collect();
            ("label", format!("label {}", both.join(" ")))
        }
        Act::Close => ("close", "close it".to_owned()),
        Act::Delete(branch) => ("delete", format!("delete {branch}")),
        Act::Link => ("link", "note its page in the queue".to_owned()),
    };
    ActView { act, text }
}

/// Asks the forge for a pull request that is to be picked. A forge that gives no
/// answer is no reason to stop where git says enough: what it said is returned
/// beside.
pub(super) fn pull(
    workspace: &Workspace,
    (number, written): (u64, &str),
    dry_run: bool,
    context: &Context<'_>,
) -> (
    Option<crate::flow::patching::forging::looking::Pull>,
    Option<Failure>,
) {
    use crate::flow::patching::forging::{looking, settings};
    if settings(workspace).is_none() {
        return (None, None);
    }
    let fetch = match dry_run {
        true => looking::Fetch::No,
        false => looking::Fetch::Yes,
    };
    let listener = context.listener();
    match looking::look(
        workspace,
        &context.environment,
        (number, written),
        fetch,
        listener,
    ) {
        Ok(pull) => (pull, None),
        Err(error) => (None, Some(error.into())),
    }
}
