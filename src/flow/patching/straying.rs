//! What came onto an ordinary maintenance branch by hand since its last
//! release: as no pick, by no request and by no merge.

use std::collections::BTreeSet;

use super::branches;
use super::ledger::Ledger;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding};
use crate::patch::rules::{self, Rule};
use crate::release::{Policy, trailer};
use crate::sys::git::ObjectId;
use crate::sys::git::picks;

/// How many are named.
const SHOWN: usize = 5;

/// Warns of the commits that came by hand; none: there are none, or somebody
/// has said why they are there.
pub(super) fn by_hand(
    workspace: &Workspace,
    policy: &Policy,
    ledger: &Ledger<'_>,
    branch: &BranchName,
    head: &str,
) -> Result<Option<Finding>, FlowError> {
    let repository = &workspace.repository;
    let objects = repository.objects()?;
    let Some(head) = ObjectId::from_hex(head) else {
        return Ok(None);
    };
    let mut hidden = Vec::new();
    let patterns = || policy.units.iter().flat_map(|unit| &unit.tags);
    for tag in repository.tag_names()? {
        if patterns().any(|pattern| pattern.version_in(tag.as_str()).is_some()) {
            let commit = repository.tag(tag.as_str()).map(|tag| tag.commit.id);
            // A tag of something else than a commit is nobody's release.
            hidden.extend(commit.ok().and_then(|id| ObjectId::from_hex(&id)));
        }
    }
    let main = branches::main_line(workspace)?;
    let main = main.map_or_else(Vec::new, |main| main.heads);
    hidden.extend(&main);
    let known = known(ledger, branch);
    let new: BTreeSet<ObjectId> = repository
        .commits_only_in(head, &hidden)?
        .into_iter()
        .collect();
    let mut found = Vec::new();
    let mut at = Some(head);
    // What a merge brought came by it.
    while let Some(id) = at.filter(|id| new.contains(id)) {
        let commit = objects.commit(id)?;
        at = commit.parents.first().copied();
        let excused = || {
            let own = id.to_string();
            let place = (branch, own.as_str());
            let patch = &workspace.project.patch;
            rules::excused(&ledger.queue, place, Rule::NotPicked, patch).is_some()
        };
        let message = commit.message();
        if commit.parents.len() == 1 && is_plain(&message) && !known.contains(&id) && !excused() {
            let subject = message.lines().next().unwrap_or_default();
            found.push((id, format!("{id:.12} {}", subject.trim())));
        }
    }
    if !found.is_empty()
        && !main.is_empty()
        && let Ok(missing) = repository.unpicked(&objects, head, &main)?
    {
        // The same change is on the main branch: picked, and not said so.
        found.retain(|(id, _)| missing.iter().any(|one| one.id == *id));
    }
    let names: Vec<String> = found.into_iter().map(|(_, name)| name).collect();
    Ok(warning(branch, &names))
}

/// Lists the commits that requests ask for, or became, on a branch.
fn known(ledger: &Ledger<'_>, branch: &BranchName) -> BTreeSet<ObjectId> {
    let requests = ledger.queue.requests.values();
    let own = requests.filter(|one| one.ask.what.onto == *branch);
    let ids = own.flat_map(|one| {
        let applied = one.applied.iter().flat_map(|said| &said.what);
        let became = applied.filter_map(|one| one.to.as_ref());
        one.ask.what.commits.iter().chain(became)
    });
    ids.filter_map(|id| ObjectId::from_hex(id)).collect()
}

/// Tells whether a message is one of a change that says of no origin.
fn is_plain(message: &str) -> bool {
    trailer::released(message).next().is_none()
        && !trailer::is_synced(message)
        && picks(message).next().is_none()
}

fn warning(branch: &BranchName, names: &[String]) -> Option<Finding> {
    let first = names.first()?;
    let id = first.split(' ').next().unwrap_or_default();
    let mut shown = names[..names.len().min(SHOWN)].join("; ");
    if names.len() > SHOWN {
        shown = format!("{shown}; and {} more", names.len() - SHOWN);
    }
    let what = match names.len() {
        1 => "a commit".to_owned(),
        number => format!("{number} commits"),
    };
    let why = format!("{what} came by hand, as no pick (-x), by no request and no merge: {shown}");
    let rule = Rule::NotPicked;
    let others: Vec<&str> = names[1..names.len().min(SHOWN)]
        .iter()
        .filter_map(|name| name.split(' ').next())
        .collect();
    let so = match others.as_slice() {
        [] => String::new(),
        others if names.len() > SHOWN => format!(", and so for {} and the rest", others.join(" ")),
        others => format!(", and so for {}", others.join(" ")),
    };
    let it = match names.len() {
        1 => "take it out, and patch pick what it was for",
        _ => "take them out, and patch pick what they were for",
    };
    let fix =
        format!("{it}; or: debcut patch override {id} {rule} --onto {branch} --reason TEXT{so}");
    Some(Finding::warning(rule.name(), branch.as_str(), why).fix(fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_of_no_origin_came_by_hand() {
        let id = "1".repeat(40);
        for (message, want) in [
            ("fix: it".to_owned(), true),
            (
                format!("fix: it\n\n(cherry picked from commit {id})"),
                false,
            ),
            (
                format!("Revert \"fix: it\"\n\nThis reverts commit {id}."),
                true,
            ),
        ] {
            assert_eq!(is_plain(&message), want, "{message}");
        }
    }

    #[test]
    fn many_are_not_all_named() {
        let branch = BranchName::new("release-1.2").expect("a branch");
        assert_eq!(warning(&branch, &[]), None);
        let names: Vec<String> = (0..7).map(|at| format!("{at} fix: it")).collect();
        let found = warning(&branch, &names).expect("a warning");
        assert!(
            found.message.starts_with("7 commits came by hand"),
            "{found:?}"
        );
        assert!(
            found.message.ends_with("4 fix: it; and 2 more"),
            "{found:?}"
        );
        assert!(
            found.fix.ends_with("and so for 1 2 3 4 and the rest"),
            "{found:?}"
        );
        let two = warning(&branch, &names[..2]).expect("a warning");
        assert!(two.fix.ends_with("TEXT, and so for 1"), "{two:?}");
        assert!(
            found
                .fix
                .contains("override 0 not-picked --onto release-1.2"),
            "{found:?}"
        );
    }
}
