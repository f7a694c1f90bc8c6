//! `archive incoming`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::certificates;
use super::change::ChangeArguments;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, duration, passphrase};
use crate::flow::incoming::{After, Fate, Handled, Tray};
use crate::model::{Sha256, Suite};
use crate::report::{Answer, IncomingDocument, UploadRow, UploadState};
use crate::sys::interrupt;

/// Arguments of `archive incoming`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive incoming /srv/incoming --archive /srv/apt
  debcut archive incoming /srv/incoming --map unstable=canary --watch
  debcut archive incoming /srv/incoming --to staging --dry-run

Uploads are what dput and dput-ng send: a .changes, written last, and the files it lists.
Each goes to the suite that its Distribution names, by itself and in the order in which it
came. What was published is removed from DIR; what is refused goes to DIR/rejected/NAME/
with the reasons in the file REASON; what lacks files waits. A suite that names its
uploaders (archive init --uploader) takes nothing else.")]
pub struct IncomingArguments {
    /// The directory that uploads are put into
    // Not `directory`: that is -C, which would take it for its own.
    #[arg(id = "tray", value_name = "DIR")]
    directory: PathBuf,
    /// The suite for all uploads [default: the Distribution of each]
    #[arg(long, value_name = "SUITE")]
    to: Option<Suite>,
    /// Which suite takes the uploads for a distribution (repeat or separate by commas)
    #[arg(long, value_name = "FROM=TO", value_delimiter = ',', value_parser = mapping)]
    #[arg(conflicts_with = "to")]
    map: Vec<(Suite, Suite)>,
    /// Go on until SIGTERM or Ctrl-C
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,
    /// How many seconds lie between two looks
    #[arg(long, value_name = "SECONDS", default_value = "2", requires = "watch")]
    interval: u64,
    /// Leave what was published where it is
    #[arg(long)]
    keep: bool,
    /// After what time to tell of uploads that lack files: 1d, 12h
    #[arg(long, value_name = "TIME", value_parser = stale, default_value = "1d")]
    stale: u32,
    /// Count signatures by the certificates in FILE as well (repeat for more)
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
    #[command(flatten)]
    change: ChangeArguments,
}

fn mapping(text: &str) -> Result<(Suite, Suite), String> {
    let (from, to) = text.split_once('=').ok_or("FROM=TO expected")?;
    let suite = |name| Suite::new(name).map_err(|error| error.to_string());
    Ok((suite(from)?, suite(to)?))
}

fn stale(text: &str) -> Result<u32, String> {
    Ok(duration::seconds(text, duration::SHORT)?.get())
}

/// Takes uploads in, once or until it is told to stop.
pub fn run(arguments: &IncomingArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let mut desk = arguments.change.desk(context)?;
    desk.rules.keyring = certificates(&arguments.keyring, context)?;
    desk.suites()?;
    if let Some(suite) = &arguments.to {
        desk.look(suite, None, crate::publish::Question::Manifest)?;
    }
    for (_, suite) in &arguments.map {
        desk.look(suite, None, crate::publish::Question::Manifest)?;
    }
    let directory = context.path(&arguments.directory);
    if !directory.is_dir() {
        let why = format!("{} is not a directory", directory.display());
        return Err(
            Failure::request("no-directory", why).hint("create it, and let dput write there")
        );
    }
    let mut tray = Tray::new(directory.clone());
    tray.to = arguments.to.clone();
    tray.map = arguments.map.clone();
    tray.stale_seconds = i64::from(arguments.stale);
    if arguments.keep {
        tray.after = After::Keep;
    }
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    let place = directory.display().to_string();
    if !arguments.watch {
        let mut rows = Vec::new();
        let mut each = |handled| rows.push(row(handled));
        let failure = desk.take_in(&mut tray, &mut act, &interrupt::asked, &mut each)?;
        return match failure {
            Some(error) => {
                // The others are done, and said so here: an error is one document.
                let done = rows.iter().filter(|row| row.state != UploadState::Failed);
                for UploadRow { upload, state, .. } in done {
                    context
                        .listener()
                        .note(format!("{upload}: {state:?}").to_lowercase());
                }
                Err(error.into())
            }
            None => Ok(answer(place, rows, arguments.change.dry_run).into()),
        };
    }
    context
        .listener()
        .note(format!("watching {place}; Ctrl-C ends it"));
    while !interrupt::asked() {
        let mut each = |handled| {
            let answer = answer(place.clone(), vec![row(handled)], false);
            match context.json {
                true => context.terminal().say(&answer.json().to_string()),
                false => drop(context.terminal().show(&answer)),
            }
        };
        let looked = desk.take_in(&mut tray, &mut act, &interrupt::asked, &mut each);
        if let Some(error) = looked? {
            context
                .listener()
                .warn(crate::model::finding::with_causes(&error));
        }
        let mut left = Duration::from_secs(arguments.interval);
        while !left.is_zero() && !interrupt::asked() {
            let nap = left.min(Duration::from_millis(100));
            std::thread::sleep(nap);
            left -= nap;
        }
    }
    Ok(Said::Whole)
}

fn answer(directory: String, rows: Vec<UploadRow>, dry_run: bool) -> Answer {
    let findings: Vec<_> = rows.iter().flat_map(|row| row.findings.clone()).collect();
    let moved =
        |row: &UploadRow| matches!(row.state, UploadState::Published | UploadState::Rejected);
    let changed = rows.iter().any(moved);
    let plans: Vec<_> = rows
        .iter()
        .filter_map(|row| row.plan_digest.clone())
        .collect();
    let digest = Sha256::of(plans.concat().as_bytes());
    let answer = Answer::new(IncomingDocument::new(directory, rows)).findings(findings);
    match dry_run {
        true => answer.dry_run(digest),
        false => answer.changed(changed),
    }
}

fn row(handled: Handled) -> UploadRow {
    let (name, version) = handled.source.unzip();
    let mut row = UploadRow {
        upload: handled.name,
        source: name.map(|name| name.to_string()),
        version: version.map(|version| version.to_string()),
        suite: handled.suite,
        state: UploadState::Waiting,
        generation: None,
        added: Vec::new(),
        removed: Vec::new(),
        plan_digest: None,
        moved_to: None,
        findings: handled.findings,
    };
    row.state = match handled.fate {
        Fate::Published {
            generation,
            added,
            removed,
        } => {
            row.generation = Some(generation);
            (row.added, row.removed) = (added, removed);
            UploadState::Published
        }
        Fate::Planned {
            added,
            removed,
            digest,
        } => {
            (row.added, row.removed) = (added, removed);
            row.plan_digest = Some(digest);
            UploadState::Planned
        }
        Fate::Unchanged => UploadState::Unchanged,
        Fate::Rejected(to) => {
            row.moved_to = to.map(|to| to.display().to_string());
            UploadState::Rejected
        }
        Fate::Waiting => UploadState::Waiting,
        Fate::Failed => UploadState::Failed,
    };
    row
}
