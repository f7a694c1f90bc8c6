//! What a publish will write, in which order, before anything is written.

use serde::Serialize;

use crate::archive::admission::Listed;
use crate::archive::generation::{Generation, NextIndex, Part};
use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::Base;
use crate::archive::proofs::{self, Shelf};
use crate::archive::settings::Settings;
use crate::model::{ArchivePath, Sha256, Suite};

/// When something is written. Until `Head`, nothing that anybody reads has
/// changed; after it, the new generation is the truth, and the rest follows
/// from it, by whoever comes next if need be. For clients the change happens
/// with `Switch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Packages, under names that nothing refers to yet.
    Pool,
    /// New chunks, of each its compressed pieces too, the manifest; and proofs,
    /// under names that nothing refers to yet.
    State,
    /// Indices, under names that nothing refers to yet.
    ByHash,
    /// The suite's head, if it is still what the plan builds on: the commit.
    Head,
    /// Indices under their plain names, for clients that do not know by-hash.
    Index,
    /// `Release` and `Release.gpg`, for clients that do not know `InRelease`.
    Release,
    /// `InRelease`, if it is still the previous one.
    Switch,
}

/// What a publish will write, ordered by [`Phase`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishPlan {
    suite: Suite,
    base: Option<Base>,
    generation: u64,
    settings: Settings,
    added: Vec<Listed>,
    removed: Vec<Listed>,
    writes: Vec<Planned>,
    #[serde(skip)]
    next: Generation,
}

/// One thing that will be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// When.
    pub phase: Phase,
    /// Where. In the phase `ByHash`, the plain name the file gets later: its own
    /// is its digest, which is not known before it is put together.
    pub path: ArchivePath,
    /// What it must be, as far as that is known before it is put together.
    #[serde(flatten)]
    pub content: Option<PlannedContent>,
}

/// What is known of a file that will be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedContent {
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
}

/// Plans the publish of a generation.
pub fn plan(next: Generation) -> PublishPlan {
    let suite = &next.suite;
    let mut writes = Vec::new();
    let mut add = |phase, path, content| {
        writes.push(Planned {
            phase,
            path,
            content,
        });
    };
    for incoming in &next.pool {
        let content = PlannedContent {
            size: incoming.file.size,
            sha256: incoming.file.sha256,
        };
        add(Phase::Pool, incoming.file.path.clone(), Some(content));
    }
    for copy in &next.copies {
        let (size, sha256) = (copy.file.size, copy.file.sha256);
        let content = PlannedContent { size, sha256 };
        add(Phase::Pool, copy.file.path.clone(), Some(content));
    }
    for index in &next.indices {
        let (name, encodings) = match index {
            NextIndex::Same(_) => continue,
            NextIndex::Taken { index, .. } => {
                let encodings = index.encodings().copied();
                (&index.name, encodings.collect::<Vec<_>>())
            }
            NextIndex::Changed {
                name,
                encodings,
                parts,
            } => {
                for part in parts {
                    if let Part::New { chunk, .. } = part {
                        let content = PlannedContent {
                            size: chunk.size,
                            sha256: chunk.sha256,
                        };
                        let path = layout::object(ObjectKind::Chunk, &chunk.sha256);
                        add(Phase::State, path, Some(content));
                    }
                }
                (name, encodings.clone())
            }
        };
        if next.settings.pdiffs > 0 && next.base.is_some() {
            let path = layout::patch_index(suite, name);
            add(Phase::ByHash, path.clone(), None);
            add(Phase::Index, path, None);
        }
        for encoding in encodings {
            let path = layout::index_file(suite, name, encoding);
            add(Phase::ByHash, path.clone(), None);
            add(Phase::Index, path, None);
        }
    }
    for deb in next.lists.keys() {
        add(Phase::State, layout::file_list(deb), None);
    }
    for (_, path) in &next.carried {
        add(Phase::State, path.clone(), None);
    }
    for file in &next.proofs {
        let (size, sha256) = (file.proof.size, file.proof.sha256);
        let content = PlannedContent { size, sha256 };
        add(Phase::State, layout::proof(suite, &sha256), Some(content));
    }
    for list in next.new_shelves.values() {
        let Shelf { size, sha256 } = Shelf::of(&proofs::to_bytes(list));
        let content = PlannedContent { size, sha256 };
        add(Phase::State, layout::proof(suite, &sha256), Some(content));
    }
    add(Phase::Head, layout::head(suite), None);
    add(Phase::Release, layout::release(suite), None);
    add(Phase::Release, layout::release_gpg(suite), None);
    add(Phase::Switch, layout::in_release(suite), None);
    // Stable, so that what is equal stays in order of the indices.
    writes.sort_by_key(|write| write.phase);
    PublishPlan {
        suite: next.suite.clone(),
        base: next.base,
        generation: next.number(),
        settings: next.settings.clone(),
        added: next.added.clone(),
        removed: next.removed.clone(),
        writes,
        next,
    }
}

impl PublishPlan {
    /// Returns the suite.
    pub fn suite(&self) -> &Suite {
        &self.suite
    }

    /// Returns the generation it builds on.
    pub fn base(&self) -> Option<Base> {
        self.base
    }

    /// Returns the generation it makes.
    pub fn next(&self) -> &Generation {
        &self.next
    }

    /// Returns everything that will be written, in order.
    pub fn writes(&self) -> &[Planned] {
        &self.writes
    }

    /// Returns the digest that an approval of this plan names: of what it
    /// builds on and what it changes, not of who runs it and when.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(&serde_json::to_vec(self).expect("strings and numbers only"))
    }
}
