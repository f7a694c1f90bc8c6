//! Which files of a directory hold its version.

use std::path::Path;

use super::text_at;
use crate::release::VersionFile;
use crate::sys::files::FileError;

/// Finds the files that hold the version of the package in a directory, from
/// the top, each with the version. All hold the same one: another version is
/// another thing's.
pub(super) fn version_files(
    top: &Path,
    directory: &str,
) -> Result<Vec<(VersionFile, String)>, FileError> {
    let below = |name: &str| match directory {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    };
    let mut paths: Vec<String> = VersionFile::usual_names().map(below).collect();
    for module in modules(&top.join(directory)) {
        paths.extend(
            VersionFile::usual_names()
                .filter(|name| name.ends_with(".py"))
                .map(|name| below(&format!("{module}/{name}"))),
        );
    }
    let mut found: Vec<(VersionFile, String)> = Vec::new();
    for path in paths {
        let Some(text) = text_at(&top.join(&path))? else {
            continue;
        };
        let file = VersionFile::new(path);
        let Ok(version) = file.version_in(&text) else {
            continue;
        };
        // Marks such as 0.0.0 say that the version is made somewhere else.
        let is_one = version.starts_with(|c: char| c.is_ascii_digit()) && version != "0.0.0";
        let agrees = found.first().is_none_or(|(_, first)| *first == version);
        if is_one && agrees {
            found.push((file, version));
        }
    }
    Ok(found)
}

/// Lists the directories that are Python modules, by path.
fn modules(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for place in ["", "src/"] {
        let listing = std::fs::read_dir(directory.join(place))
            .into_iter()
            .flatten();
        for entry in listing.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if entry.path().join("__init__.py").is_file() {
                found.push(format!("{place}{name}"));
            }
        }
    }
    found.retain(|module| !matches!(module.as_str(), "test" | "tests" | "docs"));
    found.sort();
    found
}
