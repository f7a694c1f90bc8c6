//! Branches and tags to a remote, all or none, through the user's `git`: with
//! its credentials, its hooks and its network.

use std::time::Duration;

use super::{Repository, UserGit};
use crate::model::Listener;
use crate::sys::environment::Environment;
use crate::sys::process::ToolError;

/// Why nothing was pushed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The repository knows no remote of this name.
    #[error("there is no remote “{remote}”")]
    NoRemote {
        /// The name.
        remote: String,
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
        return Err(PushError::NoRemote { remote: named() });
    }
    let tool = UserGit::new(repository, environment)
        .with_hooks()
        .args(["push", "--atomic", "--porcelain", "--", remote])
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
    let refused: Vec<String> = with_flag('!').map(|rest| rest.replace('\t', " ")).collect();
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

#[cfg(test)]
mod tests;
