//! `patch sync`.

use clap::Args;

use crate::cli::Said;
use crate::cli::confirm::confirmed;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::patching::keeping;
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
  git config --add remote.origin.fetch '+refs/debcut/*:refs/debcut/remotes/origin/*'

What an embargo kept stays from every remote that was not private to it, also
after its end. Where everybody may read it, it goes in so many words:
  debcut patch sync --publish-kept ORCHID --reason 'the fix is public'")]
pub struct SyncArguments {
    /// The remote [default: [release] remote of debcut.toml, else origin]
    #[arg(long, value_name = "NAME|URL")]
    remote: Option<String>,
    /// Let out what the queue has kept since the end of this embargo
    #[arg(long, value_name = "EMBARGO", requires = "reason")]
    publish_kept: Option<String>,
    /// Why everybody may read it
    #[arg(long, value_name = "TEXT", requires = "publish_kept", value_parser = super::why)]
    reason: Option<String>,
    /// Do not ask before it is let out
    #[arg(long, requires = "publish_kept")]
    yes: bool,
    /// Say whether anything would come or go, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Shares the ledger.
pub fn run(arguments: &SyncArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = super::workspace(context)?;
    let usual = workspace.project.release.remote.as_str();
    let remote = arguments.remote.as_deref().unwrap_or(usual);
    let let_out = match (&arguments.publish_kept, &arguments.reason) {
        (Some(embargo), Some(reason)) => Some((embargo.as_str(), reason.as_str())),
        _ => None,
    };
    if arguments.dry_run {
        return dry_run(&workspace, remote, let_out, context);
    }
    let mut changed = false;
    if let Some((embargo, reason)) = let_out {
        let environment = &context.environment;
        let repository = &workspace.repository;
        let number = kept(&workspace, remote, embargo, context)?;
        if number > 0 && !arguments.yes {
            let what = format!("{number} entries that {embargo} kept go to {remote}");
            confirmed(context, &format!("{what}. Go on? [y/N] "))?;
        }
        let said = (&context.person()?, context.now(), &workspace.project.patch);
        match keeping::let_out(repository, embargo, reason, said, environment)? {
            Ok(is_said) => changed = is_said,
            Err(finding) => {
                let document = SyncDocument {
                    remote: remote.to_owned(),
                    taken: Some(0),
                    sent: Some(0),
                    entries: Ledger::read(repository, environment)?.entries.len(),
                    text: format!("{remote}: nothing came or went"),
                };
                let answer = Answer::new(document).changed(false);
                return Ok(answer.findings([finding]).into());
            }
        }
    }
    let shared = shared(&workspace, remote, context)?;
    changed |= shared.taken + shared.sent > 0;
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

/// Counts what an embargo keeps from a remote, as it was fetched last.
fn kept(
    workspace: &Workspace,
    remote: &str,
    embargo: &str,
    context: &Context<'_>,
) -> Result<usize, Failure> {
    let environment = &context.environment;
    let repository = &workspace.repository;
    let ledger = Ledger::read(repository, environment)?;
    let has = keeping::known_at(repository, remote)?;
    let kept = keeping::withheld(repository, &ledger, remote, &has, environment)?;
    Ok(kept.of.get(embargo).copied().unwrap_or_default())
}

fn dry_run(
    workspace: &Workspace,
    remote: &str,
    let_out: Option<(&str, &str)>,
    context: &Context<'_>,
) -> Result<Said, Failure> {
    let environment = &context.environment;
    let ledger = Ledger::read(&workspace.repository, environment)?;
    let found = syncing::difference(workspace, environment, remote)?;
    let (taken, sent, text) = match found {
        Difference::None => (Some(0), Some(0), format!("{remote} has the same")),
        Difference::Theirs => (None, Some(0), format!("{remote} has what is not here")),
        Difference::Own => (Some(0), None, format!("{remote} lacks what is here")),
        Difference::Both => (None, None, format!("{remote} has another ledger")),
    };
    let text = match let_out {
        None => text,
        Some((embargo, _)) => {
            let number = kept(workspace, remote, embargo, context)?;
            format!("{text}; {number} entries that {embargo} kept would go there")
        }
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
