//! `build`: from a tag to signed artifacts, once: run again, it finds them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FlowError;
use super::project::Workspace;
use super::signing::{self, KeyWanted};
use crate::build::apply::{self, BuildError, Workshop};
use crate::build::observe::{self, Means, Wanted};
use crate::build::plan::{self, BuildPlan, Choices, Isolation, Scope};
use crate::build::product::{self, Artifact, Built, PLAN_DIGEST, SUMS};
use crate::build::source::{Recipe, Revision};
use crate::format::checksums::parse_sums;
use crate::format::statement::Envelope;
use crate::format::version::Version;
use crate::keys::Ask;
use crate::model::{Architecture, FileDigests, Finding, Listener, PackageName};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};

/// What to build, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The tag or commit; none: the one tag of HEAD.
    pub wanted: Option<Wanted>,
    /// Which package, where the tag leaves it open.
    pub package: Option<PackageName>,
    /// Where the artifacts go; none: `dist/TAG` in the repository.
    pub out: Option<PathBuf>,
    /// The upstream tarball or its directory.
    pub orig: Option<PathBuf>,
    /// Source and binaries, or the source alone.
    pub scope: Scope,
    /// How many jobs; none: the configuration's, or one for each processor.
    pub jobs: Option<u32>,
    /// Which key signs.
    pub key: KeyWanted,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Not built.
    Refused(Box<Refusal>),
    /// This would be built.
    Planned(Box<BuildPlan>),
    /// Built now, or found built.
    Built {
        /// The plan.
        plan: Box<BuildPlan>,
        /// The artifacts.
        built: Built,
        /// Whether they were not there before.
        changed: bool,
    },
}

/// Why something was not built, and what is known of it all the same.
#[derive(Debug)]
pub struct Refusal {
    /// The package.
    pub package: PackageName,
    /// Its version; none where only the plan would have said it.
    pub version: Option<Version>,
    /// The tag or candidate.
    pub revision: Revision,
    /// The commit's id.
    pub commit: String,
    /// Whether only the plan was wanted.
    pub dry_run: bool,
    /// The reasons.
    pub findings: Vec<Finding>,
}

/// What `publish` takes when it is told nothing: the last build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBuild {
    /// Where its artifacts are.
    pub directory: PathBuf,
    /// Its `.changes`.
    pub changes: PathBuf,
}

const LAST_BUILD: &str = "last-build.json";

/// Builds what is asked for in a workspace.
pub fn build(
    workspace: &Workspace,
    request: &Request,
    environment: &Environment,
    clock: Clock,
    ask: &mut Ask,
    listener: &dyn Listener,
) -> Result<Outcome, FlowError> {
    let now = clock.now();
    let project = &workspace.project;
    let wanted = match &request.wanted {
        Some(wanted) => wanted.clone(),
        None => Wanted::Tag(workspace.tag_at_head()?),
    };
    let package = workspace.package(&wanted, request.package.as_ref())?;
    let key = match (&request.key, &project.key) {
        (KeyWanted::Usual, Some(name)) => KeyWanted::Named(name.clone()),
        (key, _) => key.clone(),
    };
    let choice = signing::chosen(environment, &key, now)?;
    let keyring = signing::keyring(environment)?;
    let means = Means {
        environment,
        keyring: &keyring,
        tag_keys: &project.tag_keys,
        orig: request.orig.as_deref(),
        binaries: request.scope == Scope::Full,
    };
    let source = observe::observe(&workspace.repository, &wanted, package, &means)?;
    let processors = || std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let choices = Choices {
        scope: request.scope,
        isolation: Isolation::None,
        jobs: request.jobs.or(project.jobs).unwrap_or_else(processors),
        limit_seconds: project.build_limit.as_secs(),
        signing_key: choice
            .as_ref()
            .map(|key| key.certificate().fingerprint().clone()),
        signed_tags_only: !project.tag_keys.is_empty(),
        architecture: Architecture::of_this_machine(),
        builder_version: crate::VERSION.to_owned(),
        command_environment: command_environment(environment),
    };
    let plan = match plan::plan(&source, &choices) {
        Ok(plan) => plan,
        Err(findings) => {
            return Ok(Outcome::Refused(Box::new(Refusal {
                version: match source.recipe {
                    Recipe::Debian(debian) => Some(debian.changelog.version),
                    Recipe::Declared { .. } => None,
                },
                package: source.package.name,
                revision: source.revision,
                commit: source.commit,
                dry_run: request.dry_run,
                findings,
            })));
        }
    };
    let mut dirty = workspace.repository.dirty()?;
    // What builds leave is no change of the project's.
    dirty.retain(|path| !path.starts_with("dist/"));
    if !dirty.is_empty() {
        let shown = plan.revision.shown();
        listener.warn(format!(
            "the work tree has {} changed or untracked file(s), such as {}; the build takes {shown}",
            dirty.len(),
            dirty[0]
        ));
    }
    if request.dry_run {
        return Ok(Outcome::Planned(Box::new(plan)));
    }
    let usual = || {
        workspace
            .repository
            .top()
            .join("dist")
            .join(plan.revision.shown())
    };
    let out = request.out.clone().unwrap_or_else(usual);
    if let Some(built) = found(&plan, &out)? {
        record(workspace, &built)?;
        return Ok(Outcome::Built {
            plan: Box::new(plan),
            built,
            changed: false,
        });
    }
    let signer = signing::unlocked(choice, now, ask)?;
    let log = workspace
        .repository
        .own_dir()
        .join("logs")
        .join(format!("{}.log", plan.file_stem()));
    let workshop = Workshop {
        repository: &workspace.repository,
        signer: signer.as_ref(),
        clock,
        out: &out,
        log: &log,
        listener,
    };
    match apply::apply(&plan, &workshop) {
        Ok(built) => {
            record(workspace, &built)?;
            Ok(Outcome::Built {
                plan: Box::new(plan),
                built,
                changed: true,
            })
        }
        Err(BuildError::Failed { step, log, source }) => {
            let subject = format!("{} {}", plan.package, plan.version);
            let finding = Finding::error(
                "build-failed",
                subject,
                format!("{step} it failed: {source}"),
            );
            let fix = format!("the whole output is in {}", log.display());
            Ok(Outcome::Refused(Box::new(Refusal {
                package: plan.package,
                version: Some(plan.version),
                revision: plan.revision,
                commit: plan.commit,
                dry_run: false,
                findings: vec![finding.fix(fix)],
            })))
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads what the last build of a repository left.
pub fn last_build(workspace: &Workspace) -> Result<Option<LastBuild>, FlowError> {
    let bytes = files::read_if_there(&workspace.repository.own_dir().join(LAST_BUILD))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn record(workspace: &Workspace, built: &Built) -> Result<(), FlowError> {
    let Some(changes) = built.changes() else {
        return Ok(());
    };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let last = LastBuild {
        directory: absolute(&built.directory),
        changes: absolute(&changes),
    };
    let own = workspace.repository.own_dir();
    files::create_dir(&own)?;
    let text = serde_json::to_vec_pretty(&last).expect("paths are text");
    Ok(files::replace(
        &own.join(LAST_BUILD),
        &text,
        Access::Public,
    )?)
}

/// Finds the same build in its place: made by this very plan, and whole.
fn found(plan: &BuildPlan, out: &Path) -> Result<Option<Built>, FlowError> {
    let Ok(listing) = std::fs::read_dir(out) else {
        return match out.symlink_metadata() {
            Ok(found) if !found.is_dir() => Err(FlowError::OutTaken {
                path: out.to_owned(),
            }),
            _ => Ok(None),
        };
    };
    if listing.count() == 0 {
        return Ok(None);
    }
    let Some(sums) = files::read_if_there(&out.join(SUMS))? else {
        return Err(FlowError::OutTaken {
            path: out.to_owned(),
        });
    };
    let Some(line) = files::read_if_there(&out.join(product::provenance_name(plan)))? else {
        return Ok(None);
    };
    let statement = Envelope::parse(&String::from_utf8_lossy(&line)).ok();
    let statement = statement.and_then(|envelope| envelope.statement().ok());
    let digest = statement.as_ref().and_then(|statement| {
        statement
            .provenance
            .build_definition
            .internal_parameters
            .get(PLAN_DIGEST)?
            .as_str()
    });
    let sums = parse_sums(&String::from_utf8_lossy(&sums));
    let (true, Ok(sums)) = (digest == Some(&plan.digest().hex()), sums) else {
        return Ok(None);
    };
    let mut artifacts = Vec::new();
    for (name, sha256) in sums {
        let path = out.join(&name);
        let Ok(file) = std::fs::File::open(&path) else {
            return Ok(None);
        };
        let digests = FileDigests::of_reader(file).map_err(files::failed("read", &path))?;
        if digests.sha256 != sha256 {
            return Ok(None);
        }
        artifacts.push(Artifact {
            name: name.to_string(),
            size: digests.size,
            sha256,
        });
    }
    let sums = files::read(&out.join(SUMS))?;
    let digests = FileDigests::of(&sums);
    let (size, sha256) = (digests.size, digests.sha256);
    artifacts.push(Artifact {
        name: SUMS.to_owned(),
        size,
        sha256,
    });
    Ok(Some(Built {
        directory: out.to_owned(),
        artifacts,
    }))
}

/// What a declared package's build command needs of the user: the search path,
/// and where Rust's toolchain and crates are, which `HOME` no longer tells.
fn command_environment(environment: &Environment) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::from([("PATH".to_owned(), environment.search_path())]);
    for (name, usual) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let usual = || environment.home().map(|home| home.join(usual));
        let path = environment
            .path(name)
            .or_else(usual)
            .filter(|path| path.is_dir());
        if let Some(path) = path.as_deref().and_then(Path::to_str) {
            variables.insert(name.to_owned(), path.to_owned());
        }
    }
    variables
}
