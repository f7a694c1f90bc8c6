//! Requests → the parts of a sequence, and what became of each of them.

use super::advice::Advice;
use super::journal::Journal;
use super::judging::{Judged, Place};
use super::{ApplyError, Fate, Line, Outcome, Wanted};
use crate::flow::FlowError;
use crate::flow::patching::PatchingError;
use crate::patch::RequestId;
use crate::patch::entry::Picked;
use crate::patch::sequence::{Became, Gone, Part, Sequence, Source};
use crate::patch::state::Listed;
use crate::sys::git::{Author, NewPick, ObjectId, Repository, Signs, UserGit};

/// Takes the requests that go, without those that were skipped.
pub(super) fn parts(
    repository: &Repository,
    place: &Place,
    judged: &Judged,
    journal: &Journal,
) -> Result<Vec<Part>, FlowError> {
    let all = judged
        .going
        .iter()
        .flat_map(|one| &one.request.ask.what.commits);
    let all: Vec<String> = all.cloned().collect();
    let objects = repository.objects()?;
    let landed = place.landed(repository, &objects, &all)?;
    let source = |commit: &String| Source {
        commit: commit.clone(),
        // One that is gone from the repository must be made again.
        stand_in: (journal.stand_ins.get(commit))
            .filter(|id| repository.has_commit(id))
            .cloned(),
        landed: ObjectId::from_hex(commit)
            .and_then(|id| landed.get(&id))
            .map(ToString::to_string),
    };
    let goes = |one: &&Listed| !journal.skipped.contains(&one.request.id);
    let part = |one: &Listed| Part {
        request: one.request.id.clone(),
        commits: one.request.ask.what.commits.iter().map(source).collect(),
    };
    Ok(judged.going.iter().filter(goes).map(part).collect())
}

/// Stores the picks of a request on top of a commit, which moves on.
pub(super) fn write(
    git: UserGit<'_>,
    gone: &Gone,
    head: &mut String,
    wanted: &Wanted,
    signs: Signs,
) -> Result<Vec<Picked>, FlowError> {
    let mut commits = Vec::new();
    for (from, became) in &gone.commits {
        let to = match became {
            Became::Landed(id) => Some(id.clone()),
            Became::Nothing => None,
            Became::Tree(tree) => {
                let pick = NewPick {
                    of: from,
                    parent: head,
                    tree,
                    committer: Author {
                        name: &wanted.by.name,
                        email: &wanted.by.email,
                        date: wanted.at,
                    },
                };
                let written = git.write_pick(&pick, signs);
                let id = written
                    .map_err(ApplyError::from)
                    .map_err(PatchingError::from)?;
                head.clone_from(&id);
                Some(id)
            }
        };
        let from = from.clone();
        commits.push(Picked { from, to });
    }
    Ok(commits)
}

fn line(one: &Listed, fate: Fate) -> Line {
    Line {
        id: one.request.id.clone(),
        title: one.request.ask.what.title.clone(),
        fate,
        commits: Vec::new(),
        why: Vec::new(),
    }
}

/// Says what stays, and what was there already.
pub(super) fn staying(outcome: &mut Outcome, judged: &Judged) {
    for one in &judged.found {
        let mut line = line(one, Fate::Found);
        line.commits = one.facts.landed.clone().unwrap_or_default();
        outcome.requests.push(line);
    }
    for (one, why) in &judged.staying {
        let mut line = line(one, Fate::Stays);
        line.why.clone_from(why);
        outcome.requests.push(line);
    }
}

/// Says what would become of each request.
pub(super) fn planned(outcome: &mut Outcome, judged: &Judged, journal: &Journal, found: &Sequence) {
    for one in &judged.going {
        let id = &one.request.id;
        let stops = |stop: &&crate::patch::sequence::Stop| stop.begun.request == *id;
        let gone = found.gone.iter().find(|gone| gone.request == *id);
        let fate = if journal.skipped.contains(id) {
            Fate::Skipped
        } else if found
            .left_out
            .iter()
            .chain(&found.stop)
            .any(|stop| stops(&stop))
        {
            Fate::Conflicts
        } else if let Some(gone) = gone {
            fate(gone)
        } else {
            Fate::Waits
        };
        let mut line = line(one, fate);
        if let Some(gone) = gone {
            let planned = gone.commits.iter().map(|(from, became)| Picked {
                from: from.clone(),
                to: match became {
                    Became::Landed(to) => Some(to.clone()),
                    Became::Tree(_) | Became::Nothing => None,
                },
            });
            line.commits = planned.collect();
        }
        outcome.requests.push(line);
    }
    for stop in &found.left_out {
        let paths = stop.paths.join(", ");
        let message = format!("{} does not apply: {paths}", &stop.commit[..12]);
        let subject = stop.begun.request.as_str();
        let finding = crate::model::Finding::warning("conflict", subject, message);
        let onto = &outcome.onto;
        let fix = format!("debcut patch apply --onto {onto} {subject} says what would help");
        outcome.findings.push(finding.fix(fix));
    }
    staying(outcome, judged);
}

fn fate(gone: &Gone) -> Fate {
    let changes = |(_, became): &(String, Became)| *became != Became::Nothing;
    match gone.commits.iter().any(changes) {
        true => Fate::Goes,
        false => Fate::Nothing,
    }
}

/// Says what became of each request.
pub(super) fn done(
    outcome: &mut Outcome,
    judged: &Judged,
    journal: &Journal,
    found: &Sequence,
    written: &[(RequestId, Vec<Picked>)],
) {
    planned(outcome, judged, journal, found);
    for line in &mut outcome.requests {
        let own = written.iter().find(|(id, _)| *id == line.id);
        if let Some((_, commits)) = own {
            line.commits.clone_from(commits);
        }
    }
}

/// Says that what would have gone stays after all.
pub(super) fn undone(outcome: &mut Outcome) {
    for line in &mut outcome.requests {
        if matches!(line.fate, Fate::Goes | Fate::Nothing) {
            line.fate = Fate::Waits;
            line.commits.clear();
        }
    }
}

/// Returns the subject of the ledger's commit.
pub(super) fn summary(outcome: &Outcome) -> String {
    let applied = (outcome.requests.iter())
        .filter(|line| matches!(line.fate, Fate::Goes | Fate::Nothing | Fate::Found));
    let ids: Vec<&str> = applied.map(|line| line.id.as_str()).collect();
    match ids.as_slice() {
        [only] => format!("Apply {only} onto {}", outcome.onto),
        ids => format!("Apply {} requests onto {}", ids.len(), outcome.onto),
    }
}

/// Says what to do about a conflict.
pub(super) fn ways_out(advice: &Advice, wanted: &Wanted) -> String {
    let onto = &wanted.onto;
    let mut ways = Vec::new();
    let missing: Vec<String> = (advice.first.iter())
        .map(|one| match &one.request {
            Some(id) => format!("{} (request {id})", &one.commit[..12]),
            None => one.commit[..12].to_owned(),
        })
        .collect();
    if !missing.is_empty() {
        let asked = advice.first.iter().all(|one| one.request.is_some());
        ways.push(match asked {
            true => format!("approve {} too", missing.join(", ")),
            false => {
                let open = advice.first.iter().filter(|one| one.request.is_none());
                let picks = open.map(|one| {
                    let short = &one.commit[..12];
                    format!("debcut patch pick {short} --onto {onto}")
                });
                picks.collect::<Vec<_>>().join(" && ")
            }
        });
    }
    ways.push("resolve it: debcut patch apply --resolve-in DIR, then --continue".to_owned());
    ways.push("--skip leaves it out".to_owned());
    ways.push("--abort gives up".to_owned());
    ways.join("; ")
}
