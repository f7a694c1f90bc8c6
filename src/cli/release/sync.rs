//! `release sync`.

use clap::{Args, ValueEnum};

use crate::cli::Said;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::flow::embargoing;
use crate::flow::patching::back_merging::{self, Wanted};
use crate::model::BranchName;
use crate::patch::BackMerge;
use crate::report::{Answer, ReleaseSyncDocument};

/// Arguments of `release sync`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct SyncArguments {
    /// A branch whose last release comes back [default: the current maintenance
    /// branch, else every one]
    #[arg(long, value_name = "BRANCH")]
    from: Vec<BranchName>,
    /// A branch that gets it [default: back-merge-into in debcut.toml, else the
    /// main branch; a hotfix also goes to its normal branch]
    #[arg(long, value_name = "BRANCH")]
    into: Vec<BranchName>,
    /// By which way [default: back-merge in debcut.toml, else pick]
    #[arg(long, value_name = "WAY")]
    by: Option<Way>,
    /// Push the branches that got something
    #[arg(long)]
    push: bool,
    /// Print what each branch would get and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// How a release comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// By a merge of its tag
    Merge,
    /// By a commit with the changelog's entries and the versions alone
    Pick,
}

const EXAMPLES: &str = "\
Examples:
  debcut release sync                          every branch's last release, to main
  debcut release sync --dry-run                what would come to which branch
  debcut release sync --from release-1.12 --into main --into development --push
  debcut release sync --by merge               with the release's tag in the history

Entries of debian/changelog and sections of CHANGELOG.md go where their versions
belong; versions only rise. Nothing happens in a work tree: branches that are
checked out move forward with their files, as a fast-forward of git's does, or
not at all. A package named sync is released by debcut release --to SUITE sync.";

/// Brings releases of maintenance branches back.
pub fn run(arguments: SyncArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let workspace = context.workspace()?;
    let wanted = Wanted {
        from: arguments.from,
        into: arguments.into,
        how: arguments.by.map(|way| match way {
            Way::Merge => BackMerge::Merge,
            Way::Pick => BackMerge::Pick,
        }),
        push: arguments.push,
        dry_run: arguments.dry_run,
        author: context.person()?,
        date: context.now(),
    };
    let synced = back_merging::sync(
        &workspace,
        &wanted,
        &context.environment,
        context.listener(),
    )?;
    let mut document = ReleaseSyncDocument::new(synced.how, synced.pushed);
    for target in &synced.targets {
        document.target(target.branch.as_str(), &target.base, &target.to);
        for step in &target.steps {
            let source = &step.source;
            document.step(
                source.branch.as_str(),
                source.tag.as_str(),
                &step.commit,
                &step.files,
            );
        }
        for source in &target.left_out {
            document.left_out(source.branch.as_str(), source.tag.as_str());
        }
    }
    if synced.changed
        && !synced.pushed
        && let Some(remote) = embargoing::open_remote(&workspace, &context.environment)?
    {
        document = document.to_be_pushed(&remote);
    }
    let digest = synced.digest();
    let answer = Answer::new(document).findings(synced.findings);
    let answer = match (arguments.dry_run, answer.is_no()) {
        (true, true) => answer.no_plan(),
        (true, false) => answer.dry_run(digest),
        (false, _) => answer.changed(synced.changed),
    };
    Ok(answer.into())
}
