//! The repository's state: branch, upstream, whole history, clean files.

use super::listed;
use crate::flow::FlowError;
use crate::model::{Checkup, Finding};
use crate::release::Policy;
use crate::release::policy::DebianKind;
use crate::release::prepare::apply as prepare;
use crate::sys::git::{GitError, Repository, Underway, Upstream};

/// Where HEAD is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    /// On a branch without a commit.
    Unborn(String),
    /// On no branch.
    Detached(String),
    /// On a branch that follows something, or nothing.
    Branch(String, Upstream),
}

/// How much of the history is the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// All of it.
    Yes,
    /// It ends at some commits.
    Shallow,
    /// `git replace` or grafts change it for this clone alone.
    Substituted,
}

/// The repository's state.
#[derive(Debug, Clone)]
pub(super) struct Stand {
    pub(super) head: Head,
    pub(super) bare: bool,
    pub(super) underway: Option<Underway>,
    pub(super) whole: Whole,
    /// Changed and untracked files, but what builds leave in `dist/`.
    pub(super) dirty: Vec<String>,
    /// The files that a release edits or is described in.
    pub(super) release_files: Vec<String>,
    /// Whether a `prepare` was begun and not ended.
    pub(super) preparing: bool,
    /// Whether there is somebody to push to.
    pub(super) has_remote: bool,
}

/// Reads the state.
pub(super) fn observe(
    repository: &Repository,
    policy: Option<&Policy>,
) -> Result<Stand, FlowError> {
    let head = match repository.commit("HEAD") {
        Err(GitError::Unborn { branch }) => Head::Unborn(branch),
        Err(error) => return Err(error.into()),
        Ok(commit) => match repository.branch_of("HEAD") {
            None => Head::Detached(commit.id),
            Some(branch) => {
                let upstream = repository.upstream(&branch)?;
                Head::Branch(branch, upstream)
            }
        },
    };
    let mut dirty = repository.dirty()?;
    dirty.retain(|path| !path.starts_with("dist/"));
    let objects = repository.objects()?;
    let substitutes = &objects.substitutes;
    let whole = if !substitutes.replaced.is_empty() || !substitutes.grafted.is_empty() {
        Whole::Substituted
    } else if !substitutes.shallow.is_empty() {
        Whole::Shallow
    } else {
        Whole::Yes
    };
    Ok(Stand {
        head,
        bare: repository.is_bare(),
        underway: repository.underway(),
        whole,
        dirty,
        release_files: policy.map(release_files).unwrap_or_default(),
        preparing: prepare::is_under_way(repository),
        has_remote: !repository.remotes()?.is_empty(),
    })
}

fn release_files(policy: &Policy) -> Vec<String> {
    let mut files = vec![crate::config::FILE_NAME.to_owned()];
    for unit in &policy.units {
        let versions = unit.version_files.iter().map(|file| file.path.clone());
        files.extend(versions);
        files.extend(unit.changes_file.clone());
        files.extend(match &unit.debian {
            DebianKind::Changelog { path } => Some(path.clone()),
            DebianKind::Declared { changelog, .. } => changelog.clone(),
        });
    }
    files
}

/// Judges the state.
pub(super) fn judge(stand: &Stand) -> Checkup {
    let mut checkup = Checkup::default();
    if stand.bare {
        let why = "it is bare: a release is prepared in a work tree";
        let finding = Finding::error("bare-repository", "repository", why);
        checkup.find(finding.fix("git clone it and work there"));
    }
    branch(stand, &mut checkup);
    if let Some(underway) = stand.underway {
        let command = underway.command();
        let why = format!("in the middle of a git {command}");
        let fix = match underway {
            Underway::Bisect => "git bisect reset".to_owned(),
            _ => format!("git {command} --continue, or git {command} --abort"),
        };
        checkup.find(Finding::error("git-underway", "work tree", why).fix(fix));
    }
    if stand.preparing {
        let why = "debcut prepare was interrupted, or runs at this moment";
        let finding = Finding::warning("prepare-interrupted", "work tree", why);
        checkup.find(finding.fix("debcut prepare, tag or release completes it first"));
    }
    match stand.whole {
        Whole::Yes => {}
        Whole::Shallow => {
            let why = "the clone is shallow: older releases and their tags may lack";
            let finding = Finding::warning("shallow-clone", "history", why);
            checkup.find(finding.fix("git fetch --unshallow --tags"));
        }
        Whole::Substituted => {
            let why = "git replace or grafts show this clone another history than others have";
            let finding = Finding::warning("substituted-commit", "history", why);
            checkup.find(finding.fix("git replace --list; git replace --delete COMMIT"));
        }
    }
    files(stand, &mut checkup);
    checkup
}

fn branch(stand: &Stand, checkup: &mut Checkup) {
    match &stand.head {
        Head::Unborn(branch) => {
            let finding = Finding::error("no-commit", branch, "the branch has no commit yet");
            checkup.find(finding.fix("commit something first"));
        }
        Head::Detached(commit) => {
            let why = format!("detached at {commit:.12}: a release commit would be on no branch");
            let finding = Finding::warning("detached-head", "HEAD", why);
            checkup.find(finding.fix("git switch BRANCH"));
        }
        Head::Branch(branch, Upstream::None) => {
            let why = match stand.has_remote {
                true => "it follows no branch of a remote",
                false => "there is no remote",
            };
            checkup.pass("branch", branch, why);
        }
        Head::Branch(branch, Upstream::Gone) => {
            let why = "the branch that it follows is not known here";
            let finding = Finding::warning("upstream-gone", branch, why);
            checkup.find(finding.fix("git fetch, or git branch --set-upstream-to=…"));
        }
        Head::Branch(
            branch,
            Upstream::Known {
                name,
                ahead,
                behind: 0,
            },
        ) => {
            let why = match ahead {
                0 => format!("the same as {name} when it was last fetched"),
                n => format!("{n} commit(s) before {name} when it was last fetched"),
            };
            checkup.pass("branch", branch, why);
        }
        Head::Branch(
            branch,
            Upstream::Known {
                name,
                ahead,
                behind,
            },
        ) => {
            let (why, fix) = match ahead {
                0 => (
                    format!("it lacks {behind} commit(s) of {name}"),
                    "git pull --ff-only",
                ),
                n => (
                    format!("it lacks {behind} commit(s) of {name} and has {n} of its own"),
                    "git pull --rebase",
                ),
            };
            checkup.find(Finding::error("behind-upstream", branch, why).fix(fix));
        }
    }
}

fn files(stand: &Stand, checkup: &mut Checkup) {
    let (own, others): (Vec<&String>, Vec<&String>) = stand
        .dirty
        .iter()
        .partition(|path| stand.release_files.contains(path));
    if !own.is_empty() {
        let why = "changed, and a release would edit or read it as it is committed";
        let finding = Finding::error("dirty-release-file", listed(&own), why);
        checkup.find(finding.fix("git commit, or git stash"));
    }
    match others.first() {
        Some(first) => {
            let why = format!(
                "{} changed or untracked file(s), such as {first}: no release takes them",
                others.len()
            );
            let finding = Finding::warning("dirty-work-tree", "work tree", why);
            checkup.find(finding.fix("git status shows them; commit, ignore or stash them"));
        }
        None if own.is_empty() => checkup.pass("work-tree", "work tree", "clean"),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine() -> Stand {
        Stand {
            head: Head::Branch("main".into(), Upstream::None),
            bare: false,
            underway: None,
            whole: Whole::Yes,
            dirty: Vec::new(),
            release_files: vec!["debcut.toml".into(), "VERSION".into()],
            preparing: false,
            has_remote: true,
        }
    }

    fn following(ahead: usize, behind: usize) -> Head {
        let name = "origin/main".into();
        let upstream = Upstream::Known {
            name,
            ahead,
            behind,
        };
        Head::Branch("main".into(), upstream)
    }

    #[test]
    fn every_state_is_judged() {
        type Change = fn(&mut Stand);
        let cases: &[(Change, &[&str])] = &[
            (|_| {}, &[]),
            (
                |s| s.head = Head::Unborn("main".into()),
                &["error no-commit"],
            ),
            (
                |s| s.head = Head::Detached("0".repeat(40)),
                &["warning detached-head"],
            ),
            (
                |s| s.head = Head::Branch("main".into(), Upstream::Gone),
                &["warning upstream-gone"],
            ),
            (|s| s.head = following(0, 0), &[]),
            (|s| s.head = following(3, 0), &[]),
            (|s| s.head = following(0, 1), &["error behind-upstream"]),
            (|s| s.head = following(2, 1), &["error behind-upstream"]),
            (|s| s.bare = true, &["error bare-repository"]),
            (
                |s| s.underway = Some(Underway::CherryPick),
                &["error git-underway"],
            ),
            (|s| s.preparing = true, &["warning prepare-interrupted"]),
            (|s| s.whole = Whole::Shallow, &["warning shallow-clone"]),
            (
                |s| s.whole = Whole::Substituted,
                &["warning substituted-commit"],
            ),
            (
                |s| s.dirty = vec!["VERSION".into()],
                &["error dirty-release-file"],
            ),
            (
                |s| s.dirty = vec!["src/VERSION".into()],
                &["warning dirty-work-tree"],
            ),
            (
                |s| s.dirty = vec!["x".into(), "debcut.toml".into()],
                &["error dirty-release-file", "warning dirty-work-tree"],
            ),
        ];
        for (at, (change, want)) in cases.iter().enumerate() {
            let mut stand = fine();
            change(&mut stand);
            let found = super::super::tests::shown(&judge(&stand));
            assert_eq!(found, *want, "case {at}: {stand:?}");
        }
    }
}
