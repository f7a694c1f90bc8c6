//! `patch plan`: when the next patch release of a branch is due, what would be
//! in it, and what stands in the way.

mod asked;

use super::hotfixing::holding::{self, Holding};
use super::hotfixing::{self, Elsewhere, Hotfix, Lacking, missed};
use super::ledger::Ledger;
use super::{applying, branches, cutting, green, maintained, parents};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::finding::with_causes;
use crate::model::{BranchName, Finding, Listener, Timestamp};
use crate::patch::policy::Note;
use crate::patch::rules::{self, Green, Ground, Rule};
use crate::patch::{Due, Freeze, Request, Trial};
use crate::release::notes::lint;
use crate::release::plan::{self, Decision};
use crate::release::{self, change, trailer};
use crate::sys::environment::Environment;

/// The next release of a branch.
#[derive(Debug, Clone)]
pub struct Coming {
    /// The branch.
    pub branch: BranchName,
    /// Its last release's tag.
    pub last: Option<String>,
    /// `NAME VERSION` of what would be released as the branch is.
    pub next: Vec<String>,
    /// When it is due; of a hotfix branch never: it has no rhythm.
    pub due: Option<Due>,
    /// What a hotfix branch is for, and what it holds.
    pub hotfix: Option<(Hotfix, Holding)>,
    /// The branches that lack something of a hotfix.
    pub lacking: Vec<Lacking>,
    /// The commits since the last release, the newest first: id and subject.
    pub commits: Vec<(String, String)>,
    /// The requests that are approved and not picked yet.
    pub approved: Vec<Request>,
    /// When a mock of its head has passed.
    pub mock: Option<Timestamp>,
    /// That it is frozen, as a clause: it takes no request, and can be cut.
    pub freeze: Option<String>,
    /// Why a release would be refused as the branch is, a clause each.
    pub blocks: Vec<String>,
    /// What is to be looked at before one, a clause each: it would not be refused
    /// for that.
    pub attention: Vec<String>,
}

/// Whether the project's command is asked if heads are green.
#[derive(Clone, Copy)]
pub enum Health<'a> {
    /// It is: it may take its time.
    Ask(&'a Environment, &'a dyn Listener),
    /// It is not.
    Leave,
}

/// Looks at some branches; without one, at every maintenance branch.
pub fn coming(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    named: &[BranchName],
    now: Timestamp,
    health: Health<'_>,
) -> Result<Vec<Coming>, FlowError> {
    let policy = workspace.policy("HEAD")?;
    let names: Vec<BranchName> = match named.is_empty() {
        false => named.to_vec(),
        true => maintained(workspace, &policy)?
            .into_values()
            .map(|one| one.name)
            .collect(),
    };
    let mut found = Vec::new();
    let hotfixes = missed::hotfixes(workspace, ledger)?;
    for name in names {
        let line = branches::line(workspace, &name)?;
        let head = line.head.to_string();
        let policy = workspace.policy(&head)?;
        let on = (name.as_str(), head.as_str());
        let mut facts = release::observe::observe_on(&workspace.repository, on, &policy)?;
        parents::complete(workspace, &mut facts.commits)?;
        let (mut blocks, mut attention) = (Vec::new(), Vec::new());
        let mut next = Vec::new();
        match plan::plan(&facts, &policy, &plan::Request::everything()) {
            Ok((planned, _)) => {
                let left = cutting::behind_prepared(workspace, &planned.packages, &name, &head)?;
                blocks.extend(left.map(|one| one.message));
                for package in &planned.packages {
                    let version = match &package.decision {
                        Decision::Release(next) => &next.version,
                        Decision::Prepared { version, .. } => version,
                        Decision::Skip { .. } => continue,
                    };
                    next.push(format!("{} {version}", package.name));
                    if workspace.project.patch.note == Note::Required {
                        attention.extend(silent(&package.changes));
                    }
                }
            }
            Err(findings) => {
                let all = findings.into_iter();
                blocks.extend(all.map(|one| format!("{}: {}", one.subject, one.message)));
            }
        }
        let finals = facts
            .units
            .iter()
            .filter_map(|unit| unit.last_final.as_ref());
        let last = finals.max_by_key(|release| release.committed);
        let hotfix = hotfixing::of_branch(workspace, ledger, &name)?;
        let hotfix = match hotfix {
            Some(hotfix) => {
                let held = holding::holding(workspace, ledger, &hotfix, &head)?;
                let errors = held.findings.iter().filter(|one| one.is_error());
                blocks.extend(errors.map(|one| format!("{} {}", one.subject, one.message)));
                Some((hotfix, held))
            }
            None => None,
        };
        let lacking = match &hotfix {
            Some((hotfix, _)) => {
                let mut lacking = hotfixing::returning::unreturned(workspace, ledger, hotfix)?;
                for one in &mut lacking {
                    // What somebody has set aside wants nobody's attention.
                    let open = |fix: &Elsewhere| {
                        let place = (&one.branch, fix.commit.as_str());
                        let patch = &workspace.project.patch;
                        rules::excused(&ledger.queue, place, Rule::HotfixLacking, patch).is_none()
                    };
                    one.commits.retain(open);
                    one.asked.retain(|(fix, _)| open(fix));
                }
                lacking.retain(|one| !one.is_settled());
                lacking
            }
            None => Vec::new(),
        };
        let lost = cutting::lost(workspace, ledger, &name, &hotfixes)?;
        let lost = lost.into_iter().filter(Finding::is_error);
        blocks.extend(lost.map(|one| one.message));
        let due = last.filter(|_| hotfix.is_none()).and_then(|last| {
            let rhythm = &workspace.project.patch.rhythm;
            rhythm.due(last.committed, now)
        });
        let freeze = ledger.queue.frozen.get(&name);
        let freeze = freeze.map(|freeze| frozen(workspace, freeze, now));
        blocks.extend(behind(workspace, &policy.remote, &name, &head)?);
        blocks.extend(applying::waits_on(&workspace.repository, &name)?);
        let mut green = Green::Unasked;
        let command = workspace.project.patch.require_green.as_ref();
        if let (Health::Ask(environment, listener), false, Some(command)) =
            (health, next.is_empty(), command)
        {
            let branch = name.as_str();
            match green::ask(workspace, environment, command, branch, &head, listener) {
                Ok(said) => green = said,
                // A command that cannot be asked stands in the way like a red head.
                Err(error) => blocks.push(with_causes(&error)),
            }
            let ground = Ground {
                green: green.clone(),
                behind: None,
            };
            let excused = rules::excused(
                &ledger.queue,
                (&name, &head),
                Rule::NotGreen,
                &workspace.project.patch,
            );
            let red = rules::cut(branch, &ground).into_iter();
            blocks.extend(red.map(|one| one.message).filter(|_| excused.is_none()));
        }
        let asked = asked::asked(workspace, ledger, &name, green)?;
        attention.extend(asked.staying);
        let tried = cutting::tried_heads(workspace, &head)?;
        let trial = Trial::of(&ledger.queue, &name, &tried);
        if !next.is_empty() {
            attention.extend(trial.lacks(&head));
        }
        let mock = match trial {
            Trial::Passed(mock) => Some(mock.branch.at),
            _ => None,
        };
        let commits: Vec<_> = facts.commits.iter().collect();
        let commits = commits
            .into_iter()
            .filter(|commit| !change::is_release(commit, &policy))
            .filter(|commit| !trailer::is_synced(&commit.message))
            .map(|commit| (commit.id.clone(), commit.subject().to_owned()));
        found.push(Coming {
            last: last.map(|release| release.tag.to_string()),
            commits: commits.collect(),
            mock,
            branch: name,
            next,
            due,
            hotfix,
            lacking,
            approved: asked.going,
            freeze,
            blocks,
            attention,
        });
    }
    Ok(found)
}

/// Says that a release of a branch would not be of all of it: its remote has
/// commits that it lacks.
fn behind(
    workspace: &Workspace,
    remote: &str,
    branch: &BranchName,
    head: &str,
) -> Result<Option<String>, FlowError> {
    let repository = &workspace.repository;
    let theirs = repository.ref_target(&format!("refs/remotes/{remote}/{branch}"))?;
    Ok(match theirs {
        Some(theirs) if !repository.is_ancestor(&theirs, head)? => {
            Some(format!("{remote} has commits of {branch} that it lacks"))
        }
        _ => None,
    })
}

/// Names the picks on a branch of which users are told nothing.
fn silent(changes: &[change::Change]) -> impl Iterator<Item = String> {
    let found = lint::lint_as(changes, lint::Written::DemandedOfPicks).into_iter();
    found
        .filter(|finding| finding.rule == "note-missing")
        .map(|finding| format!("{}: {}", finding.subject, finding.message))
}

/// Says that a branch is frozen; a freeze ends by a thaw alone.
pub fn frozen(workspace: &Workspace, freeze: &Freeze, now: Timestamp) -> String {
    let day = freeze.until_day(&workspace.project.patch.rhythm.calendar);
    match (freeze.until, day) {
        (Some(until), Some(day)) if until < now => {
            format!("it is frozen, though only until {day} was said: debcut patch thaw")
        }
        (_, Some(day)) => format!("it is frozen until {day}"),
        _ => "it is frozen".to_owned(),
    }
}

/// Says what branches lack of a hotfix, as findings about them.
pub fn unreturned(hotfix: &Hotfix, lacking: &[Lacking]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rule = Rule::HotfixLacking.name();
    let some = |number: usize| match number {
        1 => "a fix".to_owned(),
        number => format!("{number} fixes"),
    };
    for one in lacking {
        let branch = one.branch.as_str();
        if let Some(first) = one.commits.first() {
            let what = some(one.commits.len());
            let why = format!("it lacks {what} of {}: {}", hotfix.branch, first.subject);
            let fix = format!(
                "debcut patch hotfix {} --offer asks for it there",
                hotfix.from
            );
            findings.push(Finding::warning(rule, branch, why).fix(fix));
        }
        for (what, request) in &one.asked {
            let why = format!("it lacks a fix of {}: {}", hotfix.branch, what.subject);
            let fix = format!("it is asked for: debcut patch show {request}");
            findings.push(Finding::warning(rule, branch, why).fix(fix));
        }
        for (what, request) in &one.refused {
            let why = format!(
                "it goes without a fix of {}, as was decided: {}",
                hotfix.branch, what.subject
            );
            let fix = format!("debcut patch show {request}");
            findings.push(Finding::info(rule, branch, why).fix(fix));
        }
        if let Some(first) = one.unknown.first() {
            let why = format!(
                "nobody can tell whether it has {} of {}: thousands of commits lie between \
                 them: {}",
                some(one.unknown.len()),
                hotfix.branch,
                first.subject
            );
            let fix =
                "look for it there; a commit that says “(cherry picked from commit …)” is found";
            findings.push(Finding::warning("hotfix-unsure", branch, why).fix(fix));
        }
    }
    findings
}
