//! The next generation of a suite, as a value: which chunks stay and which are
//! new. Its compressed files and its date come when it is sealed.

use std::collections::BTreeMap;

use crate::archive::admission::{Admission, Incoming, Listed};
use crate::archive::chunk::{self, Chunk, Edit, NextChunk};
use crate::archive::current::{Current, Unread};
use crate::archive::layout::IndexName;
use crate::archive::manifest::{Base, Index, Piece, Record};
use crate::archive::proofs::{ProofFile, Shelf, Shelves};
use crate::archive::settings::Settings;
use crate::model::Suite;

/// The next generation of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// The suite.
    pub suite: Suite,
    /// The generation it follows.
    pub base: Option<Base>,
    /// What the suite is from now on.
    pub settings: Settings,
    /// Who makes it and why.
    pub record: Record,
    /// Its indices, in order of their names.
    pub indices: Vec<NextIndex>,
    /// The lists of proofs that stay, by their shelves.
    pub shelves: BTreeMap<String, Shelf>,
    /// Those that are written anew.
    pub new_shelves: Shelves,
    /// The proofs that come.
    pub proofs: Vec<ProofFile>,
    /// The files that must be in the pool first.
    pub pool: Vec<Incoming>,
    /// What comes.
    pub added: Vec<Listed>,
    /// What goes.
    pub removed: Vec<Listed>,
}

/// An index of the next generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextIndex {
    /// It stays as it is.
    Same(Index),
    /// It is put together anew.
    Changed {
        /// Which one.
        name: IndexName,
        /// Its parts, in order.
        parts: Vec<Part>,
    },
}

/// A part of an index that is put together anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A chunk that was there, with its compressed pieces in the order of
    /// [`Encoding::ALL`](crate::format::index::piece::Encoding::ALL).
    Kept {
        /// The chunk.
        chunk: Chunk,
        /// Its pieces.
        pieces: Vec<Piece>,
    },
    /// A chunk that was not there.
    New {
        /// The chunk.
        chunk: Chunk,
        /// Its text.
        text: String,
    },
}

impl Part {
    /// Returns the chunk.
    pub fn chunk(&self) -> &Chunk {
        match self {
            Self::Kept { chunk, .. } | Self::New { chunk, .. } => chunk,
        }
    }
}

impl Generation {
    /// Returns the generation that an admitted change leads to; `None` when the
    /// change changes nothing. `current` must be what the change was admitted
    /// for.
    pub fn next(
        current: &Current,
        admission: &Admission,
        record: Record,
    ) -> Result<Option<Self>, Unread> {
        if !admission.is_change() {
            return Ok(None);
        }
        let mut indices = Vec::new();
        for name in admission.settings.indices() {
            let before = current.manifest().and_then(|m| m.index(&name));
            indices.push(match (before, admission.edits.get(&name)) {
                (Some(index), None) => NextIndex::Same(index.clone()),
                (before, edit) => NextIndex::Changed {
                    parts: parts(current, admission, before, edit)?,
                    name,
                },
            });
        }
        Ok(Some(Self {
            suite: admission.suite.clone(),
            base: admission.base,
            settings: admission.settings.clone(),
            record,
            indices,
            shelves: (current.manifest())
                .map(|manifest| manifest.shelves.clone())
                .unwrap_or_default(),
            new_shelves: admission.shelves.clone(),
            proofs: admission.proof_files.clone(),
            pool: admission.pool.clone(),
            added: admission.added.clone(),
            removed: admission.removed.clone(),
        }))
    }

    /// Returns its number.
    pub fn number(&self) -> u64 {
        self.base.map_or(1, |base| base.number + 1)
    }
}

fn parts(
    current: &Current,
    admission: &Admission,
    before: Option<&Index>,
    edit: Option<&Edit>,
) -> Result<Vec<Part>, Unread> {
    let (rule, none) = (&admission.settings.chunks, Edit::default());
    let chunks = before.map_or(&[][..], |index| &index.chunks);
    let read = |chunk: &Chunk| current.chunk(chunk).map(<[_]>::to_vec);
    let next = chunk::replace(rule, chunks, edit.unwrap_or(&none), read)?;
    let part = |next| match next {
        NextChunk::New { chunk, text } => Part::New { chunk, text },
        NextChunk::Kept(at) => Part::Kept {
            chunk: chunks[at].clone(),
            pieces: before
                .iter()
                .flat_map(|index| &index.files)
                .map(|file| file.pieces[at].clone())
                .collect(),
        },
    };
    Ok(next.into_iter().map(part).collect())
}
