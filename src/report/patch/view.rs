//! A request as a program reads it: the same in every document.

use serde::Serialize;

use super::words;
use crate::model::{BranchName, Timestamp};
use crate::patch::entry::{Answers, Picked, RequestId};
use crate::patch::facts::{Applies, Elsewhere, Merged, NoteFact, Picks};
use crate::patch::moves::Move;
use crate::patch::rules::Breach;
use crate::patch::{Listed, Question, State};
use crate::release::commit::Person;

/// A request and where it stands.
#[derive(Debug, Clone, Serialize)]
pub struct RequestView {
    /// Its name.
    pub id: RequestId,
    /// The branch.
    pub onto: BranchName,
    /// Where it stands.
    pub state: State,
    /// Why, in a clause.
    pub why: String,
    /// What it is.
    pub title: String,
    /// When it was asked for.
    pub asked: Timestamp,
    /// How long ago.
    pub age_seconds: i64,
    /// Who asked.
    pub asked_by: Person,
    /// Who wrote the commits.
    pub authors: Vec<Person>,
    /// The commits, in the order of picking.
    pub commits: Vec<String>,
    /// The pull request, as it was named.
    pub pull_request: Option<String>,
    /// What a release manager wants to know.
    pub answers: Answers,
    /// What is not said yet.
    pub missing: Vec<Question>,
    /// Whether its commits are on the main branch; null: there is none.
    pub merged: Option<bool>,
    /// Those that are not.
    pub unmerged: Vec<String>,
    /// Whether those are on the main branch of this clone, and not pushed yet.
    pub unpushed: bool,
    /// Whether users are told.
    pub release_note: NoteFact,
    /// `cleanly`, `nothing`, `conflicts` or `unknown`.
    pub applies: &'static str,
    /// The first commit that does not apply.
    pub conflict_commit: Option<String>,
    /// The paths that both sides changed.
    pub conflicts: Vec<String>,
    /// Why it was not tried.
    pub not_tried: Option<String>,
    /// The dependencies that its commits move, from where to where.
    pub moves: Vec<Move>,
    /// How many have approved.
    pub approvals: usize,
    /// How many must.
    pub approvals_needed: usize,
    /// Whether people decided differently at the same time.
    pub contradicted: bool,
    /// Whether its branch's freeze holds it.
    pub frozen: bool,
    /// What its commits became on the branch.
    pub picked: Vec<Picked>,
    /// The pick that somebody wrote down and this clone does not know there.
    pub picked_elsewhere: Option<PickedElsewhere>,
    /// Its pages on forges.
    pub links: Vec<String>,
    /// The rules of its branch that it breaks; absent where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<BrokenRule>>,
}

/// A pick that is not on its branch, as far as this clone knows it.
#[derive(Debug, Clone, Serialize)]
pub struct PickedElsewhere {
    /// The pick.
    pub pick: String,
    /// Who picked.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// The ref of a remote that has it; null: it is not in this clone.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

/// A rule that a request breaks.
#[derive(Debug, Clone, Serialize)]
pub struct BrokenRule {
    /// Its name.
    pub rule: &'static str,
    /// What is so.
    pub message: String,
    /// How to satisfy it.
    pub fix: String,
    /// Who has set it aside; null: nobody.
    pub overridden_by: Option<Person>,
    /// Why.
    pub reason: Option<String>,
}

impl RequestView {
    /// Shows a request at a moment, where so many approvals are needed.
    pub fn new(listed: &Listed, now: Timestamp, needed: usize) -> Self {
        let Listed {
            request,
            facts,
            standing,
        } = listed;
        let ask = &request.ask;
        let (applies, conflict, not_tried) = match &facts.applies {
            Applies::Cleanly => ("cleanly", None, None),
            Applies::Nothing => ("nothing", None, None),
            Applies::Conflicts { commit, paths } => ("conflicts", Some((commit, paths)), None),
            Applies::Unknown(why) => ("unknown", None, Some(why.clone())),
        };
        let applied = request.applied.as_ref();
        let elsewhere = match (&facts.picks, applied) {
            (Picks::Elsewhere { pick, place }, Some(said)) => Some(PickedElsewhere {
                pick: pick.clone(),
                by: said.by.clone(),
                at: said.at,
                reference: match place {
                    Elsewhere::At(name) => Some(name.clone()),
                    Elsewhere::Unseen(_) => None,
                },
            }),
            _ => None,
        };
        let is_there = |_: &&_| !matches!(facts.picks, Picks::Lost(_) | Picks::Elsewhere { .. });
        let applied = applied.filter(is_there);
        let picked = facts.landed.clone();
        let picked = picked.or_else(|| applied.map(|said| said.what.clone()));
        Self {
            id: request.id.clone(),
            onto: ask.what.onto.clone(),
            state: standing.state,
            why: words::why(listed, needed),
            title: ask.what.title.clone(),
            asked: ask.at,
            age_seconds: (now.unix() - ask.at.unix()).max(0),
            asked_by: ask.by.clone(),
            authors: ask.what.authors.clone(),
            commits: ask.what.commits.clone(),
            pull_request: ask.what.pull_request.clone(),
            answers: ask.what.answers.clone(),
            missing: standing.missing.clone(),
            merged: match &facts.merged {
                Merged::All => Some(true),
                Merged::Without(_) | Merged::Unpushed { .. } => Some(false),
                Merged::Unknown => None,
            },
            unmerged: match &facts.merged {
                Merged::Without(commits) | Merged::Unpushed { commits, .. } => commits.clone(),
                Merged::All | Merged::Unknown => Vec::new(),
            },
            unpushed: matches!(facts.merged, Merged::Unpushed { .. }),
            release_note: facts.note,
            applies,
            conflict_commit: conflict.map(|(commit, _)| commit.clone()),
            conflicts: conflict.map(|(_, paths)| paths.clone()).unwrap_or_default(),
            not_tried,
            moves: facts.moves.clone(),
            approvals: standing.approvals,
            approvals_needed: needed,
            contradicted: standing.is_contradicted(),
            frozen: standing.frozen.is_some(),
            picked: picked.unwrap_or_default(),
            picked_elsewhere: elsewhere,
            links: request.links.iter().map(|said| said.what.clone()).collect(),
            rules: None,
        }
    }

    /// Adds the rules that it breaks.
    #[must_use]
    pub fn ruled(mut self, breaches: Vec<Breach>) -> Self {
        let broken = breaches.into_iter().map(|breach| BrokenRule {
            rule: breach.rule.name(),
            message: breach.message,
            fix: breach.fix,
            overridden_by: breach.overridden.as_ref().map(|said| said.by.clone()),
            reason: breach.overridden.map(|said| said.what.1),
        });
        self.rules = Some(broken.collect());
        self
    }

    /// Lists the rules that keep it from going in.
    pub fn broken(&self) -> impl Iterator<Item = &BrokenRule> {
        let rules = self.rules.iter().flatten();
        rules.filter(|one| one.overridden_by.is_none())
    }

    /// Says whether it is on the main branch, in a word.
    pub fn merged_word(&self) -> &'static str {
        match self.merged {
            Some(true) => "yes",
            Some(false) if self.unpushed => "unpushed",
            Some(false) => "no",
            None => "–",
        }
    }

    /// Says whether users are told, in a word.
    pub fn note_word(&self) -> &'static str {
        match self.release_note {
            NoteFact::Written => "yes",
            NoteFact::None => "none",
            NoteFact::Missing => "missing",
        }
    }

    /// Says whether it applies, in a word.
    pub fn applies_word(&self) -> &'static str {
        match self.state {
            State::Picked | State::Reverted => "–",
            State::Rejected | State::Superseded | State::Withdrawn => "–",
            _ => self.applies,
        }
    }
}
