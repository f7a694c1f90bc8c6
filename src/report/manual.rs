//! The manual pages that were written, or would be.

use std::path::Path;

use serde::Serialize;

use super::{Document, Page};

/// What `manual` answers.
#[derive(Debug, Serialize)]
pub struct ManualDocument {
    directory: String,
    pages: Vec<String>,
}

impl ManualDocument {
    /// Lists pages by their file names.
    pub fn new(directory: &Path, pages: Vec<String>) -> Self {
        Self {
            directory: directory.display().to_string(),
            pages,
        }
    }
}

impl Document for ManualDocument {
    const SCHEMA: &'static str = "debcut/manual/1";

    fn text(&self, page: &mut Page) {
        for name in &self.pages {
            page.line(format!("{}/{name}", self.directory));
        }
    }
}
