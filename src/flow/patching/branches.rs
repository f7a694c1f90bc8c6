//! Branches by their names: where they are, as far as this clone knows.

use super::PatchingError;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::BranchName;
use crate::model::name::nearest;
use crate::sys::git::{Branch, ObjectId, Repository};

/// What the main branch is called where nobody says.
const USUAL: [&str; 4] = ["main", "master", "trunk", "debian/latest"];

/// A branch and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name, without a remote's.
    pub name: BranchName,
    /// Its newest commit: of the remote's branch where that has all of the own
    /// one, else of the own one.
    pub head: ObjectId,
    /// The ref that leads there.
    pub full: String,
    /// The own branch and the remote's, as far as there are such.
    pub heads: Vec<ObjectId>,
    /// The remote's branch, as it was last fetched, and how people write it.
    pub shared: Option<(ObjectId, String)>,
}

/// Finds a branch by its name; the remote's serves where there is none here.
pub fn line(workspace: &Workspace, name: &BranchName) -> Result<Line, FlowError> {
    let repository = &workspace.repository;
    let branches = repository.branches()?;
    let remote = workspace.project.release.remote.as_str();
    found(workspace, &branches, name, remote)?.ok_or_else(|| {
        let known = branches.iter().map(Branch::short);
        PatchingError::NoBranch {
            name: name.clone(),
            nearest: nearest(name.as_str(), known).map(str::to_owned),
        }
        .into()
    })
}

/// Finds the branch that everything comes from: the configured one, else the
/// remote's, else one with a usual name, else that of HEAD.
pub fn main_line(workspace: &Workspace) -> Result<Option<Line>, FlowError> {
    let Some(name) = main_name(workspace)? else {
        return Ok(None);
    };
    if workspace.project.patch.main.is_some() {
        return line(workspace, &name).map(Some);
    }
    let branches = workspace.repository.branches()?;
    let remote = workspace.project.release.remote.as_str();
    found(workspace, &branches, &name, remote)
}

/// Finds the name of that branch, whether there is such a branch or not.
pub(super) fn main_name(workspace: &Workspace) -> Result<Option<BranchName>, FlowError> {
    if let Some(name) = &workspace.project.patch.main {
        let name = BranchName::new(name.clone()).expect("the configuration was checked");
        return Ok(Some(name));
    }
    let repository = &workspace.repository;
    let remote = workspace.project.release.remote.as_str();
    let branches = repository.branches()?;
    let there = |name: &&str| branches.iter().any(|branch| branch.short() == *name);
    let default = repository.default_branch(remote);
    let usual = default.as_deref().into_iter().chain(USUAL).find(there);
    let name = usual.map(str::to_owned);
    let name = name.or_else(|| repository.main_branch(remote));
    Ok(name.and_then(|name| BranchName::new(name).ok()))
}

/// Lists the commits that a branch has made since it left the main one, newest
/// first, whether it was merged there meanwhile or not; without a main branch
/// all of its history.
pub fn own(
    repository: &Repository,
    line: &Line,
    main: Option<&Line>,
) -> Result<Vec<ObjectId>, FlowError> {
    Ok(match main {
        Some(main) => repository.commits_since_parting(line.head, main.head, &main.heads)?,
        None => repository.commits_only_in(line.head, &[])?,
    })
}

fn found(
    workspace: &Workspace,
    branches: &[Branch],
    name: &BranchName,
    remote: &str,
) -> Result<Option<Line>, FlowError> {
    let own = branches
        .iter()
        .find(|branch| branch.remote.is_none() && branch.name == name.as_str());
    let theirs = branches
        .iter()
        .find(|branch| branch.remote.as_deref() == Some(remote) && branch.short() == name.as_str());
    let line = |head: ObjectId, full: String| Line {
        name: name.clone(),
        head,
        full,
        heads: own.iter().chain(&theirs).map(|one| one.commit).collect(),
        shared: theirs.map(|one| (one.commit, one.name.clone())),
    };
    let local = || format!("refs/heads/{name}");
    let tracked = || format!("refs/remotes/{remote}/{name}");
    Ok(match (own, theirs) {
        (None, None) => None,
        (Some(own), None) => Some(line(own.commit, local())),
        (None, Some(theirs)) => Some(line(theirs.commit, tracked())),
        (Some(own), Some(theirs)) => {
            let behind = workspace
                .repository
                .lacking(&[own.commit], &[theirs.commit])?;
            Some(match behind.is_empty() {
                true => line(theirs.commit, tracked()),
                false => line(own.commit, local()),
            })
        }
    })
}
