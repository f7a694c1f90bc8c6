//! `patch freeze` and `patch thaw`.

use clap::Args;

use super::{WriteArguments, why};
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::freezing::{self, Change, news};
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::calendar::Calendar;
use crate::model::{BranchName, Finding, Timestamp};
use crate::report::Answer;
use crate::report::patch::{FreezeDocument, Named, ThawDocument, ToldChannel};

/// Arguments of `patch freeze`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch freeze release-1.12 --until 2026-12-04 --reason 'cut on Friday'
  debcut patch freeze release-1.12 --until 2026-12-04 --except 3fa9c1 --reason 'cut on Friday'

What is approved stays approved and waits; patch thaw gives exactly that back, with
what was approved meanwhile. The date is for people: a branch is frozen until it is
thawed, also after that day; status and patch plan say so then. A day ends where
[patch] zone says. Said again it changes the date, the exceptions and the reason.

[[patch.notify]] says who is told: once each, by whoever freezes first. A channel
that could not be told, and what was approved since, is told by the next run.")]
pub struct FreezeArguments {
    /// The branch
    #[arg(value_name = "BRANCH", value_parser = super::branch)]
    branch: BranchName,
    /// Until when: the end of a day, or a moment (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = date)]
    until: Option<Until>,
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
    #[arg(value_name = "BRANCH", value_parser = super::branch)]
    branch: BranchName,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = why, default_value = "the freeze is over")]
    reason: String,
    #[command(flatten)]
    write: WriteArguments,
}

/// Until when a branch is frozen.
#[derive(Debug, Clone)]
enum Until {
    /// The end of this day, in the project's zone.
    Day(String),
    /// This moment.
    Moment(Timestamp),
}

fn date(text: &str) -> Result<Until, String> {
    let wrong = || format!("“{text}” is no date such as 2026-12-04");
    if text.len() == 10 {
        let day = Calendar::default().end_of(text);
        return day.map(|_| Until::Day(text.to_owned())).ok_or_else(wrong);
    }
    let moment = Timestamp::parse_rfc3339(text);
    moment.map(Until::Moment).map_err(|_| wrong())
}

/// Freezes a branch.
pub fn freeze(arguments: &FreezeArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let calendar = &workspace.project.patch.rhythm.calendar;
    let change = Change::Freeze {
        until: match &arguments.until {
            Some(Until::Day(day)) => calendar.end_of(day),
            Some(Until::Moment(moment)) => Some(*moment),
            None => None,
        },
        except: arguments.except.clone(),
    };
    let (branch, reason) = (&arguments.branch, &arguments.reason);
    run(
        workspace,
        branch,
        &change,
        reason,
        &arguments.write,
        context,
    )
}

/// Thaws a branch.
pub fn thaw(arguments: &ThawArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let (branch, reason) = (&arguments.branch, &arguments.reason);
    let write = &arguments.write;
    run(workspace, branch, &Change::Thaw, reason, write, context)
}

fn run(
    workspace: Workspace,
    branch: &BranchName,
    change: &Change,
    reason: &str,
    write: &WriteArguments,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let share = super::before(write, &workspace, context)?;
    let (by, now) = (context.person()?, context.now());
    let mut ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let changed = freezing::changed(&workspace, &ledger, branch, change, reason, (&by, now))?;
    let mut findings = ledger.findings.clone();
    findings.extend(changed.findings);
    let refused = findings.iter().any(Finding::is_error);
    let named = |one: &crate::patch::Request| Named {
        id: one.id.to_string(),
        title: one.ask.what.title.clone(),
    };
    let requests: Vec<Named> = changed.requests.iter().map(named).collect();
    let mut reached = Vec::new();
    let mut wrote = false;
    if !refused && !write.dry_run {
        if let Some(event) = changed.event.clone() {
            let verb = match change {
                Change::Freeze { .. } => "freeze",
                Change::Thaw => "thaw",
            };
            ledger.say(vec![event], &by, now, &format!("{verb} {branch}"))?;
            wrote = true;
        }
        let (environment, listener) = (&context.environment, context.listener());
        let said = (&by, now);
        let told = news::tell(&workspace, &mut ledger, branch, said, environment, listener)?;
        findings.extend(told.1);
        reached = told.0;
    }
    let told: Vec<ToldChannel> = reached
        .into_iter()
        .map(|one| ToldChannel {
            channel: one.channel,
            at: one.at,
        })
        .collect();
    let changes = wrote || told.iter().any(|one| one.at.is_some());
    let calendar = &workspace.project.patch.rhythm.calendar;
    let answer = match change {
        Change::Freeze { until, .. } => Answer::new(FreezeDocument {
            branch: branch.to_string(),
            until: *until,
            day: until.and_then(|until| Some(calendar.day(until)?.to_string())),
            reason: reason.to_owned(),
            waiting: requests,
            told,
            stands: !refused,
        }),
        Change::Thaw => Answer::new(ThawDocument {
            branch: branch.to_string(),
            released: requests,
            told,
            stands: !refused,
        }),
    };
    let answer = answer.findings(findings);
    if refused {
        return Ok(super::refused(answer, write));
    }
    if write.dry_run {
        return Ok(super::planned(answer, &changed.event));
    }
    super::after(share, answer.changed(changes), &workspace, context)
}
