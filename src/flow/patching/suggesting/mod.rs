//! `patch suggest`: commits of the main branch since the branch point that look
//! like they belong on a maintenance branch.
//!
//! Messages are read for all of them, changes only of what is suggested or
//! moves dependencies, so it costs as much as the main branch has moved on.

pub(super) mod changes;
mod judging;
mod reading;
mod trying;

use std::collections::{HashMap, HashSet};

use super::branches;
use super::ledger::Ledger;
use super::listing;
use super::picking;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Timestamp};
use crate::patch::facts::Applies;
use crate::patch::moves::Move;
use crate::patch::policy::Policy;
use crate::patch::state::State;
use crate::patch::suggest::{Reason, Verdict};
use crate::patch::{Request, RequestId};
use crate::release::change;
use crate::release::commit::Person;
use judging::Look;
use reading::Read;

/// A commit that looks like it belongs, or would but for what is known of it.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The commit.
    pub commit: String,
    /// Its subject.
    pub subject: String,
    /// Who wrote it.
    pub author: Person,
    /// When it was committed.
    pub committed: Timestamp,
    /// Why it is suggested, the most urgent reason first.
    pub reasons: Vec<Reason>,
    /// The dependencies that it moves.
    pub moves: Vec<Move>,
    /// What picking it now comes to.
    pub applies: Applies,
    /// The earlier commits that make it apply, where it does not by itself.
    pub after: Vec<String>,
    /// Whether users are told of it.
    pub note: change::Note,
}

/// A commit that is not suggested, and why.
#[derive(Debug, Clone)]
pub struct Other {
    /// The commit.
    pub commit: String,
    /// Its subject.
    pub subject: String,
    /// Why not.
    pub why: Why,
    /// The dependencies that it moves.
    pub moves: Vec<Move>,
}

/// Why a commit is not suggested.
#[derive(Debug, Clone)]
pub enum Why {
    /// It is on the branch already, as this commit.
    Picked(String),
    /// It is asked for, and stands so.
    Asked(RequestId, State),
    /// Its author refuses, by this trailer.
    Refused(String),
    /// It only concerns commits that the branch has not.
    Foreign(Vec<String>),
    /// It is taken back again on the main branch, by this commit.
    TakenBack(String),
    /// It only moves dependencies, and nothing speaks for it.
    OnlyMoves,
    /// Nothing speaks for it: of what kind it calls itself, and whether the
    /// branch takes such.
    Silent(Option<String>, Takes),
}

/// Whether a branch takes changes of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// It does, where somebody asks.
    Yes,
    /// It does not, but for an owner.
    No,
}

/// What a look at the main branch found.
#[derive(Debug, Clone)]
pub struct Suggestions {
    /// The branch.
    pub onto: BranchName,
    /// The main branch.
    pub main: BranchName,
    /// Where the branch leaves the main one; none: they have nothing in common.
    pub base: Option<String>,
    /// How many commits the main branch has that the branch has not.
    pub ahead: usize,
    /// What looks like it belongs, in the order of picking.
    pub suggested: Vec<Suggestion>,
    /// What would but for something, in the same order.
    pub others: Vec<Other>,
    /// What nothing speaks for, in the same order.
    pub silent: Vec<Other>,
}

/// Looks for commits that belong on a branch; `labelled` are those that a label
/// on the forge asks for.
pub fn suggest(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    onto: &BranchName,
    labelled: &HashMap<String, (u64, String)>,
) -> Result<Suggestions, FlowError> {
    let repository = &workspace.repository;
    let line = branches::line(workspace, onto)?;
    let main = branches::main_line(workspace)?.ok_or(super::PatchingError::NoMain)?;
    let memory = repository.in_memory()?;
    let objects = memory.objects()?;
    let newest_first = memory.commits_only_in(main.head, &line.heads)?;
    let ahead = newest_first.len();
    let read = reading::read(&objects, &newest_first)?;
    let own = branches::own(&memory, &line, Some(&main))?;
    let mut look = Look {
        memory: &memory,
        objects: &objects,
        line: &line,
        own: &own,
        on_branch: HashMap::new(),
    };
    let judged = look.judged(&read, onto, labelled)?;
    let asked = asked(workspace, ledger, onto)?;
    let mut found = Suggestions {
        onto: onto.clone(),
        main: main.name.clone(),
        base: memory.merge_base(&main.head.to_string(), &line.head.to_string())?,
        ahead,
        suggested: Vec::new(),
        others: Vec::new(),
        silent: Vec::new(),
    };
    let policy = &workspace.project.patch;
    // What is suggested or asked for: who takes it takes what mends it as well.
    let open = asked.iter().filter(|(_, (_, state))| state.is_open());
    let mut coming: HashSet<String> = open.map(|(commit, _)| commit.clone()).collect();
    // In the order of picking.
    for (one, verdict) in judged.into_iter().rev() {
        let verdict = match verdict {
            Verdict::Foreign(ids) => match ids.iter().find(|id| coming.contains(*id)) {
                Some(commit) => Verdict::Belongs(vec![Reason::Completes {
                    commit: commit.clone(),
                }]),
                None => Verdict::Foreign(ids),
            },
            verdict => verdict,
        };
        let known = look.known_here(one, &asked);
        let moves = changes::moves(&objects, one.id)?;
        let why = match (verdict, known) {
            (Verdict::Silent, None) if moves.is_empty() => silent(one, policy),
            (Verdict::Silent, None) => Why::OnlyMoves,
            (_, Some(why)) => why,
            (Verdict::Refused(trailer), None) => Why::Refused(trailer),
            (Verdict::Foreign(ids), None) => Why::Foreign(ids),
            (Verdict::Belongs(_), None) if one.taken_back.is_some() => {
                Why::TakenBack(one.taken_back.clone().unwrap_or_default())
            }
            (Verdict::Belongs(reasons), None) => {
                coming.insert(one.commit.id.clone());
                found.suggested.push(suggestion(one, reasons, moves));
                continue;
            }
        };
        let list = match &why {
            Why::Silent(..) => &mut found.silent,
            _ => &mut found.others,
        };
        list.push(Other {
            commit: one.commit.id.clone(),
            subject: one.commit.subject().to_owned(),
            why,
            moves,
        });
    }
    trying::try_all(&memory, &objects, &line, &mut found)?;
    Ok(found)
}

/// Says of what kind a commit is that nothing speaks for.
fn silent(one: &Read, policy: &Policy) -> Why {
    let kind = one.changes.iter().find_map(|change| change.kind.clone());
    let taken = |kind: &String| policy.kinds.contains(kind);
    let takes = match kind.as_ref().is_none_or(taken) {
        true => Takes::Yes,
        false => Takes::No,
    };
    Why::Silent(kind, takes)
}

/// Lists what is asked for on a branch, by commit. The newest request speaks.
fn asked(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    onto: &BranchName,
) -> Result<HashMap<String, (RequestId, State)>, FlowError> {
    let mut meant: Vec<&Request> = (ledger.queue.requests.values())
        .filter(|one| one.ask.what.onto == *onto)
        .collect();
    meant.sort_by_key(|one| (one.ask.at, one.ask.entry));
    let mut found = HashMap::new();
    for one in listing::listed(workspace, ledger, &meant)? {
        let commits = &one.request.ask.what.commits;
        let state = one.standing.state;
        let all = match state.is_open() {
            // Whoever asks for a merge asks for what it brought.
            true => picking::with_brought(workspace, commits)?,
            false => commits.clone(),
        };
        for commit in all {
            found.insert(commit, (one.request.id.clone(), state));
        }
    }
    Ok(found)
}

fn suggestion(one: &Read, reasons: Vec<Reason>, moves: Vec<Move>) -> Suggestion {
    Suggestion {
        commit: one.commit.id.clone(),
        subject: one.commit.subject().to_owned(),
        author: one.commit.author.clone(),
        committed: one.commit.committed,
        reasons,
        moves,
        applies: Applies::Nothing,
        after: Vec::new(),
        note: change::note(&one.commit.message),
    }
}
