//! Which pages were written.

use serde::Serialize;

use crate::model::{ArchivePath, Suite};
use crate::report::{Document, Page};

/// What `archive pages` answers.
#[derive(Debug, Serialize)]
pub struct PagesDocument {
    out: String,
    index: String,
    suites: Vec<Suite>,
    written: Vec<ArchivePath>,
    removed: Vec<ArchivePath>,
}

impl PagesDocument {
    /// Shows what was written into `out`.
    pub fn new(
        out: String,
        suites: &[Suite],
        written: &[ArchivePath],
        removed: &[ArchivePath],
    ) -> Self {
        Self {
            index: format!("{}/index.html", out.trim_end_matches('/')),
            out,
            suites: suites.to_vec(),
            written: written.to_vec(),
            removed: removed.to_vec(),
        }
    }
}

impl Document for PagesDocument {
    const SCHEMA: &'static str = "debcut/archive-pages/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&self.index));
        let (written, removed) = (self.written.len(), self.removed.len());
        if written + removed > 0 {
            page.line(format!("{written} written, {removed} removed"));
        }
    }
}
