//! The ways out that a release will take, asked of the gate before anything is
//! made: a tag that an embargo keeps from its remote, or a build that no archive
//! may take, is one too many.

use std::path::Path;

use crate::flow::FlowError;
use crate::flow::embargoing;
use crate::flow::project::Workspace;
use crate::model::Finding;
use crate::sys::environment::Environment;
use crate::sys::git::push_places;
use crate::sys::outward::{Destination, Gate, Mark, OutwardError, archive_place};

/// Lists what an embargo will refuse: the push, where one is asked for, and the
/// archive at a location, where one is named. Commands are asked by
/// [`crate::flow::hooks`].
pub(super) fn closed(
    workspace: &Workspace,
    environment: &Environment,
    push: bool,
    archive: Option<&str>,
) -> Result<Vec<Finding>, FlowError> {
    let repository = &workspace.repository;
    let gate = environment.gate().clone().of(repository.own_dir());
    let marks = gate.marks()?;
    let mut found = Vec::new();
    if marks.is_empty() {
        return Ok(found);
    }
    let remote = &workspace.project.release.remote;
    if push {
        for place in push_places(repository, environment, remote)? {
            let to = Destination::Remote(place);
            if let Some((error, name)) = refused(&gate, to)? {
                let own = || {
                    Ok::<_, FlowError>(match embargoing::open_remote(workspace, environment)? {
                        Some(open) => format!(
                            "leave --push out: what is released is pushed to {open} then, and {remote} \
                         gets it by debcut patch lift"
                        ),
                        None => format!(
                            "leave --push out, or mark a remote that nobody else reads: debcut patch \
                         embargo {name} --private-remote REMOTE"
                        ),
                    })
                };
                let fix = match error {
                    OutwardError::Carried { .. } => taking_part(&name),
                    _ => own()?,
                };
                let finding = Finding::error("embargo", remote, error.to_string());
                found.push(finding.fix(fix));
            }
        }
    }
    if let Some(location) = archive {
        let to = Destination::Archive(archive_place(location, Path::new("/")));
        if let Some((error, name)) = refused(&gate, to)? {
            let fix = match error {
                OutwardError::Carried { .. } => taking_part(&name),
                _ => private_archive(&marks, &name),
            };
            let finding = Finding::error("embargo", location, error.to_string());
            found.push(finding.fix(fix));
        }
    }
    Ok(found)
}

/// Asks the gate; the refusal comes with the embargo's name. What it cannot tell
/// is an error.
fn refused(gate: &Gate, to: Destination) -> Result<Option<(OutwardError, String)>, FlowError> {
    match gate.permit(to) {
        Ok(_) => Ok(None),
        Err(error) => match &error {
            OutwardError::Embargoed { name, .. } | OutwardError::Carried { name, .. } => {
                let name = name.clone();
                Ok(Some((error, name)))
            }
            _ => Err(error.into()),
        },
    }
}

fn taking_part(name: &str) -> String {
    format!("debcut patch embargo {name} takes part in it")
}

fn private_archive(marks: &[Mark], name: &str) -> String {
    let own = marks.iter().find(|mark| mark.name == name);
    match own.and_then(|mark| mark.private.archives.first()) {
        Some(place) => {
            format!("--archive {place}, which is private; debcut patch lift publishes it")
        }
        None => format!(
            "name an archive that nobody else reads: debcut patch embargo {name} \
             --private-archive PLACE, then --archive PLACE"
        ),
    }
}
