//! What the pages of an archive show, so that only what changed is written.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::archive::manifest::{Base, Manifest};
use crate::model::{Sha256, Suite, Timestamp};
use crate::publish::Past;

/// The form this program writes and reads; of another one all is written anew.
const SCHEMA: &str = "debcut/pages/1";

/// What the pages show.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    schema: String,
    /// The program and templates that made them.
    pub(super) edition: String,
    /// Where clients find the archive, where somebody said so.
    pub(super) uri: Option<String>,
    /// The suites they show.
    pub(super) suites: BTreeMap<Suite, Shown>,
}

/// What they show of a suite.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Shown {
    /// Its generation.
    pub(super) generation: u64,
    /// The manifest of that.
    pub(super) manifest: Sha256,
    /// How many packages its lists have, by the package each starts at.
    pub(super) lists: BTreeMap<String, u64>,
    /// Its history, the newest first.
    pub(super) history: Vec<HistoryRow>,
    /// Whether there were older generations.
    pub(super) cut: bool,
}

/// A generation in a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HistoryRow {
    pub(super) number: u64,
    date: Timestamp,
    who: String,
    why: Option<String>,
    added: Option<usize>,
    removed: Option<usize>,
    changed: Option<usize>,
}

impl State {
    pub(super) fn new(edition: String, uri: Option<String>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            edition,
            uri,
            suites: BTreeMap::new(),
        }
    }

    /// Reads one; none of another form.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let state: Self = serde_json::from_slice(bytes).ok()?;
        (state.schema == SCHEMA).then_some(state)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("maps have string keys");
        bytes.push(b'\n');
        bytes
    }
}

impl HistoryRow {
    pub(super) fn of(past: &Past) -> Option<Self> {
        let (base, manifest) = past.current.generation.as_ref()?;
        let changes = past.changes.as_ref();
        Some(Self {
            number: base.number,
            date: manifest.date,
            // An address is not for everybody who passes by.
            who: without_address(&manifest.record.who),
            why: manifest.record.why.clone(),
            added: changes.map(|changes| changes.added.len()),
            removed: changes.map(|changes| changes.removed.len()),
            changed: changes.map(|changes| changes.changed.len()),
        })
    }
}

fn without_address(who: &str) -> String {
    let name = who.split('<').next().unwrap_or_default().trim();
    match name.is_empty() {
        true => "somebody".to_owned(),
        false => name.to_owned(),
    }
}

/// A suite to be shown.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) suite: Suite,
    pub(super) base: Base,
    pub(super) manifest: Manifest,
}

/// The names of a list: from its first up to that of the next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range {
    /// The first name; empty for the first list.
    pub(super) first: String,
    /// The first name of the next list.
    pub(super) next: Option<String>,
}

impl Range {
    pub(super) fn has(&self, name: &str) -> bool {
        name >= &*self.first && self.next.as_deref().is_none_or(|next| name < next)
    }
}

/// Up to this size of its indices a suite's packages are one list: about five
/// hundred of them.
const ONE_LIST_BYTES: u64 = 512 * 1024;

/// Cuts a suite's packages into lists where its chunks are cut: so one package
/// more changes one list, whatever the suite's history.
pub(super) fn ranges(manifest: &Manifest) -> Vec<Range> {
    let rule = &manifest.settings.chunks;
    let chunks = || manifest.listings().flat_map(|index| &index.chunks);
    let mut starts: BTreeSet<&str> = BTreeSet::new();
    if manifest.listings().map(|index| index.size).sum::<u64>() > ONE_LIST_BYTES {
        let firsts = chunks().map(|chunk| chunk.first.as_str());
        starts.extend(firsts.filter(|first| rule.starts_segment(first)));
        // Nothing is before the very first: the first list starts there.
        let lowest = chunks().map(|chunk| chunk.first.as_str()).min();
        lowest.map(|lowest| starts.remove(lowest));
    }
    let starts: Vec<&str> = std::iter::once("").chain(starts).collect();
    let next = |at: usize| starts.get(at + 1).map(|next| (*next).to_owned());
    let range = |(at, first): (usize, &&str)| Range {
        first: (*first).to_owned(),
        next: next(at),
    };
    starts.iter().enumerate().map(range).collect()
}
