//! Putting an index together: stored chunks and pieces are copied, new ones
//! compressed on all processors, and everything is hashed once.

use std::borrow::Cow;

use rayon::prelude::*;
use sha2::Digest;

use crate::archive::generation::Part;
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{Index, IndexFile, Piece};
use crate::format::index::piece::{Encoding, Joining};
use crate::model::{ArchivePath, Sha256};
use crate::publish::error::PublishError;
use crate::publish::objects::Objects;

/// A file of the store and what is to be in it.
pub(super) type NewFile<'a> = (ArchivePath, Cow<'a, [u8]>);

/// An index that was put together.
pub(super) struct Joined<'a> {
    /// What the manifest says of it.
    pub(super) index: Index,
    /// Its published files, in the order of `index.files`.
    pub(super) files: Vec<Vec<u8>>,
    /// Its new chunks and pieces.
    pub(super) objects: Vec<NewFile<'a>>,
}

/// Puts an index together from its parts.
pub(super) fn join<'a>(
    objects: &Objects<'_>,
    name: &IndexName,
    encodings: &[Encoding],
    parts: &'a [Part],
) -> Result<Joined<'a>, PublishError> {
    let (plain, encoded) = rayon::join(
        || hash_plain(objects, parts),
        || {
            let encode = |encoding: &Encoding| encode(objects, *encoding, parts);
            encodings.par_iter().map(encode).collect::<Vec<_>>()
        },
    );
    let mut index = Index {
        name: name.clone(),
        size: parts.iter().map(|part| part.chunk().size).sum(),
        sha256: plain?,
        chunks: parts.iter().map(|part| part.chunk().clone()).collect(),
        files: Vec::new(),
        patches: Vec::new(),
    };
    let (mut files, mut new) = (Vec::new(), Vec::new());
    for encoded in encoded {
        let encoded = encoded?;
        index.files.push(encoded.file);
        files.push(encoded.bytes);
        new.extend(encoded.objects);
    }
    for part in parts {
        if let Part::New { chunk, text } = part {
            let path = layout::object(ObjectKind::Chunk, &chunk.sha256);
            new.push((path, text.as_bytes().into()));
        }
    }
    Ok(Joined {
        index,
        files,
        objects: new,
    })
}

/// Hashes the plain text, of which nothing else is needed.
fn hash_plain(objects: &Objects<'_>, parts: &[Part]) -> Result<Sha256, PublishError> {
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        match part {
            Part::New { text, .. } => hasher.update(text),
            Part::Kept { chunk, .. } => {
                hasher.update(objects.read(ObjectKind::Chunk, &chunk.sha256)?);
            }
        }
    }
    Ok(Sha256::from_hasher(hasher))
}

/// One published file of an index.
struct Encoded {
    file: IndexFile,
    bytes: Vec<u8>,
    objects: Vec<NewFile<'static>>,
}

/// The compressed form of one part.
enum Made {
    /// The archive has it.
    Stored(Piece, Vec<u8>),
    /// It was compressed just now.
    Fresh(Piece, Vec<u8>),
}

/// Puts the file of one encoding together.
fn encode(
    objects: &Objects<'_>,
    encoding: Encoding,
    parts: &[Part],
) -> Result<Encoded, PublishError> {
    let kind = ObjectKind::Piece(encoding);
    let made = parts.par_iter().map(|part| make(objects, encoding, part));
    let made: Vec<Made> = made.collect::<Result<_, _>>()?;
    let mut joining = Joining::new(encoding);
    let (mut pieces, mut new) = (Vec::new(), Vec::new());
    for made in made {
        let (Made::Stored(piece, bytes) | Made::Fresh(piece, bytes)) = &made;
        let path = layout::object(kind, &piece.sha256);
        joining.push(bytes).map_err(|source| PublishError::Piece {
            path: path.clone(),
            source,
        })?;
        pieces.push(piece.clone());
        if let Made::Fresh(_, bytes) = made {
            new.push((path, bytes.into()));
        }
    }
    let bytes = joining.finish();
    let file = IndexFile {
        encoding,
        size: bytes.len() as u64,
        sha256: Sha256::of(&bytes),
        pieces,
    };
    Ok(Encoded {
        file,
        bytes,
        objects: new,
    })
}

/// Returns a part's piece: the stored one, else it is compressed.
fn make(objects: &Objects<'_>, encoding: Encoding, part: &Part) -> Result<Made, PublishError> {
    let fresh = |raw: &[u8]| {
        let bytes = encoding.compress(raw);
        let piece = Piece {
            sha256: Sha256::of(&bytes),
            size: bytes.len() as u64,
        };
        Made::Fresh(piece, bytes)
    };
    let (chunk, pieces) = match part {
        Part::New { text, .. } => return Ok(fresh(text.as_bytes())),
        Part::Kept { chunk, pieces } => (chunk, pieces),
    };
    match pieces.iter().find(|(known, _)| *known == encoding) {
        Some((_, piece)) => {
            let bytes = objects.read(ObjectKind::Piece(encoding), &piece.sha256)?;
            Ok(Made::Stored(piece.clone(), bytes))
        }
        None => {
            let text = objects.read(ObjectKind::Chunk, &chunk.sha256)?;
            Ok(fresh(&text))
        }
    }
}

/// Puts a published file together from its stored pieces alone.
pub(super) fn reassemble(objects: &Objects<'_>, file: &IndexFile) -> Result<Vec<u8>, PublishError> {
    let kind = ObjectKind::Piece(file.encoding);
    let mut joining = Joining::new(file.encoding);
    for piece in &file.pieces {
        let bytes = objects.read(kind, &piece.sha256)?;
        joining.push(&bytes).map_err(|source| PublishError::Piece {
            path: layout::object(kind, &piece.sha256),
            source,
        })?;
    }
    Ok(joining.finish())
}
