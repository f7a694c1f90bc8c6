//! Which files of a package go back to an older tag, and the commit that does it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, TRAILER};
use crate::config::FILE_NAME;
use crate::flow::FlowError;
use crate::flow::authoring::authored;
use crate::flow::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{Finding, Timestamp};
use crate::release::commit::Person;
use crate::release::ownership::Ownership;
use crate::release::policy::{DebianKind, Unit};
use crate::release::prepare::apply::PrepareError;
use crate::sys::environment::Environment;
use crate::sys::git::{
    GitError, NewCommit, Repository, TreeChange, TreeEntry, TreeEntryKind, UserGit,
};

/// Names the package's files that stay as they are: what happened is history,
/// keys and suites are those of today, and the number of a package without a
/// changelog goes up.
pub fn kept(unit: &Unit) -> BTreeSet<String> {
    let mut kept = BTreeSet::from([FILE_NAME.to_owned()]);
    kept.extend(unit.changelog_path().map(str::to_owned));
    kept.extend(unit.changes_file.clone());
    if let DebianKind::Declared { .. } = unit.debian {
        kept.extend(unit.version_files.iter().map(|file| file.path.clone()));
    }
    kept
}

/// Says what changes a tree to have a package's files as an older one.
pub fn changes(
    repository: &Repository,
    units: &[Unit],
    unit: usize,
    kept: &BTreeSet<String>,
    (now, old): (&str, &str),
) -> Result<Vec<TreeChange>, GitError> {
    let ownership = Ownership::new(units);
    let read = |tree: &str| -> Result<BTreeMap<Vec<u8>, TreeEntry>, GitError> {
        let entries = repository.entries(tree)?.into_iter().filter(|entry| {
            let path = String::from_utf8_lossy(&entry.path);
            entry.kind != TreeEntryKind::Directory
                && !kept.contains(&*path)
                && ownership.owners(&path).contains(&unit)
        });
        Ok(entries.map(|entry| (entry.path.clone(), entry)).collect())
    };
    let (now, old) = (read(now)?, read(old)?);
    let gone = now.keys().filter(|path| !old.contains_key(*path));
    let gone = gone.map(|path| TreeChange::Remove { path: path.clone() });
    let mut changes: Vec<_> = gone.collect();
    for (path, entry) in old {
        if now.get(&path) != Some(&entry) {
            changes.push(TreeChange::Put {
                path,
                kind: entry.kind,
                id: entry.id,
            });
        }
    }
    Ok(changes)
}

/// Makes the commit, and brings the branch and its files to it.
pub fn put_back(
    workspace: &Workspace,
    environment: &Environment,
    facts: &Facts,
    reason: &str,
    (author, date): (&Person, Timestamp),
) -> Result<Result<String, Finding>, FlowError> {
    let repository = &workspace.repository;
    let git = UserGit::new(repository, environment);
    let tree = repository.commit(&facts.head)?.tree;
    let tree = repository.change_tree(&tree, &facts.changes)?;
    let commit = NewCommit {
        parent: &facts.head,
        tree: &tree,
        author: authored(author, date),
        message: &message(facts, reason),
    };
    let commit = git.write_commit(&commit).map_err(PrepareError::Commit)?;
    Ok(match git.fast_forward(&commit) {
        Ok(()) => Ok(commit),
        Err(error) => {
            let top = repository.top().display().to_string();
            let finding = Finding::error("work-tree", top, with_causes(&error));
            Err(finding.fix("commit what is changed, or git stash it; then run it again"))
        }
    })
}

/// Says in the changelog's words what was taken back and why.
fn message(facts: &Facts, reason: &str) -> String {
    let (bad, old) = (&facts.bad.version, &facts.old.version);
    let why = reason.lines().next().unwrap_or_default().trim();
    format!(
        "fix: take {bad} back, with what {old} had: {why}\n\n\
         {reason}\n\n\
         The files of {} are those of {} again.\n\n\
         {TRAILER}: {}\n",
        facts.unit.name,
        facts.old.tag,
        facts.of,
        reason = reason.trim(),
    )
}
