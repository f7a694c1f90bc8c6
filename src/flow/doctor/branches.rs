//! Fixes on maintenance branches that never reached the main branch.

use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{Checkup, Finding};
use crate::release::Policy;
use crate::release::trailer;
use crate::sys::git::{Branch, Missing, ObjectId};

const RULE: &str = "unsynchronised-branch";
/// What the main branch is called where the remote does not say.
const USUAL: [&str; 4] = ["main", "master", "trunk", "debian/latest"];
/// How many maintenance branches are compared, the newest first: whoever keeps
/// more than these no longer looks at the older ones.
const BRANCHES: usize = 12;
/// How many commits a line tells.
const SHOWN: usize = 3;

/// Compares every maintenance branch with the main branch, by what their
/// commits change.
pub(super) fn check(workspace: &Workspace, policy: &Policy) -> Result<Checkup, FlowError> {
    let mut checkup = Checkup::default();
    let repository = &workspace.repository;
    let branches = repository.branches()?;
    let default = repository.default_branch(&policy.remote);
    let Some(main) = main_branch(&branches, default.as_deref()) else {
        return Ok(checkup);
    };
    let into: Vec<ObjectId> = branches
        .iter()
        .filter(|branch| branch.short() == main)
        .map(|branch| branch.commit)
        .collect();
    let kept = maintenance(&branches, &policy.maintenance, &main);
    let objects = repository.objects()?;
    for branch in &kept {
        let missing = match repository.unpicked(&objects, branch.commit, &into) {
            Ok(Ok(missing)) => missing,
            Ok(Err(_)) => {
                let why = format!("not compared with {main}: they have too little in common");
                checkup.find(Finding::info(RULE, &branch.name, why));
                continue;
            }
            Err(error) => {
                let why = crate::model::finding::with_causes(&error);
                checkup.find(Finding::info(RULE, &branch.name, why));
                continue;
            }
        };
        let missing: Vec<&Missing> = missing.iter().filter(|one| matters(&one.message)).collect();
        checkup.extend(judge(&branch.name, &main, &missing));
    }
    Ok(checkup)
}

/// Finds the name of the branch that all fixes have to reach.
fn main_branch(branches: &[Branch], default: Option<&str>) -> Option<String> {
    let there = |name: &&str| branches.iter().any(|branch| branch.short() == *name);
    let found = default.into_iter().chain(USUAL).find(there);
    found.map(str::to_owned)
}

/// Lists the maintenance branches, the highest version first; one that is local
/// and a remote's is listed as local.
fn maintenance<'a>(branches: &'a [Branch], patterns: &[String], main: &str) -> Vec<&'a Branch> {
    let version = |branch: &Branch| {
        patterns.iter().find_map(|pattern| {
            let (before, after) = pattern.split_once("{version}")?;
            let middle = branch.short().strip_prefix(before)?.strip_suffix(after)?;
            middle
                .starts_with(|c: char| c.is_ascii_digit())
                .then(|| middle.to_owned())
        })
    };
    let mut found: Vec<(Vec<u64>, &Branch)> = Vec::new();
    for branch in branches.iter().filter(|branch| branch.short() != main) {
        let Some(version) = version(branch) else {
            continue;
        };
        // Local ones come first.
        if found
            .iter()
            .any(|(_, other)| other.short() == branch.short())
        {
            continue;
        }
        let numbers = version.split(['.', '-', '_']);
        let numbers = numbers.map(|part| part.parse().unwrap_or(0)).collect();
        found.push((numbers, branch));
    }
    found.sort_by(|a, b| b.0.cmp(&a.0));
    found.truncate(BRANCHES);
    found.into_iter().map(|(_, branch)| branch).collect()
}

/// Tells whether a commit has to reach the main branch: a release commit is of
/// its own line.
fn matters(message: &str) -> bool {
    let subject = message.lines().next().unwrap_or_default();
    let is_release = trailer::released(message).next().is_some();
    !is_release && !subject.starts_with("chore(release)")
}

fn judge(branch: &str, main: &str, missing: &[&Missing]) -> Checkup {
    let mut checkup = Checkup::default();
    if missing.is_empty() {
        checkup.pass(RULE, branch, format!("all that it fixes is in {main}"));
        return checkup;
    }
    let subject = |one: &&Missing| {
        let subject = one.message.lines().next().unwrap_or_default();
        format!("{:.12} {subject}", one.id.to_string())
    };
    let mut names: Vec<String> = missing.iter().take(SHOWN).map(subject).collect();
    if missing.len() > SHOWN {
        names.push(format!("and {} more", missing.len() - SHOWN));
    }
    let why = format!(
        "{} commit(s) never reached {main}: {}",
        missing.len(),
        names.join("; ")
    );
    let ids: Vec<String> = missing
        .iter()
        .rev()
        .take(SHOWN)
        .map(|one| format!("{:.12}", one.id.to_string()))
        .collect();
    let fix = format!(
        "on {main}: git cherry-pick -x {}, or git merge --strategy=ours {branch} where it is not for {main}",
        ids.join(" ")
    );
    checkup.find(Finding::warning(RULE, branch, why).fix(fix));
    checkup
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branches(names: &[&str]) -> Vec<Branch> {
        let branch = |name: &&str| Branch {
            name: (*name).to_owned(),
            remote: name.starts_with("origin/").then(|| "origin".to_owned()),
            commit: ObjectId::from_hex(&"1".repeat(40)).expect("an id"),
        };
        names.iter().map(branch).collect()
    }

    #[test]
    fn branches_are_told_apart() {
        let patterns = vec![
            "release-{version}".to_owned(),
            "release/{version}".to_owned(),
        ];
        // Branches and the remote's own → the main one and those kept.
        type Case = (
            &'static [&'static str],
            Option<&'static str>,
            Option<&'static str>,
            &'static [&'static str],
        );
        let cases: &[Case] = &[
            (&["main", "x"], None, Some("main"), &[]),
            (&["master", "topic"], None, Some("master"), &[]),
            (&["main", "next"], Some("next"), Some("next"), &[]),
            (&["x"], None, None, &[]),
            (
                &["main", "release-1.9", "release-1.10", "release-notes"],
                None,
                Some("main"),
                &["release-1.10", "release-1.9"],
            ),
            (
                &[
                    "main",
                    "release/2",
                    "origin/main",
                    "origin/release-1.0",
                    "origin/release/2",
                ],
                None,
                Some("main"),
                &["release/2", "origin/release-1.0"],
            ),
        ];
        for (names, default, main, kept) in cases {
            let branches = branches(names);
            let found = main_branch(&branches, *default);
            assert_eq!(found.as_deref(), *main, "{names:?}");
            let main = found.unwrap_or_default();
            let found = maintenance(&branches, &patterns, &main);
            let found: Vec<&str> = found.iter().map(|b| b.name.as_str()).collect();
            assert_eq!(found, *kept, "{names:?}");
        }
    }

    #[test]
    fn release_commits_stay_where_they_are() {
        for (message, want) in [
            ("fix: x\n", true),
            ("chore(release): tally 1.0.1\n", false),
            ("Release it\n\nDebcut-Release: tally 1.0.1\n", false),
            ("fix: x\n\nas Debcut-Release: says\n", true),
        ] {
            assert_eq!(matters(message), want, "{message}");
        }
    }
}
