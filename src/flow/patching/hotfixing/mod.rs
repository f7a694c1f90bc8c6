//! `patch hotfix`: the branch of one release, for what cannot wait.

pub mod holding;
pub mod missed;
pub mod returning;

use super::ledger::Ledger;
use super::{PatchingError, branches, maintained};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, TagName, Timestamp};
use crate::patch::Event;
use crate::release::commit::Person;
use crate::release::plan::hotfix;
use crate::sys::environment::Environment;
use crate::sys::git::{RefUpdate, UserGit};

pub use returning::{Elsewhere, Lacking, Lacks};

/// The branch of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotfix {
    /// The branch.
    pub branch: BranchName,
    /// The release it begins at.
    pub from: TagName,
    /// That release's commit.
    pub commit: String,
    /// The branch whose other fixes wait.
    pub normal: BranchName,
    /// Whether the branch is there.
    pub exists: bool,
    /// Who says that it is one.
    pub opened: Opened,
}

/// Who says that a branch is for hotfixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// The ledger: somebody made it by `patch hotfix`.
    Written,
    /// Its name alone.
    ByName,
}

/// Finds the branch that a release's hotfixes are made on, or says why there
/// can be none.
pub fn planned(workspace: &Workspace, tag: &TagName) -> Result<Result<Hotfix, Finding>, FlowError> {
    let repository = &workspace.repository;
    let commit = repository.tag(tag.as_str())?.commit.id;
    let policy = workspace.policy(&commit)?;
    let patterns = policy.units.iter().flat_map(|unit| &unit.tags);
    let versions: Vec<String> = patterns
        .filter_map(|pattern| pattern.version_in(tag.as_str()))
        .collect();
    let refused = |why: String, fix: &str| {
        let finding = Finding::error("no-hotfix", tag.as_str(), why);
        Ok(Err(finding.fix(fix)))
    };
    let Some(version) = versions.iter().min_by_key(|version| version.len()) else {
        let why = "it is the tag of no release".to_owned();
        return refused(why, "name a release: git tag --list");
    };
    let version = version.rsplit(':').next().unwrap_or(version);
    let kept = maintained(workspace, &policy)?;
    let upstream = version.split(['-', '+']).next().unwrap_or_default();
    if version.contains("+hotfix.") || upstream.split('.').count() > 3 {
        let why = format!("{version} is a hotfix already");
        return refused(why, "go on with the branch of that release");
    }
    let line = kept.values().filter_map(|one| {
        let line = hotfix::line_of(one.name.as_str(), &policy.maintenance)?;
        let inside = version.starts_with(&format!("{line}."));
        inside.then(|| (line.len(), one.name.clone()))
    });
    let normal = match line.max() {
        Some((_, normal)) => normal,
        None => match branches::main_line(workspace)? {
            Some(main) => main.name,
            None => {
                let why = "neither its line's branch nor a main branch is here".to_owned();
                return refused(why, "git fetch");
            }
        },
    };
    let pattern = policy.maintenance.iter().find(|pattern| {
        let one = std::slice::from_ref(*pattern);
        hotfix::line_of(normal.as_str(), one).is_some()
    });
    let Some(pattern) = pattern.or(policy.maintenance.first()) else {
        let why = "maintenance-branches names no pattern".to_owned();
        return refused(why, "[release] maintenance-branches in debcut.toml");
    };
    let name = pattern.replace("{version}", version);
    if hotfix::branch_of(&name, &policy.maintenance).is_none() {
        let why = format!("{version} has fewer than three numbers");
        return refused(why, "its own line's branch is the one for fixes of it");
    }
    let Ok(branch) = BranchName::new(name.clone()) else {
        let why = format!("{name} is no name of a branch");
        return refused(why, "[release] maintenance-branches in debcut.toml");
    };
    let at = repository.ref_target(&format!("refs/heads/{branch}"))?;
    if let Some(at) = &at
        && !repository.is_ancestor(&commit, at)?
    {
        let why = format!("{branch} is there and does not begin at it");
        return refused(why, "rename or remove that branch");
    }
    Ok(Ok(Hotfix {
        branch,
        from: tag.clone(),
        commit,
        normal,
        exists: at.is_some(),
        opened: Opened::ByName,
    }))
}

/// Makes the branch and writes it down; false: both was done before.
pub fn open(
    workspace: &Workspace,
    hotfix: &Hotfix,
    (by, at): (&Person, Timestamp),
    environment: &Environment,
) -> Result<bool, FlowError> {
    let repository = &workspace.repository;
    if !hotfix.exists {
        // What others have made of it already is where it begins here.
        let remote = &workspace.project.release.remote;
        let theirs = repository.ref_target(&format!("refs/remotes/{remote}/{}", hotfix.branch))?;
        let update = RefUpdate {
            name: format!("refs/heads/{}", hotfix.branch),
            from: None,
            to: theirs.unwrap_or_else(|| hotfix.commit.clone()),
        };
        UserGit::new(repository, environment)
            .update_refs(&[update], "debcut: patch hotfix")
            .map_err(PatchingError::Refs)?;
    }
    let mut ledger = Ledger::read(repository, environment)?;
    if ledger.queue.hotfixes.contains_key(&hotfix.branch) {
        return Ok(!hotfix.exists);
    }
    let event = Event::HotfixOpened {
        branch: hotfix.branch.clone(),
        from: hotfix.from.clone(),
        normal: hotfix.normal.clone(),
    };
    let summary = format!("open {} for hotfixes", hotfix.branch);
    ledger.say(vec![event], by, at, &summary)?;
    Ok(true)
}

/// Finds what a branch is a hotfix branch of; none: it is no such branch. One
/// that nobody opened is known by its name, where its release's tag is here.
pub fn of_branch(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    branch: &BranchName,
) -> Result<Option<Hotfix>, FlowError> {
    let repository = &workspace.repository;
    if let Some(known) = ledger.queue.hotfixes.get(branch) {
        let from = known.from.what.clone();
        return Ok(Some(Hotfix {
            branch: branch.clone(),
            commit: repository.tag(from.as_str())?.commit.id,
            from,
            normal: known.normal.clone(),
            exists: true,
            opened: Opened::Written,
        }));
    }
    let policy = workspace.policy("HEAD")?;
    let Some(named) = hotfix::branch_of(branch.as_str(), &policy.maintenance) else {
        return Ok(None);
    };
    let patterns = || policy.units.iter().flat_map(|unit| &unit.tags);
    for tag in repository.tag_names()? {
        let mut versions = patterns().filter_map(|pattern| pattern.version_in(tag.as_str()));
        if !versions.any(|version| version.rsplit(':').next() == Some(&named)) {
            continue;
        }
        if let Ok(found) = planned(workspace, &tag)?
            && found.branch == *branch
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
