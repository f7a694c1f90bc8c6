//! What a directory's own files say of its package.

use std::path::{Path, PathBuf};

use debian_control::lossless::Control;

use super::{DetectedKind, DetectedPackage, programs, text_at, toml_at, version_files};
use crate::format::changelog::Entry;
use crate::model::PackageName;
use crate::release::VersionFile;
use crate::release::upstream::is_release_of;
use crate::sys::files::{self, FileError};

/// Looks at a directory; none: nothing there says that it is a package.
pub(super) fn package(top: &Path, path: &str) -> Result<Option<DetectedPackage>, FileError> {
    let directory = top.join(path);
    // What a member of a Cargo workspace inherits is in the top's Cargo.toml.
    let workspace = toml_at(&top.join("Cargo.toml"))?;
    let mut version_files = version_files::version_files(top, path)?;
    if let Some(text) = text_at(&directory.join("Cargo.toml"))?
        && is_inherited(&text, "version")
        && let Some(version) = workspace.as_ref().and_then(|top| shared(top, "version"))
    {
        version_files.retain(|(file, own)| *own == version && file.path != "Cargo.toml");
        version_files.insert(0, (VersionFile::new("Cargo.toml"), version));
    }
    let license_file = license_file(&directory)?;
    let found = |name: String, kind| {
        let name = debian_name(&name)?;
        let (path, version_files) = (path.to_owned(), version_files.clone());
        Some(DetectedPackage {
            name,
            path,
            version_files,
            include: Vec::new(),
            depends_on: Vec::new(),
            changes_file: None,
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
        // The top of a workspace holds its packages and is none.
        let private = json.get("private").and_then(serde_json::Value::as_bool);
        if private == Some(true) && json.get("workspaces").is_some() {
            return Ok(None);
        }
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
pub(super) fn license_file(directory: &Path) -> Result<Option<String>, FileError> {
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
pub(super) fn source_name(control: &str) -> Option<String> {
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
pub(super) fn debian_name(name: &str) -> Option<PackageName> {
    let last = name.rsplit('/').next().unwrap_or(name);
    PackageName::new(last.to_lowercase().replace('_', "-")).ok()
}
