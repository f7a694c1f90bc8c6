//! The clean Debian that a build needs.

use super::{Request, Scope};
use crate::build::TaggedSource;
use crate::build::isolation::Isolation;
use crate::build::observe::{self, Means, Wanted};
use crate::build::package::Kind;
use crate::build::plan::BuildPlan;
use crate::build::root::plan::{Step, Why};
use crate::build::root::{Dependencies, Parts, Provided, Refresh, RootWanted};
use crate::build::source::{Recipe, Revision};
use crate::build::target::{self, Target};
use crate::flow::project::Workspace;
use crate::flow::{FlowError, rooting, signing};
use crate::model::{Finding, Listener, Timestamp};
use crate::sys::environment::Environment;

/// Says whether a clean Debian is kept, or has to be made first.
pub(super) fn prospect(wanted: &RootWanted, step: &Step) -> Finding {
    let suite = wanted.suites.names().join(", ");
    let found = match step {
        Step::Use(cached) => format!("the chroot {} is kept and will do", cached.name),
        Step::Make(Why::Missing) => "no chroot is kept: one would be made first".to_owned(),
        Step::Make(Why::Old(days)) => {
            format!("the chroot is {days} days old: it would be made anew")
        }
        Step::Make(Why::Asked) => "the chroot would be made anew, as asked".to_owned(),
    };
    Finding::info("chroot", suite, found)
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
        dependencies: None,
    };
    let source = observe::observe(&workspace.repository, &wanted, package, &means)?;
    let (scope, target) = (plan.scope, &plan.target);
    let root = root_wanted(workspace, request, &source, scope, target, environment, now)?;
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
pub(super) fn root_wanted(
    workspace: &Workspace,
    request: &Request,
    source: &TaggedSource,
    scope: Scope,
    target: &Target,
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
                parts: match (scope.has_any(), scope.has_all()) {
                    (true, false) => Parts::Arch,
                    (false, true) => Parts::Indep,
                    _ => Parts::All,
                },
                profiles: target::with(&request.how.profiles, target.profiles()),
                host_architecture: target.host_architecture().cloned(),
            };
            let binaries = scope != Scope::Source;
            let named = debian.changelog.distributions.iter();
            let named: Vec<_> = named.map(|suite| suite.as_str()).collect();
            (named.join(" "), binaries.then_some(dependencies))
        }
        (_, Kind::Declared(declared)) => (declared.distribution.clone(), None),
        (Recipe::Declared { .. }, Kind::Debian(_)) => (String::new(), None),
    };
    let distribution = match &request.variant.distribution {
        Some(suite) => suite.to_string(),
        None => distribution,
    };
    let suite = request.how.suite.as_deref();
    let wanted = rooting::wanted(&saying, &distribution, suite, environment, now)?;
    Ok(RootWanted {
        architecture: target.build_architecture().clone(),
        dependencies,
        ..wanted
    })
}
