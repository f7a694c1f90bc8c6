//! `patch embargo`: a repository keeps to itself what it is about to release.
//!
//! The mark comes first and goes last: while it is there, the gate
//! (`sys::outward`) refuses every way out that is not private, the hook does so
//! for the user's own `git push`, and a listing of this machine's embargoes lets
//! archives know what was built here. A branch brings it to other clones.

pub mod archives;
mod conditions;
mod dropping;
mod guarding;
pub mod hook;
mod setting;
mod sharing;
mod standing;

use std::path::PathBuf;

use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{Finding, Sha256};
use crate::patch::embargo::{Embargo, Ended};
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::git::{PushError, Repository, may_push};
use crate::sys::outward::{self, Mark, OutwardError, PRODUCTS_FILE, registry};

pub use conditions::private_home;
pub(in crate::flow) use dropping::keep;
pub use dropping::{Drop, Ends, drop, to_drop};
pub use guarding::{Guarded, guard, said};
pub use setting::{Marks, Outcome, Wanted, set};
pub use sharing::Look;
pub use sharing::Theirs;
pub use standing::{Standing, over_elsewhere, standing};

/// Reads a repository's embargo; none: it has none.
pub fn read(repository: &Repository) -> Result<Option<Embargo>, FlowError> {
    let path = Mark::path(&repository.own_dir());
    let Some(bytes) = files::read_if_there(&path)? else {
        return Ok(None);
    };
    let embargo = serde_json::from_slice(&bytes);
    let unreadable = |source| OutwardError::Unreadable { path, source };
    Ok(Some(embargo.map_err(unreadable)?))
}

/// Writes a repository's embargo: the old one or the new one counts, at every
/// moment.
pub fn write(repository: &Repository, embargo: &Embargo) -> Result<(), FlowError> {
    let own = repository.own_dir();
    files::create_dir(&own)?;
    let text = embargo.text();
    Ok(files::replace(
        &Mark::path(&own),
        text.as_bytes(),
        Access::Private,
    )?)
}

/// Reads what is remembered of embargoes that are over, oldest first.
pub fn ended(repository: &Repository) -> Result<Vec<Ended>, FlowError> {
    let bytes = files::read_if_there(&repository.own_dir().join(outward::Ended::FILE))?;
    Ok(bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default())
}

/// Returns the remote that a branch is pushed to: the usual one, or where an
/// embargo refuses that, the first that it allows. None: there is none.
pub fn open_remote(
    workspace: &Workspace,
    environment: &Environment,
) -> Result<Option<String>, FlowError> {
    let repository = &workspace.repository;
    let usual = &workspace.project.release.remote;
    let is_there = repository.remote_url(usual)?.is_some();
    let mut remotes: Vec<String> = is_there.then(|| usual.clone()).into_iter().collect();
    let gate = environment.gate().clone().of(repository.own_dir());
    if !gate.marks()?.is_empty() {
        remotes.extend(repository.remote_names()?);
    }
    for remote in remotes {
        match may_push(repository, environment, &remote) {
            Ok(()) => return Ok(Some(remote)),
            Err(PushError::Outward(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(None)
}

/// Says how something is pushed to a remote, and the queue after it.
pub fn push_line(remote: &str, usual: &str, what: &str) -> String {
    let elsewhere = match remote == usual {
        true => String::new(),
        false => format!(" --remote {remote}"),
    };
    format!("git push {remote} {what}, then debcut patch sync{elsewhere}")
}

/// Remembers that an embargo is over.
fn remember(repository: &Repository, ended_as: Ended) -> Result<(), FlowError> {
    let own = repository.own_dir();
    files::create_dir(&own)?;
    let mut all = ended(repository)?;
    if !all.contains(&ended_as) {
        all.push(ended_as);
    }
    let text = serde_json::to_vec_pretty(&all).expect("what ended is plain values");
    let path = own.join(outward::Ended::FILE);
    Ok(files::replace(&path, &text, Access::Private)?)
}

/// Ends an embargo: everything that was set up for it goes, the mark last, so
/// that a killed end is finished by another one. Says what stays elsewhere.
pub fn end(
    repository: &Repository,
    embargo: &Embargo,
    ended_as: Ended,
    theirs: Theirs,
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let own = repository.own_dir();
    for place in &embargo.mark.private.archives {
        archives::unmark(place, &embargo.mark.name, environment)?;
    }
    let findings = sharing::unshare(repository, embargo, theirs, environment)?;
    hook::remove(repository, embargo.hooks_path.as_deref(), environment)?;
    remember(repository, ended_as)?;
    for path in listing(repository, environment)
        .into_iter()
        .chain([own.join(PRODUCTS_FILE), Mark::path(&own)])
    {
        files::remove(&path)?;
    }
    Ok(findings)
}

/// Lists a repository among this machine's embargoes.
fn list(repository: &Repository, environment: &Environment) -> Result<(), FlowError> {
    let Some(path) = listing(repository, environment) else {
        return Ok(());
    };
    files::create_dir(path.parent().expect("it is in a directory"))?;
    let own = repository.own_dir();
    let own = own.canonicalize().unwrap_or(own);
    let text = format!("{}\n", own.display());
    Ok(files::replace(&path, text.as_bytes(), Access::Private)?)
}

/// Returns the file that lists a repository: nothing in its name tells which.
fn listing(repository: &Repository, environment: &Environment) -> Option<PathBuf> {
    let own = repository.own_dir();
    let own = own.canonicalize().unwrap_or(own);
    let name = Sha256::of(own.display().to_string().as_bytes()).hex();
    Some(registry(environment)?.join(name))
}
