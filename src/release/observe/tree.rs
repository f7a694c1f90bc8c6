//! What the tree at HEAD says of its packages.

use super::ObserveError;
use crate::format::changelog::{Entry, File, RawEntry};
use crate::format::version::Version;
use crate::release::facts::FoundVersion;
use crate::release::ownership::{DeadPattern, Ownership};
use crate::release::policy::Unit;
use crate::release::version_file::{VersionFile, VersionFileError};
use crate::sys::git::{Descend, GitError, ObjectId, Objects};

/// Reads a package's version files.
pub(super) fn versions(
    objects: &Objects<'_>,
    top: ObjectId,
    unit: &Unit,
) -> Result<Vec<FoundVersion>, GitError> {
    let read = unit.version_files.iter().map(|file| {
        Ok(FoundVersion {
            path: file.path.clone(),
            version: version(objects, top, file)?,
        })
    });
    read.collect()
}

/// Reads one version file of a tree.
pub(super) fn version(
    objects: &Objects<'_>,
    top: ObjectId,
    file: &VersionFile,
) -> Result<Result<String, VersionFileError>, GitError> {
    let found = match text(objects, top, &file.path)? {
        Some(content) => {
            let read = |path: &str| text(objects, top, path).ok().flatten();
            file.resolved(&content, &read).map(|(_, version)| version)
        }
        None => Err(VersionFileError::Missing {
            path: file.path.clone(),
        }),
    };
    Ok(found)
}

/// Reads a file of a tree, if the tree has it.
fn text(objects: &Objects<'_>, top: ObjectId, path: &str) -> Result<Option<String>, GitError> {
    let found = objects.entry(top, path)?;
    let file = found.filter(|item| item.mode & 0o170_000 == 0o100_000);
    let bytes = file.map(|item| objects.content(item.id)).transpose()?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Reads the newest entry of a package's changelog. A file that is not there
/// yet, or empty, has none.
pub(super) fn changelog(
    objects: &Objects<'_>,
    top: ObjectId,
    unit: &Unit,
    commit: &str,
) -> Result<Option<Entry>, ObserveError> {
    let Some(path) = unit.changelog_path() else {
        return Ok(None);
    };
    let text = text(objects, top, path)?.filter(|text| !text.trim().is_empty());
    let entry = text.map(|text| Entry::newest(text.as_bytes())).transpose();
    entry.map_err(|source| ObserveError::Changelog {
        path: path.to_owned(),
        commit: commit.to_owned(),
        source,
    })
}

/// Reads the version of the newest entry of a package's changelog that is
/// released.
pub(super) fn released_entry(
    objects: &Objects<'_>,
    top: ObjectId,
    unit: &Unit,
) -> Result<Option<Version>, GitError> {
    let Some(path) = unit.changelog_path() else {
        return Ok(None);
    };
    let text = text(objects, top, path)?.unwrap_or_default();
    let file = File::parse(text.as_bytes());
    let released = file.entries.iter().find(|entry| !entry.is_unreleased());
    Ok(released.and_then(RawEntry::version))
}

/// Lists the directories and patterns of packages that match nothing. Reads
/// only directories that could hold a match.
pub(super) fn dead_patterns(
    objects: &Objects<'_>,
    top: ObjectId,
    units: &[Unit],
) -> Result<Vec<DeadPattern>, GitError> {
    let ownership = Ownership::new(units);
    let mut paths = Vec::new();
    objects.compare(None, Some(top), &mut |found| {
        let path = String::from_utf8_lossy(found.path).into_owned();
        let deeper = found.is_directory() && ownership.looks_into(&path);
        paths.push(path);
        match deeper {
            true => Descend::Into,
            false => Descend::Over,
        }
    })?;
    Ok(ownership.dead(paths.iter().map(String::as_str)))
}
