//! `release sync`: after a cut, what other branches lack of it comes to them:
//! entries of changelogs, versions, and by a merge all the rest. Everything is
//! made in memory; a branch moves when all of them can.

mod lacking;
mod pairing;
mod places;
mod sources;
mod writing;

use std::collections::BTreeMap;

use super::PatchingError;
use super::ledger::Ledger;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Listener, Sha256, Timestamp};
use crate::patch::BackMerge;
use crate::release::Policy;
use crate::release::back_merge::{self, Sides};
use crate::release::commit::Person;
use crate::sys::environment::Environment;
use crate::sys::git::{GitError, Pushed, Repository, UserGit, push};

pub use sources::Source;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The branches whose releases come back; empty: the current one where it
    /// is a maintenance branch, else all of them.
    pub from: Vec<BranchName>,
    /// The branches that get them; empty: as configured, else the main branch,
    /// and of a hotfix the normal branch.
    pub into: Vec<BranchName>,
    /// By which way; none: as configured.
    pub how: Option<BackMerge>,
    /// Whether they are pushed.
    pub push: bool,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Who does it.
    pub author: Person,
    /// When.
    pub date: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub struct Synced {
    /// By which way.
    pub how: BackMerge,
    /// The branches that take something over, in their order.
    pub targets: Vec<Target>,
    /// What stands against it, and what is worth a warning.
    pub findings: Vec<Finding>,
    /// Whether anything was changed.
    pub changed: bool,
    /// Whether they were pushed.
    pub pushed: bool,
}

/// A branch that takes something over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The branch.
    pub branch: BranchName,
    /// Where it is; none: it is made from the remote's.
    pub from: Option<String>,
    /// Where it was and will be made from.
    pub base: String,
    /// Where it will be.
    pub to: String,
    /// What comes to it, in order.
    pub steps: Vec<Step>,
    /// The releases that it lacks and that do not come to it; a finding says why.
    pub left_out: Vec<Source>,
}

/// What comes to a branch of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The release.
    pub source: Source,
    /// The commit that brings it.
    pub commit: String,
    /// The files that change and what is decided in them; of a merge those of
    /// the release alone.
    pub files: BTreeMap<String, String>,
}

impl Synced {
    /// Returns the digest of what is done: for a plan that is approved.
    pub fn digest(&self) -> Sha256 {
        let lines = self.targets.iter().map(|one| {
            let trees = one.steps.iter().map(|step| format!("{:?}", step.files));
            format!(
                "{} {} {}\n",
                one.branch,
                one.base,
                trees.collect::<String>()
            )
        });
        Sha256::of(lines.collect::<String>().as_bytes())
    }
}

/// Brings releases back.
pub fn sync(
    workspace: &Workspace,
    wanted: &Wanted,
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<Synced, FlowError> {
    if wanted.push {
        crate::flow::preparing::remote_is_there(workspace, environment)?;
    }
    let policy = workspace.policy("HEAD")?;
    let mut run = Run {
        workspace,
        ledger: Ledger::read(&workspace.repository, environment)?,
        policy: &policy,
        wanted,
        git: UserGit::new(&workspace.repository, environment),
        how: wanted.how.unwrap_or(workspace.project.patch.back_merge),
        findings: Vec::new(),
    };
    let sources = sources::sources(workspace, &policy, &wanted.from)?;
    if sources.is_empty() {
        let why = "no maintenance branch here has a release of its own";
        let finding = Finding::info("back-merge-nothing", "release sync", why);
        run.findings
            .push(finding.fix("git fetch, or name one: --from BRANCH"));
    }
    let mut targets = Vec::new();
    for (branch, sources) in run.pairs(sources)? {
        if let Some(target) = run.target(&branch, &sources)? {
            targets.push(target);
        }
    }
    let way = places::in_the_way(&workspace.repository, &targets, environment)?;
    run.findings.extend(way);
    let mut synced = Synced {
        how: run.how,
        targets,
        findings: run.findings,
        changed: false,
        pushed: false,
    };
    let refused = synced.findings.iter().any(Finding::is_error);
    if wanted.dry_run || refused {
        return Ok(synced);
    }
    let git = UserGit::new(&workspace.repository, environment);
    for target in synced.targets.iter().filter(|one| !one.steps.is_empty()) {
        let from = target.from.as_deref();
        git.forward(
            target.branch.as_str(),
            from,
            &target.to,
            "debcut: release sync",
        )
        .map_err(PatchingError::Forward)?;
        synced.changed = true;
    }
    if wanted.push && !synced.targets.is_empty() {
        let specs: Vec<String> = synced
            .targets
            .iter()
            .filter(|one| one.from.is_some() || !one.steps.is_empty())
            .map(|one| format!("refs/heads/{0}:refs/heads/{0}", one.branch))
            .collect();
        let remote = &policy.remote;
        let pushed = push(&workspace.repository, environment, remote, &specs, listener)?;
        synced.changed |= pushed == Pushed::Changed;
        synced.pushed = true;
    }
    Ok(synced)
}

/// What comes of a release on a branch.
enum Coming {
    /// This.
    Step(Step),
    /// Nothing: the branch has all of it.
    Nothing,
    /// Nothing, although the branch lacks it; a finding says why.
    LeftOut,
}

struct Run<'a> {
    workspace: &'a Workspace,
    ledger: Ledger<'a>,
    policy: &'a Policy,
    wanted: &'a Wanted,
    git: UserGit<'a>,
    how: BackMerge,
    findings: Vec<Finding>,
}

impl Run<'_> {
    fn repository(&self) -> &Repository {
        &self.workspace.repository
    }

    /// Makes what a branch lacks; none: it cannot be told, and a finding says
    /// why.
    fn target(
        &mut self,
        branch: &BranchName,
        sources: &[Source],
    ) -> Result<Option<Target>, FlowError> {
        let own = format!("refs/heads/{branch}");
        let remote = format!("refs/remotes/{}/{branch}", self.policy.remote);
        let (own, theirs) = (
            self.repository().ref_target(&own)?,
            self.repository().ref_target(&remote)?,
        );
        let base = match (&own, &theirs) {
            (None, None) => {
                let why = "there is no such branch";
                let finding = Finding::error("no-branch", branch.as_str(), why);
                self.findings
                    .push(finding.fix("git fetch, or correct --into or back-merge-into"));
                return Ok(None);
            }
            (Some(own), Some(theirs)) if !self.repository().is_ancestor(theirs, own)? => {
                let why = format!("{} has commits that it lacks", self.policy.remote);
                let finding = Finding::error("behind-remote", branch.as_str(), why);
                self.findings.push(finding.fix(format!(
                    "git fetch {0} {branch}:{branch}, or git pull on it",
                    self.policy.remote
                )));
                return Ok(None);
            }
            (Some(own), _) => own.clone(),
            (None, Some(theirs)) => theirs.clone(),
        };
        let mut target = Target {
            branch: branch.clone(),
            from: own,
            to: base.clone(),
            base,
            steps: Vec::new(),
            left_out: Vec::new(),
        };
        for source in sources {
            if self.repository().is_ancestor(&source.commit, &target.to)? {
                continue;
            }
            match self.step(&target, source)? {
                Coming::Step(step) => {
                    target.to.clone_from(&step.commit);
                    target.steps.push(step);
                }
                Coming::Nothing => {}
                Coming::LeftOut => target.left_out.push(source.clone()),
            }
        }
        Ok(Some(target))
    }

    fn step(&mut self, target: &Target, source: &Source) -> Result<Coming, FlowError> {
        let repository = &self.workspace.repository;
        let parted = repository.merge_base(&target.to, &source.commit)?;
        let trees = [Some(&target.to), Some(&source.commit), parted.as_ref()];
        let trees: Vec<Option<String>> = trees
            .into_iter()
            .map(|commit| commit.map(|id| Ok(repository.commit(id)?.tree)).transpose())
            .collect::<Result<_, GitError>>()?;
        let read = |side: usize| {
            let tree = trees[side].clone();
            move |path: &str| repository.file(tree.as_ref()?, path).ok().flatten()
        };
        let (into, from, base) = (read(0), read(1), read(2));
        let sides = Sides {
            into: &into,
            from: &from,
            base: &base,
        };
        let taken = back_merge::taken(self.policy, sides);
        let words_alone = self.how == BackMerge::Pick && !taken.files.is_empty();
        // A changelog that tells of a fix is a promise of it.
        if words_alone && self.lacks(target, source)? {
            return Ok(Coming::LeftOut);
        }
        self.findings.extend(taken.findings.iter().cloned());
        let commit = match self.how {
            BackMerge::Pick => match self.pick(target, source, &taken)? {
                Some(commit) => Some(commit),
                None => return Ok(Coming::Nothing),
            },
            BackMerge::Merge => self.merge(target, source, &taken, parted.as_deref())?,
        };
        let Some(commit) = commit else {
            return Ok(Coming::LeftOut);
        };
        let files = taken
            .files
            .into_iter()
            .map(|(path, file)| (path, file.what));
        Ok(Coming::Step(Step {
            source: source.clone(),
            commit,
            files: files.collect(),
        }))
    }
}
