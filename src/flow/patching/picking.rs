//! `patch pick`: what was named → a request.

use std::collections::BTreeSet;

use super::PatchingError;
use super::branches::{self, Line};
use super::forging::looking::Pull;
use super::ledger::Ledger;
use super::listing;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::format::export_subst::CommitFacts;
use crate::model::{BranchName, Finding, Timestamp};
use crate::patch::reference::Reference;
use crate::patch::state::State;
use crate::patch::{Answers, Ask, Decision, Event, Queue, Request, RequestId, answers};
use crate::release::change::{self, Note};
use crate::release::commit::Person;
use crate::sys::git::{ObjectId, Picking, Step};

/// What is asked for, as the command line says it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is to be picked.
    pub reference: Reference,
    /// The branch.
    pub onto: BranchName,
    /// What it is, in a line, where the commits' own words do not serve.
    pub title: Option<String>,
    /// Answers that were given.
    pub answers: Answers,
    /// How a merge is taken.
    pub merge: Merge,
    /// Whether what was decided before is asked for anew.
    pub again: Again,
    /// What the forge says of a pull request, where it was asked.
    pub pull: Option<Pull>,
}

/// How a merge commit is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// The commits that it brought, one by one.
    Commits,
    /// As one change against its first parent (`git cherry-pick -m 1`).
    Whole,
}

/// Whether what was rejected or withdrawn is asked for anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It is not.
    No,
    /// It is.
    Yes,
}

/// What asking comes to.
#[derive(Debug)]
pub enum Asking {
    /// A request that can be made.
    New(Box<Ready>),
    /// Somebody has asked for it.
    Known(RequestId),
    /// It cannot be asked for; or, where no finding is an error, several
    /// requests ask for it together.
    Refused(Vec<Finding>),
}

/// A request that is to be made.
#[derive(Debug)]
pub struct Ready {
    /// What is asked for.
    pub ask: Ask,
    /// What whoever asks should know.
    pub findings: Vec<Finding>,
}

/// Finds what is asked for. Writes nothing.
pub fn wanted(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    wanted: &Wanted,
) -> Result<Asking, FlowError> {
    let onto = branches::line(workspace, &wanted.onto)?;
    let mut chosen = super::choosing::chosen(workspace, wanted, &onto)?;
    let adopts = adopts(workspace, ledger, &onto, &mut chosen)?;
    if !adopts && let Some(refused) = without_landed(workspace, wanted, &onto, &mut chosen)? {
        return Ok(refused);
    }
    let mut ask = ask(wanted, &chosen);
    if ask.answers.note.is_empty() {
        ask.answers.note = note_of_brought(workspace, &chosen)?;
    }
    let reverted = reverted(workspace, ledger, &ask)?;
    if let Some(known) = known(&ledger.queue, &ask, wanted.again, &reverted) {
        return Ok(known);
    }
    let mut findings = chosen.findings;
    findings.extend(overlaps(workspace, &ledger.queue, &ask)?);
    if !adopts {
        // What is there changes nothing there.
        findings.extend(idle(workspace, &onto, &ask)?);
    }
    Ok(Asking::New(Box::new(Ready { ask, findings })))
}

/// Tells whether commits are asked for that were made on a hotfix branch itself,
/// and by nobody's asking: that makes them good, once they are approved.
fn adopts(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    onto: &Line,
    chosen: &mut Chosen,
) -> Result<bool, FlowError> {
    let Some(hotfix) = ledger.queue.hotfixes.get(&onto.name) else {
        return Ok(false);
    };
    let repository = &workspace.repository;
    let from = repository.tag(hotfix.from.what.as_str())?.commit.id;
    let own = repository.commits_only_in(onto.head, &[object(&from)?])?;
    let requests = ledger.queue.requests.values();
    let became: Vec<&String> = requests
        .flat_map(|one| &one.applied)
        .flat_map(|said| &said.what)
        .filter_map(|one| one.to.as_ref())
        .collect();
    for one in &chosen.commits {
        if !own.contains(&object(&one.id)?) || became.contains(&&one.id) {
            return Ok(false);
        }
    }
    for one in &chosen.commits {
        let message = format!("{} has it, and nobody had asked for it", onto.name);
        let finding = Finding::info("adopted", short(&one.id), message);
        let fix = "once it is approved, a release takes it for picked";
        chosen.findings.push(finding.fix(fix));
    }
    Ok(!chosen.commits.is_empty())
}

/// Leaves out what the branch has; refuses where that is all.
fn without_landed(
    workspace: &Workspace,
    wanted: &Wanted,
    onto: &Line,
    chosen: &mut Chosen,
) -> Result<Option<Asking>, FlowError> {
    let ids = chosen.commits.iter().map(|one| object(&one.id));
    let ids: Vec<ObjectId> = ids.collect::<Result<_, _>>()?;
    let landed = listing::landed(workspace, onto, &ids)?;
    if landed.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    let all = landed.len() == ids.len();
    for id in &ids {
        let Some(to) = landed.get(id) else { continue };
        let message = match to == id {
            true => format!("{} has it: it is in its history", wanted.onto),
            false => format!("{} has it, as {}", wanted.onto, short(&to.to_string())),
        };
        let subject = short(&id.to_string()).to_owned();
        found.push(match all {
            true => Finding::error("already-on-branch", subject, message)
                .fix("there is nothing to pick; debcut patch list shows what is open"),
            false => Finding::info("already-on-branch", subject, message)
                .fix("it is left out of the request"),
        });
    }
    if all {
        return Ok(Some(Asking::Refused(found)));
    }
    let open =
        |one: &CommitFacts| ObjectId::from_hex(&one.id).is_some_and(|id| !landed.contains_key(&id));
    chosen.commits.retain(open);
    chosen.findings.extend(found);
    Ok(None)
}

/// Makes the request; returns its name.
pub fn make(
    ledger: &mut Ledger<'_>,
    ask: Ask,
    by: &Person,
    at: Timestamp,
) -> Result<RequestId, FlowError> {
    let summary = format!("ask for {} on {}", ask.title, ask.onto);
    let said = ledger.say(vec![Event::Asked(ask)], by, at, &summary)?;
    Ok(RequestId::of(&said[0]))
}

/// The commits that were meant.
#[derive(Debug)]
pub(super) struct Chosen {
    /// In the order of picking.
    pub commits: Vec<CommitFacts>,
    /// The merge that brought them, where there is one.
    pub merge: Option<CommitFacts>,
    /// The pull request, as it was named.
    pub pull_request: Option<String>,
    /// What is worth knowing about the choice.
    pub findings: Vec<Finding>,
}

fn ask(wanted: &Wanted, chosen: &Chosen) -> Ask {
    let all = || chosen.commits.iter().chain(&chosen.merge);
    let told = wanted.pull.iter().map(|pull| pull.body.as_str());
    let said = all().map(|one| one.message.as_str()).chain(told);
    let mut answers = answers::joined(said.map(answers::of_message));
    answers.take(&wanted.answers);
    let mut authors: Vec<Person> = Vec::new();
    for commit in &chosen.commits {
        let author = Person {
            name: commit.author.name.clone(),
            email: commit.author.email.clone(),
        };
        if !authors.contains(&author) {
            authors.push(author);
        }
    }
    let merged = chosen
        .merge
        .as_ref()
        .and_then(|merge| change::pull_request(&merge.message))
        .filter(|(_, title)| !title.is_empty());
    let own = match (&merged, chosen.commits.as_slice()) {
        (Some((_, title)), _) => title.clone(),
        (None, [only]) => subject(&only.message),
        (None, all) => {
            let first = all.first().map_or("", |one| one.message.as_str());
            format!(
                "{} and {} more",
                subject(first),
                all.len().saturating_sub(1)
            )
        }
    };
    let named =
        |commit: &CommitFacts| Some(format!("#{}", change::pull_request(&commit.message)?.0));
    let pull_request = chosen
        .pull_request
        .clone()
        .or_else(|| all().find_map(named));
    Ask {
        onto: wanted.onto.clone(),
        commits: chosen.commits.iter().map(|one| one.id.clone()).collect(),
        title: (wanted.title.clone())
            .or_else(|| Some(wanted.pull.as_ref()?.title.clone()))
            .unwrap_or(own),
        authors,
        answers,
        pull_request,
    }
}

/// Returns what users are told of the commits that a merge brought, where that is
/// picked whole and does not say it itself; empty: not each of them says it.
fn note_of_brought(workspace: &Workspace, chosen: &Chosen) -> Result<String, FlowError> {
    let [merge] = chosen.commits.as_slice() else {
        return Ok(String::new());
    };
    if merge.parents.len() < 2 || change::note(&merge.message) != Note::Unsaid {
        return Ok(String::new());
    }
    let mut told: Vec<String> = Vec::new();
    let mut any = false;
    for id in with_brought(workspace, std::slice::from_ref(&merge.id))? {
        let facts = workspace.repository.commit_facts(&id)?;
        if facts.parents.len() > 1 {
            continue;
        }
        any = true;
        match change::note(&facts.message) {
            Note::Unsaid => return Ok(String::new()),
            Note::Nothing => {}
            Note::Written(text) if told.contains(&text) => {}
            Note::Written(text) => told.push(text),
        }
    }
    Ok(match (any, told.is_empty()) {
        (false, _) => String::new(),
        (true, true) => "NONE".to_owned(),
        (true, false) => told.join("\n"),
    })
}

fn subject(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().to_owned()
}

/// Returns an id as people write it.
pub(super) fn short(id: &str) -> &str {
    &id[..id.len().min(12)]
}

/// Lists the requests for some of the commits that their branch has taken back.
fn reverted(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    ask: &Ask,
) -> Result<BTreeSet<RequestId>, FlowError> {
    let mut meant: Vec<&Request> = ledger.queue.requests.values().collect();
    meant.retain(|one| {
        let has = |id: &String| one.ask.what.commits.contains(id);
        one.applied.is_some() && one.ask.what.onto == ask.onto && ask.commits.iter().any(has)
    });
    let listed = listing::listed(workspace, ledger, &meant)?;
    let gone = listed.into_iter();
    let gone = gone.filter(|one| one.standing.state == State::Reverted);
    Ok(gone.map(|one| one.request.id).collect())
}

/// Finds earlier requests for the same.
fn known(queue: &Queue, ask: &Ask, again: Again, reverted: &BTreeSet<RequestId>) -> Option<Asking> {
    let mut found: Vec<&Request> = queue.requests.values().collect();
    found.retain(|one| {
        let has = |id: &String| one.ask.what.commits.contains(id);
        one.ask.what.onto == ask.onto && ask.commits.iter().any(has)
    });
    found.sort_by_key(|one| (one.ask.at, one.ask.entry));
    let over = |one: &Request| {
        one.withdrawn.is_some() || one.superseded.is_some() || reverted.contains(&one.id)
    };
    let rejected = |one: &Request| {
        let last = one.decisions.last();
        last.filter(|last| last.what.0 == Decision::Reject).cloned()
    };
    // Those that are open come first: a rejected one may have been asked anew.
    let mut left: BTreeSet<&String> = ask.commits.iter().collect();
    let mut open = Vec::new();
    for one in &found {
        if over(one) || rejected(one).is_some() {
            continue;
        }
        let before = left.len();
        left.retain(|id| !one.ask.what.commits.contains(id));
        if left.len() < before {
            open.push(one.id.clone());
        }
    }
    if left.is_empty() {
        if let [only] = open.as_slice() {
            return Some(Asking::Known(only.clone()));
        }
        let parts = open.iter().map(|one| {
            let message = "it asks for a part of it; nothing is left to ask for";
            Finding::info("asked-already", one.to_string(), message)
        });
        return Some(Asking::Refused(parts.collect()));
    }
    if again == Again::Yes {
        return None;
    }
    let last = found.iter().rev().find(|one| rejected(one).is_some())?;
    let said = rejected(last)?;
    let message = format!(
        "{} was rejected on {} by {}: {}",
        ask.title,
        said.at.day(),
        said.by.name,
        said.what.1
    );
    let finding = Finding::error("rejected-before", last.id.to_string(), message);
    let fix = format!(
        "debcut patch approve {} --reason …, or pick it with --again when things have changed",
        last.id
    );
    Some(Asking::Refused(vec![finding.fix(fix)]))
}

/// Says which open requests have some of the commits, or the same changes, too.
fn overlaps(workspace: &Workspace, queue: &Queue, ask: &Ask) -> Result<Vec<Finding>, FlowError> {
    let open = |one: &&Request| {
        one.ask.what.onto == ask.onto
            && one.applied.is_none()
            && one.withdrawn.is_none()
            && one.superseded.is_none()
    };
    let repository = &workspace.repository;
    let objects = repository.objects()?;
    let ids = |commits: &[String]| -> Vec<ObjectId> {
        let ids = commits.iter().filter_map(|id| ObjectId::from_hex(id));
        ids.collect()
    };
    let mut found = Vec::new();
    let asked = with_brought(workspace, &ask.commits)?;
    for other in queue.requests.values().filter(open) {
        let commits = &other.ask.what.commits;
        let there = with_brought(workspace, commits)?;
        let both = asked.iter().filter(|id| there.contains(id));
        let both: Vec<&str> = both.map(|id| short(id)).collect();
        let mut same = Vec::new();
        for commit in ids(&ask.commits) {
            same.extend(repository.alike(&objects, commit, &ids(commits))?);
        }
        let message = match (both.as_slice(), same.as_slice()) {
            ([], []) => continue,
            ([], [first, ..]) => {
                let first = first.to_string();
                format!("{} there makes the same change", short(&first))
            }
            (both, _) => format!("it asks for {}, too", both.join(", ")),
        };
        let finding = Finding::warning("asked-twice", other.id.to_string(), message);
        found.push(finding.fix(format!(
            "debcut patch supersede {} --by the new one, or withdraw one of both",
            other.id
        )));
    }
    Ok(found)
}

/// Adds to each merge of some commits what it brought: to pick it whole is to
/// pick that.
pub(super) fn with_brought(
    workspace: &Workspace,
    commits: &[String],
) -> Result<Vec<String>, FlowError> {
    let repository = &workspace.repository;
    let mut found = commits.to_vec();
    for id in commits.iter().filter(|id| repository.has_commit(id)) {
        let parents = repository.commit_facts(id)?.parents;
        let Some((first, others)) = parents.split_first() else {
            continue;
        };
        for other in others {
            let brought = repository.commits_between(first, other)?;
            found.extend(brought.into_iter().map(|one| one.id));
        }
    }
    Ok(found)
}

/// Says so where picking it now would change nothing: the commits are empty, or
/// something else has done what they do.
fn idle(workspace: &Workspace, onto: &Line, ask: &Ask) -> Result<Option<Finding>, FlowError> {
    let memory = workspace.repository.in_memory()?;
    let objects = memory.objects()?;
    let tree = objects.commit(onto.head)?.tree.to_string();
    let mut picking = Picking::new(&memory, &objects, &tree)?;
    for commit in &ask.commits {
        if picking.pick(commit)? != Step::Nothing {
            return Ok(None);
        }
    }
    let message = format!("it changes nothing on {} as that is now", ask.onto);
    let subject = ask.commits.first().map_or("", |id| short(id));
    let finding = Finding::warning("changes-nothing", subject, message);
    Ok(Some(finding.fix("debcut patch withdraw takes it back")))
}

/// Reads an id that git gave.
pub(super) fn object(id: &str) -> Result<ObjectId, PatchingError> {
    ObjectId::from_hex(id).ok_or_else(|| PatchingError::NoId(id.to_owned()))
}
