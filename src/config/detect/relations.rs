//! How the packages of a workspace belong together: shared versions, and
//! dependencies by path (Cargo) or by name (npm).

use std::collections::BTreeSet;
use std::path::Path;

use super::{DetectedEdge, DetectedGroup, DetectedPackage, text_at, toml_at};
use crate::release::policy::GroupKind;
use crate::sys::files::FileError;

/// A dependency on another package of the repository.
struct Dependency {
    /// The other's index.
    on: usize,
    /// The name that the requirement has in its file.
    name: String,
    /// The file that says which version is required, if one does.
    requirement: Option<String>,
}

/// Fills in what the packages need of each other.
pub(super) fn relate(
    top: &Path,
    packages: &mut [DetectedPackage],
) -> Result<Vec<DetectedGroup>, FileError> {
    let mut all = Vec::new();
    for package in packages.iter() {
        let mut found = cargo(top, packages, package)?;
        found.extend(npm(top, packages, package)?);
        all.push(found);
    }
    for index in 0..packages.len() {
        let mut linked = BTreeSet::new();
        libraries(index, packages, &all, &mut linked);
        // The top owns all that nobody else does.
        if !packages[index].path.is_empty() {
            let paths = linked.iter().map(|library| packages[*library].path.clone());
            packages[index].include = paths.filter(|path| !path.is_empty()).collect();
        }
    }
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (index, dependencies) in all.into_iter().enumerate() {
        for dependency in dependencies {
            let on = dependency.on;
            if packages[on].kind.is_library() || leads(on, index, &taken) {
                continue;
            }
            taken.push((index, on));
            let own = packages[on].name.as_str();
            let edge = DetectedEdge {
                package: packages[on].name.clone(),
                dependency: (dependency.name != own).then_some(dependency.name),
                requirement: dependency.requirement,
            };
            packages[index].depends_on.push(edge);
        }
    }
    Ok(shared_version(packages).into_iter().collect())
}

/// Collects the libraries that are built into a package, and theirs: a change
/// of them is a change of it.
fn libraries(
    of: usize,
    packages: &[DetectedPackage],
    all: &[Vec<Dependency>],
    found: &mut BTreeSet<usize>,
) {
    for dependency in &all[of] {
        if packages[dependency.on].kind.is_library() && found.insert(dependency.on) {
            libraries(dependency.on, packages, all, found);
        }
    }
}

/// Tells whether edges lead from one package to another.
fn leads(from: usize, to: usize, edges: &[(usize, usize)]) -> bool {
    from == to
        || edges
            .iter()
            .any(|(start, end)| *start == from && leads(*end, to, edges))
}

/// Packages with one file for their version cannot be released apart.
fn shared_version(packages: &[DetectedPackage]) -> Option<DetectedGroup> {
    let inherits = |package: &&DetectedPackage| {
        let first = package.version_files.first();
        let shared = first.is_some_and(|(file, _)| file.path == "Cargo.toml");
        !package.kind.is_library() && shared
    };
    let names: Vec<_> = packages
        .iter()
        .filter(inherits)
        .map(|p| p.name.clone())
        .collect();
    (names.len() > 1).then(|| DetectedGroup {
        name: "workspace".into(),
        packages: names,
        kind: GroupKind::Together,
    })
}

fn cargo(
    top: &Path,
    packages: &[DetectedPackage],
    package: &DetectedPackage,
) -> Result<Vec<Dependency>, FileError> {
    let file = below(&package.path, "Cargo.toml");
    let Some(cargo) = toml_at(&top.join(&file))? else {
        return Ok(Vec::new());
    };
    let workspace = toml_at(&top.join("Cargo.toml"))?.unwrap_or_default();
    let shared = workspace
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies")?.as_table());
    // Tests need no release: dev-dependencies are left out.
    let kinds = ["dependencies", "build-dependencies"];
    let targets = cargo.get("target").and_then(toml::Value::as_table);
    let places = targets.into_iter().flatten();
    let places = places.filter_map(|(_, target)| target.as_table());
    let mut found: Vec<Dependency> = Vec::new();
    for table in std::iter::once(&cargo).chain(places) {
        let tables = kinds.iter().filter_map(|kind| table.get(*kind)?.as_table());
        for (name, own) in tables.flatten() {
            let inherited = own.get("workspace").and_then(toml::Value::as_bool) == Some(true);
            let (said, from, place) = match shared.and_then(|shared| shared.get(name)) {
                Some(shared) if inherited => (shared, "", "Cargo.toml"),
                _ => (own, package.path.as_str(), file.as_str()),
            };
            let Some(path) = said.get("path").and_then(toml::Value::as_str) else {
                continue;
            };
            let Some(path) = inside(from, path) else {
                continue;
            };
            let on = packages.iter().position(|other| other.path == path);
            let known = |on: &usize| !found.iter().any(|other| other.on == *on);
            let Some(on) = on.filter(known) else { continue };
            let renamed = said.get("package").and_then(toml::Value::as_str);
            let versioned = said.get("version").is_some();
            found.push(Dependency {
                on,
                name: renamed.unwrap_or(name).to_owned(),
                requirement: versioned.then(|| place.to_owned()),
            });
        }
    }
    Ok(found)
}

fn npm(
    top: &Path,
    packages: &[DetectedPackage],
    package: &DetectedPackage,
) -> Result<Vec<Dependency>, FileError> {
    let manifest = |path: &str| -> Result<Option<serde_json::Value>, FileError> {
        let text = text_at(&top.join(below(path, "package.json")))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    };
    let Some(own) = manifest(&package.path)? else {
        return Ok(Vec::new());
    };
    let Some(dependencies) = own.get("dependencies").and_then(|table| table.as_object()) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for (on, other) in packages.iter().enumerate() {
        let Some(other) = manifest(&other.path)? else {
            continue;
        };
        let Some(name) = other.get("name").and_then(|name| name.as_str()) else {
            continue;
        };
        let Some(required) = dependencies.get(name) else {
            continue;
        };
        // "*" and "workspace:*" name no version.
        let versioned = required
            .as_str()
            .is_some_and(|text| text.contains(char::is_numeric));
        found.push(Dependency {
            on,
            name: name.to_owned(),
            requirement: versioned.then(|| below(&package.path, "package.json")),
        });
    }
    Ok(found)
}

/// Returns where a relative path leads, from the top; none: outside.
fn inside(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!path.starts_with('/')).then(|| parts.join("/"))
}

fn below(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    }
}
