//! The suite of another archive, as far as packages are chosen from it.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::chunk::Chunk;
use crate::archive::current::Current;
use crate::archive::layout::IndexName;
use crate::archive::manifest::{self, Base, Index, Manifest, Record};
use crate::archive::settings::Settings;
use crate::format::index::{self, Stanza};
use crate::model::{Sha256, Suite, Timestamp};

/// Returns a suite that was read index by index: each is one chunk. It can be
/// chosen from, and is no generation of anything.
pub fn current(suite: &Suite, date: Timestamp, read: Vec<(IndexName, Vec<Stanza>)>) -> Current {
    let (mut indices, mut chunks) = (Vec::new(), BTreeMap::new());
    for (name, mut stanzas) in read {
        stanzas.sort();
        let Some(first) = stanzas.first() else {
            continue;
        };
        let sha256 = Sha256::of(name.to_string().as_bytes());
        let chunk = Chunk {
            first: first.name().to_string(),
            sha256,
            size: 0,
            lines: 0,
        };
        indices.push(Index {
            name,
            size: 0,
            sha256,
            chunks: vec![chunk],
            files: Vec::new(),
            patches: Vec::new(),
        });
        chunks.insert(sha256, stanzas);
    }
    let manifest = Manifest {
        schema: manifest::SCHEMA.to_owned(),
        suite: suite.clone(),
        number: 0,
        parent: None,
        date,
        valid_until: None,
        record: Record::default(),
        settings: Settings::new(Vec::new(), Vec::new()),
        indices,
        shelves: BTreeMap::new(),
    };
    let base = Base {
        number: 0,
        manifest: Sha256::of(b""),
    };
    Current {
        suite: suite.clone(),
        generation: Some((base, manifest)),
        chunks,
        translations: BTreeSet::new(),
        pool: BTreeMap::new(),
    }
}

/// Tells whether a suite lists a package with the same files.
pub fn lists(ours: &Current, stanza: &Stanza) -> bool {
    let digests = |stanza: &Stanza| -> BTreeSet<Sha256> {
        let files = index::files(stanza).unwrap_or_default();
        files.into_iter().map(|file| file.sha256).collect()
    };
    let wanted = digests(stanza);
    let same = |there: &Stanza| {
        there.version() == stanza.version()
            && there.architecture() == stanza.architecture()
            && digests(there) == wanted
    };
    let mut listings = ours.manifest().into_iter().flat_map(Manifest::listings);
    listings.any(|index| {
        index.name.kind() == Some(stanza.kind())
            && ours
                .versions(index, stanza.name())
                .unwrap_or_default()
                .iter()
                .any(same)
    })
}
