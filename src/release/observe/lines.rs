//! Which packages have their last release's line on a maintenance branch that
//! HEAD is not on: the numbers of that line are that branch's.

use crate::release::facts::{Elsewhere, Facts};
use crate::release::plan::hotfix;
use crate::release::policy::Policy;
use crate::sys::git::{Branch, GitError, Repository};

/// Names of main branches where no remote tells.
const USUAL: [&str; 4] = ["main", "master", "trunk", "debian/latest"];

/// Looks for branches of the lines that packages' last releases are of.
pub(super) fn fill(
    facts: &mut Facts,
    repository: &Repository,
    policy: &Policy,
) -> Result<(), GitError> {
    let branches = repository.branches()?;
    let lines: Vec<(String, &Branch)> = branches
        .iter()
        .filter(|branch| {
            let remote = branch.remote.as_deref();
            remote.is_none_or(|remote| remote == policy.remote)
        })
        .filter_map(|branch| {
            Some((
                hotfix::line_of(branch.short(), &policy.maintenance)?,
                branch,
            ))
        })
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    if let Some(own) = &facts.branch {
        let others = lines.iter().filter(|(_, branch)| branch.short() != own);
        facts.lines = others.map(|(line, _)| line.clone()).collect();
        facts.lines.sort();
        facts.lines.dedup();
        let own = hotfix::line_of(own, &policy.maintenance);
        facts.lines.retain(|line| Some(line) != own.as_ref());
    }
    let main = main(repository, policy, &branches);
    for at in 0..facts.units.len() {
        let Some(last) = facts.units[at].last_final.clone() else {
            continue;
        };
        // The line with most numbers: release-1.2 before release-1.
        let mut own: Vec<&(String, &Branch)> = lines
            .iter()
            .filter(|(line, _)| hotfix::is_inside(&last.version, line))
            .collect();
        own.sort_by_key(|(line, branch)| (std::cmp::Reverse(line.len()), branch.remote.is_some()));
        // Of a branch and its copy at the remote either may be the older one.
        let mut here: Vec<&str> = Vec::new();
        for (_, branch) in &own {
            if is_on(facts, repository, branch, main)? {
                here.push(branch.short());
            }
        }
        own.retain(|(_, branch)| !here.contains(&branch.short()));
        for (line, branch) in own {
            let head = branch.commit.to_string();
            // A branch that has not got the release is of something else.
            if !repository.is_ancestor(&last.commit, &head)? {
                continue;
            }
            facts.units[at].elsewhere = Some(Elsewhere {
                line: line.clone(),
                branch: branch.short().to_owned(),
            });
            break;
        }
    }
    Ok(())
}

fn main<'b>(
    repository: &Repository,
    policy: &Policy,
    branches: &'b [Branch],
) -> Option<&'b Branch> {
    let default = repository.default_branch(&policy.remote);
    let mut names = default.as_deref().into_iter().chain(USUAL);
    names.find_map(|name| branches.iter().find(|branch| branch.short() == name))
}

/// Tells whether HEAD is on a maintenance branch: it is that branch, or work
/// that began there and not on the main branch.
fn is_on(
    facts: &Facts,
    repository: &Repository,
    branch: &Branch,
    main: Option<&Branch>,
) -> Result<bool, GitError> {
    let named = facts.branch.as_deref();
    if named == Some(branch.short()) {
        return Ok(true);
    }
    if main.is_some_and(|main| named == Some(main.short())) {
        return Ok(false);
    }
    let head = branch.commit.to_string();
    if named.is_none() && repository.is_ancestor(&facts.head, &head)? {
        return Ok(true);
    }
    let merged = match main {
        Some(main) => repository.is_ancestor(&head, &main.commit.to_string())?,
        None => false,
    };
    Ok(!merged && repository.is_ancestor(&head, &facts.head)?)
}
