//! `patch sync`: the ledger shared with a remote. Fetches its ledger, takes what
//! is new, and pushes what it lacks; again when others were faster. Branches are
//! fetched where it speaks of picks that are not here, and pushed only where that
//! is asked for: then with the ledger, in one.

mod branches;
mod part;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::ledger::{Ledger, REF};
use super::{PatchingError, keeping};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Finding, Listener};
use crate::patch::entry::{Entry, EntryError};
use crate::sys::environment::Environment;
use crate::sys::git::{FetchError, PushError, UserGit, fetch, push, remote_ref};

pub use branches::unpushed;

/// How often a remote that others move meanwhile is tried again.
const TRIES: usize = 10;

/// How long to wait before the second try; longer before each later one.
const PAUSE: Duration = Duration::from_millis(30);

/// Waits before another try: not as long as others do who lost the same race.
pub(in crate::flow) fn pause(lost: usize) {
    let apart = Duration::from_millis(u64::from(std::process::id() % 7) * 10);
    let often = u32::try_from(lost).unwrap_or(u32::MAX);
    std::thread::sleep((PAUSE + apart).saturating_mul(often));
}

/// What sharing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The remote.
    pub remote: String,
    /// How many entries came.
    pub taken: usize,
    /// How many entries went.
    pub sent: usize,
    /// How many there are.
    pub entries: usize,
    /// How many were kept back, for each embargo that is over.
    pub kept: BTreeMap<String, usize>,
    /// The branch that went with them.
    pub branch: Option<BranchName>,
    /// What is wrong with the remote's ledger, and what it says of branches that
    /// the remote has not.
    pub findings: Vec<Finding>,
}

impl Shared {
    /// Begins with a remote that nothing was shared with.
    pub fn none(remote: &str) -> Self {
        Self {
            remote: remote.to_owned(),
            taken: 0,
            sent: 0,
            entries: 0,
            kept: BTreeMap::new(),
            branch: None,
            findings: Vec::new(),
        }
    }
}

/// What sharing would come to, as far as that is known without fetching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Both have the same.
    None,
    /// The remote has what is not here.
    Theirs,
    /// What is here is not there.
    Own,
    /// Both, or nobody can tell before the fetch.
    Both,
}

/// Where a remote's ledger is kept as it was fetched last.
pub fn tracked(remote: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-_".contains(c) => c,
        _ => '-',
    };
    let name: String = remote.chars().map(plain).collect();
    format!("refs/debcut/remotes/{name}/patches")
}

/// Finds whether a remote's ledger is another one. Writes nothing.
pub fn difference(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
) -> Result<Difference, FlowError> {
    let repository = &workspace.repository;
    let own = repository.ref_target(REF)?;
    let theirs = remote_ref(repository, environment, remote, REF).map_err(PatchingError::Fetch)?;
    // What is kept from it is no difference.
    let of_part = theirs.is_some() && theirs == repository.ref_target(&tracked(remote))?;
    if of_part && own.is_some() {
        let ledger = Ledger::read(repository, environment)?;
        let has = keeping::known_at(repository, remote)?;
        let kept = keeping::withheld(repository, &ledger, remote, &has, environment)?;
        if !kept.entries.is_empty() {
            let going = part::going(&ledger, &has, &kept);
            return Ok(match going.is_empty() {
                true => Difference::None,
                false => Difference::Own,
            });
        }
    }
    Ok(match (own, theirs) {
        (None, None) => Difference::None,
        (None, Some(_)) => Difference::Theirs,
        (Some(_), None) => Difference::Own,
        (Some(own), Some(theirs)) if own == theirs => Difference::None,
        (Some(own), Some(theirs)) => match repository.commit(&theirs).is_ok() {
            true if repository.is_ancestor(&theirs, &own)? => Difference::Own,
            true if repository.is_ancestor(&own, &theirs)? => Difference::Theirs,
            _ => Difference::Both,
        },
    })
}

/// Shares the ledger with a remote.
pub fn sync(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
    listener: &dyn Listener,
) -> Result<Shared, FlowError> {
    let mut shared = share(workspace, environment, remote, None, listener)?;
    branches::fetch(workspace, environment, remote, None, listener)?;
    let ledger = Ledger::read(&workspace.repository, environment)?;
    for (branch, picks) in unpushed(workspace, &ledger.queue, remote)? {
        let what = match picks {
            1 => "a pick".to_owned(),
            picks => format!("{picks} picks"),
        };
        let why = format!("{remote} is told of {what} on it that it has not");
        let fix =
            format!("debcut patch apply --onto {branch} --push, or git push {remote} {branch}");
        let finding = Finding::warning("pick-not-pushed", branch.as_str(), why);
        shared.findings.push(finding.fix(fix));
    }
    for (embargo, number) in &shared.kept {
        let entries = match number {
            1 => "1 entry".to_owned(),
            number => format!("{number} entries"),
        };
        let why = format!("{entries} of the queue stay from {remote}, since the embargo's end");
        let finding = Finding::info("kept-back", embargo, why);
        let fix = format!(
            "debcut patch sync --publish-kept {embargo} --reason TEXT, where everybody may read them"
        );
        shared.findings.push(finding.fix(fix));
    }
    Ok(shared)
}

/// Takes what a remote's ledger has, the branches that it speaks of, and the one
/// that is to be written to; sends nothing.
pub fn take(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
    onto: &BranchName,
    listener: &dyn Listener,
) -> Result<Shared, FlowError> {
    let mut shared = Shared::none(remote);
    taken(workspace, environment, remote, listener, &mut shared)?;
    branches::fetch(workspace, environment, remote, Some(onto), listener)?;
    Ok(shared)
}

/// Pushes a branch and the ledger to a remote: both, or nothing. What others have
/// said meanwhile is taken first; commits of theirs on the branch are not.
pub fn send(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
    branch: &BranchName,
    listener: &dyn Listener,
) -> Result<Shared, FlowError> {
    share(workspace, environment, remote, Some(branch), listener)
}

/// What a remote's ledger had: its commit and the names of its entries.
type Theirs = Option<(String, BTreeSet<String>)>;

/// Takes what a remote's ledger has. Returns that, and the names of what is here
/// now.
fn taken(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
    listener: &dyn Listener,
    shared: &mut Shared,
) -> Result<(Theirs, BTreeSet<String>), FlowError> {
    let repository = &workspace.repository;
    let user = UserGit::new(repository, environment);
    let before = names(&Ledger::read(repository, environment)?);
    let theirs = fetched(workspace, environment, remote, listener, shared)?;
    if let Some((commit, _)) = &theirs {
        user.join_ledgers(REF, commit)
            .map_err(PatchingError::Ledger)?;
    }
    // Entries that were lost here come back with the next commit.
    user.heal_ledger(REF).map_err(PatchingError::Ledger)?;
    let own = names(&Ledger::read(repository, environment)?);
    shared.taken += own.difference(&before).count();
    shared.entries = own.len();
    Ok((theirs, own))
}

fn share(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
    along: Option<&BranchName>,
    listener: &dyn Listener,
) -> Result<Shared, FlowError> {
    let repository = &workspace.repository;
    let user = UserGit::new(repository, environment);
    let mut shared = Shared::none(remote);
    for tried in 0..TRIES {
        pause(tried);
        let (theirs, own) = taken(workspace, environment, remote, listener, &mut shared)?;
        let mut refspecs = Vec::new();
        if let Some(branch) = along
            && branches::lacks(workspace, environment, remote, branch)?
        {
            refspecs.push(format!("refs/heads/{branch}:refs/heads/{branch}"));
        }
        let with_branch = !refspecs.is_empty();
        let mut head = repository.ref_target(REF)?;
        let there = theirs.as_ref().map(|(commit, _)| commit);
        let has = theirs.as_ref().map(|(_, names)| names.clone());
        let has = has.unwrap_or_default();
        let ledger = Ledger::read(repository, environment)?;
        let kept = keeping::withheld(repository, &ledger, remote, &has, environment)?;
        let mut sent = own.difference(&has).count();
        let is_part = !kept.entries.is_empty();
        if let Some(whole) = head.take_if(|_| is_part) {
            let going = part::going(&ledger, &has, &kept);
            sent = going.len();
            head = part::commit(repository, &whole, there.map(String::as_str), &going)?;
        }
        shared.kept = kept.of;
        if let Some(head) = head.as_ref().filter(|head| Some(*head) != there) {
            refspecs.push(format!("{head}:{REF}"));
        }
        if refspecs.is_empty() {
            return Ok(shared);
        }
        match push(repository, environment, remote, &refspecs, listener) {
            Ok(_) => {
                shared.sent += sent;
                shared.branch = along.filter(|_| with_branch).cloned();
                if let Some(head) = &head {
                    user.set_ref(&tracked(remote), head)
                        .map_err(PatchingError::Refs)?;
                    if is_part {
                        user.join_ledgers(REF, head)
                            .map_err(PatchingError::Ledger)?;
                    }
                }
                return Ok(shared);
            }
            Err(error @ PushError::Rejected { .. }) => match refused(&error, along) {
                Refused::Outrun => {}
                Refused::Branch => return Err(error.into()),
                Refused::Ledger => return Err(PatchingError::Unshared(error).into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
    Err(PatchingError::Outrun {
        remote: remote.to_owned(),
        tries: TRIES,
    }
    .into())
}

/// What of a push was refused.
enum Refused {
    /// The ledger, because somebody else was faster.
    Outrun,
    /// The branch.
    Branch,
    /// The ledger, for another reason.
    Ledger,
}

fn refused(error: &PushError, along: Option<&BranchName>) -> Refused {
    let PushError::Rejected { refused, .. } = error else {
        return Refused::Ledger;
    };
    // git refuses the others of an atomic push with one of them.
    let own = |one: &&String| !one.contains("atomic push failed");
    let own: Vec<&String> = refused.iter().filter(own).collect();
    let of_branch =
        |one: &&String| along.is_some_and(|branch| one.contains(&format!(":refs/heads/{branch} ")));
    let (branch, ledger): (Vec<&String>, Vec<&String>) = own.into_iter().partition(of_branch);
    match (branch.is_empty(), ledger.iter().all(|one| moved(one))) {
        (false, _) => Refused::Branch,
        (true, true) => Refused::Outrun,
        (true, false) => Refused::Ledger,
    }
}

/// Tells whether a push was refused because somebody else was faster.
pub(in crate::flow) fn moved(why: &str) -> bool {
    let faster = [
        "fetch first",
        "non-fast-forward",
        "stale info",
        "cannot lock ref",
        "incorrect old value",
        "failed to update ref",
        "failed to lock",
        // What git says of the ref of an atomic push that lost its lock; a hook
        // that refuses it is named instead.
        "atomic transaction failed",
        "reference already exists",
    ];
    faster.iter().any(|words| why.contains(words))
}

fn names(ledger: &Ledger<'_>) -> BTreeSet<String> {
    ledger.entries.iter().map(|(id, _)| id.hex()).collect()
}

/// Fetches a remote's ledger and looks at it before anything of it is taken.
/// Returns its commit and the names of its entries.
pub(in crate::flow) fn fetched(
    workspace: &Workspace,
    environment: &Environment,
    remote: &str,
    listener: &dyn Listener,
    shared: &mut Shared,
) -> Result<Option<(String, BTreeSet<String>)>, FlowError> {
    let repository = &workspace.repository;
    let place = tracked(remote);
    let known = repository.ref_target(&place)?;
    shared.findings.clear();
    let there = remote_ref(repository, environment, remote, REF).map_err(PatchingError::Fetch)?;
    if there.is_none() {
        if known.is_some() {
            let message = "its ledger was there and is gone; what is here goes there again";
            let finding = Finding::warning("ledger-removed", remote, message);
            shared
                .findings
                .push(finding.fix("ask who deleted refs/debcut/patches there"));
        }
        return Ok(None);
    }
    let refspec = format!("+{REF}:{place}");
    match fetch(repository, environment, remote, &[refspec], listener) {
        Ok(()) => {}
        Err(error @ FetchError::NoRemote { .. }) => return Err(PatchingError::Fetch(error).into()),
        Err(error) => return Err(PatchingError::Fetch(error).into()),
    }
    let Some(commit) = repository.ref_target(&place)? else {
        return Ok(None);
    };
    let mut names = BTreeSet::new();
    for (name, bytes) in repository.ledger(&commit)? {
        match Entry::parse(&name, &bytes) {
            Ok(_) => {
                names.insert(name);
            }
            Err(EntryError::Digest { named, found }) => {
                let short = &named[..named.len().min(12)];
                let message = format!(
                    "the entry {short} has other bytes there than its name says ({}): somebody changed it",
                    &found.hex()[..12]
                );
                let finding = Finding::error("ledger-damaged", remote, message);
                shared
                    .findings
                    .push(finding.fix(
                        "it was not taken; who wrote it runs patch sync, which puts it right",
                    ));
            }
            Err(error) => return Err(PatchingError::Entry(error).into()),
        }
    }
    if let Some(known) = known.filter(|known| *known != commit) {
        let before = repository.ledger(&known)?;
        let gone = before.keys().filter(|name| !names.contains(*name)).count();
        if gone > 0 {
            let message =
                format!("{gone} entries that were there are gone: its ledger was rewritten");
            let finding = Finding::warning("ledger-rewritten", remote, message);
            shared
                .findings
                .push(finding.fix("they are kept here, and go there again"));
        }
    }
    Ok(Some((commit, names)))
}

#[cfg(test)]
mod tests;
