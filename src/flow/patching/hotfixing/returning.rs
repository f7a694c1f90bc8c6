//! What a hotfix leaves out, and where its own fixes are not yet: a change is
//! where it is by whatever id.

use std::collections::{BTreeMap, BTreeSet};

use super::super::branches::{self, Line};
use super::super::ledger::Ledger;
use super::Hotfix;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::BranchName;
use crate::patch::{Answers, Ask, Decision, Event, Queue, Request, RequestId};
use crate::release::commit::Person;
use crate::release::trailer;
use crate::sys::git::{Missing, ObjectId, picks};

/// A change that is on one branch and not on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The commit.
    pub commit: String,
    /// Its subject.
    pub subject: String,
}

/// What one branch has and another lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lacks {
    /// These, the newest first.
    These(Vec<Elsewhere>),
    /// Nobody can tell: thousands of commits lie between them.
    Unknown,
}

impl Lacks {
    /// Returns what is known to be lacking.
    pub fn known(&self) -> &[Elsewhere] {
        match self {
            Self::These(commits) => commits,
            Self::Unknown => &[],
        }
    }
}

/// What a branch lacks of a hotfix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The branch.
    pub branch: BranchName,
    /// What it lacks, and nobody asks for there.
    pub commits: Vec<Elsewhere>,
    /// What it lacks and somebody asks for.
    pub asked: Vec<(Elsewhere, RequestId)>,
    /// What it lacks because somebody decided so.
    pub refused: Vec<(Elsewhere, RequestId)>,
    /// What may be there under another id: thousands of commits would have to
    /// be looked at.
    pub unknown: Vec<Elsewhere>,
}

impl Lacking {
    /// Tells whether it has all, or nobody wants the rest there.
    pub fn is_settled(&self) -> bool {
        self.commits.is_empty() && self.asked.is_empty() && self.unknown.is_empty()
    }
}

/// Lists what one branch has and another lacks, the newest first: neither the
/// commit nor one that makes the same change, and no release commits.
pub fn lacking(
    workspace: &Workspace,
    from: ObjectId,
    into: &[ObjectId],
) -> Result<Lacks, FlowError> {
    let objects = workspace.repository.objects()?;
    let Ok(missing) = workspace.repository.unpicked(&objects, from, into)? else {
        return Ok(Lacks::Unknown);
    };
    let matters = |one: &&Missing| matters(&one.message);
    let found = missing.iter().filter(matters).map(|one| Elsewhere {
        commit: one.id.to_string(),
        subject: subject(&one.message),
    });
    Ok(Lacks::These(found.collect()))
}

/// Tells whether a commit is a change, and not the record of a release.
pub(super) fn matters(message: &str) -> bool {
    trailer::released(message).next().is_none() && !trailer::is_synced(message)
}

pub(super) fn subject(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().to_owned()
}

/// Lists what the normal branch has and a hotfix leaves out: what an
/// announcement of it has to say.
pub fn excluded(workspace: &Workspace, hotfix: &Hotfix) -> Result<Lacks, FlowError> {
    let Ok(normal) = branches::line(workspace, &hotfix.normal) else {
        return Ok(Lacks::These(Vec::new()));
    };
    let own = match branches::line(workspace, &hotfix.branch) {
        Ok(line) => line.heads,
        Err(_) => ObjectId::from_hex(&hotfix.commit).into_iter().collect(),
    };
    lacking(workspace, normal.head, &own)
}

/// A change on a hotfix branch and what it was made of.
pub(super) struct Fix {
    pub(super) id: ObjectId,
    shown: Elsewhere,
    /// The commits that it was picked from.
    sources: BTreeSet<ObjectId>,
    /// The request that brought it.
    request: Option<RequestId>,
}

/// Lists what a hotfix branch has and its normal branch, or main, lacks.
pub fn unreturned(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    hotfix: &Hotfix,
) -> Result<Vec<Lacking>, FlowError> {
    let own = branches::line(workspace, &hotfix.branch)?;
    let fixes = fixes(workspace, &ledger.queue, hotfix, &own)?;
    let main = branches::main_line(workspace)?;
    let mut others: Vec<Line> = Vec::new();
    // Main comes first: what is there can be picked from there.
    others.extend(main);
    // A line that has ended, and whose branch is gone, lacks nothing.
    if others.iter().all(|one| one.name != hotfix.normal) {
        others.extend(branches::line(workspace, &hotfix.normal).ok());
    }
    let mut found = Vec::new();
    for other in others {
        found.push(judged(workspace, &ledger.queue, &fixes, &own, &other)?);
    }
    Ok(found)
}

/// Lists the changes of a hotfix branch, the newest first.
pub(super) fn fixes(
    workspace: &Workspace,
    queue: &Queue,
    hotfix: &Hotfix,
    own: &Line,
) -> Result<Vec<Fix>, FlowError> {
    let repository = &workspace.repository;
    let base: Vec<ObjectId> = ObjectId::from_hex(&hotfix.commit).into_iter().collect();
    let mut applied: BTreeMap<&str, (&str, &RequestId)> = BTreeMap::new();
    for request in queue.requests.values() {
        for one in request.applied.iter().flat_map(|said| &said.what) {
            if let Some(to) = &one.to {
                applied.insert(to, (&one.from, &request.id));
            }
        }
    }
    let objects = repository.objects()?;
    let mut found = Vec::new();
    for id in repository.commits_only_in(own.head, &base)? {
        let commit = objects.commit(id)?;
        let message = commit.message();
        if commit.parents.len() > 1 || !matters(&message) {
            continue;
        }
        let hex = id.to_string();
        let known = applied.get(hex.as_str());
        let mut sources: BTreeSet<ObjectId> = picks(&message).collect();
        sources.extend(known.and_then(|(from, _)| ObjectId::from_hex(from)));
        found.push(Fix {
            id,
            sources,
            request: known.map(|(_, request)| (*request).clone()),
            shown: Elsewhere {
                commit: hex,
                subject: subject(&message),
            },
        });
    }
    Ok(found)
}

/// Finds which changes a branch lacks: first by their names, and only where that
/// does not say it by what thousands of commits change.
pub(super) fn judged(
    workspace: &Workspace,
    queue: &Queue,
    fixes: &[Fix],
    own: &Line,
    other: &Line,
) -> Result<Lacking, FlowError> {
    let repository = &workspace.repository;
    let mut found = Lacking {
        branch: other.name.clone(),
        commits: Vec::new(),
        asked: Vec::new(),
        refused: Vec::new(),
        unknown: Vec::new(),
    };
    let ids = fixes
        .iter()
        .flat_map(|fix| fix.sources.iter().chain([&fix.id]));
    let ids: Vec<ObjectId> = ids.copied().collect();
    let objects = repository.objects()?;
    let here: Vec<ObjectId> = ids
        .into_iter()
        .filter(|id| objects.commit(*id).is_ok())
        .collect();
    let absent = repository.lacking(&here, &other.heads)?;
    let there = |id: &ObjectId| here.contains(id) && !absent.contains(id);
    let named = |request: &Request, fix: &Fix| {
        let is = |id: &String| {
            ObjectId::from_hex(id).is_some_and(|id| id == fix.id || fix.sources.contains(&id))
        };
        request.ask.what.onto == other.name && request.ask.what.commits.iter().any(is)
    };
    let open = |fix: &&Fix| {
        let by_id = there(&fix.id) || fix.sources.iter().any(there);
        let mut requests = queue.requests.values();
        !by_id && !requests.any(|one| one.applied.is_some() && named(one, fix))
    };
    let open: Vec<&Fix> = fixes.iter().filter(open).collect();
    if open.is_empty() {
        return Ok(found);
    }
    let missing = match lacking(workspace, own.head, &other.heads)? {
        Lacks::These(missing) => Some(missing),
        Lacks::Unknown => None,
    };
    for fix in open {
        if let Some(missing) = &missing
            && !missing.iter().any(|one| one.commit == fix.shown.commit)
        {
            continue;
        }
        let shown = fix.shown.clone();
        let asks: Vec<&Request> = (queue.requests.values())
            .filter(|one| named(one, fix))
            .collect();
        match asks.iter().find(|one| !is_refused(one)).or(asks.first()) {
            Some(one) if is_refused(one) => found.refused.push((shown, one.id.clone())),
            Some(one) => found.asked.push((shown, one.id.clone())),
            None if missing.is_none() => found.unknown.push(shown),
            None => found.commits.push(shown),
        }
    }
    Ok(found)
}

/// Tells whether somebody decided that a request does not go in.
fn is_refused(request: &Request) -> bool {
    let last = request.decisions.last();
    request.withdrawn.is_some() || last.is_some_and(|last| last.what.0 == Decision::Reject)
}

/// Makes the requests for what is lacking: one for what one request brought, of
/// the commits of the main branch where it has them.
pub fn offers(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    hotfix: &Hotfix,
    lacking: &[Lacking],
) -> Result<Vec<Event>, FlowError> {
    let queue = &ledger.queue;
    let own = branches::line(workspace, &hotfix.branch)?;
    let fixes = fixes(workspace, queue, hotfix, &own)?;
    let main = branches::main_line(workspace)?;
    let objects = workspace.repository.objects()?;
    let mut events = Vec::new();
    for one in lacking {
        let mut asks: Vec<(Option<&RequestId>, Ask)> = Vec::new();
        let wanted = |fix: &&Fix| one.commits.contains(&fix.shown);
        for fix in fixes.iter().rev().filter(wanted) {
            let mut commit = fix.id;
            for source in &fix.sources {
                let here = objects.commit(*source).is_ok();
                if let Some(main) = main.as_ref().filter(|main| here && main.name != one.branch)
                    && workspace
                        .repository
                        .lacking(&[*source], &main.heads)?
                        .is_empty()
                {
                    commit = *source;
                }
            }
            let (name, email) = objects.commit(commit)?.author();
            let author = Person { name, email };
            let request = fix.request.as_ref();
            let earlier = asks
                .iter_mut()
                .find(|(of, _)| request.is_some() && *of == request);
            if let Some((_, ask)) = earlier {
                ask.commits.push(commit.to_string());
                if !ask.authors.contains(&author) {
                    ask.authors.push(author);
                }
                continue;
            }
            let of = request.and_then(|id| queue.requests.get(id));
            let of = of.map(|of| &of.ask.what);
            asks.push((
                request,
                Ask {
                    onto: one.branch.clone(),
                    commits: vec![commit.to_string()],
                    title: of.map_or(fix.shown.subject.clone(), |of| of.title.clone()),
                    authors: vec![author],
                    answers: of.map_or(Answers::default(), |of| of.answers.clone()),
                    pull_request: of.and_then(|of| of.pull_request.clone()),
                },
            ));
        }
        events.extend(asks.into_iter().map(|(_, ask)| Event::Asked(ask)));
    }
    Ok(events)
}
