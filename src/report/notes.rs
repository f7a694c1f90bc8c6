//! What users are told of releases.

use std::path::Path;

use serde::Serialize;

use super::{Document, Page};
use crate::release::change::Ignored;
use crate::release::notes::Notes;

/// What `notes` answers.
#[derive(Debug, Serialize)]
pub struct NotesDocument {
    out: Option<String>,
    releases: Vec<Release>,
    #[serde(skip)]
    shown: Shown,
}

#[derive(Debug, Serialize)]
struct Release {
    #[serde(flatten)]
    notes: Notes,
    /// Commits that bring no change, with the reason.
    ignored: Vec<Ignored>,
}

/// What the text for a terminal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The notes, in the form that was asked for.
    Notes(String),
    /// What is found wrong with them, and nothing else.
    Findings,
    /// That they were written to a file.
    Place,
}

impl NotesDocument {
    /// Shows releases, newest first, each with the commits that are left out.
    pub fn new(releases: impl IntoIterator<Item = (Notes, Vec<Ignored>)>, shown: Shown) -> Self {
        let releases = releases.into_iter();
        Self {
            out: None,
            releases: releases
                .map(|(notes, ignored)| Release { notes, ignored })
                .collect(),
            shown,
        }
    }

    /// Names the file that the notes are written to.
    #[must_use]
    pub fn written_to(mut self, out: &Path) -> Self {
        self.out = Some(out.display().to_string());
        self
    }
}

impl Document for NotesDocument {
    const SCHEMA: &'static str = "debcut/notes/1";

    fn text(&self, page: &mut Page) {
        match &self.shown {
            Shown::Notes(text) => text.lines().for_each(|line| page.line(line)),
            Shown::Findings => {}
            Shown::Place => {
                if let Some(out) = &self.out {
                    page.field("notes", out);
                }
            }
        }
    }
}
