//! What a work tree looks like: its packages, version files and tag style.
//!
//! Only for `init`, which writes what it found for a person to read; builds
//! take their facts from a tag's tree.

use std::path::{Path, PathBuf};

use debian_control::lossless::Control;

use crate::format::changelog::Entry;
use crate::model::{PackageName, TagName};
use crate::release::upstream::is_release_of;
use crate::release::{TagPattern, VersionFile};
use crate::sys::files::{self, FileError};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The packages, by path.
    pub packages: Vec<DetectedPackage>,
}

/// A package that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedPackage {
    /// Its name, made fit for Debian.
    pub name: PackageName,
    /// Its directory from the top; empty for the top.
    pub path: String,
    /// The files that hold its version now, with the version.
    pub version_files: Vec<(VersionFile, String)>,
    /// The tag pattern that most tags follow, if any do.
    pub tag: Option<TagPattern>,
    /// The one file in its directory that has its licence.
    pub license_file: Option<String>,
    /// What it is made of.
    pub kind: DetectedKind,
}

/// What a package is made of, as far as `init` can use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetectedKind {
    /// It has a `debian/control`.
    Debian,
    /// A Cargo package with these binaries.
    Cargo {
        /// `package.description`.
        summary: Option<String>,
        /// `package.license`.
        license: Option<String>,
        /// The names of its binaries; empty for a library.
        binaries: Vec<String>,
    },
    /// Anything else with a version file.
    Other {
        /// The description in its own metadata.
        summary: Option<String>,
        /// The licence in its own metadata.
        license: Option<String>,
        /// A pattern of programs that need no building.
        programs: Option<&'static str>,
    },
}

impl DetectedKind {
    /// Tells whether it installs nothing, and is no package of its own.
    pub fn is_library(&self) -> bool {
        matches!(self, Self::Cargo { binaries, .. } if binaries.is_empty())
    }
}

/// Looks at the work tree at `top`, whose repository has these tags.
pub fn detect(top: &Path, tags: &[TagName]) -> Result<Detected, FileError> {
    let mut packages = Vec::new();
    for path in candidates(top)? {
        packages.extend(package(top, &path)?);
    }
    if packages.is_empty() {
        packages.extend(bare(top)?);
    }
    let installed = packages.iter().filter(|package| !package.kind.is_library());
    let several = installed.count() > 1;
    for package in &mut packages {
        let name = package.name.as_str();
        // The usual patterns would take each tag for every package's.
        let own = || TagPattern::new(&format!("{name}-v{{version}}")).ok();
        package.tag = tag_style(name, several, tags).or_else(|| several.then(own).flatten());
    }
    Ok(Detected { packages })
}

/// A project that no file describes, under its directory's name.
fn bare(top: &Path) -> Result<Option<DetectedPackage>, FileError> {
    let name = top.file_name().and_then(|name| name.to_str());
    let Some(name) = name.and_then(debian_name) else {
        return Ok(None);
    };
    let file = VersionFile::new("VERSION");
    let version = text_at(&top.join("VERSION"))?.and_then(|text| file.version_in(&text).ok());
    Ok(Some(DetectedPackage {
        name,
        path: String::new(),
        version_files: version.map(|version| (file, version)).into_iter().collect(),
        tag: None,
        license_file: license_file(top)?,
        kind: DetectedKind::Other {
            summary: None,
            license: None,
            programs: programs(top),
        },
    }))
}

fn programs(directory: &Path) -> Option<&'static str> {
    let mut found = std::fs::read_dir(directory.join("bin")).ok()?.flatten();
    found.any(|entry| entry.path().is_file()).then_some("bin/*")
}

/// The top, the members of a Cargo workspace, and directories of the first
/// level that have a version file or a `debian/` of their own.
fn candidates(top: &Path) -> Result<Vec<String>, FileError> {
    let mut found = vec![String::new()];
    for member in workspace_members(top)? {
        found.push(member);
    }
    let listing = std::fs::read_dir(top).map_err(files::failed("list", top))?;
    for entry in listing {
        let entry = entry.map_err(files::failed("list", top))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let other = [
            "debian",
            "node_modules",
            "target",
            "vendor",
            "tests",
            "fixtures",
            "examples",
        ];
        if name.starts_with('.') || other.contains(&name.as_str()) || !entry.path().is_dir() {
            continue;
        }
        let signs = [
            "Cargo.toml",
            "pyproject.toml",
            "package.json",
            "debian/control",
        ];
        if signs.iter().any(|sign| entry.path().join(sign).is_file()) {
            found.push(name);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn workspace_members(top: &Path) -> Result<Vec<String>, FileError> {
    let Some(table) = toml_at(&top.join("Cargo.toml"))? else {
        return Ok(Vec::new());
    };
    let members = table
        .get("workspace")
        .and_then(|w| w.get("members")?.as_array());
    let mut found = Vec::new();
    for pattern in members
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
    {
        let whole = top.join(pattern);
        let Some(Ok(paths)) = whole.to_str().map(glob::glob) else {
            continue;
        };
        for path in paths
            .flatten()
            .filter(|path| path.join("Cargo.toml").is_file())
        {
            found.extend(
                path.strip_prefix(top)
                    .ok()
                    .and_then(Path::to_str)
                    .map(str::to_owned),
            );
        }
    }
    Ok(found)
}

fn package(top: &Path, path: &str) -> Result<Option<DetectedPackage>, FileError> {
    let directory = top.join(path);
    let below = |name: &str| {
        if path.is_empty() {
            name.into()
        } else {
            format!("{path}/{name}")
        }
    };
    // What a member of a Cargo workspace inherits is in the top's Cargo.toml.
    let workspace = toml_at(&top.join("Cargo.toml"))?;
    let mut version_files = Vec::new();
    for name in ["Cargo.toml", "pyproject.toml", "package.json", "VERSION"] {
        let Some(text) = text_at(&directory.join(name))? else {
            continue;
        };
        let file = VersionFile::new(below(name));
        if let Ok(version) = file.version_in(&text) {
            version_files.push((file, version));
        } else if name == "Cargo.toml"
            && let Some(workspace) = &workspace
            && is_inherited(&text, "version")
            && let Some(version) = shared(workspace, "version")
        {
            version_files.push((VersionFile::new("Cargo.toml"), version));
        }
    }
    let license_file = license_file(&directory)?;
    let found = |name: String, kind| {
        let name = debian_name(&name)?;
        let (path, version_files) = (path.to_owned(), version_files.clone());
        Some(DetectedPackage {
            name,
            path,
            version_files,
            tag: None,
            license_file: license_file.clone(),
            kind,
        })
    };
    if let Some(control) = text_at(&directory.join("debian/control"))? {
        let mut version_files = version_files.clone();
        // A version of its own, such as a bundled script's, is not the release's.
        let changelog = files::read_if_there(&directory.join("debian/changelog"))?;
        let newest = changelog.and_then(|text| Entry::newest(&text).ok());
        version_files.retain(|(_, version)| {
            let released = newest.as_ref().map(|entry| &entry.version);
            released.is_some_and(|released| is_release_of(version, released))
        });
        let found = |name, kind| {
            let package = found(name, kind)?;
            Some(DetectedPackage {
                version_files,
                ..package
            })
        };
        return Ok(source_name(&control).and_then(|name| found(name, DetectedKind::Debian)));
    }
    if let Some(cargo) = toml_at(&directory.join("Cargo.toml"))?
        && let Some(package) = cargo.get("package")
    {
        let text = |key: &str| match package.get(key)? {
            toml::Value::String(text) => Some(text.clone()),
            inherited if inherits(inherited) => shared(workspace.as_ref()?, key),
            _ => None,
        };
        let Some(name) = text("name") else {
            return Ok(None);
        };
        let binaries = cargo_binaries(&directory, &cargo, &name);
        let (summary, license) = (text("description"), text("license"));
        return Ok(found(
            name,
            DetectedKind::Cargo {
                summary,
                license,
                binaries,
            },
        ));
    }
    if let Some(python) = toml_at(&directory.join("pyproject.toml"))? {
        let poetry = python.get("tool").and_then(|tool| tool.get("poetry"));
        let text = |key: &str| {
            let of = |table: Option<&toml::Value>| table?.get(key)?.as_str().map(str::to_owned);
            of(python.get("project")).or_else(|| of(poetry))
        };
        let other = DetectedKind::Other {
            summary: text("description"),
            license: text("license"),
            programs: programs(&directory),
        };
        return Ok(text("name").and_then(|name| found(name, other)));
    }
    if let Some(json) = text_at(&directory.join("package.json"))? {
        let json: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
        let text = |key: &str| json.get(key)?.as_str().map(str::to_owned);
        let other = DetectedKind::Other {
            summary: text("description"),
            license: text("license"),
            programs: programs(&directory),
        };
        return Ok(text("name").and_then(|name| found(name, other)));
    }
    Ok(None)
}

/// Tells whether a key of a Cargo package says `key.workspace = true`.
fn is_inherited(cargo: &str, key: &str) -> bool {
    let table: Option<toml::Table> = toml::from_str(cargo).ok();
    table.is_some_and(|table| {
        let value = table.get("package").and_then(|package| package.get(key));
        value.is_some_and(inherits)
    })
}

fn inherits(value: &toml::Value) -> bool {
    value.get("workspace").and_then(toml::Value::as_bool) == Some(true)
}

/// Reads a key of `[workspace.package]`.
fn shared(workspace: &toml::Table, key: &str) -> Option<String> {
    let package = workspace.get("workspace")?.get("package")?;
    package.get(key)?.as_str().map(str::to_owned)
}

/// Finds the file with the licence. Where there are several, each has a part:
/// none of them is the package's copyright alone.
fn license_file(directory: &Path) -> Result<Option<String>, FileError> {
    let listing = std::fs::read_dir(directory).map_err(files::failed("list", directory))?;
    let mut found = Vec::new();
    for entry in listing {
        let entry = entry.map_err(files::failed("list", directory))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let starts = ["LICENSE", "LICENCE", "COPYING"];
        let upper = name.to_uppercase();
        if starts.iter().any(|start| upper.starts_with(start)) && entry.path().is_file() {
            found.push(name);
        }
    }
    Ok((found.len() == 1).then(|| found.remove(0)))
}

/// Finds the source package in a `debian/control` that may be half-written:
/// `build` is strict, `init` only wants to know whose it is.
fn source_name(control: &str) -> Option<String> {
    let (control, _) = Control::read_relaxed(control.as_bytes()).ok()?;
    Some(control.source()?.name()?.trim().to_owned())
}

fn cargo_binaries(directory: &Path, cargo: &toml::Table, name: &str) -> Vec<String> {
    let listed = cargo
        .get("bin")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten();
    let listed = listed.filter_map(|bin| bin.get("name")?.as_str());
    let mut found: Vec<String> = listed.map(str::to_owned).collect();
    if directory.join("src/main.rs").is_file() && found.is_empty() {
        found.push(name.to_owned());
    }
    let more = std::fs::read_dir(directory.join("src/bin"))
        .into_iter()
        .flatten()
        .flatten();
    let stem = |path: PathBuf| path.file_stem()?.to_str().map(str::to_owned);
    found.extend(more.filter_map(|entry| stem(entry.path())));
    found.sort();
    found.dedup();
    found
}

/// Makes a name fit for Debian: `@scope/My_Tool` → `my-tool`.
fn debian_name(name: &str) -> Option<PackageName> {
    let last = name.rsplit('/').next().unwrap_or(name);
    PackageName::new(last.to_lowercase().replace('_', "-")).ok()
}

/// Finds the pattern that most tags follow. A lone package's tags carry its
/// name rarely, one of several must, or its tags would be its sisters' too.
fn tag_style(name: &str, several: bool, tags: &[TagName]) -> Option<TagPattern> {
    let named = [
        "{name}-v{version}",
        "{name}/v{version}",
        "{name}-{version}",
        "{name}/{version}",
    ];
    let plain = [
        "debian/{version}",
        "v{version}",
        "{version}",
        "release-{version}",
    ];
    let named = named.iter().map(|pattern| pattern.replace("{name}", name));
    let plain = plain
        .iter()
        .map(|pattern| (*pattern).to_owned())
        .filter(|_| !several);
    let patterns = named
        .chain(plain)
        .filter_map(|pattern| TagPattern::new(&pattern).ok());
    let follow = |pattern: &TagPattern| {
        tags.iter()
            .filter(|tag| pattern.version_in(tag.as_str()).is_some())
            .count()
    };
    let counted = patterns.map(|pattern| (follow(&pattern), pattern));
    let best = counted.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.filter(|(count, _)| *count > 0)
        .map(|(_, pattern)| pattern)
}

fn text_at(path: &Path) -> Result<Option<String>, FileError> {
    let bytes = files::read_if_there(path)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// A file that is no TOML is its owner's affair; it describes no package.
fn toml_at(path: &Path) -> Result<Option<toml::Table>, FileError> {
    Ok(text_at(path)?.and_then(|text| toml::from_str(&text).ok()))
}

#[cfg(test)]
mod tests;
