//! How much is in a generation, counted from the texts of its chunks.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use serde::Serialize;

use super::error::PublishError;
use super::head::read_object;
use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::Manifest;
use crate::format::index::{self, Kind};
use crate::sys::store::Store;

/// How much is in a generation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// Binary packages, each file once.
    pub packages: u64,
    /// Source packages.
    pub sources: u64,
    /// The sizes of their files together, in bytes.
    pub pool_bytes: u64,
}

/// Counts what is in a generation. Each chunk is read once, and nothing parsed
/// that need not be: `Filename` and `Size` are fields that we write.
pub fn census(store: &dyn Store, manifest: &Manifest) -> Result<Census, PublishError> {
    let mut chunks = BTreeMap::new();
    for index in manifest.listings() {
        let (kind, own) = (index.name.kind().expect("it lists packages"), &index.chunks);
        chunks.extend(own.iter().map(|chunk| (chunk.sha256, (kind, chunk))));
    }
    let read = chunks.into_par_iter().map(|(sha256, (kind, chunk))| {
        let bytes = read_object(store, ObjectKind::Chunk, &sha256)?;
        let misread = |source| PublishError::Chunk {
            first: chunk.first.clone(),
            path: layout::object(ObjectKind::Chunk, &sha256),
            source: Box::new(source),
        };
        let mut files = Vec::new();
        let mut sources = 0;
        if kind == Kind::Packages {
            files = binaries(&String::from_utf8_lossy(&bytes));
        } else {
            for stanza in index::parse(&bytes, kind).map_err(misread)? {
                sources += 1;
                let own = index::files(&stanza).map_err(|error| misread(error.into()))?;
                files.extend(
                    own.into_iter()
                        .map(|f| (f.path.as_str().to_owned(), f.size)),
                );
            }
        }
        Ok((kind, sources, files))
    });
    let read: Result<Vec<_>, PublishError> = read.collect();
    let mut census = Census::default();
    // A package for all architectures is in several indices.
    let mut known: HashMap<String, u64> = HashMap::new();
    for (kind, sources, files) in read? {
        census.sources += sources;
        for (path, size) in files {
            if known.insert(path, size).is_none() {
                census.pool_bytes += size;
                census.packages += u64::from(kind == Kind::Packages);
            }
        }
    }
    Ok(census)
}

fn binaries(text: &str) -> Vec<(String, u64)> {
    let file = |stanza: &str| {
        let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name));
        let size = field("Size: ").and_then(|size| size.trim().parse().ok());
        Some((field("Filename: ")?.to_owned(), size.unwrap_or_default()))
    };
    text.split("\n\n").filter_map(file).collect()
}
