//! A suite as somebody saw it: the input of every decision about it.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::chunk::Chunk;
use crate::archive::manifest::{Base, Index, Manifest};
use crate::format::index::translation::Translation;
use crate::format::index::{PoolFile, Stanza};
use crate::model::{ArchivePath, PackageName, Sha256, Suite};

/// A suite as it was seen, with as much of it as the question needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// The suite.
    pub suite: Suite,
    /// Its generation; `None` while there is no such suite.
    pub generation: Option<(Base, Manifest)>,
    /// The chunks that were read, by digest.
    pub chunks: BTreeMap<Sha256, Vec<Stanza>>,
    /// The descriptions that were read.
    pub translations: BTreeSet<Translation>,
    /// The files that were found at those pool paths that were looked at.
    pub pool: BTreeMap<ArchivePath, PoolFile>,
}

/// Says that a chunk is needed which was not read: the question was another one
/// than the one the suite was observed for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chunk of {suite} that starts at {first} was not observed")]
pub struct Unread {
    /// The suite.
    pub suite: Suite,
    /// The chunk's first package or path.
    pub first: String,
}

impl Current {
    /// Returns which generation this is.
    pub fn base(&self) -> Option<Base> {
        self.generation.as_ref().map(|(base, _)| *base)
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.generation.as_ref().map(|(_, manifest)| manifest)
    }

    /// Returns a chunk's stanzas.
    pub fn chunk(&self, chunk: &Chunk) -> Result<&[Stanza], Unread> {
        let found = self.chunks.get(&chunk.sha256).map(Vec::as_slice);
        found.ok_or_else(|| self.unread(chunk))
    }

    /// Says that a chunk was not observed.
    pub fn unread(&self, chunk: &Chunk) -> Unread {
        Unread {
            suite: self.suite.clone(),
            first: chunk.first.clone(),
        }
    }

    /// Returns all versions of a package in an index that lists packages, oldest
    /// first.
    pub fn versions(&self, index: &Index, name: &PackageName) -> Result<&[Stanza], Unread> {
        // A chunk has whole groups: the last one that starts no later has it.
        let after = index
            .chunks
            .partition_point(|chunk| *chunk.first <= *name.as_str());
        let Some(at) = after.checked_sub(1) else {
            return Ok(&[]);
        };
        let stanzas = self.chunk(&index.chunks[at])?;
        let start = stanzas.partition_point(|stanza| stanza.name() < name);
        let len = stanzas[start..].partition_point(|stanza| stanza.name() == name);
        Ok(&stanzas[start..start + len])
    }

    /// Returns all stanzas of an index that lists packages, in order.
    pub fn stanzas(&self, index: &Index) -> Result<Vec<&Stanza>, Unread> {
        let mut found = Vec::new();
        for chunk in &index.chunks {
            found.extend(self.chunk(chunk)?);
        }
        Ok(found)
    }
}
