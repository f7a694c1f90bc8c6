//! What is in suites.

use serde::Serialize;

use crate::archive::{Current, Listed};
use crate::model::Suite;
use crate::report::{Document, Page};

/// What `archive list` answers.
#[derive(Debug, Serialize)]
pub struct ListDocument {
    archive: String,
    suites: Vec<ListedSuite>,
}

#[derive(Debug, Serialize)]
struct ListedSuite {
    suite: Suite,
    generation: Option<u64>,
    date: Option<String>,
    packages: Vec<Listed>,
}

impl ListDocument {
    /// Starts the list of an archive.
    pub fn new(archive: String) -> Self {
        Self {
            archive,
            suites: Vec::new(),
        }
    }

    /// Adds a suite with what it lists.
    pub fn add(&mut self, current: &Current, packages: Vec<Listed>) {
        self.suites.push(ListedSuite {
            suite: current.suite.clone(),
            generation: current.base().map(|base| base.number),
            date: current.manifest().map(|manifest| manifest.date.to_string()),
            packages,
        });
    }
}

impl Document for ListDocument {
    const SCHEMA: &'static str = "debcut/archive-list/1";

    fn text(&self, page: &mut Page) {
        for ListedSuite {
            suite,
            generation,
            date,
            packages,
        } in &self.suites
        {
            let number = generation.map_or(String::new(), |number| format!("@{number}"));
            let date = date.as_deref().unwrap_or_default();
            page.line(format!(
                "{}  {}",
                page.bold(&format!("{suite}{number}")),
                page.dim(date)
            ));
            if packages.is_empty() {
                page.line("  empty");
                continue;
            }
            let row = |listed: &Listed| {
                let Listed {
                    name,
                    version,
                    architecture,
                    component,
                } = listed;
                [
                    format!("  {name}"),
                    version.to_string(),
                    architecture.to_string(),
                    component.to_string(),
                ]
            };
            let rows: Vec<_> = packages.iter().map(row).collect();
            page.table(["  PACKAGE", "VERSION", "ARCH", "COMPONENT"], &rows);
        }
    }
}
