//! Requests with what is so of them now: merged, told to users, on the branch,
//! applying. Nothing is written, not even objects: picks are tried in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::branches::{self, Line};
use super::ledger::Ledger;
use super::placing;
use super::suggesting::changes;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Timestamp};
use crate::patch::entry::Picked;
use crate::patch::facts::{Applies, Facts, Merged, NoteFact, Picks};
use crate::patch::moves::{self, Move};
use crate::patch::policy::Parents;
use crate::patch::state::{Listed, standing};
use crate::patch::{Decision, Queue, Request, RequestId};
use crate::release::change::{self, Note};
use crate::sys::git::{Landed, ObjectId, Objects, Picking, Repository, Step};
use crate::sys::outward::Gate;

/// Looks at some requests, in their order.
pub fn listed(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    requests: &[&Request],
) -> Result<Vec<Listed>, FlowError> {
    let policy = &workspace.project.patch;
    let facts = facts(workspace, &ledger.queue, requests)?;
    let main = branches::main_line(workspace)?.map(|main| main.name);
    let with = requests.iter().zip(facts).map(|(request, mut facts)| {
        came_back(request, &mut facts, main.as_ref(), &ledger.queue);
        let mut standing = standing(request, &facts, &ledger.queue, policy);
        if main.as_ref() == Some(&request.ask.what.onto) {
            // What is asked for on the main branch is not there yet.
            standing.parents = Parents::Any;
        }
        Listed {
            standing,
            request: (*request).clone(),
            facts,
        }
    });
    Ok(with.collect())
}

/// Takes a commit that was picked onto the main branch for merged there: a fix
/// that was made for a hotfix comes back under another id.
fn came_back(request: &Request, facts: &mut Facts, main: Option<&BranchName>, queue: &Queue) {
    let (Merged::Without(commits) | Merged::Unpushed { commits, .. }) = &mut facts.merged else {
        return;
    };
    let there = |id: &String| {
        let mut others = queue.requests.values();
        others.any(|other| {
            let mut became = other.applied.iter().flat_map(|said| &said.what);
            Some(&other.ask.what.onto) == main
                && other.id != request.id
                && became.any(|one| one.from == *id)
        })
    };
    commits.retain(|id| !there(id));
    if commits.is_empty() {
        facts.merged = Merged::All;
    }
}

/// Finds what is so of some requests, in their order.
fn facts(
    workspace: &Workspace,
    queue: &Queue,
    requests: &[&Request],
) -> Result<Vec<Facts>, FlowError> {
    let memory = workspace.repository.in_memory()?;
    let mut look = Look::open(workspace, queue, &memory)?;
    let mut by_branch: BTreeMap<&BranchName, Vec<usize>> = BTreeMap::new();
    for (at, request) in requests.iter().enumerate() {
        by_branch
            .entry(&request.ask.what.onto)
            .or_default()
            .push(at);
    }
    look.find_merged(requests)?;
    let mut found: Vec<Option<Facts>> = vec![None; requests.len()];
    for (branch, places) in by_branch {
        let asked: Vec<&Request> = places.iter().map(|at| requests[*at]).collect();
        let facts = look.on_branch(branch, &asked)?;
        for (at, facts) in places.into_iter().zip(facts) {
            found[at] = Some(facts);
        }
    }
    Ok(found.into_iter().flatten().collect())
}

/// Finds what some commits, by their ids, became on a branch.
pub fn landed(
    workspace: &Workspace,
    line: &Line,
    commits: &[ObjectId],
) -> Result<Landed, FlowError> {
    let repository = &workspace.repository;
    let main = branches::main_line(workspace)?;
    let own = branches::own(repository, line, main.as_ref())?;
    let objects = repository.objects()?;
    Ok(repository.landed(&objects, commits, line.head, &own)?)
}

/// What is looked up once for all requests.
struct Look<'w, 'r> {
    workspace: &'w Workspace,
    queue: &'w Queue,
    memory: &'r Repository,
    objects: Objects<'r>,
    main: Option<Line>,
    /// Commits that the main branch lacks.
    unmerged: HashSet<ObjectId>,
    /// Commits that its remote lacks, and the remote's branch; none: there is no
    /// other main branch than this clone's, or that is kept here by an embargo.
    unpushed: Option<(HashSet<ObjectId>, String)>,
    /// Commits that are not in this clone.
    absent: HashSet<String>,
    notes: HashMap<String, NoteFact>,
}

impl<'w, 'r> Look<'w, 'r> {
    fn open(
        workspace: &'w Workspace,
        queue: &'w Queue,
        memory: &'r Repository,
    ) -> Result<Self, FlowError> {
        Ok(Self {
            workspace,
            queue,
            memory,
            objects: memory.objects()?,
            main: branches::main_line(workspace)?,
            unmerged: HashSet::new(),
            unpushed: None,
            absent: HashSet::new(),
            notes: HashMap::new(),
        })
    }

    /// Reads every commit once, and asks the main branch for all at once.
    fn find_merged(&mut self, requests: &[&Request]) -> Result<(), FlowError> {
        let mut there = Vec::new();
        for id in requests.iter().flat_map(|one| &one.ask.what.commits) {
            if self.notes.contains_key(id) || self.absent.contains(id) {
                continue;
            }
            let parsed = ObjectId::from_hex(id);
            let commit = parsed.and_then(|parsed| self.objects.commit(parsed).ok());
            let (Some(parsed), Some(commit)) = (parsed, commit) else {
                self.absent.insert(id.clone());
                continue;
            };
            there.push(parsed);
            let note = match change::note(&commit.message()) {
                Note::Written(_) => NoteFact::Written,
                Note::Nothing => NoteFact::None,
                Note::Unsaid => NoteFact::Missing,
            };
            self.notes.insert(id.clone(), note);
        }
        if let Some(main) = &self.main {
            self.unmerged = self.memory.lacking(&there, &main.heads)?;
            // Under an embargo the main branch stays here until the lift brings it
            // along.
            let gate = Gate::default().of(self.workspace.repository.own_dir());
            if let Some((head, name)) = &main.shared
                && main.heads.iter().any(|own| own != head)
                && gate.marks()?.is_empty()
            {
                let lacking = self.memory.lacking(&there, &[*head])?;
                self.unpushed = Some((lacking, name.clone()));
            }
        }
        Ok(())
    }

    fn on_branch(
        &self,
        branch: &BranchName,
        requests: &[&Request],
    ) -> Result<Vec<Facts>, FlowError> {
        let line = branches::line(self.workspace, branch).ok();
        let own = match &line {
            Some(line) => branches::own(self.memory, line, self.main.as_ref())?,
            None => Vec::new(),
        };
        let (place, memory) = (line.as_ref(), self.memory);
        let (shop, objects) = ((self.workspace, self.queue), &self.objects);
        let astray = placing::picks(shop, memory, objects, place, &own, requests)?;
        let open = |request: &&&Request| {
            let is_there = request.applied.is_some() && !astray.contains_key(&request.id);
            !is_there && (request.withdrawn.is_none() || request.applied.is_some())
        };
        let wanted: Vec<ObjectId> = requests
            .iter()
            .filter(open)
            .flat_map(|request| &request.ask.what.commits)
            .filter(|id| !self.absent.contains(*id))
            .filter_map(|id| ObjectId::from_hex(id))
            .collect();
        let landed = match &line {
            Some(line) => {
                let mut landed = self
                    .memory
                    .landed(&self.objects, &wanted, line.head, &own)?;
                if !astray.is_empty() {
                    // Where both have gone on, a pick may be on the other head.
                    for head in line.heads.iter().filter(|head| **head != line.head) {
                        let other = Line {
                            head: *head,
                            ..line.clone()
                        };
                        let own = branches::own(self.memory, &other, self.main.as_ref())?;
                        let there = self.memory.landed(&self.objects, &wanted, *head, &own)?;
                        for (id, to) in there {
                            landed.entry(id).or_insert(to);
                        }
                    }
                }
                landed
            }
            None => HashMap::new(),
        };
        let tree = match &line {
            Some(line) => Some(self.objects.commit(line.head)?.tree.to_string()),
            None => None,
        };
        let mut found = Vec::new();
        for request in requests {
            let commits = &request.ask.what.commits;
            let became = |id: &String| {
                let from = ObjectId::from_hex(id)?;
                let to = landed.get(&from)?;
                Some(Picked {
                    from: id.clone(),
                    to: Some(to.to_string()),
                })
            };
            let became = open(&request).then(|| commits.iter().map(became).collect());
            let became: Option<Vec<Picked>> = became.flatten();
            let picks = match &became {
                Some(_) => None,
                None => astray.get(&request.id).cloned(),
            };
            let picks = picks.unwrap_or_default();
            let reverted = matches!(picks, Picks::Reverted { .. });
            let over = !open(&request) || became.is_some() || reverted;
            let applies = match &tree {
                _ if over => Applies::Nothing,
                None => Applies::Unknown(format!("there is no branch {branch} here")),
                Some(tree) => self.applies(commits, tree)?,
            };
            found.push(Facts {
                merged: self.merged(commits),
                note: match change::note_of(&request.ask.what.answers.note) {
                    Note::Written(_) => NoteFact::Written,
                    Note::Nothing => NoteFact::None,
                    Note::Unsaid => self.note(commits),
                },
                applies,
                landed: became,
                moves: match over {
                    true => Vec::new(),
                    false => self.moves(commits)?,
                },
                picks,
            });
        }
        Ok(found)
    }

    /// Finds the dependencies that commits in a row move, as far as they are here.
    fn moves(&self, commits: &[String]) -> Result<Vec<Move>, FlowError> {
        let here = commits.iter().filter(|id| !self.absent.contains(*id));
        // Of where a shallow clone ends nobody knows what it changes.
        let shallow = &self.objects.substitutes.shallow;
        let ids = here.filter_map(|id| ObjectId::from_hex(id));
        let mut found = Vec::new();
        for id in ids.filter(|id| !shallow.contains(id)) {
            found.extend(changes::moves(&self.objects, id)?);
        }
        Ok(moves::joined(found))
    }

    fn applies(&self, commits: &[String], tree: &str) -> Result<Applies, FlowError> {
        if let Some(id) = commits.iter().find(|id| self.absent.contains(*id)) {
            return Ok(Applies::Unknown(format!("the commit {id} is not here")));
        }
        let shallow = &self.objects.substitutes.shallow;
        let ends = |id: &&String| ObjectId::from_hex(id).is_some_and(|id| shallow.contains(&id));
        if let Some(id) = commits.iter().find(ends) {
            let why = format!("this clone is shallow and ends at {id:.12}: git fetch --unshallow");
            return Ok(Applies::Unknown(why));
        }
        let mut picking = Picking::new(self.memory, &self.objects, tree)?;
        let mut changes = false;
        for commit in commits {
            match picking.pick(commit)? {
                Step::Changed => changes = true,
                Step::Nothing => {}
                Step::Conflicts(paths) => {
                    return Ok(Applies::Conflicts {
                        commit: commit.clone(),
                        paths: paths.into_iter().collect(),
                    });
                }
            }
        }
        Ok(match changes {
            true => Applies::Cleanly,
            false => Applies::Nothing,
        })
    }

    fn merged(&self, commits: &[String]) -> Merged {
        if self.main.is_none() {
            return Merged::Unknown;
        }
        let among = |lacking: &HashSet<ObjectId>| -> Vec<String> {
            let open = |id: &&String| {
                let parsed = ObjectId::from_hex(id);
                self.absent.contains(*id) || parsed.is_some_and(|id| lacking.contains(&id))
            };
            commits.iter().filter(open).cloned().collect()
        };
        let without = among(&self.unmerged);
        if !without.is_empty() {
            return Merged::Without(without);
        }
        let unpushed = self.unpushed.as_ref();
        match unpushed.map(|(lacking, shared)| (among(lacking), shared.clone())) {
            Some((commits, shared)) if !commits.is_empty() => Merged::Unpushed { commits, shared },
            _ => Merged::All,
        }
    }

    /// Every commit must say what users are told, or that there is nothing.
    fn note(&self, commits: &[String]) -> NoteFact {
        let notes = || commits.iter().filter_map(|id| self.notes.get(id)).copied();
        match notes().min() {
            None | Some(NoteFact::Missing) => NoteFact::Missing,
            Some(_) => notes().max().unwrap_or(NoteFact::Missing),
        }
    }
}

/// Which requests are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// All but those that were over before their branch's last release.
    SinceRelease,
}

/// Chooses the requests to look at, the oldest first; and says how many are left
/// out because they were over before the last release. Those of `astray` are not
/// over, whatever was written down of them.
pub fn chosen<'q>(
    queue: &'q Queue,
    onto: Option<&BranchName>,
    which: Which,
    astray: &BTreeSet<RequestId>,
) -> (Vec<&'q Request>, usize) {
    let mut cuts: BTreeMap<&BranchName, Timestamp> = BTreeMap::new();
    for cut in &queue.cuts {
        cuts.insert(&cut.branch.what, cut.branch.at);
    }
    let meant = |one: &&Request| onto.is_none_or(|onto| one.ask.what.onto == *onto);
    let all: Vec<&Request> = queue.requests.values().filter(meant).collect();
    let is_over = |one: &&Request| {
        let ends = [
            (one.applied.as_ref())
                .filter(|_| !astray.contains(&one.id))
                .map(|said| said.at),
            one.superseded.as_ref().map(|said| said.at),
            one.withdrawn.as_ref().map(|said| said.at),
            (one.decisions.last())
                .filter(|last| last.what.0 == Decision::Reject)
                .map(|last| last.at),
        ];
        let cut = cuts.get(&one.ask.what.onto);
        let over = ends.into_iter().flatten().min();
        matches!((over, cut), (Some(over), Some(cut)) if over <= *cut)
    };
    let (over, mut kept): (Vec<&Request>, Vec<&Request>) = all
        .into_iter()
        .partition(|one| which == Which::SinceRelease && is_over(one));
    kept.sort_by_key(|one| (one.ask.at, one.ask.entry));
    (kept, over.len())
}
