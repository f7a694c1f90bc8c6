//! Branches and tags to a remote, all or none, through the user's `git`: with
//! its credentials, its hooks and its network.

use std::time::Duration;

use super::{Repository, UserGit, UserGitError};
use crate::model::Listener;
use crate::sys::environment::Environment;
use crate::sys::outward::{Destination, OutwardError, Permit, remote_place};
use crate::sys::process::ToolError;

/// Why a push did not come to a good end.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The repository knows no remote of this name.
    #[error("there is no remote “{remote}”")]
    NoRemote {
        /// The name.
        remote: String,
        /// Those that it knows.
        known: Vec<String>,
    },
    /// The remote refused: somebody else pushed first, a tag is taken there,
    /// a branch is protected, a hook said no.
    #[error("{remote} refuses what was pushed: {}", refused.join("; "))]
    Rejected {
        /// The remote.
        remote: String,
        /// What it refused, with its reasons.
        refused: Vec<String>,
    },
    /// The remote cannot take several refs as one.
    #[error("{remote} cannot take a branch and its tags in one push")]
    NotAtomic {
        /// The remote.
        remote: String,
    },
    /// An embargo does not allow it.
    #[error(transparent)]
    Outward(#[from] OutwardError),
    /// Where the remote is cannot be told.
    #[error(transparent)]
    Where(#[from] UserGitError),
    /// It was not reached, or did not let the user in.
    #[error("cannot push to {remote}")]
    Unreached {
        /// The remote.
        remote: String,
        /// What git said.
        #[source]
        source: ToolError,
    },
}

/// Whether a push that did not end well has reached the remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Nothing of it has.
    Not,
    /// It was ended, or cut off, before the remote had answered: it may have
    /// taken all of it.
    Unknown,
}

impl PushError {
    /// Tells whether the remote may have taken the push all the same.
    pub fn arrival(&self) -> Arrival {
        let Self::Unreached { source, .. } = self else {
            return Arrival::Not;
        };
        match source {
            ToolError::Interrupted { .. } | ToolError::TimedOut { .. } => Arrival::Unknown,
            // git's words when the line goes dead before the report of a push.
            ToolError::Failed { tail, .. } => {
                let cut = ["hung up unexpectedly", "unexpected disconnect"];
                match cut.iter().any(|words| tail.contains(words)) {
                    true => Arrival::Unknown,
                    false => Arrival::Not,
                }
            }
            _ => Arrival::Not,
        }
    }
}

/// What a push came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// The remote has changed.
    Changed,
    /// The remote had it all.
    UpToDate,
}

/// How long a push may take.
const LIMIT: Duration = Duration::from_secs(1800);

/// Pushes refspecs (`refs/heads/main:refs/heads/main`, `refs/tags/v1`) in one
/// atomic push. What git and the remote say goes to the listener, line by line.
pub fn push(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
    refspecs: &[String],
    listener: &dyn Listener,
) -> Result<Pushed, PushError> {
    let named = || remote.to_owned();
    let is_place = remote.contains(['/', ':']);
    if !is_place && repository.inner.find_remote(remote).is_err() {
        let known = repository.remote_names().unwrap_or_default();
        let remote = named();
        return Err(PushError::NoRemote { remote, known });
    }
    let permits = permits(repository, environment, remote)?;
    let git = UserGit::new(repository, environment);
    let options = alone(repository, environment)?;
    send(git, (remote, &permits), &options, refspecs, listener)
}

/// Under embargo a push is of this repository alone: its submodules have remotes
/// of their own, which nobody has marked (`push.recurseSubmodules`).
fn alone(
    repository: &Repository,
    environment: &Environment,
) -> Result<Vec<&'static str>, OutwardError> {
    let gate = environment.gate().clone().of(repository.own_dir());
    Ok(match gate.marks()?.is_empty() {
        true => Vec::new(),
        false => vec!["--recurse-submodules=no"],
    })
}

/// Tells whether an embargo allows a push to a remote.
pub fn may_push(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
) -> Result<(), PushError> {
    permits(repository, environment, remote).map(drop)
}

/// Asks a remote whether it would take a push, and sends nothing. Its own hooks
/// are not asked.
pub fn try_push(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
    refspecs: &[String],
    listener: &dyn Listener,
) -> Result<(), PushError> {
    let permits = permits(repository, environment, remote)?;
    let git = UserGit::new(repository, environment);
    let mut options = alone(repository, environment)?;
    options.push("--dry-run");
    send(git, (remote, &permits), &options, refspecs, listener).map(drop)
}

/// Names the places that a push to a remote reaches, as git resolves them.
pub fn push_places(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
) -> Result<Vec<String>, UserGitError> {
    let top = repository.top();
    let urls = push_urls(repository, environment, remote)?;
    Ok(urls.iter().map(|url| remote_place(url, top)).collect())
}

/// Returns the address that a push to a remote goes to first, as any clone can
/// use it: without a password, and a directory by its real path.
pub fn push_address(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
) -> Result<Option<String>, UserGitError> {
    let url = push_urls(repository, environment, remote)?
        .into_iter()
        .next();
    Ok(url.map(|url| {
        let place = remote_place(&url, repository.top());
        match place.strip_prefix("file:") {
            Some(path) => path.to_owned(),
            None => without_login(&url),
        }
    }))
}

/// Takes what logs in by a web address out of it (RFC 3986, 3.2.1); an ssh one
/// has no more than a name.
fn without_login(url: &str) -> String {
    for scheme in ["https://", "http://"] {
        if let Some(rest) = url.strip_prefix(scheme) {
            let end = rest.find('/').unwrap_or(rest.len());
            let start = rest[..end].rfind('@').map_or(0, |at| at + 1);
            return format!("{scheme}{}", &rest[start..]);
        }
    }
    url.to_owned()
}

fn push_urls(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
) -> Result<Vec<String>, UserGitError> {
    let git = UserGit::new(repository, environment);
    let known = repository.inner.find_remote(remote).is_ok();
    let tool = match known {
        true => git
            .tool()
            .args(["remote", "get-url", "--push", "--all", "--", remote]),
        false => git.tool().args(["ls-remote", "--get-url", "--", remote]),
    };
    let said = git.run("tell where a remote is", tool)?.stdout;
    let said = String::from_utf8_lossy(&said);
    Ok(said.lines().map(str::to_owned).collect())
}

/// Asks the gate for every place that a push reaches.
fn permits(
    repository: &Repository,
    environment: &Environment,
    remote: &str,
) -> Result<Vec<Permit>, PushError> {
    let gate = environment.gate().clone().of(repository.own_dir());
    if gate.marks()?.is_empty() {
        let to = Destination::Remote(remote.to_owned());
        return Ok(vec![gate.permit(to)?]);
    }
    let places = push_places(repository, environment, remote)?;
    let permits = places.into_iter();
    let permits = permits.map(|place| gate.permit(Destination::Remote(place)));
    Ok(permits.collect::<Result<_, _>>()?)
}

fn send(
    git: UserGit<'_>,
    (remote, _permits): (&str, &[Permit]),
    options: &[&str],
    refspecs: &[String],
    listener: &dyn Listener,
) -> Result<Pushed, PushError> {
    let named = || remote.to_owned();
    let tool = git
        .with_hooks()
        .args(["push", "--atomic", "--porcelain"])
        .args(options.iter().copied())
        .args(["--", remote])
        .args(refspecs)
        .limit(LIMIT);
    let mut said = Vec::new();
    let ended = tool.logged(&mut said, listener);
    let said = String::from_utf8_lossy(&said);
    // git-push(1): a flag, from:to, and a summary, divided by tabs.
    let with_flag = |flag: char| {
        let lines = said.lines();
        lines.filter_map(move |line| line.strip_prefix(flag)?.strip_prefix('\t'))
    };
    let Err(source) = ended else {
        let changed = [' ', '+', '*', '-']
            .into_iter()
            .any(|flag| with_flag(flag).next().is_some());
        return Ok(if changed {
            Pushed::Changed
        } else {
            Pushed::UpToDate
        });
    };
    if said.contains("does not support --atomic") {
        return Err(PushError::NotAtomic { remote: named() });
    }
    let refused = with_flag('!').map(|rest| rest.replace('\t', " "));
    let refused: Vec<String> = refused.map(|one| explained(one, &said)).collect();
    if refused.is_empty() {
        return Err(PushError::Unreached {
            remote: named(),
            source,
        });
    }
    Err(PushError::Rejected {
        remote: named(),
        refused,
    })
}

/// Adds to a ref that a hook of the remote refused what that has said.
fn explained(refused: String, said: &str) -> String {
    if !refused.contains("hook declined") {
        return refused;
    }
    let words = said
        .lines()
        .filter_map(|line| line.strip_prefix("remote: "));
    let words: Vec<&str> = words.map(str::trim).filter(|one| !one.is_empty()).collect();
    match words.is_empty() {
        true => refused,
        false => format!("{refused}: {}", words.join(" ")),
    }
}

#[cfg(test)]
mod tests;
