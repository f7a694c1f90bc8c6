//! `patch freeze` and `patch thaw`: for a while a branch takes nothing but what
//! is named. Approvals stay what they are; a thaw gives exactly these back.

use super::ledger::Ledger;
use super::{PatchingError, listing};
use crate::config::patch::News;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::flow::rolling::delivering::{Courier, DeliverError};
use crate::model::finding::with_causes;
use crate::model::{BranchName, Finding, Listener, Timestamp};
use crate::patch::{Decision, Event, Request, State};
use crate::release::commit::Person;
use crate::report::patch::{Telling, Waiting, telling_text};
use crate::rollout::telling::Form;
use crate::sys::environment::Environment;
use crate::sys::files;

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
    let frozen = queue.frozen.get(branch);
    let mut excepted = Vec::new();
    let event = match change {
        Change::Freeze { until, except } => {
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
                let why = format!("{} has passed", until.day());
                findings.push(Finding::error("freeze-passed", branch.as_str(), why));
            }
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
            })
        }
        Change::Thaw => frozen.is_some().then(|| Event::Thawed {
            branch: branch.clone(),
            reason: reason.to_owned(),
        }),
    };
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
        approved
            && (by_freeze || standing.state == State::Approved)
            && !excepted.contains(&one.request.id)
            && (*change != Change::Thaw || by_freeze)
    });
    Ok(Changed {
        event,
        requests: waits.map(|one| one.request).collect(),
        findings,
    })
}

/// Tells the waiting authors through the channels of the configuration. One that
/// cannot be told is a warning: the branch is frozen all the same.
pub fn tell(
    workspace: &Workspace,
    event: &Event,
    requests: &[Request],
    (by, at): (&Person, Timestamp),
    environment: &Environment,
    listener: &dyn Listener,
) {
    let (news, branch, until, reason) = match event {
        Event::Frozen {
            branch,
            until,
            reason,
            ..
        } => (News::Frozen, branch, *until, reason),
        Event::Thawed { branch, reason } => (News::Thawed, branch, None, reason),
        _ => return,
    };
    let whole = |who: &Person| format!("{} <{}>", who.name, who.email);
    let telling = Telling {
        news: news.word(),
        branch: branch.to_string(),
        until: until.map(Timestamp::day),
        reason: reason.clone(),
        by: whole(by),
        requests: requests
            .iter()
            .map(|one| Waiting {
                id: one.id.to_string(),
                title: one.ask.what.title.clone(),
                authors: one.ask.what.authors.iter().map(whole).collect(),
            })
            .collect(),
    };
    let courier = Courier {
        environment,
        directory: workspace.repository.top(),
    };
    let name = format!("{branch}/{}/{}", news.word(), at.unix());
    for channel in &workspace.project.patch_channels {
        if !channel.wants(news) {
            continue;
        }
        let send = || -> Result<(), DeliverError> {
            let own = match &channel.form {
                Form::Own(path) => {
                    let path = courier.directory.join(path);
                    let bytes = files::read(&path)?;
                    Some(String::from_utf8(bytes).map_err(|_| DeliverError::NoText { path })?)
                }
                _ => None,
            };
            let text = telling_text(&channel.form, own.as_deref(), &telling)?;
            courier.deliver(&text, &channel.to, &name)
        };
        if let Err(error) = send() {
            let why = with_causes(&error);
            listener.warn(format!("{} was not told: {why}", channel.name));
        }
    }
}
