//! `archive refresh`.

use clap::Args;

use super::change::ChangeArguments;
use super::several::Several;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, duration, passphrase};
use crate::flow::refreshing::Due;
use crate::model::Suite;
use crate::publish::Question;
use crate::report::RefreshDocument;

/// Arguments of `archive refresh`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive refresh --archive /srv/apt              every suite, now
  debcut archive refresh stable --within 2d              for cron: only when it is time

The content stays; a new generation has a newer Date and Valid-Until, and the
signatures of today's keys. With --within, a suite without Valid-Until stays.")]
pub struct RefreshArguments {
    /// The suites [default: all]
    suites: Vec<Suite>,
    /// Only suites whose Valid-Until is nearer than this: 2d, 12h
    #[arg(long, value_name = "TIME", value_parser = within)]
    within: Option<u32>,
    #[command(flatten)]
    change: ChangeArguments,
}

fn within(text: &str) -> Result<u32, String> {
    Ok(duration::seconds(text, duration::SHORT)?.get())
}

/// Renews suites.
pub fn run(arguments: &RefreshArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let desk = arguments.change.desk(context)?;
    let suites = match arguments.suites.as_slice() {
        [] => desk.suites()?,
        named => named.to_vec(),
    };
    // A suite that is not there stops it before anything is renewed.
    for suite in &suites {
        desk.look(suite, None, Question::Manifest)?;
    }
    let due = arguments.within.map_or(Due::Now, Due::Within);
    let mut several = Several::default();
    for suite in &suites {
        let mut ask = passphrase::asker(context);
        let mut act = arguments.change.act(&mut ask);
        let outcome = desk.refresh(suite, due, &mut act)?;
        if several.take(suite, outcome) {
            break;
        }
    }
    for line in several.lines_mut() {
        let current = desk.look(&line.suite, None, Question::Manifest)?;
        line.valid_until = current.manifest().and_then(|m| m.valid_until);
    }
    let place = desk.store.place();
    Ok(several
        .answer(arguments.change.dry_run, |lines| {
            RefreshDocument::new(place, lines)
        })
        .into())
}
