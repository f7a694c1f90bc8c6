//! The systems that builds happen in.

use serde::Serialize;

use super::{Document, Page, size};
use crate::build::root::cache::Record;
use crate::build::root::plan::Why;
use crate::build::root::{Cached, Kept, Part, Provided};
use crate::model::Timestamp;

/// One system.
#[derive(Debug, Clone, Serialize)]
pub struct RootLine {
    name: String,
    suites: Vec<String>,
    architecture: String,
    made: String,
    age_days: i64,
    snapshot: Option<String>,
    packages: usize,
    identity: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<usize>,
}

impl RootLine {
    /// Shows a system.
    pub fn new(cached: &Cached, now: Timestamp) -> Self {
        let Record {
            suites,
            architecture,
            snapshot,
            packages,
            identity,
            ..
        } = &cached.record;
        let made = cached.record.made();
        Self {
            name: cached.name.clone(),
            suites: suites.clone(),
            architecture: architecture.to_string(),
            made: made.to_string(),
            age_days: (now.unix() - made.unix()).max(0) / 86_400,
            snapshot: snapshot.clone(),
            packages: *packages,
            identity: identity.hex(),
            path: cached.tree().display().to_string(),
            size: None,
            layers: None,
        }
    }

    /// Shows a system that is kept.
    pub fn kept(kept: &Kept, now: Timestamp) -> Self {
        Self {
            size: Some(kept.size_bytes),
            layers: Some(kept.layers),
            ..Self::new(&kept.cached, now)
        }
    }
}

/// What `root list` answers.
#[derive(Debug, Serialize)]
pub struct RootList {
    roots: Vec<RootLine>,
    cache: Vec<PartLine>,
}

/// What is kept beside the systems.
#[derive(Debug, Serialize)]
struct PartLine {
    name: &'static str,
    path: String,
    entries: usize,
    size: u64,
}

impl PartLine {
    fn of(part: &Part) -> Self {
        Self {
            name: part.name,
            path: part.path.display().to_string(),
            entries: part.entries,
            size: part.size_bytes,
        }
    }

    fn text(&self) -> String {
        format!("{} {}, {}", self.entries, self.name, size(self.size))
    }
}

impl RootList {
    /// Shows systems, and what else is kept.
    pub fn new(roots: Vec<RootLine>, parts: &[Part]) -> Self {
        let cache = parts.iter().map(PartLine::of).collect();
        Self { roots, cache }
    }

    fn rest(&self, page: &mut Page) {
        let there = self.cache.iter().filter(|part| part.entries > 0);
        let there: Vec<String> = there.map(PartLine::text).collect();
        if !there.is_empty() {
            page.line(format!("beside: {}", there.join("; ")));
        }
    }
}

impl Document for RootList {
    const SCHEMA: &'static str = "debcut/root-list/1";

    fn text(&self, page: &mut Page) {
        if self.roots.is_empty() {
            page.line("no system is kept yet: the first build in a chroot makes one");
            self.rest(page);
            return;
        }
        let rows = self.roots.iter().map(|root| {
            let age = match &root.snapshot {
                Some(snapshot) => format!("pinned to {snapshot}"),
                None => format!("{} d", root.age_days),
            };
            [
                root.name.clone(),
                root.suites.join(" "),
                age,
                root.size.map_or_else(String::new, size),
                root.layers.unwrap_or_default().to_string(),
                root.packages.to_string(),
            ]
        });
        let rows: Vec<_> = rows.collect();
        page.table(
            ["NAME", "SUITES", "AGE", "SIZE", "ON TOP", "PACKAGES"],
            &rows,
        );
        self.rest(page);
    }
}

/// What `root make` answers.
#[derive(Debug, Serialize)]
pub struct RootMade {
    root: Option<RootLine>,
    suites: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filled: Option<Filled>,
}

/// A system with what is installed on top of it.
#[derive(Debug, Serialize)]
struct Filled {
    layers: Vec<String>,
    packages: Vec<String>,
    identity: String,
}

impl RootMade {
    /// Shows one with what is installed on top of it.
    pub fn filled(root: RootLine, provided: &Provided) -> Self {
        let layers = provided.layers.iter();
        Self {
            filled: Some(Filled {
                layers: layers.map(|path| path.display().to_string()).collect(),
                packages: provided.packages.iter().map(ToString::to_string).collect(),
                identity: provided.identity.hex(),
            }),
            ..Self::there(root)
        }
    }

    /// Shows a system that is there.
    pub fn there(root: RootLine) -> Self {
        Self {
            suites: root.suites.clone(),
            root: Some(root),
            why: None,
            filled: None,
        }
    }

    /// Shows one that would be made.
    pub fn planned(suites: Vec<String>, why: Why) -> Self {
        Self {
            root: None,
            suites,
            why: Some(why),
            filled: None,
        }
    }
}

impl Document for RootMade {
    const SCHEMA: &'static str = "debcut/root-make/1";

    fn text(&self, page: &mut Page) {
        let (Some(root), None) = (&self.root, self.why) else {
            let why = match self.why {
                Some(Why::Old(days)) => format!("the one there is {days} days old"),
                Some(Why::Asked) => "a new one was asked for".to_owned(),
                _ => "there is none".to_owned(),
            };
            page.line(format!(
                "a system of {} would be made: {why}",
                self.suites.join(" ")
            ));
            return;
        };
        page.line(page.bold(&root.name));
        page.field("suites", root.suites.join(" "));
        page.field("made", &root.made);
        page.field("packages", root.packages.to_string());
        page.field("identity", &root.identity);
        page.field("in", &root.path);
        if let Some(filled) = &self.filled {
            let packages = filled.packages.len();
            page.field("on top", filled.layers.last().map_or("", String::as_str));
            page.field(
                "with it",
                format!("{packages} packages, identity {}", filled.identity),
            );
        }
    }
}

/// What `root remove` answers.
#[derive(Debug, Serialize)]
pub struct RootRemoved {
    removed: Vec<String>,
    busy: Vec<String>,
    cache: Vec<PartLine>,
    #[serde(skip)]
    planned: bool,
}

impl RootRemoved {
    /// Shows what is gone, and what somebody builds in.
    pub fn new(removed: &[Cached], busy: &[Cached]) -> Self {
        let names = |all: &[Cached]| all.iter().map(|cached| cached.name.clone()).collect();
        Self {
            removed: names(removed),
            busy: names(busy),
            cache: Vec::new(),
            planned: false,
        }
    }

    /// Adds what else is gone.
    pub fn with(self, parts: &[Part]) -> Self {
        let cache = parts.iter().map(PartLine::of).collect();
        Self { cache, ..self }
    }

    /// Shows what would go.
    pub fn planned(would: &[Cached]) -> Self {
        Self {
            planned: true,
            ..Self::new(would, &[])
        }
    }
}

impl Document for RootRemoved {
    const SCHEMA: &'static str = "debcut/root-remove/1";

    fn text(&self, page: &mut Page) {
        if self.removed.is_empty() && self.busy.is_empty() && self.cache.is_empty() {
            page.line("no system is kept");
        }
        let said = if self.planned {
            "would remove"
        } else {
            "removed"
        };
        for name in &self.removed {
            page.line(format!("{said} {name}"));
        }
        for part in &self.cache {
            page.line(format!("{said} {}", part.text()));
        }
    }
}
