//! Which requests have which page on the forge now.

use std::collections::{BTreeMap, BTreeSet};

use super::{failed, must};
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::listing::{self, Which};
use crate::flow::project::Workspace;
use crate::model::{BranchName, Listener};
use crate::patch::forge::{BRANCHES, Pages, branch_of};
use crate::patch::reference;
use crate::patch::{Listed, Request};
use crate::sys::environment::Environment;
use crate::sys::forge::{Forge, Home, PullRequest};
use crate::sys::git::remote_refs_of;

/// Which requests are meant.
#[derive(Debug, Clone, Default)]
pub struct Meant {
    /// By the beginnings of their names; empty: all.
    pub requests: Vec<String>,
    /// Only those for this branch.
    pub onto: Option<BranchName>,
}

/// A request and its page.
#[derive(Debug)]
pub(super) struct Page {
    /// The request, and where it stands.
    pub listed: Listed,
    /// Its pull request; none: it has none.
    pub pull: Option<PullRequest>,
    /// Whose that is.
    pub whose: Whose,
}

/// Whose the page of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The request's own, which debcut opens, writes and closes.
    Request,
    /// That of somebody who asked there: only its labels are ours.
    Asker,
}

/// Finds the pages of the requests that are meant, in the order of asking.
/// Those that are over and have no open page any more are left out.
///
/// A pull request against the maintenance branch itself, often a fork's, is the
/// page of the request that came of it: a second one would be another place to
/// decide the same.
pub(super) fn pages(
    (workspace, environment): (&Workspace, &Environment),
    ledger: &Ledger<'_>,
    forge: &Forge,
    meant: &Meant,
    listener: &dyn Listener,
) -> Result<Vec<Page>, FlowError> {
    let settings = must(workspace)?;
    let wanted = wanted(ledger, meant)?;
    listener.begin(format!("the pull requests of {}", forge.host()));
    let listed = listing::listed(workspace, ledger, &wanted)?;
    if settings.pages == Pages::Origin {
        return origins(ledger, forge, meant, listed);
    }
    let open = open_pages(forge, &wanted)?;
    let is_looked_for = |one: &Listed| !meant.requests.is_empty() || one.standing.state.is_open();
    let is_unknown = |one: &Listed| {
        open.of(&one.request).is_none() && is_looked_for(one) && one.request.links.is_empty()
    };
    let branches = match listed.iter().any(is_unknown) {
        true => pushed(workspace, environment)?,
        false => BTreeMap::new(),
    };
    let mut found = Vec::new();
    for listed in listed {
        let request = &listed.request;
        let (pull, whose) = match open.of(request) {
            Some((pull, whose)) => (Some(pull.clone()), whose),
            None if is_looked_for(&listed) => {
                // One that is closed is looked for where there was one, or a
                // push was cut off: that leaves the branch.
                let branch = branch_of(request);
                let is_there = branches.contains_key(&format!("refs/heads/{branch}"));
                let onto = request.ask.what.onto.as_str();
                let pull = match is_there || !request.links.is_empty() {
                    true => forge.of_branch(&branch, onto).map_err(failed)?,
                    false => None,
                };
                (pull, Whose::Request)
            }
            None => continue,
        };
        found.push(Page {
            listed,
            pull,
            whose,
        });
    }
    Ok(found)
}

/// Lists the requests that are meant, in the order of asking.
pub(super) fn wanted<'l>(
    ledger: &'l Ledger<'_>,
    meant: &Meant,
) -> Result<Vec<&'l Request>, FlowError> {
    if meant.requests.is_empty() {
        let none = BTreeSet::new();
        let onto = meant.onto.as_ref();
        return Ok(listing::chosen(&ledger.queue, onto, Which::All, &none).0);
    }
    let mut wanted: Vec<&Request> = Vec::new();
    for text in &meant.requests {
        let found = ledger.queue.find(text).map_err(PatchingError::Which)?;
        if !wanted.iter().any(|one| one.id == found.id) {
            wanted.push(found);
        }
    }
    Ok(wanted)
}

/// Finds the pages that requests came from.
fn origins(
    ledger: &Ledger<'_>,
    forge: &Forge,
    meant: &Meant,
    all: Vec<Listed>,
) -> Result<Vec<Page>, FlowError> {
    let mut found = Vec::new();
    for listed in all {
        if meant.requests.is_empty() && !is_young(ledger, &listed) {
            continue;
        }
        let pull = match asked_in(&listed.request) {
            Some(number) => forge.pull_request(number).map_err(failed)?,
            None => None,
        };
        found.push(Page {
            listed,
            pull,
            whose: Whose::Asker,
        });
    }
    Ok(found)
}

/// Returns the number of the pull request that a request came from.
pub(super) fn asked_in(request: &Request) -> Option<u64> {
    reference::pull_request(request.ask.what.pull_request.as_deref()?)
}

/// Lists the branches of requests that the remote has.
fn pushed(
    workspace: &Workspace,
    environment: &Environment,
) -> Result<BTreeMap<String, String>, FlowError> {
    let remote = workspace.project.release.remote.as_str();
    let pattern = format!("refs/heads/{BRANCHES}*");
    let found = remote_refs_of(&workspace.repository, environment, remote, &pattern);
    Ok(found.map_err(PatchingError::Fetch)?)
}

/// The pull requests that are open.
#[derive(Default)]
struct Open {
    /// By the branch of a request.
    own: BTreeMap<String, PullRequest>,
    /// By the branch that they are for, and their number.
    asked: BTreeMap<(BranchName, u64), PullRequest>,
}

impl Open {
    /// Finds the page of a request.
    fn of(&self, request: &Request) -> Option<(&PullRequest, Whose)> {
        if let Some(pull) = self.own.get(&branch_of(request)) {
            return Some((pull, Whose::Request));
        }
        let onto = request.ask.what.onto.clone();
        let pull = self.asked.get(&(onto, asked_in(request)?))?;
        Some((pull, Whose::Asker))
    }
}

/// Lists the open pull requests of all branches that something is asked for: one
/// call for each, however long the queue is.
fn open_pages(forge: &Forge, wanted: &[&Request]) -> Result<Open, FlowError> {
    let bases: BTreeSet<&BranchName> = wanted.iter().map(|one| &one.ask.what.onto).collect();
    let mut open = Open::default();
    for base in bases {
        for pull in forge.open_for(base.as_str()).map_err(failed)? {
            match pull.home == Home::Project && pull.head_branch.starts_with(BRANCHES) {
                true => open.own.insert(pull.head_branch.clone(), pull),
                false => open.asked.insert((base.clone(), pull.number), pull),
            };
        }
    }
    Ok(open)
}

/// Tells whether the page that a request came from may still say something
/// else than is so: the request is open, or was so at its branch's last release.
fn is_young(ledger: &Ledger<'_>, listed: &Listed) -> bool {
    let onto = &listed.request.ask.what.onto;
    let astray = match listed.standing.state.is_open() {
        true => BTreeSet::from([listed.request.id.clone()]),
        false => BTreeSet::new(),
    };
    let (kept, _) = listing::chosen(&ledger.queue, Some(onto), Which::SinceRelease, &astray);
    kept.iter().any(|one| one.id == listed.request.id)
}
