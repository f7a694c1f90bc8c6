//! A rollout in a few lines, on the screen of its project.

use serde::Serialize;

use super::Picture;
use super::picture::Ring;
use crate::model::Timestamp;
use crate::report::Page;

/// A rollout as its project's status tells it.
#[derive(Debug, Serialize)]
pub struct Brief {
    id: String,
    source: String,
    versions: Vec<String>,
    state: &'static str,
    headline: String,
    rings: Vec<BriefRing>,
    next: String,
    next_at: Option<Timestamp>,
    #[serde(skip)]
    whole: Picture,
}

#[derive(Debug, Serialize)]
struct BriefRing {
    name: String,
    state: &'static str,
    hosts: crate::report::rolling::Counts,
    soak_until: Option<Timestamp>,
    soak_left_seconds: Option<i64>,
}

impl Picture {
    /// Leaves hosts and events out.
    pub fn brief(self) -> Brief {
        let ring = |ring: &Ring| BriefRing {
            name: ring.name.clone(),
            state: ring.state,
            hosts: ring.hosts,
            soak_until: ring.soak_until,
            soak_left_seconds: ring.soak_left_seconds,
        };
        let versions = self.versions.iter().map(|one| one.version.clone());
        Brief {
            id: self.id.clone(),
            source: self.source.clone(),
            versions: versions.collect(),
            state: self.state,
            headline: self.headline.clone(),
            rings: self.rings.iter().map(ring).collect(),
            next: self.next.clone(),
            next_at: self.next_at,
            whole: self,
        }
    }
}

impl Brief {
    /// Writes it.
    pub fn text(&self, page: &mut Page) {
        page.line(self.whole.line(page));
        self.whole.table(page);
        self.whole.ahead(page);
    }
}
