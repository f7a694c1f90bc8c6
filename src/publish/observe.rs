//! A suite as the store has it: only as much of it as a question needs.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::archive::candidate::Candidate;
use crate::archive::chunk::{Chunk, touched};
use crate::archive::current::Current;
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{Base, Index, Manifest};
use crate::format::index::{self, PoolFile, Stanza};
use crate::model::{ArchivePath, PackageName, Suite};
use crate::publish::derive::{not_a_chunk, read_translations};
use crate::publish::error::PublishError;
use crate::publish::generations::generation;
use crate::publish::head::{Head, read_object};
use crate::publish::recover::refuse_foreign;
use crate::sys::store::Store;

/// What somebody wants to know of a suite.
#[derive(Debug, Clone, Copy)]
pub enum Question<'a> {
    /// Which generation it is and what it consists of.
    Manifest,
    /// All about these packages.
    Packages(&'a [PackageName]),
    /// All that decides whether these packages may come in.
    Candidates(&'a [Candidate]),
    /// Every stanza.
    Whole,
}

/// Looks at a suite. The head is the truth, even while the publish that made it
/// has not been completed; what clients read without one is refused.
pub fn observe(
    store: &dyn Store,
    suite: &Suite,
    question: Question<'_>,
) -> Result<Current, PublishError> {
    let path = layout::head(suite);
    let Some(bytes) = store.read(&path)? else {
        refuse_foreign(store, suite)?;
        return Ok(Current {
            suite: suite.clone(),
            generation: None,
            chunks: BTreeMap::new(),
            translations: BTreeSet::new(),
            pool: BTreeMap::new(),
        });
    };
    let head = Head::from_bytes(&path, suite, &bytes)?;
    let manifest = head.manifest(store)?;
    observed(store, suite, head.generation, manifest, question)
}

/// Looks at an earlier generation of a suite; `None` when it has none of that
/// number.
pub fn observe_generation(
    store: &dyn Store,
    suite: &Suite,
    number: u64,
    question: Question<'_>,
) -> Result<Option<Current>, PublishError> {
    match generation(store, suite, number)? {
        Some((base, manifest)) => observed(store, suite, base, manifest, question).map(Some),
        None => Ok(None),
    }
}

/// Lists the suites of an archive, in order.
pub fn suites(store: &dyn Store) -> Result<Vec<Suite>, PublishError> {
    let entries = store.list(&layout::suites())?;
    let heads = entries.iter().map(|entry| &entry.path);
    let mut suites: Vec<_> = heads.filter_map(layout::suite_of_head).collect();
    suites.sort();
    Ok(suites)
}

pub(super) fn observed(
    store: &dyn Store,
    suite: &Suite,
    base: Base,
    manifest: Manifest,
    question: Question<'_>,
) -> Result<Current, PublishError> {
    let names: BTreeSet<&PackageName> = match question {
        Question::Manifest | Question::Whole => BTreeSet::new(),
        Question::Packages(names) => names.iter().collect(),
        Question::Candidates(candidates) => candidates.iter().map(Candidate::name).collect(),
    };
    let mut wanted = BTreeMap::new();
    for index in manifest.listings() {
        let positions = match question {
            Question::Whole => (0..index.chunks.len()).collect(),
            _ => {
                let rule = manifest.settings.rule_of(&index.name);
                touched(&rule, &index.chunks, names.iter().map(|name| name.as_str()))
            }
        };
        for at in positions {
            let chunk = &index.chunks[at];
            // What is for all architectures is often the same chunk in several.
            wanted.entry(chunk.sha256).or_insert((index, chunk));
        }
    }
    let chunks = wanted
        .into_par_iter()
        .map(|(sha256, (index, chunk))| Ok((sha256, read_chunk(store, index, chunk)?)))
        .collect::<Result<BTreeMap<_, _>, PublishError>>()?;
    let mut translations = BTreeSet::new();
    let described = |index: &&Index| matches!(index.name, IndexName::Translation { .. });
    for index in manifest.indices.iter().filter(described) {
        let wanted = match question {
            Question::Whole => (0..index.chunks.len()).collect(),
            _ => {
                let rule = manifest.settings.rule_of(&index.name);
                touched(&rule, &index.chunks, names.iter().map(|name| name.as_str()))
            }
        };
        for at in wanted {
            translations.extend(read_translations(store, &index.chunks[at])?);
        }
    }
    let mut pool = BTreeMap::new();
    if let Question::Candidates(candidates) = question {
        let look = |candidate: &Candidate| {
            let paths = candidate.pool_paths(suite, &manifest.settings).into_iter();
            let found = paths.map(|path| Ok(pool_file(store, &path)?.map(|file| (path, file))));
            let found: Result<Vec<_>, PublishError> = found.collect();
            Ok(found?.into_iter().flatten().collect())
        };
        // What is there is read and hashed.
        let found: Vec<_> = candidates.par_iter().map(look).collect();
        for found in found {
            let found: Result<Vec<_>, PublishError> = found;
            pool.extend(found?);
        }
    }
    Ok(Current {
        suite: suite.clone(),
        generation: Some((base, manifest)),
        chunks,
        translations,
        pool,
    })
}

/// Reads a chunk of an index that lists packages.
pub(super) fn read_chunk(
    store: &dyn Store,
    index: &Index,
    chunk: &Chunk,
) -> Result<Vec<Stanza>, PublishError> {
    let kind = index.name.kind().expect("it lists packages");
    let text = read_object(store, ObjectKind::Chunk, &chunk.sha256)?;
    index::parse_own(&String::from_utf8_lossy(&text), kind)
        .map_err(|error| not_a_chunk(chunk, error))
}

/// Looks up a file of the pool with its digest; `None` when it is not there.
pub(super) fn pool_file(
    store: &dyn Store,
    path: &ArchivePath,
) -> Result<Option<PoolFile>, PublishError> {
    let found = store.recorded_digest(path)?;
    Ok(found.map(|(size, sha256)| PoolFile {
        path: path.clone(),
        size,
        sha256,
    }))
}
