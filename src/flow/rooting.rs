//! Clean systems to build in: what a project wants, and those that are kept.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::LineWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::FlowError;
use super::build_cache::BuildCache;
use crate::archive::layout;
use crate::build::root::cache::OLD;
use crate::build::root::choices::{ArchiveChoice, RootChoices};
use crate::build::root::plan::Step;
use crate::build::root::suite::{Of, Series, UnknownSuite, series_of_table, suites, usual_series};
use crate::build::root::{
    self, Cache, Cached, ExtraArchive, Kept, Means, Mirror, Part, Place, Provided, Refresh,
    RootError, RootWanted,
};
use crate::config::ArchiveLocation;
use crate::model::{Architecture, Listener, Sha256, Timestamp};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::process::Tool;

/// Debian's own mirror, and that of its security updates.
const DEBIAN: &str = "http://deb.debian.org/debian";
const SECURITY: &str = "http://deb.debian.org/debian-security";
/// The table of the package distro-info-data.
const SERIES: &str = "/usr/share/distro-info/debian.csv";

/// Why nobody knows which system is wanted.
#[derive(Debug, thiserror::Error)]
pub enum WantError {
    /// The suite is unknown.
    #[error(transparent)]
    Suite(#[from] UnknownSuite),
    /// A declared archive cannot be used.
    #[error("build dependencies cannot come from the archive {location}: {why}")]
    Archive {
        /// Where it is, as written.
        location: String,
        /// Why not.
        why: String,
    },
}

/// What a project says about systems.
#[derive(Debug, Clone)]
pub struct Saying<'a> {
    /// What its configuration chooses.
    pub choices: &'a RootChoices,
    /// Its archives, by name.
    pub archives: &'a BTreeMap<String, ArchiveLocation>,
    /// Where paths in its configuration start.
    pub top: &'a Path,
}

/// Returns the system that a distribution's name asks for. `suite` is the
/// user's word of this moment, which wins over the configuration's.
pub fn wanted(
    saying: &Saying<'_>,
    distribution: &str,
    suite: Option<&str>,
    environment: &Environment,
    now: Timestamp,
) -> Result<RootWanted, FlowError> {
    let choices = saying.choices;
    let series = known_series(now);
    let of = match choices.mirror.is_some() && choices.keyring.is_some() {
        // Another distribution's mirror has its own suites.
        true => Of::Mirror,
        false => Of::Debian(&series),
    };
    let chosen = suite.or(choices.suite.as_deref());
    let suites = suites(distribution, chosen, of).map_err(WantError::Suite)?;
    let archives = choices.archives.iter();
    let archives = archives.map(|choice| extra(saying, choice, suites.base.as_str()));
    Ok(RootWanted {
        archives: archives.collect::<Result<_, _>>()?,
        architecture: Architecture::of_this_machine(),
        mirror: mirror(choices, environment, saying.top),
        snapshot: choices.snapshot.clone(),
        components: choices.components.clone(),
        dependencies: None,
        exact: None,
        suites,
    })
}

fn known_series(now: Timestamp) -> Vec<Series> {
    let table = fs::read_to_string(SERIES).unwrap_or_default();
    let found = series_of_table(&table, &now.day());
    match found.is_empty() {
        true => usual_series(),
        false => found,
    }
}

/// Returns the mirror that is chosen, else the one that this machine's apt
/// uses, else Debian's.
fn mirror(choices: &RootChoices, environment: &Environment, top: &Path) -> Mirror {
    let keyring = choices.keyring.as_ref().map(|path| top.join(path));
    if let Some(uri) = &choices.mirror {
        return Mirror {
            uri: uri.clone(),
            security: choices.security_mirror.clone(),
            keyring,
        };
    }
    let said = origins(environment);
    let of = |label: &str| {
        let mut lines = said.lines();
        let uri = lines.find_map(|line| line.strip_prefix(&format!("Debian|{label}|")))?;
        // Others, such as mirror+file:, mean something here only.
        let usual = uri.starts_with("http://") || uri.starts_with("https://");
        usual.then(|| uri.trim_end_matches('/').to_owned())
    };
    let security = choices.security_mirror.clone();
    Mirror {
        uri: of("Debian").unwrap_or_else(|| DEBIAN.to_owned()),
        security: security
            .or(of("Debian-Security"))
            .or_else(|| Some(SECURITY.to_owned())),
        keyring,
    }
}

/// Where this machine's apt has its sources, and what it knows of them: asking
/// it takes seconds, and what it says changes with these only.
const SOURCES: [&str; 3] = [
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d",
    "/var/lib/apt/lists",
];

/// Returns what this machine's apt says of its sources: `ORIGIN|LABEL|URI` a
/// line; what it said last, where its sources are the same.
fn origins(environment: &Environment) -> String {
    let state = |path: &&str| {
        let changed = fs::metadata(path).and_then(|found| found.modified());
        let mut entries: Vec<String> = walkdir::WalkDir::new(path)
            .max_depth(1)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let modified = entry.metadata().ok()?.modified().ok()?;
                Some(format!("{} {modified:?}", entry.path().display()))
            })
            .collect();
        entries.sort();
        format!("{changed:?} {}\n", entries.join("\n"))
    };
    let state: String = SOURCES.iter().map(state).collect();
    let state = Sha256::of(state.as_bytes()).hex();
    let kept = Cache::of(environment).ok().map(|cache| cache.origins());
    let last = kept.as_ref().and_then(|path| fs::read_to_string(path).ok());
    let last = last.and_then(|text| Some(text.strip_prefix(&format!("{state}\n"))?.to_owned()));
    if let Some(said) = last {
        return said;
    }
    let tool = Tool::new("apt-get").args(["indextargets", "--format"]);
    let tool = tool.args(["$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"]);
    let tool = tool
        .env("PATH", environment.search_path())
        .env("LC_ALL", "C.UTF-8");
    let Ok(output) = tool.limit(Duration::from_secs(30)).output() else {
        return String::new();
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if let Some(path) = kept {
        // Next time apt is asked again.
        let _ = files::replace(
            &path,
            format!("{state}\n{said}").as_bytes(),
            Access::Private,
        );
    }
    said
}

/// Finds an archive that build dependencies may come from.
fn extra(
    saying: &Saying<'_>,
    choice: &ArchiveChoice,
    base: &str,
) -> Result<ExtraArchive, FlowError> {
    let written = &choice.location;
    let location = saying.archives.get(written).unwrap_or(written);
    let refuse = |why: String| WantError::Archive {
        location: written.clone(),
        why,
    };
    let place = match location.split_once("://") {
        None | Some(("file", _)) => {
            let path = location.trim_start_matches("file://");
            Place::Directory(saying.top.join(path))
        }
        Some(("http" | "https", _)) => Place::Uri(location.clone()),
        Some((scheme, _)) => {
            let why = format!("{scheme}: is no way that apt fetches packages by");
            return Err(refuse(why).into());
        }
    };
    let own_keys = match &place {
        Place::Directory(directory) => certificates(directory)?,
        Place::Uri(_) => None,
    };
    let keys = match &choice.key {
        Some(path) => {
            let path = saying.top.join(path);
            Some(String::from_utf8_lossy(&files::read(&path)?).into_owned())
        }
        None => own_keys,
    };
    let suites = match (&place, choice.suites.as_slice()) {
        (Place::Directory(directory), []) => vec![only_suite(directory, base).map_err(refuse)?],
        (Place::Uri(_), []) => vec![base.to_owned()],
        (_, named) => named.to_vec(),
    };
    Ok(ExtraArchive {
        name: written.clone(),
        place,
        suites,
        components: choice.components.clone(),
        keys,
    })
}

/// Returns the suite to take when none is named: the one called like the
/// system's, else the only one.
fn only_suite(directory: &Path, base: &str) -> Result<String, String> {
    let dists = directory.join("dists");
    let entries = fs::read_dir(&dists).into_iter().flatten().flatten();
    let suites = entries.filter(|entry| entry.path().join("Release").is_file());
    let name = |entry: fs::DirEntry| entry.file_name().into_string().ok();
    let mut suites: Vec<String> = suites.filter_map(name).collect();
    suites.sort();
    if suites.iter().any(|suite| suite == base) {
        return Ok(base.to_owned());
    }
    match suites.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!("{} holds no suite", dists.display())),
        several => Err(format!(
            "it has {}: say which, as {{ location = …, suite = … }}",
            several.join(", ")
        )),
    }
}

/// Reads the certificates that an archive of ours keeps.
fn certificates(directory: &Path) -> Result<Option<String>, FlowError> {
    let keys = directory.join(layout::certificates().as_str());
    let entries = fs::read_dir(keys).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "asc"));
    paths.sort();
    let mut text = String::new();
    for path in paths {
        text.push_str(&String::from_utf8_lossy(&files::read(&path)?));
    }
    Ok((!text.is_empty()).then_some(text))
}

/// Lists the systems that are kept.
pub fn kept(environment: &Environment) -> Result<Vec<Kept>, FlowError> {
    let cache = Cache::of(environment)?;
    let kept = cache.list().into_iter().map(|cached| {
        let layers = fs::read_dir(cached.directory.join("layers"));
        let layers = layers.into_iter().flatten().flatten();
        let layers = layers.filter(|entry| entry.path().join("layer.json").is_file());
        Kept {
            size_bytes: root::cache::size(&cached.directory),
            layers: layers.count(),
            cached,
        }
    });
    Ok(kept.collect())
}

/// Says what is kept beside the systems.
pub fn parts(environment: &Environment) -> Result<Vec<Part>, FlowError> {
    Ok(Cache::of(environment)?.parts())
}

/// What came of asking for a system.
#[derive(Debug)]
pub enum Made {
    /// It would be used or made.
    Planned(Step),
    /// It was there.
    There(Cached),
    /// It is new.
    New(Cached),
    /// What was wanted is installed on top of it.
    Filled {
        /// The system.
        cached: Cached,
        /// With what is on top.
        provided: Provided,
        /// Whether anything was installed or made for it.
        changed: bool,
    },
}

/// Makes a system, or takes the one that is there.
pub fn make(
    wanted: &RootWanted,
    refresh: Refresh,
    dry_run: bool,
    means: &Surroundings<'_>,
) -> Result<Made, FlowError> {
    let cache = Cache::of(means.environment)?;
    let step = root::look(wanted, refresh, &cache, means.now);
    match step {
        step if dry_run => Ok(Made::Planned(step)),
        _ if wanted.dependencies.is_some() => with_log(&cache, means, |means| {
            let provided = root::provide(wanted, refresh, means)?;
            // What is new was made by now, and by us.
            let (cached, _held) = root::root(wanted, Refresh::Never, &cache, means)?;
            let changed = provided.made == root::Fresh::New;
            Ok(Made::Filled {
                cached,
                provided,
                changed,
            })
        }),
        Step::Use(cached) => Ok(Made::There(*cached)),
        Step::Make(_) => with_log(&cache, means, |means| {
            let (cached, _held) = root::root(wanted, refresh, &cache, means)?;
            Ok(Made::New(cached))
        }),
    }
}

/// Says how a build would come to its system. Writes nothing.
pub fn prospect(
    wanted: &RootWanted,
    refresh: Refresh,
    environment: &Environment,
    now: Timestamp,
) -> Result<Step, FlowError> {
    let cache = Cache::of(environment)?;
    Ok(root::look(wanted, refresh, &cache, now))
}

/// Provides a system with everything that is wanted on top of it.
pub fn provide(
    wanted: &RootWanted,
    refresh: Refresh,
    around: &Surroundings<'_>,
) -> Result<Provided, FlowError> {
    let cache = Cache::of(around.environment)?;
    with_log(&cache, around, |means| {
        root::provide(wanted, refresh, means)
    })
}

/// What making a system takes beside what is wanted.
pub struct Surroundings<'a> {
    /// The user's environment.
    pub environment: &'a Environment,
    /// This program.
    pub program: &'a Path,
    /// The present moment.
    pub now: Timestamp,
    /// Who hears of progress.
    pub listener: &'a dyn Listener,
}

/// Gives a log in the cache to what needs one.
fn with_log<T>(
    cache: &Cache,
    around: &Surroundings<'_>,
    act: impl FnOnce(&mut Means<'_>) -> Result<T, RootError>,
) -> Result<T, FlowError> {
    let roots = cache.roots();
    files::create_dir(&roots)?;
    let path = roots.join("last.log");
    let log = File::create(&path).map_err(files::failed("write", &path))?;
    let mut log = LineWriter::new(log);
    let mut means = Means {
        environment: around.environment,
        acquire: root::acquire(around.environment),
        program: around.program,
        now: around.now,
        log: &mut log,
        listener: around.listener,
    };
    Ok(act(&mut means)?)
}

/// Which systems are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those with these names, or of these suites.
    Named(Vec<String>),
    /// Those that nobody has used for a month.
    Old,
    /// All.
    All,
}

/// Chooses among the systems that are kept; a name that fits none is an error.
pub fn chosen(environment: &Environment, which: &Which) -> Result<Vec<Cached>, FlowError> {
    let all = Cache::of(environment)?.list();
    let names = match which {
        Which::Named(names) => names,
        Which::Old => {
            let old = all.into_iter();
            return Ok(old.filter(|cached| cached.unused_for(OLD)).collect());
        }
        Which::All => return Ok(all),
    };
    let fits = |cached: &Cached, name: &String| {
        cached.name == *name || cached.record.suites.contains(name)
    };
    if let Some(unknown) = names
        .iter()
        .find(|name| !all.iter().any(|cached| fits(cached, name)))
    {
        return Err(FlowError::NoRoot {
            wanted: unknown.clone(),
            known: all.iter().map(|cached| cached.name.clone()).collect(),
        });
    }
    let chosen = all
        .into_iter()
        .filter(|cached| names.iter().any(|name| fits(cached, name)));
    Ok(chosen.collect())
}

/// Removes what else nobody has used for a month, and what killed runs left;
/// returns what went, by part.
pub fn remove_old_parts(environment: &Environment) -> Result<Vec<Part>, FlowError> {
    let cache = Cache::of(environment)?;
    let before = cache.parts();
    cache.sweep();
    cache.drop_packages(u64::MAX, OLD);
    BuildCache::of_user(environment).inspect(|builds| builds.drop_unused(OLD));
    let went = before.into_iter().zip(cache.parts()).map(|(was, is)| Part {
        entries: was.entries.saturating_sub(is.entries),
        size_bytes: was.size_bytes.saturating_sub(is.size_bytes),
        ..was
    });
    Ok(went.filter(|part| part.entries > 0).collect())
}

/// Removes systems; returns those that were removed and those that somebody
/// builds in.
pub fn remove(
    environment: &Environment,
    chosen: Vec<Cached>,
) -> Result<(Vec<Cached>, Vec<Cached>), FlowError> {
    let cache = Cache::of(environment)?;
    let (mut gone, mut busy) = (Vec::new(), Vec::new());
    for cached in chosen {
        match cache.remove(&cached)? {
            true => gone.push(cached),
            false => busy.push(cached),
        }
    }
    Ok((gone, busy))
}
