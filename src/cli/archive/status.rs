//! `archive status`.

use clap::{Args, ValueEnum};

use super::ArchiveArgument;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::duration::{SHORT, seconds};
use crate::cli::failure::{Exit, Failure};
use crate::model::{Finding, Suite};
use crate::publish::health::{self, Counted, Health, Thresholds};
use crate::report::{Answer, ArchiveStatusDocument, Monitored};

/// Arguments of `archive status`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive status --archive /srv/apt
  debcut archive status --check --archive /srv/apt           one line and exit code for Nagios
  debcut archive status --format prometheus --archive /srv/apt > /run/debcut.prom
  debcut archive status stable --check --warn 3d --critical 12h --archive /srv/apt

With --check or --format nagios the exit code is the one that Nagios and its kin expect:
0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. Without, it is 0 whatever is found. Suites that are
valid for less than two weeks warn, unless told otherwise, at half of that time and are
critical at a quarter.")]
pub struct StatusArguments {
    /// The suites [default: all]
    suites: Vec<Suite>,
    /// Judge only, and exit as Nagios' plugins do
    #[arg(long)]
    check: bool,
    /// How it is written [default: text; with --check: nagios]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Warn when clients will refuse a suite in less than this [default: 7d]
    #[arg(long, value_name = "TIME", value_parser = time)]
    warn: Option<i64>,
    /// Critical when a suite or its key ends in less than this [default: 2d]
    #[arg(long, value_name = "TIME", value_parser = time)]
    critical: Option<i64>,
    /// Warn when a key ends in less than this [default: 30d]
    #[arg(long, value_name = "TIME", value_parser = time)]
    warn_key: Option<i64>,
    #[command(flatten)]
    archive: ArchiveArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// One line for Nagios, Icinga, checkmk …
    Nagios,
    /// Metrics for Prometheus
    Prometheus,
}

fn time(text: &str) -> Result<i64, String> {
    seconds(text, SHORT).map(|seconds| i64::from(seconds.get()))
}

/// Shows how suites stand.
pub fn run(arguments: &StatusArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let format = arguments.format.unwrap_or(match arguments.check {
        true => Format::Nagios,
        false => Format::Text,
    });
    let monitored = arguments.check || format == Format::Nagios;
    match (look(arguments, format, context), monitored) {
        // What cannot be found out is an answer of its own to a monitor.
        (Err(failure), true) if format == Format::Nagios && !context.json => {
            let causes = [vec![failure.message.clone()], failure.causes.clone()].concat();
            context
                .terminal()
                .say(&Monitored::unknown(&causes.join(": ")));
            Ok(Said::Ended(nagios(Monitored::Unknown)))
        }
        (Err(mut failure), true) => {
            failure.exit = nagios(Monitored::Unknown);
            Err(failure)
        }
        (said, _) => said,
    }
}

fn look(
    arguments: &StatusArguments,
    format: Format,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let desk = arguments.archive.desk(context)?;
    let now = desk.clock.now();
    let counted = match arguments.check || format == Format::Nagios {
        // A check is made every minute, also of an archive far away.
        true => Counted::No,
        false => Counted::Yes,
    };
    let suites = desk.health(&arguments.suites, counted)?;
    let thresholds = Thresholds {
        warn_seconds: arguments.warn,
        critical_seconds: arguments.critical,
        warn_key_seconds: arguments.warn_key,
    };
    let judged = |health: &Health| health::judge(health, &thresholds, now);
    let findings: Vec<Finding> = suites.iter().flat_map(judged).collect();
    let document = ArchiveStatusDocument::new(desk.store.place(), &suites, &findings, now);
    let state = nagios(Monitored::of(&findings));
    let end = match arguments.check || format == Format::Nagios {
        true => state,
        false => Exit::Done,
    };
    if context.json || format == Format::Text {
        return Ok(Said::Judged(Answer::new(document).findings(findings), end));
    }
    context.terminal().say(
        match format {
            Format::Prometheus => document.prometheus(),
            _ => document.nagios(&findings, &thresholds),
        }
        .trim_end(),
    );
    Ok(Said::Ended(end))
}

/// Returns the exit code that a monitoring program expects.
fn nagios(state: Monitored) -> Exit {
    match state {
        Monitored::Ok => Exit::Done,
        Monitored::Warning => Exit::No,
        Monitored::Critical => Exit::Request,
        Monitored::Unknown => Exit::Outside,
    }
}
