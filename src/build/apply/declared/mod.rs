//! A declared package → `.deb`, `.buildinfo` and `.changes`, in this process.
//!
//! Packs what the description lists and makes of it what debhelper would have:
//! documents are compressed, programs stripped and their libraries' packages
//! looked up, units and accounts set up by parts of maintainer scripts. A build
//! command is the package's own affair.

mod compressed;
mod copyright;
mod depends;
mod packing;
mod papers;
mod place;
mod programs;
mod snippets;
mod staging;
mod system;
mod units;
mod writing;

use std::path::{Path, PathBuf};

use self::depends::LookUp;
use self::packing::Packing;
use self::papers::{record, upload};
use self::programs::DebugFiles;
use self::writing::Package;
use super::{Bench, BuildError};
use crate::build::package::Declared;
use crate::build::tools::{DPKG_SHLIBDEPS, OBJCOPY, STRIP};
use crate::format::changelog::Entry;
use crate::format::control::RelationField;
use crate::format::relation::{Clause, Form, relations};
use crate::format::tar::{Tree, TreePath};
use crate::model::Finding;
use crate::sys::files::{self, Access};

/// Builds and returns the `.deb`, that of its debug symbols, the `.buildinfo`
/// and the `.changes`.
pub(super) fn build(
    bench: &mut Bench<'_>,
    declared: &Declared,
    changelog: &str,
) -> Result<Vec<PathBuf>, BuildError> {
    let work = bench.work();
    let whole = work.join(bench.plan.directory_name());
    bench
        .workshop
        .listener
        .begin(format!("exporting {}", bench.plan.revision.shown()));
    // The whole tree: a package of a workspace needs what is above it.
    bench.export(&bench.plan.tree, &whole)?;
    let whole = match &declared.command {
        Some(command) => bench.command(declared, command, &whole)?,
        None => {
            // Only the package's own tools run, and nothing varies those.
            bench.open_floor()?;
            whole
        }
    };
    let source = whole.join(&bench.plan.path);
    bench
        .workshop
        .listener
        .begin(format!("packing {}", bench.plan.package));
    let debs = packages(bench, declared, changelog, &whole, &source, &work)?;
    let entry = Entry::newest(changelog.as_bytes()).map_err(BuildError::Changelog)?;
    let buildinfo = work.join(format!(
        "{}_{}.buildinfo",
        bench.plan.file_stem(),
        declared.architecture
    ));
    let record = record(bench, declared, &debs)?;
    files::replace(&buildinfo, record.as_bytes(), Access::Public)?;
    bench.sign(&buildinfo)?;
    let changes = buildinfo.with_extension("changes");
    let upload = upload(bench, declared, &entry, &debs, &buildinfo)?;
    files::replace(&changes, upload.as_bytes(), Access::Public)?;
    bench.sign(&changes)?;
    let debs = debs.into_iter().map(|made| made.path);
    Ok(debs.chain([buildinfo, changes]).collect())
}

/// The contents of a package while they take their final shape.
pub(super) struct Shaping {
    /// What it installs.
    data: Tree,
    /// Files of it that keep the administrator's changes.
    conffiles: Vec<TreePath>,
}

fn packages(
    bench: &mut Bench<'_>,
    declared: &Declared,
    changelog: &str,
    export: &Path,
    source: &Path,
    work: &Path,
) -> Result<Vec<Package>, BuildError> {
    let plan = bench.plan;
    let mut packing = Packing::new(&plan.package, export, source, plan.epoch.unix())?;
    for content in &declared.contents {
        packing.add(content)?;
    }
    packing.document(declared, changelog, plan.version.is_native())?;
    let mut control_files = std::collections::BTreeMap::new();
    for (name, file) in &declared.scripts {
        control_files.insert(name.clone(), packing.read(file)?);
    }
    let mut shaping = Shaping {
        data: packing.data,
        conffiles: packing.conffiles,
    };
    // As dh_installdeb(1) lists them.
    shaping
        .conffiles
        .sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    compressed::compress(bench, &mut shaping)?;
    let programs = shape_programs(bench, declared, &mut shaping)?;
    let integration = system::integrate(bench, declared, &shaping, &mut control_files)?;
    let mut depends = programs.depends;
    for text in &integration.depends {
        let found = relations(text, Form::Settled);
        depends.extend(found.expect("relations written here"));
    }
    if !programs.shlibs.is_empty() {
        control_files.insert("shlibs".to_owned(), programs.shlibs.into_bytes());
        system::add_trigger(&mut control_files, "activate-noawait ldconfig");
    }
    let mut relations = declared.relations.clone();
    if !depends.is_empty() {
        let own = relations.get(&RelationField::Depends);
        let depends = depends::merged(own_clauses(bench, own)?, depends);
        let shown: Vec<_> = depends.iter().map(ToString::to_string).collect();
        relations.insert(RelationField::Depends, shown.join(", "));
    }
    let mut made = vec![writing::package(
        bench,
        declared,
        shaping,
        control_files,
        relations,
        work,
    )?];
    if let Some(debug) = programs.debug {
        made.push(writing::debug_package(bench, declared, debug, work)?);
    }
    Ok(made)
}

fn own_clauses(bench: &Bench<'_>, own: Option<&String>) -> Result<Vec<Clause>, BuildError> {
    let found = own.map(|text| relations(text, Form::Settled)).transpose();
    let found = found.map_err(|error| bench.refuse(format!("depends: {error}")))?;
    Ok(found.unwrap_or_default())
}

/// What programs and libraries call for.
#[derive(Default)]
struct ProgramsFound {
    depends: Vec<Clause>,
    shlibs: String,
    debug: Option<DebugFiles>,
}

fn shape_programs(
    bench: &mut Bench<'_>,
    declared: &Declared,
    shaping: &mut Shaping,
) -> Result<ProgramsFound, BuildError> {
    let mut found = ProgramsFound::default();
    let wanted = declared.programs;
    if !wanted.strip && !wanted.detect_depends {
        return Ok(found);
    }
    let package = &bench.plan.package;
    let tree = Path::new("debian").join(package.as_str());
    let programs = programs::find(bench, shaping, &tree)?;
    let misplaced = programs::misplaced(declared, &programs);
    if !misplaced.is_empty() {
        return Err(BuildError::Refused {
            findings: misplaced,
        });
    }
    let mut archives = Vec::new();
    if wanted.strip {
        archives = programs::find_archives(bench, shaping)?;
        programs::make_room_for_symbols(bench, declared, &programs)?;
    }
    if programs.is_empty() && archives.is_empty() {
        return Ok(found);
    }
    found.shlibs = depends::shlibs(bench, &programs);
    let control = depends::pseudo_control(package);
    bench.stage(Path::new("debian/control"), control.as_bytes())?;
    // dpkg-shlibdeps tells a package's tree by it.
    let own = tree.join("DEBIAN");
    bench.stage(&own.join("shlibs"), found.shlibs.as_bytes())?;
    bench.carry_in_staged()?;
    if wanted.strip {
        let prefix = programs::cross_prefix(bench, declared, &programs);
        let missing = [STRIP, OBJCOPY].map(|tool| format!("{prefix}{tool}"));
        if let Some(tool) = missing.iter().find(|tool| !bench.has_tool(tool)) {
            let why = format!("its programs are to be stripped, and {tool} is not installed");
            let finding = Finding::error("missing-tool", bench.plan.package.as_str(), why);
            let fix = match prefix.trim_end_matches('-') {
                "" => "apt-get install binutils, or say strip = false".to_owned(),
                triplet => {
                    let package = triplet.replace('_', "-");
                    format!("apt-get install binutils-{package}, or say strip = false")
                }
            };
            return Err(BuildError::Refused {
                findings: vec![finding.fix(fix)],
            });
        }
        found.debug = programs::strip(bench, declared, shaping, &programs, archives)?;
    }
    if wanted.detect_depends {
        let look_up = match bench.has_tool(DPKG_SHLIBDEPS) {
            true => LookUp::Shlibdeps,
            false => LookUp::Own,
        };
        found.depends = depends::depends(bench, declared, shaping, &programs, look_up)?;
    }
    Ok(found)
}

impl Bench<'_> {
    /// Says what of the description does not fit.
    fn refuse(&self, message: impl Into<String>) -> BuildError {
        BuildError::Declared {
            package: self.plan.package.to_string(),
            message: message.into(),
        }
    }
}
