//! Which requests have which page on the forge now.

use std::collections::{BTreeMap, BTreeSet};

use super::{failed, must};
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::patching::listing::{self, Which};
use crate::flow::project::Workspace;
use crate::model::{BranchName, Listener};
use crate::patch::forge::{Pages, branch_of};
use crate::patch::reference;
use crate::patch::{Listed, Request};
use crate::sys::forge::{Forge, PullRequest};

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
}

/// Finds the pages of the requests that are meant, in the order of asking.
/// Those that are over and have no open page any more are left out.
pub(super) fn pages(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    forge: &Forge,
    meant: &Meant,
    listener: &dyn Listener,
) -> Result<Vec<Page>, FlowError> {
    let settings = must(workspace)?;
    let none = BTreeSet::new();
    let mut wanted: Vec<&Request> = Vec::new();
    for text in &meant.requests {
        let found = ledger.queue.find(text).map_err(PatchingError::Which)?;
        if !wanted.iter().any(|one| one.id == found.id) {
            wanted.push(found);
        }
    }
    if meant.requests.is_empty() {
        wanted = listing::chosen(&ledger.queue, meant.onto.as_ref(), Which::All, &none).0;
    }
    listener.begin(format!("the pull requests of {}", forge.host()));
    let open = match settings.pages {
        Pages::Own => open_pages(forge, &wanted)?,
        Pages::Origin => BTreeMap::new(),
    };
    let mut found = Vec::new();
    for listed in listing::listed(workspace, ledger, &wanted)? {
        let request = &listed.request;
        let named = !meant.requests.is_empty();
        let pull = match settings.pages {
            Pages::Own => {
                let branch = branch_of(request);
                match open.get(&branch) {
                    Some(pull) => Some(pull.clone()),
                    None if named || listed.standing.state.is_open() => {
                        let onto = request.ask.what.onto.as_str();
                        forge.of_branch(&branch, onto).map_err(failed)?
                    }
                    None => continue,
                }
            }
            Pages::Origin if named || is_young(ledger, &listed) => origin(forge, request)?,
            Pages::Origin => continue,
        };
        found.push(Page { listed, pull });
    }
    Ok(found)
}

/// Lists the open pull requests of all branches that something is asked for, by
/// their own branches: one call for each, however long the queue is.
fn open_pages(
    forge: &Forge,
    wanted: &[&Request],
) -> Result<BTreeMap<String, PullRequest>, FlowError> {
    let bases: BTreeSet<&BranchName> = wanted.iter().map(|one| &one.ask.what.onto).collect();
    let mut found = BTreeMap::new();
    for base in bases {
        for pull in forge.open_for(base.as_str()).map_err(failed)? {
            found.insert(pull.head_branch.clone(), pull);
        }
    }
    Ok(found)
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

/// Finds the pull request that a request came from.
fn origin(forge: &Forge, request: &Request) -> Result<Option<PullRequest>, FlowError> {
    let named = request.ask.what.pull_request.as_deref();
    match named.and_then(reference::pull_request) {
        Some(number) => forge.pull_request(number).map_err(failed),
        None => Ok(None),
    }
}
