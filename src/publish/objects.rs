//! Reading our own objects: chunks and pieces, each by its digest.
//!
//! Where a read is a request over a network, an index of two hundred chunks
//! must not cost six hundred of them. There the published files of the
//! generation that is followed are fetched, one request each, and taken apart.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::archive::chunk::Chunk;
use crate::archive::generation::{Generation, NextIndex, Part};
use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::{Index, IndexFile};
use crate::format::index::piece::Encoding;
use crate::model::{Sha256, Suite};
use crate::publish::error::PublishError;
use crate::publish::head::{read_manifest, read_object};
use crate::sys::store::{Reads, Store, StoreError};

/// The objects of a store, some of them already here.
pub(super) struct Objects<'a> {
    store: &'a dyn Store,
    /// By their digests; what is asked of them is checked as what is read.
    here: BTreeMap<Sha256, Vec<u8>>,
}

impl<'a> Objects<'a> {
    /// Reads each object when it is asked for.
    pub(super) fn of(store: &'a dyn Store) -> Self {
        Self {
            store,
            here: BTreeMap::new(),
        }
    }

    /// Reads ahead, where that is cheaper, what a generation keeps of the one it
    /// follows.
    pub(super) fn ahead(store: &'a dyn Store, next: &Generation) -> Result<Self, PublishError> {
        let mut objects = Self::of(store);
        let (Reads::Far, Some(base)) = (store.reads(), next.base) else {
            return Ok(objects);
        };
        let changed = next.indices.iter().filter_map(|index| match index {
            NextIndex::Changed { name, parts, .. } => Some((name, parts)),
            NextIndex::Same(_) | NextIndex::Taken { .. } => None,
        });
        let kept = |part: &&Part| matches!(part, Part::Kept { .. });
        let changed = changed.filter(|(_, parts)| parts.iter().filter(kept).count() > FEW);
        let changed: Vec<_> = changed.map(|(name, _)| name).collect();
        if changed.is_empty() {
            return Ok(objects);
        }
        let manifest = read_manifest(store, &base.manifest)?;
        let indices: Vec<_> = changed
            .into_iter()
            .filter_map(|name| manifest.index(name))
            .collect();
        let fetched = indices
            .par_iter()
            .map(|index| fetch(store, &manifest.suite, index))
            .collect::<Result<Vec<_>, _>>()?;
        objects.here.extend(fetched.into_iter().flatten());
        Ok(objects)
    }

    /// Returns the store.
    pub(super) fn store(&self) -> &'a dyn Store {
        self.store
    }

    /// Returns an object, sure that it is the one that was asked for.
    pub(super) fn read(&self, kind: ObjectKind, sha256: &Sha256) -> Result<Vec<u8>, PublishError> {
        match self.here.get(sha256) {
            Some(bytes) => Ok(bytes.clone()),
            None => read_object(self.store, kind, sha256),
        }
    }
}

/// Objects with their digests.
type Named = Vec<(Sha256, Vec<u8>)>;

/// So many objects are read one by one rather than in whole files.
const FEW: usize = 4;

/// Fetches the published files of an index and takes them apart into pieces and
/// chunks. What is not as the manifest says is left out: it is read by itself,
/// and then damage is told.
fn fetch(store: &dyn Store, suite: &Suite, index: &Index) -> Result<Named, StoreError> {
    let files = index
        .files
        .par_iter()
        .map(|file| {
            let path = layout::by_hash(suite, &index.name, &file.sha256);
            Ok(store.read(&path)?.and_then(|bytes| apart(file, &bytes)))
        })
        .collect::<Result<Vec<Option<_>>, StoreError>>()?;
    let files = files.into_iter().zip(&index.files);
    let mut pieces: Vec<(Encoding, Named)> = files
        .filter_map(|(pieces, file)| Some((file.encoding, pieces?)))
        .collect();
    // The plain text from what is unpacked fastest.
    pieces.sort_by_key(|(encoding, _)| match encoding {
        Encoding::Zst => 0,
        Encoding::Gz => 1,
        Encoding::Xz => 2,
    });
    let texts = pieces.first().map(|(encoding, pieces)| {
        let text = |((_, piece), chunk): (&(_, Vec<u8>), &Chunk)| {
            let text = encoding.decompress(piece, chunk.size).ok()?;
            (Sha256::of(&text) == chunk.sha256).then_some((chunk.sha256, text))
        };
        let texts = pieces.par_iter().zip(&index.chunks).map(text);
        texts.flatten().collect::<Vec<_>>()
    });
    let pieces = pieces.into_iter().flat_map(|(_, pieces)| pieces);
    Ok(pieces.chain(texts.into_iter().flatten()).collect())
}

/// Takes a published file apart into pieces that are what the manifest says.
fn apart(file: &IndexFile, bytes: &[u8]) -> Option<Named> {
    if Sha256::of(bytes) != file.sha256 {
        return None;
    }
    let sizes = file.pieces.iter().map(|piece| piece.size);
    let apart = file.encoding.take_apart(bytes, sizes)?;
    let known = apart.into_iter().zip(&file.pieces);
    known
        .map(|(bytes, piece)| (Sha256::of(&bytes) == piece.sha256).then_some((piece.sha256, bytes)))
        .collect()
}
