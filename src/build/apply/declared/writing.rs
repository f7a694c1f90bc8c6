//! Contents and control files → `.deb`: the package, and that of its debug
//! symbols as debhelper makes it (dh_strip(1), dh_gencontrol(1)).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Shaping;
use super::programs::DebugFiles;
use crate::build::apply::{Bench, BuildError, name_of};
use crate::build::package::Declared;
use crate::format::compress::Settings;
use crate::format::control::{DebugSymbols, DeclaredControl, MultiArch, RelationField};
use crate::format::deb;
use crate::format::tar::Owners;
use crate::model::PackageName;
use crate::sys::files;
use crate::sys::tree::pack as pack_tree;

/// A package that was made.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: PackageName,
    pub(super) section: String,
    pub(super) priority: String,
    pub(super) path: PathBuf,
}

/// Writes the package.
pub(super) fn package(
    bench: &Bench<'_>,
    declared: &Declared,
    shaping: Shaping,
    control_files: BTreeMap<String, Vec<u8>>,
    relations: BTreeMap<RelationField, String>,
    work: &Path,
) -> Result<Package, BuildError> {
    let plan = bench.plan;
    let whole = deb::Declared {
        control: DeclaredControl {
            package: plan.package.clone(),
            version: plan.version.clone(),
            architecture: declared.architecture.clone(),
            maintainer: declared.maintainer.clone(),
            relations,
            section: Some(declared.section.clone()),
            priority: Some(declared.priority.clone()),
            multi_arch: declared.multi_arch,
            debug_symbols: None,
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
        conffiles: shaping.conffiles,
        data: shaping.data,
    };
    write(bench, declared, &whole, work)
}

/// Writes the package of debug symbols.
pub(super) fn debug_package(
    bench: &Bench<'_>,
    declared: &Declared,
    debug: DebugFiles,
    work: &Path,
) -> Result<Package, BuildError> {
    let plan = bench.plan;
    let package = &plan.package;
    let name = PackageName::new(format!("{package}-dbgsym"));
    let name = name.map_err(|error| bench.refuse(error.to_string()))?;
    let section = match declared.section.split_once('/') {
        Some((component, _)) if component != "main" => format!("{component}/debug"),
        _ => "debug".to_owned(),
    };
    let depends = format!("{package} (= {})", plan.version);
    let whole = deb::Declared {
        control: DeclaredControl {
            package: name,
            version: plan.version.clone(),
            architecture: declared.architecture.clone(),
            maintainer: declared.maintainer.clone(),
            relations: BTreeMap::from([(RelationField::Depends, depends)]),
            section: Some(section),
            priority: Some("optional".to_owned()),
            // Two architectures' files have two build ids.
            multi_arch: declared
                .multi_arch
                .filter(|value| *value == MultiArch::Same),
            debug_symbols: Some(DebugSymbols {
                source: package.clone(),
                build_ids: debug.build_ids,
            }),
            homepage: None,
            synopsis: format!("debug symbols for {package}"),
            description: String::new(),
        },
        files: BTreeMap::new(),
        conffiles: Vec::new(),
        data: debug.data,
    };
    write(bench, declared, &whole, work)
}

fn write(
    bench: &Bench<'_>,
    declared: &Declared,
    whole: &deb::Declared,
    work: &Path,
) -> Result<Package, BuildError> {
    let plan = bench.plan;
    let name = whole.control.package.clone();
    let path = work.join(format!(
        "{name}_{}_{}.deb",
        plan.version.without_epoch(),
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
    pack_tree(&mut file, &control, &whole.data, &options).map_err(|error| pack(error.into()))?;
    file.flush().map_err(files::failed("write", &path))?;
    Ok(Package {
        name,
        section: whole.control.section.clone().unwrap_or_default(),
        priority: whole.control.priority.clone().unwrap_or_default(),
        path,
    })
}
