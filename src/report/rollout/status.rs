//! `rollout status` and `rollout advance`.

use std::path::Path;

use serde::Serialize;

use super::Picture;
use crate::model::Timestamp;
use crate::report::rolling::{hold, words};
use crate::report::{Document, Page};
use crate::rollout::Way;
use crate::rollout::event::Entry;
use crate::rollout::plan::Hold;

/// What `rollout status` answers.
#[derive(Debug, Serialize)]
pub struct StatusDocument {
    /// The directory of the journals.
    directory: String,
    rollouts: Vec<Picture>,
}

impl StatusDocument {
    /// Shows rollouts whose journals are in a directory.
    pub fn new(directory: &Path, rollouts: Vec<Picture>) -> Self {
        Self {
            directory: directory.display().to_string(),
            rollouts,
        }
    }
}

impl Document for StatusDocument {
    const SCHEMA: &'static str = "debcut/rollout-status/1";

    fn text(&self, page: &mut Page) {
        match self.rollouts.as_slice() {
            [] => page.line(format!("no rollout was started yet ({})", self.directory)),
            [one] => one.text(page),
            several => {
                for (number, rollout) in several.iter().enumerate() {
                    if number > 0 {
                        page.line("");
                    }
                    page.line(rollout.line(page));
                    page.line(page.dim(&format!("debcut rollout status {}", rollout.id())));
                    rollout.ahead(page);
                }
            }
        }
    }

    fn ending(&self, page: &mut Page) {
        if let [one] = self.rollouts.as_slice() {
            one.happened(page);
            page.line("");
            one.ahead(page);
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
    /// The rollout that goes first.
    #[serde(skip)]
    first: Option<String>,
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
            first: None,
            until: None,
            happened: happened.collect(),
            rollout,
        }
    }

    /// Says what it waits for.
    #[must_use]
    pub fn waiting(mut self, why: &Hold, way: Way, until: Option<Timestamp>) -> Self {
        self.waits_for = Some(hold(why, way));
        self.until = until;
        self
    }

    /// Says that another rollout goes first.
    #[must_use]
    pub fn behind(mut self, id: &str) -> Self {
        self.first = Some(id.to_owned());
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

    fn ending(&self, page: &mut Page) {
        self.rollout.happened(page);
        page.line("");
        if let (Some(first), true) = (&self.first, self.ending == "waiting") {
            page.line(format!(
                "{} it waits: {first} goes first",
                page.bold("next:")
            ));
            return;
        }
        self.rollout.ahead(page);
    }
}
