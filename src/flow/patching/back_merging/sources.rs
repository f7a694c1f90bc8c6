//! The releases that come back: the last one of every maintenance branch.

use std::collections::BTreeMap;

use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, TagName};
use crate::release::number::Number;
use crate::release::plan::hotfix;
use crate::release::{self, Policy};

/// A release on a maintenance branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The branch.
    pub branch: BranchName,
    /// The normal branch, where this one is of one release.
    pub normal: Option<BranchName>,
    /// Its newest tag.
    pub tag: TagName,
    /// The release commit.
    pub commit: String,
    /// `NAME VERSION` of each package that has its last release there.
    pub releases: Vec<String>,
}

/// Finds the releases; the lowest version first, so that entries are taken
/// over in their order.
pub fn sources(
    workspace: &Workspace,
    policy: &Policy,
    named: &[BranchName],
) -> Result<Vec<Source>, FlowError> {
    let repository = &workspace.repository;
    let kept = super::super::maintained(workspace, policy)?;
    let wanted: Vec<BranchName> = if !named.is_empty() {
        named.to_vec()
    } else {
        let current = repository.branch_of_head()?;
        let current = current.filter(|name| kept.contains_key(name.as_str()));
        match current.and_then(|name| BranchName::new(name).ok()) {
            Some(current) => vec![current],
            None => kept.values().map(|one| one.name.clone()).collect(),
        }
    };
    let mut found = BTreeMap::new();
    for branch in wanted {
        let at = match kept.get(branch.as_str()) {
            Some(one) => one.commit.clone(),
            None => super::super::branches::line(workspace, &branch)?
                .head
                .to_string(),
        };
        let facts = release::observe::observe(repository, &at, policy)?;
        let normal = normal(&branch, policy, &kept);
        let mut source: Option<(Number, Source)> = None;
        for (unit, facts) in std::iter::zip(&policy.units, &facts.units) {
            let Some(last) = &facts.last_final else {
                continue;
            };
            let number = Number::parse(&last.version).ok();
            let number = number.unwrap_or_else(|| Number::parse("0").expect("constant"));
            let release = format!("{} {}", unit.name, last.version);
            match &mut source {
                Some((highest, one)) => {
                    one.releases.push(release);
                    // The one that has the others behind it.
                    if repository.is_ancestor(&one.commit, &last.commit)? {
                        *highest = number;
                        one.commit.clone_from(&last.commit);
                        one.tag = last.tag.clone();
                    }
                }
                none => {
                    let one = Source {
                        branch: branch.clone(),
                        normal: normal.clone(),
                        tag: last.tag.clone(),
                        commit: last.commit.clone(),
                        releases: vec![release],
                    };
                    *none = Some((number, one));
                }
            }
        }
        if let Some((number, source)) = source {
            found.insert((number, branch), source);
        }
    }
    Ok(found.into_values().collect())
}

/// Finds the branch of the line that a release is of.
pub fn normal(
    branch: &BranchName,
    policy: &Policy,
    kept: &BTreeMap<String, super::super::Maintained>,
) -> Option<BranchName> {
    let release = hotfix::branch_of(branch.as_str(), &policy.maintenance)?;
    let lines = kept.values().filter_map(|one| {
        let line = hotfix::line_of(one.name.as_str(), &policy.maintenance)?;
        let inside = release.starts_with(&format!("{line}."));
        inside.then(|| (line.len(), one.name.clone()))
    });
    lines.max().map(|(_, name)| name)
}
