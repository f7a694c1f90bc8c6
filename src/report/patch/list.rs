//! `patch list`: the queue.

use serde::Serialize;

use super::{RequestView, words};
use crate::model::{BranchName, Timestamp};
use crate::patch::state::State;
use crate::report::document::plain;
use crate::report::{Document, Page};

/// What `patch list` answers.
#[derive(Debug, Serialize)]
pub struct ListDocument {
    #[serde(skip)]
    now: Timestamp,
    /// The branches of the requests that are listed.
    branches: Vec<ListedBranch>,
    /// The requests, by branch, then by state, the oldest first.
    requests: Vec<RequestView>,
    /// How many were over before the branch's last release, and are left out.
    left_out: usize,
    /// How many stand otherwise than was asked for, and are left out.
    otherwise: usize,
    /// The states that were asked for; none: all of them.
    #[serde(skip)]
    states: Vec<State>,
    /// How wide a line may be; none: nothing is cut.
    #[serde(skip)]
    width: Option<usize>,
}

/// A branch that something is asked for.
#[derive(Debug, Clone, Serialize)]
pub struct ListedBranch {
    /// Its name.
    pub name: BranchName,
    /// Its newest commit; null: there is no such branch here.
    pub head: Option<String>,
    /// Whether it is frozen.
    pub frozen: bool,
    /// Until when, as far as anybody knows.
    pub frozen_until: Option<Timestamp>,
    /// The day of that, in the project's zone.
    pub frozen_day: Option<String>,
}

impl ListDocument {
    /// Shows requests at a moment.
    pub fn new(
        branches: Vec<ListedBranch>,
        mut requests: Vec<RequestView>,
        left_out: usize,
        now: Timestamp,
    ) -> Self {
        let rank = |state: State| State::ALL.iter().position(|one| *one == state);
        requests.sort_by(|a, b| {
            let key = |one: &RequestView| (one.onto.clone(), rank(one.state), one.asked);
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        Self {
            now,
            branches,
            requests,
            left_out,
            otherwise: 0,
            states: Vec::new(),
            width: None,
        }
    }

    /// Says that only some states were asked for, and how many requests stand
    /// otherwise.
    #[must_use]
    pub fn of_states(mut self, states: Vec<State>, otherwise: usize) -> Self {
        self.states = states;
        self.otherwise = otherwise;
        self
    }

    /// Cuts lines to a terminal's width.
    #[must_use]
    pub fn within(mut self, width: Option<usize>) -> Self {
        self.width = width;
        self
    }

    /// Says that there is nothing to list, and why.
    fn nothing(&self) -> String {
        let words: Vec<&str> = self.states.iter().map(|state| state.word()).collect();
        let what = match self.otherwise {
            0 => return "nothing is asked for".to_owned(),
            1 => "the one request is not".to_owned(),
            number => format!("none of {number} requests is"),
        };
        format!("{what} {}", words.join(" or "))
    }
}

/// How wide an author's name may be where lines are cut.
const AUTHOR: usize = 18;
/// A line that is narrower says nothing.
const NARROWEST: usize = 20;

/// Cuts a text to a width; none: it stays whole.
fn cut(text: &str, width: Option<usize>) -> String {
    let text = plain(text);
    match width {
        Some(width) if text.chars().count() > width => {
            text.chars().take(width - 1).chain(['…']).collect()
        }
        _ => text,
    }
}

impl Document for ListDocument {
    const SCHEMA: &'static str = "debcut/patch-list/1";

    fn text(&self, page: &mut Page) {
        if self.requests.is_empty() {
            page.line(self.nothing());
        }
        let indented = self.width.map(|width| width.max(NARROWEST) - 2);
        let author = self.width.map(|_| AUTHOR);
        for (at, branch) in self.branches.iter().enumerate() {
            let own = |one: &&RequestView| one.onto == branch.name;
            let own: Vec<&RequestView> = self.requests.iter().filter(own).collect();
            if own.is_empty() {
                continue;
            }
            if at > 0 {
                page.line("");
            }
            let place = match &branch.head {
                Some(head) => format!("at {}", words::short(head)),
                None => "is not in this clone".to_owned(),
            };
            let frozen = match (branch.frozen, &branch.frozen_day) {
                (false, _) => String::new(),
                (true, None) => ", frozen".to_owned(),
                (true, Some(day)) => format!(", frozen until {day}"),
            };
            page.line(format!(
                "{} {place}{frozen}",
                page.bold(branch.name.as_str())
            ));
            let name = |one: &RequestView| {
                let first = one
                    .authors
                    .first()
                    .map_or("", |author| author.name.as_str());
                cut(first, author)
            };
            let widest = own.iter().map(|one| name(one).chars().count()).max();
            let width = widest.unwrap_or(0).max("AUTHOR".len());
            page.line(page.dim(&format!(
                "{:<10}  {:<10}  {:>6}  {:<width$}  {:<6}  {:<7}  APPLIES",
                "REQUEST", "STATE", "AGE", "AUTHOR", "MERGED", "NOTE"
            )));
            for one in own {
                let state = format!("{:<10}", one.state.word());
                let state = match one.state {
                    State::Approved | State::Picked => page.good(&state),
                    State::Conflicts | State::Rejected | State::Reverted => page.bad(&state),
                    State::NeedsInfo | State::Held | State::Elsewhere => page.warning(&state),
                    State::New | State::Superseded | State::Withdrawn => state,
                };
                page.line(format!(
                    "{}  {state}  {:>6}  {:<width$}  {:<6}  {:<7}  {}",
                    one.id,
                    words::age(one.asked, self.now),
                    name(one),
                    one.merged_word(),
                    one.note_word(),
                    one.applies_word(),
                ));
                page.line(format!("  {}", cut(&one.title, indented)));
                if !one.why.is_empty() {
                    page.line(page.dim(&format!("  {}", cut(&one.why, indented))));
                }
                for moved in &one.moves {
                    page.line(format!("  moves {}", words::moved(page, moved)));
                }
                // The others are what the columns and the state say.
                for broken in one.broken().filter(|one| one.rule == "kind-not-allowed") {
                    page.line(format!("  {}", cut(&broken.message, indented)));
                }
            }
        }
        if self.left_out > 0 {
            let many = self.left_out;
            page.line(page.dim(&format!("{many} were over before the last release: --all")));
        }
    }
}
