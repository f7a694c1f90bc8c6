//! `reproduce`: builds again under varied conditions and compares.
//!
//! From a tag, the first build is the one in `dist/TAG` or another directory,
//! else one that is made now under the usual conditions; from a `.buildinfo`,
//! it is the checksums there. Nothing of the project is written.

mod deeper;
mod experiment;
mod machine;
mod record;
mod reference;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::experiment::{Experiment, Stop};
use self::reference::First;
use super::FlowError;
use super::building::{self, How};
use super::project::Workspace;
use super::signing::KeyWanted;
use super::surroundings;
use crate::build::apply::{self, Workshop};
use crate::build::observe::Wanted;
use crate::build::plan::Scope;
use crate::model::{Finding, Listener, PackageName};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::verify::Variation;
use crate::verify::reproduction::{Reference, Reproduction};

/// What to build again, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// What.
    pub subject: Subject,
    /// What is varied.
    pub vary: BTreeSet<Variation>,
    /// Whether the cause of each difference is looked for by further builds.
    pub search: Search,
    /// Whether diffoscope is asked about what differs.
    pub deeper: Deeper,
    /// What to compare with; none: what was built before, else a first build.
    pub against: Option<PathBuf>,
    /// Where the builds are kept; none: nowhere.
    pub keep: Option<PathBuf>,
    /// How it is built.
    pub how: How,
}

/// What is built again.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A tag of a repository; none: the one tag of HEAD.
    Tag {
        /// The tag.
        wanted: Option<Wanted>,
        /// Which package, where the tag leaves it open.
        package: Option<PackageName>,
        /// The upstream tarball or its directory.
        orig: Option<PathBuf>,
    },
    /// What a `.buildinfo` records.
    Record(Record),
}

/// A `.buildinfo` and what else there is to build by.
#[derive(Debug, Clone)]
pub struct Record {
    /// The file.
    pub path: PathBuf,
    /// Where the source may lie beside it.
    pub archives: Vec<PathBuf>,
    /// Whether other versions of the build dependencies will do.
    pub versions: Versions,
    /// The URI of a service that keeps old states of Debian's archive, with
    /// `@SNAPSHOTID@` where the moment stands: a chroot is made of the state
    /// at which it was built.
    pub snapshot: Option<String>,
}

/// Which versions of the build dependencies will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// Exactly the recorded ones.
    Exact,
    /// Whatever is there.
    Any,
}

/// Whether causes are looked for by further builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// By what is known of the two builds alone.
    None,
    /// By halving the variations.
    Bisect,
}

/// Whether another program is asked, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deeper {
    /// diffoscope, when it is installed.
    WhenInstalled,
    /// Nobody.
    Never,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Not built, and why.
    Refused(Vec<Finding>),
    /// Built and compared.
    Compared(Box<Reproduction>),
}

/// Whoever builds again, and where.
pub struct Site<'a> {
    /// The environment of the process.
    pub environment: &'a Environment,
    /// The clock that signatures and records would go by.
    pub clock: Clock,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// Builds again and compares. `open` gives the repository, which a record
/// does not need.
pub fn reproduce(
    request: &Request,
    open: impl FnOnce() -> Result<Workspace, FlowError>,
    site: &Site<'_>,
) -> Result<Outcome, FlowError> {
    let found = match &request.subject {
        Subject::Tag {
            wanted,
            package,
            orig,
        } => {
            let workspace = open()?;
            let asked = building::Request {
                wanted: wanted.clone(),
                package: package.clone(),
                out: None,
                orig: orig.clone(),
                scope: Scope::Full,
                variant: building::Variant::default(),
                how: request.how.clone(),
                key: KeyWanted::None,
                dry_run: true,
                force: false,
                candidate: None,
            };
            from_tag(&workspace, &asked, request, site)
        }
        Subject::Record(record) => record::reproduce(record, request, site),
    };
    match found {
        Ok(reproduction) => Ok(Outcome::Compared(Box::new(reproduction))),
        Err(Stop::Refused(findings)) => Ok(Outcome::Refused(findings)),
        Err(Stop::Flow(error)) => Err(error),
    }
}

fn from_tag(
    workspace: &Workspace,
    asked: &building::Request,
    request: &Request,
    site: &Site<'_>,
) -> Result<Reproduction, Stop> {
    let Site {
        environment,
        clock,
        listener,
    } = *site;
    let planned = |asked: &building::Request| -> Result<_, Stop> {
        let mut nobody = |_: &crate::keys::KeyDescription| Ok(None);
        let outcome = building::build(workspace, asked, environment, clock, &mut nobody, listener);
        match outcome? {
            building::Outcome::Planned(plan) => Ok(*plan),
            building::Outcome::Refused(refusal) => Err(Stop::Refused(refusal.findings)),
            building::Outcome::Built { .. } => unreachable!("only the plan was asked for"),
        }
    };
    let mut plan = planned(asked)?;
    let usual = workspace
        .repository
        .top()
        .join("dist")
        .join(plan.revision.shown());
    let before = match &request.against {
        Some(directory) => Some(reference::given(directory)?),
        None => reference::earlier(&plan, &usual, listener)?,
    };
    if before.as_ref().is_some_and(First::is_source_only) {
        let scope = Scope::Source;
        plan = planned(&building::Request {
            scope,
            ..asked.clone()
        })?;
    }
    let toolchains = surroundings::toolchains(&plan.host_environment);
    let now = clock.now();
    let root = building::system(workspace, asked, &plan, environment, now, listener)?;
    let build = |plan: &_, out: &Path, log: &Path| {
        let workshop = Workshop {
            repository: &workspace.repository,
            signer: None,
            clock,
            out,
            log,
            listener,
            program: environment.program(),
            root: root.as_ref(),
            toolchains: &toolchains,
            keep: &[],
        };
        apply::apply(plan, &workshop)
    };
    let revision = Some(plan.revision.shown().to_owned());
    let mut experiment = Experiment::new(plan, &build, request, site)?;
    let first = match before {
        Some(first) => first,
        None => {
            let usual = experiment.usual_conditions();
            let made = experiment.build(&usual, "first")?;
            experiment.let_time_pass();
            First::of_build(made, Reference::FirstBuild)?
        }
    };
    let reproduction = experiment.compare_with(&first, request)?;
    Ok(Reproduction {
        revision,
        ..reproduction
    })
}
