//! Putting an index together: stored chunks and pieces are copied, new ones
//! compressed, and everything is hashed once.

use std::thread;

use sha2::Digest;

use crate::archive::generation::Part;
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{Index, IndexFile, Piece};
use crate::format::index::piece::{Encoding, Joining};
use crate::model::{ArchivePath, Sha256};
use crate::publish::error::PublishError;
use crate::publish::head::read_object;
use crate::sys::store::Store;

/// A file of the store and what is to be in it.
pub(super) type NewFile = (ArchivePath, Vec<u8>);

/// An index that was put together.
pub(super) struct Joined {
    /// What the manifest says of it.
    pub(super) index: Index,
    /// Its published files, in the order of `index.files`.
    pub(super) files: Vec<Vec<u8>>,
    /// Its new chunks and pieces.
    pub(super) objects: Vec<NewFile>,
}

/// Puts an index together from its parts.
pub(super) fn join(
    store: &dyn Store,
    name: &IndexName,
    parts: &[Part],
) -> Result<Joined, PublishError> {
    // The plain text and each encoding are independent: one thread each.
    let (plain, encoded) = thread::scope(|scope| {
        let threads = [0, 1].map(|at| scope.spawn(move || encode(store, at, parts)));
        let plain = hash_plain(store, parts);
        let join = |thread: thread::ScopedJoinHandle<'_, _>| thread.join();
        let encoded = threads.map(|thread| join(thread).expect("a worker does not panic"));
        (plain, encoded)
    });
    let sha256 = plain?;
    let mut index = Index {
        name: name.clone(),
        size: parts.iter().map(|part| part.chunk().size).sum(),
        sha256,
        chunks: parts.iter().map(|part| part.chunk().clone()).collect(),
        files: Vec::new(),
    };
    let (mut files, mut objects) = (Vec::new(), Vec::new());
    for encoded in encoded {
        let encoded = encoded?;
        index.files.push(encoded.file);
        files.push(encoded.bytes);
        objects.extend(encoded.objects);
    }
    for part in parts {
        if let Part::New { chunk, text } = part {
            let path = layout::object(ObjectKind::Chunk, &chunk.sha256);
            objects.push((path, text.as_bytes().to_vec()));
        }
    }
    Ok(Joined {
        index,
        files,
        objects,
    })
}

/// Hashes the plain text, of which nothing else is needed.
fn hash_plain(store: &dyn Store, parts: &[Part]) -> Result<Sha256, PublishError> {
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        match part {
            Part::New { text, .. } => hasher.update(text),
            Part::Kept { chunk, .. } => {
                hasher.update(read_object(store, ObjectKind::Chunk, &chunk.sha256)?);
            }
        }
    }
    Ok(Sha256::from_hasher(hasher))
}

/// One published file of an index.
struct Encoded {
    file: IndexFile,
    bytes: Vec<u8>,
    objects: Vec<NewFile>,
}

/// Puts the file of the encoding at this position together.
fn encode(store: &dyn Store, position: usize, parts: &[Part]) -> Result<Encoded, PublishError> {
    let encoding = Encoding::ALL[position];
    let kind = ObjectKind::Piece(encoding);
    let mut joining = Joining::new(encoding);
    let (mut pieces, mut objects) = (Vec::new(), Vec::new());
    for part in parts {
        let bytes = match part {
            Part::New { text, .. } => encoding.compress(text.as_bytes()),
            Part::Kept { pieces, .. } => read_object(store, kind, &pieces[position].sha256)?,
        };
        let piece = match part {
            Part::New { .. } => Piece {
                sha256: Sha256::of(&bytes),
                size: bytes.len() as u64,
            },
            Part::Kept { pieces, .. } => pieces[position].clone(),
        };
        let path = layout::object(kind, &piece.sha256);
        joining.push(&bytes).map_err(|source| PublishError::Piece {
            path: path.clone(),
            source,
        })?;
        if let Part::New { .. } = part {
            objects.push((path, bytes));
        }
        pieces.push(piece);
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
        objects,
    })
}
