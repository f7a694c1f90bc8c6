//! Which commits of the main branch the forge's labels ask for: those of merged
//! pull requests with a label such as `backport/1.12`.

use std::collections::HashMap;

use super::looking::{Commits, merged};
use super::{failed, must, open};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Listener};
use crate::sys::environment::Environment;

/// What labels ask for.
#[derive(Debug, Default)]
pub struct Labelled {
    /// By commit: the pull request, and its label.
    pub commits: HashMap<String, (u64, String)>,
    /// What is not here, or nobody could say.
    pub findings: Vec<Finding>,
}

/// Asks the forge for what its labels want on a branch.
pub fn labelled(
    workspace: &Workspace,
    environment: &Environment,
    onto: &BranchName,
    listener: &dyn Listener,
) -> Result<Labelled, FlowError> {
    let settings = must(workspace)?;
    let forge = open(workspace, environment)?;
    let repository = &workspace.repository;
    let mut found = Labelled::default();
    for label in settings.backport_labels(onto) {
        listener.begin(format!("what has the label {label} on {}", forge.host()));
        for pull in forge.merged_with(&label).map_err(failed)? {
            let newest = pull.merge_commit.as_deref().unwrap_or(&pull.head);
            if !repository.has_commit(newest) {
                let remote = &workspace.project.release.remote;
                let why = format!("it has the label {label}; {newest:.12} is not here");
                let finding = Finding::warning("not-here", format!("#{}", pull.number), why);
                found
                    .findings
                    .push(finding.fix(format!("git fetch {remote}")));
                continue;
            }
            let ids = match merged(repository, &forge, &pull)? {
                Commits::Landed(ids) => ids,
                Commits::Merge(id) => {
                    let parents = repository.commit_facts(&id)?.parents;
                    let [first, second, ..] = parents.as_slice() else {
                        continue;
                    };
                    let brought = repository.commits_between(first, second)?;
                    brought.into_iter().map(|one| one.id).collect()
                }
                Commits::Head(_) => continue,
            };
            for id in ids {
                let why = (pull.number, label.clone());
                found.commits.entry(id).or_insert(why);
            }
        }
    }
    Ok(found)
}
