//! `rollout status` and `rollout advance`.

use serde::Serialize;

use super::Picture;
use crate::model::Timestamp;
use crate::report::rolling::words;
use crate::report::{Document, Page};
use crate::rollout::event::Entry;
use crate::rollout::plan::Hold;

/// What `rollout status` answers.
#[derive(Debug, Serialize)]
pub struct StatusDocument {
    rollouts: Vec<Picture>,
}

impl StatusDocument {
    /// Shows rollouts.
    pub fn new(rollouts: Vec<Picture>) -> Self {
        Self { rollouts }
    }
}

impl Document for StatusDocument {
    const SCHEMA: &'static str = "debcut/rollout-status/1";

    fn text(&self, page: &mut Page) {
        match self.rollouts.as_slice() {
            [] => page.line("no rollout was started yet"),
            [one] => one.text(page),
            several => {
                for rollout in several {
                    page.line(rollout.line(page));
                    page.line(page.dim(&format!("  debcut rollout status {}", rollout.id())));
                }
            }
        }
    }
}

/// What `rollout advance`, `rollback` and `converge` answer.
#[derive(Debug, Serialize)]
pub struct AdvanceDocument {
    #[serde(skip)]
    schema: &'static str,
    /// Why it stopped: progressed, waiting, over, stopped.
    ending: &'static str,
    /// What it waits for.
    waits_for: Option<String>,
    /// Until when.
    until: Option<Timestamp>,
    /// What happened now.
    happened: Vec<Happened>,
    rollout: Picture,
}

#[derive(Debug, Serialize)]
struct Happened {
    number: u64,
    at: Timestamp,
    text: String,
}

impl AdvanceDocument {
    /// Shows how far a rollout came.
    pub fn new(
        schema: &'static str,
        ending: &'static str,
        entries: &[Entry],
        rollout: Picture,
    ) -> Self {
        let happened = entries.iter().map(|entry| Happened {
            number: entry.number,
            at: entry.at,
            text: words::event(entry),
        });
        Self {
            schema,
            ending,
            waits_for: None,
            until: None,
            happened: happened.collect(),
            rollout,
        }
    }

    /// Says what it waits for.
    #[must_use]
    pub fn waiting(mut self, why: &Hold, until: Option<Timestamp>) -> Self {
        self.waits_for = Some(words::hold(why));
        self.until = until;
        self
    }

    /// Says that another rollout goes first.
    #[must_use]
    pub fn behind(mut self, id: &str) -> Self {
        self.waits_for = Some(format!("{id} goes first"));
        self
    }
}

impl crate::report::Report for AdvanceDocument {
    fn schema(&self) -> &'static str {
        self.schema
    }

    fn fields(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("documents have string keys")
    }

    fn text(&self, page: &mut Page) {
        self.rollout.text(page);
    }

    fn ending(&self, _: &mut Page) {}
}
