//! The files of a generation, as a mirror has them.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::layout;
use crate::archive::manifest::{Base, IndexFile, Manifest};
use crate::archive::purge::Purge;
use crate::format::index;
use crate::model::{ArchivePath, Sha256, Suite};
use crate::publish::error::PublishError;
use crate::publish::head::Head;
use crate::publish::import;
use crate::publish::join::reassemble;
use crate::publish::objects::Objects;
use crate::publish::observe::read_chunk;
use crate::publish::proofs::read_shelf;
use crate::sys::store::Store;

use super::MirrorFile;

/// When a file of a mirror is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Packages.
    Pool,
    /// Our own state, where it is wanted.
    State,
    /// Indices, under names that nothing refers to yet.
    ByHash,
    /// The heads of our own state.
    Head,
    /// Indices under their plain names, and pages.
    Index,
    /// `Release`.
    Release,
    /// `Release.gpg`.
    Signature,
    /// `InRelease`: from here on clients read the new generation.
    Switch,
}

impl Phase {
    /// Says what is written in it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Pool => "packages",
            Self::State | Self::Head => "state",
            Self::ByHash | Self::Index => "indices",
            Self::Release | Self::Signature | Self::Switch => "the Release",
        }
    }
}

/// Where the bytes of a mirror's file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the archive.
    Store(ArchivePath),
    /// Here.
    Bytes(Vec<u8>),
}

/// The signed texts of a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// `Release`.
    pub release: String,
    /// `Release.gpg`.
    pub release_gpg: String,
    /// `InRelease`.
    pub in_release: String,
}

/// A generation that is pushed.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// Which one.
    pub base: Base,
    /// What it consists of.
    pub manifest: Manifest,
    /// Its texts; the archive keeps those of the newest alone.
    pub texts: Option<Texts>,
    /// The head that names it, where it is the newest.
    pub head: Option<Vec<u8>>,
}

impl Pushed {
    /// Reads the newest generation of a suite.
    pub fn newest(store: &dyn Store, suite: &Suite) -> Result<Option<Self>, PublishError> {
        let path = layout::head(suite);
        let Some(bytes) = store.read(&path)? else {
            return Ok(None);
        };
        let head = Head::from_bytes(&path, suite, &bytes)?;
        Ok(Some(Self {
            base: head.generation,
            manifest: head.manifest(store)?,
            texts: Some(Texts {
                release: head.release,
                release_gpg: head.release_gpg,
                in_release: head.in_release,
            }),
            head: Some(bytes),
        }))
    }

    /// Returns where its `InRelease` is.
    pub fn in_release(&self) -> ArchivePath {
        layout::in_release(&self.manifest.suite)
    }
}

/// Returns every file of a generation.
pub fn files(store: &dyn Store, pushed: &Pushed) -> Result<Vec<MirrorFile>, PublishError> {
    let manifest = &pushed.manifest;
    let suite = &manifest.suite;
    let mut found = pool(store, manifest)?;
    let mut plain_names = BTreeSet::new();
    for (name, listed) in manifest.release().files {
        let plain = layout::listed(suite, &name);
        let by_hash = layout::listed_by_hash(suite, &name, &listed.sha256);
        let index = index_file(manifest, &plain);
        let (size, sha256) = (listed.size, Some(listed.sha256));
        let origin = match (store.size(&by_hash)?, index) {
            (Some(found), _) if found == size => Origin::Store(by_hash.clone()),
            (_, Some(file)) => Origin::Bytes(reassemble(&Objects::of(store), file)?),
            // The plain text of an index, which Release lists and nobody serves.
            (_, None) => continue,
        };
        let is_served = index.is_some() || store.size(&plain)?.is_some();
        let file = |path, phase| MirrorFile {
            path,
            phase,
            size,
            sha256,
            origin: origin.clone(),
        };
        found.push(file(by_hash, Phase::ByHash));
        if is_served {
            plain_names.insert(plain.clone());
            found.push(file(plain, Phase::Index));
        }
    }
    found.extend(proofs(store, manifest)?);
    if pushed.head.is_some() {
        found.extend(others(store, suite, &plain_names)?);
    }
    let texts = pushed.texts.iter().flat_map(|texts| {
        [
            (layout::release(suite), Phase::Release, &texts.release),
            (
                layout::release_gpg(suite),
                Phase::Signature,
                &texts.release_gpg,
            ),
            (layout::in_release(suite), Phase::Switch, &texts.in_release),
        ]
    });
    found.extend(texts.map(|(path, phase, text)| MirrorFile {
        path,
        phase,
        size: text.len() as u64,
        sha256: Some(Sha256::of(text.as_bytes())),
        origin: Origin::Bytes(text.as_bytes().to_vec()),
    }));
    Ok(found)
}

/// Returns the paths of a generation that its readers need.
pub fn needed(
    store: &dyn Store,
    manifest: &Manifest,
) -> Result<BTreeSet<ArchivePath>, PublishError> {
    let pool = pool(store, manifest)?.into_iter().map(|file| file.path);
    let mut paths: BTreeSet<_> = pool.collect();
    paths.extend(proofs(store, manifest)?.into_iter().map(|file| file.path));
    for (name, listed) in manifest.release().files {
        paths.insert(layout::listed_by_hash(
            &manifest.suite,
            &name,
            &listed.sha256,
        ));
    }
    Ok(paths)
}

/// Returns the files of a generation's packages.
fn pool(store: &dyn Store, manifest: &Manifest) -> Result<Vec<MirrorFile>, PublishError> {
    let mut found = BTreeMap::new();
    for index in manifest.listings() {
        for chunk in &index.chunks {
            for stanza in read_chunk(store, index, chunk)? {
                for file in index::files(&stanza).expect("was read when it was listed") {
                    found.insert(file.path.clone(), file);
                }
            }
        }
    }
    let file = |file: index::PoolFile| MirrorFile {
        origin: Origin::Store(file.path.clone()),
        path: file.path,
        phase: Phase::Pool,
        size: file.size,
        sha256: Some(file.sha256),
    };
    Ok(found.into_values().map(file).collect())
}

/// Returns the proofs that a generation's shelves list.
fn proofs(store: &dyn Store, manifest: &Manifest) -> Result<Vec<MirrorFile>, PublishError> {
    let mut found = Vec::new();
    for shelf in manifest.shelves.values() {
        for proof in read_shelf(store, &manifest.suite, shelf)? {
            let path = layout::proof(&manifest.suite, &proof.sha256);
            found.push(MirrorFile {
                origin: Origin::Store(path.clone()),
                path,
                phase: Phase::ByHash,
                size: proof.size,
                sha256: Some(proof.sha256),
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// Returns what else a suite has for its readers: differences, pages.
fn others(
    store: &dyn Store,
    suite: &Suite,
    known: &BTreeSet<ArchivePath>,
) -> Result<Vec<MirrorFile>, PublishError> {
    let signed = [layout::release, layout::release_gpg, layout::in_release];
    let signed = signed.map(|path| path(suite));
    // Another suite may lie inside this one: its indices go with its InRelease.
    let all = import::suites(store)?.into_iter();
    let inside = all.map(|other| format!("{}/", layout::suite(&other)));
    let own = format!("{}/", layout::suite(suite));
    let inner: Vec<String> = inside
        .filter(|other| *other != own && other.starts_with(&own))
        .collect();
    let mut found = Vec::new();
    for entry in store.list(&layout::suite(suite))? {
        let below = entry.path.as_str();
        let skip = known.contains(&entry.path)
            || signed.contains(&entry.path)
            || inner.iter().any(|inner| below.starts_with(inner))
            || below.ends_with("/Release")
            || below.contains("/by-hash/");
        if skip {
            continue;
        }
        let is_ours = store.digest(&entry.path)?;
        found.extend(is_ours.map(|(size, sha256)| MirrorFile {
            path: entry.path.clone(),
            phase: Phase::Index,
            size,
            sha256: Some(sha256),
            origin: Origin::Store(entry.path),
        }));
    }
    Ok(found)
}

/// Returns the files of our own state, which a second archive of debcut's has.
pub fn state(store: &dyn Store, pushed: &[Pushed]) -> Result<Vec<MirrorFile>, PublishError> {
    let mut found = Vec::new();
    for lasting in [layout::objects(), layout::file_lists()] {
        let entries = store.list(&lasting)?.into_iter();
        found.extend(entries.map(|entry| MirrorFile {
            phase: Phase::State,
            size: entry.size,
            sha256: object_digest(&entry.path),
            origin: Origin::Store(entry.path.clone()),
            path: entry.path,
        }));
    }
    // The rest is what is named here: what a store keeps for itself (locks, what
    // its server can, what is to be deleted) is not true elsewhere.
    let mut changing = vec![layout::explanation()];
    for top in [layout::suites(), layout::certificates(), layout::purged()] {
        let entries = store.list(&top)?.into_iter().map(|entry| entry.path);
        changing.extend(entries.filter(|path| layout::suite_of_head(path).is_none()));
    }
    for path in changing {
        // One that is gone meanwhile is none.
        found.extend(store.read(&path)?.map(|bytes| MirrorFile {
            path,
            phase: Phase::State,
            size: bytes.len() as u64,
            sha256: None,
            origin: Origin::Bytes(bytes),
        }));
    }
    for pushed in pushed {
        if let Some(head) = &pushed.head {
            found.push(MirrorFile {
                path: layout::head(&pushed.manifest.suite),
                phase: Phase::Head,
                size: head.len() as u64,
                sha256: Some(Sha256::of(head)),
                origin: Origin::Bytes(head.clone()),
            });
        }
    }
    Ok(found)
}

/// Returns the digest of an object, by which it is named.
fn object_digest(path: &ArchivePath) -> Option<Sha256> {
    let name = path.as_str().strip_prefix(".debcut/objects/")?;
    let (_, name) = name.rsplit_once('/')?;
    name.split('.').next()?.parse().ok()
}

/// Returns the paths of content that no mirror may keep, with its digest.
pub fn purged(store: &dyn Store) -> Result<Vec<(ArchivePath, Sha256)>, PublishError> {
    let mut found = Vec::new();
    for entry in store.list(&layout::purged())? {
        let record = store.read(&entry.path)?;
        let Some(record) = record.and_then(|bytes| Purge::from_bytes(&bytes)) else {
            continue;
        };
        // Plain names of indices were replaced, not removed.
        let removed = record.removed.into_iter();
        let removed = removed.filter(|path| path.as_str().contains("/by-hash/"));
        let paths = record.paths.into_iter().chain(removed);
        found.extend(paths.map(|path| (path, record.sha256)));
    }
    Ok(found)
}

/// Returns the directories at the root that these files are in.
pub fn tops(files: &[MirrorFile]) -> BTreeSet<ArchivePath> {
    let top = |file: &MirrorFile| {
        let path = file.path.as_str();
        let first = path.split('/').next().unwrap_or(path);
        // Of all suites only this one is looked at.
        let second = path
            .match_indices('/')
            .nth(1)
            .map_or(path.len(), |(at, _)| at);
        let top = if first == "dists" {
            &path[..second]
        } else {
            first
        };
        ArchivePath::new(top).expect("the beginning of a path")
    };
    files.iter().map(top).collect()
}

fn index_file<'a>(manifest: &'a Manifest, plain: &ArchivePath) -> Option<&'a IndexFile> {
    let mut files = manifest
        .indices
        .iter()
        .flat_map(|index| index.files.iter().map(move |file| (&index.name, file)));
    let is_it = |(name, file): &(&layout::IndexName, &IndexFile)| {
        layout::index_file(&manifest.suite, name, file.encoding) == *plain
    };
    files.find(is_it).map(|(_, file)| file)
}
