//! All that suites say of a package.

use serde::Serialize;

use crate::archive::IndexName;
use crate::archive::query::relatives::source_of;
use crate::format::index::{self, Stanza};
use crate::model::{PackageName, Suite};
use crate::report::document::plain;
use crate::report::{Document, Page, size};

/// In which shape the text shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One line a version.
    Table,
    /// The whole stanzas.
    Stanzas,
}

/// What `archive show` answers.
#[derive(Debug, Serialize)]
pub struct ShowDocument {
    package: PackageName,
    #[serde(skip)]
    shape: Shape,
    stanzas: Vec<ShownStanza>,
    related: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct ShownStanza {
    #[serde(flatten)]
    row: Row,
    index: String,
    text: String,
}

/// A package as a table shows it.
#[derive(Debug, Serialize)]
struct Row {
    suite: Suite,
    generation: u64,
    name: String,
    version: String,
    architecture: String,
    component: String,
    source: Option<String>,
    source_version: Option<String>,
    size: u64,
    files: Vec<String>,
}

impl ShowDocument {
    /// Starts the answer about a package.
    pub fn new(package: &PackageName, shape: Shape) -> Self {
        Self {
            package: package.clone(),
            shape,
            stanzas: Vec::new(),
            related: Vec::new(),
        }
    }

    /// Adds what an index of a suite says of it.
    pub fn add(&mut self, suite: &Suite, generation: u64, index: &IndexName, stanza: &Stanza) {
        self.stanzas.push(ShownStanza {
            row: row(suite, generation, index, stanza),
            index: index.to_string(),
            text: stanza.text().to_owned(),
        });
    }

    /// Adds its source, or a binary package of it.
    pub fn add_related(
        &mut self,
        suite: &Suite,
        generation: u64,
        index: &IndexName,
        stanza: &Stanza,
    ) {
        self.related.push(row(suite, generation, index, stanza));
    }

    /// Tells whether no suite knows the package.
    pub fn is_empty(&self) -> bool {
        self.stanzas.is_empty()
    }
}

fn row(suite: &Suite, generation: u64, index: &IndexName, stanza: &Stanza) -> Row {
    let source = source_of(stanza);
    // What our own writing of the stanza put there is read back.
    let files = index::files(stanza).unwrap_or_default();
    Row {
        suite: suite.clone(),
        generation,
        name: stanza.name().to_string(),
        version: stanza.version().to_string(),
        architecture: stanza.architecture().to_string(),
        component: index.component().to_string(),
        source: source.as_ref().map(|(name, _)| name.to_string()),
        source_version: source.map(|(_, version)| version.to_string()),
        size: files.iter().map(|file| file.size).sum(),
        files: files.iter().map(|file| file.path.to_string()).collect(),
    }
}

impl Document for ShowDocument {
    const SCHEMA: &'static str = "debcut/archive-show/1";

    fn text(&self, page: &mut Page) {
        if self.shape == Shape::Stanzas {
            for ShownStanza { row, index, text } in &self.stanzas {
                page.line(page.dim(&format!("# {} {index}", row.suite)));
                page.line(plain(text));
                page.line("");
            }
            return;
        }
        page.line(page.bold(self.package.as_str()));
        let rows: Vec<_> = self.stanzas.iter().map(|one| cells(&one.row)).collect();
        page.table(HEAD, &rows);
        if !self.related.is_empty() {
            page.line("");
            page.line(page.bold("of the same source"));
            let rows: Vec<_> = self.related.iter().map(cells).collect();
            page.table(HEAD, &rows);
        }
    }
}

const HEAD: [&str; 7] = [
    "  SUITE",
    "PACKAGE",
    "VERSION",
    "ARCH",
    "COMPONENT",
    "SIZE",
    "SOURCE",
];

fn cells(row: &Row) -> [String; 7] {
    let source = row.source.as_deref().unwrap_or("–");
    let source = match row.source_version.as_deref() {
        Some(version) if version != row.version => format!("{source} {version}"),
        _ => source.to_owned(),
    };
    [
        format!("  {}", row.suite),
        row.name.clone(),
        row.version.clone(),
        row.architecture.clone(),
        row.component.clone(),
        size(row.size),
        source,
    ]
}
