//! `release`.

mod planned;
mod sync;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::archive::{ArchiveArgument, configured_key, desk, rules};
use super::context::Context;
use super::failure::Failure;
use super::how::HowArguments;
use super::request::RequestArguments;
use super::tag::TagSigning;
use super::{Said, passphrase};
use crate::archive::Older;
use crate::flow::patching::cutting;
use crate::flow::releasing::{self, Outcome, Released, Tagged, Target, Wanted};
use crate::flow::unpublished::unpublished_before;
use crate::model::{DigestPrefix, Finding, Severity, Suite};
use crate::report::{Answer, BuiltPackage, ReleaseDocument, ReleasedPackage, StepLine};
use crate::sys::outward::archive_place;
use planned::{Planning, Requests};

/// `release` itself, or what is done around it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ReleaseVerb {
    #[command(subcommand)]
    verb: Option<Around>,
    #[command(flatten)]
    release: ReleaseArguments,
}

#[derive(Debug, Subcommand)]
enum Around {
    /// Bring the changelog and the versions of a maintenance branch's release back
    Sync(sync::SyncArguments),
}

/// Runs `release`, or what is done around it.
pub fn run(verb: ReleaseVerb, context: &Context<'_>) -> Result<Said, Failure> {
    match verb.verb {
        Some(Around::Sync(arguments)) => sync::run(arguments, context),
        None => release(verb.release, context),
    }
}

/// Arguments of `release`.
#[derive(Debug, Args)]
pub struct ReleaseArguments {
    #[command(flatten)]
    request: RequestArguments,
    /// The suite that gets the packages
    #[arg(long, value_name = "SUITE", required = true)]
    to: Option<Suite>,
    #[command(flatten)]
    archive: ArchiveArgument,
    /// Refuse when the release would not be the one of this plan
    #[arg(long, value_name = "DIGEST")]
    plan: Option<DigestPrefix>,
    #[command(flatten)]
    signing: TagSigning,
    #[command(flatten)]
    how: HowArguments,
    /// The upstream tarball, or the directory that holds it
    #[arg(long, value_name = "PATH")]
    orig: Option<PathBuf>,
    /// Publish a version older than what the suite has
    #[arg(long)]
    allow_older: bool,
    /// Push the branch and the tags before anything is published; with --mock
    /// only look whether that could begin
    #[arg(long)]
    push: bool,
    /// Do it all for real in a throw-away clone, with a throw-away key and
    /// archive, and leave nothing but the report
    #[arg(long)]
    mock: bool,
    /// How long to wait for another publisher, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
    /// Print what would be released and write nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  debcut release --to staging                  plan, prepare, build, tag, publish
  debcut release --to staging --mock           the same, and nothing is left of it
  debcut release libfoo --to stable --push     one package, tags pushed first
  debcut release --to stable --plan 20194a3b9889  exactly the plan that was approved

The release commit is built before it is tagged: a failed build leaves no tag.
Stopped anywhere, the same command goes on where it was; what is tagged and not
in the suite yet is built from its tag and published, too.";

/// Releases.
fn release(arguments: ReleaseArguments, context: &Context<'_>) -> Result<Said, Failure> {
    // Only what is done around a release goes without it, says clap.
    let to = arguments.to.expect("clap demands it");
    let workspace = context.workspace()?;
    let wanted = Wanted {
        request: arguments.request.of_source()?,
        expected: arguments.plan,
        to,
        push: arguments.push,
        key: arguments.signing.key(),
        signing: arguments.signing.wanted(),
        how: arguments.how.how(),
        orig: arguments.orig.map(|path| context.path(&path)),
        older: match arguments.allow_older {
            true => Older::Allow,
            false => Older::Refuse,
        },
        tagged: Tagged::Published,
        dry_run: arguments.dry_run,
        author: context.person()?,
        date: context.now(),
    };
    let cut = cutting::cut(
        &workspace,
        &wanted.request,
        &context.environment,
        context.listener(),
    )?;
    let said = (&wanted.author, wanted.date);
    let environment = &context.environment;
    let document = ReleaseDocument {
        suite: wanted.to.to_string(),
        mock: arguments.mock,
        branch: cut.as_ref().map(|cut| cut.branch.to_string()),
        ..ReleaseDocument::default()
    };
    let tries = arguments.mock && !wanted.dry_run;
    if let Some(cut) = cut.as_ref().filter(|cut| !cut.refused.is_empty()) {
        if tries {
            cutting::mocked(&workspace, cut, None, said, environment)?;
        }
        let answer = Answer::new(document).findings(cut.refused.clone());
        return Ok(match wanted.dry_run {
            true => answer.no_plan(),
            false => answer.changed(false),
        }
        .into());
    }
    let asked = Asked {
        dry_run: wanted.dry_run,
        push: wanted
            .push
            .then(|| workspace.project.release.remote.clone()),
        requests: planned::requests(&workspace)?,
        unpublished: unpublished_before(&workspace, &wanted.request)?,
    };
    if arguments.mock {
        // A mock needs no archive; one that is named is asked for.
        let archive = arguments.archive.named_location(context)?;
        let archive = archive.map(|location| archive_place(&location, &context.directory));
        let mocked = releasing::mock(
            &workspace,
            &wanted,
            archive.as_deref(),
            (environment, context.clock),
            context.listener(),
        )?;
        if let Some(cut) = &cut {
            cutting::mocked(&workspace, cut, Some(&mocked), said, environment)?;
        }
        return Ok(answer(mocked, document, &asked)
            .findings(asked.unpublished)
            .into());
    }
    let mut warnings = match &cut {
        Some(cut) => cut.warnings.clone(),
        None => cutting::elsewhere(&workspace, environment)?,
    };
    if !warnings.is_empty() && !cutting::is_due(&workspace, &wanted.request)? {
        warnings.clear();
    }
    warnings.extend(asked.unpublished.iter().cloned());
    if !wanted.dry_run {
        // Said while it can still be stopped.
        for one in &warnings {
            let mut text = format!("{}: {}", one.subject, one.message);
            if !one.fix.is_empty() {
                text += &format!(": {}", one.fix);
            }
            match one.severity {
                Severity::Info => context.listener().note(text),
                Severity::Warning | Severity::Error => context.listener().warn(text),
            }
        }
    }
    let location = arguments.archive.location(context)?;
    let mut desk = desk(&location, Duration::from_secs(arguments.wait), context)?;
    desk.configured_key = configured_key(context)?;
    desk.rules = rules(&location, context)?;
    let mut ask = passphrase::asker(context);
    let mut outcome = releasing::release(&workspace, &wanted, &desk, &mut ask)?;
    if let (Some(cut), Outcome::Done(released)) = (&cut, &mut outcome) {
        released.changed |= cutting::done(&workspace, cut, released, said, environment)?;
    }
    let next = match (&cut, &outcome) {
        (Some(cut), Outcome::Done(released)) => {
            cutting::next(&workspace, cut, released, environment)?
        }
        _ => Vec::new(),
    };
    let document = ReleaseDocument {
        archive: Some(desk.store.place()),
        next,
        ..document
    };
    let answer = answer(outcome, document, &asked);
    // What stood above need not stand below again, where people read it.
    Ok(match wanted.dry_run || context.json {
        true => answer.findings(warnings),
        false => answer,
    }
    .into())
}

/// What an answer says beside what came of it.
struct Asked {
    /// Whether only the plan is wanted.
    dry_run: bool,
    /// The remote that is pushed to; none: no push was asked for.
    push: Option<String>,
    /// The requests that commits were picked for.
    requests: Requests,
    /// What is said of releases before that are nowhere but here.
    unpublished: Vec<Finding>,
}

fn answer(outcome: Outcome, document: ReleaseDocument, asked: &Asked) -> Answer {
    match outcome {
        Outcome::Planned {
            planned,
            targets,
            base,
            commands,
        } => {
            let planning = Planning {
                plan: &planned.plan,
                requests: &asked.requests,
                push: asked.push.as_deref(),
                archive: document.archive.as_deref(),
                unpublished: &asked.unpublished,
            };
            let cut = |one: &Target| BuiltPackage {
                plan: planning.package(one),
                ..package(one, document.mock)
            };
            let packages = targets.iter().map(cut).collect();
            let document = ReleaseDocument {
                packages,
                plan: Some(planning.whole(&targets, base, &commands)),
                ..document
            };
            Answer::new(document)
                .dry_run(planned.plan.digest())
                .findings(planned.findings)
        }
        Outcome::Refused { released, findings } => {
            let changed = released.changed;
            let warnings = released.findings.clone();
            let answer = Answer::new(told(document, &released));
            let answer = match asked.dry_run {
                true => answer.no_plan(),
                false => answer.changed(changed),
            };
            answer.findings(warnings).findings(findings)
        }
        Outcome::Done(released) => {
            let changed = released.changed;
            let warnings = released.findings.clone();
            Answer::new(told(document, &released))
                .changed(changed)
                .findings(warnings)
        }
    }
}

fn told(document: ReleaseDocument, released: &Released) -> ReleaseDocument {
    let steps = released.steps.iter().map(|step| StepLine {
        step: step.step,
        what: step.what.clone(),
        changed: step.changed,
    });
    ReleaseDocument {
        packages: released
            .targets
            .iter()
            .map(|one| package(one, document.mock))
            .collect(),
        generation: released.generation,
        steps: steps.collect(),
        pushed: released.pushed,
        ..document
    }
}

fn package(target: &Target, mock: bool) -> BuiltPackage {
    // Of a mock nothing is left to look at.
    let built = !target.artifacts.is_empty() && !mock;
    BuiltPackage {
        package: ReleasedPackage {
            name: target.name.to_string(),
            version: target.version.clone(),
            debian_version: target.debian_version.to_string(),
            tag: Some(target.tag.to_string()),
        },
        commit: Some(target.commit.clone()),
        plan: None,
        directory: built.then(|| target.place.display().to_string()),
    }
}
