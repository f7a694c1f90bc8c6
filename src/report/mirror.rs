//! Mirrors: what they got, and where they stand.

use serde::Serialize;

use super::{Document, Page};
use crate::model::{ArchivePath, Sha256, Suite};
use crate::publish::mirror::{Mirrored, Stand, Standing};

/// What `archive mirror` answers.
#[derive(Debug, Serialize)]
pub struct MirrorDocument {
    archive: String,
    mirrors: Vec<MirrorLine>,
    #[serde(skip)]
    digests: String,
}

#[derive(Debug, Serialize)]
struct MirrorLine {
    place: String,
    suites: Vec<StandLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pruned: Option<Vec<ArchivePath>>,
}

#[derive(Debug, Serialize)]
struct StandLine {
    suite: Suite,
    /// The mirror's generation, as far as it is known.
    generation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behind: Option<u64>,
}

impl StandLine {
    fn of(stand: &Stand) -> Self {
        let (generation, state) = match stand.standing {
            Standing::Current => (Some(stand.newest), "current"),
            Standing::At(number) => (Some(number), "behind"),
            Standing::Other => (None, "other"),
            Standing::Absent => (None, "absent"),
        };
        Self {
            suite: stand.suite.clone(),
            generation,
            newest: Some(stand.newest),
            state: Some(state),
            behind: generation.map(|number| stand.newest - number),
        }
    }

    fn line(&self, page: &mut Page) {
        let Self { suite, newest, .. } = self;
        let number = self.generation.map_or("?".to_owned(), |n| n.to_string());
        let newest = newest.map_or(String::new(), |n| format!(" of {n}"));
        page.line(match (self.state, self.behind) {
            (None, _) => format!("  {suite}@{number}"),
            (Some("current"), _) => format!("  {suite}@{number}  {}", page.good("current")),
            (Some("behind"), Some(behind)) => {
                format!(
                    "  {suite}@{number}{newest}  {}",
                    page.bad(&format!("{behind} behind"))
                )
            }
            (Some("absent"), _) => format!("  {suite}  {}", page.bad("not there")),
            (Some(_), _) => format!("  {suite}  {}", page.bad("at no generation that is kept")),
        });
    }
}

impl MirrorDocument {
    /// Starts the answer about an archive.
    pub fn new(archive: String) -> Self {
        Self {
            archive,
            mirrors: Vec::new(),
            digests: String::new(),
        }
    }

    /// Adds what came of a mirror.
    pub fn mirrored(&mut self, done: &Mirrored) {
        let line = |(suite, number): &(Suite, u64)| StandLine {
            suite: suite.clone(),
            generation: Some(*number),
            newest: None,
            state: None,
            behind: None,
        };
        self.digests += &done.digest.hex();
        self.mirrors.push(MirrorLine {
            place: done.place.clone(),
            suites: done.suites.iter().map(line).collect(),
            files: Some(done.files),
            bytes: Some(done.bytes),
            pruned: Some(done.pruned.clone()),
        });
    }

    /// Adds where a mirror stands.
    pub fn stands(&mut self, place: String, stands: &[Stand]) {
        self.mirrors.push(MirrorLine {
            place,
            suites: stands.iter().map(StandLine::of).collect(),
            files: None,
            bytes: None,
            pruned: None,
        });
    }

    /// Tells whether a mirror was changed.
    pub fn is_change(&self) -> bool {
        let mut mirrors = self.mirrors.iter();
        mirrors.any(|line| {
            line.files.is_some_and(|n| n > 0) || line.pruned.iter().any(|p| !p.is_empty())
        })
    }

    /// Returns what identifies the plan.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.digests.as_bytes())
    }
}

impl Document for MirrorDocument {
    const SCHEMA: &'static str = "debcut/archive-mirror/1";

    fn text(&self, page: &mut Page) {
        for mirror in &self.mirrors {
            page.line(page.bold(&mirror.place));
            mirror.suites.iter().for_each(|line| line.line(page));
            if let (Some(files), Some(bytes)) = (mirror.files, mirror.bytes) {
                page.line(format!("  {files} files sent, {}", super::size(bytes)));
            }
            let pruned = mirror.pruned.as_ref().map_or(0, Vec::len);
            if pruned > 0 {
                page.line(format!("  {pruned} files removed"));
            }
        }
    }
}
