//! What stands against an embargo, and what it should know: a private place that
//! is not private, a branch that is not there, a date that is over.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{Wanted, hook, sharing};
use crate::archive::layout;
use crate::flow::FlowError;
use crate::flow::archiving::open_store;
use crate::flow::patching;
use crate::flow::project::Workspace;
use crate::model::finding::Severity;
use crate::model::{BranchName, Finding, Suite};
use crate::patch::embargo::Embargo;
use crate::publish;
use crate::release::policy::When;
use crate::sys::environment::Environment;
use crate::sys::git::{Repository, alternates, push_places};
use crate::sys::outward::{archive_place, is_inside, is_same_server, remote_name};

/// Judges an embargo before it is set.
pub(super) fn findings(
    workspace: &Workspace,
    embargo: &Embargo,
    wanted: &Wanted,
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let mut found = Vec::new();
    branches(workspace, embargo, environment, &mut found)?;
    remotes(workspace, embargo, wanted, environment, &mut found)?;
    archives(workspace, embargo, environment, &mut found)?;
    if embargo.until.is_some_and(|until| until <= wanted.now) && wanted.until.is_some() {
        let until = embargo.until.map(|until| until.to_string());
        let message = "it is over already";
        found.push(Finding::error("date", until.unwrap_or_default(), message));
    }
    if workspace.repository.is_exported() {
        let subject = workspace.repository.top().display().to_string();
        let message = "git-daemon-export-ok shows it to everybody";
        let finding = Finding::error("exported", subject, message);
        found.push(finding.fix("work in a clone that is not exported"));
    }
    bystanders(workspace, embargo, environment, &mut found)?;
    for hook in workspace.hooks() {
        let command = &hook.command;
        if embargo.mark.private.commands.contains(command) {
            continue;
        }
        found.push(match hook.when {
            When::After => {
                let message = format!("after-{} it waits for the lift", hook.step);
                Finding::info("hook", command, message)
            }
            When::Before => {
                let message = format!("before-{} it would be told, so that stops", hook.step);
                let fix = format!("if it tells nobody: --private-command '{command}'");
                Finding::warning("hook", command, message).fix(fix)
            }
        });
    }
    Ok(found)
}

/// Takes for a warning what is only not there yet in a clone that takes part in
/// an embargo with its mark, and what was answered where it was set.
pub(super) fn soften(finding: &mut Finding, mark: &Embargo, wanted: &Wanted) {
    let is_of_mark = wanted.suites.is_empty();
    let lacks = match finding.rule {
        "no-branch" => {
            let mut named = wanted.branches.iter();
            is_of_mark && !named.any(|branch| branch.as_str() == finding.subject)
        }
        "no-archive" | "no-suite" => {
            is_of_mark && wanted.private.archives.is_empty() && wanted.archive.is_none()
        }
        _ => false,
    };
    let answered = finding.rule == "fork" && mark.mark.private.remotes.contains(&finding.subject);
    if lacks || answered {
        finding.severity = Severity::Warning;
    }
}

/// Finds what may bring something out and passes no gate, and what the lift will
/// ask for.
fn bystanders(
    workspace: &Workspace,
    embargo: &Embargo,
    environment: &Environment,
    found: &mut Vec<Finding>,
) -> Result<(), FlowError> {
    let repository = &workspace.repository;
    if let Some(main) = patching::branches::main_line(workspace)?
        && !embargo.branches.is_empty()
        && !embargo.branches.contains(&main.name)
    {
        let message = "it is not among the branches: the lift asks whether it has the fix";
        let finding = Finding::info("main-left-out", main.name.as_str(), message);
        found.push(finding.fix(format!("--branch {}", main.name)));
    }
    if let Some(command) = &workspace.project.patch.require_green
        && !embargo.mark.private.commands.contains(command)
    {
        let message = "require-green asks it about commits: it is refused, and so is what needs it";
        let finding = Finding::warning("require-green", command, message);
        found.push(finding.fix(format!("if it tells nobody: --private-command '{command}'")));
    }
    let own = hook::outside(repository, embargo, environment)?.join("pre-push");
    if own.is_file() {
        let message = "your own hook is run before each push to a private place, unseen";
        let subject = own.display().to_string();
        found.push(Finding::info("own-hook", subject, message));
    }
    let Ok(head) = repository.commit("HEAD") else {
        return Ok(());
    };
    let has = |path: &str, word: &str| -> Result<bool, FlowError> {
        let text = repository.file(&head.tree, path)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&text).contains(word))
    };
    if has(".gitattributes", "filter=lfs")? {
        let message = "git-lfs brings large files to an address of its own, also on a push to a \
                       private place";
        let finding = Finding::warning("lfs", ".gitattributes", message);
        found.push(finding.fix("git config lfs.url PRIVATE"));
    }
    if has(".gitmodules", "submodule")? {
        let message = "submodules are repositories of their own: the embargo is not about them";
        let finding = Finding::warning("submodules", ".gitmodules", message);
        found.push(finding.fix("debcut patch embargo in each that has something of it"));
    }
    Ok(())
}

/// Returns the private remote that has a branch, as far as it was fetched.
pub fn private_home(
    repository: &Repository,
    embargo: &Embargo,
    branch: &BranchName,
    environment: &Environment,
) -> Result<Option<String>, FlowError> {
    for remote in sharing::private_remotes(repository, embargo, &[], environment)? {
        let name = format!("refs/remotes/{remote}/{branch}");
        if repository.ref_target(&name)?.is_some() {
            return Ok(Some(remote));
        }
    }
    Ok(None)
}

fn branches(
    workspace: &Workspace,
    embargo: &Embargo,
    environment: &Environment,
    found: &mut Vec<Finding>,
) -> Result<(), FlowError> {
    if embargo.branches.is_empty() {
        let message = "it names no branch, so that nothing could be released";
        let finding = Finding::error("no-branch", &embargo.mark.name, message);
        found.push(finding.fix("--branch release-1.12"));
    }
    for branch in &embargo.branches {
        let name = format!("refs/heads/{branch}");
        let repository = &workspace.repository;
        if repository.ref_target(&name)?.is_none()
            && private_home(repository, embargo, branch, environment)?.is_none()
        {
            let finding = Finding::error("no-branch", branch.as_str(), "there is no such branch");
            found.push(finding.fix(format!("git branch {branch} origin/{branch}")));
        }
    }
    Ok(())
}

fn remotes(
    workspace: &Workspace,
    embargo: &Embargo,
    wanted: &Wanted,
    environment: &Environment,
    found: &mut Vec<Finding>,
) -> Result<(), FlowError> {
    let repository = &workspace.repository;
    let known = repository.remote_names()?;
    let is_there = |remote: &String| known.contains(remote) || remote.contains(['/', ':']);
    for remote in wanted
        .private
        .remotes
        .iter()
        .chain([&embargo.target.remote])
    {
        if !is_there(remote) {
            let finding = Finding::error("no-remote", remote, "there is no such remote");
            found.push(finding.fix(format!("git remote add {remote} URL")));
        }
    }
    if !is_there(&embargo.target.remote) {
        return Ok(());
    }
    let public = push_places(repository, environment, &embargo.target.remote)?;
    for private in &embargo.mark.private.remotes {
        for public in &public {
            found.extend(too_near(private, public, wanted));
        }
    }
    let own = format!("file:{}", own_directory(workspace).display());
    for public in &public {
        found.extend(shared(&own, public));
    }
    Ok(())
}

/// Finds what makes a private remote none: it is the public one, a fork of it,
/// or lends it objects.
fn too_near(private: &str, public: &str, wanted: &Wanted) -> Option<Finding> {
    let error = |rule, message: String| Some(Finding::error(rule, private, message));
    if private.eq_ignore_ascii_case(public) {
        let message = "it is the remote where everything is to go".to_owned();
        return error("public-remote", message)
            .map(|one| one.fix("name a repository that nobody else can read"));
    }
    // Servers keep the objects of all forks together: who knows a commit's id
    // sees it through the public repository.
    let alike = is_same_server(private, public) && remote_name(private) == remote_name(public);
    if alike && wanted.no_fork.is_none() {
        let message = format!("it looks like a fork of {public}, which shows a fork's commits");
        return error("fork", message).map(|one| {
            one.fix("use a private repository that is no fork, or --no-fork REASON if it is none")
        });
    }
    shared(private, public)
}

/// Finds a public repository on this machine that takes objects from a private
/// one.
fn shared(private: &str, public: &str) -> Option<Finding> {
    let (private, public) = (
        private.strip_prefix("file:")?,
        public.strip_prefix("file:")?,
    );
    let objects = Path::new(private).join("objects");
    let objects = objects.canonicalize().unwrap_or(objects);
    if !alternates(Path::new(public)).contains(&objects) {
        return None;
    }
    let message = format!("{public} takes objects from it (objects/info/alternates)");
    let finding = Finding::error("shared-objects", private, message);
    Some(finding.fix("git repack -a -d there, and remove objects/info/alternates"))
}

fn own_directory(workspace: &Workspace) -> PathBuf {
    let objects = workspace.repository.objects_directory();
    let git = objects.parent().unwrap_or(&objects);
    git.canonicalize().unwrap_or_else(|_| git.to_owned())
}

fn archives(
    workspace: &Workspace,
    embargo: &Embargo,
    environment: &Environment,
    found: &mut Vec<Finding>,
) -> Result<(), FlowError> {
    let top = workspace.repository.top();
    let project = &workspace.project;
    let others = project.archives.values();
    let others = others.chain(project.mirrors.values().flatten());
    let others = others.map(|location| archive_place(location, top));
    let public: Vec<String> = embargo
        .target
        .archive
        .iter()
        .cloned()
        .chain(others)
        .collect();
    let private = &embargo.mark.private.archives;
    for place in private {
        let mut near = public.iter().filter(|public| !private.contains(public));
        if embargo.target.archive.as_ref() == Some(place) {
            let message = "it is the archive where everything is to go";
            found.push(Finding::error("public-archive", place, message));
        } else if let Some(public) =
            near.find(|public| is_inside(place, public) || is_inside(public, place))
        {
            let message = format!("it and {public} are in one tree: who serves one serves both");
            let finding = Finding::error("public-archive", place, message);
            found.push(finding.fix("put it elsewhere"));
        }
        let store = open_store(place, top, environment)?;
        if publish::suites(store.as_ref())?.is_empty() {
            let finding = Finding::error("no-archive", place, "there is no archive");
            let fix = format!("debcut archive init {place} --suite stable");
            found.push(finding.fix(fix));
        }
        let mode = std::fs::metadata(place).map(|found| found.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o005 != 0) {
            let message = "everybody on this machine can read it";
            let finding = Finding::warning("readable", place, message);
            found.push(finding.fix(format!("chmod o-rwx {place}")));
        }
    }
    let target = &embargo.target;
    let named: Vec<&Suite> = target.suite.iter().chain(target.suites.values()).collect();
    match &target.archive {
        Some(place) => {
            let store = open_store(place, top, environment)?;
            let suites = publish::suites(store.as_ref())?;
            let missing = named.iter().filter(|suite| !suites.contains(suite));
            let mut missing: Vec<&str> = missing.map(|suite| suite.as_str()).collect();
            if named.is_empty() {
                missing.push("--suite");
            }
            for subject in missing {
                let known: Vec<&str> = suites.iter().map(|suite| suite.as_str()).collect();
                let message = format!("{place} has {}", known.join(", "));
                let finding = Finding::error("no-suite", subject, message);
                found.push(finding.fix("--suite names the one that gets the packages"));
            }
        }
        None => {
            if named.is_empty() && !project.archives.is_empty() {
                let message = "no archive is named: the lift will publish no packages";
                let finding = Finding::warning("no-packages", &embargo.mark.name, message);
                found.push(finding.fix("--archive NAME --suite SUITE"));
            }
            for suite in named {
                let finding = Finding::error("no-archive", suite.as_str(), "of no archive");
                found.push(finding.fix("--archive names the one that gets the packages"));
            }
        }
    }
    for branch in target.suites.keys() {
        if !embargo.branches.contains(branch) {
            let message = "a suite is named for it, and the embargo is not about it";
            let finding = Finding::error("no-branch", branch.as_str(), message);
            found.push(finding.fix(format!("--branch {branch}")));
        }
    }
    let note = layout::private_note();
    if let Some(place) = &embargo.target.archive
        && open_store(place, top, environment)?.read(&note)?.is_some()
    {
        let message = "it is private for an embargo";
        found.push(Finding::error("private-archive", place, message));
    }
    Ok(())
}
