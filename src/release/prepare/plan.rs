//! The plan and the files as they are → the files as they will be.

use serde::Serialize;

use super::edits::{Edits, Writers};
use super::message::{MessageError, message};
use super::observe::{Target, Tree};
use crate::model::{Finding, Sha256, Timestamp, finding::with_causes};
use crate::release::commit::Person;
use crate::release::plan::ReleasePlan;
use crate::release::policy::Policy;
use crate::release::trailer::released;

/// The release commit that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreparePlan {
    /// The commit that it stands on.
    pub parent: String,
    /// The branch that gets it, without `refs/heads/`; none: a detached HEAD.
    pub branch: Option<String>,
    /// How that branch, or HEAD, gets it.
    pub advance: Advance,
    /// The files, by path.
    pub files: Vec<FileEdit>,
    /// The commit's message.
    pub message: String,
    /// Who makes it.
    pub author: Person,
    /// When.
    pub date: Timestamp,
}

/// How a branch gets the release commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "how", content = "at")]
pub enum Advance {
    /// It is the current one, or HEAD is detached; it is at the parent, and
    /// index and work tree follow.
    Current,
    /// It is made; index and work tree are left alone.
    New,
    /// It is put forward from this commit; index and work tree are left alone.
    From(String),
}

/// A file before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEdit {
    /// Its path from the top.
    pub path: String,
    /// What was in it; none: it is new.
    #[serde(skip)]
    pub before: Option<Vec<u8>>,
    /// What will be in it.
    #[serde(skip)]
    pub after: Vec<u8>,
    /// The digest of what will be in it.
    pub sha256: Sha256,
    /// Whether it is executable.
    pub executable: bool,
    /// What changes, as one clause: `1.2.3 → 1.3.0`, `a new entry`.
    pub what: String,
}

impl FileEdit {
    /// Puts another text in the place of what will be in it.
    pub fn set(&mut self, after: Vec<u8>) {
        self.sha256 = Sha256::of(&after);
        self.after = after;
    }
}

/// What the plan is made with, beside the release plan.
#[derive(Debug, Clone)]
pub struct Means<'a> {
    /// Who releases.
    pub author: &'a Person,
    /// When.
    pub date: Timestamp,
}

/// Plans the release commit; `None` when no file changes, or when the branch
/// that is asked for has the commit already ([`Target::Ahead`]).
pub fn plan(
    release: &ReleasePlan,
    policy: &Policy,
    tree: &Tree,
    means: &Means<'_>,
) -> Result<Option<PreparePlan>, Vec<Finding>> {
    plan_by(&Writers::OWN, release, policy, tree, means)
}

fn plan_by(
    writers: &Writers,
    release: &ReleasePlan,
    policy: &Policy,
    tree: &Tree,
    means: &Means<'_>,
) -> Result<Option<PreparePlan>, Vec<Finding>> {
    let mut edits = Edits::new(tree, writers);
    // What was written and not committed is told apart from somebody else's
    // changes by being the same; so it is written for the same moment again.
    let written = Means {
        author: means.author,
        date: tree.written(release, policy).unwrap_or(means.date),
    };
    for (package, next) in release.releases() {
        if !next.binary_only {
            edits.package(policy, package, next, &written);
        }
    }
    edits.verify(release, policy);
    let (files, mut findings) = edits.finish();
    // What is prepared again gets its commit even where the files come out the
    // same: it is made of other commits.
    let is_again = release.releases().any(|(_, next)| next.again.is_some());
    if files.is_empty() && findings.is_empty() && !is_again {
        return Ok(None);
    }
    let message = message(release, policy, &tree.target).unwrap_or_else(|error| {
        findings.push(message_finding(&error));
        String::new()
    });
    if let Target::Ahead { message: there, .. } = &tree.target
        && findings.is_empty()
        && released(&message).eq(released(there))
    {
        return Ok(None);
    }
    findings.extend(templates_missing(policy, tree));
    findings.extend(dirty(&files, tree));
    let (branch, advance) = match advance(&tree.target) {
        Ok(found) => found,
        Err(finding) => {
            findings.push(finding);
            return Err(findings);
        }
    };
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(Some(PreparePlan {
        parent: release.head.clone(),
        branch,
        advance,
        files,
        message,
        author: means.author.clone(),
        date: means.date,
    }))
}

fn advance(target: &Target) -> Result<(Option<String>, Advance), Finding> {
    let refusal = |rule, branch: &str, found: String, fix: String| {
        Err(Finding::error(rule, branch, found).fix(fix))
    };
    match target {
        Target::Head { branch } => Ok((branch.clone(), Advance::Current)),
        Target::New { branch } => Ok((Some(branch.clone()), Advance::New)),
        Target::Behind { branch, at } => Ok((Some(branch.clone()), Advance::From(at.clone()))),
        Target::Ahead { branch, at, .. } | Target::Diverged { branch, at } => refusal(
            "branch-diverged",
            branch,
            format!("it is at {at}, which the planned commit does not contain"),
            format!("take another name, or remove it: git branch -D {branch}"),
        ),
        Target::Elsewhere { branch, work_tree } => refusal(
            "branch-checked-out",
            branch,
            format!(
                "it is checked out in {}, whose files would not follow",
                work_tree.display()
            ),
            "prepare there, or take another name".to_owned(),
        ),
    }
}

fn dirty(files: &[FileEdit], tree: &Tree) -> Vec<Finding> {
    let changed = files
        .iter()
        .filter(|file| tree.dirty.contains(&file.path) && !tree.has(file));
    let finding = |file: &FileEdit| {
        let (found, fix) = match file.before {
            Some(_) => (
                "it has changes that are not committed, and the release changes it too",
                format!(
                    "commit them, or put them aside: git stash push -- {}",
                    file.path
                ),
            ),
            None => (
                "it is there, but not committed, and the release would make it",
                "commit it, or move it away".to_owned(),
            ),
        };
        Finding::error("dirty-release-file", &file.path, found).fix(fix)
    };
    changed.map(finding).collect()
}

fn templates_missing(policy: &Policy, tree: &Tree) -> Vec<Finding> {
    let configured = policy.notes.templates.iter();
    let missing = configured.filter(|(format, _)| !tree.templates.contains_key(*format));
    let finding = |(format, path): (&String, &String)| {
        let found = format!("the template of the notes' form “{format}” is not in the tree");
        Finding::error("template-missing", path, found).fix("commit it, or correct debcut.toml")
    };
    missing.map(finding).collect()
}

fn message_finding(error: &MessageError) -> Finding {
    Finding::error("message-template", "debcut.toml", with_causes(error))
        .fix("correct the template of the release commit's message")
}

#[cfg(test)]
mod tests;
