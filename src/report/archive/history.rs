//! A suite's generations.

use serde::Serialize;

use crate::model::{Suite, Timestamp};
use crate::publish::{Extent, Past};
use crate::report::document::plain;
use crate::report::{Document, Page};

/// What `archive history` answers.
#[derive(Debug, Serialize)]
pub struct HistoryDocument {
    suite: Suite,
    /// Whether the first generation is among them.
    whole: bool,
    generations: Vec<Row>,
}

/// A generation.
#[derive(Debug, Serialize)]
struct Row {
    number: u64,
    manifest: String,
    date: Timestamp,
    who: String,
    why: Option<String>,
    command: String,
    key: Option<String>,
    parent: Option<u64>,
    added: Option<usize>,
    removed: Option<usize>,
    changed: Option<usize>,
    pins: Vec<String>,
}

impl HistoryDocument {
    /// Shows generations, the newest first.
    pub fn new(suite: &Suite, past: &[Past], extent: Extent) -> Self {
        Self {
            suite: suite.clone(),
            whole: extent == Extent::Whole,
            generations: past.iter().filter_map(row).collect(),
        }
    }

    /// Notes that a generation is kept for a reason.
    pub fn pin(&mut self, number: u64, why: &str) {
        let mut rows = self.generations.iter_mut();
        if let Some(row) = rows.find(|row| row.number == number) {
            row.pins.push(why.to_owned());
        }
    }
}

fn row(past: &Past) -> Option<Row> {
    let (base, manifest) = past.current.generation.as_ref()?;
    let changes = past.changes.as_ref();
    let record = manifest.record.clone();
    Some(Row {
        number: base.number,
        manifest: base.manifest.to_string(),
        date: manifest.date,
        who: record.who,
        why: record.why,
        command: record.command,
        key: record.key,
        parent: manifest.parent.map(|_| base.number - 1),
        added: changes.map(|changes| changes.added.len()),
        removed: changes.map(|changes| changes.removed.len()),
        changed: changes.map(|changes| changes.changed.len()),
        pins: Vec::new(),
    })
}

impl Document for HistoryDocument {
    const SCHEMA: &'static str = "debcut/archive-history/1";

    fn text(&self, page: &mut Page) {
        for row in &self.generations {
            let count = |sign: &str, count: Option<usize>| match count {
                Some(0) => None,
                Some(count) => Some(format!("{sign}{count}")),
                None => None,
            };
            let counts = [
                count("+", row.added),
                count("-", row.removed),
                count("~", row.changed),
            ];
            let mut counts: Vec<String> = counts.into_iter().flatten().collect();
            if row.added.is_none() {
                counts.push("the one before is not kept".to_owned());
            } else if counts.is_empty() {
                counts.push("no package changed".to_owned());
            }
            page.line(format!(
                "{}  {}  {}",
                page.bold(&format!("{}@{}", self.suite, row.number)),
                page.dim(&row.date.to_string()),
                counts.join(" ")
            ));
            page.field("who", plain(&row.who));
            if let Some(why) = &row.why {
                page.field("why", plain(why));
            }
            page.field("command", plain(&row.command));
            if let Some(key) = &row.key {
                page.field("key", key);
            }
            for pin in &row.pins {
                page.field("pinned", plain(pin));
            }
        }
        if !self.whole {
            page.line(page.dim("older generations are not shown, or no longer kept"));
        }
    }
}
