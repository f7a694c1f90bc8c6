//! From a `.buildinfo` alone (deb-buildinfo(5)): the source that it names, the
//! packages that it lists, its path, options and epoch, and its checksums to
//! compare with.

mod dependencies;
mod source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::experiment::{Experiment, Stop};
use super::reference::First;
use super::{Record, Request, Site};
use crate::build::apply::Workshop;
use crate::build::apply::rebuild::{Binaries, SourcePackage, rebuild};
use crate::build::environment::{BUILD_PATH, BuildEnvironment};
use crate::build::isolation::{ChrootWanted, Isolation};
use crate::build::plan::{BuildPlan, Builder, RecipePlan, Scope};
use crate::build::source::{Revision, SourceFormat};
use crate::build::target::Target;
use crate::build::upload::Upload;
use crate::config::{BuildRules, IsolationWord};
use crate::flow::{FlowError, surroundings};
use crate::format::buildinfo::Buildinfo;
use crate::model::{Architecture, Sha256, Timestamp};
use crate::sys::files::{self, Access};
use crate::sys::git::Repository;
use crate::sys::machine;
use crate::sys::openpgp::text_of;
use crate::sys::temporary::Temporary;
use crate::verify::Kind;
use crate::verify::cause::Known;
use crate::verify::reproduction::{Reference, Reproduction};

/// How long a tool of the build may run; as long as a project's usual limit.
const LIMIT_SECONDS: u64 = 4 * 60 * 60;

/// Builds the binaries that a record lists once more, and compares.
pub(super) fn reproduce(
    wanted: &Record,
    request: &Request,
    site: &Site<'_>,
) -> Result<Reproduction, Stop> {
    let bytes = files::read(&wanted.path)?;
    let record = parse(&wanted.path, &bytes)?;
    let lacks = |why: &str| FlowError::RecordLacks {
        path: wanted.path.clone(),
        why: why.to_owned(),
    };
    let tree = BuildTree::of(&wanted.path, &record);
    let first = first(wanted, &record, request)?;
    if first.digests.is_empty() {
        return Err(lacks("lists no binary packages: the source alone cannot be built").into());
    }
    let source = source::find(wanted, &record)?;
    let root = match request.how.isolation {
        Some(IsolationWord::Chroot) => Some(dependencies::system(&record, wanted, request, site)?),
        _ => None,
    };
    let isolation = match (&root, request.how.isolation) {
        (Some(root), _) => Isolation::Chroot(ChrootWanted {
            suites: root.suites.names(),
            snapshot: root.snapshot.as_ref().map(|moment| moment.id.clone()),
        }),
        (None, Some(IsolationWord::None)) => Isolation::None,
        (None, _) => Isolation::Namespace,
    };
    let plan = plan(
        wanted,
        &record,
        &tree,
        &source.package,
        isolation,
        request,
        site,
    )?;
    dependencies::check(&record, wanted, &plan.isolation, site)?;
    let provided = match &root {
        Some(root) => Some(dependencies::provide(root, request, site)?),
        None => None,
    };
    let source = SourcePackage {
        dsc: source.dsc,
        files: source.files,
        tree: tree.name,
        binaries: binaries(&record),
        entry: entry(&record),
    };
    // Nothing of it is read from a repository.
    let nowhere = Temporary::new(
        &site.environment.temporary_directory(),
        "debcut-record-",
        Access::Public,
    )?;
    let repository = Repository::init(nowhere.path())?;
    let build = |plan: &BuildPlan, out: &Path, log: &Path| {
        let workshop = Workshop {
            repository: &repository,
            signer: None,
            clock: site.clock,
            out,
            log,
            listener: site.listener,
            program: site.environment.program(),
            root: provided.as_ref(),
            toolchains: &[],
            keep: &[],
        };
        rebuild(plan, &source, &workshop)
    };
    let experiment = Experiment::new(plan, &build, request, site)?;
    let reproduction = experiment.compare_with(&first, request)?;
    Ok(Reproduction {
        buildinfo: Some(wanted.path.display().to_string()),
        ..reproduction
    })
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Buildinfo, FlowError> {
    let text = String::from_utf8_lossy(bytes);
    let text = text_of(&text).unwrap_or_else(|_| text.into_owned());
    Buildinfo::parse(text.as_bytes()).map_err(|source| FlowError::Record {
        path: path.to_owned(),
        source,
    })
}

/// Takes what the record says of the first build's packages, with those that
/// lie beside it or where `--against` points.
fn first(wanted: &Record, record: &Buildinfo, request: &Request) -> Result<First, FlowError> {
    let is_package = |name: &str| Kind::of(Path::new(name)) == Kind::Package;
    let listed = record
        .files
        .iter()
        .map(|file| (file.name.to_string(), file.digests.sha256));
    let digests: BTreeMap<String, Sha256> = listed.filter(|(name, _)| is_package(name)).collect();
    let beside = wanted.path.parent().unwrap_or(Path::new("."));
    let directory = request.against.as_deref().unwrap_or(beside);
    let mut found = BTreeMap::new();
    for (name, digest) in &digests {
        let path = directory.join(name);
        if !path.is_file() {
            continue;
        }
        let there = Sha256::of_reader(files::open(&path)?);
        if there.map_err(files::failed("read", &path))? == *digest {
            found.insert(name.clone(), path);
        }
    }
    let reference = Reference::Record {
        file: wanted.path.display().to_string(),
        beside: found.len(),
    };
    Ok(First {
        reference,
        digests,
        known: Known::from_buildinfo(record),
        files: found,
        only_packages: true,
    })
}

/// The directory that the source was in.
struct BuildTree {
    /// The directory above it.
    above: String,
    /// Its name.
    name: String,
}

impl BuildTree {
    /// Takes the recorded directory. dpkg records only those below `/build`;
    /// of others is known that dpkg-buildpackage leaves its files beside the
    /// tree, so unless somebody has moved them it was there.
    fn of(path: &Path, record: &Buildinfo) -> Self {
        let usual = || format!("{}-{}", record.source, record.source_version.upstream());
        let text = |path: &Path| path.to_str().map(str::to_owned);
        if let Some(recorded) = record.build_path.as_deref().map(Path::new)
            && let (Some(above), Some(name)) = (recorded.parent(), recorded.file_name())
            && let (Some(above), Some(name)) = (text(above), name.to_str())
        {
            let name = name.to_owned();
            return Self { above, name };
        }
        let beside = path
            .parent()
            .map(|beside| std::fs::canonicalize(beside).ok());
        let beside = beside.flatten().filter(|beside| beside.parent().is_some());
        let above = beside.as_deref().and_then(text);
        Self {
            name: beside
                .and_then(|beside| still_there(&beside, record))
                .unwrap_or_else(usual),
            above: above.unwrap_or_else(|| BUILD_PATH.to_owned()),
        }
    }
}

/// Finds a directory that still holds the source that was built.
fn still_there(beside: &Path, record: &Buildinfo) -> Option<String> {
    let start = format!("{} ({})", record.source, record.version);
    let entries = std::fs::read_dir(beside).ok()?.flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| {
            let changelog = std::fs::read(entry.path().join("debian/changelog"));
            changelog.is_ok_and(|text| text.starts_with(start.as_bytes()))
        })
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names.into_iter().next()
}

fn binaries(record: &Buildinfo) -> Binaries {
    let is = |word: &str| record.architectures.iter().any(|a| a.as_str() == word);
    let source = usize::from(is("source"));
    match (is("all"), record.architectures.len() - source) {
        (true, 1) => Binaries::All,
        (true, _) => Binaries::Both,
        (false, _) => Binaries::Any,
    }
}

/// Returns the changelog entry of a binary-only rebuild, whose empty lines
/// are written as dots in the record.
fn entry(record: &Buildinfo) -> Option<String> {
    let lines = record.binary_only_changes.iter().skip(1);
    let lines: Vec<&str> = lines
        .map(|line| {
            if line.trim() == "." {
                ""
            } else {
                line.as_str()
            }
        })
        .collect();
    (!lines.is_empty()).then(|| format!("{}\n\n", lines.join("\n")))
}

fn plan(
    wanted: &Record,
    record: &Buildinfo,
    tree: &BuildTree,
    dsc: &Sha256,
    isolation: Isolation,
    request: &Request,
    site: &Site<'_>,
) -> Result<BuildPlan, FlowError> {
    let epoch = record.environment.get("SOURCE_DATE_EPOCH");
    let epoch = epoch
        .and_then(|text| text.parse().ok())
        .map(Timestamp::from_unix);
    let epoch = epoch.ok_or_else(|| FlowError::RecordLacks {
        path: wanted.path.clone(),
        why: "names no SOURCE_DATE_EPOCH: dpkg before 1.18.8 made it".to_owned(),
    })?;
    let facts = machine::facts();
    let here = surroundings::machine(&facts, request.how.jobs);
    let mut environment = BuildEnvironment::usual(&isolation, &here, epoch);
    environment.search_path = Some("/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    take_over(&mut environment, record, tree, &isolation, site);
    let rules = BuildRules::default();
    Ok(BuildPlan {
        package: record.source.clone(),
        version: record.version.clone(),
        path: String::new(),
        revision: Revision::Candidate {
            revision: wanted.path.display().to_string(),
            meant: None,
        },
        commit: dsc.hex(),
        tree: String::new(),
        epoch,
        scope: Scope::Full,
        entry: None,
        target: Target::native(),
        upload: Upload::default(),
        gates: Vec::new(),
        builder: Builder::Debcut,
        isolation,
        environment,
        allowance: surroundings::allowance(&rules, &facts, site.environment),
        host_environment: BTreeMap::new(),
        limit_seconds: LIMIT_SECONDS,
        architecture: Architecture::of_this_machine(),
        recipe: RecipePlan::Debian {
            format: SourceFormat::Native,
            orig: None,
            exported: Default::default(),
        },
        signing_key: None,
        builder_version: crate::VERSION.to_owned(),
        warnings: Vec::new(),
    })
}

/// Takes over the recorded path and such variables as can do no harm.
fn take_over(
    environment: &mut BuildEnvironment,
    record: &Buildinfo,
    tree: &BuildTree,
    isolation: &Isolation,
    site: &Site<'_>,
) {
    match isolation {
        Isolation::None if environment.build_path != tree.above => site.listener.warn(format!(
            "it was built in {}, and without isolation it is built in {}",
            tree.above, environment.build_path
        )),
        Isolation::None => {}
        Isolation::Namespace | Isolation::Chroot(_) => {
            tree.above.clone_into(&mut environment.build_path);
        }
    }
    let mut left = Vec::new();
    for (name, value) in &record.environment {
        match name.as_str() {
            "DEB_BUILD_OPTIONS" => {
                let words = value.split_whitespace();
                let words = words.filter(|word| !word.starts_with("parallel="));
                environment.options = words.map(str::to_owned).collect();
            }
            "DEB_BUILD_PROFILES" => {
                environment.profiles = value.split_whitespace().map(str::to_owned).collect();
            }
            // The account, the zone and the language are our own: that they do
            // not matter is what is tried.
            "SOURCE_DATE_EPOCH" | "LANG" | "LANGUAGE" | "TZ" => {}
            name if name.starts_with("LC_") => {}
            name if is_safe(name) => {
                environment.variables.insert(name.to_owned(), value.clone());
            }
            name => left.push(name.to_owned()),
        }
    }
    if !left.is_empty() {
        site.listener.warn(format!(
            "these variables of the record are not taken over, because they can run other \
             programs: {}",
            left.join(", ")
        ));
    }
}

/// Tells whether a variable says how to compile and names no program.
fn is_safe(name: &str) -> bool {
    const FLAGS: [&str; 9] = [
        "ASFLAGS",
        "CFLAGS",
        "CPPFLAGS",
        "CXXFLAGS",
        "DFLAGS",
        "FCFLAGS",
        "FFLAGS",
        "LDFLAGS",
        "OBJCFLAGS",
    ];
    let suffixes = ["", "_SET", "_APPEND", "_PREPEND", "_STRIP", "_MAINT_APPEND"];
    let of_dpkg = |flag: &str| {
        let rest = name.strip_prefix("DEB_")?.strip_prefix(flag)?;
        Some(suffixes.contains(&rest))
    };
    FLAGS.contains(&name)
        || FLAGS.iter().any(|flag| of_dpkg(flag) == Some(true))
        || name == "DEB_BUILD_MAINT_OPTIONS"
        || name == "DEB_VENDOR"
        || name == "DEB_RULES_REQUIRES_ROOT"
}

/// What was found of a source package.
struct Found {
    dsc: PathBuf,
    package: Sha256,
    files: Vec<PathBuf>,
}

#[cfg(test)]
mod tests;
