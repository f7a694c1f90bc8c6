//! What extra archives hold at this moment: the digests of their release
//! files, which name every index and so every package.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::RootError;
use super::acquire::Acquire;
use super::wanted::{ExtraArchive, Place};
use crate::model::Sha256;
use crate::sys::files;
use crate::sys::process::{Tool, ToolError};

/// apt's own way to fetch one file, with its proxies and certificates.
const HELPER: &str = "/usr/lib/apt/apt-helper";

/// Returns the digest of each suite's release file, in order.
pub(super) fn states(
    archives: &[ExtraArchive],
    acquire: &Acquire,
    temporary: &Path,
) -> Result<Vec<Sha256>, RootError> {
    let mut found = Vec::new();
    for archive in archives {
        for suite in &archive.suites {
            found.push(match &archive.place {
                Place::Directory(directory) => in_directory(archive, directory, suite)?,
                Place::Uri(uri) => behind(archive, uri, suite, acquire, temporary)?,
            });
        }
    }
    Ok(found)
}

fn in_directory(
    archive: &ExtraArchive,
    directory: &Path,
    suite: &str,
) -> Result<Sha256, RootError> {
    let dists = directory.join("dists");
    for name in ["InRelease", "Release"] {
        if let Some(bytes) = files::read_if_there(&dists.join(suite).join(name))? {
            return Ok(Sha256::of(&bytes));
        }
    }
    let listing = fs::read_dir(&dists).into_iter().flatten().flatten();
    let mut known: Vec<String> = listing
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    known.sort();
    let why = match known.is_empty() {
        true => format!(
            "{} holds no archive: there is no dists/",
            directory.display()
        ),
        false => format!("it has no suite {suite}; it has {}", known.join(", ")),
    };
    let name = archive.name.clone();
    Err(RootError::Archive { name, why })
}

fn behind(
    archive: &ExtraArchive,
    uri: &str,
    suite: &str,
    acquire: &Acquire,
    temporary: &Path,
) -> Result<Sha256, RootError> {
    let to = tempfile::NamedTempFile::new_in(temporary);
    let to = to.map_err(files::failed("write in", temporary))?;
    let mut tool = Tool::new(HELPER);
    for option in &acquire.options {
        tool = tool.args([
            "-o".to_owned(),
            option.trim_end_matches(';').replace(" \"", "=\""),
        ]);
    }
    let uri = uri.trim_end_matches('/');
    let tool = tool
        .args(["-o", "APT::Sandbox::User=root", "download-file"])
        .arg(format!("{uri}/dists/{suite}/InRelease"))
        .arg(to.path())
        .env("PATH", crate::sys::sandbox::PATH)
        .env("LC_ALL", "C.UTF-8")
        .envs(acquire.variables.iter().map(|(name, value)| (name, value)))
        .limit(Duration::from_secs(120));
    match tool.output() {
        Ok(_) => Ok(Sha256::of(&files::read(to.path())?)),
        Err(ToolError::Failed { tail, .. }) if tail.contains("404") => {
            let name = archive.name.clone();
            let why = format!("{uri} has no suite {suite}");
            Err(RootError::Archive { name, why })
        }
        Err(source @ (ToolError::Failed { .. } | ToolError::TimedOut { .. })) => {
            let mirror = uri.to_owned();
            Err(RootError::Unreachable { mirror, source })
        }
        Err(ToolError::Interrupted { .. }) => Err(RootError::Interrupted),
        Err(error) => Err(error.into()),
    }
}
