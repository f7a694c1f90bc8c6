//! `patch freeze` and `patch thaw`.

use clap::Args;

use super::{WriteArguments, why};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::freezing::{self, Change};
use crate::flow::patching::ledger::Ledger;
use crate::model::{BranchName, Sha256, Timestamp};
use crate::report::Answer;
use crate::report::patch::{FreezeDocument, Named, ThawDocument};

/// Arguments of `patch freeze`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch freeze release-1.12 --until 2026-12-04 --reason 'cut on Friday'
  debcut patch freeze release-1.12 --until 2026-12-04 --except 3fa9c1 --reason 'cut on Friday'

What is approved stays approved and waits; patch thaw gives exactly that back.
The date is for people: the branch is frozen until it is thawed.")]
pub struct FreezeArguments {
    /// The branch
    #[arg(value_name = "BRANCH")]
    branch: BranchName,
    /// Until when: a day, or a moment (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = date)]
    until: Option<Timestamp>,
    /// A request that goes on all the same
    #[arg(long, value_name = "REQUEST", num_args = 1..)]
    except: Vec<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = why)]
    reason: String,
    #[command(flatten)]
    write: WriteArguments,
}

/// Arguments of `patch thaw`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch thaw release-1.12
  debcut patch thaw release-1.12 --reason '1.12.4 is out'")]
pub struct ThawArguments {
    /// The branch
    #[arg(value_name = "BRANCH")]
    branch: BranchName,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = why, default_value = "the freeze is over")]
    reason: String,
    #[command(flatten)]
    write: WriteArguments,
}

/// Takes a moment, or the end of a day in UTC.
fn date(text: &str) -> Result<Timestamp, String> {
    let moment = match text.len() {
        10 => format!("{text}T23:59:59Z"),
        _ => text.to_owned(),
    };
    Timestamp::parse_rfc3339(&moment).map_err(|_| format!("“{text}” is no date such as 2026-12-04"))
}

/// Freezes a branch.
pub fn freeze(arguments: &FreezeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let change = Change::Freeze {
        until: arguments.until,
        except: arguments.except.clone(),
    };
    let (branch, reason) = (&arguments.branch, &arguments.reason);
    run(branch, &change, reason, &arguments.write, context)
}

/// Thaws a branch.
pub fn thaw(arguments: &ThawArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let (branch, reason) = (&arguments.branch, &arguments.reason);
    run(branch, &Change::Thaw, reason, &arguments.write, context)
}

fn run(
    branch: &BranchName,
    change: &Change,
    reason: &str,
    write: &WriteArguments,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let share = super::before(write, &workspace, context)?;
    let (by, now) = (context.person()?, context.now());
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let changed = freezing::changed(&workspace, &ledger, branch, change, reason, (&by, now))?;
    let named = |one: &crate::patch::Request| Named {
        id: one.id.to_string(),
        title: one.ask.what.title.clone(),
    };
    let requests: Vec<Named> = changed.requests.iter().map(named).collect();
    let answer = match change {
        Change::Freeze { until, .. } => Answer::new(FreezeDocument {
            branch: branch.to_string(),
            until: *until,
            reason: reason.to_owned(),
            waiting: requests,
        }),
        Change::Thaw => Answer::new(ThawDocument {
            branch: branch.to_string(),
            released: requests,
        }),
    };
    let answer = answer
        .findings(ledger.findings.clone())
        .findings(changed.findings);
    if answer.is_no() {
        return Ok(match write.dry_run {
            true => answer.no_plan(),
            false => answer.changed(false),
        }
        .into());
    }
    if write.dry_run {
        let digest = Sha256::of(format!("{:?}", changed.event).as_bytes());
        return Ok(answer.dry_run(digest).into());
    }
    let Some(event) = changed.event else {
        return super::after(share, answer.changed(false), &workspace, context);
    };
    let verb = match change {
        Change::Freeze { .. } => "freeze",
        Change::Thaw => "thaw",
    };
    ledger.say(vec![event.clone()], &by, now, &format!("{verb} {branch}"))?;
    freezing::tell(
        &workspace,
        &event,
        &changed.requests,
        (&by, now),
        &context.environment,
        context.listener(),
    );
    super::after(share, answer.changed(true), &workspace, context)
}
