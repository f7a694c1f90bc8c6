//! `patch freeze` and `patch thaw`: for a while a branch takes nothing but what
//! is named. Approvals stay what they are; a thaw gives exactly these back.
//!
//! A freeze ends by a thaw alone, also when its date has passed: what it waits
//! for is the cut, and a cut that is late would let in what nobody has tried.

pub mod news;

use super::ledger::Ledger;
use super::{PatchingError, branches, listing, maintained};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Timestamp};
use crate::patch::{Decision, Event, Freeze, Queue, Request, RequestId, State};
use crate::release::Policy;
use crate::release::commit::Person;

/// A change of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It takes nothing but these requests until some moment.
    Freeze {
        /// Until when, as far as anybody knows.
        until: Option<Timestamp>,
        /// What goes on all the same, by name.
        except: Vec<String>,
    },
    /// It takes what is approved again.
    Thaw,
}

/// What a change comes to.
#[derive(Debug)]
pub struct Changed {
    /// What is to be written; none: it is so already.
    pub event: Option<Event>,
    /// The approved requests that wait from now on, or no more.
    pub requests: Vec<Request>,
    /// What stands against it, and what is worth knowing.
    pub findings: Vec<Finding>,
}

/// Says that a branch is none that can be frozen: the main one, or one that is
/// not called like a maintenance branch and that nothing is asked for on.
fn unmaintained(
    workspace: &Workspace,
    queue: &Queue,
    branch: &BranchName,
) -> Result<Option<Finding>, FlowError> {
    let main = branches::main_line(workspace)?;
    let is_main = main.is_some_and(|main| main.name == *branch);
    // Branches are called something before there is a package.
    let policy = workspace.policy("HEAD");
    let policy = policy.unwrap_or_else(|_| Policy::usual(Vec::new()));
    let mut requests = queue.requests.values();
    if !is_main
        && (maintained(workspace, &policy)?.contains_key(branch.as_str())
            || queue.hotfixes.contains_key(branch)
            || requests.any(|one| one.ask.what.onto == *branch))
    {
        return Ok(None);
    }
    let why = match is_main {
        true => "it is the main branch: a freeze keeps requests off a maintenance branch",
        false => "it is no maintenance branch, and nothing is asked for on it",
    };
    let names = policy.maintenance.join(", ");
    let fix =
        format!("[release] maintenance-branches in debcut.toml says how they are called: {names}");
    let finding = Finding::error("not-maintained", branch.as_str(), why);
    Ok(Some(finding.fix(fix)))
}

/// Finds what a change comes to. Writes nothing.
pub fn changed(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    branch: &BranchName,
    change: &Change,
    reason: &str,
    (by, now): (&Person, Timestamp),
) -> Result<Changed, FlowError> {
    super::branches::line(workspace, branch)?;
    let queue = &ledger.queue;
    let mut findings = Vec::new();
    let policy = &workspace.project.patch;
    if !policy.is_approver(by) {
        let why = format!("{} <{}> decides nothing here", by.name, by.email);
        let finding = Finding::error("not-an-approver", branch.as_str(), why);
        findings.push(finding.fix(format!("ask {}", policy.approvers.join(", "))));
    }
    if *change != Change::Thaw {
        findings.extend(unmaintained(workspace, queue, branch)?);
    }
    let frozen = queue.frozen.get(branch);
    let mut excepted = Vec::new();
    if let Change::Freeze { until, except } = change {
        for text in except {
            let found = queue.find(text).map_err(PatchingError::Which)?;
            if found.ask.what.onto != *branch {
                let why = format!("it is asked for on {}", found.ask.what.onto);
                findings.push(Finding::error("other-branch", found.id.as_str(), why));
            }
            excepted.push(found.id.clone());
        }
        excepted.sort();
        excepted.dedup();
        if let Some(until) = until.filter(|until| *until <= now) {
            let day = policy.rhythm.calendar.day(until);
            let day = day.map_or_else(|| until.day(), |day| day.to_string());
            let why = format!("{day} has passed");
            let finding = Finding::error("freeze-passed", branch.as_str(), why);
            findings.push(finding.fix("name a day to come, or leave --until out"));
        }
        findings.extend(frozen.and_then(|before| dropped(before, &excepted)));
    }
    let own: Vec<&Request> = queue
        .requests
        .values()
        .filter(|one| one.ask.what.onto == *branch)
        .collect();
    let waits = listing::listed(workspace, ledger, &own)?.into_iter();
    let waits = waits.filter(|one| {
        let standing = &one.standing;
        let approved = standing
            .decision()
            .is_some_and(|said| said.what.0 == Decision::Approve);
        let by_freeze = standing.frozen.is_some();
        // One that conflicts now waits as well: it is approved, and may apply by
        // the day of the thaw.
        let would_go = matches!(standing.state, State::Approved | State::Conflicts);
        approved
            && (by_freeze || would_go && standing.approvals >= policy.approvals)
            && !excepted.contains(&one.request.id)
            && (*change != Change::Thaw || by_freeze)
    });
    let requests: Vec<Request> = waits.map(|one| one.request).collect();
    let ids = || requests.iter().map(|one| one.id.clone()).collect();
    let event = match change {
        Change::Freeze { until, .. } => {
            let same = frozen.is_some_and(|freeze| {
                freeze.until == *until
                    && freeze.except.iter().eq(&excepted)
                    && freeze.said.what == reason
            });
            (!same).then(|| Event::Frozen {
                branch: branch.clone(),
                until: *until,
                except: excepted.clone(),
                reason: reason.to_owned(),
                waiting: ids(),
            })
        }
        Change::Thaw => frozen.is_some().then(|| Event::Thawed {
            branch: branch.clone(),
            reason: reason.to_owned(),
            released: ids(),
        }),
    };
    Ok(Changed {
        event,
        requests,
        findings,
    })
}

/// Says which requests a freeze let through that the next one does not name.
fn dropped(before: &Freeze, excepted: &[RequestId]) -> Option<Finding> {
    let gone = before.except.iter().filter(|id| !excepted.contains(id));
    let gone: Vec<&str> = gone.map(RequestId::as_str).collect();
    if gone.is_empty() {
        return None;
    }
    let why = format!(
        "the freeze before let it through; this one does not: {}",
        gone.join(", ")
    );
    let finding = Finding::info("exception-ended", gone[0], why);
    Some(finding.fix(format!("--except {}", gone.join(" --except "))))
}
