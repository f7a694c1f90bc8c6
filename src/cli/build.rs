//! `build`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::context::Context;
use super::failure::Failure;
use super::how::HowArguments;
use super::variant::{Upgrade, VariantArguments};
use super::{Said, passphrase};
use crate::build::gates::Gate;
use crate::build::observe::Wanted;
use crate::flow::building::{self, Outcome, Refusal, Request, Together, Variant};
use crate::flow::project::Workspace;
use crate::flow::signing::KeyWanted;
use crate::model::{Architecture, PackageName, Sha256, TagName};
use crate::report::{Answer, BuildDocument, BuildsDocument, MatrixDocument, MatrixOf};

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
    #[command(flatten)]
    variant: VariantArguments,
    #[command(flatten)]
    how: HowArguments,
    /// Build nothing: print the builds as a job matrix for a CI service
    #[arg(
        long,
        value_name = "SERVICE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "github"
    )]
    matrix: Option<MatrixArgument>,
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
  debcut build v1.2.0 --for bookworm,trixie   1.2.0~deb12u1 and 1.2.0~deb13u1
  debcut build v1.2.0 --arch arm64       its packages for arm64, beside the others
  debcut build debian/2.10-3 --rebuild \"Rebuild against libfoo2.\"   2.10-3+b1
  debcut build v1.2.0 --lintian          only if lintian has nothing to complain of
  debcut build --matrix --for bookworm,trixie --arch amd64,arm64   the jobs as JSON
  debcut build debian/2.10-3 --source-only --since auto   an upload for somebody else
  debcut build --commit HEAD --no-sign   try out what is not tagged yet
  debcut build v1.2.0 --dry-run --json   what would be built, and from what

For another architecture than this machine's, only the packages for it are built: the source and \
the packages for every architecture are the native build's. All of them lie side by side.

The tag's tree is built, never the work tree; debcut.toml is read from the tag, too.";

/// The key that signs.
#[derive(Debug, Clone, Args)]
pub struct KeyArguments {
    /// The key that signs: a fingerprint, its end, or gpg:FINGERPRINT
    #[arg(long, value_name = "KEY", env = "DEBCUT_KEY", hide_env = true)]
    key: Option<String>,
}

impl KeyArguments {
    /// Names no key.
    pub(super) fn usual() -> Self {
        Self { key: None }
    }

    /// Returns which key is meant.
    pub fn wanted(&self) -> KeyWanted {
        self.key.clone().map_or(KeyWanted::Usual, KeyWanted::Named)
    }
}

/// Builds a tag.
pub fn run(arguments: BuildArguments, context: &Context<'_>) -> Result<Said, Failure> {
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
        scope: arguments.variant.scope(),
        variant: Variant::default(),
        how: arguments.how.how(),
        key,
        dry_run: arguments.dry_run,
        force: arguments.force,
        candidate: None,
    };
    let workspace = Workspace::open(&context.directory, context.config.as_deref())?;
    let gates = request
        .how
        .gates
        .iter()
        .chain(&workspace.project.build.gates);
    let upgrade = match gates
        .into_iter()
        .any(|g| matches!(g, Gate::Piuparts { .. }))
    {
        true => Upgrade::Tried,
        false => Upgrade::NotTried,
    };
    let variants = arguments.variant.variants(upgrade, context)?;
    if let Some(service) = arguments.matrix {
        return matrix(&workspace, &request, &arguments.variant, &variants, service);
    }
    let mut ask = passphrase::asker(context);
    let mut outcomes = Vec::new();
    for variant in variants {
        let request = Request {
            variant,
            ..request.clone()
        };
        let outcome = building::build(
            &workspace,
            &request,
            &context.environment,
            context.clock,
            &mut ask,
            context.listener(),
        )?;
        outcomes.push((request.variant.distribution, outcome));
    }
    if !arguments.variant.is_list() {
        let outcome = outcomes.pop().expect("one build was asked for");
        return Ok(answer(outcome.1).into());
    }
    let made = outcomes.iter().filter_map(|(distribution, outcome)| {
        let Outcome::Built { built, .. } = outcome else {
            return None;
        };
        let changes = std::path::absolute(built.changes()?).ok()?;
        let distribution = distribution.clone();
        Some(Together {
            changes,
            distribution,
        })
    });
    let made: Vec<_> = made.collect();
    if !made.is_empty() {
        building::record_together(&workspace, made, context.listener());
    }
    Ok(answers(outcomes.into_iter().map(|(_, outcome)| outcome)).into())
}

fn matrix(
    workspace: &Workspace,
    request: &Request,
    arguments: &VariantArguments,
    variants: &[Variant],
    service: MatrixArgument,
) -> Result<Said, Failure> {
    let mut architectures: Vec<Architecture> = Vec::new();
    for variant in variants {
        let architecture = variant.architecture.clone();
        let architecture = architecture.unwrap_or_else(Architecture::of_this_machine);
        if !architectures.contains(&architecture) {
            architectures.push(architecture);
        }
    }
    let request = Request {
        variant: variants.first().cloned().unwrap_or_default(),
        ..request.clone()
    };
    let suites = arguments.distributions();
    let jobs = building::matrix::matrix(workspace, &request, suites, &architectures)?;
    let service = match service {
        MatrixArgument::Github => MatrixOf::Github,
        MatrixArgument::Gitlab => MatrixOf::Gitlab,
    };
    Ok(Answer::new(MatrixDocument::new(&jobs, service)).into())
}

/// Answers with several builds: a no if one of them is.
fn answers(outcomes: impl Iterator<Item = Outcome>) -> Answer {
    let mut documents = Vec::new();
    let mut findings = Vec::new();
    let (mut any_changed, mut digests, mut refused) = (false, Vec::new(), false);
    let mut is_dry = false;
    for outcome in outcomes {
        match outcome {
            Outcome::Refused(refusal) => {
                is_dry |= refusal.dry_run;
                refused = true;
                documents.push(refused_document(&refusal));
                findings.extend(refusal.findings);
            }
            Outcome::Planned(plan) => {
                is_dry = true;
                documents.push(BuildDocument::planned(&plan));
                digests.push(plan.digest().to_string());
                findings.extend(plan.warnings);
            }
            Outcome::Built {
                plan,
                built,
                changed,
            } => {
                any_changed |= changed;
                documents.push(BuildDocument::built(&plan, &built));
                findings.extend(plan.warnings.into_iter().chain(built.findings));
            }
        }
    }
    let answer = Answer::new(BuildsDocument::new(documents)).findings(findings);
    match (is_dry, refused) {
        (false, _) => answer.changed(any_changed),
        (true, true) => answer.no_plan(),
        (true, false) => answer.dry_run(Sha256::of(digests.join(" ").as_bytes())),
    }
}

fn refused_document(refusal: &Refusal) -> BuildDocument {
    BuildDocument::refused(
        &refusal.package,
        refusal.version.as_ref(),
        &refusal.revision,
        &refusal.commit,
    )
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MatrixArgument {
    /// An object for fromJSON in a workflow
    Github,
    /// A list for parallel:matrix in a child pipeline
    Gitlab,
}

fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Refused(refusal) => {
            let answer = Answer::new(refused_document(&refusal));
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
