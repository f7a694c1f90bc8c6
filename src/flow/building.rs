//! `build`: from a tag to signed artifacts, once: run again, it finds them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FlowError;
use super::build_cache::{self, BuildCache};
use super::earlier_build::{self, Earlier};
use super::hooks::{HookPackage, Hooks, Occasion};
use super::project::Workspace;
use super::rooting;
use super::signing::{self, KeyWanted};
use super::surroundings;
use super::tooling;
use crate::build::TaggedSource;
use crate::build::apply::{self, BuildError, Workshop};
use crate::build::isolation::{ChrootWanted, Isolation};
use crate::build::observe::{self, Means, Wanted};
use crate::build::package::Kind;
use crate::build::plan::{self, BuildPlan, Builder, Choices, Scope};
use crate::build::product::Built;
use crate::build::root::{Dependencies, Parts, Provided, Refresh, RootWanted};
use crate::build::source::{Recipe, Revision};
use crate::config::IsolationWord;
use crate::format::version::Version;
use crate::keys::Ask;
use crate::model::finding::with_causes;
use crate::model::{Architecture, Finding, Listener, PackageName, Timestamp};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::layers::Layers;
use crate::sys::machine;

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
    /// How; what is left open the configuration says.
    pub how: How,
    /// Which key signs.
    pub key: KeyWanted,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Whether another build may be replaced.
    pub force: bool,
    /// Where a candidate of the same commit may have been built, whose
    /// artifacts are taken when they are proven to be this build's.
    pub candidate: Option<PathBuf>,
}

/// How something is built, as far as it was said.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// What stands between the build and the machine.
    pub isolation: Option<IsolationWord>,
    /// How many jobs run side by side.
    pub jobs: Option<u32>,
    /// `DEB_BUILD_PROFILES`.
    pub profiles: Vec<String>,
    /// `DEB_BUILD_OPTIONS`.
    pub options: Vec<String>,
    /// Whether finished builds are taken from the user's cache, and put there.
    pub cache: CacheUse,
    /// Who builds the binaries of a package with `debian/`.
    pub builder: BuilderWanted,
    /// The suite of the chroot, whatever the changelog says.
    pub suite: Option<String>,
    /// When a chroot is made anew; none: by its age, as configured.
    pub refresh: Option<Refresh>,
}

/// Who is to build the binaries of a package with `debian/`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BuilderWanted {
    /// debcut itself, with dpkg's tools.
    #[default]
    Debcut,
    /// The user's sbuild.
    Sbuild,
}

/// Whether finished builds are taken from the user's cache, and put there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheUse {
    /// They are.
    #[default]
    Usual,
    /// Neither.
    None,
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
        None => Wanted::Tag(workspace.tag_at_head(request.package.as_ref())?),
    };
    let package = workspace.package(&wanted, request.package.as_ref())?;
    let rules = &project.build;
    let usual = match package.kind {
        Kind::Debian(_) => IsolationWord::Chroot,
        Kind::Declared(_) => IsolationWord::Namespace,
    };
    let word = match request.how.builder {
        BuilderWanted::Sbuild => {
            if !matches!(request.how.isolation, None | Some(IsolationWord::None)) {
                listener.note("sbuild isolates builds itself, as ~/.sbuildrc says".to_owned());
            }
            IsolationWord::None
        }
        BuilderWanted::Debcut => request.how.isolation.or(rules.isolation).unwrap_or(usual),
    };
    let choice = signing::chosen(environment, &request.key, project.key.as_deref(), now)?;
    let keyring = signing::keyring(environment)?;
    let means = Means {
        environment,
        keyring: &keyring,
        tag_keys: &project.tag_keys,
        orig: request.orig.as_deref(),
        // A chroot gets what the build needs, as sbuild's does; here nothing is
        // installed for it.
        binaries: request.scope == Scope::Full
            && word != IsolationWord::Chroot
            && request.how.builder == BuilderWanted::Debcut,
    };
    let source = observe::observe(&workspace.repository, &wanted, package, &means)?;
    let facts = machine::facts();
    let mut root = None;
    let variables = command_environment(environment);
    let took_part = |system: Layers| {
        let repository = &workspace.repository;
        tooling::tools(repository, &source, environment, &variables, &system)
    };
    let choices = Choices {
        scope: request.scope,
        isolation: match word {
            IsolationWord::None => Isolation::None,
            IsolationWord::Namespace => Isolation::Namespace,
            IsolationWord::Chroot => {
                let wanted = root_wanted(workspace, request, &source, environment, now)?;
                let told = ChrootWanted {
                    suites: wanted.suites.names(),
                    snapshot: wanted.snapshot.as_ref().map(|moment| moment.id.clone()),
                };
                root = Some(wanted);
                Isolation::Chroot(told)
            }
        },
        builder: builder(request.how.builder, environment),
        allowance: surroundings::allowance(rules, &facts, environment),
        machine: surroundings::machine(&facts, request.how.jobs.or(rules.jobs)),
        profiles: request.how.profiles.clone(),
        options: request.how.options.clone(),
        tools: match root {
            // Those of a clean system are known when it is there.
            Some(_) => BTreeMap::new(),
            None => took_part(Layers::machine())?,
        },
        limit_seconds: rules.limit.as_secs(),
        signing_key: choice
            .as_ref()
            .map(|key| key.certificate().fingerprint().clone()),
        signed_tags_only: !project.tag_keys.is_empty(),
        architecture: Architecture::of_this_machine(),
        builder_version: crate::VERSION.to_owned(),
        command_environment: variables.clone(),
    };
    let mut plan = match plan::plan(&source, &choices) {
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
        let name = match &plan.revision {
            Revision::Tag { name, .. } => name.to_string(),
            // Never into a release's directory, whatever the revision is called.
            Revision::Candidate { .. } => format!("candidate-{:.12}", plan.commit),
        };
        workspace.repository.top().join("dist").join(name)
    };
    let out = request.out.clone().unwrap_or_else(usual);
    match earlier_build::look(&plan, &out)? {
        Earlier::Nothing => {}
        Earlier::Same(built) if !request.force => {
            record(workspace, &built, listener);
            return Ok(Outcome::Built {
                plan: Box::new(plan),
                built,
                changed: false,
            });
        }
        Earlier::Same(_) => {}
        Earlier::Incomplete(why) => {
            listener.note(format!("{} is built again: {why}", out.display()));
        }
        Earlier::Other(_) if request.force => {}
        Earlier::Other(why) => return Err(FlowError::OtherBuild { path: out, why }),
    }
    let hooks = Hooks::new(workspace, environment, listener);
    let occasion = occasion(&plan);
    if let Some(finding) = occasion
        .as_ref()
        .and_then(|occasion| hooks.before(occasion))
    {
        return Ok(Outcome::Refused(Box::new(Refusal {
            package: plan.package,
            version: Some(plan.version),
            revision: plan.revision,
            commit: plan.commit,
            dry_run: false,
            findings: vec![finding],
        })));
    }
    let signer = signing::unlocked(choice, now, ask)?;
    let log = log_file(workspace, &plan, environment)?;
    let provided = match &root {
        None => None,
        Some(wanted) => {
            let days = Refresh::AfterDays(project.root.refresh_days);
            let refresh = request.how.refresh.unwrap_or(days);
            let around = rooting::Surroundings {
                environment,
                program: environment.program(),
                now,
                listener,
            };
            Some(rooting::provide(wanted, refresh, &around)?)
        }
    };
    let toolchains = surroundings::toolchains(&plan.host_environment);
    if let Some(provided) = &provided {
        let system = Layers::of(provided.layers.clone()).showing(&toolchains);
        plan.environment.tools = took_part(system)?;
    }
    let workshop = Workshop {
        repository: &workspace.repository,
        signer: signer.as_ref(),
        clock,
        out: &out,
        log: &log,
        listener,
        program: environment.program(),
        root: provided.as_ref(),
        toolchains: &toolchains,
    };
    let proven = match &request.candidate {
        Some(directory) => earlier_build::proven(&plan, directory, &keyring)?,
        None => None,
    };
    let cache = match request.how.cache {
        CacheUse::Usual => BuildCache::of_user(environment),
        CacheUse::None => None,
    };
    let system = match &provided {
        Some(provided) => provided.identity,
        None => build_cache::system(workshop.toolchains)?,
    };
    if let (Some(cache), None, false) = (&cache, &proven, request.force)
        && let Some(built) = cache.take(&plan, &system, &out)?
    {
        listener.note(format!(
            "{} {} was built before: taken from the cache",
            plan.package, plan.version
        ));
        return taken(workspace, plan, built, occasion, &hooks, listener);
    }
    let built = match proven {
        Some(candidate) => {
            listener.note(format!("{} was built before its tag", plan.package));
            apply::adopt(&candidate, &plan, &workshop)
        }
        None => apply::apply(&plan, &workshop),
    };
    match built {
        Ok(built) => {
            if let Some(cache) = &cache
                && let Err(error) = cache.put(&plan, &system, &built)
            {
                listener.warn(format!("not put into the cache: {}", with_causes(&error)));
            }
            taken(workspace, plan, built, occasion, &hooks, listener)
        }
        Err(BuildError::Failed {
            step,
            log,
            source,
            mut findings,
        }) => {
            let subject = format!("{} {}", plan.package, plan.version);
            let finding = Finding::error(
                "build-failed",
                subject,
                format!("{step} it failed: {source}"),
            );
            let fix = format!("the whole output is in {}", log.display());
            findings.insert(0, finding.fix(fix));
            Ok(Outcome::Refused(Box::new(Refusal {
                package: plan.package,
                version: Some(plan.version),
                revision: plan.revision,
                commit: plan.commit,
                dry_run: false,
                findings,
            })))
        }
        Err(BuildError::Refused { findings }) => Ok(Outcome::Refused(Box::new(Refusal {
            package: plan.package,
            version: Some(plan.version),
            revision: plan.revision,
            commit: plan.commit,
            dry_run: false,
            findings: [findings, plan.warnings].concat(),
        }))),
        Err(error) => Err(error.into()),
    }
}

/// Ends a build that went well.
fn taken(
    workspace: &Workspace,
    plan: BuildPlan,
    built: Built,
    occasion: Option<Occasion>,
    hooks: &Hooks<'_>,
    listener: &dyn Listener,
) -> Result<Outcome, FlowError> {
    record(workspace, &built, listener);
    if let Some(mut occasion) = occasion {
        let artifacts = built.artifacts.iter();
        let paths = artifacts.map(|a| built.directory.join(&a.name).display().to_string());
        occasion.packages[0].artifacts = paths.collect();
        hooks.after(&occasion)?;
    }
    Ok(Outcome::Built {
        plan: Box::new(plan),
        built,
        changed: true,
    })
}

/// Tells hooks of a build. A candidate is none of their business: nobody else
/// sees it before its tag.
fn occasion(plan: &BuildPlan) -> Option<Occasion> {
    let Revision::Tag { name, .. } = &plan.revision else {
        return None;
    };
    let package = HookPackage {
        name: plan.package.to_string(),
        version: plan.version.upstream().to_owned(),
        debian_version: plan.version.to_string(),
        tag: Some(name.to_string()),
        commit: Some(plan.commit.clone()),
        notes_file: None,
        artifacts: Vec::new(),
    };
    Some(Occasion::new("build", vec![package]))
}

/// Reads what the last build of a repository left.
pub fn last_build(workspace: &Workspace) -> Result<Option<LastBuild>, FlowError> {
    let bytes = files::read_if_there(&workspace.repository.own_dir().join(LAST_BUILD))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Notes what was built last. A build is no failure because that cannot be
/// written: `publish` can be told what to take.
fn record(workspace: &Workspace, built: &Built, listener: &dyn Listener) {
    let Some(changes) = built.changes() else {
        return;
    };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let last = LastBuild {
        directory: absolute(&built.directory),
        changes: absolute(&changes),
    };
    let own = workspace.repository.own_dir();
    let text = serde_json::to_vec_pretty(&last).expect("paths are text");
    let written = files::create_dir(&own)
        .and_then(|()| files::replace(&own.join(LAST_BUILD), &text, Access::Public));
    if let Err(error) = written {
        listener.warn(format!(
            "{}: publish will have to be told what to take",
            with_causes(&error)
        ));
    }
}

/// Finds a place for the log: beside git's own files, else in the user's data.
fn log_file(
    workspace: &Workspace,
    plan: &BuildPlan,
    environment: &Environment,
) -> Result<PathBuf, FlowError> {
    let name = format!("{}.log", plan.file_stem());
    let own = workspace.repository.own_dir().join("logs");
    if files::create_dir(&own).is_ok() && files::is_writable(&own) {
        return Ok(own.join(name));
    }
    let data = environment.data_home().ok_or(FlowError::NoDataHome)?;
    let logs = data.join("debcut/logs");
    files::create_dir(&logs)?;
    Ok(logs.join(name))
}

/// Provides the clean Debian that a planned build happens in; none, where it
/// happens in the machine's own system.
pub fn system(
    workspace: &Workspace,
    request: &Request,
    plan: &BuildPlan,
    environment: &Environment,
    now: Timestamp,
    listener: &dyn Listener,
) -> Result<Option<Provided>, FlowError> {
    if !matches!(plan.isolation, Isolation::Chroot(_)) {
        return Ok(None);
    }
    let wanted = match &plan.revision {
        Revision::Tag { name, .. } => Wanted::Tag(name.clone()),
        Revision::Candidate { revision, .. } => Wanted::Commit(revision.clone()),
    };
    let package = workspace.package(&wanted, Some(&plan.package))?;
    let means = Means {
        environment,
        keyring: &signing::keyring(environment)?,
        tag_keys: &workspace.project.tag_keys,
        orig: request.orig.as_deref(),
        binaries: false,
    };
    let source = observe::observe(&workspace.repository, &wanted, package, &means)?;
    let root = root_wanted(workspace, request, &source, environment, now)?;
    let days = Refresh::AfterDays(workspace.project.root.refresh_days);
    let around = rooting::Surroundings {
        environment,
        program: environment.program(),
        now,
        listener,
    };
    rooting::provide(&root, request.how.refresh.unwrap_or(days), &around).map(Some)
}

/// Says which clean Debian a build needs, with what of its dependencies.
fn root_wanted(
    workspace: &Workspace,
    request: &Request,
    source: &TaggedSource,
    environment: &Environment,
    now: Timestamp,
) -> Result<RootWanted, FlowError> {
    let project = &workspace.project;
    let saying = rooting::Saying {
        choices: &project.root,
        archives: &project.archives,
        top: workspace.repository.top(),
    };
    let (distribution, dependencies) = match (&source.recipe, &source.package.kind) {
        (Recipe::Debian(debian), _) => {
            let path = source.package.file("debian/control");
            let control = workspace.repository.file(&source.tree, &path)?;
            let dependencies = Dependencies {
                control: String::from_utf8_lossy(&control.unwrap_or_default()).into_owned(),
                parts: Parts::All,
                profiles: request.how.profiles.clone(),
                host_architecture: None,
            };
            let binaries = request.scope == Scope::Full;
            let named = debian.changelog.distributions.iter();
            let named: Vec<_> = named.map(|suite| suite.as_str()).collect();
            (named.join(" "), binaries.then_some(dependencies))
        }
        (_, Kind::Declared(declared)) => (declared.distribution.clone(), None),
        (Recipe::Declared { .. }, Kind::Debian(_)) => (String::new(), None),
    };
    let suite = request.how.suite.as_deref();
    let wanted = rooting::wanted(&saying, &distribution, suite, environment, now)?;
    Ok(RootWanted {
        dependencies,
        ..wanted
    })
}

/// sbuild with the variables that it finds its configuration and chroots by.
fn builder(wanted: BuilderWanted, environment: &Environment) -> Builder {
    const VARIABLES: [&str; 11] = [
        "HOME",
        "USER",
        "LOGNAME",
        "PATH",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "SBUILD_CONFIG",
        "TMPDIR",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ];
    match wanted {
        BuilderWanted::Debcut => Builder::Debcut,
        BuilderWanted::Sbuild => {
            let variable = |name: &&str| {
                let value = environment.var(name)?;
                Some(((*name).to_owned(), value.to_owned()))
            };
            let mut variables: BTreeMap<String, String> =
                VARIABLES.iter().filter_map(variable).collect();
            // It lies in sbin for some of its helpers.
            variables.insert("PATH".to_owned(), environment.search_path());
            Builder::Sbuild {
                environment: variables,
            }
        }
    }
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
