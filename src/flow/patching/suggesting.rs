//! `patch suggest`: commits of the main branch since the branch point that look
//! like they belong on a maintenance branch.
//!
//! Messages are read for all of them, changes only of what is suggested or
//! moves dependencies, so it costs as much as the main branch has moved on.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::branches::{self, Line};
use super::kinds;
use super::ledger::Ledger;
use super::listing;
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Timestamp};
use crate::patch::facts::Applies;
use crate::patch::moves::{self, Changed, Move};
use crate::patch::sequence::prerequisites;
use crate::patch::state::State;
use crate::patch::suggest::{self, Asked, Known, Origin, Reason, Target, Verdict};
use crate::patch::{Request, RequestId};
use crate::release::change::{self, Change, Reason as LeftOut};
use crate::release::commit::{Commit, Person};
use crate::sys::git::{Descend, GitError, Grafted, ObjectId, Objects, Picking, Repository, Step};

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
}

/// A commit of the main branch with what its message says.
struct Read {
    id: ObjectId,
    commit: Commit,
    changes: Vec<Change>,
    /// The commit that takes it back, or that it takes back.
    taken_back: Option<String>,
    takes_back: Vec<String>,
}

/// Looks for commits that belong on a branch.
pub fn suggest(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    onto: &BranchName,
) -> Result<Suggestions, FlowError> {
    let repository = &workspace.repository;
    let line = branches::line(workspace, onto)?;
    let main = branches::main_line(workspace)?.ok_or(super::PatchingError::NoMain)?;
    let memory = repository.in_memory()?;
    let objects = memory.objects()?;
    let newest_first = memory.commits_only_in(main.head, &line.heads)?;
    let ahead = newest_first.len();
    let read = read(&objects, &newest_first)?;
    let own = memory.commits_only_in(line.head, &main.heads)?;
    let mut look = Look {
        memory: &memory,
        objects: &objects,
        line: &line,
        own: &own,
        on_branch: HashMap::new(),
    };
    let judged = look.judged(&read, onto)?;
    let asked = asked(workspace, ledger, onto)?;
    let mut found = Suggestions {
        onto: onto.clone(),
        main: main.name.clone(),
        base: memory.merge_base(&main.head.to_string(), &line.head.to_string())?,
        ahead,
        suggested: Vec::new(),
        others: Vec::new(),
    };
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
        let moves = match manifests(&objects, one.id)? {
            true => self::moves(&objects, one.id)?,
            false => Vec::new(),
        };
        let why = match (verdict, known) {
            (Verdict::Silent, _) if moves.is_empty() => continue,
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
        found.others.push(Other {
            commit: one.commit.id.clone(),
            subject: one.commit.subject().to_owned(),
            why,
            moves,
        });
    }
    try_all(&memory, &objects, &line, &mut found)?;
    Ok(found)
}

/// Reads the messages of all commits but merges.
fn read(objects: &Objects<'_>, newest_first: &[ObjectId]) -> Result<Vec<Read>, FlowError> {
    let mut commits = Vec::new();
    let mut ids = Vec::new();
    for id in newest_first.iter().copied() {
        let object = objects.commit(id)?;
        if object.parents.len() > 1 {
            continue;
        }
        let (name, email) = object.author();
        let author = Person { name, email };
        let mut commit = kinds::commit(id.to_string(), author, object.message());
        commit.committed = Timestamp::from_unix(object.committed);
        commits.push(commit);
        ids.push(id);
    }
    let mut said = kinds::read(&commits);
    let mut changes: HashMap<String, Vec<Change>> = HashMap::new();
    for change in said.changes.drain(..) {
        changes
            .entry(change.commit.clone())
            .or_default()
            .push(change);
    }
    let mut left_out: HashMap<String, LeftOut> = HashMap::new();
    for ignored in said.ignored {
        left_out.insert(ignored.commit, ignored.reason);
    }
    let mut found = Vec::new();
    for (id, commit) in ids.into_iter().zip(commits) {
        let mut changes = changes.remove(&commit.id).unwrap_or_default();
        let (mut taken_back, mut takes_back) = (None, Vec::new());
        match left_out.remove(&commit.id) {
            None => {}
            Some(LeftOut::Reverted(by)) => taken_back = Some(by),
            Some(LeftOut::RevertOf(of)) => takes_back.push(of),
            // Of debcut's own, of a commit to be squashed: nothing to pick.
            Some(_) => continue,
        }
        if changes.is_empty() {
            // It still says what it says, whatever became of it.
            changes = kinds::read(std::slice::from_ref(&commit)).changes;
        }
        let words = changes
            .iter()
            .filter_map(|change| change.reverts.as_deref());
        let older: Vec<String> = words
            .flat_map(|words| words.split(", "))
            .map(str::to_owned)
            .collect();
        takes_back.extend(older);
        found.push(Read {
            id,
            commit,
            changes,
            taken_back,
            takes_back,
        });
    }
    Ok(found)
}

struct Look<'l> {
    memory: &'l Repository,
    objects: &'l Objects<'l>,
    line: &'l Line,
    own: &'l [ObjectId],
    /// What commits are on the branch, as far as that was asked.
    on_branch: HashMap<ObjectId, Option<ObjectId>>,
}

impl Look<'_> {
    /// Judges every commit by what it says and names.
    fn judged<'r>(
        &mut self,
        read: &'r [Read],
        onto: &BranchName,
    ) -> Result<Vec<(&'r Read, Verdict)>, FlowError> {
        let target = Target::new(onto.as_str());
        let mut known = Vec::new();
        let mut wanted: BTreeSet<ObjectId> = BTreeSet::new();
        for one in read {
            let mut named = [Vec::new(), Vec::new()];
            let fixes = one.changes.iter().flat_map(|change| &change.fixes);
            let fixes = fixes.map(String::as_str);
            for (texts, found) in [
                (fixes.collect::<Vec<_>>(), 0),
                (one.takes_back.iter().map(String::as_str).collect(), 1),
            ] {
                for text in texts {
                    named[found].extend(self.commit_of(text));
                }
            }
            wanted.extend(named.iter().flatten());
            let asked = suggest::asked(&one.commit.message, &target);
            let speaks = asked != Asked::Unsaid
                || one
                    .changes
                    .iter()
                    .any(|one| kinds::is_fix(one) || !one.cves.is_empty());
            if speaks || named.iter().any(|all| !all.is_empty()) {
                wanted.insert(one.id);
            }
            known.push((asked, named));
        }
        self.find(&wanted)?;
        let origin = |id: &ObjectId| Origin {
            id: id.to_string(),
            on_branch: self.became(*id).map(|id| id.to_string()),
        };
        let mut judged = Vec::new();
        for (one, (asked, [fixes, reverts])) in read.iter().zip(known) {
            let mut cves: Vec<String> = Vec::new();
            for cve in one.changes.iter().flat_map(|change| &change.cves) {
                if !cves.contains(cve) {
                    cves.push(cve.clone());
                }
            }
            let known = Known {
                is_fix: one.changes.iter().any(kinds::is_fix),
                cves,
                is_exploited: one.changes.iter().any(|change| change.exploited),
                asked,
                fixes: fixes.iter().map(origin).collect(),
                reverts: reverts.iter().map(origin).collect(),
            };
            judged.push((one, suggest::judge(&known)));
        }
        Ok(judged)
    }

    /// Finds the commit that `Fixes: 1234567 ("title")` names.
    fn commit_of(&self, text: &str) -> Option<ObjectId> {
        let word = text.split([' ', ',', '(']).next()?;
        let hex = word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let found = hex.then(|| self.memory.commit(word).ok())??;
        ObjectId::from_hex(&found.id)
    }

    /// Asks the branch what some commits are there.
    fn find(&mut self, wanted: &BTreeSet<ObjectId>) -> Result<(), FlowError> {
        let wanted: Vec<ObjectId> = wanted.iter().copied().collect();
        let landed = self
            .memory
            .landed(self.objects, &wanted, self.line.head, self.own)?;
        for id in wanted {
            self.on_branch.insert(id, landed.get(&id).copied());
        }
        Ok(())
    }

    fn became(&self, id: ObjectId) -> Option<ObjectId> {
        self.on_branch.get(&id).copied().flatten()
    }

    /// Tells why there is nothing to ask about a commit any more.
    fn known_here(&self, one: &Read, asked: &HashMap<String, (RequestId, State)>) -> Option<Why> {
        if let Some((request, state)) = asked.get(&one.commit.id)
            && *state != State::Picked
        {
            return Some(Why::Asked(request.clone(), *state));
        }
        self.became(one.id).map(|id| Why::Picked(id.to_string()))
    }
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
        for commit in &one.request.ask.what.commits {
            let state = one.standing.state;
            found.insert(commit.clone(), (one.request.id.clone(), state));
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

/// Tells whether a commit changes a file of dependencies.
fn manifests(objects: &Objects<'_>, id: ObjectId) -> Result<bool, GitError> {
    let mut any = false;
    each_change(objects, id, &mut |path, _, _| {
        any |= moves::is_manifest(path)
    })?;
    Ok(any)
}

type Visit<'v> = &'v mut dyn FnMut(&str, Option<ObjectId>, Option<ObjectId>);

fn each_change(objects: &Objects<'_>, id: ObjectId, visit: Visit<'_>) -> Result<(), GitError> {
    let commit = objects.commit(id)?;
    let before = match commit.parents.first() {
        Some(parent) => Some(objects.commit(*parent)?.tree),
        None => None,
    };
    objects.compare(before, Some(commit.tree), &mut |found| {
        if !found.is_directory() {
            let path = String::from_utf8_lossy(found.path);
            let id = |item: Option<crate::sys::git::Item>| item.map(|item| item.id);
            visit(&path, id(found.before), id(found.after));
        }
        Descend::Into
    })
}

/// Reads the dependencies that a commit moves.
fn moves(objects: &Objects<'_>, id: ObjectId) -> Result<Vec<Move>, GitError> {
    let mut files = Vec::new();
    each_change(objects, id, &mut |path, before, after| {
        if moves::is_manifest(path) {
            files.push((path.to_owned(), before, after));
        }
    })?;
    let content = |id: Option<ObjectId>| id.map(|id| objects.content(id)).transpose();
    let mut read = Vec::new();
    for (path, before, after) in files {
        read.push((path, content(before)?, content(after)?));
    }
    Ok(moves::moves(read.iter().map(|(path, before, after)| {
        Changed {
            path,
            before: before.as_deref(),
            after: after.as_deref(),
        }
    })))
}

/// How many earlier suggestions are tried for one that does not apply: the
/// nearest that touch the same paths. Of ten thousand commits thousands may be
/// suggested, and each try costs a pick; `patch apply` looks farther.
const TRIED: usize = 6;

/// Tries each suggestion on the branch as it is now; where it does not apply,
/// behind earlier suggestions that touch the same paths.
fn try_all(
    memory: &Repository,
    objects: &Objects<'_>,
    line: &Line,
    found: &mut Suggestions,
) -> Result<(), FlowError> {
    let tree = objects.commit(line.head)?.tree.to_string();
    let mut graft = |commit: &str, tree: &str| grafted(memory, objects, commit, tree);
    // Who touches a path, in the order of picking.
    let mut touching: HashMap<String, Vec<usize>> = HashMap::new();
    for at in 0..found.suggested.len() {
        let commit = found.suggested[at].commit.clone();
        let (applies, after) = match Picking::new(memory, objects, &tree)?.pick(&commit)? {
            Step::Changed => (Applies::Cleanly, Vec::new()),
            Step::Nothing => (Applies::Nothing, Vec::new()),
            Step::Conflicts(paths) => {
                let earlier = paths.iter().filter_map(|path| touching.get(path)).flatten();
                let mut earlier: Vec<usize> = earlier.copied().collect();
                earlier.sort_unstable();
                earlier.dedup();
                let nearest = earlier.split_off(earlier.len().saturating_sub(TRIED));
                let nearest = nearest.iter().map(|at| found.suggested[*at].commit.clone());
                let candidates: Vec<String> = nearest.collect();
                let after = prerequisites(&candidates, &commit, &tree, &mut graft)?;
                let paths = paths.into_iter().collect();
                let commit = commit.clone();
                (Applies::Conflicts { commit, paths }, after)
            }
        };
        if let Some(id) = ObjectId::from_hex(&commit) {
            each_change(objects, id, &mut |path, _, _| {
                touching.entry(path.to_owned()).or_default().push(at);
            })?;
        }
        found.suggested[at].applies = applies;
        found.suggested[at].after = after;
    }
    Ok(())
}

/// Puts a commit on a tree.
fn grafted(
    memory: &Repository,
    objects: &Objects<'_>,
    commit: &str,
    tree: &str,
) -> Result<Grafted, GitError> {
    let mut picking = Picking::new(memory, objects, tree)?;
    Ok(match picking.pick(commit)? {
        Step::Nothing => Grafted::Nothing,
        Step::Conflicts(paths) => Grafted::Conflicts(paths),
        Step::Changed => Grafted::Tree(picking.tree()?),
    })
}
