//! Which names version files have.

use super::json::Dialect;
use super::{Entries, Kind, VersionFile};

/// Returns the last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Tells by its name how a file is read.
pub(super) fn kind(path: &str) -> Kind {
    match last(path) {
        "Cargo.toml" => Kind::Cargo,
        "Cargo.lock" => Kind::CargoLock(Entries::Own),
        "pyproject.toml" => Kind::Pyproject,
        "uv.lock" => Kind::UvLock(Entries::Own),
        "package.json" | "composer.json" | "deno.json" | "deno.jsonc" | "jsr.json"
        | "bower.json" => Kind::PackageJson,
        "package-lock.json" | "npm-shrinkwrap.json" => Kind::PackageLock { member: None },
        "Chart.yaml" | "Chart.yml" => Kind::Chart,
        "pom.xml" => Kind::Pom,
        "setup.cfg" => Kind::SetupCfg,
        "setup.py" => Kind::SetupPy,
        "CMakeLists.txt" => Kind::Cmake,
        "meson.build" => Kind::Meson,
        "configure.ac" | "configure.in" => Kind::Autoconf,
        name if name.ends_with(".py") => Kind::Python,
        name if name.ends_with(".go") => Kind::Go,
        _ => Kind::FirstLine,
    }
}

/// Deno reads comments in its configuration; npm and Composer read none.
pub(super) fn dialect(path: &str) -> Dialect {
    match last(path) {
        "deno.json" | "deno.jsonc" | "jsr.json" => Dialect::WithComments,
        _ => Dialect::Strict,
    }
}

/// Names that tell of a version wherever they are, the most telling first.
const USUAL: [&str; 22] = [
    "Cargo.toml",
    "pyproject.toml",
    "package.json",
    "composer.json",
    "deno.json",
    "deno.jsonc",
    "jsr.json",
    "Chart.yaml",
    "pom.xml",
    "setup.cfg",
    "setup.py",
    "CMakeLists.txt",
    "meson.build",
    "configure.ac",
    "VERSION",
    "VERSION.txt",
    "version.txt",
    ".version",
    "version.go",
    "_version.py",
    "__version__.py",
    "__about__.py",
];

/// Names of Python modules that may hold a version among other things.
const MODULES: [&str; 2] = ["version.py", "__init__.py"];

impl VersionFile {
    /// Returns the names of files that usually hold a version, the most telling
    /// first. Lock files are not among them: they are companions.
    pub fn usual_names() -> impl Iterator<Item = &'static str> {
        USUAL.into_iter().chain(MODULES)
    }

    /// Picks the version files out of a directory's listing: `names` are paths
    /// from `directory`, which is a path from the repository's top, empty for
    /// the top itself. In the order of [`Self::usual_names`]; which of them say
    /// a version, their texts tell.
    pub fn candidates(directory: &str, names: &[&str]) -> Vec<Self> {
        let mut found = Vec::new();
        for usual in Self::usual_names() {
            let own = names.iter().filter(|name| last(name) == usual);
            found.extend(own.map(|name| Self::new(below(directory, name))));
        }
        found
    }
}

/// Returns the directory of a path, empty for the top.
pub(super) fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

pub(super) fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// Joins a path with a relative one that may climb; `None` if it leaves the
/// repository.
pub(super) fn joined(directory: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Returns a directory and those above it, nearest first; the top is empty.
pub(super) fn upward(directory: &str) -> Vec<&str> {
    let mut found = vec![directory];
    let mut rest = directory;
    while !rest.is_empty() {
        rest = self::directory(rest);
        found.push(rest);
    }
    found
}
