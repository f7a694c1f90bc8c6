//! `patch sync`: what came and what went.

use serde::Serialize;

use crate::report::document::one_line;
use crate::report::{Document, Page};

/// What `patch sync` answers.
#[derive(Debug, Serialize)]
pub struct SyncDocument {
    /// The remote.
    pub remote: String,
    /// How many entries came; null: it is not known before the fetch.
    pub taken: Option<usize>,
    /// How many entries went; null: it is not known before the fetch.
    pub sent: Option<usize>,
    /// How many entries there are here.
    pub entries: usize,
    /// What is so, in words.
    pub text: String,
}

impl Document for SyncDocument {
    const SCHEMA: &'static str = "debcut/patch-sync/1";

    fn text(&self, page: &mut Page) {
        page.line(one_line(&self.text));
    }
}
