//! The clean Debian that a build happens in: a bare system of the target suite
//! with what the build needs on top, both kept for the next time.
//!
//! | | |
//! |---|---|
//! | [`suite`] | a distribution's name → the suites of a system |
//! | [`wanted`] | what a build needs of its system, as a value |
//! | [`choices`] | what the configuration says about it |
//! | [`cache`] | what is there, and what it is |
//! | [`plan`] | whether what is there will do |
//! | `make`, `install` | the bare system by mmdebstrap(1), the rest by apt |
//! | [`debs`] | packages as they came, and their digests |
//!
//! [`provide`] is the way in. It opens rooms with network to install packages
//! in, and none to build in: that is the caller's, with the layers it is given.

mod acquire;
mod apt;
mod archives;
mod beneath;
pub mod cache;
pub mod choices;
pub mod debs;
mod exact;
mod ids;
mod install;
mod layer;
mod make;
mod packages;
pub mod plan;
pub mod said;
mod sources;
pub mod suite;
pub mod wanted;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::format::buildinfo::Installed;
use crate::format::deb822::Deb822Error;
use crate::model::{Listener, Sha256, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access, FileError};
use crate::sys::process::ToolError;
use crate::sys::sandbox::SandboxError;

pub use acquire::{Acquire, acquire};
pub use cache::{Cache, Cached, Kept, Part};
pub use plan::Refresh;
pub use wanted::{Dependencies, ExtraArchive, Mirror, Parts, Place, RootWanted, Snapshot};

use debs::Debs;
use layer::LayerRecord;
use plan::{Step, Why};

/// What a system is made with.
pub struct Means<'a> {
    /// The user's environment.
    pub environment: &'a Environment,
    /// How mirrors are reached; [`acquire`] asks the machine's apt.
    pub acquire: Acquire,
    /// This program, which is a room's first process.
    pub program: &'a Path,
    /// The present moment.
    pub now: Timestamp,
    /// Where the tools' output goes, whole.
    pub log: &'a mut dyn Write,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// A system to build in.
#[derive(Debug)]
pub struct Provided {
    /// Its directories, the last on top.
    pub layers: Vec<PathBuf>,
    /// Its packages, by name.
    pub packages: Vec<Installed>,
    /// What they came in, by name; those of the bare system first.
    pub debs: Debs,
    /// The digest of both: another where a package is another, and be it of the
    /// same version.
    pub identity: Sha256,
    /// Whether anything was made for it.
    pub made: Fresh,
    /// Keeps it from being removed.
    _held: cache::Held,
}

/// Whether a system was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fresh {
    /// Nothing was fetched or installed.
    Kept,
    /// Some of it was made just now.
    New,
}

/// Why there is no system to build in.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// A program is missing.
    #[error("{program} is not installed")]
    MissingProgram {
        /// Its name.
        program: &'static str,
        /// The package that brings it.
        package: &'static str,
    },
    /// The machine does not let this user have systems of his own.
    #[error("this user may not have a system of his own: {why}")]
    NotAllowed {
        /// What was tried, and what came of it.
        why: String,
        /// What makes it possible, the likeliest first.
        remedies: Vec<String>,
    },
    /// Nothing says where caches are kept.
    #[error("neither XDG_CACHE_HOME nor HOME says where systems are kept")]
    NoCacheHome,
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A tool is missing, was stopped or took too long.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A room cannot be opened.
    #[error(transparent)]
    Sandbox(SandboxError),
    /// The mirror does not answer.
    #[error("no packages can be fetched: {mirror}")]
    Unreachable {
        /// Which, or what was said of it.
        mirror: String,
        /// What the tool said.
        source: ToolError,
    },
    /// The mirror has no such suite.
    #[error("{mirror} has no suite {suite}")]
    NoSuiteThere {
        /// The suite.
        suite: String,
        /// The mirror.
        mirror: String,
        /// What the tool said.
        source: ToolError,
    },
    /// The system cannot be made.
    #[error("cannot make a clean {suite} system")]
    Make {
        /// The suite.
        suite: String,
        /// What the tool said.
        source: ToolError,
    },
    /// Packages cannot be installed.
    #[error("cannot install what the build needs")]
    Install {
        /// What the tool said.
        source: ToolError,
    },
    /// Build dependencies cannot be met.
    #[error("build dependencies cannot be met: {}", shown(unmet))]
    Unmet {
        /// Which, and why not.
        unmet: Vec<said::Unmet>,
    },
    /// Exact versions are nowhere to be had.
    #[error("these packages are in no archive: {}", packages.join("; "))]
    NotFound {
        /// Each with what is there instead.
        packages: Vec<String>,
    },
    /// A declared archive cannot be used.
    #[error("the archive {name} cannot be used: {why}")]
    Archive {
        /// Its name.
        name: String,
        /// Why not.
        why: String,
    },
    /// `debian/control` is not one.
    #[error("debian/control")]
    Control(#[source] Deb822Error),
    /// A system's list of packages is broken.
    #[error("the system's list of packages is broken")]
    Status(#[source] Deb822Error),
    /// The user asked to stop.
    #[error("stopped before the system was there")]
    Interrupted,
}

fn shown(unmet: &[said::Unmet]) -> String {
    let all = unmet.iter().map(|unmet| {
        let there = match unmet.there.is_empty() {
            true => "it is in no archive".to_owned(),
            false => format!("there is {}", unmet.there.join(", ")),
        };
        format!("{} ({}; {there})", unmet.relation, unmet.why)
    });
    all.collect::<Vec<_>>().join("; ")
}

/// Names the suites that a system is made from, the base first: security's
/// too, where the mirror has it.
pub fn suites_of(wanted: &RootWanted) -> Vec<String> {
    let sources = sources::base_sources(wanted).into_iter();
    sources.map(|source| source.suite).collect()
}

/// Says what [`root`] would do.
pub fn look(wanted: &RootWanted, refresh: Refresh, cache: &Cache, now: Timestamp) -> Step {
    plan::step(cache.newest(&sources::key(wanted)), refresh, now)
}

/// Provides a bare system: the one that is there, or a new one.
pub fn root(
    wanted: &RootWanted,
    refresh: Refresh,
    cache: &Cache,
    means: &mut Means<'_>,
) -> Result<(Cached, cache::Held), RootError> {
    let key = sources::key(wanted);
    // Also when nothing is made: what a killed run left is half a gigabyte.
    cache.sweep();
    loop {
        let step = look(wanted, refresh, cache, means.now);
        let cached = match step {
            Step::Use(cached) => *cached,
            Step::Make(why) => {
                ids::check(means.environment.var("USER"))?;
                let _alone = cache.lock(&key, means.listener)?;
                // Whoever held the lock may have made it.
                match look(wanted, refresh, cache, means.now) {
                    Step::Use(cached) => *cached,
                    Step::Make(_) => {
                        if let Why::Old(days) = why {
                            means.listener.note(format!(
                                "the {} system is {days} days old and made again",
                                wanted.suites.base
                            ));
                        }
                        let made = make::make(wanted, cache, means)?;
                        cache.drop_older(&made)?;
                        cache.bound(&made)?;
                        made
                    }
                }
            }
        };
        // It may be removed at this moment: then it is made again.
        if let Some(held) = cached.hold()? {
            return Ok((cached, held));
        }
    }
}

/// Provides a system with everything that is wanted in it.
pub fn provide(
    wanted: &RootWanted,
    refresh: Refresh,
    means: &mut Means<'_>,
) -> Result<Provided, RootError> {
    // Before anything is prepared: also a system that is there is of no use
    // without them.
    ids::check(means.environment.var("USER"))?;
    let cache = Cache::of(means.environment)?;
    let mut made = match look(wanted, refresh, &cache, means.now) {
        Step::Use(_) => Fresh::Kept,
        Step::Make(_) => Fresh::New,
    };
    let (root, held) = root(wanted, refresh, &cache, means)?;
    let tree = root.tree();
    if wanted.dependencies.is_none() && wanted.exact.is_none() {
        let packages = packages_of(&[&tree], wanted)?;
        return Ok(Provided {
            identity: root.record.identity,
            layers: vec![tree],
            packages,
            debs: root.record.debs,
            made,
            _held: held,
        });
    }
    let states = archives::states(&wanted.archives, &means.acquire, &root.directory)?;
    let key = layer::key(wanted, &root.record.identity, &states)?;
    let place = root.layer(&key);
    let record = match cache::layer(&place) {
        Some(record) => record,
        None => {
            let lock = root.directory.join(format!(".lock-{}", &key.hex()[..16]));
            let why = "another run is installing the same build dependencies";
            let _alone = cache::wait_for(&lock, why, means.listener)?;
            match cache::layer(&place) {
                Some(record) => record,
                None => {
                    made = Fresh::New;
                    fill(wanted, &root, &place, &cache, means)?
                }
            }
        }
    };
    let layer = place.join("tree");
    let packages = packages_of(&[&layer, &tree], wanted)?;
    let mut debs = root.record.debs;
    debs.extend(record.debs);
    Ok(Provided {
        identity: record.identity,
        layers: vec![tree, layer],
        packages,
        debs,
        made,
        _held: held,
    })
}

/// Installs what is wanted on top of a bare system.
fn fill(
    wanted: &RootWanted,
    root: &Cached,
    place: &Path,
    cache: &Cache,
    means: &mut Means<'_>,
) -> Result<LayerRecord, RootError> {
    ids::check(means.environment.var("USER"))?;
    let (staged, debs) = install::install(wanted, root, cache, means)?;
    let trees = [staged.path().join("tree"), root.tree()];
    let packages = packages_of(&trees.each_ref().map(PathBuf::as_path), wanted)?;
    let mut all = root.record.debs.clone();
    all.extend(debs.clone());
    let record = LayerRecord {
        subject: layer::subject(wanted),
        made_unix: means.now.unix(),
        identity: packages::identity(&packages, &all),
        debs,
    };
    let text = serde_json::to_vec_pretty(&record).expect("a record has string keys");
    files::replace(&staged.path().join("layer.json"), &text, Access::Public)?;
    staged.publish(place)?;
    root.drop_unused_layers();
    Ok(record)
}

/// dpkg's list of packages: a thousand of them take 1 MB.
const STATUS: &str = "var/lib/dpkg/status";
const STATUS_BYTES: u64 = 256 << 20;

/// Reads a system's packages from the uppermost of its trees that lists them.
fn packages_of(trees: &[&Path], wanted: &RootWanted) -> Result<Vec<Installed>, RootError> {
    for tree in trees {
        if let Some(status) = beneath::read(tree, STATUS, STATUS_BYTES)? {
            let found = packages::installed(&status, &wanted.architecture);
            return found.map_err(RootError::Status);
        }
    }
    Ok(Vec::new())
}
