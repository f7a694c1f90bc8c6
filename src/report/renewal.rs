//! Suites that were renewed, taken over, or given other keys.

use serde::Serialize;

use super::{Document, Page};
use crate::model::{Fingerprint, Suite, Timestamp};

/// What became of one of several suites.
#[derive(Debug, Clone, Serialize)]
pub struct SuiteLine {
    /// The suite.
    pub suite: Suite,
    /// Its generation; none where there is none.
    pub generation: Option<u64>,
    /// Whether this run made that generation, or would.
    pub changed: bool,
    /// Until when clients may use it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub valid_until: Option<Timestamp>,
}

fn shown<S: serde::Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    at.map(|at| at.to_string()).serialize(to)
}

impl SuiteLine {
    pub(super) fn line(&self, page: &mut Page) {
        let number = self.generation.map_or(String::new(), |n| format!("@{n}"));
        let until = self.valid_until.map(|at| format!(", valid until {at}"));
        let same = if self.changed { "" } else { ", as it was" };
        let until = until.unwrap_or_default();
        page.line(format!("  {}{number}{until}{same}", self.suite));
    }
}

/// What `archive refresh` answers.
#[derive(Debug, Serialize)]
pub struct RefreshDocument {
    archive: String,
    suites: Vec<SuiteLine>,
}

impl RefreshDocument {
    /// Shows an archive with its suites.
    pub fn new(archive: String, suites: Vec<SuiteLine>) -> Self {
        Self { archive, suites }
    }
}

impl Document for RefreshDocument {
    const SCHEMA: &'static str = "debcut/archive-refresh/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&self.archive));
        self.suites.iter().for_each(|line| line.line(page));
    }
}

/// What `archive import` answers.
#[derive(Debug, Serialize)]
pub struct ImportDocument {
    /// The archive.
    pub archive: String,
    /// Where it was taken from.
    pub from: String,
    /// How many files the packages have.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
    /// The suites.
    pub suites: Vec<SuiteLine>,
}

impl Document for ImportDocument {
    const SCHEMA: &'static str = "debcut/archive-import/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&self.archive));
        self.suites.iter().for_each(|line| line.line(page));
        let size = super::size(self.bytes);
        page.line(format!(
            "  {} files, {size}, from {}",
            self.files, self.from
        ));
    }
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RotationPhase {
    /// Both keys sign.
    Overlap,
    /// The new key alone signs.
    Finished,
}

/// What `key rotate` answers.
#[derive(Debug, Serialize)]
pub struct RotateDocument {
    /// The archive.
    pub archive: String,
    /// How far it is.
    pub phase: RotationPhase,
    /// The key that signed before; none where the suites do not agree.
    pub old: Option<Fingerprint>,
    /// The key that takes over; none where it is only planned.
    pub new: Option<Fingerprint>,
    /// Whether the new key was made by this run.
    pub made: bool,
    /// The suites.
    pub suites: Vec<SuiteLine>,
}

impl Document for RotateDocument {
    const SCHEMA: &'static str = "debcut/key-rotate/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&self.archive));
        let new = self.new.as_ref().map_or("a new key", Fingerprint::as_str);
        let made = if self.made { ", made for this" } else { "" };
        match (self.phase, &self.old) {
            (RotationPhase::Finished, _) => page.line(format!("  {new} signs alone")),
            (RotationPhase::Overlap, Some(old)) => {
                page.line(format!("  {new} signs beside {old}{made}"));
            }
            (RotationPhase::Overlap, None) => {
                page.line(format!("  {new} signs beside the former keys{made}"));
            }
        }
        self.suites.iter().for_each(|line| line.line(page));
        if self.phase == RotationPhase::Overlap {
            page.line("");
            page.line("next: bring both keys to the clients, then end the overlap");
            page.line("  debcut archive sources --keyring-package .   a package for the archive");
            page.line("  debcut key rotate --finish                   when all clients have it");
        }
    }
}
