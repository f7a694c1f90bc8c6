//! `patch plan`: when the next patch release of a branch is due, what would be
//! in it, and what stands in the way.

use super::ledger::Ledger;
use super::{branches, cutting, listing, maintained, parents};
use crate::flow::FlowError;
use crate::flow::project::Workspace;
use crate::model::{BranchName, Timestamp};
use crate::patch::policy::Note;
use crate::patch::{Due, Request, State, Trial};
use crate::release::notes::lint;
use crate::release::plan::{self, Decision};
use crate::release::{self, change, trailer};

/// The next release of a branch.
#[derive(Debug, Clone)]
pub struct Coming {
    /// The branch.
    pub branch: BranchName,
    /// Its last release's tag.
    pub last: Option<String>,
    /// `NAME VERSION` of what would be released as the branch is.
    pub next: Vec<String>,
    /// When it is due.
    pub due: Option<Due>,
    /// The commits since the last release, the newest first: id and subject.
    pub commits: Vec<(String, String)>,
    /// The requests that are approved and not picked yet.
    pub approved: Vec<Request>,
    /// When a mock of its head has passed.
    pub mock: Option<Timestamp>,
    /// What stands in the way, a clause each.
    pub blocks: Vec<String>,
}

/// Looks at some branches; without one, at every maintenance branch.
pub fn coming(
    workspace: &Workspace,
    ledger: &Ledger<'_>,
    named: &[BranchName],
    now: Timestamp,
) -> Result<Vec<Coming>, FlowError> {
    let policy = workspace.policy("HEAD")?;
    let names: Vec<BranchName> = match named.is_empty() {
        false => named.to_vec(),
        true => maintained(workspace, &policy)?
            .into_values()
            .map(|one| one.name)
            .collect(),
    };
    let mut found = Vec::new();
    for name in names {
        let line = branches::line(workspace, &name)?;
        let head = line.head.to_string();
        let policy = workspace.policy(&head)?;
        let mut facts = release::observe::observe(&workspace.repository, &head, &policy)?;
        facts.branch = Some(name.to_string());
        parents::complete(workspace, &mut facts.commits)?;
        let mut blocks = Vec::new();
        let mut next = Vec::new();
        match plan::plan(&facts, &policy, &plan::Request::everything()) {
            Ok((planned, _)) => {
                for package in &planned.packages {
                    let version = match &package.decision {
                        Decision::Release(next) => &next.version,
                        Decision::Prepared { version, .. } => version,
                        Decision::Skip { .. } => continue,
                    };
                    next.push(format!("{} {version}", package.name));
                    if workspace.project.patch.note == Note::Required {
                        blocks.extend(silent(&package.changes));
                    }
                }
            }
            Err(findings) => {
                let all = findings.into_iter();
                blocks.extend(all.map(|one| format!("{}: {}", one.subject, one.message)));
            }
        }
        let finals = facts
            .units
            .iter()
            .filter_map(|unit| unit.last_final.as_ref());
        let last = finals.max_by_key(|release| release.committed);
        let due = last.and_then(|last| {
            let rhythm = &workspace.project.patch.rhythm;
            rhythm.due(last.committed, now)
        });
        let own: Vec<&Request> = ledger
            .queue
            .requests
            .values()
            .filter(|one| one.ask.what.onto == name)
            .collect();
        let mut approved = Vec::new();
        for one in listing::listed(workspace, ledger, &own)? {
            let title = &one.request.ask.what.title;
            let block = match one.standing.state {
                State::Approved => {
                    approved.push(one.request);
                    continue;
                }
                State::New => "is undecided",
                State::NeedsInfo => "waits for answers",
                State::Conflicts => "does not apply",
                State::Held if one.standing.frozen.is_some() => "is approved and frozen",
                _ => continue,
            };
            blocks.push(format!("{} {title} {block}", one.request.id));
        }
        if let Some(freeze) = ledger.queue.frozen.get(&name) {
            blocks.push(frozen(freeze.until, now));
        }
        let tried = cutting::tried_heads(workspace, &head)?;
        let trial = Trial::of(&ledger.queue, &name, &tried);
        if !next.is_empty() {
            blocks.extend(trial.lacks(&head));
        }
        let mock = match trial {
            Trial::Passed(mock) => Some(mock.branch.at),
            _ => None,
        };
        let commits: Vec<_> = facts.commits.iter().collect();
        let commits = commits
            .into_iter()
            .filter(|commit| !change::is_release(commit, &policy))
            .filter(|commit| !trailer::is_synced(&commit.message))
            .map(|commit| (commit.id.clone(), commit.subject().to_owned()));
        found.push(Coming {
            last: last.map(|release| release.tag.to_string()),
            commits: commits.collect(),
            mock,
            branch: name,
            next,
            due,
            approved,
            blocks,
        });
    }
    Ok(found)
}

/// Names the picks on a branch of which users are told nothing.
fn silent(changes: &[change::Change]) -> impl Iterator<Item = String> {
    let found = lint::lint_as(changes, lint::Written::DemandedOfPicks).into_iter();
    found
        .filter(|finding| finding.rule == "note-missing")
        .map(|finding| format!("{}: {}", finding.subject, finding.message))
}

/// Says that a branch is frozen; a freeze ends by a thaw alone.
pub fn frozen(until: Option<Timestamp>, now: Timestamp) -> String {
    match until {
        Some(until) if until < now => format!(
            "it is frozen, though only until {} was said: debcut patch thaw",
            until.day()
        ),
        Some(until) => format!("it is frozen until {}", until.day()),
        None => "it is frozen".to_owned(),
    }
}
