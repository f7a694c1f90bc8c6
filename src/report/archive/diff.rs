//! What differs between two generations.

use serde::Serialize;

use crate::archive::Listed;
use crate::archive::query::compare::{Change, Comparison, How};
use crate::report::{Document, Page};

/// What `archive diff` answers.
#[derive(Debug, Serialize)]
pub struct DiffDocument {
    a: String,
    b: String,
    added: Vec<Listed>,
    removed: Vec<Listed>,
    changed: Vec<Change>,
}

impl DiffDocument {
    /// Shows the difference between two generations, named `SUITE@NUMBER`.
    pub fn new(a: String, b: String, comparison: Comparison) -> Self {
        let Comparison {
            added,
            removed,
            changed,
        } = comparison;
        Self {
            a,
            b,
            added,
            removed,
            changed,
        }
    }
}

impl Document for DiffDocument {
    const SCHEMA: &'static str = "debcut/archive-diff/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&format!("{} → {}", self.a, self.b)));
        let [added, removed, changed] = [self.added.len(), self.removed.len(), self.changed.len()];
        if added + removed + changed == 0 {
            page.line("the same packages");
            return;
        }
        for (sign, word, list) in [
            (page.good("+"), "added", &self.added),
            (page.bad("-"), "removed", &self.removed),
        ] {
            for Listed {
                name,
                version,
                architecture,
                component,
            } in list
            {
                page.line(format!(
                    "  {sign} {name} {version} {architecture} in {component}: {word}"
                ));
            }
        }
        for change in &self.changed {
            let Change {
                name, architecture, ..
            } = change;
            page.line(format!("  ~ {name} {architecture}: {}", how(change)));
        }
        page.line(format!(
            "{added} added, {removed} removed, {changed} changed"
        ));
    }
}

fn how(change: &Change) -> String {
    let Change {
        from,
        to,
        from_component,
        to_component,
        ..
    } = change;
    let moved = match from_component == to_component {
        true => String::new(),
        false => format!(", from {from_component} to {to_component}"),
    };
    match change.how {
        How::Upgraded => format!("{from} → {to}, upgraded{moved}"),
        How::Downgraded => format!("{from} → {to}, downgraded{moved}"),
        How::Moved => format!("{to}, moved{moved}"),
        How::Altered => format!("{to}, says something else of itself"),
    }
}
