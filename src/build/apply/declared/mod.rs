//! A declared package → `.deb`, `.buildinfo` and `.changes`, in this process.
//!
//! Needs no tool of Debian's; a build command is the package's own affair.

mod copyright;
mod packing;
mod papers;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use self::packing::Packing;
use self::papers::{record, upload};
use super::{Bench, BuildError, name_of};
use crate::build::package::Declared;
use crate::format::changelog::Entry;
use crate::format::compress::Settings;
use crate::format::control::DeclaredControl;
use crate::format::deb;
use crate::format::tar::Owners;
use crate::sys::files::{self, Access};

/// Builds and returns the `.deb`, the `.buildinfo` and the `.changes`.
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
        None => whole,
    };
    let source = whole.join(&bench.plan.path);
    bench
        .workshop
        .listener
        .begin(format!("packing {}", bench.plan.package));
    let deb = package(bench, declared, changelog, &whole, &source, &work)?;
    let entry = Entry::newest(changelog.as_bytes()).map_err(BuildError::Changelog)?;
    let buildinfo = work.join(format!(
        "{}_{}.buildinfo",
        bench.plan.file_stem(),
        declared.architecture
    ));
    let record = record(bench, declared, &deb)?;
    files::replace(&buildinfo, record.as_bytes(), Access::Public)?;
    bench.sign(&buildinfo)?;
    let changes = buildinfo.with_extension("changes");
    let upload = upload(bench, declared, &entry, &[&deb, &buildinfo])?;
    files::replace(&changes, upload.as_bytes(), Access::Public)?;
    bench.sign(&changes)?;
    Ok(vec![deb, buildinfo, changes])
}

fn package(
    bench: &Bench<'_>,
    declared: &Declared,
    changelog: &str,
    export: &Path,
    source: &Path,
    work: &Path,
) -> Result<PathBuf, BuildError> {
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
    let whole = deb::Declared {
        control: DeclaredControl {
            package: plan.package.clone(),
            version: plan.version.clone(),
            architecture: declared.architecture.clone(),
            maintainer: declared.maintainer.clone(),
            relations: declared.relations.clone(),
            section: Some(declared.section.clone()),
            priority: Some(declared.priority.clone()),
            multi_arch: None,
            homepage: declared.homepage.clone(),
            synopsis: declared.summary.clone(),
            description: match declared.description.trim() {
                // Debian Policy 5.6.13 wants more than the first line.
                "" => format!(
                    "This package provides {}: {}.",
                    plan.package, declared.summary
                ),
                _ => declared.description.clone(),
            },
        },
        files: control_files,
        conffiles: packing.conffiles,
        data: packing.data,
    };
    let path = work.join(format!(
        "{}_{}.deb",
        plan.file_stem(),
        declared.architecture
    ));
    let pack = |source: Box<dyn std::error::Error + Send + Sync>| BuildError::Pack {
        file: name_of(&path),
        source,
    };
    let control = whole
        .control_tree(plan.epoch)
        .map_err(|error| pack(error.into()))?;
    let options = deb::Options {
        compress: Settings::new(declared.compression),
        owners: Owners::Kept,
        ..deb::Options::new(plan.epoch)
    };
    let file = File::create_new(&path).map_err(files::failed("write", &path))?;
    let mut file = BufWriter::new(file);
    deb::write(&mut file, &control, &whole.data, &options).map_err(|error| pack(error.into()))?;
    file.flush().map_err(files::failed("write", &path))?;
    Ok(path)
}
