//! `patch sync`.

use clap::Args;

use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::syncing::{self, Difference, Shared};
use crate::flow::project::Workspace;
use crate::model::Sha256;
use crate::report::Answer;
use crate::report::patch::SyncDocument;

/// Arguments of `patch sync`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut patch sync
  debcut patch sync --remote upstream

It fetches the remote's refs/debcut/patches, takes what is new, and pushes what
the remote lacks; nothing that anybody wrote is lost, whoever comes first. Where
that speaks of picks that are not in this clone, it fetches their branches too, as
git fetch does. It pushes no branch: picks that the remote has not are warned of,
and shown to others as elsewhere. For a copy of the ledger with every clone:
  git config --add remote.origin.fetch '+refs/debcut/*:refs/debcut/remotes/origin/*'")]
pub struct SyncArguments {
    /// The remote [default: [release] remote of debcut.toml, else origin]
    #[arg(long, value_name = "NAME|URL")]
    remote: Option<String>,
    /// Say whether anything would come or go, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Shares the ledger.
pub fn run(arguments: &SyncArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let usual = workspace.project.release.remote.as_str();
    let remote = arguments.remote.as_deref().unwrap_or(usual);
    if arguments.dry_run {
        return dry_run(&workspace, remote, context);
    }
    let shared = shared(&workspace, remote, context)?;
    let changed = shared.taken + shared.sent > 0;
    let document = SyncDocument {
        remote: remote.to_owned(),
        taken: Some(shared.taken),
        sent: Some(shared.sent),
        entries: shared.entries,
        text: text(&shared),
    };
    let answer = Answer::new(document).findings(shared.findings);
    Ok(answer.changed(changed).into())
}

/// Shares the ledger with a remote.
pub fn shared(
    workspace: &Workspace,
    remote: &str,
    context: &Context<'_>,
) -> Result<Shared, Failure> {
    let environment = &context.environment;
    Ok(syncing::sync(
        workspace,
        environment,
        remote,
        context.listener(),
    )?)
}

/// Says what came and what went.
pub fn text(shared: &Shared) -> String {
    let Shared {
        remote,
        taken,
        sent,
        entries,
        ..
    } = shared;
    format!("{remote}: {taken} came, {sent} went; {entries} entries here")
}

fn dry_run(workspace: &Workspace, remote: &str, context: &Context<'_>) -> Result<Said, Failure> {
    let environment = &context.environment;
    let ledger = Ledger::read(&workspace.repository, environment)?;
    let found = syncing::difference(workspace, environment, remote)?;
    let (taken, sent, text) = match found {
        Difference::None => (Some(0), Some(0), format!("{remote} has the same")),
        Difference::Theirs => (None, Some(0), format!("{remote} has what is not here")),
        Difference::Own => (Some(0), None, format!("{remote} lacks what is here")),
        Difference::Both => (None, None, format!("{remote} has another ledger")),
    };
    let digest = Sha256::of(text.as_bytes());
    let document = SyncDocument {
        remote: remote.to_owned(),
        taken,
        sent,
        entries: ledger.entries.len(),
        text,
    };
    Ok(Answer::new(document).dry_run(digest).into())
}
