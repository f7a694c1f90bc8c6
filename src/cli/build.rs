//! `build`.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::how::HowArguments;
use super::{Said, passphrase};
use crate::build::observe::Wanted;
use crate::build::plan::Scope;
use crate::flow::building::{self, Outcome, Request};
use crate::flow::project::Workspace;
use crate::flow::signing::KeyWanted;
use crate::model::{Architecture, PackageName, TagName};
use crate::report::{Answer, BuildDocument};

/// Arguments of `build`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct BuildArguments {
    /// The tag to build; without it the one tag of HEAD
    #[arg(conflicts_with = "commit")]
    tag: Option<String>,
    /// Build an untagged commit as a candidate
    #[arg(long, value_name = "REV")]
    commit: Option<String>,
    /// Which package, where the tag leaves it open
    #[arg(long, value_name = "NAME")]
    package: Option<PackageName>,
    /// Where the artifacts go [default: dist/TAG in the repository]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The upstream tarball, or the directory that holds it
    #[arg(long, value_name = "PATH")]
    orig: Option<PathBuf>,
    /// Build the source package alone
    #[arg(long)]
    source_only: bool,
    #[command(flatten)]
    how: HowArguments,
    /// The architecture to build for [default: this machine's]
    #[arg(long, value_name = "ARCH")]
    arch: Option<Architecture>,
    #[command(flatten)]
    key: KeyArguments,
    /// Sign nothing
    #[arg(long, conflicts_with = "key")]
    no_sign: bool,
    /// Replace another build that is in the way
    #[arg(long)]
    force: bool,
    /// Print the plan and write nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  debcut build v1.2.0                    the tag v1.2.0 into dist/v1.2.0/
  debcut build debian/2.10-3 --orig ..   with the upstream tarball beside the repository
  debcut build --commit HEAD --no-sign   try out what is not tagged yet
  debcut build v1.2.0 --dry-run --json   what would be built, and from what

The tag's tree is built, never the work tree; debcut.toml is read from the tag, too.";

/// The key that signs.
#[derive(Debug, Clone, Args)]
pub struct KeyArguments {
    /// The key that signs: a fingerprint, its end, or gpg:FINGERPRINT
    #[arg(long, value_name = "KEY", env = "DEBCUT_KEY", hide_env = true)]
    key: Option<String>,
}

impl KeyArguments {
    /// Returns which key is meant.
    pub fn wanted(&self) -> KeyWanted {
        self.key.clone().map_or(KeyWanted::Usual, KeyWanted::Named)
    }
}

/// Builds a tag.
pub fn run(arguments: BuildArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let here = Architecture::of_this_machine();
    if let Some(arch) = arguments.arch.filter(|arch| *arch != here) {
        let why =
            format!("this machine builds for {here}; building for {arch} is not available yet");
        return Err(Failure::request("unsupported-architecture", why));
    }
    let wanted = match (arguments.tag, arguments.commit) {
        (Some(tag), _) => Some(Wanted::Tag(TagName::new(tag)?)),
        (None, Some(revision)) => Some(Wanted::Commit(revision)),
        (None, None) => None,
    };
    let key = if arguments.no_sign {
        KeyWanted::None
    } else {
        arguments.key.wanted()
    };
    let request = Request {
        wanted,
        package: arguments.package,
        out: arguments.out.map(|path| context.path(&path)),
        orig: arguments.orig.map(|path| context.path(&path)),
        scope: if arguments.source_only {
            Scope::Source
        } else {
            Scope::Full
        },
        how: arguments.how.how(),
        key,
        dry_run: arguments.dry_run,
        force: arguments.force,
        candidate: None,
    };
    let workspace = Workspace::open(&context.directory, context.config.as_deref())?;
    let outcome = building::build(
        &workspace,
        &request,
        &context.environment,
        context.clock,
        &mut passphrase::asker(context),
        context.listener(),
    )?;
    Ok(answer(outcome).into())
}

fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Refused(refusal) => {
            let answer = Answer::new(BuildDocument::refused(
                &refusal.package,
                refusal.version.as_ref(),
                &refusal.revision,
                &refusal.commit,
            ));
            let answer = match refusal.dry_run {
                true => answer.no_plan(),
                false => answer.changed(false),
            };
            answer.findings(refusal.findings)
        }
        Outcome::Planned(plan) => {
            let answer = Answer::new(BuildDocument::planned(&plan)).dry_run(plan.digest());
            answer.findings(plan.warnings)
        }
        Outcome::Built {
            plan,
            built,
            changed,
        } => {
            let answer = Answer::new(BuildDocument::built(&plan, &built)).changed(changed);
            let findings = plan.warnings.into_iter().chain(built.findings);
            answer.findings(findings.collect::<Vec<_>>())
        }
    }
}
