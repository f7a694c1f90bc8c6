//! Taking content out of a generation as if it had never been there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::archive::admission::{Admission, Listed};
use crate::archive::current::{Current, Unread};
use crate::archive::generation::{Generation, NextIndex};
use crate::archive::manifest::{Manifest, Record};
use crate::archive::proofs::{Shelf, Shelves};
use crate::archive::restore::same_files;
use crate::format::index::{self, Stanza};
use crate::model::{ArchivePath, PackageName, Sha256, Suite, Timestamp};

/// The form of the record that this program writes and reads.
const SCHEMA: &str = "debcut/purged/1";

/// The record of a purge: all that is left of what was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    schema: String,
    /// The digest of what was destroyed.
    pub sha256: Sha256,
    /// Where it was in the pool.
    pub paths: Vec<ArchivePath>,
    /// Who destroyed it.
    pub who: String,
    /// Why.
    pub why: String,
    /// When that began.
    pub when: Timestamp,
    /// The command, without the digest.
    pub command: String,
    /// The packages that listed it, as `NAME VERSION ARCHITECTURE`.
    pub packages: Vec<String>,
    /// The generations that had it, as `SUITE@NUMBER`.
    pub generations: Vec<String>,
    /// Every file that was removed, or replaced by one without it.
    pub removed: Vec<ArchivePath>,
    /// Whether all of it was done.
    pub finished: bool,
}

impl Purge {
    /// Begins the record.
    pub fn new(
        sha256: Sha256,
        paths: Vec<ArchivePath>,
        (who, why): (String, String),
        command: String,
        when: Timestamp,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            sha256,
            paths,
            who,
            why,
            when,
            command,
            packages: Vec::new(),
            generations: Vec::new(),
            removed: Vec::new(),
            finished: false,
        }
    }

    /// Writes it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and numbers only");
        bytes.push(b'\n');
        bytes
    }

    /// Reads one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let record = serde_json::from_slice::<Self>(bytes).ok();
        record.filter(|record| record.schema == SCHEMA)
    }
}

/// Tells whether a package consists of this content, or has it among its files.
pub fn has(stanza: &Stanza, sha256: &Sha256) -> bool {
    let files = index::files(stanza).unwrap_or_default();
    files.iter().any(|file| file.sha256 == *sha256)
}

/// Returns the change that takes every package with this content out of a
/// generation. `current` must have been observed for these names.
pub fn without(
    current: &Current,
    names: &[PackageName],
    sha256: &Sha256,
) -> Result<Option<Admission>, Unread> {
    let Some(manifest) = current.manifest() else {
        return Ok(None);
    };
    let mut admission = Admission::of(current, manifest.settings.clone());
    for index in manifest.listings() {
        for name in names {
            let versions = current.versions(index, name)?;
            for stanza in versions.iter().filter(|stanza| has(stanza, sha256)) {
                let listed = Listed::of(stanza, index.name.component());
                admission.removed.push(listed);
                let edit = admission.edits.entry(index.name.clone()).or_default();
                edit.remove.push(stanza.clone());
            }
        }
    }
    Ok(Some(admission.tidied()))
}

impl Admission {
    /// Replaces whole shelves of proofs.
    #[must_use]
    pub fn with_shelves(mut self, shelves: Shelves) -> Self {
        self.shelves = shelves;
        self
    }
}

/// Returns the generation that follows when the newest one and its ancestors
/// were written anew: `rewritten` is what became of it.
pub fn following(
    current: &Current,
    rewritten: (&Sha256, &Manifest),
    removed: Vec<Listed>,
    record: Record,
) -> Option<Generation> {
    let now = current.manifest()?;
    let suite: &Suite = &current.suite;
    let (parent, then) = rewritten;
    let mut indices = Vec::new();
    for index in &then.indices {
        indices.push(match now.index(&index.name) {
            Some(same) if same_files(same, index) && same.patches.is_empty() => {
                NextIndex::Same(same.clone())
            }
            _ => NextIndex::Taken {
                index: index.clone(),
                from: suite.clone(),
            },
        });
    }
    let shelves: BTreeMap<String, Shelf> = then.shelves.clone();
    Some(Generation {
        copies: Vec::new(),
        suite: suite.clone(),
        base: current.base(),
        settings: then.settings.clone(),
        record,
        indices,
        shelves,
        new_shelves: Shelves::new(),
        carried: Vec::new(),
        rewritten: Some(*parent),
        proofs: Vec::new(),
        pool: Vec::new(),
        lists: BTreeMap::new(),
        added: Vec::new(),
        removed,
    })
}
