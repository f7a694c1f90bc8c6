//! Refs from a remote, through the user's `git`: with its credentials and its
//! network.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Repository, UserGit};
use crate::model::Listener;
use crate::sys::environment::Environment;
use crate::sys::process::ToolError;

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The repository knows no remote of this name.
    #[error("there is no remote “{remote}”")]
    NoRemote {
        /// The name.
        remote: String,
        /// Those that it knows.
        known: Vec<String>,
    },
    /// It was not reached, or did not let the user in.
    #[error("cannot fetch from {remote}")]
    Unreached {
        /// The remote.
        remote: String,
        /// What git said.
        #[source]
        source: ToolError,
    },
}

/// How long a fetch may take.
const LIMIT: Duration = Duration::from_secs(1800);

/// Returns where a remote has a ref, by its full name; none: it has no such ref.
pub fn remote_ref(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
    name: &str,
) -> Result<Option<String>, FetchError> {
    let mut found = remote_refs_of(repository, environment, remote, name)?;
    Ok(found.remove(name))
}

/// Lists where a remote has the refs that a pattern (`refs/heads/a/*`) names, by
/// their full names.
pub fn remote_refs_of(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
    pattern: &str,
) -> Result<BTreeMap<String, String>, FetchError> {
    let patterns = [pattern.to_owned()];
    remote_refs(repository, environment, remote, &patterns, LIMIT)
}

/// Lists where a remote has the refs that some patterns or full names name, by
/// their full names; it may take so long.
pub fn remote_refs(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
    patterns: &[String],
    limit: Duration,
) -> Result<BTreeMap<String, String>, FetchError> {
    known(repository, remote)?;
    let tool = UserGit::new(repository, environment)
        .tool()
        .args(["ls-remote", "--refs", "--quiet", "--", remote])
        .args(patterns)
        .limit(limit);
    let output = tool.output().map_err(|source| FetchError::Unreached {
        remote: remote.to_owned(),
        source,
    })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let refs = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(refs
        .map(|(id, name)| (name.to_owned(), id.to_owned()))
        .collect())
}

/// Fetches refspecs (`+refs/a:refs/b`) and nothing else: no tags.
pub fn fetch(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
    refspecs: &[String],
    listener: &dyn Listener,
) -> Result<(), FetchError> {
    known(repository, remote)?;
    let tool = UserGit::new(repository, environment)
        .tool()
        .args([
            "fetch",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
        ])
        .args(["--quiet", "--", remote])
        .args(refspecs)
        .limit(LIMIT);
    let mut said = Vec::new();
    let ended = tool.logged(&mut said, listener);
    ended.map_err(|source| FetchError::Unreached {
        remote: remote.to_owned(),
        source,
    })
}

fn known(repository: &Repository, remote: &str) -> Result<(), FetchError> {
    let is_place = remote.contains(['/', ':']);
    if !is_place && repository.inner.find_remote(remote).is_err() {
        let remote = remote.to_owned();
        let known = repository.remote_names().unwrap_or_default();
        return Err(FetchError::NoRemote { remote, known });
    }
    Ok(())
}
