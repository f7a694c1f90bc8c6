//! `rollout status`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::WhichArguments;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::flow::lead_time;
use crate::flow::project::Workspace;
use crate::flow::rolling::shelf::{Among, Shelf, has_ended};
use crate::model::Finding;
use crate::report::Answer;
use crate::report::rolling::{Lead, page};
use crate::report::rollout::{Picture, StatusDocument, remarks};
use crate::rollout::event::Entry;
use crate::rollout::{Rollout, plan};
use crate::sys::files::{self, Access};
use crate::sys::interrupt;

/// Arguments of `rollout status`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout status                what is open; else what was last
  debcut rollout status hello          hello's newest rollout, whole
  debcut rollout status --watch        again and again, until it ends
  debcut rollout status hello --html /srv/www/rollout.html   a page of it

It reads journals and asks no host: what hosts run is what the controller heard last. What
stands against going on is told as warnings: that a rollout stands badly is an answer, exit code 0;
debcut rollout advance says 1.")]
pub struct StatusArguments {
    #[command(flatten)]
    which: WhichArguments,
    /// Show it anew whenever something happened; with --json one document a line
    #[arg(long)]
    watch: bool,
    /// Write a page for a browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// How often a watched rollout is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// A soak counts down.
const RENEW_SECONDS: i64 = 30;

/// Shows where rollouts stand.
pub fn run(arguments: &StatusArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let shelf = arguments.which.state.shelf(context)?;
    let word = arguments.which.rollout.as_deref();
    if arguments.watch {
        return watch(arguments, &shelf, context);
    }
    let found = shown(&shelf, word)?;
    if let Some(path) = &arguments.html {
        write_page(path, &found, &shelf, context)?;
    }
    Ok(answer(&found, &shelf, context).into())
}

/// Returns what is open, else the newest; one that is named in any case.
fn shown(shelf: &Shelf, word: Option<&str>) -> Result<Vec<(Rollout, Vec<Entry>)>, Failure> {
    if word.is_some() {
        let id = shelf.find(word, Among::All)?;
        return Ok(shelf.look(&id)?.into_iter().collect());
    }
    let mut all = shelf.all()?;
    match all.iter().any(|(rollout, _)| !has_ended(&rollout.phase)) {
        true => all.retain(|(rollout, _)| !has_ended(&rollout.phase)),
        false => all.truncate(1),
    }
    Ok(all)
}

fn answer(found: &[(Rollout, Vec<Entry>)], shelf: &Shelf, context: &Context<'_>) -> Answer {
    let now = context.now();
    let picture = |(rollout, entries): &(Rollout, Vec<Entry>)| {
        Picture::new(rollout, entries, &plan::next(rollout, now), now)
    };
    let pictures = found.iter().map(picture).collect();
    let mut findings: Vec<Finding> = found.iter().flat_map(|(one, _)| remarks(one)).collect();
    if found.is_empty() && !shelf.directory.is_dir() {
        let place = shelf.directory.display().to_string();
        let why = "there is no such directory, so no journal either";
        findings.push(
            Finding::warning("no-journals", place, why)
                .fix("--state DIR or DEBCUT_STATE, as it was when they were started"),
        );
    }
    Answer::new(StatusDocument::new(&shelf.directory, pictures)).findings(findings)
}

fn write_page(
    path: &Path,
    found: &[(Rollout, Vec<Entry>)],
    shelf: &Shelf,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let [(rollout, entries)] = found else {
        return Err(
            Failure::request("several-rollouts", "--html is a page of one rollout")
                .hint("name it: debcut rollout status NAME --html FILE"),
        );
    };
    let now = context.now();
    let next = plan::next(rollout, now);
    let leads = leads(shelf, rollout, context);
    let text = page(rollout, entries, &next, &leads, now);
    files::replace(&context.path(path), text.as_bytes(), Access::Public)?;
    Ok(())
}

/// How many releases the page compares.
const LEADS: usize = 8;

/// Returns how long the source's releases took: from their commits where this is
/// their project, else from the plans of their rollouts. A page is not refused
/// because this cannot be told.
fn leads(shelf: &Shelf, rollout: &Rollout, context: &Context<'_>) -> Vec<Lead> {
    let source = &rollout.target.source;
    let released = || {
        let workspace = Workspace::open(&context.directory, context.config.as_deref()).ok()?;
        let wanted = lead_time::Wanted {
            packages: vec![source.clone()],
            limit: LEADS,
            state: Some(shelf.directory.clone()),
        };
        let (found, _) = lead_time::lead_times(&workspace, &wanted, &context.environment).ok()?;
        Some(found.iter().filter_map(Lead::of).collect::<Vec<_>>())
    };
    let found = released().unwrap_or_default();
    if !found.is_empty() {
        return found;
    }
    let all = shelf.all().unwrap_or_default();
    let own = all.iter().filter(|(one, _)| one.target.source == *source);
    own.filter_map(|(one, _)| Lead::of_rollout(one))
        .take(LEADS)
        .collect()
}

fn watch(
    arguments: &StatusArguments,
    shelf: &Shelf,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let word = arguments.which.rollout.as_deref();
    let mut last: Option<(u64, i64)> = None;
    let mut screen = context.terminal().screen();
    loop {
        let found = shown(shelf, word)?;
        let entries: u64 = found.iter().map(|(rollout, _)| rollout.entries).sum();
        let at = context.now().unix();
        let is_new =
            last.is_none_or(|(known, shown)| known != entries || at - shown >= RENEW_SECONDS);
        if is_new || screen.is_resized() {
            last = Some((entries, at));
            if let Some(path) = &arguments.html {
                write_page(path, &found, shelf, context)?;
            }
            screen.show(&answer(&found, shelf, context));
        }
        let ended = found.iter().all(|(rollout, _)| has_ended(&rollout.phase));
        // Who watches ends it so.
        if ended || interrupt::asked() {
            // What was seen last stays in view.
            if screen.leave() {
                context.terminal().show(&answer(&found, shelf, context));
            }
            return Ok(Said::Ended(Exit::Done));
        }
        std::thread::sleep(LOOK);
    }
}
