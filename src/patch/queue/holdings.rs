//! What a queue holds: requests, freezes, releases, and who said each.

use std::collections::{BTreeMap, BTreeSet};

use super::knowing::known_of;
use crate::model::calendar::Calendar;
use crate::model::{BranchName, TagName, Timestamp};
use crate::patch::entry::{Ask, Decision, Entry, EntryId, Picked, RequestId};
use crate::release::commit::Person;

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

impl<T> Said<T> {
    /// Takes what an entry says.
    pub(super) fn of(id: EntryId, entry: &Entry, what: T) -> Self {
        Self {
            entry: id,
            at: entry.at,
            by: entry.by.clone(),
            what,
        }
    }
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
    /// The pages of forges where decisions were said.
    pub pages: BTreeMap<EntryId, String>,
    /// What became of decisions that are not said there any more.
    pub taken_back: BTreeMap<EntryId, Said<String>>,
    /// Pairs of decisions, and of a rule that is set aside and the pick: who made
    /// the first one knew of the second one.
    pub known: BTreeSet<(EntryId, EntryId)>,
    /// The rules that are set aside, with the reason.
    pub overrides: Vec<Said<(String, String)>>,
    /// What it became on its branch.
    pub applied: Option<Said<Vec<Picked>>>,
    /// All that was ever written down as a pick of one of its commits, by whoever:
    /// two may have picked it without knowing of each other.
    pub recorded: Vec<Picked>,
    /// The request that replaces it.
    pub superseded: Option<Said<RequestId>>,
    /// Why it is not asked for any more.
    pub withdrawn: Option<Said<String>>,
    /// Its pages on forges.
    pub links: Vec<Said<String>>,
}

impl Request {
    /// Makes one of which nothing was said yet.
    pub(super) fn new(id: RequestId, ask: Said<Ask>) -> Self {
        Self {
            id,
            ask,
            decisions: Vec::new(),
            pages: BTreeMap::new(),
            taken_back: BTreeMap::new(),
            known: BTreeSet::new(),
            overrides: Vec::new(),
            applied: None,
            recorded: Vec::new(),
            superseded: None,
            withdrawn: None,
            links: Vec::new(),
        }
    }

    /// Tells whether it was picked and changed nothing: there is no commit of it.
    pub fn came_to_nothing(&self) -> bool {
        let applied = self.applied.as_ref();
        applied.is_some_and(|said| said.what.iter().all(|one| one.to.is_none()))
    }

    /// Adds which rules were set aside by who knew of the pick.
    pub(super) fn know_pick(&mut self, entries: &BTreeMap<EntryId, Entry>) {
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
    pub(super) fn take_back(&mut self, entries: &BTreeMap<EntryId, Entry>) {
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

    /// Takes a replacement for undone, where somebody who knew of it has approved
    /// the request all the same.
    pub(super) fn take_up(&mut self, entries: &BTreeMap<EntryId, Entry>) {
        let Some(said) = &self.superseded else {
            return;
        };
        let wanted = BTreeSet::from([said.entry]);
        let approvals = self.decisions.iter();
        let mut approvals = approvals.filter(|one| one.what.0 == Decision::Approve);
        if approvals.any(|one| !known_of(one.entry, &wanted, entries).is_empty()) {
            self.superseded = None;
        }
    }
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
    /// The releases, each with its commit.
    pub releases: Vec<(TagName, String)>,
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
