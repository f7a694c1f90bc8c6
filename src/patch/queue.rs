//! The entries of a ledger, folded: what is asked for and what was said of it.
//!
//! The order of folding follows from the entries alone: first by height, which
//! puts every entry behind those its writer knew of, then by moment, then by
//! name. Two ledgers with the same entries are the same queue, whatever the
//! order in which they came.

mod freezing;
mod holdings;
mod knowing;

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, EntryId, Event, RequestId};
use crate::model::{BranchName, Timestamp};
use crate::release::commit::Person;

pub use holdings::{Announced, Cut, Excuse, Freeze, Hotfix, Mock, Request, Said, Thaw, Told};

/// All that was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// The requests.
    pub requests: BTreeMap<RequestId, Request>,
    /// Branches that are frozen now: until somebody thaws them who knows every
    /// freeze. Of several, what all of them let through goes on.
    pub frozen: BTreeMap<BranchName, Freeze>,
    /// The newest thaw of each branch.
    pub thawed: BTreeMap<BranchName, Thaw>,
    /// The channels that were told of freezes and thaws, oldest first.
    pub told: Vec<Told>,
    /// The channels that were told of releases, oldest first.
    pub announced: Vec<Announced>,
    /// The rules that are set aside for commits of branches, oldest first.
    pub excused: Vec<Excuse>,
    /// The trial releases, oldest first.
    pub mocks: Vec<Mock>,
    /// The releases that were cut, oldest first.
    pub cuts: Vec<Cut>,
    /// The hotfix branches.
    pub hotfixes: BTreeMap<BranchName, Hotfix>,
    /// What speaks of a request that nobody made, or repeats what is over: kept,
    /// shown in the log, without effect.
    pub idle: Vec<EntryId>,
    /// The entries that no entry follows, sorted: what the next one comes after.
    pub tips: Vec<EntryId>,
    /// The largest height.
    pub height: u64,
}

/// Why no request is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhichError {
    /// None has this name.
    #[error("there is no request “{text}”")]
    None {
        /// What was asked for.
        text: String,
    },
    /// Several names begin so.
    #[error("“{text}” may be {}: say which", ids.iter().map(RequestId::as_str).collect::<Vec<_>>().join(" or "))]
    Several {
        /// What was asked for.
        text: String,
        /// The names.
        ids: Vec<RequestId>,
    },
}

/// A title has one line, whoever wrote the entry: lists and announcements are
/// made of them.
fn one_line(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Queue {
    /// Folds entries, in whatever order they come.
    pub fn of(entries: impl IntoIterator<Item = (EntryId, Entry)>) -> Self {
        let entries: BTreeMap<EntryId, Entry> = entries.into_iter().collect();
        let mut order: Vec<(&EntryId, &Entry)> = entries.iter().collect();
        order.sort_by_key(|(id, entry)| (entry.height, entry.at, **id));
        let mut queue = Self::default();
        let mut freezes: BTreeMap<&BranchName, Vec<Freeze>> = BTreeMap::new();
        for (id, entry) in order {
            queue.height = queue.height.max(entry.height);
            let has_effect = match &entry.event {
                Event::Frozen { branch, .. } | Event::Thawed { branch, .. } => {
                    let standing = freezes.entry(branch).or_default();
                    let has_effect = freezing::froze(*id, entry, standing, &entries);
                    let thaw = freezing::thaw(*id, entry).filter(|_| has_effect);
                    queue.thawed.extend(thaw.map(|thaw| (branch.clone(), thaw)));
                    has_effect
                }
                _ => queue.take(*id, entry),
            };
            if !has_effect {
                queue.idle.push(*id);
            }
        }
        for (branch, standing) in freezes {
            let together = standing.into_iter().reduce(freezing::together);
            queue
                .frozen
                .extend(together.map(|freeze| (branch.clone(), freeze)));
        }
        for request in queue.requests.values_mut() {
            request.known = knowing::known(&request.decisions, &entries);
            request.know_pick(&entries);
            request.take_back(&entries);
            request.take_up(&entries);
        }
        let followed: BTreeSet<&EntryId> =
            entries.values().flat_map(|entry| &entry.after).collect();
        let tips = entries.keys().filter(|id| !followed.contains(id));
        queue.tips = tips.copied().collect();
        queue
    }

    /// Makes the entry that says something after all that is known.
    pub fn next(&self, at: Timestamp, by: Person, event: Event) -> Entry {
        Entry {
            at,
            by,
            after: self.tips.clone(),
            height: self.height + 1,
            event,
        }
    }

    /// Takes one entry; false: it has no effect.
    fn take(&mut self, entry: EntryId, said: &Entry) -> bool {
        match &said.event {
            Event::Asked(ask) => {
                let id = RequestId::of(&entry);
                // Of two that clash the first one stays; the other is in the log.
                let new = !self.requests.contains_key(&id);
                if new {
                    let mut ask = ask.clone();
                    ask.title = one_line(&ask.title);
                    let request = Request::new(id.clone(), Said::of(entry, said, ask));
                    self.requests.insert(id, request);
                }
                new
            }
            Event::Answered { request, answers } => self.change(request, |one| {
                one.ask.what.answers.take(answers);
            }),
            Event::Titled { request, title } => self.change(request, |one| {
                one.ask.what.title = one_line(title);
            }),
            Event::Decided {
                request,
                decision,
                reason,
                page,
            } => self.change(request, |one| {
                let what = (*decision, reason.clone());
                one.decisions.push(Said::of(entry, said, what));
                one.pages.extend(page.clone().map(|page| (entry, page)));
            }),
            Event::TakenBack {
                request,
                decision,
                reason,
            } => self.change(request, |one| {
                let what = Said::of(entry, said, reason.clone());
                one.taken_back.entry(*decision).or_insert(what);
            }),
            Event::Overridden {
                request,
                rule,
                reason,
            } => self.change(request, |one| {
                let what = (rule.clone(), reason.clone());
                one.overrides.push(Said::of(entry, said, what));
            }),
            Event::Applied { request, commits } => self.change(request, |one| {
                one.applied = Some(Said::of(entry, said, commits.clone()));
                one.recorded.extend(commits.iter().cloned());
            }),
            Event::Superseded { request, by: other } => self.change(request, |one| {
                one.superseded = Some(Said::of(entry, said, other.clone()));
            }),
            Event::Withdrawn { request, reason } => self.change(request, |one| {
                one.withdrawn = Some(Said::of(entry, said, reason.clone()));
            }),
            Event::Linked { request, url } => self.change(request, |one| {
                one.links.push(Said::of(entry, said, url.clone()));
            }),
            // Folded together, by what their makers knew; what is kept is looked
            // for where something leaves.
            Event::Frozen { .. }
            | Event::Thawed { .. }
            | Event::Kept { .. }
            | Event::LetOut { .. } => true,
            Event::Told {
                of,
                channel,
                requests,
            } => {
                self.told.push(Told {
                    channel: Said::of(entry, said, channel.clone()),
                    of: *of,
                    requests: requests.iter().cloned().collect(),
                });
                true
            }
            Event::Announced {
                name,
                channel,
                tags,
                commits,
            } => {
                let releases = tags.iter().cloned().zip(commits.iter().cloned());
                self.announced.push(Announced {
                    channel: Said::of(entry, said, channel.clone()),
                    name: name.clone(),
                    releases: releases.collect(),
                });
                true
            }
            Event::Excused {
                branch,
                commit,
                rule,
                reason,
            } => {
                self.excused.push(Excuse {
                    reason: Said::of(entry, said, reason.clone()),
                    branch: branch.clone(),
                    commit: commit.clone(),
                    rule: rule.clone(),
                });
                true
            }
            Event::Mocked {
                branch,
                head,
                versions,
                findings,
                ..
            } => {
                self.mocks.push(Mock {
                    branch: Said::of(entry, said, branch.clone()),
                    head: head.clone(),
                    versions: versions.clone(),
                    findings: findings.clone(),
                });
                true
            }
            Event::Cut {
                branch,
                commit,
                tags,
            } => {
                self.cuts.push(Cut {
                    branch: Said::of(entry, said, branch.clone()),
                    commit: commit.clone(),
                    tags: tags.clone(),
                });
                true
            }
            Event::HotfixOpened {
                branch,
                from,
                normal,
            } => {
                let hotfix = Hotfix {
                    from: Said::of(entry, said, from.clone()),
                    normal: normal.clone(),
                };
                self.hotfixes.insert(branch.clone(), hotfix);
                true
            }
        }
    }

    /// Finds the request that is meant by the beginning of its name.
    pub fn find(&self, text: &str) -> Result<&Request, WhichError> {
        let lower = text.trim().to_ascii_lowercase();
        let meant = self.requests.values();
        let mut meant = meant.filter(|one| one.id.as_str().starts_with(&lower));
        let none = || WhichError::None {
            text: text.to_owned(),
        };
        let first = (!lower.is_empty()).then(|| meant.next()).flatten();
        let first = first.ok_or_else(none)?;
        let others: Vec<RequestId> = meant.map(|one| one.id.clone()).collect();
        if others.is_empty() {
            return Ok(first);
        }
        Err(WhichError::Several {
            text: text.to_owned(),
            ids: [vec![first.id.clone()], others].concat(),
        })
    }

    fn change(&mut self, id: &RequestId, act: impl FnOnce(&mut Request)) -> bool {
        let found = self.requests.get_mut(id);
        found.map(act).is_some()
    }
}
