//! A suite's generations.

use std::cmp::Ordering;

use serde::Serialize;

use crate::archive::purge::Purge;
use crate::model::{Suite, Timestamp};
use crate::publish::{Extent, Past};
use crate::report::document::plain;
use crate::report::{Document, Page};

/// What `archive history` answers.
#[derive(Debug, Serialize)]
pub struct HistoryDocument {
    suite: Suite,
    /// Whether these are all, back to the first generation.
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
    /// The packages that were destroyed by a purge, in the generations before.
    purged: Vec<String>,
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

    /// Notes what a purge took out of this suite's generations: the one that it
    /// made has the same packages as the one before, which was written anew.
    pub fn purged(&mut self, purge: &Purge) {
        let here = format!("{}@", self.suite);
        if !purge.generations.iter().any(|at| at.starts_with(&here)) {
            return;
        }
        let mut rows = self.generations.iter_mut().rev();
        let made = rows.find(|row| {
            let is_its = row.command == purge.command && row.who == purge.who;
            is_its && row.why.as_ref() == Some(&purge.why) && row.date >= purge.when
        });
        if let Some(row) = made {
            row.purged.extend(purge.packages.iter().cloned());
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
        purged: Vec::new(),
    })
}

/// Says which generations between two are no longer kept.
fn gap(after: &Row, before: &Row) -> Option<String> {
    let (first, last) = (before.number + 1, after.number - 1);
    match last.cmp(&first) {
        Ordering::Less => None,
        Ordering::Equal => Some(format!("{first} is no longer kept")),
        Ordering::Greater => Some(format!("{first} to {last} are no longer kept")),
    }
}

impl Document for HistoryDocument {
    const SCHEMA: &'static str = "debcut/archive-history/1";

    fn text(&self, page: &mut Page) {
        let mut before: Option<&Row> = None;
        for row in &self.generations {
            if let Some(gone) = before.and_then(|before| gap(before, row)) {
                page.line(page.dim(&gone));
            }
            before = Some(row);
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
            if !row.purged.is_empty() {
                counts.push("purged".to_owned());
            } else if row.added.is_none() {
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
            for package in &row.purged {
                page.field("purged", plain(package));
            }
            for pin in &row.pins {
                page.field("pinned", plain(pin));
            }
        }
        let last = self.generations.last();
        if last.is_some_and(|row| row.parent.is_some()) {
            page.line(page.dim("older generations are not shown, or no longer kept"));
        }
    }
}
