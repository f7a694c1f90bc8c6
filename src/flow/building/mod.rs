//! `build`: from a tag to signed artifacts, once: run again, it finds them.

mod gates;
mod last;
mod log;
pub mod matrix;
mod published;
mod rebuild;
mod sbuild;
mod system;
mod variant;

use std::collections::BTreeMap;
use std::path::PathBuf;

use self::last::record;
use self::log::log_file;
use self::sbuild::builder;
use self::system::{prospect, root_wanted};
use super::FlowError;
use super::build_cache::{self, BuildCache};
pub use last::{LastBuild, Together, last_build, record_together};
pub use system::system;
pub use variant::{ArchiveAt, BinaryPart, Rebuild, Since, Variant};

use super::attesting;
use super::earlier_build::{self, Earlier};
use super::hooks::{HookPackage, Hooks, Occasion};
use super::planning;
use super::project::Workspace;
use super::rooting;
use super::signing::{self, KeyWanted};
use super::surroundings;
use super::tooling;
use crate::build::apply::{self, BuildError, Workshop};
use crate::build::gates::Gate;
use crate::build::isolation::{ChrootWanted, Isolation};
use crate::build::observe::{self, Means, Wanted};
use crate::build::package::{Kind, Package};
use crate::build::plan::{self, BuildPlan, Builder, Choices, Scope};
use crate::build::product::Built;
use crate::build::profiles;
use crate::build::root::Refresh;
use crate::build::source::{Recipe, Revision};
use crate::build::target;
use crate::build::unmet::Question;
use crate::build::upload::Upload;
use crate::config::IsolationWord;
use crate::format::version::Version;
use crate::keys::Ask;
use crate::model::finding::with_causes;
use crate::model::{Finding, Listener, PackageName, TagName};
use crate::release::{self, plan::Decision};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::layers::Layers;
use crate::sys::machine;
use crate::sys::openpgp::Keyring;

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
    /// Which of its builds.
    pub variant: Variant,
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
    /// Checks beside those that the configuration names.
    pub gates: Vec<Gate>,
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
    let (wanted, planned_tag) = match with_planned_tag(workspace, &wanted, &package)? {
        Some((release, tag)) => (release, Some(tag)),
        None => (wanted, None),
    };
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
    // Whose word counts for what is built already.
    let certificates = choice.iter().map(|key| key.certificate().clone());
    let signers = Keyring::new(certificates.collect());
    let target = variant::target(request.variant.architecture.as_ref(), &package, word)?;
    let scope = variant::scope(request.scope, &request.variant, &target, &package);
    let means = Means {
        environment,
        keyring: &keyring,
        tag_keys: &project.tag_keys,
        orig: request.orig.as_deref(),
        // A chroot gets what the build needs, as sbuild's does; here nothing is
        // installed for it.
        dependencies: (scope != Scope::Source
            && word != IsolationWord::Chroot
            && request.how.builder == BuilderWanted::Debcut)
            .then(|| Question {
                scope,
                host_architecture: target.host_architecture().cloned(),
                profiles: target::with(&request.how.profiles, target.profiles()),
            }),
    };
    let source = observe::observe(&workspace.repository, &wanted, package, &means)?;
    let facts = machine::facts();
    let command_environment = surroundings::command_environment(word, rules, environment);
    let mut root = None;
    let mut gates = gates::wanted(&request.how.gates, &rules.gates);
    gates::check(&gates, word)?;
    let out = request.out.clone();
    let out = out.unwrap_or_else(|| usual_out(workspace, &source.revision, &source.commit));
    let out = match &request.variant.distribution {
        Some(suite) => out.join(suite.as_str()),
        None => out,
    };
    let top = workspace.repository.top();
    let published = published::read(request.variant.archive.as_ref(), &source, top, environment)?;
    // Goes when the build is done.
    let before = tempfile::tempdir_in(environment.temporary_directory());
    let before = before.map_err(files::failed(
        "write in",
        &environment.temporary_directory(),
    ))?;
    for gate in &mut gates {
        if let Gate::Piuparts { published } = gate {
            let (at, built_for) = (request.variant.archive.as_ref(), &target.architecture);
            *published =
                published::packages(at, &source, built_for, (top, environment), before.path())?;
        }
    }
    let took_part = |system: Layers| {
        let repository = &workspace.repository;
        tooling::tools(repository, &source, &command_environment, &system)
    };
    let mut choices = Choices {
        scope,
        isolation: match word {
            IsolationWord::None => Isolation::None,
            IsolationWord::Namespace => Isolation::Namespace,
            IsolationWord::Chroot => {
                let wanted = root_wanted(
                    workspace,
                    request,
                    &source,
                    scope,
                    &target,
                    environment,
                    now,
                )?;
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
        entry: None,
        upload: Upload {
            include_orig: request.variant.include_orig,
            since: None,
        },
        target,
        gates,
        builder_version: crate::VERSION.to_owned(),
        command_environment: command_environment.clone(),
    };
    choices.upload.since = variant::since(&request.variant, &source, &published, &out)?;
    choices.entry = match &request.variant {
        Variant {
            distribution: Some(suite),
            ..
        } => Some(variant::for_distribution(suite, rules)),
        Variant {
            rebuild: Some(rebuild),
            ..
        } => {
            let architecture = &choices.target.architecture;
            rebuild::entry(rebuild, &source, architecture, &out, &published)?
        }
        Variant { .. } => None,
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
    if let Some(tag) = planned_tag {
        let found = format!(
            "it is built from a commit without a tag, as debcut plan would call it ({tag}): a \
             candidate, not a release"
        );
        let finding = Finding::warning("candidate", plan.revision.shown(), found);
        plan.warnings.push(finding);
    }
    if let Recipe::Debian(_) = &source.recipe {
        let path = source.package.file("debian/control");
        let control = workspace.repository.file(&source.tree, &path)?;
        let control = String::from_utf8_lossy(&control.unwrap_or_default()).into_owned();
        let unknown = profiles::unknown(&request.how.profiles, &control);
        plan.warnings.extend(unknown);
    }
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
        if let Some(wanted) = &root {
            let days = Refresh::AfterDays(project.root.refresh_days);
            let refresh = request.how.refresh.unwrap_or(days);
            let step = rooting::prospect(wanted, refresh, environment, now)?;
            plan.warnings.push(prospect(wanted, &step));
        }
        return Ok(Outcome::Planned(Box::new(plan)));
    }
    if plan.isolation == Isolation::None && plan.builder == Builder::Debcut {
        listener.warn(
            "nothing isolates the build: what it makes may depend on this machine, and nothing \
             keeps it from your files and keys",
        );
    }
    let found = earlier_build::look(&plan, &out, &signers)?;
    let mut unchecked = None;
    match found.earlier {
        Earlier::Nothing => {}
        Earlier::Unchecked(built, statement) if !request.force => {
            unchecked = Some((built, *statement));
        }
        Earlier::Unchecked(..) => {}
        Earlier::Same(built) if !request.force => {
            record(workspace, &plan, &built, listener);
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
    let (log, _lock) = log_file(workspace, &plan, environment)?;
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
    let toolchains = surroundings::toolchains(&plan.host_environment, &plan.allowance.forbidden);
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
        keep: &found.beside,
    };
    let proven = match &request.candidate {
        Some(directory) => earlier_build::proven(&plan, directory, &signers)?,
        None => None,
    };
    // The user's cache is no private place.
    let embargoed = !environment.gate().marks()?.is_empty();
    let cache = match request.how.cache {
        CacheUse::Usual if !embargoed => BuildCache::of_user(environment),
        CacheUse::Usual | CacheUse::None => None,
    };
    let system = match (&provided, &cache) {
        (Some(provided), _) => Some(provided.identity),
        (None, Some(_)) => build_cache::system(&plan, workshop.toolchains)?,
        (None, None) => None,
    };
    let cache = cache.zip(system);
    let may_take = proven.is_none()
        && unchecked.is_none()
        && !request.force
        // Only a build puts its files beside those of others, and checks them.
        && found.beside.is_empty()
        && plan.gates.is_empty();
    let cached = match &cache {
        Some((cache, system)) if may_take => cache.take(&plan, system, &out, &signers),
        _ => Ok(None),
    };
    let cached = cached.unwrap_or_else(|error| {
        listener.note(format!("not taken from the cache: {}", with_causes(&error)));
        None
    });
    if let Some(built) = cached {
        listener.note(format!(
            "{} {} was built before: taken from the cache",
            plan.package, plan.version
        ));
        return taken(
            workspace,
            plan,
            built,
            &found.words,
            occasion,
            &hooks,
            listener,
        );
    }
    let built = match (unchecked, proven) {
        (Some((built, stated)), _) => {
            listener.note(format!(
                "{} is built; its checks are not made",
                plan.package
            ));
            apply::adopt(&built, &stated, &plan, &workshop)
        }
        (None, Some((candidate, stated))) => {
            listener.note(format!("{} was built before its tag", plan.package));
            apply::adopt(&candidate, &stated, &plan, &workshop)
        }
        (None, None) => apply::apply(&plan, &workshop),
    };
    match built {
        Ok(built) => {
            let digests: Vec<_> = built.artifacts.iter().map(|one| one.sha256).collect();
            environment.gate().note_products(&digests)?;
            if let Some((cache, system)) = &cache
                && let Err(error) = cache.put(&plan, system, &built)
            {
                listener.warn(format!("not put into the cache: {}", with_causes(&error)));
            }
            taken(
                workspace,
                plan,
                built,
                &found.words,
                occasion,
                &hooks,
                listener,
            )
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

/// Ends a build that went well. `words` is what others attested of one that it
/// replaces.
fn taken(
    workspace: &Workspace,
    plan: BuildPlan,
    mut built: Built,
    words: &[String],
    occasion: Option<Occasion>,
    hooks: &Hooks<'_>,
    listener: &dyn Listener,
) -> Result<Outcome, FlowError> {
    attesting::keep(&mut built, words)?;
    record(workspace, &plan, &built, listener);
    if built
        .directory
        .starts_with(workspace.repository.top().join("dist"))
    {
        leave_out_of_git(workspace, &plan.tree, listener)?;
    }
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

/// Finds the tag that a declared package without version files would get, so
/// that a candidate has its version; none, where that is told otherwise.
fn with_planned_tag(
    workspace: &Workspace,
    wanted: &Wanted,
    package: &Package,
) -> Result<Option<(Wanted, TagName)>, FlowError> {
    let Wanted::Commit(revision) = wanted else {
        return Ok(None);
    };
    if matches!(package.kind, Kind::Debian(_)) || !package.version_files.is_empty() {
        return Ok(None);
    }
    let asked = release::Request {
        packages: vec![package.name.clone()],
        ..release::Request::everything()
    };
    let planning::Outcome::Planned(planned) = planning::plan(workspace, revision, &asked)? else {
        return Ok(None);
    };
    let mut plans = planned.plan.packages.iter();
    let own = plans.find(|plan| plan.name == package.name);
    let tag = own.and_then(|plan| match &plan.decision {
        Decision::Release(next) => next.tag.clone(),
        Decision::Prepared { tag, .. } => Some(tag.clone()),
        Decision::Skip { .. } => None,
    });
    Ok(tag.map(|tag| {
        let commit = revision.clone();
        let name = tag.clone();
        (Wanted::Release { commit, tag }, name)
    }))
}

/// Keeps `dist/` out of `git add`, where the project has no such directory of
/// its own: what is built of a commit must not get into the next one.
fn leave_out_of_git(
    workspace: &Workspace,
    tree: &str,
    listener: &dyn Listener,
) -> Result<(), FlowError> {
    const LINE: &str = "/dist/";
    let repository = &workspace.repository;
    if repository.subtree(tree, "dist")?.is_some() {
        return Ok(());
    }
    let own = repository.own_dir();
    let exclude = own.parent().unwrap_or(&own).join("info/exclude");
    let bytes = files::read_if_there(&exclude)?.unwrap_or_default();
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if text.lines().any(|line| line.trim() == LINE) {
        return Ok(());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(LINE);
    text.push('\n');
    let written = files::create_dir(exclude.parent().unwrap_or(&own))
        .and_then(|()| files::replace(&exclude, text.as_bytes(), Access::Public));
    if let Err(error) = written {
        // A build is none the worse for it.
        listener.note(format!(
            "dist/ is not left out of git: {}",
            with_causes(&error)
        ));
    }
    Ok(())
}

/// Returns where a build's artifacts go when nobody says.
fn usual_out(workspace: &Workspace, revision: &Revision, commit: &str) -> PathBuf {
    let name = match revision {
        Revision::Tag { name, .. } => name.to_string(),
        // Never into a release's directory, whatever the revision is called.
        Revision::Candidate { .. } => format!("candidate-{commit:.12}"),
    };
    workspace.repository.top().join("dist").join(name)
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
