//! What goes with a `.deb`: its `.buildinfo` and its `.changes`.

use std::path::{Path, PathBuf};

use crate::build::apply::{Bench, BuildError, listed};
use crate::build::package::Declared;
use crate::format::buildinfo::Buildinfo;
use crate::format::changelog::{Entry, Upload};
use crate::format::changes::{Changes, ChangesFile};

/// Writes what the package was built of, and where.
pub(super) fn record(
    bench: &Bench<'_>,
    declared: &Declared,
    deb: &Path,
) -> Result<String, BuildError> {
    let plan = bench.plan;
    let mut environment = plan.environment.all_variables();
    environment.retain(|name, _| ["LC_ALL", "TZ", "SOURCE_DATE_EPOCH"].contains(&name.as_str()));
    let buildinfo = Buildinfo {
        source: plan.package.clone(),
        source_version: plan.version.clone(),
        binaries: vec![plan.package.clone()],
        architectures: vec![declared.architecture.clone()],
        version: plan.version.clone(),
        binary_only_changes: Vec::new(),
        files: vec![listed(deb)?],
        build_origin: None,
        build_architecture: plan.architecture.clone(),
        build_date: bench.workshop.clock.now(),
        build_kernel_version: None,
        build_path: declared.command.as_ref().map(|_| {
            let path = bench.ground().join(plan.directory_name());
            path.display().to_string()
        }),
        tainted_by: Vec::new(),
        installed: Vec::new(),
        environment,
    };
    buildinfo.text().map_err(|source| BuildError::Write {
        file: "the .buildinfo",
        source,
    })
}

/// Writes the upload that names everything `made`.
pub(super) fn upload(
    bench: &Bench<'_>,
    declared: &Declared,
    entry: &Entry,
    made: &[&PathBuf],
) -> Result<String, BuildError> {
    let plan = bench.plan;
    let mut listed_files = Vec::new();
    for path in made {
        listed_files.push(ChangesFile {
            file: listed(path)?,
            section: declared.section.clone(),
            priority: declared.priority.clone(),
        });
    }
    let changes = Changes {
        date: entry.date_text.clone(),
        source: plan.package.clone(),
        source_version: plan.version.clone(),
        binaries: vec![plan.package.clone()],
        architectures: vec![declared.architecture.clone()],
        version: plan.version.clone(),
        distributions: entry.distributions.clone(),
        urgency: Some(entry.urgency),
        maintainer: declared.maintainer.clone(),
        changed_by: Some(entry.maintainer.clone()),
        descriptions: vec![(plan.package.clone(), declared.summary.clone())],
        closes: entry.closes(),
        upload: Upload::Source,
        changes: entry.changes().map(str::to_owned).collect(),
        files: listed_files,
    };
    changes.text().map_err(|source| BuildError::Write {
        file: "the .changes",
        source,
    })
}
