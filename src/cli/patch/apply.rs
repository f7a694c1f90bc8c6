//! `patch apply`.

use std::path::PathBuf;

use clap::Args;

use super::WriteArguments;
use super::pushing::{self, Push, Sent};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::flow::embargoing;
use crate::flow::patching::applying::{
    self, Ending, Extent, Fate, Line, MayChange, Named, Outcome, Shop, Stopping, Wanted, Way,
};
use crate::flow::patching::ledger::Ledger;
use crate::model::{BranchName, Sha256};
use crate::patch::sequence::OnConflict;
use crate::report::Answer;
use crate::report::patch::{AppliedRequest, ApplyDocument, EarlierCommit, StoppedAt};

/// Arguments of `patch apply`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch apply --onto release-1.12              all that may go in
  debcut patch apply --onto release-1.12 1a2b3c4d5e   this one, or say why not
  debcut patch apply --onto release-1.12 --dry-run
  debcut patch apply --onto release-1.12 --push       and the branch with the queue
  debcut patch apply --onto release-1.12 --skip-conflicts
  debcut patch apply --resolve-in ../conflict         then, when it is resolved there:
  debcut patch apply --continue
  debcut patch apply --continue --resolution my-branch

Requests go in the order of the main branch's history, each whole or not at
all, as git cherry-pick -x would pick them: author, date and message stay, notes
are copied, and they are signed where commit.gpgSign says so. It is computed in
memory: a conflict moves nothing, and only a work tree that has the branch
checked out follows. Hooks are not run. A resolution changes some of what
conflicts, and nothing else than the pick does.

--push gets what others have said and picked first, and pushes the branch and the
queue in one: the remote takes both or nothing. Without it --sync, or sync = true
in [patch], gets it as well, and holds the queue back as long as the remote lacks
the picks: nobody is told “picked” of what nobody can fetch. What somebody else
has picked in another clone stays out, until it is fetched, or until its rule
(picked-elsewhere) is set aside.")]
pub struct ApplyArguments {
    /// The requests [default: all of the branch that may go]
    #[arg(value_name = "REQUEST", conflicts_with_all = ["go_on", "skip", "abort"])]
    requests: Vec<String>,
    /// The maintenance branch [default: the one that waits at a conflict]
    #[arg(long, value_name = "BRANCH", value_parser = super::branch)]
    onto: Option<BranchName>,
    /// Go on: the conflict is resolved
    #[arg(long = "continue", conflicts_with_all = ["skip", "abort"])]
    go_on: bool,
    /// Go on without the request that conflicts
    #[arg(long, conflicts_with = "abort")]
    skip: bool,
    /// Give up: nothing of it is done
    #[arg(long)]
    abort: bool,
    /// The commit whose change resolves the conflict
    #[arg(long, value_name = "COMMIT", requires = "go_on")]
    resolution: Option<String>,
    /// Take that commit although it changes what the pick and its conflict do not
    #[arg(long, requires = "resolution")]
    other_paths: bool,
    /// Make a work tree for a conflict here, with git's own markers in it
    #[arg(long, value_name = "DIR", conflicts_with = "abort")]
    resolve_in: Option<PathBuf>,
    /// Leave out what does not apply instead of stopping there
    #[arg(long)]
    skip_conflicts: bool,
    /// Ask this command whether the branch's head is green, or with @forge the
    /// forge's checks [default: [patch] require-green]
    #[arg(long, value_name = "COMMAND", num_args = 0..=1, default_missing_value = "")]
    require_green: Option<String>,
    /// Push the branch and the queue to the remote, both or nothing
    #[arg(long, conflicts_with_all = ["dry_run", "abort"])]
    push: bool,
    #[command(flatten)]
    write: WriteArguments,
}

/// Puts requests onto their branch.
pub fn run(arguments: ApplyArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let waiting = applying::stopped_on(&workspace.repository)?;
    let way = match (arguments.go_on, arguments.skip, arguments.abort) {
        (true, ..) => Some(Way::Continue(resolution(&arguments))),
        (_, true, _) => Some(Way::Skip),
        (_, _, true) => Some(Way::Abort),
        _ => None,
    };
    let onto = match (&arguments.onto, &waiting) {
        (Some(onto), Some(waiting)) if onto != waiting => {
            let message = format!("an apply onto {waiting} waits at a conflict");
            return Err(Failure::request("apply-stopped", message)
                .hint("debcut patch apply --continue, --skip or --abort"));
        }
        (Some(onto), _) => onto.clone(),
        (None, Some(waiting)) => waiting.clone(),
        (None, None) if way.is_some() => {
            return Err(
                Failure::request("nothing-stopped", "no apply has stopped here")
                    .hint("debcut patch apply --onto BRANCH begins one"),
            );
        }
        (None, None) => {
            return Err(Failure::request("no-branch", "which branch is meant?")
                .hint("debcut patch apply --onto BRANCH"));
        }
    };
    let require_green = match arguments.require_green.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(
            workspace
                .project
                .patch
                .require_green
                .clone()
                .ok_or_else(|| {
                    Failure::request(
                        "no-command",
                        "nothing says how to ask whether a branch is green",
                    )
                    .hint("--require-green COMMAND, or [patch] require-green in debcut.toml")
                })?,
        ),
        Some(command) => Some(command.to_owned()),
    };
    let push = match arguments.push {
        true => Push::Yes,
        false => Push::No,
    };
    let going = pushing::before(push, &onto, &arguments.write, &workspace, context)?;
    let ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let mut requests = Vec::new();
    for text in &arguments.requests {
        let found = ledger.queue.find(text);
        let found = found.map_err(crate::flow::patching::PatchingError::from)?;
        if found.ask.what.onto != onto {
            let message = format!("{} is asked for on {}", found.id, found.ask.what.onto);
            return Err(Failure::request("other-branch", message)
                .hint(format!("debcut patch apply --onto {}", found.ask.what.onto)));
        }
        requests.push(found.id.clone());
    }
    let wanted = Wanted {
        onto,
        requests,
        require_green,
        on_conflict: match arguments.skip_conflicts {
            true => OnConflict::LeaveOut,
            false => OnConflict::Stop,
        },
        resolve_in: arguments.resolve_in.as_ref().map(|path| context.path(path)),
        extent: match arguments.write.dry_run {
            true => Extent::Plan,
            false => Extent::Write,
        },
        by: context.person()?,
        at: context.now(),
    };
    let shop = Shop {
        workspace: &workspace,
        environment: &context.environment,
        listener: context.listener(),
    };
    let outcome = match &way {
        None => applying::begin(&shop, &wanted)?,
        Some(way) => applying::go_on(&shop, way, &wanted)?,
    };
    let sent = match outcome.ending {
        Ending::Done | Ending::Unchanged => {
            pushing::after(going, &outcome.onto, &workspace, context)?
        }
        _ => Sent::default(),
    };
    let usual = &workspace.project.release.remote;
    let is_open = sent.pushed.is_none() && outcome.from != outcome.to;
    let next = match outcome.ending == Ending::Done && is_open {
        true => embargoing::open_remote(&workspace, &context.environment)?,
        false => None,
    };
    let what = outcome.onto.to_string();
    let next = next.map(|remote| embargoing::push_line(&remote, usual, &what));
    Ok(answer(outcome, &wanted, sent, next))
}

fn resolution(arguments: &ApplyArguments) -> Option<Named> {
    Some(Named {
        commit: arguments.resolution.clone()?,
        may: match arguments.other_paths {
            true => MayChange::Anything,
            false => MayChange::Own,
        },
    })
}

fn answer(outcome: Outcome, wanted: &Wanted, sent: Sent, next: Option<String>) -> Said {
    let (word, changed) = match outcome.ending {
        Ending::Planned => ("planned", None),
        Ending::Done => ("done", Some(true)),
        Ending::Unchanged => ("unchanged", Some(sent.changed)),
        Ending::Refused => ("refused", Some(false)),
        Ending::Stopped => ("stopped", None),
        Ending::Aborted => ("aborted", Some(true)),
    };
    let document = ApplyDocument {
        onto: outcome.onto,
        outcome: word,
        from: outcome.from,
        to: outcome.to,
        requests: outcome.requests.into_iter().map(line).collect(),
        stopped_at: outcome.stop.map(stopped),
        pushed: sent.pushed,
        next: next.into_iter().collect(),
    };
    let plan = serde_json::to_vec(&document).expect("documents have string keys");
    let answer = Answer::new(document).findings(outcome.findings);
    let answer = answer.findings(sent.findings);
    match outcome.ending {
        Ending::Planned => answer.dry_run(Sha256::of(&plan)).into(),
        // What waits at a conflict has no plan until that is resolved.
        Ending::Refused | Ending::Stopped if wanted.extent == Extent::Plan => {
            answer.no_plan().into()
        }
        Ending::Stopped => Said::Judged(answer, Exit::Stopped),
        _ => {
            let answer = match changed {
                Some(changed) => answer.changed(changed),
                None => answer,
            };
            match sent.exit {
                Some(exit) => Said::Judged(answer, exit),
                None => answer.into(),
            }
        }
    }
}

fn line(one: Line) -> AppliedRequest {
    AppliedRequest {
        id: one.id,
        title: one.title,
        fate: match one.fate {
            Fate::Goes => "goes",
            Fate::Nothing => "nothing",
            Fate::Found => "found",
            Fate::Stays => "stays",
            Fate::Conflicts => "conflicts",
            Fate::Waits => "waits",
            Fate::Skipped => "skipped",
        },
        commits: one.commits,
        findings: one.why,
    }
}

fn stopped(stop: Stopping) -> StoppedAt {
    let advice = stop.advice;
    StoppedAt {
        request: stop.request,
        commit: stop.commit,
        subject: stop.subject,
        paths: stop.paths,
        tried: advice.as_ref().map(|advice| advice.tried),
        against: advice.as_ref().and_then(|advice| advice.against.clone()),
        first: advice.map(|advice| {
            let first = advice.first.into_iter();
            first
                .map(|one| EarlierCommit {
                    commit: one.commit,
                    subject: one.subject,
                    request: one.request,
                })
                .collect()
        }),
        directory: stop.directory,
    }
}
