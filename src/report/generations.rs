//! Generations: gone back to, copied, kept, collected, and content destroyed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Document, Page, PublishDocument, size};
use crate::archive::collect::Garbage;
use crate::archive::purge::Purge;
use crate::archive::retention::Kept;
use crate::archive::{Pin, PinName};
use crate::model::{Suite, Timestamp};
use crate::publish::{Collected, Survey};

/// Makes the document of a verb that publishes: the facts of a publish, under
/// the verb's own name.
macro_rules! published {
    ($($(#[$doc:meta])* $name:ident $schema:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub PublishDocument);

        impl Document for $name {
            const SCHEMA: &'static str = $schema;

            fn text(&self, page: &mut Page) {
                self.0.text(page);
            }
        }
    )*};
}

published! {
    /// What `archive rollback` answers.
    RollbackDocument "debcut/archive-rollback/1";
    /// What `archive snapshot` answers.
    SnapshotDocument "debcut/archive-snapshot/1";
    /// What `archive copy` answers.
    CopyDocument "debcut/archive-copy/1";
    /// What `archive merge` answers.
    MergeDocument "debcut/archive-merge/1";
}

#[derive(Debug, Serialize)]
struct PinLine {
    suite: Suite,
    name: String,
    generation: u64,
    who: String,
    why: Option<String>,
    when: String,
}

impl PinLine {
    fn of(pin: &Pin) -> Self {
        Self {
            suite: pin.suite.clone(),
            name: pin.name.to_string(),
            generation: pin.generation.number,
            who: pin.who.clone(),
            why: pin.why.clone(),
            when: pin.when.to_string(),
        }
    }
}

/// What `archive pin` answers.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PinDocument(Pins);

/// What `archive unpin` answers.
#[derive(Debug, Serialize)]
pub struct UnpinDocument {
    suite: Suite,
    name: String,
    /// What was removed.
    pins: Vec<PinLine>,
    /// What there is where nothing of that name was.
    others: Vec<PinLine>,
}

impl UnpinDocument {
    /// Shows a pin that was removed.
    pub fn removed(pin: &Pin) -> Self {
        Self {
            suite: pin.suite.clone(),
            name: pin.name.to_string(),
            pins: vec![PinLine::of(pin)],
            others: Vec::new(),
        }
    }

    /// Says that there is no pin of that name, and which there are.
    pub fn unknown(suite: &Suite, name: &PinName, others: &[Pin]) -> Self {
        Self {
            suite: suite.clone(),
            name: name.to_string(),
            pins: Vec::new(),
            others: others.iter().map(PinLine::of).collect(),
        }
    }
}

impl Document for UnpinDocument {
    const SCHEMA: &'static str = "debcut/archive-unpin/1";

    fn text(&self, page: &mut Page) {
        let Self { suite, name, .. } = self;
        for pin in &self.pins {
            let number = pin.generation;
            page.line(format!("removed the pin {name} of {suite}@{number}"));
        }
        if !self.pins.is_empty() {
            return;
        }
        if self.others.is_empty() {
            page.line(format!("{suite} has no pin {name}, nor any other"));
            return;
        }
        page.line(format!("{suite} has no pin {name}; it has"));
        table(&self.others, page);
    }
}

/// What `archive pins` answers.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PinsDocument(Pins);

#[derive(Debug, Serialize)]
struct Pins {
    pins: Vec<PinLine>,
}

impl Pins {
    fn of<'a>(pins: impl IntoIterator<Item = &'a Pin>) -> Self {
        Self {
            pins: pins.into_iter().map(PinLine::of).collect(),
        }
    }

    fn text(&self, page: &mut Page) {
        if self.pins.is_empty() {
            page.line("no pins");
            return;
        }
        table(&self.pins, page);
    }
}

fn table(pins: &[PinLine], page: &mut Page) {
    let row = |pin: &PinLine| {
        [
            format!("{}@{}", pin.suite, pin.generation),
            pin.name.clone(),
            pin.when.clone(),
            pin.who.clone(),
            pin.why.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = pins.iter().map(row).collect();
    page.table(["GENERATION", "PIN", "SINCE", "BY", "WHY"], &rows);
}

/// Makes the constructor and the document of one of them.
macro_rules! pins {
    ($($name:ident $schema:literal;)*) => {$(
        impl $name {
            /// Shows these pins.
            pub fn new<'a>(pins: impl IntoIterator<Item = &'a Pin>) -> Self {
                Self(Pins::of(pins))
            }
        }

        impl Document for $name {
            const SCHEMA: &'static str = $schema;

            fn text(&self, page: &mut Page) {
                self.0.text(page);
            }
        }
    )*};
}

pins! {
    PinDocument "debcut/archive-pin/1";
    PinsDocument "debcut/archive-pins/1";
}

/// What `archive gc` answers.
#[derive(Debug, Serialize)]
pub struct CollectDocument {
    archive: String,
    suites: Vec<SuiteLine>,
    /// What is deleted, by its kind.
    removed: BTreeMap<&'static str, Amount>,
    removed_bytes: u64,
    /// What waits for the end of its grace time.
    condemned: BTreeMap<&'static str, Amount>,
    condemned_bytes: u64,
    /// When the first of it can be deleted.
    next: Option<String>,
    unfinished: bool,
}

#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Amount {
    files: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct SuiteLine {
    suite: Suite,
    kept: Vec<KeptLine>,
    dropped: Vec<u64>,
}

#[derive(Debug, Serialize)]
struct KeptLine {
    generation: u64,
    why: Vec<String>,
}

impl CollectDocument {
    /// Shows nothing: the collection was refused.
    pub fn refused(archive: String) -> Self {
        Self {
            archive,
            suites: Vec::new(),
            removed: BTreeMap::new(),
            removed_bytes: 0,
            condemned: BTreeMap::new(),
            condemned_bytes: 0,
            next: None,
            unfinished: false,
        }
    }

    /// Shows what a collection did, or would do.
    pub fn new(archive: String, collected: &Collected, grace_seconds: u64) -> Self {
        let mut document = Self::refused(archive);
        for (suite, generations) in &collected.look.suites {
            let kept = generations.iter().filter(|(_, why)| !why.is_empty());
            let line = |(generation, why): &(u64, Vec<Kept>)| KeptLine {
                generation: *generation,
                why: why.iter().map(reason).collect(),
            };
            let dropped = generations.iter().filter(|(_, why)| why.is_empty());
            document.suites.push(SuiteLine {
                suite: suite.clone(),
                kept: kept.map(line).collect(),
                dropped: dropped.map(|(number, _)| *number).collect(),
            });
        }
        let add = |to: &mut BTreeMap<&'static str, Amount>, kind, bytes| {
            let amount = to.entry(name(kind)).or_default();
            amount.files += 1;
            amount.bytes += bytes;
        };
        for (_, kind, bytes) in &collected.deleted {
            add(&mut document.removed, *kind, *bytes);
        }
        for path in collected.waiting.keys() {
            if let Some((kind, bytes)) = collected.look.garbage.get(path) {
                add(&mut document.condemned, *kind, *bytes);
            }
        }
        let sum = |of: &BTreeMap<_, Amount>| of.values().map(|amount| amount.bytes).sum();
        document.removed_bytes = sum(&document.removed);
        document.condemned_bytes = sum(&document.condemned);
        let grace = i64::try_from(grace_seconds).unwrap_or(i64::MAX / 4);
        let first: Option<&Timestamp> = collected.waiting.values().min();
        document.next = first.map(|since| since.plus_seconds(grace).to_string());
        document.unfinished = collected.unfinished;
        document
    }
}

fn reason(kept: &Kept) -> String {
    match kept {
        Kept::Newest => "newest".to_owned(),
        Kept::Grace => "grace".to_owned(),
        Kept::Count => "count".to_owned(),
        Kept::Age => "age".to_owned(),
        Kept::NoRetention => "no-retention".to_owned(),
        Kept::Pinned(name) => format!("pin {name}"),
    }
}

fn name(kind: Garbage) -> &'static str {
    match kind {
        Garbage::Manifest => "generations",
        Garbage::Index => "indices",
        Garbage::Patch => "patches",
        Garbage::ByHash => "indices-by-hash",
        Garbage::Proof => "proofs",
        Garbage::Pool => "packages",
        Garbage::Object => "chunks",
        Garbage::FileList => "file-lists",
    }
}

impl Document for CollectDocument {
    const SCHEMA: &'static str = "debcut/archive-gc/1";

    fn text(&self, page: &mut Page) {
        page.line(page.bold(&self.archive));
        for SuiteLine {
            suite,
            kept,
            dropped,
        } in &self.suites
        {
            let numbers: BTreeSet<_> = kept.iter().map(|kept| kept.generation).collect();
            let reasons: BTreeSet<_> = kept.iter().flat_map(|kept| kept.why.clone()).collect();
            let reasons: Vec<_> = reasons.into_iter().collect();
            page.line(format!(
                "  {suite}: {} kept ({}), {} dropped",
                numbers.len(),
                reasons.join(", "),
                dropped.len()
            ));
        }
        for (what, amounts) in [("removed", &self.removed), ("condemned", &self.condemned)] {
            for (kind, Amount { files, bytes }) in amounts {
                page.line(format!("  {what} {kind}: {files} files, {}", size(*bytes)));
            }
        }
        if let Some(next) = &self.next {
            page.line(format!("  what is condemned can go from {next} on"));
        }
        if self.unfinished {
            page.line("  stopped early: run it again");
        }
    }
}

/// What `archive purge` answers.
#[derive(Debug, Serialize)]
pub struct PurgeDocument {
    sha256: Option<String>,
    paths: Vec<String>,
    packages: Vec<String>,
    generations: Vec<String>,
    removed: Vec<String>,
    who: Option<String>,
    why: Option<String>,
    when: Option<String>,
}

impl PurgeDocument {
    /// Shows nothing: it was refused.
    pub fn refused() -> Self {
        Self {
            sha256: None,
            paths: Vec::new(),
            packages: Vec::new(),
            generations: Vec::new(),
            removed: Vec::new(),
            who: None,
            why: None,
            when: None,
        }
    }

    /// Shows what would be destroyed.
    pub fn planned(sha256: String, survey: &Survey) -> Self {
        let generation = |(suite, number): &(Suite, u64)| format!("{suite}@{number}");
        Self {
            sha256: Some(sha256),
            paths: survey.paths.iter().map(ToString::to_string).collect(),
            packages: survey.packages.iter().map(ToString::to_string).collect(),
            generations: survey.generations.iter().map(generation).collect(),
            ..Self::refused()
        }
    }

    /// Shows what was destroyed.
    pub fn done(record: &Purge) -> Self {
        Self {
            sha256: Some(record.sha256.to_string()),
            paths: record.paths.iter().map(ToString::to_string).collect(),
            packages: record.packages.clone(),
            generations: record.generations.clone(),
            removed: record.removed.iter().map(ToString::to_string).collect(),
            who: Some(record.who.clone()),
            why: Some(record.why.clone()),
            when: Some(record.when.to_string()),
        }
    }
}

impl Document for PurgeDocument {
    const SCHEMA: &'static str = "debcut/archive-purge/1";

    fn text(&self, page: &mut Page) {
        if let Some(sha256) = &self.sha256 {
            page.line(page.bold(sha256));
        }
        for path in &self.paths {
            page.line(format!("  {path}"));
        }
        for package in &self.packages {
            page.line(format!("  - {package}"));
        }
        if !self.generations.is_empty() {
            page.line(format!("  in {}", self.generations.join(", ")));
        }
        if let (Some(who), Some(why), Some(when)) = (&self.who, &self.why, &self.when) {
            let removed = self.removed.len();
            page.line(format!(
                "  {removed} files removed by {who} at {when}: {why}"
            ));
        }
    }
}
