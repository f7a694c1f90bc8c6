//! The next generation of a suite, as a value: which chunks stay and which are
//! new. Its compressed files and its date come when it is sealed.

use std::collections::BTreeMap;

use crate::archive::admission::{Admission, Incoming, Listed, PoolCopy};
use crate::archive::chunk::{self, Chunk, ChunkRule, Edit, NextChunk};
use crate::archive::current::{Current, Unread};
use crate::archive::derived::{Derived, Edits};
use crate::archive::layout::IndexName;
use crate::archive::manifest::{Base, Index, Manifest, Piece, Record};
use crate::archive::proofs::{ProofFile, Shelf, Shelves};
use crate::archive::settings::Settings;
use crate::format::index::Entry;
use crate::format::index::contents::FileList;
use crate::format::index::piece::Encoding;
use crate::model::{ArchivePath, Sha256, Suite};

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
    /// The files of other suites that come, each with its place here.
    pub carried: Vec<(ArchivePath, ArchivePath)>,
    /// What its parent is from now on, where the generation it follows was
    /// written anew: after a purge.
    pub rewritten: Option<Sha256>,
    /// The proofs that come.
    pub proofs: Vec<ProofFile>,
    /// The files that must be in the pool first.
    pub pool: Vec<Incoming>,
    /// Those of them that another pool of the archive has.
    pub copies: Vec<PoolCopy>,
    /// The lists of files that come, by the digests of their packages.
    pub lists: BTreeMap<Sha256, FileList>,
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
    /// It becomes what it is, or was, in this or another suite.
    Taken {
        /// What it becomes.
        index: Index,
        /// The suite whose published files these are.
        from: Suite,
    },
    /// It is put together anew.
    Changed {
        /// Which one.
        name: IndexName,
        /// How it is compressed.
        encodings: Vec<Encoding>,
        /// Its parts, in order.
        parts: Vec<Part>,
    },
}

/// A part of an index that is put together anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A chunk that the archive has.
    Kept {
        /// The chunk.
        chunk: Chunk,
        /// Its compressed pieces, as far as there are any.
        pieces: Vec<(Encoding, Piece)>,
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
    /// for, and `derived` what follows from it. What one of `donors`, suites of
    /// the same archive, has already is taken from there.
    pub fn next(
        current: &Current,
        admission: Admission,
        derived: Derived,
        donors: &[&Manifest],
        record: Record,
    ) -> Result<Option<Self>, Unread> {
        if !admission.is_change() {
            return Ok(None);
        }
        let Admission {
            settings,
            mut edits,
            ..
        } = admission;
        let Derived {
            mut contents,
            mut translations,
        } = derived;
        let mut pieces = Pieces::of(donors);
        let mut indices = Vec::new();
        for name in settings.indices() {
            let before = current.manifest().and_then(|m| m.index(&name));
            let rule = settings.rule_of(&name);
            let chunks = before.map_or(&[][..], |index| &index.chunks);
            let next = match &name {
                IndexName::Packages { .. } | IndexName::Sources { .. } => {
                    let read = |chunk: &Chunk| current.chunk(chunk).map(<[_]>::to_vec);
                    changed(&rule, chunks, edits.remove(&name), read)?
                }
                IndexName::Contents { .. } => {
                    derived_chunks(current, &mut contents, &name, &rule, chunks)?
                }
                IndexName::Translation { .. } => {
                    derived_chunks(current, &mut translations, &name, &rule, chunks)?
                }
            };
            let encodings = settings.encodings_of(&name);
            indices.push(match (before, next) {
                (Some(index), None) if index.encodings().eq(encodings) => {
                    NextIndex::Same(index.clone())
                }
                (before, next) => {
                    let all = || (0..chunks.len()).map(NextChunk::Kept).collect();
                    let next = next.unwrap_or_else(all);
                    pieces.also(before);
                    let parts: Vec<_> = (next.into_iter())
                        .map(|next| pieces.part(next, chunks))
                        .collect();
                    taken(donors, &name, encodings, &parts).unwrap_or(NextIndex::Changed {
                        encodings: encodings.to_vec(),
                        parts,
                        name,
                    })
                }
            });
        }
        Ok(Some(Self {
            suite: admission.suite,
            base: admission.base,
            record,
            indices,
            shelves: (current.manifest())
                .map(|manifest| manifest.shelves.clone())
                .unwrap_or_default(),
            new_shelves: admission.shelves,
            carried: Vec::new(),
            rewritten: None,
            proofs: admission.proof_files,
            pool: admission.pool,
            copies: admission.copies,
            lists: match settings.contents.is_empty() {
                true => BTreeMap::new(),
                false => admission.lists,
            },
            added: admission.added,
            removed: admission.removed,
            settings,
        }))
    }

    /// Returns its number.
    pub fn number(&self) -> u64 {
        self.base.map_or(1, |base| base.number + 1)
    }
}

/// Returns the chunks of an index after its edit; `None` without one.
fn changed<T: Entry>(
    rule: &ChunkRule,
    chunks: &[Chunk],
    edit: Option<Edit<T>>,
    read: impl Fn(&Chunk) -> Result<Vec<T>, Unread>,
) -> Result<Option<Vec<NextChunk>>, Unread> {
    let next = edit.map(|edit| chunk::replace(rule, chunks, edit, read));
    next.transpose()
}

/// Returns the chunks of an index that says more of packages after its edit.
fn derived_chunks<T: Entry>(
    current: &Current,
    derived: &mut Edits<T>,
    name: &IndexName,
    rule: &ChunkRule,
    chunks: &[Chunk],
) -> Result<Option<Vec<NextChunk>>, Unread> {
    let edit = derived.edits.remove(name);
    changed(rule, chunks, edit, |chunk| {
        let found = derived.chunks.get(&chunk.sha256).cloned();
        found.ok_or_else(|| current.unread(chunk))
    })
}

/// Finds a donor that has exactly this index.
fn taken(
    donors: &[&Manifest],
    name: &IndexName,
    encodings: &[Encoding],
    parts: &[Part],
) -> Option<NextIndex> {
    donors.iter().find_map(|donor| {
        let index = donor.index(name)?;
        let same = index.encodings().eq(encodings)
            && index.chunks.iter().eq(parts.iter().map(Part::chunk));
        same.then(|| NextIndex::Taken {
            index: index.clone(),
            from: donor.suite.clone(),
        })
    })
}

/// The compressed pieces that an archive is known to have, by their chunks.
struct Pieces(BTreeMap<Sha256, Vec<(Encoding, Piece)>>);

impl Pieces {
    fn of(donors: &[&Manifest]) -> Self {
        let mut pieces = Self(BTreeMap::new());
        for donor in donors {
            pieces.also(&donor.indices);
        }
        pieces
    }

    fn also<'a>(&mut self, indices: impl IntoIterator<Item = &'a Index>) {
        for index in indices {
            for (at, chunk) in index.chunks.iter().enumerate() {
                let known = self.0.entry(chunk.sha256).or_default();
                for file in &index.files {
                    if known.iter().all(|(encoding, _)| *encoding != file.encoding) {
                        known.push((file.encoding, file.pieces[at].clone()));
                    }
                }
            }
        }
    }

    fn part(&self, next: NextChunk, chunks: &[Chunk]) -> Part {
        let (chunk, text) = match next {
            NextChunk::Kept(at) => (chunks[at].clone(), None),
            NextChunk::New { chunk, text } => (chunk, Some(text)),
        };
        match (self.0.get(&chunk.sha256).cloned(), text) {
            (None, Some(text)) => Part::New { chunk, text },
            (pieces, _) => Part::Kept {
                chunk,
                pieces: pieces.unwrap_or_default(),
            },
        }
    }
}
