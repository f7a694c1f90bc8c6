//! `archive add` and `publish`.

use std::path::PathBuf;

use clap::Args;

use super::certificates;
use super::change::ChangeArguments;
use crate::archive::Older;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{Said, passphrase};
use crate::flow::archiving::Outcome;
use crate::flow::building::{self, LastBuild, Together};
use crate::flow::embargoing;
use crate::flow::project::Workspace;
use crate::model::{Component, Suite};
use crate::report::{AddDocument, Answer, Document, PublishDocument};

/// Arguments of `archive add`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut archive add hello_2.10-3_amd64.deb --to stable --archive /srv/apt
  debcut archive add dist/v1.2.0 --to stable   everything below a folder
  debcut archive add *.changes --to stable --dry-run")]
pub struct AddArguments {
    /// .deb, .dsc and .changes files, or folders that hold them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    publishing: Publishing,
}

/// Arguments of `publish`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  debcut publish --to stable                       the last build
  debcut publish dist/v1.2.0 --to canary --archive /srv/apt

It is `archive add` with the last build as its default.")]
pub struct PublishArguments {
    /// What to publish [default: the last build]
    #[arg(value_name = "ARTIFACT")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    publishing: Publishing,
}

#[derive(Debug, Args)]
struct Publishing {
    /// The suite that gets them
    #[arg(long, value_name = "SUITE")]
    to: Suite,
    /// The component that everything goes to [default: by section, else the suite's first]
    #[arg(long, value_name = "NAME")]
    component: Option<Component>,
    /// Take versions older than what the suite has
    #[arg(long)]
    allow_older: bool,
    /// Count signatures, of uploads and bases, by the certificates in FILE as well
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Adds files to a suite.
pub fn run(arguments: AddArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let files: Vec<_> = arguments
        .files
        .iter()
        .map(|file| context.path(file))
        .collect();
    add(&files, &arguments.publishing, context, AddDocument)
}

/// Publishes the last build, or what is named.
pub fn publish(arguments: PublishArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let mut files: Vec<_> = arguments
        .files
        .iter()
        .map(|file| context.path(file))
        .collect();
    if files.is_empty() {
        let workspace = Workspace::open(&context.directory, context.config.as_deref())?;
        let last = building::last_build(&workspace)?.ok_or_else(|| {
            Failure::request(
                "no-build",
                "nothing is named, and nothing was built here yet",
            )
            .hint("debcut build TAG, then debcut publish --to SUITE")
        })?;
        let shown = last.directory.display();
        let dist = workspace.repository.top().join("dist");
        context
            .listener()
            .note(match last.directory.starts_with(dist) {
                true => format!("publishing the last build, of {shown}"),
                false => format!("publishing the last build, of {shown}, which is not in dist/"),
            });
        files.extend(last_uploads(last, &arguments.publishing.to)?);
    }
    add(&files, &arguments.publishing, context, |document| document)
}

/// Gathers the uploads of the last builds: of those for several distributions
/// the ones that are for this suite.
fn last_uploads(last: LastBuild, to: &Suite) -> Result<Vec<PathBuf>, Failure> {
    if last.together.is_empty() {
        return Ok(vec![last.changes]);
    }
    let is_meant = |build: &&Together| build.distribution.as_ref().is_none_or(|d| d == to);
    let meant = last.together.iter().filter(is_meant);
    let meant: Vec<_> = meant.map(|build| build.changes.clone()).collect();
    if meant.is_empty() {
        let why = format!("the last build was for several distributions, none of them {to}");
        let failure = Failure::request("no-build", why);
        return Err(last.together.iter().fold(failure, |failure, build| {
            let directory = build.changes.parent().unwrap_or(&build.changes);
            failure.hint(format!("debcut publish {} --to {to}", directory.display()))
        }));
    }
    Ok(meant)
}

fn add<D: Document + 'static>(
    files: &[PathBuf],
    arguments: &Publishing,
    context: &Context<'_>,
    shown: fn(PublishDocument) -> D,
) -> Result<Said, Failure> {
    let mut desk = arguments.change.desk(context)?;
    let environment = &context.environment;
    let refusal = embargoing::archives::refuse_files(files, desk.store.as_ref(), environment);
    let place = desk.store.place();
    arguments.change.refused(refusal, &place, context)?;
    desk.rules.keyring = certificates(&arguments.keyring, context)?;
    let older = if arguments.allow_older {
        Older::Allow
    } else {
        Older::Refuse
    };
    let mut ask = passphrase::asker(context);
    let mut act = arguments.change.act(&mut ask);
    // A suite that is not there is a request that is wrong, not a refusal.
    desk.look(&arguments.to, None, crate::publish::Question::Manifest)?;
    let component = arguments.component.as_ref();
    let outcome = desk.add(files, &arguments.to, component, older, &mut act)?;
    Ok(answer(&arguments.to, outcome, shown).into())
}

/// Answers with what came of a change, in the document of its verb.
pub(super) fn answer<D: Document + 'static>(
    suite: &Suite,
    outcome: Outcome,
    shown: fn(PublishDocument) -> D,
) -> Answer {
    let of = |document| Answer::new(shown(document));
    match outcome {
        Outcome::Refused(findings) => of(PublishDocument::refused(suite))
            .changed(false)
            .findings(findings),
        Outcome::Planned(plan, findings) => {
            let digest = plan.digest();
            of(PublishDocument::planned(&plan))
                .dry_run(digest)
                .findings(findings)
        }
        Outcome::Unchanged(current, findings) => of(PublishDocument::unchanged(&current))
            .changed(false)
            .findings(findings),
        Outcome::Done(published, findings) => of(PublishDocument::done(&published))
            .changed(true)
            .findings(findings),
    }
}
