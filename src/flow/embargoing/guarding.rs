//! The user's own `git push` in a clone that a mark came along to, before
//! anybody there has taken part in the embargo.

use super::hook;
use crate::flow::FlowError;
use crate::sys::environment::Environment;
use crate::sys::git::Repository;
use crate::sys::outward::{Carried, carried_into};

/// How the user's own `git push` stands there.
#[derive(Debug)]
pub enum Guarded {
    /// No mark came along that counts, or the repository has one of its own.
    NoNeed,
    /// The hook was set before.
    Before(Vec<Carried>),
    /// The hook is set now.
    Now(Vec<Carried>),
    /// Hooks of the repository's own configuration are in the way.
    Open(Vec<Carried>, String),
}

/// Sets the hook where a mark came along and no directory of hooks of the
/// repository's own is in the way; takes it away when no mark counts any more.
/// Hooks of git's usual directory, and of the user's own, are run all the same.
pub fn guard(repository: &Repository, environment: &Environment) -> Result<Guarded, FlowError> {
    let own = repository.own_dir();
    if super::read(repository)?.is_some() {
        return Ok(Guarded::NoNeed);
    }
    let marks = carried_into(&own, None)?;
    if marks.is_empty() {
        if hook::is_guard(repository) {
            hook::remove(repository, None, environment)?;
        }
        return Ok(Guarded::NoNeed);
    }
    if hook::standing(repository, environment)? == hook::Standing::There {
        return Ok(Guarded::Before(marks));
    }
    if let Some(set) = hook::before(repository, environment)? {
        return Ok(Guarded::Open(marks, set));
    }
    hook::install_guard(repository, environment)?;
    Ok(Guarded::Now(marks))
}

/// Says it to who works there; nothing where there is nothing new.
pub fn said(guarded: &Guarded) -> Option<String> {
    let (marks, state, way) = match guarded {
        Guarded::NoNeed | Guarded::Before(_) => return None,
        Guarded::Now(marks) => (
            marks,
            "a hook guards your own git push from here on".to_owned(),
            "takes part in it",
        ),
        Guarded::Open(marks, set) => (
            marks,
            format!("your own git push is NOT guarded, because core.hooksPath is {set}"),
            "guards it, and runs those hooks as well",
        ),
    };
    let lines = marks.iter().map(|one| {
        let name = &one.mark.name;
        let from = &one.name;
        format!(
            "{from} says that this clone has what the embargo {name} keeps: {state}; \
             debcut patch embargo {name} {way}"
        )
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}
