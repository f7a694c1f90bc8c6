//! Picks: what came to main in one pull request is told once, and with what it
//! was picked from.

use serde::Serialize;

use super::text;
use crate::format::conventional::Header;
use crate::release::change::{Change, Note, Parent};
use crate::release::commit::Person;
use crate::release::policy::NotesPolicy;

/// A commit that a note's change was picked from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParentLine {
    /// The commit.
    pub commit: String,
    /// The commit's page.
    pub commit_url: Option<String>,
    /// The number of the pull request that brought it.
    pub pull_request: Option<u64>,
    /// The pull request's page.
    pub pull_request_url: Option<String>,
    /// Who wrote it; none: it is not in this clone.
    pub author: Option<Person>,
}

impl ParentLine {
    pub(super) fn of(parent: &Parent, policy: &NotesPolicy) -> Self {
        let commit_url = policy.commit.as_deref();
        let request_url = parent.pull_request.zip(policy.pull_request.as_deref());
        Self {
            commit: parent.commit.clone(),
            commit_url: commit_url.map(|pattern| pattern.replace("{id}", &parent.commit)),
            pull_request: parent.pull_request,
            pull_request_url: request_url
                .map(|(number, pattern)| pattern.replace("{number}", &number.to_string())),
            author: parent.author.as_ref().map(|author| Person {
                name: text::one_line(&author.name),
                email: text::one_line(&author.email),
            }),
        }
    }
}

/// A change that is told, with the later commits that are told with it.
pub(super) struct Told {
    pub change: Change,
    pub with: Vec<String>,
}

/// Puts the picks of one pull request together, oldest first: where several of
/// them have notes these all stand, else the weightiest is told for all, in the
/// words of the pull request's title where that is known.
pub(super) fn together(changes: Vec<&Change>) -> Vec<Told> {
    let mut groups: Vec<(Option<u64>, Vec<&Change>)> = Vec::new();
    for change in changes {
        let number = request(change);
        let same = groups
            .iter_mut()
            .find(|(other, _)| number.is_some() && *other == number);
        match same {
            Some((_, group)) => group.push(change),
            None => groups.push((number, vec![change])),
        }
    }
    groups
        .into_iter()
        .flat_map(|(_, group)| told(&group))
        .collect()
}

/// Returns the one pull request that a pick's parents came with.
fn request(change: &Change) -> Option<u64> {
    let mut numbers = change.parents.iter().map(|parent| parent.pull_request);
    let first = numbers.next()??;
    numbers.all(|other| other == Some(first)).then_some(first)
}

fn told(group: &[&Change]) -> Vec<Told> {
    let alone = |change: &&Change| Told {
        change: (*change).clone(),
        with: Vec::new(),
    };
    let is_written = |change: &&&Change| matches!(change.note, Note::Written(_));
    if group.len() == 1 || group.iter().all(|change| is_written(&change)) {
        return group.iter().map(alone).collect();
    }
    let (written, silent): (Vec<&Change>, Vec<&Change>) = group
        .iter()
        .copied()
        .partition(|change| is_written(&change));
    if !written.is_empty() {
        let mut all: Vec<Told> = written.iter().map(alone).collect();
        let first = &mut all[0];
        silent.into_iter().for_each(|other| take(first, other));
        return all;
    }
    let first = (0..silent.len()).max_by_key(|at| (weight(silent[*at]), std::cmp::Reverse(*at)));
    let Some(first) = first else {
        return Vec::new();
    };
    let mut leader = alone(&silent[first]);
    let own = leader.change.commit.clone();
    let others = silent.iter().filter(|other| other.commit != own);
    others.for_each(|other| take(&mut leader, other));
    entitled(&mut leader.change);
    vec![leader]
}

/// Words a change as the title of its pull request does.
fn entitled(change: &mut Change) {
    let title = change
        .parents
        .iter()
        .find_map(|parent| parent.title.clone());
    let Some(title) = title.filter(|title| text::tells(title)) else {
        return;
    };
    match Header::parse(&title).filter(|header| change.kind.as_deref() == Some(&*header.kind)) {
        Some(header) => {
            change.scopes = header.scopes.iter().map(|it| (*it).to_owned()).collect();
            header.description.clone_into(&mut change.description);
        }
        None => change.description = title,
    }
}

fn weight(change: &Change) -> (bool, bool, bool, u8) {
    let kind = match change.kind.as_deref() {
        Some("feat") => 4,
        Some("fix") => 3,
        Some("perf" | "revert") => 2,
        Some(_) => 0,
        None => 1,
    };
    let Change {
        cves,
        action_required,
        breaking,
        ..
    } = change;
    (
        action_required.is_some(),
        !cves.is_empty(),
        breaking.is_some(),
        kind,
    )
}

/// Lets a change say what another one of its pull request knows beside its
/// words.
fn take(told: &mut Told, other: &Change) {
    let own = &mut told.change;
    if own.commit != other.commit && !told.with.contains(&other.commit) {
        told.with.push(other.commit.clone());
    }
    super::unite(&mut own.closes, other.closes.clone());
    super::unite(&mut own.cves, other.cves.clone());
    super::unite(&mut own.parents, other.parents.clone());
    own.breaking = own.breaking.take().or_else(|| other.breaking.clone());
    own.action_required = own
        .action_required
        .take()
        .or_else(|| other.action_required.clone());
}
