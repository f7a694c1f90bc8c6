//! Commits that requests ask for and that are not in this clone: somebody else
//! has picked a pull request that is not merged, and its branch is a fork's.

use super::looking::place_of;
use super::paging::{Meant, asked_in, wanted};
use crate::flow::FlowError;
use crate::flow::patching::ledger::Ledger;
use crate::flow::project::Workspace;
use crate::model::{Finding, Listener};
use crate::patch::Request;
use crate::sys::environment::Environment;
use crate::sys::forge::Forge;
use crate::sys::git::fetch;

/// Fetches the pull requests whose commits are not here, of the requests that
/// are meant and undecided as far as the ledger alone says it. Returns what is
/// not there either.
pub fn fetched(
    (workspace, environment): (&Workspace, &Environment),
    ledger: &Ledger<'_>,
    forge: &Forge,
    meant: &Meant,
    listener: &dyn Listener,
) -> Result<Vec<Finding>, FlowError> {
    let repository = &workspace.repository;
    let remote = workspace.project.release.remote.as_str();
    let lacks = |request: &Request| {
        let mut commits = request.ask.what.commits.iter();
        commits.find(|id| !repository.has_commit(id)).cloned()
    };
    let mut findings = Vec::new();
    for request in wanted(ledger, meant)? {
        let is_over = request.applied.is_some()
            || request.superseded.is_some()
            || request.withdrawn.is_some();
        let (false, Some(lacking), Some(number)) = (is_over, lacks(request), asked_in(request))
        else {
            continue;
        };
        let from = forge.pull_ref(number);
        let to = place_of(number, request.ask.what.commits.last().unwrap_or(&lacking));
        let refspec = format!("+{from}:{to}");
        let tried = fetch(repository, environment, remote, &[refspec], listener);
        let why = match (tried, lacks(request)) {
            (Ok(()), None) => continue,
            (Ok(()), Some(id)) => format!("it asks for {id:.12}, which {from} has no more"),
            (Err(error), _) => format!("it asks for {lacking:.12}, which is not here: {error}"),
        };
        let finding = Finding::warning("not-here", request.id.as_str(), why);
        findings.push(finding.fix("who picked it has the commits; or pick the pull request anew"));
    }
    Ok(findings)
}
