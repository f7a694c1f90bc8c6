//! What released hotfixes brought and a branch lacks: its next release has a
//! higher version, and whoever upgrades to that from the hotfix loses the fix.

use super::super::branches::{self, Line};
use super::super::ledger::Ledger;
use super::super::maintained;
use super::returning::{Elsewhere, fixes, judged};
use super::{Hotfix, Opened, holding, of_branch};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Severity, TagName};
use crate::patch::rules::{self, Rule};
use crate::patch::{Policy, RequestId};
use crate::sys::git::{GitError, ObjectId};

/// A fix that a hotfix has released and a branch lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The hotfix.
    pub hotfix: Hotfix,
    /// The first release that has it.
    pub released: TagName,
    /// The fix, as it is on the hotfix's branch.
    pub fix: Elsewhere,
    /// What becomes of it on the branch.
    pub fate: Fate,
}

/// What becomes of a fix on a branch that lacks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nobody asks for it there.
    Unasked,
    /// Somebody asks for it.
    Asked(RequestId),
    /// Somebody decided that the branch goes without it.
    Refused(RequestId),
    /// It may be there under another id: nobody can tell.
    Unknown,
}

/// Lists what a branch lacks of some hotfixes, branch by branch.
pub fn missed(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    branch: &BranchName,
    hotfixes: &[Hotfix],
) -> Result<Vec<Missed>, FlowError> {
    let mut found = Vec::new();
    for hotfix in hotfixes.iter().filter(|one| one.branch != *branch) {
        let Some(own) = line_of(workspace, ledger, &hotfix.branch) else {
            continue;
        };
        let mut fixes = fixes(workspace, &ledger.queue, hotfix, &own)?;
        let tags = holding::released(workspace, hotfix, &own.heads)?;
        let ids: Vec<ObjectId> = tags.iter().map(|(_, id)| *id).collect();
        let own_ids: Vec<ObjectId> = fixes.iter().map(|fix| fix.id).collect();
        // What is not released yet can be lost by nobody.
        let unreleased = workspace.repository.lacking(&own_ids, &ids)?;
        fixes.retain(|fix| !unreleased.contains(&fix.id));
        if fixes.is_empty() {
            continue;
        }
        let other = branches::line(workspace, branch)?;
        let lacking = judged(workspace, &ledger.queue, &fixes, &own, &other)?;
        let plain = |list: Vec<Elsewhere>, fate: Fate| {
            let all = list.into_iter();
            all.map(move |fix| (fix, fate.clone())).collect::<Vec<_>>()
        };
        let mut fated = plain(lacking.commits, Fate::Unasked);
        let asked = lacking.asked.into_iter();
        fated.extend(asked.map(|(fix, id)| (fix, Fate::Asked(id))));
        let refused = lacking.refused.into_iter();
        fated.extend(refused.map(|(fix, id)| (fix, Fate::Refused(id))));
        fated.extend(plain(lacking.unknown, Fate::Unknown));
        for (fix, fate) in fated {
            if let Some(released) = first_with(workspace, &tags, &fix)? {
                found.push(Missed {
                    hotfix: hotfix.clone(),
                    released,
                    fix,
                    fate,
                });
            }
        }
    }
    Ok(found)
}

/// Says what a branch lacks, as findings about it: an error where nobody has
/// decided that it goes without.
pub fn findings(
    missed: &[Missed],
    ledger: &Ledger<'_>,
    branch: &BranchName,
    policy: &Policy,
) -> Vec<Finding> {
    let rule = Rule::HotfixLacking;
    let finding = |one: &Missed| {
        let Missed { hotfix, fix, .. } = one;
        let short = &fix.commit[..fix.commit.len().min(12)];
        let why = format!(
            "it lacks “{}” ({short} on {}), which {} has: an upgrade from there would lose it",
            fix.subject, hotfix.branch, one.released
        );
        let aside = format!("debcut patch override {short} {rule} --onto {branch} --reason TEXT");
        let subject = branch.as_str();
        let place = (branch, fix.commit.as_str());
        if let Some(said) = rules::excused(&ledger.queue, place, rule, policy) {
            let (by, reason) = (&said.reason.by.name, &said.reason.what);
            let why = format!("{why}; overridden by {by}: {reason}");
            return Finding::info(rule.name(), subject, why);
        }
        let mut finding = match &one.fate {
            Fate::Unasked => Finding::error(rule.name(), subject, why).fix(format!(
                "debcut patch hotfix {} --offer asks for it there; or: {aside}",
                hotfix.from
            )),
            Fate::Asked(id) => Finding::error(rule.name(), subject, why).fix(format!(
                "it is asked for: debcut patch show {id}; or: {aside}"
            )),
            Fate::Refused(id) => {
                let why = format!("{why}; it was decided so");
                Finding::info(rule.name(), subject, why).fix(format!("debcut patch show {id}"))
            }
            Fate::Unknown => {
                let why = format!(
                    "nobody can tell whether it has “{}” ({short} on {}), which {} has: thousands \
                     of commits lie between them",
                    fix.subject, hotfix.branch, one.released
                );
                let fix = "look for it there; a commit that says “(cherry picked from commit …)” \
                           is found";
                Finding::warning("hotfix-unsure", subject, why).fix(fix)
            }
        };
        if hotfix.opened == Opened::ByName {
            // Nobody said that the rules of hotfixes hold there.
            finding.severity = finding.severity.min(Severity::Warning);
        }
        finding
    };
    missed.iter().map(finding).collect()
}

/// Tells whether a branch goes without a fix against nobody's word: it lacks it,
/// and nobody has decided that it may.
pub fn is_open(missed: &Missed, ledger: &Ledger<'_>, branch: &BranchName, policy: &Policy) -> bool {
    let place = (branch, missed.fix.commit.as_str());
    let aside = rules::excused(&ledger.queue, place, Rule::HotfixLacking, policy);
    aside.is_none() && matches!(missed.fate, Fate::Unasked | Fate::Asked(_))
}

/// Lists the hotfix branches: those of the ledger, and those that are known by
/// their names. One whose release is not here cannot be compared, and is left
/// out.
pub fn hotfixes(workspace: &Workspace, ledger: &Ledger<'_>) -> Result<Vec<Hotfix>, FlowError> {
    let written = ledger.queue.hotfixes.keys().cloned();
    let kept = maintained(workspace, &workspace.policy("HEAD")?)?;
    let named = kept.into_values().map(|one| one.name);
    let mut names: Vec<BranchName> = written.chain(named).collect();
    names.sort();
    names.dedup();
    let mut found = Vec::new();
    for name in names {
        match of_branch(workspace, ledger, &name) {
            Ok(hotfix) => found.extend(hotfix),
            // The ledger came here before the release's tag.
            Err(FlowError::Git(GitError::NoTag { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Finds a hotfix's branch; where that is gone, what was cut of it last.
fn line_of(workspace: &Workspace, ledger: &Ledger<'_>, branch: &BranchName) -> Option<Line> {
    if let Ok(line) = branches::line(workspace, branch) {
        return Some(line);
    }
    let mut cuts = ledger.queue.cuts.iter().rev();
    let cut = cuts.find(|cut| cut.branch.what == *branch)?;
    let head = ObjectId::from_hex(&cut.commit)?;
    workspace.repository.has_commit(&cut.commit).then(|| Line {
        name: branch.clone(),
        head,
        full: cut.commit.clone(),
        heads: vec![head],
        shared: None,
    })
}

fn first_with(
    workspace: &Workspace,
    tags: &[(TagName, ObjectId)],
    fix: &Elsewhere,
) -> Result<Option<TagName>, FlowError> {
    // The first release is behind all others that have it.
    let mut first: Option<&(TagName, ObjectId)> = None;
    for one in tags {
        let repository = &workspace.repository;
        let id = one.1.to_string();
        if !repository.is_ancestor(&fix.commit, &id)? {
            continue;
        }
        let is_older = match first {
            Some((_, than)) => repository.is_ancestor(&id, &than.to_string())?,
            None => true,
        };
        if is_older {
            first = Some(one);
        }
    }
    Ok(first.map(|(tag, _)| tag.clone()))
}
