//! What a release on a maintenance branch is more than a release: it is cut
//! from the branch's head alone, after a trial, and written down.

use super::hotfixing::{self, holding, missed};
use super::ledger::Ledger;
use super::{applying, branches, green, maintained, straying};
use crate::flow::FlowError;
use crate::flow::embargoing;
use crate::flow::planning;
use crate::flow::project::Workspace;
use crate::flow::releasing::{Outcome, Released};
use crate::model::{BranchName, Finding, Listener, Severity, TagName, Timestamp};
use crate::patch::rules::{self, Rule};
use crate::patch::{Event, Trial};
use crate::release::commit::Person;
use crate::release::plan::{Decision, PackagePlan};
use crate::release::{self, Policy, Request, trailer};
use crate::sys::environment::Environment;
use crate::sys::git::ObjectId;

/// A release on a maintenance branch that is about to begin.
#[derive(Debug, Clone)]
pub struct Cut {
    /// The branch.
    pub branch: BranchName,
    /// Its head.
    pub head: String,
    /// Why it may not begin; empty: it may.
    pub refused: Vec<Finding>,
    /// What is worth a warning where there is something to release.
    pub warnings: Vec<Finding>,
}

/// Looks at a release before it begins; none: HEAD is on no maintenance branch.
pub fn cut(
    workspace: &Workspace,
    request: &Request,
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<Option<Cut>, FlowError> {
    let repository = &workspace.repository;
    let policy = workspace.policy("HEAD")?;
    let head = repository.commit("HEAD")?.id;
    let mut refused = Vec::new();
    let Some(branch) = place(workspace, &policy, &head, &mut refused)? else {
        return Ok(None);
    };
    let theirs = format!("refs/remotes/{}/{branch}", policy.remote);
    if let Some(theirs) = repository.ref_target(&theirs)?
        && !repository.is_ancestor(&theirs, &head)?
    {
        let why = format!("{} has commits that HEAD lacks", policy.remote);
        let finding = Finding::error("not-branch-head", branch.as_str(), why);
        refused.push(finding.fix("a release is cut from the head alone: git pull"));
    }
    refused.extend(overtaken(workspace, request, &branch, &head)?);
    if let Some(why) = applying::waits_on(repository, &branch)? {
        let finding = Finding::error("apply-stopped", branch.as_str(), why);
        refused.push(finding.fix("debcut patch apply --continue, --skip or --abort"));
    }
    let ledger = Ledger::read(repository, environment)?;
    let mut warnings = Vec::new();
    if let Some(freeze) = ledger.queue.frozen.get(&branch) {
        // A cut is what a freeze is made for: it holds requests, not releases.
        let until = freeze.until_day(&workspace.project.patch.rhythm.calendar);
        let until = until.map_or(String::new(), |day| format!(" until {day}"));
        let why = format!("it is frozen{until}, so what was approved since is not in it");
        let finding = Finding::info("frozen", branch.as_str(), why);
        warnings.push(finding.fix(format!(
            "debcut patch thaw {branch} lets it in, after the cut"
        )));
    }
    let red = green::refused(workspace, environment, branch.as_str(), &head, listener)?;
    let place = (&branch, head.as_str());
    let excuse = rules::excused(
        &ledger.queue,
        place,
        Rule::NotGreen,
        &workspace.project.patch,
    );
    for finding in red {
        match excuse {
            Some(said) => {
                let (by, why) = (&said.reason.by.name, &said.reason.what);
                let message = format!("{}; overridden by {by}: {why}", finding.message);
                warnings.push(Finding::info(finding.rule, finding.subject, message));
            }
            None => {
                let fix = format!(
                    "{}, or: debcut patch override {head:.12} {} --onto {branch} --reason TEXT",
                    finding.fix,
                    Rule::NotGreen
                );
                refused.push(finding.fix(fix));
            }
        }
    }
    if let Some(hotfix) = hotfixing::of_branch(workspace, &ledger, &branch)? {
        let held = holding::holding(workspace, &ledger, &hotfix, &head)?;
        let finding = Finding::info("hotfix", branch.as_str(), held.count());
        warnings.extend((held.changes.len() == 1).then_some(finding));
        warnings.extend(held.too_many(&hotfix));
        let (errors, others): (Vec<Finding>, Vec<Finding>) =
            held.findings.into_iter().partition(Finding::is_error);
        refused.extend(errors);
        warnings.extend(others);
    } else {
        let strays = straying::by_hand(workspace, &policy, &ledger, &branch, &head)?;
        warnings.extend(strays);
    }
    let hotfixes = missed::hotfixes(workspace, &ledger)?;
    let lost = lost(workspace, &ledger, &branch, &hotfixes)?;
    let (errors, others): (Vec<Finding>, Vec<Finding>) =
        lost.into_iter().partition(Finding::is_error);
    refused.extend(errors);
    warnings.extend(others);
    let tried = tried_heads(workspace, &head)?;
    if let Some(why) = Trial::of(&ledger.queue, &branch, &tried).lacks(&head) {
        let finding = Finding::warning("no-mock", branch.as_str(), why);
        warnings.push(finding.fix("debcut release --to SUITE --mock tries all of it"));
    }
    Ok(Some(Cut {
        branch,
        head,
        refused,
        warnings,
    }))
}

/// Says which fixes of released hotfixes a branch's next release would lose.
pub(super) fn lost(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    branch: &BranchName,
    hotfixes: &[hotfixing::Hotfix],
) -> Result<Vec<Finding>, FlowError> {
    let own = hotfixes.iter().filter(|one| one.normal == *branch);
    let own: Vec<hotfixing::Hotfix> = own.cloned().collect();
    let missed = missed::missed(workspace, ledger, branch, &own)?;
    let policy = &workspace.project.patch;
    Ok(missed::findings(&missed, ledger, branch, policy))
}

/// Finds the maintenance branch that is released. A detached HEAD, as CI has
/// it, is on the one that it is the newest commit of: a release that is
/// committed there is completed, a new one would be on no branch.
fn place(
    workspace: &Workspace,
    policy: &Policy,
    head: &str,
    refused: &mut Vec<Finding>,
) -> Result<Option<BranchName>, FlowError> {
    let repository = &workspace.repository;
    let kept = maintained(workspace, policy)?;
    if let Some(name) = repository.branch_of_head()? {
        return Ok(kept.get(&name).map(|one| one.name.clone()));
    }
    if let Some(one) = kept.values().find(|one| one.commit == head) {
        let (_, message) = repository.parents_and_message(head)?;
        if trailer::released(&message).next().is_none() {
            let why = "HEAD is on no branch, and the release commit would be on none";
            let finding = Finding::error("detached-head", one.name.as_str(), why);
            refused.push(finding.fix(format!("git switch {}", one.name)));
        }
        return Ok(Some(one.name.clone()));
    }
    if let Some(main) = branches::main_line(workspace)?
        && repository.is_ancestor(head, &main.head.to_string())?
    {
        return Ok(None);
    }
    for one in kept.values() {
        if repository.is_ancestor(head, &one.commit)? {
            let why = format!("HEAD is {head:.12}, which is not its newest commit");
            let finding = Finding::error("not-branch-head", one.name.as_str(), why);
            refused.push(finding.fix(format!("git switch {}", one.name)));
            return Ok(Some(one.name.clone()));
        }
    }
    Ok(None)
}

/// Says that HEAD has commits which a release that is prepared, and not tagged
/// yet, would leave out: its tag would not be of the head.
fn overtaken(
    workspace: &Workspace,
    request: &Request,
    branch: &BranchName,
    head: &str,
) -> Result<Option<Finding>, FlowError> {
    if request.again {
        return Ok(None);
    }
    let planning::Outcome::Planned(planned) = planning::plan(workspace, "HEAD", request)? else {
        return Ok(None);
    };
    behind_prepared(workspace, &planned.plan.packages, branch, head)
}

/// Says that a head has commits which a release that some packages have prepared
/// there would leave out.
pub(super) fn behind_prepared(
    workspace: &Workspace,
    packages: &[PackagePlan],
    branch: &BranchName,
    head: &str,
) -> Result<Option<Finding>, FlowError> {
    let repository = &workspace.repository;
    for package in packages {
        let Decision::Prepared { commit, tag, .. } = &package.decision else {
            continue;
        };
        let ids = (ObjectId::from_hex(head), ObjectId::from_hex(commit));
        let (Some(head), Some(prepared)) = ids else {
            continue;
        };
        let mut behind = Vec::new();
        for id in repository.commits_only_in(head, &[prepared])? {
            let (_, message) = repository.parents_and_message(&id.to_string())?;
            // Another package's release is none of its changes.
            if trailer::released(&message).next().is_none() && !trailer::is_synced(&message) {
                let subject = message.lines().next().unwrap_or_default().trim();
                behind.push(format!("{id:.12} {subject}"));
            }
        }
        let Some(newest) = behind.first() else {
            continue;
        };
        let why = match behind.len() {
            1 => format!("{tag} would be {commit:.12}, without {newest}"),
            number => format!(
                "{tag} would be {commit:.12}, without {newest}, and {} more",
                number - 1
            ),
        };
        let fix = "a release is cut from the head alone: --again prepares it anew with what came \
                   behind its commit";
        return Ok(Some(
            Finding::error("not-head", branch.as_str(), why).fix(fix),
        ));
    }
    Ok(None)
}

/// Lists the commits whose trial counts for a head: a release commit adds
/// nothing that was not tried.
pub(super) fn tried_heads(workspace: &Workspace, head: &str) -> Result<Vec<String>, FlowError> {
    let mut found = vec![head.to_owned()];
    let mut at = head.to_owned();
    loop {
        let (parents, message) = workspace.repository.parents_and_message(&at)?;
        let is_release = trailer::released(&message).next().is_some();
        match parents.into_iter().next().filter(|_| is_release) {
            Some(parent) => at = parent,
            None => return Ok(found),
        }
        found.push(at.clone());
    }
}

/// Warns, where a release is of no maintenance branch, of those whose mock has
/// passed and that are not cut: one of them may be meant. A release of the main
/// branch is warned of what it lacks of hotfixes.
pub fn elsewhere(
    workspace: &Workspace,
    environment: &Environment,
) -> Result<Vec<Finding>, FlowError> {
    let repository = &workspace.repository;
    let ledger = Ledger::read(repository, environment)?;
    let mut found = Vec::new();
    let main = branches::main_line(workspace)?.map(|main| main.name);
    let here = repository.branch_of_head()?;
    if let Some(main) = main.filter(|main| here.as_deref() == Some(main.as_str())) {
        let hotfixes = missed::hotfixes(workspace, &ledger)?;
        let missed = missed::missed(workspace, &ledger, &main, &hotfixes)?;
        let policy = &workspace.project.patch;
        for mut finding in missed::findings(&missed, &ledger, &main, policy) {
            finding.severity = finding.severity.min(Severity::Warning);
            found.push(finding);
        }
    }
    if ledger.queue.mocks.is_empty() {
        return Ok(found);
    }
    for one in maintained(workspace, &workspace.policy("HEAD")?)?.into_values() {
        let heads = [one.commit.clone()];
        let trial = Trial::of(&ledger.queue, &one.name, &heads);
        if matches!(trial, Trial::Passed(_)) {
            let why = "its mock has passed and it is not cut; this is not a release of it";
            let finding = Finding::warning("mocked-elsewhere", one.name.as_str(), why);
            found.push(finding.fix(format!("git switch {}, where that is meant", one.name)));
        }
    }
    Ok(found)
}

/// Tells whether there is something to release, or to go on with.
pub fn is_due(workspace: &Workspace, request: &Request) -> Result<bool, FlowError> {
    let planned = match planning::plan(workspace, "HEAD", request)? {
        planning::Outcome::Planned(planned) => planned,
        planning::Outcome::Refused(_) => return Ok(false),
    };
    let mut packages = planned.plan.packages.iter();
    Ok(packages.any(|package| !matches!(package.decision, Decision::Skip { .. })))
}

/// Writes down what a trial came to; one that could not begin as well.
pub fn mocked(
    workspace: &Workspace,
    cut: &Cut,
    outcome: Option<&Outcome>,
    (by, at): (&Person, Timestamp),
    environment: &Environment,
) -> Result<(), FlowError> {
    let nothing = Released::default();
    let (released, findings): (&Released, &[Finding]) = match outcome {
        None => (&nothing, &cut.refused),
        // There was nothing to try.
        Some(Outcome::Done(released)) if released.targets.is_empty() => return Ok(()),
        Some(Outcome::Done(released)) => (released, &[]),
        Some(Outcome::Refused { released, findings }) => (released, findings),
        Some(Outcome::Planned { .. }) => return Ok(()),
    };
    let told = |one: &Finding| format!("{}: {} [{}]", one.subject, one.message, one.rule);
    let all = || released.findings.iter().chain(findings);
    let errors = all().filter(|finding| finding.is_error());
    let warnings = all().filter(|finding| finding.severity == Severity::Warning);
    let targets = &released.targets;
    let built = targets.iter().flat_map(|target| &target.artifacts);
    let names = built.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let event = Event::Mocked {
        branch: cut.branch.clone(),
        head: cut.head.clone(),
        versions: targets
            .iter()
            .map(|target| format!("{} {}", target.name, target.debian_version))
            .collect(),
        findings: errors.map(told).collect(),
        warnings: warnings.map(told).collect(),
        artifacts: names.collect(),
    };
    let mut ledger = Ledger::read(&workspace.repository, environment)?;
    let summary = format!("mock {} at {:.12}", cut.branch, cut.head);
    ledger.say(vec![event], by, at, &summary)?;
    Ok(())
}

/// Writes down a release, once; true: it was not yet. One that was killed
/// between the suite and the ledger is found again by HEAD, which is its
/// commit.
pub fn done(
    workspace: &Workspace,
    cut: &Cut,
    released: &Released,
    (by, at): (&Person, Timestamp),
    environment: &Environment,
) -> Result<bool, FlowError> {
    let repository = &workspace.repository;
    let mut ledger = Ledger::read(repository, environment)?;
    let known: Vec<_> = ledger.queue.cuts.iter().flat_map(|cut| &cut.tags).collect();
    let targets = released.targets.iter();
    let mut tags: Vec<TagName> = targets.map(|target| target.tag.clone()).collect();
    let mut commit = released.targets.last().map(|target| target.commit.clone());
    if tags.is_empty() {
        let head = repository.commit("HEAD")?.id;
        tags = made_at(workspace, &head)?;
        commit = Some(head);
    }
    tags.retain(|tag| !known.contains(&tag));
    let (Some(first), Some(commit)) = (tags.first(), commit) else {
        return Ok(false);
    };
    let summary = format!("cut {first} of {}", cut.branch);
    let event = Event::Cut {
        branch: cut.branch.clone(),
        commit,
        tags,
    };
    ledger.say(vec![event], by, at, &summary)?;
    Ok(true)
}

/// Lists what is left to do once a release is cut.
pub fn next(
    workspace: &Workspace,
    cut: &Cut,
    released: &Released,
    environment: &Environment,
) -> Result<Vec<String>, FlowError> {
    let repository = &workspace.repository;
    let ledger = Ledger::read(repository, environment)?;
    let tags = released.targets.iter().map(|target| target.tag.as_str());
    let tags = tags.collect::<Vec<_>>().join(" ");
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(embargo) = embargoing::read(repository)? {
        let name = embargo.mark.name;
        let usual = &workspace.project.release.remote;
        let what = format!("{} {tags}", cut.branch);
        let private = embargoing::open_remote(workspace, environment)?;
        let private = private.filter(|_| !released.pushed);
        let push = private.map(|remote| embargoing::push_line(&remote, usual, &what));
        let lift = format!("debcut patch lift, when {name} is to end: until then it stays here");
        return Ok(push.into_iter().chain([lift]).collect());
    }
    let branch = &cut.branch;
    let remote = &workspace.project.release.remote;
    let mut next = Vec::new();
    match (repository.remote_url(remote)?, released.pushed) {
        (None, _) => {}
        (Some(_), true) => next.push("debcut patch sync".to_owned()),
        (Some(_), false) => next.push(format!(
            "git push {remote} {branch} {tags}, then debcut patch sync"
        )),
    }
    if ledger.queue.frozen.contains_key(branch) {
        next.push(format!("debcut patch thaw {branch}"));
    }
    if !workspace.project.announce.channels.is_empty() {
        next.push(format!("debcut announce {tags} --send"));
    }
    next.push(format!("debcut release sync --from {branch}"));
    Ok(next)
}

/// Lists the tags of the releases that a commit is of.
fn made_at(workspace: &Workspace, head: &str) -> Result<Vec<TagName>, FlowError> {
    let (_, message) = workspace.repository.parents_and_message(head)?;
    if trailer::released(&message).next().is_none() {
        return Ok(Vec::new());
    }
    let policy = workspace.policy(head)?;
    let facts = release::observe::observe(&workspace.repository, head, &policy)?;
    let own = facts
        .units
        .iter()
        .filter_map(|unit| unit.last_final.as_ref());
    let own = own.filter(|release| release.commit == head);
    let mut tags: Vec<TagName> = own.map(|release| release.tag.clone()).collect();
    tags.dedup();
    Ok(tags)
}
