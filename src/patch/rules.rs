//! The rules of a maintenance branch: what keeps a request from going in, how
//! to satisfy each rule, and who may set it aside.
//!
//! Pure: what is so of requests and branches is looked up by `flow/`.

mod bar;
mod elsewhere;
mod ground;
mod kind;
mod rule;
mod setting_aside;

use super::facts::{Merged, NoteFact};
use super::policy::{Note, Parents, Policy};
use super::queue::{Request, Said};
use super::state::Listed;
use crate::model::Finding;

pub use bar::{Bar, bar, lost};
pub use elsewhere::elsewhere;
pub use ground::{Green, Ground, cut};
pub use kind::{Breaks, Kind};
pub use rule::{Rule, RuleError};
pub use setting_aside::{excused, may_override, overridden};

pub(super) use elsewhere::is_elsewhere;
use ground::{behind, red};
use kind::foreign_kind;

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
    if let Some((message, fix)) = elsewhere::broken(listed) {
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
                breach(
                    Rule::ParentNotMerged,
                    format!("{} is not on the main branch", shortened(commits)),
                    "merge it there first".to_owned(),
                );
            }
            Merged::Unpushed { commits, shared } => {
                let (remote, main) = shared.split_once('/').unwrap_or(("", shared));
                breach(
                    Rule::ParentNotMerged,
                    format!(
                        "{} is on {main} here alone, not on {shared}",
                        shortened(commits)
                    ),
                    format!("git push {remote} {main} first"),
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

/// Names commits as people write them.
fn shortened(commits: &[String]) -> String {
    let short: Vec<&str> = commits.iter().map(|id| &id[..id.len().min(12)]).collect();
    short.join(", ")
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

#[cfg(test)]
mod tests;
