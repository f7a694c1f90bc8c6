//! What a lift releases: found out when it begins, and kept in the mark.

mod main_line;
mod uploads;

use std::collections::BTreeMap;

use super::{Wanted, When};
use crate::flow::FlowError;
use crate::flow::embargoing;
use crate::flow::patching::branches::main_line as main_branch;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Suite, TagName};
use crate::patch::embargo::{Embargo, Lift, Stage};
use crate::sys::environment::Environment;
use crate::sys::git::{ObjectId, UserGit};

/// What would be released.
#[derive(Debug)]
pub struct Planned {
    /// What.
    pub lift: Lift,
    /// How many commits of each branch go out.
    pub commits: BTreeMap<BranchName, usize>,
    /// What is worth a warning.
    pub findings: Vec<Finding>,
}

/// Plans a lift. One of which something may be out releases what was planned
/// then, with the branches where they are now; else everything is looked at
/// anew.
pub(super) fn plan(
    workspace: &Workspace,
    embargo: &Embargo,
    wanted: &Wanted,
    environment: &Environment,
) -> Result<Result<Planned, Vec<Finding>>, FlowError> {
    let repository = &workspace.repository;
    let mut errors = Vec::new();
    let mut heads = BTreeMap::new();
    for branch in &embargo.branches {
        match repository.ref_target(&format!("refs/heads/{branch}"))? {
            Some(head) => {
                heads.insert(branch.clone(), head);
            }
            None => {
                let lost = Finding::error("no-branch", branch.as_str(), "it is not here");
                let home = embargoing::private_home(repository, embargo, branch, environment)?;
                errors.push(match home {
                    Some(remote) => lost.fix(format!("git branch {branch} {remote}/{branch}")),
                    None => lost,
                });
            }
        }
    }
    if let Some(lift) = embargo.lift.as_ref().filter(|lift| !lift.can_go_back()) {
        let lift = Lift {
            branches: heads,
            ..lift.clone()
        };
        return Ok(match errors.is_empty() {
            true => Ok(Planned {
                lift,
                commits: BTreeMap::new(),
                findings: Vec::new(),
            }),
            false => Err(errors),
        });
    }
    let remote = &embargo.target.remote;
    let there = UserGit::new(repository, environment).remote_refs(remote)?;
    let mut agenda = Agenda {
        workspace,
        embargo,
        there,
        tags: Vec::new(),
        commits: BTreeMap::new(),
        errors,
        findings: Vec::new(),
    };
    for (branch, head) in &heads {
        agenda.branch(branch, head)?;
    }
    if agenda.tags.is_empty() && agenda.errors.is_empty() {
        let message = "nothing was released under it: no branch has a tag that is not out yet";
        let finding = Finding::error("not-released", &embargo.mark.name, message);
        let fix = "debcut release --to SUITE --archive PRIVATE, then lift it";
        agenda.errors.push(finding.fix(fix));
    }
    for finding in main_line::judge(workspace, embargo, &heads, &agenda.there, wanted)? {
        agenda.say(finding);
    }
    let uploads = agenda.uploads()?;
    for finding in uploads::untried(embargo, &uploads, environment)? {
        agenda.say(finding);
    }
    if !agenda.errors.is_empty() {
        return Ok(Err(agenda.errors));
    }
    let channels = workspace.project.announce.channels.iter();
    let lift = Lift {
        at: wanted.now,
        by: wanted.by.clone(),
        reason: match &wanted.when {
            When::Early(reason) => Some(reason.clone()),
            When::Due | When::Unattended => None,
        },
        stage: Stage::Trying,
        not_on_main: wanted.not_on_main.clone(),
        branches: heads,
        tags: agenda.tags.into_iter().map(|(tag, _)| tag).collect(),
        uploads: uploads.into_iter().map(|found| found.upload).collect(),
        channels: match wanted.quiet {
            true => Vec::new(),
            false => channels.map(|channel| channel.name.clone()).collect(),
        },
    };
    Ok(Ok(Planned {
        lift,
        commits: agenda.commits,
        findings: agenda.findings,
    }))
}

/// What is found out for a lift, one branch after the other.
struct Agenda<'a> {
    workspace: &'a Workspace,
    embargo: &'a Embargo,
    /// What the public remote has.
    there: BTreeMap<String, String>,
    /// What is new there, with the branch that it is a release of.
    tags: Vec<(TagName, BranchName)>,
    commits: BTreeMap<BranchName, usize>,
    errors: Vec<Finding>,
    findings: Vec<Finding>,
}

impl Agenda<'_> {
    fn say(&mut self, finding: Finding) {
        match finding.is_error() {
            true => self.errors.push(finding),
            false => self.findings.push(finding),
        }
    }

    /// Finds what is new on a branch.
    fn branch(&mut self, branch: &BranchName, head: &str) -> Result<(), FlowError> {
        let repository = &self.workspace.repository;
        let remote = &self.embargo.target.remote;
        let tip = self.there.get(&format!("refs/heads/{branch}")).cloned();
        let known = tip.as_ref().filter(|tip| repository.has_object(tip));
        let follows = match known {
            Some(tip) => repository.is_ancestor(tip, head)?,
            None => tip.is_none(),
        };
        if !follows {
            let message = format!("{remote} has commits on it that it lacks");
            let finding = Finding::error("moved", branch.as_str(), message);
            let fix = format!("git fetch {remote}, and on {branch} git merge {remote}/{branch}");
            self.errors.push(finding.fix(fix));
            return Ok(());
        }
        let public = self.there.iter();
        let public = public
            .filter(|(name, id)| name.starts_with("refs/heads/") && repository.has_object(id));
        let public: Vec<_> = public
            .filter_map(|(_, id)| ObjectId::from_hex(id))
            .collect();
        let object = ObjectId::from_hex(head);
        let new = object.map(|head| repository.commits_only_in(head, &public));
        let new = new.transpose()?.unwrap_or_default().len();
        self.commits.insert(branch.clone(), new);
        let mut own = 0;
        let mut at_head = false;
        for tag in repository.tag_names()? {
            let Ok(commit) = repository.tag(tag.as_str()).map(|tag| tag.commit.id) else {
                continue;
            };
            let named = self.there.contains_key(&format!("refs/tags/{tag}"));
            let is_old = match known {
                Some(tip) => repository.is_ancestor(&commit, tip)?,
                None => named,
            };
            if is_old || !repository.is_ancestor(&commit, head)? {
                continue;
            }
            if named {
                let message = format!("{remote} has a tag of this name already");
                let fix = format!(
                    "git ls-remote --tags {remote} {tag} says what it is: where it is there by \
                     mistake, git push {remote} --delete refs/tags/{tag}; where somebody has \
                     released meanwhile, git tag --delete {tag}, and release {branch} as \
                     another version"
                );
                let finding = Finding::error("tag-taken", tag.as_str(), message);
                self.errors.push(finding.fix(fix));
            }
            at_head |= commit == head;
            own += 1;
            self.tag(tag, branch);
        }
        let is_main = main_branch(self.workspace)?.is_some_and(|main| main.name == *branch);
        if new > 0 && !is_main && !at_head {
            let message = match own {
                0 => "it has commits that go out, and no release of them",
                _ => "it has commits behind its last tag, which go out as well",
            };
            let finding = Finding::warning("untagged", branch.as_str(), message);
            self.findings.push(finding);
        }
        Ok(())
    }

    /// Takes a tag. Where several branches have it, it is of the one that has a
    /// suite of its own.
    fn tag(&mut self, tag: TagName, branch: &BranchName) {
        match self.tags.iter_mut().find(|(known, _)| *known == tag) {
            Some((_, of)) if self.embargo.target.suites.contains_key(branch) => {
                *of = branch.clone();
            }
            Some(_) => {}
            None => self.tags.push((tag, branch.clone())),
        }
    }

    /// Finds the uploads of the tags.
    fn uploads(&mut self) -> Result<Vec<uploads::Found>, FlowError> {
        let mut all = Vec::new();
        if self.embargo.target.archive.is_none() {
            return Ok(all);
        }
        for (tag, branch) in &self.tags {
            let suite: Option<&Suite> = self.embargo.target.suite_of(branch);
            let Some(suite) = suite else {
                let message = "no suite is named for its packages";
                let finding = Finding::error("no-suite", branch.as_str(), message);
                let name = &self.embargo.mark.name;
                let fix = format!("debcut patch embargo {name} --suite {branch}=SUITE");
                self.errors.push(finding.fix(fix));
                continue;
            };
            let found = uploads::of(self.workspace, tag, suite)?;
            if found.is_empty() {
                let place = uploads::place(self.workspace, tag);
                let message = format!("there is no .changes in {}", place.display());
                let finding = Finding::error("not-built", tag.as_str(), message);
                self.errors.push(finding.fix(format!("debcut build {tag}")));
            }
            all.extend(found);
        }
        Ok(all)
    }
}
