//! What became of uploads that were put into a directory.

use serde::Serialize;

use super::{Document, Page};
use crate::archive::Listed;
use crate::model::{Finding, Suite};

/// What `archive incoming` answers.
#[derive(Debug, Serialize)]
pub struct IncomingDocument {
    directory: String,
    uploads: Vec<UploadRow>,
}

/// An upload and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct UploadRow {
    /// Its `.changes`.
    pub upload: String,
    /// The source package.
    pub source: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Where it goes.
    pub suite: Option<Suite>,
    /// What became of it.
    pub state: UploadState,
    /// The generation that has it.
    pub generation: Option<u64>,
    /// What came.
    pub added: Vec<Listed>,
    /// What went.
    pub removed: Vec<Listed>,
    /// The digest of the plan, where only that is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_digest: Option<String>,
    /// Where it was moved.
    pub moved_to: Option<String>,
    /// Why, and what is worth knowing.
    pub findings: Vec<Finding>,
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UploadState {
    /// It is published.
    Published,
    /// It was there already.
    Unchanged,
    /// It would be published.
    Planned,
    /// It is refused.
    Rejected,
    /// It is not whole yet.
    Waiting,
    /// Something outside failed.
    Failed,
}

impl IncomingDocument {
    /// Shows what became of these.
    pub fn new(directory: String, uploads: Vec<UploadRow>) -> Self {
        Self { directory, uploads }
    }
}

impl Document for IncomingDocument {
    const SCHEMA: &'static str = "debcut/archive-incoming/1";

    fn text(&self, page: &mut Page) {
        for row in &self.uploads {
            let (word, of) = match row.state {
                UploadState::Published => (page.good("published"), " in "),
                UploadState::Unchanged => (page.dim("there already"), " in "),
                UploadState::Planned => (page.good("would be published"), " in "),
                UploadState::Rejected => (page.bad("rejected"), ", meant for "),
                UploadState::Waiting => (page.warning("not whole yet"), ", meant for "),
                UploadState::Failed => (page.warning("not done"), ", meant for "),
            };
            let suite = row.suite.as_ref().map(|suite| match row.generation {
                Some(number) => format!("{of}{suite}@{number}"),
                None => format!("{of}{suite}"),
            });
            let moved = row.moved_to.as_ref().map(|to| format!(", moved to {to}"));
            page.line(format!(
                "{}: {word}{}{}",
                super::document::plain(&row.upload),
                suite.unwrap_or_default(),
                moved.unwrap_or_default()
            ));
            for (sign, list) in [(page.good("+"), &row.added), (page.bad("-"), &row.removed)] {
                for listed in list {
                    page.line(format!("  {sign} {listed} in {}", listed.component));
                }
            }
        }
    }
}
