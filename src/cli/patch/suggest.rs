//! `patch suggest`.

use std::collections::BTreeMap;

use clap::Args;

use super::WriteArguments;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::forging;
use crate::flow::patching::forging::labelled::{self, Labelled};
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::suggesting::{self, Other, Suggestion, Takes, Why};
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding};
use crate::patch::facts::Applies;
use crate::release::change::Note;
use crate::report::Answer;
use crate::report::patch::{MadeRequest, OtherView, ReasonView, SuggestDocument, SuggestionView};

/// Arguments of `patch suggest`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch suggest --onto release-1.12
  debcut patch suggest --onto release-1.12 --pick             ask for all of them
  debcut patch suggest --onto release-1.12 --pick 1a2b3c4d    for this one
  debcut patch suggest --onto release-1.12 --all              with what is left out, and why

Suggested are commits that only the main branch has: fixes, what names a CVE,
what its author asks for (Cc: stable@… # 1.12+, Backport-to: release-1.12,
Backport: 1.12), what mends (Fixes: ID) or reverts a commit that is on the
branch; and, where debcut.toml has [patch.forge], what a merged pull request's
label asks for (backport/1.12). What is there under another id, and what is asked for already, is left
out; so is what says Backport: no. Whether one applies is tried in memory.")]
pub struct SuggestArguments {
    /// The maintenance branch
    #[arg(long, value_name = "BRANCH", value_parser = super::branch)]
    onto: BranchName,
    /// Ask for what is suggested: for all of it, or for these commits
    #[arg(long, value_name = "COMMIT", num_args = 0..)]
    pick: Option<Vec<String>>,
    /// Show what is left out as well, and why
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    write: WriteArguments,
}

/// Looks for commits that belong on a branch.
pub fn run(arguments: SuggestArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let first = match arguments.pick {
        Some(_) => super::before(&arguments.write, &workspace, context)?,
        None => super::Share::No,
    };
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let labelled = labelled(&workspace, &arguments.onto, context);
    let wanted = &labelled.commits;
    let found = suggesting::suggest(&workspace, &ledger, &arguments.onto, wanted)?;
    let views: Vec<SuggestionView> = found.suggested.iter().map(suggestion).collect();
    let others = |kept: &dyn Fn(&Why) -> bool| -> Vec<OtherView> {
        let others = found.others.iter().filter(|one| kept(&one.why));
        others.map(other).collect()
    };
    let mut document = SuggestDocument {
        onto: found.onto.clone(),
        main: found.main.clone(),
        base: found.base.clone(),
        ahead: found.ahead,
        suggestions: views,
        picked: others(&|why| matches!(why, Why::Picked(_))),
        asked: others(&|why| matches!(why, Why::Asked(..))),
        others: others(&|why| !matches!(why, Why::Picked(_) | Why::Asked(..))),
        silent: found.silent.len(),
        silent_kinds: kinds(&found.silent),
        requests: Vec::new(),
        all: arguments.all,
    };
    if arguments.all {
        let silent = found.silent.iter();
        let silent = silent.map(|one| about(other(one), &found.onto));
        document.others.extend(silent);
    }
    let Some(named) = &arguments.pick else {
        let answer = Answer::new(document).findings(labelled.findings);
        return Ok(answer.into());
    };
    let wanted = chosen(&workspace, named, &found.suggested)?;
    let mut changed = false;
    let mut findings = labelled.findings;
    for commit in wanted {
        let made = super::pick::ask_for(
            &workspace,
            &mut ledger,
            &commit,
            &arguments.onto,
            &arguments.write,
            context,
        )?;
        changed |= made.changed;
        findings.extend(made.findings);
        document.requests.push(MadeRequest {
            id: made.id,
            commit,
            changed: made.changed,
        });
    }
    let requests = serde_json::to_value(&document.requests).expect("requests are plain");
    let answer = Answer::new(document).findings(findings);
    match arguments.write.dry_run {
        true => Ok(super::planned(answer, &requests)),
        false => super::after(first, answer.changed(changed), &workspace, context),
    }
}

/// Asks the forge, where there is one, what its labels want. A forge that gives
/// no answer takes nothing else away.
fn labelled(workspace: &Workspace, onto: &BranchName, context: &Context<'_>) -> Labelled {
    if forging::settings(workspace).is_none() {
        return Labelled::default();
    }
    let found = labelled::labelled(workspace, &context.environment, onto, context.listener());
    found.unwrap_or_else(|error| {
        let failure = Failure::from(error);
        let why = format!("its labels are not known: {}", failure.message);
        let finding = Finding::warning("forge-away", onto.as_str(), why);
        Labelled {
            findings: vec![finding.fix("run the same command again later")],
            ..Labelled::default()
        }
    })
}

/// Finds the commits to ask for: all that are suggested, or those that are
/// named, whether they are suggested or not.
fn chosen(
    workspace: &Workspace,
    named: &[String],
    suggested: &[Suggestion],
) -> Result<Vec<String>, Failure> {
    if named.is_empty() {
        return Ok(suggested.iter().map(|one| one.commit.clone()).collect());
    }
    let mut found = Vec::new();
    for text in named {
        let commit = workspace.repository.commit(text)?.id;
        if !suggested.iter().any(|one| one.commit == commit) {
            let message = format!("“{text}” is not suggested");
            return Err(Failure::request("not-suggested", message)
                .hint("debcut patch suggest --all says why not; debcut patch pick asks for it all the same"));
        }
        found.push(commit);
    }
    Ok(found)
}

fn suggestion(one: &Suggestion) -> SuggestionView {
    let (applies, conflicts) = match &one.applies {
        Applies::Cleanly => ("cleanly", Vec::new()),
        Applies::Nothing => ("nothing", Vec::new()),
        Applies::Conflicts { paths, .. } => ("conflicts", paths.clone()),
        Applies::Unknown(_) => ("unknown", Vec::new()),
    };
    SuggestionView {
        commit: one.commit.clone(),
        subject: one.subject.clone(),
        author: one.author.clone(),
        committed: one.committed,
        reasons: one.reasons.iter().cloned().map(ReasonView::new).collect(),
        moves: one.moves.clone(),
        release_note: match one.note {
            Note::Written(_) => "written",
            Note::Nothing => "none",
            Note::Unsaid => "missing",
        },
        applies,
        conflicts,
        after: one.after.clone(),
    }
}

/// Counts what nothing speaks for, by kind.
fn kinds(silent: &[Other]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for one in silent {
        let kind = match &one.why {
            Why::Silent(Some(kind), _) => kind.as_str(),
            _ => "of no kind",
        };
        *found.entry(kind.to_owned()).or_insert(0) += 1;
    }
    found
}

/// Names the branch in what is said of a kind.
fn about(mut view: OtherView, onto: &BranchName) -> OtherView {
    view.text = view.text.replace("the branch", onto.as_str());
    view
}

fn other(one: &Other) -> OtherView {
    let short = |id: &str| id.get(..12).unwrap_or(id).to_owned();
    let mut view = OtherView {
        commit: one.commit.clone(),
        subject: one.subject.clone(),
        why: "only-moves",
        text: "only moves dependencies".to_owned(),
        other: None,
        request: None,
        state: None,
        moves: one.moves.clone(),
    };
    match &one.why {
        Why::OnlyMoves => {}
        Why::Silent(kind, takes) => {
            view.why = "silent";
            view.text = match (kind, takes) {
                (Some(kind), Takes::No) => format!("{kind}: not a kind that the branch takes"),
                (Some(kind), Takes::Yes) => format!("{kind}: nothing speaks for it"),
                (None, _) => "says of no kind that it is, and nothing speaks for it".to_owned(),
            };
        }
        Why::Picked(id) => {
            view.why = "picked";
            view.text = format!("is there as {}", short(id));
            view.other = Some(id.clone());
        }
        Why::Asked(request, state) => {
            view.why = "asked";
            view.text = format!("request {request} is {}", state.word());
            view.request = Some(request.clone());
            view.state = Some(*state);
        }
        Why::Refused(trailer) => {
            view.why = "refused";
            view.text = format!("says {trailer}");
        }
        Why::Foreign(ids) => {
            view.why = "foreign";
            let ids: Vec<String> = ids.iter().map(|id| short(id)).collect();
            view.text = format!("is about {}, which is not there", ids.join(", "));
        }
        Why::TakenBack(id) => {
            view.why = "taken-back";
            view.text = format!("is taken back by {}", short(id));
            view.other = Some(id.clone());
        }
    }
    view
}
