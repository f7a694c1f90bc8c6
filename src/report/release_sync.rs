//! What came back of a release, to which branches.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Document, Page};
use crate::patch::BackMerge;

/// What `release sync` answers.
#[derive(Debug, Serialize)]
pub struct ReleaseSyncDocument {
    by: &'static str,
    targets: Vec<Target>,
    pushed: bool,
    /// What is left to be done by hand.
    next: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Target {
    branch: String,
    from: String,
    to: String,
    releases: Vec<Step>,
    left_out: Vec<LeftOut>,
}

/// A release that a branch lacks and does not get.
#[derive(Debug, Serialize)]
struct LeftOut {
    branch: String,
    tag: String,
}

#[derive(Debug, Serialize)]
struct Step {
    branch: String,
    tag: String,
    commit: String,
    files: BTreeMap<String, String>,
}

impl ReleaseSyncDocument {
    /// Says by which way it is done.
    pub fn new(how: BackMerge, pushed: bool) -> Self {
        Self {
            by: match how {
                BackMerge::Merge => "merge",
                BackMerge::Pick => "pick",
            },
            targets: Vec::new(),
            pushed,
            next: Vec::new(),
        }
    }

    /// Says how what was made here comes to a remote.
    #[must_use]
    pub fn to_be_pushed(mut self, remote: &str) -> Self {
        let made = self.targets.iter().filter(|one| !one.releases.is_empty());
        let made: Vec<&str> = made.map(|one| one.branch.as_str()).collect();
        if !made.is_empty() {
            self.next = vec![format!("git push {remote} {}", made.join(" "))];
        }
        self
    }

    /// Adds a branch that was looked at.
    pub fn target(&mut self, branch: &str, from: &str, to: &str) {
        self.targets.push(Target {
            branch: branch.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            releases: Vec::new(),
            left_out: Vec::new(),
        });
    }

    /// Adds a release that the last branch lacks and does not get.
    pub fn left_out(&mut self, branch: &str, tag: &str) {
        if let Some(target) = self.targets.last_mut() {
            target.left_out.push(LeftOut {
                branch: branch.to_owned(),
                tag: tag.to_owned(),
            });
        }
    }

    /// Adds a release that comes to the last branch, with what is decided in
    /// which file.
    pub fn step(
        &mut self,
        branch: &str,
        tag: &str,
        commit: &str,
        files: &BTreeMap<String, String>,
    ) {
        if let Some(target) = self.targets.last_mut() {
            target.releases.push(Step {
                branch: branch.to_owned(),
                tag: tag.to_owned(),
                commit: commit.to_owned(),
                files: files.clone(),
            });
        }
    }
}

impl Document for ReleaseSyncDocument {
    const SCHEMA: &'static str = "debcut/release-sync/1";

    fn text(&self, page: &mut Page) {
        for target in &self.targets {
            let name = page.bold(&target.branch);
            if target.releases.is_empty() && target.left_out.is_empty() {
                page.line(format!("{name} has all of it"));
            }
            for step in &target.releases {
                let (tag, from) = (&step.tag, &step.branch);
                page.line(format!("{name} gets {tag} of {from} by {}", self.by));
                for (path, what) in &step.files {
                    page.line(format!("  {path}: {what}"));
                }
            }
            for LeftOut { branch, tag } in &target.left_out {
                page.line(format!("{name} does not get {tag} of {branch}"));
            }
        }
        if self.pushed {
            page.line("pushed");
        }
    }

    fn ending(&self, page: &mut Page) {
        for next in &self.next {
            page.line(format!("next: {next}"));
        }
    }
}
