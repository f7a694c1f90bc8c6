//! Whose rules count: those of the main branch, whatever is checked out. Else the
//! same request would be approved on one branch and new on another.

use std::path::Path;

use super::branches;
use crate::config::{self, Project};
use crate::flow::FlowError;
use crate::flow::project::{Ruled, Workspace};

/// Opens a repository with its configuration, and with the `[patch]` of the main
/// branch in it, where that has one: of the own branch if it has all that the
/// remote's had when it was last fetched, else of the remote's.
///
/// A configuration that was named on the command line counts as it is. So does
/// that of the work tree where the own main branch would count and is checked
/// out, or where nobody knows which branch is the main one.
pub fn open(directory: &Path, config: Option<&Path>) -> Result<Workspace, FlowError> {
    let mut workspace = Workspace::open(directory, config)?;
    if workspace.is_configured_by_name() {
        return Ok(workspace);
    }
    let Some(first) = place(&workspace)? else {
        return Ok(workspace);
    };
    let Some(mut rules) = at(&workspace, &first)? else {
        return Ok(workspace);
    };
    let mut from = first;
    // What is checked out may be too old to know which branch is the main one.
    let named = rules.patch.main.clone();
    if named.is_some() && named != workspace.project.patch.main {
        let before = std::mem::replace(&mut workspace.project.patch.main, named);
        let second = place(&workspace)?;
        workspace.project.patch.main = before;
        if let Some(second) = second.filter(|second| *second != from)
            && let Some(there) = at(&workspace, &second)?
        {
            (from, rules) = (second, there);
        }
    }
    let own = &mut workspace.project;
    let usual = crate::patch::Policy::default();
    if rules.patch == usual && rules.patch_channels.is_empty() {
        return Ok(workspace);
    }
    let is_usual = own.patch == usual;
    let differs = own.patch != rules.patch;
    // The branch that is found by a name goes on being found by it.
    let main = rules.patch.main.clone().or_else(|| own.patch.main.take());
    own.patch = rules.patch;
    own.patch.main = main;
    own.patch_channels = rules.patch_channels;
    let on_main = from.checked_out;
    workspace.ruled = Some(Ruled {
        by: from.shown,
        // A branch that says nothing of its own contradicts nobody.
        otherwise_here: differs && (on_main || !is_usual),
    });
    Ok(workspace)
}

/// A commit whose configuration counts.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// The ref, in full.
    reference: String,
    /// How people write it.
    shown: String,
    /// Whether the branch of this name is the one that HEAD is on.
    checked_out: bool,
}

/// Finds where the rules are; none: in the work tree.
fn place(workspace: &Workspace) -> Result<Option<Place>, FlowError> {
    let repository = &workspace.repository;
    let Some(main) = branches::main_name(workspace)? else {
        return Ok(None);
    };
    let checked_out = repository.branch_of_head()?.as_deref() == Some(main.as_str());
    let remote = &workspace.project.release.remote;
    let place = |reference: String, shown: String| Place {
        reference,
        shown,
        checked_out,
    };
    let own = format!("refs/heads/{main}");
    let theirs = format!("refs/remotes/{remote}/{main}");
    let heads = [
        repository.ref_target(&own)?,
        repository.ref_target(&theirs)?,
    ];
    let own_counts = match &heads {
        [Some(own), Some(theirs)] => repository.is_ancestor(theirs, own)?,
        [own, _] => own.is_some(),
    };
    Ok(match heads {
        // What is there is the branch, with what is not committed yet.
        _ if own_counts && checked_out && !repository.is_bare() => None,
        _ if own_counts => Some(place(own, main.as_str().to_owned())),
        [_, Some(_)] => Some(place(theirs, format!("{remote}/{main}"))),
        [_, None] => None,
    })
}

/// Reads the configuration of a place; none: its tree cannot be had.
fn at(workspace: &Workspace, place: &Place) -> Result<Option<Project>, FlowError> {
    let repository = &workspace.repository;
    let Ok(commit) = repository.commit(&place.reference) else {
        return Ok(None);
    };
    let bytes = repository.file(&commit.tree, config::FILE_NAME)?;
    let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let shown = format!("{} of {}", config::FILE_NAME, place.shown);
    Ok(Some(Project::parse(&shown, &text)?))
}
