//! What goes with a `.deb`: its `.buildinfo` and its `.changes`.

use std::path::Path;

use super::writing::Package;
use crate::build::apply::{Bench, BuildError, listed};
use crate::build::database;
use crate::build::package::Declared;
use crate::build::tools::PACKAGE_TOOLS;
use crate::format::buildinfo::{Buildinfo, Installed};
use crate::format::changelog::{Entry, Upload};
use crate::format::changes::{Changes, ChangesFile};
use crate::format::version::Version;
use crate::model::PackageName;

/// Writes what the package was built of, and where.
pub(super) fn record(
    bench: &Bench<'_>,
    declared: &Declared,
    debs: &[Package],
) -> Result<String, BuildError> {
    let plan = bench.plan;
    let files = debs.iter().map(|deb| listed(&deb.path));
    let files = files.collect::<Result<_, _>>()?;
    let mut environment = plan.environment.all_variables();
    environment.retain(|name, _| ["LC_ALL", "TZ", "SOURCE_DATE_EPOCH"].contains(&name.as_str()));
    let buildinfo = Buildinfo {
        source: plan.package.clone(),
        source_version: plan.version.clone(),
        binaries: debs.iter().map(|deb| deb.name.clone()).collect(),
        architectures: vec![declared.architecture.clone()],
        version: plan.version.clone(),
        binary_only_changes: Vec::new(),
        files,
        build_origin: None,
        build_architecture: plan.architecture.clone(),
        build_date: bench.workshop.clock.now(),
        build_kernel_version: None,
        build_path: declared.command.as_ref().map(|_| {
            let path = bench.ground().join(plan.directory_name());
            path.display().to_string()
        }),
        tainted_by: database::taints(&bench.system()),
        installed: installed(bench, declared),
        environment,
    };
    buildinfo.text().map_err(|source| BuildError::Write {
        file: "the .buildinfo",
        source,
    })
}

/// Lists the packages of a clean system; of the machine's, those of the tools
/// that took part, as far as they are known: a build command may run any of
/// them, and without one only those do that shape packages.
fn installed(bench: &Bench<'_>, declared: &Declared) -> Vec<Installed> {
    if let Some(root) = bench.workshop.root {
        return root.packages.clone();
    }
    let tools = bench.plan.environment.tools.iter();
    let took_part =
        |name: &String| declared.command.is_some() || PACKAGE_TOOLS.contains(&name.as_str());
    let packages = tools
        .filter(|(name, _)| took_part(name))
        .filter_map(|(_, tool)| tool.package.as_deref()?.split_once(' '))
        .filter_map(|(package, version)| {
            Some(Installed {
                package: PackageName::new(package).ok()?,
                architecture: None,
                version: Version::new(version).ok()?,
            })
        });
    let mut found: Vec<_> = packages.collect();
    found.sort();
    found.dedup();
    found
}

/// Writes the upload that names everything that was made.
pub(super) fn upload(
    bench: &Bench<'_>,
    declared: &Declared,
    entry: &Entry,
    debs: &[Package],
    buildinfo: &Path,
) -> Result<String, BuildError> {
    let plan = bench.plan;
    let mut listed_files = Vec::new();
    for deb in debs {
        listed_files.push(ChangesFile {
            file: listed(&deb.path)?,
            section: deb.section.clone(),
            priority: deb.priority.clone(),
        });
    }
    listed_files.push(ChangesFile {
        file: listed(buildinfo)?,
        section: declared.section.clone(),
        priority: declared.priority.clone(),
    });
    let changes = Changes {
        date: entry.date_text.clone(),
        source: plan.package.clone(),
        source_version: plan.version.clone(),
        binaries: debs.iter().map(|deb| deb.name.clone()).collect(),
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
