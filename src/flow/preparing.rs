//! `prepare`: the plan → one commit with the release's files.

use super::FlowError;
use super::hooks::{HookPackage, Hooks, Occasion};
use super::planning::{self, Planned};
use super::project::Workspace;
use crate::model::{DigestPrefix, Finding, Listener, PackageName, Timestamp};
use crate::release::changelog::{newest_text_of, replace_newest};
use crate::release::commit::Person;
use crate::release::plan::{Decision, ReleasePlan, Request};
use crate::release::prepare::apply;
use crate::release::prepare::message::PLAN_TRAILER;
use crate::release::prepare::plan::{self as prepare_plan, Means, PreparePlan};
use crate::release::prepare::{self};
use crate::sys::environment::Environment;
use crate::sys::git::{PushError, Pushed, forge_command, may_push, push};

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is to be released.
    pub request: Request,
    /// The digest of the plan that was approved.
    pub expected: Option<DigestPrefix>,
    /// The branch that gets the commit; none: the current one.
    pub branch: Option<String>,
    /// How far to go.
    pub extent: Extent,
    /// Whether the branch is pushed.
    pub push: bool,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
    /// Who releases.
    pub author: Person,
    /// When.
    pub date: Timestamp,
}

/// How far `prepare` goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The files in the work tree.
    Files,
    /// The release commit.
    Commit,
}

/// Lets the user edit a text: its file's name and content → what they left.
pub type Edit<'a> = dyn FnMut(&str, &str) -> Result<String, FlowError> + 'a;

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// Not done, for these reasons.
    Refused {
        /// The reasons.
        findings: Vec<Finding>,
        /// Whether only the plan was wanted.
        dry_run: bool,
    },
    /// This would be done; none: no file would change.
    Planned {
        /// The release.
        planned: Box<Planned>,
        /// The commit.
        commit: Option<PreparePlan>,
    },
    /// There is nothing to prepare.
    Unchanged {
        /// The release.
        planned: Box<Planned>,
        /// What came of the push, where one was asked for.
        pushed: Option<BranchPush>,
        /// What to do next, where there is something.
        next_step: Option<String>,
    },
    /// Done.
    Done(Box<Done>),
}

/// A branch that was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchPush {
    /// Whether the remote has changed.
    pub changed: bool,
    /// The command that asks for a pull request, where the branch is one of its
    /// own.
    pub pull_request: Option<String>,
}

/// A finished preparation.
#[derive(Debug)]
pub struct Done {
    /// The release.
    pub planned: Planned,
    /// What was written.
    pub plan: PreparePlan,
    /// The release commit; none where only files were written.
    pub commit: Option<String>,
    /// What came of the push, where one was asked for.
    pub pushed: Option<BranchPush>,
    /// What to do next.
    pub next_step: Option<String>,
}

const COMMIT_FILES: &str = "look at the files, commit them, then debcut tag";

/// Prepares a release. Run again after a crash, it completes what was left.
pub fn prepare(
    workspace: &Workspace,
    wanted: &Wanted,
    environment: &Environment,
    edit: Option<&mut Edit<'_>>,
    listener: &dyn Listener,
) -> Result<Outcome, FlowError> {
    let repository = &workspace.repository;
    let hooks = Hooks::new(workspace, environment, listener);
    if !wanted.dry_run {
        apply::recover(repository, environment)?;
        hooks.run_due()?;
    }
    let refused = |findings| {
        Ok(Outcome::Refused {
            findings,
            dry_run: wanted.dry_run,
        })
    };
    if let Some(finding) = workspace.committed_configuration()? {
        return refused(vec![finding]);
    }
    if wanted.push {
        remote_is_there(workspace, environment)?;
    }
    let planned = match planning::plan(workspace, "HEAD", &wanted.request)? {
        planning::Outcome::Planned(planned) => planned,
        planning::Outcome::Refused(findings) => return refused(findings),
    };
    let unchanged = |planned: Box<Planned>| {
        // An earlier run may have failed to push what it prepared.
        let pushed = push_branch(workspace, &planned, wanted, environment, listener)?;
        let next_step = awaited(&planned.plan);
        Ok(Outcome::Unchanged {
            planned,
            pushed,
            next_step,
        })
    };
    let done = match approved(workspace, &planned, wanted)? {
        Approved::Same => false,
        Approved::Done => true,
        Approved::Other(finding) => return refused(vec![finding]),
    };
    if done || planned.plan.releases().next().is_none() {
        return match wanted.dry_run {
            true => Ok(Outcome::Planned {
                planned,
                commit: None,
            }),
            false => unchanged(planned),
        };
    }
    let occasion = Occasion::new("prepare", packages(&planned.plan));
    if !wanted.dry_run
        && let Some(finding) = hooks.before(&occasion)
    {
        return refused(vec![finding]);
    }
    if planned.plan.branch.is_none() && wanted.branch.is_none() && !wanted.dry_run {
        listener.warn("HEAD is on no branch: the release commit will be on none either");
    }
    let tree = prepare::observe::observe(
        repository,
        &planned.plan,
        &planned.policy,
        wanted.branch.as_deref(),
    )?;
    let means = Means {
        author: &wanted.author,
        date: wanted.date,
    };
    let mut plan = match prepare_plan::plan(&planned.plan, &planned.policy, &tree, &means) {
        Ok(plan) => plan,
        Err(findings) => return refused(findings),
    };
    let mut written = plan.iter().flat_map(|plan| &plan.files).peekable();
    let is_written = wanted.extent == Extent::Files
        && written.peek().is_some()
        && written.all(|file| tree.has(file));
    if wanted.dry_run {
        return Ok(Outcome::Planned {
            planned,
            commit: plan.filter(|_| !is_written),
        });
    }
    if is_written {
        return Ok(Outcome::Unchanged {
            planned,
            pushed: None,
            next_step: Some(COMMIT_FILES.to_owned()),
        });
    }
    if let (Some(edit), Some(plan)) = (edit, &mut plan)
        && let Some(finding) = edited(plan, &planned, edit)?
    {
        return refused(vec![finding]);
    }
    let Some(plan) = plan else {
        return unchanged(planned);
    };
    let commit = match wanted.extent {
        Extent::Commit => Some(apply::apply(&plan, repository, environment)?.commit),
        Extent::Files => {
            apply::write_files(&plan, repository, environment)?;
            None
        }
    };
    let pushed = push_branch(workspace, &planned, wanted, environment, listener)?;
    let mut occasion = occasion;
    for package in &mut occasion.packages {
        package.commit.clone_from(&commit);
    }
    hooks.after(&occasion)?;
    let next_step = Some(match (&commit, &wanted.branch) {
        (None, _) => COMMIT_FILES.to_owned(),
        (Some(_), None) => "debcut tag".to_owned(),
        (Some(_), Some(branch)) => {
            format!("merge {branch}, then debcut tag: it finds the release commit")
        }
    });
    Ok(Outcome::Done(Box::new(Done {
        planned: *planned,
        plan,
        commit,
        pushed,
        next_step,
    })))
}

/// Pushes the branch that has the release commit, where that is asked for.
fn push_branch(
    workspace: &Workspace,
    planned: &Planned,
    wanted: &Wanted,
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<Option<BranchPush>, FlowError> {
    let repository = &workspace.repository;
    let branch = wanted.branch.as_ref().or(planned.plan.branch.as_ref());
    let Some(branch) = branch.filter(|_| wanted.push) else {
        return Ok(None);
    };
    let name = format!("refs/heads/{branch}");
    if repository.ref_target(&name)?.is_none() {
        return Ok(None);
    }
    let remote = &planned.policy.remote;
    let specs = [format!("{name}:{name}")];
    let pushed = push(repository, environment, remote, &specs, listener)?;
    let title = repository.commit(&name)?.subject;
    let url = repository.remote_url(remote)?;
    let own = url.filter(|_| wanted.branch.is_some());
    let command = own.and_then(|url| forge_command(&url, branch, &title));
    Ok(Some(BranchPush {
        changed: pushed == Pushed::Changed,
        pull_request: command.map(|command| command.shown()),
    }))
}

/// What an approved plan is to the present one.
enum Approved {
    /// It is the present one, or none was named.
    Same,
    /// Its release commit is made.
    Done,
    /// It is another one.
    Other(Finding),
}

/// Compares the plan with the approved one. What that one did itself is not a
/// move of the repository.
fn approved(
    workspace: &Workspace,
    planned: &Planned,
    wanted: &Wanted,
) -> Result<Approved, FlowError> {
    let Some(expected) = &wanted.expected else {
        return Ok(Approved::Same);
    };
    let found = planned.plan.digest();
    if expected.begins(&found) {
        return Ok(Approved::Same);
    }
    for package in &planned.plan.packages {
        let commit = match &package.decision {
            Decision::Prepared { commit, .. } => Some(commit),
            _ => package.current.as_ref().map(|release| &release.commit),
        };
        if let Some(commit) = commit {
            let (_, message) = workspace.repository.parents_and_message(commit)?;
            let mut lines = message.lines();
            let plans = |line: &str| {
                let digest = line.strip_prefix(PLAN_TRAILER)?.strip_prefix(": ")?;
                Some(expected.begins_text(digest.trim()))
            };
            if lines.any(|line| plans(line) == Some(true)) {
                return Ok(Approved::Done);
            }
        }
    }
    let message = format!("the plan {expected} was approved, but the repository now gives {found}");
    let finding = Finding::error("plan-moved", "plan", message);
    let fix = "debcut plan shows the new one: approve that, or go back to the commit";
    Ok(Approved::Other(finding.fix(fix)))
}

/// Lets the user edit the entries that are about to be written.
fn edited(
    plan: &mut PreparePlan,
    planned: &Planned,
    edit: &mut Edit<'_>,
) -> Result<Option<Finding>, FlowError> {
    for file in &mut plan.files {
        let is_changelog = planned
            .policy
            .units
            .iter()
            .any(|unit| unit.changelog_path() == Some(file.path.as_str()));
        if !is_changelog {
            continue;
        }
        let entry = newest_text_of(&file.after);
        let left = edit("changelog.dch", &entry)?;
        match replace_newest(&file.after, &left) {
            Ok(whole) => file.set(whole),
            Err(error) => {
                let why = crate::model::finding::with_causes(&error);
                let finding = Finding::error("invalid-entry", file.path.as_str(), why);
                return Ok(Some(finding.fix("edit it again; nothing was written")));
            }
        }
    }
    Ok(None)
}

/// Names the packages of a plan whose release commit is not made yet and would
/// change files.
pub fn unwritten(
    workspace: &Workspace,
    planned: &Planned,
    author: &Person,
    date: Timestamp,
) -> Result<Vec<PackageName>, FlowError> {
    let (plan, policy) = (&planned.plan, &planned.policy);
    let means = Means { author, date };
    let mut names = Vec::new();
    for (package, _) in plan.releases() {
        let alone = plan.only(|other| other.name == package.name);
        let tree = prepare::observe::observe(&workspace.repository, &alone, policy, None)?;
        if !matches!(prepare_plan::plan(&alone, policy, &tree, &means), Ok(None)) {
            names.push(package.name.clone());
        }
    }
    Ok(names)
}

/// Refuses to begin what ends with a push to nowhere, or to where an embargo
/// does not allow it.
pub fn remote_is_there(workspace: &Workspace, environment: &Environment) -> Result<(), FlowError> {
    remote_is_named(workspace)?;
    let remote = &workspace.project.release.remote;
    Ok(may_push(&workspace.repository, environment, remote)?)
}

/// Refuses to begin what ends with a push to a remote that there is not.
pub fn remote_is_named(workspace: &Workspace) -> Result<(), FlowError> {
    let remote = &workspace.project.release.remote;
    let is_place = remote.contains(['/', ':']);
    if is_place || workspace.repository.remote_url(remote)?.is_some() {
        return Ok(());
    }
    let known = workspace.repository.remote_names()?;
    let remote = remote.clone();
    Err(FlowError::Push(PushError::NoRemote { remote, known }))
}

/// Says what packages await that are prepared.
fn awaited(plan: &ReleasePlan) -> Option<String> {
    let prepared = |decision: &Decision| matches!(decision, Decision::Prepared { .. });
    let mut packages = plan.packages.iter().filter(|p| prepared(&p.decision));
    packages.next().map(|_| "debcut tag".to_owned())
}

/// Lists the packages of a plan for hooks.
pub fn packages(plan: &ReleasePlan) -> Vec<HookPackage> {
    plan.releases()
        .map(|(package, next)| HookPackage {
            name: package.name.to_string(),
            version: next.version.clone(),
            debian_version: next.debian_version.to_string(),
            tag: next.tag.as_ref().map(ToString::to_string),
            commit: None,
            notes_file: None,
            artifacts: Vec::new(),
        })
        .collect()
}
