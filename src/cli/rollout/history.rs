//! `rollout history`.

use clap::Args;

use super::WhichArguments;
use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::rolling::shelf::Among;
use crate::report::Answer;
use crate::report::rollout::HistoryDocument;

/// Arguments of `rollout history`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut rollout history               every rollout, the newest first
  debcut rollout history hello         what happened in hello's newest one
  debcut rollout history hello_1.2-1 --json   with all that hosts said

The journal of each is DIR/NAME/journal.jsonl, a line for each entry.")]
pub struct HistoryArguments {
    #[command(flatten)]
    which: WhichArguments,
}

/// Shows what was.
pub fn run(arguments: &HistoryArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let shelf = arguments.which.state.shelf(context)?;
    let document = match &arguments.which.rollout {
        None => HistoryDocument::all(&shelf.all()?),
        Some(word) => {
            let id = shelf.find(Some(word), Among::All)?;
            let found = shelf.look(&id)?;
            let entries = found.map(|(_, entries)| entries).unwrap_or_default();
            HistoryDocument::one(&id.to_string(), &entries)
        }
    };
    Ok(Answer::new(document).into())
}
