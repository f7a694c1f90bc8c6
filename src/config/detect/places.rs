//! Which directories may be packages.

use std::path::Path;

use super::{text_at, toml_at};
use crate::sys::files::{self, FileError};

/// The top, the members of a Cargo workspace, and directories of the first
/// level that have a version file or a `debian/` of their own.
pub(super) fn candidates(top: &Path) -> Result<Vec<String>, FileError> {
    let mut found = vec![String::new()];
    found.extend(workspace_members(top)?);
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

/// Lists the members of a Cargo and of an npm workspace.
fn workspace_members(top: &Path) -> Result<Vec<String>, FileError> {
    let cargo = toml_at(&top.join("Cargo.toml"))?;
    let listed = |key: &str| {
        let list = cargo.as_ref()?.get("workspace")?.get(key)?.as_array()?;
        let texts = list.iter().filter_map(toml::Value::as_str);
        Some(texts.map(str::to_owned).collect::<Vec<_>>())
    };
    let (members, left_out) = (listed("members"), listed("exclude").unwrap_or_default());
    let mut found = matching(top, &members.unwrap_or_default(), "Cargo.toml");
    found.retain(|path| !left_out.contains(path));
    let npm = text_at(&top.join("package.json"))?.unwrap_or_default();
    let npm: serde_json::Value = serde_json::from_str(&npm).unwrap_or_default();
    let listed = npm.get("workspaces");
    // Yarn has them one level deeper.
    let listed = listed.and_then(|list| list.get("packages").unwrap_or(list).as_array());
    let listed = listed
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str());
    let patterns: Vec<String> = listed.map(str::to_owned).collect();
    found.extend(matching(top, &patterns, "package.json"));
    Ok(found)
}

/// Lists the directories that match patterns and have a file of this name.
fn matching(top: &Path, patterns: &[String], sign: &str) -> Vec<String> {
    let mut found = Vec::new();
    for pattern in patterns {
        let whole = top.join(pattern);
        let Some(Ok(paths)) = whole.to_str().map(glob::glob) else {
            continue;
        };
        for path in paths.flatten().filter(|path| path.join(sign).is_file()) {
            let below = path.strip_prefix(top).ok().and_then(Path::to_str);
            found.extend(below.map(str::to_owned));
        }
    }
    found
}
