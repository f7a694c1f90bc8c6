//! `rollout history`: all rollouts, or all that happened in one.

use serde::Serialize;

use crate::model::Timestamp;
use crate::report::document::plain;
use crate::report::rolling::{RolloutView, words};
use crate::report::{Document, Page};
use crate::rollout::event::{Entry, Event};
use crate::rollout::{Phase, Rollout, Step};

/// What `rollout history` answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum HistoryDocument {
    /// All rollouts, the newest first.
    All {
        /// Each in a row.
        rollouts: Vec<Row>,
    },
    /// One, entry by entry.
    One {
        /// Its name.
        id: String,
        /// Every entry, the oldest first.
        entries: Vec<Line>,
    },
}

/// A rollout in a row.
#[derive(Debug, Serialize)]
pub struct Row {
    id: String,
    source: String,
    versions: Vec<String>,
    state: &'static str,
    planned: Timestamp,
    by: String,
    reason: Option<String>,
    hosts: usize,
    ended: Option<Timestamp>,
}

/// An entry.
#[derive(Debug, Serialize)]
pub struct Line {
    number: u64,
    at: Timestamp,
    by: String,
    text: String,
    event: serde_json::Value,
}

impl HistoryDocument {
    /// Shows all rollouts, in the order in which they come.
    pub fn all(rollouts: &[(Rollout, Vec<Entry>)]) -> Self {
        let row = |(rollout, entries): &(Rollout, Vec<Entry>)| {
            let now = rollout.newest;
            let view =
                RolloutView::new(&rollout.id.to_string(), rollout, entries, &Step::Over, now);
            let ended = matches!(
                rollout.phase,
                Phase::Done | Phase::RolledBack | Phase::Aborted | Phase::Superseded
            );
            let own = entries.iter().rev();
            let mut own = own.filter(|entry| !matches!(entry.event, Event::Notified { .. }));
            Row {
                id: view.id,
                source: view.source,
                versions: view.versions.into_iter().map(|one| one.version).collect(),
                state: view.state.word,
                planned: rollout.planned,
                by: rollout.by.clone(),
                reason: rollout.reason.clone(),
                hosts: view.hosts.all,
                ended: ended.then(|| own.next().map(|entry| entry.at)).flatten(),
            }
        };
        Self::All {
            rollouts: rollouts.iter().map(row).collect(),
        }
    }

    /// Shows one, entry by entry.
    pub fn one(id: &str, entries: &[Entry]) -> Self {
        let line = |entry: &Entry| Line {
            number: entry.number,
            at: entry.at,
            by: entry.by.clone(),
            text: words::event(entry),
            event: serde_json::to_value(&entry.event).expect("events are plain"),
        };
        Self::One {
            id: id.to_owned(),
            entries: entries.iter().map(line).collect(),
        }
    }
}

impl Document for HistoryDocument {
    const SCHEMA: &'static str = "debcut/rollout-history/1";

    fn text(&self, page: &mut Page) {
        match self {
            Self::All { rollouts } if rollouts.is_empty() => {
                page.line("no rollout was started yet");
            }
            Self::All { rollouts } => {
                let dash = || "–".to_owned();
                let rows: Vec<[String; 6]> = (rollouts.iter())
                    .map(|row| {
                        [
                            row.id.clone(),
                            row.state.to_owned(),
                            words::moment(row.planned),
                            row.ended.map_or_else(dash, words::moment),
                            row.hosts.to_string(),
                            plain(row.reason.as_deref().unwrap_or("–")),
                        ]
                    })
                    .collect();
                page.table(
                    ["ROLLOUT", "STATE", "PLANNED", "ENDED", "HOSTS", "WHY"],
                    &rows,
                );
            }
            Self::One { id, entries } => {
                page.line(page.bold(id));
                for entry in entries {
                    let number = page.dim(&format!("{:>5}", entry.number));
                    let at = page.dim(&entry.at.to_string());
                    page.line(format!("{number}  {at}  {}", plain(&entry.text)));
                }
            }
        }
    }
}
