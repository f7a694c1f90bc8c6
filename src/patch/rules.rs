//! The rules of a maintenance branch: what keeps a request from going in, how
//! to satisfy each rule, and who may set it aside.
//!
//! Pure: what is so of requests and branches is looked up by `flow/`.

use std::fmt;
use std::str::FromStr;

use super::entry::Decision;
use super::facts::{Applies, Elsewhere, Facts, Merged, NoteFact, Picks};
use super::policy::{Note, Parents, Policy, Unconventional};
use super::queue::{Excuse, Queue, Request, Said};
use super::state::{Listed, State};
use crate::model::{BranchName, Finding};
use crate::release::commit::Person;

/// A rule that can be set aside. Names are for ever: they stand in ledgers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Its commits are on the main branch.
    ParentNotMerged,
    /// Users are told of it, or told that there is nothing to tell.
    NoReleaseNote,
    /// It is of a kind that is allowed.
    KindNotAllowed,
    /// As many approvers as are needed have approved.
    NotApproved,
    /// Its branch takes something now.
    Frozen,
    /// Its branch's head is green.
    NotGreen,
    /// It is put on the branch's newest commit.
    NotHead,
    /// What is on a hotfix branch was picked there.
    NotPicked,
    /// Nobody has picked it elsewhere already.
    PickedElsewhere,
}

/// Says that a text names no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule “{text}”: {}", Rule::ALL.map(Rule::name).join(", "))]
pub struct RuleError {
    /// What was written.
    pub text: String,
}

impl Rule {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 9] = [
        Self::NotHead,
        Self::NotPicked,
        Self::PickedElsewhere,
        Self::NotGreen,
        Self::Frozen,
        Self::NotApproved,
        Self::ParentNotMerged,
        Self::KindNotAllowed,
        Self::NoReleaseNote,
    ];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ParentNotMerged => "parent-not-merged",
            Self::NoReleaseNote => "no-release-note",
            Self::KindNotAllowed => "kind-not-allowed",
            Self::NotApproved => "not-approved",
            Self::Frozen => "frozen",
            Self::NotGreen => "not-green",
            Self::NotHead => "not-head",
            Self::NotPicked => "not-picked",
            Self::PickedElsewhere => "picked-elsewhere",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let found = Self::ALL.into_iter().find(|rule| rule.name() == text);
        found.ok_or_else(|| RuleError {
            text: text.to_owned(),
        })
    }
}

/// What a commit calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// The commit.
    pub commit: String,
    /// Its type, else that of the request's title; none: neither says one.
    pub name: Option<String>,
    /// Whether it says that something breaks.
    pub breaks: Breaks,
}

/// Whether a commit says that something breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// It does.
    Said,
    /// It does not.
    Unsaid,
}

/// Whether a branch's head is green.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Green {
    /// Nobody wants to know.
    Unasked,
    /// It is.
    Yes,
    /// It is not known yet.
    NotYet(String),
    /// It is not.
    No(String),
}

/// Where a branch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// Whether its head is green.
    pub green: Green,
    /// The commits that its remote has and it lacks, where it has others of its
    /// own: the remote's name and how many.
    pub behind: Option<(String, usize)>,
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// What is so, as a clause.
    pub message: String,
    /// How to satisfy it.
    pub fix: String,
    /// Who has set it aside for this request, and why.
    pub overridden: Option<Said<(String, String)>>,
}

impl Breach {
    /// Tells whether it keeps the request from going in.
    pub fn stands(&self) -> bool {
        self.overridden.is_none()
    }

    /// Returns it as a finding about a request.
    pub fn finding(&self, request: &Request) -> Finding {
        let subject = request.id.as_str();
        match &self.overridden {
            None => {
                let fix = format!(
                    "{}, or: debcut patch override {subject} {} --reason TEXT",
                    self.fix, self.rule
                );
                Finding::error(self.rule.name(), subject, self.message.clone()).fix(fix)
            }
            Some(said) => {
                let message = format!(
                    "{}; overridden by {}: {}",
                    self.message, said.by.name, said.what.1
                );
                Finding::info(self.rule.name(), subject, message)
            }
        }
    }
}

/// Why a request cannot go in whatever the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Its name, as findings have it.
    pub name: &'static str,
    /// Why, as a clause.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl Bar {
    /// Returns it as a finding about a request.
    pub fn finding(&self, request: &Request) -> Finding {
        let subject = request.id.as_str();
        Finding::error(self.name, subject, self.message.clone()).fix(self.fix.clone())
    }
}

/// Finds why a request cannot go in whatever the rules say: decisions are
/// taken back by who decides, not set aside.
pub fn bar(listed: &Listed) -> Option<Bar> {
    let id = &listed.request.id;
    let decided = |kind: Decision| {
        let mut said = listed.standing.decisions.iter();
        let said = said.rfind(|one| one.what.0 == kind);
        said.map_or(String::new(), |one| {
            format!(" by {}: {}", one.by.name, one.what.1)
        })
    };
    let bar = |name, message, fix: String| Some(Bar { name, message, fix });
    let approve = || format!("debcut patch approve {id} --reason TEXT");
    match listed.standing.state {
        State::Picked if listed.request.came_to_nothing() => {
            bar("picked", "it changed nothing there".to_owned(), approve())
        }
        State::Picked => bar("picked", "it is on the branch".to_owned(), String::new()),
        State::Reverted => bar(
            "reverted",
            "the branch has taken it back".to_owned(),
            "debcut patch pick asks for the commits anew".to_owned(),
        ),
        State::Withdrawn => {
            let said = listed.request.withdrawn.as_ref();
            let why = said.map_or(String::new(), |said| format!(": {}", said.what));
            bar(
                "withdrawn",
                format!("it is not asked for any more{why}"),
                "debcut patch pick asks anew".to_owned(),
            )
        }
        State::Superseded => {
            let by = listed.request.superseded.as_ref();
            let by = by.map_or(String::new(), |said| said.what.to_string());
            bar(
                "superseded",
                format!("{by} is looked at instead"),
                format!("debcut patch show {by}"),
            )
        }
        State::Rejected => bar(
            "rejected",
            format!("it is rejected{}", decided(Decision::Reject)),
            approve(),
        ),
        State::Held if listed.standing.frozen.is_none() => bar(
            "held",
            format!("it is held{}", decided(Decision::Hold)),
            approve(),
        ),
        _ => match &listed.facts.applies {
            Applies::Unknown(why) => bar("not-here", why.clone(), "git fetch first".to_owned()),
            _ => None,
        },
    }
}

/// Says that a request was picked before, and that the branch has lost it.
pub fn lost(listed: &Listed) -> Option<Finding> {
    let Picks::Lost(pick) = &listed.facts.picks else {
        return None;
    };
    let said = listed.request.applied.as_ref()?;
    let onto = &listed.request.ask.what.onto;
    let message = format!(
        "{} picked it on {} as {pick:.12}, which {onto} has neither here nor at its remote: it is picked again",
        said.by.name,
        said.at.day(),
    );
    let finding = Finding::warning("pick-lost", listed.request.id.to_string(), message);
    Some(finding.fix("git fetch first, where somebody else may have pushed it"))
}

/// Tells whether somebody has picked a request, and this clone does not know the
/// pick on its branch: unless somebody who knew of the pick has set it aside.
pub(super) fn is_elsewhere(request: &Request, facts: &Facts, policy: &Policy) -> bool {
    let is_elsewhere = matches!(facts.picks, Picks::Elsewhere { .. });
    is_elsewhere && overridden(request, Rule::PickedElsewhere, policy).is_none()
}

/// Says who has picked a request and where that is, as a clause, and what brings
/// it here; none: it is not elsewhere.
pub fn elsewhere(listed: &Listed) -> Option<(String, String)> {
    let Picks::Elsewhere { pick, place } = &listed.facts.picks else {
        return None;
    };
    let by = &listed.request.applied.as_ref()?.by.name;
    let onto = &listed.request.ask.what.onto;
    let (is, fix) = match place {
        Elsewhere::Unseen(Some(fetch)) => ("is not in this clone".to_owned(), fetch.clone()),
        Elsewhere::Unseen(None) => (
            "is not in this repository".to_owned(),
            format!("{by} pushes {onto}"),
        ),
        Elsewhere::At(name) => (
            format!("{name} has and {onto} has not"),
            format!("{by} pushes it to {onto}"),
        ),
    };
    Some((format!("picked by {by} as {pick:.12}, which {is}"), fix))
}

/// Finds the rules that a request breaks, those that are set aside among them.
pub fn breaches(listed: &Listed, kinds: &[Kind], ground: &Ground, policy: &Policy) -> Vec<Breach> {
    let mut found = Vec::new();
    let mut breach = |rule: Rule, message: String, fix: String| {
        let overridden = overridden(&listed.request, rule, policy).cloned();
        found.push(Breach {
            rule,
            message,
            fix,
            overridden,
        });
    };
    if let Some((message, fix)) = behind(ground) {
        breach(Rule::NotHead, message, fix);
    }
    if let Some((message, fix)) = elsewhere(listed) {
        let fix = match &listed.facts.picks {
            // What nobody can fetch was not pushed.
            Picks::Elsewhere {
                place: Elsewhere::Unseen(Some(_)),
                ..
            } => format!("{fix}; if that does not bring it, who picked it has not pushed it"),
            _ => fix,
        };
        breach(Rule::PickedElsewhere, message, fix);
    }
    if let Some((message, fix)) = red(&ground.green) {
        breach(Rule::NotGreen, message, fix);
    }
    let branch = &listed.request.ask.what.onto;
    if let Some(freeze) = &listed.standing.frozen {
        let until = listed.standing.until.as_ref();
        let until = until.map(|day| format!(" until {day}"));
        let message = format!(
            "{branch} is frozen{} by {}: {}",
            until.unwrap_or_default(),
            freeze.said.by.name,
            freeze.said.what
        );
        breach(Rule::Frozen, message, format!("debcut patch thaw {branch}"));
    }
    if let Some((message, fix)) = unapproved(listed, policy) {
        breach(Rule::NotApproved, message, fix);
    }
    if listed.standing.parents == Parents::Merged {
        match &listed.facts.merged {
            Merged::All => {}
            Merged::Without(commits) => {
                let short: Vec<&str> = commits.iter().map(|id| &id[..id.len().min(12)]).collect();
                breach(
                    Rule::ParentNotMerged,
                    format!("{} is not on the main branch", short.join(", ")),
                    "merge it there first".to_owned(),
                );
            }
            Merged::Unknown => breach(
                Rule::ParentNotMerged,
                "nobody knows which branch is the main one".to_owned(),
                "set [patch] main in debcut.toml".to_owned(),
            ),
        }
    }
    if let Some((message, fix)) = foreign_kind(listed, kinds, policy) {
        breach(Rule::KindNotAllowed, message, fix);
    }
    if policy.note == Note::Required && listed.facts.note == NoteFact::Missing {
        breach(
            Rule::NoReleaseNote,
            match listed.request.ask.what.commits.len() {
                1 => "its commits say nothing to users".to_owned(),
                _ => "not each of its commits says what users are told, or NONE".to_owned(),
            },
            format!(
                "debcut patch answer {} --note TEXT, or NONE; Release-Note: in the message says \
                 it before it is merged",
                listed.request.id
            ),
        );
    }
    found
}

/// What keeps a branch's head from being cut, as findings about the branch.
pub fn cut(branch: &str, ground: &Ground) -> Vec<Finding> {
    let mut found = Vec::new();
    for (rule, broken) in [
        (Rule::NotHead, behind(ground)),
        (Rule::NotGreen, red(&ground.green)),
    ] {
        if let Some((message, fix)) = broken {
            found.push(Finding::error(rule.name(), branch, message).fix(fix));
        }
    }
    found
}

fn behind(ground: &Ground) -> Option<(String, String)> {
    let (remote, count) = ground.behind.as_ref()?;
    let what = match count {
        1 => "one commit".to_owned(),
        count => format!("{count} commits"),
    };
    Some((
        format!("the branch lacks {what} of {remote}, and has others"),
        format!("git rebase onto {remote}, or merge it, first"),
    ))
}

fn red(green: &Green) -> Option<(String, String)> {
    match green {
        Green::Unasked | Green::Yes => None,
        Green::NotYet(why) => Some((
            format!("nobody knows yet whether the branch's head is green{why}"),
            "wait, and run the same command again".to_owned(),
        )),
        Green::No(why) => Some((
            format!("the branch's head is not green{why}"),
            "mend the branch first".to_owned(),
        )),
    }
}

fn unapproved(listed: &Listed, policy: &Policy) -> Option<(String, String)> {
    let standing = &listed.standing;
    let approved = standing.approvals >= policy.approvals;
    let id = &listed.request.id;
    let questions: Vec<&str> = standing.missing.iter().map(|one| one.word()).collect();
    if policy.approvals == 0 && !questions.is_empty() && standing.decisions.is_empty() {
        return Some((
            format!("not said yet: {}", questions.join(", ")),
            format!("debcut patch answer {id}"),
        ));
    }
    if approved {
        return None;
    }
    let open = match questions.is_empty() {
        true => String::new(),
        false => format!("; not said yet: {}", questions.join(", ")),
    };
    let who = match policy.approvers.is_empty() {
        true => String::new(),
        false => format!(" (by one of {})", policy.approvers.join(", ")),
    };
    Some((
        format!(
            "{} of {} approvals{open}",
            standing.approvals, policy.approvals
        ),
        format!("debcut patch approve {id} --reason TEXT{who}"),
    ))
}

fn foreign_kind(listed: &Listed, kinds: &[Kind], policy: &Policy) -> Option<(String, String)> {
    let foreign = kinds.iter().find_map(|kind| {
        let short = &kind.commit[..kind.commit.len().min(12)];
        if kind.breaks == Breaks::Said {
            return Some(format!("{short} breaks something"));
        }
        let name = kind.name.as_ref()?;
        let allowed = policy.kinds.iter().any(|one| one == name);
        (!allowed).then(|| format!("{short} is “{name}”"))
    });
    let unknown = || {
        let refused = policy.unconventional == Unconventional::Refuse;
        let kind = kinds.iter().find(|kind| kind.name.is_none())?;
        let short = &kind.commit[..kind.commit.len().min(12)];
        refused.then(|| format!("{short} does not say of what kind it is"))
    };
    let (foreign, is_known) = match foreign {
        Some(foreign) => (foreign, true),
        None => (unknown()?, false),
    };
    let owner = (listed.standing.decisions.iter())
        .any(|one| one.what.0 == Decision::Approve && policy.is_owner(&one.by));
    if owner {
        return None;
    }
    let mut fix = match policy.owners.is_empty() {
        true => "name [patch] owners in debcut.toml: one of them must approve it".to_owned(),
        false => format!("an owner must approve it: {}", policy.owners.join(", ")),
    };
    if !is_known {
        let id = &listed.request.id;
        let first = policy.kinds.first().map_or("fix", String::as_str);
        let say = format!("debcut patch answer {id} --title '{first}: TEXT' says it");
        fix = match policy.owners.is_empty() {
            true => say,
            false => format!("{say}; else {fix}"),
        };
    }
    let kinds = policy.kinds.join(", ");
    Some((format!("{foreign}, and only {kinds} are allowed"), fix))
}

/// Finds who has set a rule aside for a request; only the word of who may
/// counts.
pub fn overridden<'r>(
    request: &'r Request,
    rule: Rule,
    policy: &Policy,
) -> Option<&'r Said<(String, String)>> {
    let said = request.overrides.iter().rev();
    // A pick that was made later is another one.
    let of_this_pick = |said: &&Said<(String, String)>| match (&request.applied, rule) {
        (Some(pick), Rule::PickedElsewhere) => request.knows(said.entry, pick.entry),
        _ => true,
    };
    said.filter(|said| said.what.0 == rule.name())
        .filter(of_this_pick)
        .find(|said| may_override(rule, &said.by, policy))
}

/// Finds who has set a rule aside for a commit of a branch; only the word of who
/// may counts.
pub fn excused<'q>(
    queue: &'q Queue,
    (branch, commit): (&BranchName, &str),
    rule: Rule,
    policy: &Policy,
) -> Option<&'q Excuse> {
    let mut said = queue.excused.iter().rev();
    said.find(|said| {
        said.branch == *branch
            && said.commit == commit
            && said.rule == rule.name()
            && may_override(rule, &said.reason.by, policy)
    })
}

/// Tells whether a person may set a rule aside: approvers and owners may, and
/// kinds only owners, where there are some.
pub fn may_override(rule: Rule, who: &Person, policy: &Policy) -> bool {
    match rule {
        Rule::KindNotAllowed if !policy.owners.is_empty() => policy.is_owner(who),
        _ => policy.is_approver(who) || policy.is_owner(who),
    }
}

#[cfg(test)]
mod tests;
