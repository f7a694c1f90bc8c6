//! `patch show`.

use clap::Args;

use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::{PatchingError, listing, ruling, telling};
use crate::report::Answer;
use crate::report::patch::{LogDocument, RequestView, ShowDocument, ShownCommit, about};

/// Arguments of `patch show`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch show 3fa9c1
  debcut patch show 3fa9c1 --json

Everything about one request: what it asks for, how it stands now, what was said.")]
pub struct ShowArguments {
    /// The request, by its name or the beginning of it
    #[arg(value_name = "REQUEST")]
    request: String,
}

/// Shows one request.
pub fn run(arguments: &ShowArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let ledger = Ledger::read(&workspace.repository, &context.environment)?;
    let request = ledger.queue.find(&arguments.request);
    let request = request.map_err(PatchingError::Which)?;
    let listed = listing::listed(&workspace, &ledger, &[request])?;
    let policy = &workspace.project.patch;
    let one = listed.first().expect("one was asked for");
    let view = RequestView::new(one, context.now(), policy.approvals);
    let view = view.ruled(ruling::breaches(&workspace, one)?);
    let own = ledger
        .entries
        .iter()
        .filter(|(id, entry)| about(*id, &entry.event).as_ref() == Some(&request.id));
    let log = LogDocument::new(own, &ledger.queue, policy);
    let commits = telling::commits(&workspace, &view.commits)?;
    let commits = commits.into_iter().map(|one| ShownCommit {
        id: one.id,
        subject: one.subject,
        author: one.author,
        committed: one.committed,
        release_note: one.note,
        note: one.text,
    });
    let document = ShowDocument::new(view, commits.collect(), log);
    Ok(Answer::new(document).findings(ledger.findings).into())
}
