//! The entries of a ledger, folded: what is asked for and what was said of it.
//!
//! The order of folding follows from the entries alone: first by height, which
//! puts every entry behind those its writer knew of, then by moment, then by
//! name. Two ledgers with the same entries are the same queue, whatever the
//! order in which they came.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Answers, Ask, Decision, Entry, EntryId, Event, Picked, RequestId};
use crate::model::calendar::Calendar;
use crate::model::{BranchName, TagName, Timestamp};
use crate::release::commit::Person;

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

/// Something said by somebody at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// The entry.
    pub entry: EntryId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Person,
    /// What.
    pub what: T,
}

/// A request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name.
    pub id: RequestId,
    /// When and by whom it was made, and what it asks for; answers and title are
    /// the newest ones.
    pub ask: Said<Ask>,
    /// Every decision, oldest first, with its reason.
    pub decisions: Vec<Said<(Decision, String)>>,
    /// Pairs of decisions, and of a rule that is set aside and the pick: who made
    /// the first one knew of the second one.
    pub known: BTreeSet<(EntryId, EntryId)>,
    /// The rules that are set aside, with the reason.
    pub overrides: Vec<Said<(String, String)>>,
    /// What it became on its branch.
    pub applied: Option<Said<Vec<Picked>>>,
    /// The request that replaces it.
    pub superseded: Option<Said<RequestId>>,
    /// Why it is not asked for any more.
    pub withdrawn: Option<Said<String>>,
    /// Its pages on forges.
    pub links: Vec<Said<String>>,
}

/// A branch that takes nothing for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// When and by whom, and why.
    pub said: Said<String>,
    /// Until when, as far as anybody knows.
    pub until: Option<Timestamp>,
    /// What goes on all the same.
    pub except: BTreeSet<RequestId>,
    /// What waited when it was made.
    pub waiting: BTreeSet<RequestId>,
    /// The entries that it stands for: several, where people froze the branch
    /// at the same time.
    pub entries: BTreeSet<EntryId>,
}

impl Freeze {
    /// Returns the day until which it is, in the zone of a calendar.
    pub fn until_day(&self, calendar: &Calendar) -> Option<String> {
        let until = self.until?;
        let day = calendar.day(until).map(|day| day.to_string());
        Some(day.unwrap_or_else(|| until.day()))
    }
}

/// A branch that takes what is approved again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thaw {
    /// When and by whom, and why.
    pub said: Said<String>,
    /// The approved requests that waited until then.
    pub released: BTreeSet<RequestId>,
}

/// A channel that was told of a freeze or a thaw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its name, and who told it when.
    pub channel: Said<String>,
    /// The entry that froze or thawed.
    pub of: EntryId,
    /// The requests whose authors it was for.
    pub requests: BTreeSet<RequestId>,
}

/// A channel that was told of releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Its name, and who told it when.
    pub channel: Said<String>,
    /// The announcement.
    pub name: String,
}

/// A rule that is set aside for a commit of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excuse {
    /// Why, and who said so when.
    pub reason: Said<String>,
    /// The branch.
    pub branch: BranchName,
    /// The commit.
    pub commit: String,
    /// The rule's name.
    pub rule: String,
}

/// A trial release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mock {
    /// The branch, and who tried it when.
    pub branch: Said<BranchName>,
    /// The commit.
    pub head: String,
    /// `PACKAGE VERSION` each.
    pub versions: Vec<String>,
    /// What was refused; empty: it passed.
    pub findings: Vec<String>,
}

/// A release that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The branch, and who cut it when.
    pub branch: Said<BranchName>,
    /// The release commit.
    pub commit: String,
    /// Its tags.
    pub tags: Vec<TagName>,
}

/// A branch for a hotfix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotfix {
    /// The tag it begins at, and who made it when.
    pub from: Said<TagName>,
    /// The branch whose other fixes wait.
    pub normal: BranchName,
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
                    let has_effect = froze(*id, entry, standing, &entries);
                    let thaw = thaw(*id, entry).filter(|_| has_effect);
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
            let together = standing.into_iter().reduce(|first, mut second| {
                second.except.retain(|id| first.except.contains(id));
                second.until = first.until.max(second.until);
                second.waiting.extend(first.waiting);
                second.entries.extend(first.entries);
                second
            });
            queue
                .frozen
                .extend(together.map(|freeze| (branch.clone(), freeze)));
        }
        for request in queue.requests.values_mut() {
            request.known = known(&request.decisions, &entries);
            request.know_pick(&entries);
            request.take_back(&entries);
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
        let (at, by) = (said.at, &said.by);
        fn by_whom<T>(entry: EntryId, at: Timestamp, by: &Person, what: T) -> Said<T> {
            let by = by.clone();
            Said {
                entry,
                at,
                by,
                what,
            }
        }
        match &said.event {
            Event::Asked(ask) => {
                let id = RequestId::of(&entry);
                let request = Request {
                    id: id.clone(),
                    ask: by_whom(entry, at, by, ask.clone()),
                    decisions: Vec::new(),
                    known: BTreeSet::new(),
                    overrides: Vec::new(),
                    applied: None,
                    superseded: None,
                    withdrawn: None,
                    links: Vec::new(),
                };
                // Of two that clash the first one stays; the other is in the log.
                let new = !self.requests.contains_key(&id);
                if new {
                    self.requests.insert(id, request);
                }
                new
            }
            Event::Answered { request, answers } => self.change(request, |one| {
                one.ask.what.answers.take(answers);
            }),
            Event::Titled { request, title } => self.change(request, |one| {
                one.ask.what.title.clone_from(title);
            }),
            Event::Decided {
                request,
                decision,
                reason,
            } => self.change(request, |one| {
                let what = (*decision, reason.clone());
                one.decisions.push(by_whom(entry, at, by, what));
            }),
            Event::Overridden {
                request,
                rule,
                reason,
            } => self.change(request, |one| {
                let what = (rule.clone(), reason.clone());
                one.overrides.push(by_whom(entry, at, by, what));
            }),
            Event::Applied { request, commits } => self.change(request, |one| {
                one.applied = Some(by_whom(entry, at, by, commits.clone()));
            }),
            Event::Superseded { request, by: other } => self.change(request, |one| {
                one.superseded = Some(by_whom(entry, at, by, other.clone()));
            }),
            Event::Withdrawn { request, reason } => self.change(request, |one| {
                one.withdrawn = Some(by_whom(entry, at, by, reason.clone()));
            }),
            Event::Linked { request, url } => self.change(request, |one| {
                one.links.push(by_whom(entry, at, by, url.clone()));
            }),
            // Folded together, by what their makers knew.
            Event::Frozen { .. } | Event::Thawed { .. } => true,
            Event::Told {
                of,
                channel,
                requests,
            } => {
                self.told.push(Told {
                    channel: by_whom(entry, at, by, channel.clone()),
                    of: *of,
                    requests: requests.iter().cloned().collect(),
                });
                true
            }
            Event::Announced { name, channel, .. } => {
                self.announced.push(Announced {
                    channel: by_whom(entry, at, by, channel.clone()),
                    name: name.clone(),
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
                    reason: by_whom(entry, at, by, reason.clone()),
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
                    branch: by_whom(entry, at, by, branch.clone()),
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
                    branch: by_whom(entry, at, by, branch.clone()),
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
                    from: by_whom(entry, at, by, from.clone()),
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

impl Request {
    /// Tells whether it was picked and changed nothing: there is no commit of it.
    pub fn came_to_nothing(&self) -> bool {
        let applied = self.applied.as_ref();
        applied.is_some_and(|said| said.what.iter().all(|one| one.to.is_none()))
    }

    /// Adds which rules were set aside by who knew of the pick.
    fn know_pick(&mut self, entries: &BTreeMap<EntryId, Entry>) {
        let Some(applied) = &self.applied else {
            return;
        };
        let pick = BTreeSet::from([applied.entry]);
        for said in &self.overrides {
            let knows = known_of(said.entry, &pick, entries);
            let pairs = knows.into_iter().map(|pick| (said.entry, pick));
            self.known.extend(pairs);
        }
    }

    /// Takes a pick that came to nothing for undone, where somebody who knew of
    /// it has decided the request anew or taken it back.
    fn take_back(&mut self, entries: &BTreeMap<EntryId, Entry>) {
        if !self.came_to_nothing() {
            return;
        }
        let Some(applied) = &self.applied else {
            return;
        };
        let wanted = BTreeSet::from([applied.entry]);
        let decided = self.decisions.iter().map(|one| one.entry);
        let mut later = decided
            .chain(self.withdrawn.iter().map(|one| one.entry))
            .chain(self.superseded.iter().map(|one| one.entry));
        if later.any(|entry| !known_of(entry, &wanted, entries).is_empty()) {
            self.applied = None;
        }
    }
}

/// Takes a freeze or a thaw: either ends the freezes that its maker knew of.
fn froze(
    id: EntryId,
    said: &Entry,
    standing: &mut Vec<Freeze>,
    entries: &BTreeMap<EntryId, Entry>,
) -> bool {
    let all: BTreeSet<EntryId> = standing.iter().map(|one| one.said.entry).collect();
    let known = known_of(id, &all, entries);
    standing.retain(|one| !known.contains(&one.said.entry));
    match &said.event {
        Event::Frozen {
            until,
            except,
            reason,
            waiting,
            ..
        } => {
            standing.push(Freeze {
                said: why(id, said, reason),
                until: *until,
                except: except.iter().cloned().collect(),
                waiting: waiting.iter().cloned().collect(),
                entries: BTreeSet::from([id]),
            });
            true
        }
        _ => !known.is_empty(),
    }
}

/// Reads a thaw; none: it is none.
fn thaw(id: EntryId, said: &Entry) -> Option<Thaw> {
    match &said.event {
        Event::Thawed {
            reason, released, ..
        } => Some(Thaw {
            said: why(id, said, reason),
            released: released.iter().cloned().collect(),
        }),
        _ => None,
    }
}

fn why(id: EntryId, said: &Entry, reason: &str) -> Said<String> {
    Said {
        entry: id,
        at: said.at,
        by: said.by.clone(),
        what: reason.to_owned(),
    }
}

/// Finds which decisions were made in knowledge of which others.
fn known(
    decisions: &[Said<(Decision, String)>],
    entries: &BTreeMap<EntryId, Entry>,
) -> BTreeSet<(EntryId, EntryId)> {
    let wanted: BTreeSet<EntryId> = decisions.iter().map(|one| one.entry).collect();
    if wanted.len() < 2 {
        return BTreeSet::new();
    }
    let pairs = wanted.iter().flat_map(|later| {
        let known = known_of(*later, &wanted, entries);
        known.into_iter().map(|earlier| (*later, earlier))
    });
    pairs.collect()
}

/// Finds which of some entries the maker of another one knew of.
fn known_of(
    id: EntryId,
    wanted: &BTreeSet<EntryId>,
    entries: &BTreeMap<EntryId, Entry>,
) -> BTreeSet<EntryId> {
    let height = |id: &EntryId| entries.get(id).map_or(0, |entry| entry.height);
    let Some(lowest) = wanted.iter().map(height).min() else {
        return BTreeSet::new();
    };
    // Entries below the lowest one lead to none of them.
    let mut seen = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let after = entries.get(&id).map_or(&[][..], |entry| &entry.after);
        for before in after {
            if height(before) >= lowest && seen.insert(*before) {
                open.push(*before);
            }
        }
    }
    seen.intersection(wanted).copied().collect()
}

impl Answers {
    /// Takes over what others say; what they leave empty stays.
    pub fn take(&mut self, others: &Self) {
        for (own, other) in [
            (&mut self.bug, &others.bug),
            (&mut self.affected, &others.affected),
            (&mut self.severity, &others.severity),
            (&mut self.verified, &others.verified),
            (&mut self.note, &others.note),
        ] {
            if !other.is_empty() {
                own.clone_from(other);
            }
        }
    }
}
