//! Builds of one plan under chosen conditions, compared with a first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::reference::First;
use super::{Deeper, Request, Search, Site, deeper, machine};
use crate::build::apply::BuildError;
use crate::build::plan::BuildPlan;
use crate::build::product::Built;
use crate::flow::FlowError;
use crate::model::Finding;
use crate::sys::clock::Clock;
use crate::sys::files::{self, Access, FileError};
use crate::sys::temporary::Temporary;
use crate::verify::Variation;
use crate::verify::assurance::{Piece, SecondOpinion, compare};
use crate::verify::bisect::{Set, bisect, most_builds};
use crate::verify::cause::{Known, settle};
use crate::verify::difference::Place;
use crate::verify::reproduction::Reproduction;
use crate::verify::variation::{Conditions, Machine, Outcome, Tried, vary};

/// Why an experiment ended early.
pub(super) enum Stop {
    /// The answer is no.
    Refused(Vec<Finding>),
    /// There is no answer.
    Flow(FlowError),
}

impl<E: Into<FlowError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Flow(error.into())
    }
}

/// Builds a plan into a directory, with a log.
pub(super) type Build<'a> = dyn Fn(&BuildPlan, &Path, &Path) -> Result<Built, BuildError> + 'a;

/// Builds of one plan.
pub(super) struct Experiment<'a> {
    usual: BuildPlan,
    machine: Machine,
    build: &'a Build<'a>,
    site: &'a Site<'a>,
    place: Shelf,
    logs: PathBuf,
    builds: usize,
}

/// A finished build and what is known of it.
pub(super) struct Made {
    /// Its artifacts.
    pub(super) built: Built,
    /// Its circumstances.
    pub(super) known: Known,
}

/// Where builds lie until they have been compared.
enum Shelf {
    Temporary(Temporary),
    Kept(PathBuf),
}

impl Shelf {
    fn path(&self) -> &Path {
        match self {
            Self::Temporary(directory) => directory.path(),
            Self::Kept(directory) => directory,
        }
    }
}

impl<'a> Experiment<'a> {
    /// Prepares an experiment with a plan under its usual conditions.
    pub(super) fn new(
        usual: BuildPlan,
        build: &'a Build<'a>,
        request: &Request,
        site: &'a Site<'a>,
    ) -> Result<Self, FlowError> {
        let machine = machine::observe(&usual.isolation, site.environment);
        let temporary = site.environment.temporary_directory();
        let place = match &request.keep {
            Some(directory) => {
                let taken = || FlowError::OutTaken {
                    path: directory.clone(),
                };
                files::create_dir(directory)?;
                let listed = std::fs::read_dir(directory).map_err(files::failed("list", directory));
                if listed?.next().is_some() {
                    return Err(taken());
                }
                Shelf::Kept(directory.clone())
            }
            None => Shelf::Temporary(Temporary::new(
                &temporary,
                "debcut-reproduce-",
                Access::Public,
            )?),
        };
        let data = site.environment.data_home().ok_or(FlowError::NoDataHome)?;
        let logs = data.join("debcut/logs");
        files::create_dir(&logs)?;
        Ok(Self {
            usual,
            machine,
            build,
            site,
            place,
            logs,
            builds: 0,
        })
    }

    /// Returns the conditions of a build that nobody varies.
    pub(super) fn usual_conditions(&self) -> Conditions {
        Conditions::of(&self.usual.environment)
    }

    /// Builds under these conditions.
    pub(super) fn build(&mut self, conditions: &Conditions, name: &str) -> Result<Made, Stop> {
        let plan = BuildPlan {
            environment: conditions.around(&self.usual.environment),
            signing_key: None,
            ..self.usual.clone()
        };
        let out = self.place.path().join(name);
        let log = format!("{}-reproduce-{name}.log", self.usual.file_stem());
        let log = self.logs.join(log);
        // What programs see is the machine's clock, whatever ours is.
        let began = Clock::System.now();
        self.site.listener.begin(format!("{name} build"));
        let built = (self.build)(&plan, &out, &log);
        self.builds += 1;
        let ended = Clock::System.now();
        match built {
            Ok(built) => Ok(Made {
                built,
                known: Known::of(conditions, (began, ended)),
            }),
            Err(BuildError::Refused { findings }) => Err(Stop::Refused(findings)),
            Err(BuildError::Failed {
                step,
                log,
                source,
                mut findings,
            }) => {
                let subject = format!("{} {}", plan.package, plan.version);
                let message = format!("{step} it failed in the {name} build: {source}");
                let finding = Finding::error("build-failed", subject, message);
                let fix = format!("the whole output is in {}", log.display());
                findings.insert(0, finding.fix(fix));
                Err(Stop::Refused(findings))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the next build's files have other times than the last's,
    /// also where those count in steps of two seconds (zip).
    pub(super) fn let_time_pass(&self) {
        std::thread::sleep(Duration::from_secs(2));
    }

    /// Builds again under varied conditions and compares with a first build.
    pub(super) fn compare_with(
        mut self,
        first: &First,
        request: &Request,
    ) -> Result<Reproduction, Stop> {
        let usual = self.usual_conditions();
        let (mut varied, mut variations) = vary(&usual, &request.vary, &self.machine);
        let second = match self.build(&varied, "second") {
            Err(Stop::Flow(FlowError::Build(BuildError::Preload(why)))) => {
                // Known only now: the compiler is the chroot's.
                self.machine.preload = Err(why.to_string());
                (varied, variations) = vary(&usual, &request.vary, &self.machine);
                self.build(&varied, "second")?
            }
            other => other?,
        };
        let _ = varied;
        let really = really_varied(&variations);
        let mut opinion = self.compare(first, &second, &really)?;
        let bisection = match request.search {
            Search::Bisect if !opinion.is_equal() => {
                Some(self.bisect(first, &really, &opinion.places())?)
            }
            _ => None,
        };
        if let Some(culprits) = &bisection {
            for explained in opinion.explained_mut() {
                settle(explained, culprits);
            }
        }
        let deeper = match request.deeper {
            Deeper::WhenInstalled if !opinion.is_equal() => {
                let second = &second.built.directory;
                deeper::look(&opinion, first, second, self.site)
            }
            _ => Vec::new(),
        };
        Ok(Reproduction {
            package: self.usual.package.to_string(),
            version: self.usual.version.to_string(),
            revision: None,
            buildinfo: None,
            reference: first.reference.clone(),
            isolation: self.usual.isolation.word().to_owned(),
            variations,
            opinion,
            bisection,
            builds: self.builds,
            deeper,
        })
    }

    fn bisect(
        &mut self,
        first: &First,
        varied: &Set,
        known: &BTreeSet<Place>,
    ) -> Result<crate::verify::bisect::Culprits<Place>, Stop> {
        let usual = self.usual_conditions();
        let most = most_builds(varied.len());
        let mut count = 0;
        bisect(varied, known, |some| {
            count += 1;
            let names: Vec<_> = some.iter().map(|variation| variation.name()).collect();
            let names = match names.as_slice() {
                [] => "nothing".to_owned(),
                names => names.join(", "),
            };
            self.site.listener.note(format!(
                "bisection, build {count} of at most about {most}: varying {names}"
            ));
            let (conditions, _) = vary(&usual, some, &self.machine);
            let made = self.build(&conditions, &format!("bisection-{count}"))?;
            let found = self.compare(first, &made, some)?.places();
            if matches!(self.place, Shelf::Temporary(_)) {
                files::remove_tree(&made.built.directory)?;
            }
            Ok(found)
        })
    }

    fn compare(&self, first: &First, second: &Made, varied: &Set) -> Result<SecondOpinion, Stop> {
        let (a, b) = pieces(first, &second.built)?;
        Ok(compare(&a, &b, (&first.known, &second.known), varied))
    }
}

fn really_varied(variations: &[Tried]) -> BTreeSet<Variation> {
    let varied = variations
        .iter()
        .filter(|tried| matches!(tried.outcome, Outcome::Varied { .. }));
    varied.map(|tried| tried.variation).collect()
}

type Pieces = BTreeMap<String, Piece>;

/// How large an artifact may be, in bytes, to be looked into; of larger ones
/// only the digests are compared.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// Reads the artifacts of two builds as far as they are needed.
fn pieces(first: &First, second: &Built) -> Result<(Pieces, Pieces), FileError> {
    let (mut a, mut b) = (Pieces::new(), Pieces::new());
    let made: BTreeMap<_, _> = second
        .artifacts
        .iter()
        .filter(|artifact| first.counts(&artifact.name))
        .map(|artifact| (artifact.name.clone(), artifact))
        .collect();
    for (name, digest) in &first.digests {
        let same = made
            .get(name)
            .is_some_and(|artifact| artifact.sha256 == *digest);
        let piece = match first.file(name).filter(|_| !same) {
            Some(path) => read(&path, *digest)?,
            None => Piece::listed(*digest),
        };
        a.insert(name.clone(), piece);
    }
    for (name, artifact) in made {
        let same = first.digests.get(&name) == Some(&artifact.sha256);
        let piece = match same {
            true => Piece::listed(artifact.sha256),
            false => read(&second.directory.join(&name), artifact.sha256)?,
        };
        b.insert(name, piece);
    }
    Ok((a, b))
}

fn read(path: &Path, digest: crate::model::Sha256) -> Result<Piece, FileError> {
    let size = path.metadata().map_err(files::failed("read", path))?.len();
    match size > LARGEST {
        true => Ok(Piece::listed(digest)),
        false => files::read(path).map(Piece::read),
    }
}
