//! Destroying content that must not exist.
//!
//! Every generation that had it is written anew without it, with all that came
//! after, because each names the one before by its digest: so numbers, dates
//! and who did what stay. The suite gets one more generation on top. Only then
//! is anything erased, with whatever still names the content: indices of older
//! generations, lists of proofs, and files that nothing refers to.
//!
//! A reader of an older `InRelease` fails from then on until its next update.
//! That is wanted: there must be no grace for what must not exist. Stopped
//! half-way, the same purge goes on where it was.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::archive::admission::Listed;
use crate::archive::collect::Needed;
use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::{Base, Manifest, Record};
use crate::archive::proofs::Shelves;
use crate::archive::purge::{self, Purge};
use crate::archive::{Admission, Current, Generation};
use crate::format::index::files;
use crate::format::index::piece::Encoding;
use crate::model::{ArchivePath, Finding, PackageName, Sha256, Suite};
use crate::publish::derive::next;
use crate::publish::error::PublishError;
use crate::publish::generations::generations;
use crate::publish::head::read_object;
use crate::publish::observe::{Question, observe, observed, read_chunk, suites};
use crate::publish::pins::pins;
use crate::publish::proofs::{proof, read_shelf};
use crate::publish::seal::assemble;
use crate::publish::spread::write_all;
use crate::sys::store::{Condition, Content, Entry, Store, Taken};

/// An index or a piece of one is longer than this only in order to harm.
const TEXT_LIMIT: u64 = 1 << 30;

/// Where content is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Its files in the pool.
    pub paths: BTreeSet<ArchivePath>,
    /// The packages that list it.
    pub packages: BTreeSet<Listed>,
    /// The generations that have it.
    pub generations: Vec<(Suite, u64)>,
    /// The chunks that name it.
    chunks: BTreeSet<Sha256>,
    /// The names of those packages.
    names: Vec<PackageName>,
}

/// Finds the digest of the file that was or is at a path of the pool.
pub fn digest_at(store: &dyn Store, path: &ArchivePath) -> Result<Option<Sha256>, PublishError> {
    if let Some((_, sha256)) = store.digest(path)? {
        return Ok(Some(sha256));
    }
    for entry in store.list(&layout::purged())? {
        let record = store.read(&entry.path)?;
        let record = record.and_then(|bytes| Purge::from_bytes(&bytes));
        if let Some(record) = record.filter(|record| record.paths.contains(path)) {
            return Ok(Some(record.sha256));
        }
    }
    Ok(None)
}

/// Reads the record of a purge.
pub fn purge_record(store: &dyn Store, sha256: &Sha256) -> Result<Option<Purge>, PublishError> {
    let record = store.read(&layout::purged_record(sha256))?;
    Ok(record.and_then(|bytes| Purge::from_bytes(&bytes)))
}

/// Writes the record of a purge.
pub fn record_purge(store: &dyn Store, record: &Purge) -> Result<(), PublishError> {
    let path = layout::purged_record(&record.sha256);
    let bytes = record.to_bytes();
    Ok(store.write(&path, Content::Bytes(&bytes), &Condition::Always)?)
}

/// Lists the records of all purges; one that went on has another size.
pub fn purge_records(store: &dyn Store) -> Result<Vec<Entry>, PublishError> {
    Ok(store.list(&layout::purged())?)
}

/// Says what of that which comes must never come back.
pub fn purged(records: &[Entry], admission: &Admission) -> Vec<Finding> {
    let mut findings = Vec::new();
    if records.is_empty() {
        return findings;
    }
    let known: BTreeSet<_> = records.iter().map(|entry| &entry.path).collect();
    let come = admission.edits().values().flat_map(|edit| &edit.add);
    let mut come: Vec<_> = come.flat_map(|s| files(s).unwrap_or_default()).collect();
    come.sort_by(|a, b| (&a.path, a.sha256).cmp(&(&b.path, b.sha256)));
    come.dedup();
    for file in come {
        let record = layout::purged_record(&file.sha256);
        if known.contains(&record) {
            let message = format!("its content was purged from this archive: {record}");
            findings.push(
                Finding::error("purged", file.path.as_str(), message)
                    .fix("publish a new version without that content"),
            );
        }
    }
    findings
}

/// Finds content in every kept generation of every suite; writes nothing.
pub fn survey(store: &dyn Store, sha256: &Sha256) -> Result<Survey, PublishError> {
    let mut found = Survey::default();
    let mut kept = Vec::new();
    for suite in suites(store)? {
        kept.extend(generations(store, &suite)?);
    }
    let mut chunks = BTreeMap::new();
    for (_, manifest) in &kept {
        for index in manifest.listings() {
            for chunk in &index.chunks {
                chunks.entry(chunk.sha256).or_insert((index, chunk));
            }
        }
    }
    let hex = sha256.hex();
    let having = chunks.into_par_iter().map(|(digest, (index, chunk))| {
        let text = read_object(store, ObjectKind::Chunk, &digest)?;
        if !holds(&text, &hex) {
            return Ok(None);
        }
        let stanzas = read_chunk(store, index, chunk)?.into_iter();
        let stanzas: Vec<_> = stanzas
            .filter(|stanza| purge::has(stanza, sha256))
            .collect();
        Ok((!stanzas.is_empty()).then_some((digest, index, stanzas)))
    });
    let having: Result<Vec<_>, PublishError> = having.collect();
    for (digest, index, stanzas) in having?.into_iter().flatten() {
        found.chunks.insert(digest);
        for stanza in stanzas {
            found
                .packages
                .insert(Listed::of(&stanza, index.name.component()));
            found.names.push(stanza.name().clone());
            let files = files(&stanza).unwrap_or_default().into_iter();
            let own = files.filter(|file| file.sha256 == *sha256);
            found.paths.extend(own.map(|file| file.path));
        }
    }
    found.names.sort();
    found.names.dedup();
    for (base, manifest) in &kept {
        if found.affects(manifest) {
            found
                .generations
                .push((manifest.suite.clone(), base.number));
        }
    }
    Ok(found)
}

impl Survey {
    fn affects(&self, manifest: &Manifest) -> bool {
        let mut chunks = manifest.listings().flat_map(|index| &index.chunks);
        chunks.any(|chunk| self.chunks.contains(&chunk.sha256))
    }

    /// Tells whether a suite has it in any generation.
    pub fn is_in(&self, suite: &Suite) -> bool {
        self.generations.iter().any(|(own, _)| own == suite)
    }
}

/// Writes anew every generation of a suite that has the content, and all that
/// came after; returns the generation that makes them the suite's own, `None`
/// where nothing has it.
pub fn rewrite(
    store: &dyn Store,
    suite: &Suite,
    sha256: &Sha256,
    survey: &Survey,
) -> Result<(Current, Option<Generation>), PublishError> {
    let current = observe(store, suite, Question::Manifest)?;
    let all = generations(store, suite)?;
    let linked = |at: usize| at == 0 || all[at - 1].1.parent.as_ref() == Some(&all[at].0.manifest);
    let chain = (0..all.len()).take_while(|at| linked(*at)).count();
    let (chain, islands) = all.split_at(chain);
    let mut writer = Rewriter {
        store,
        sha256,
        survey,
        removed: BTreeSet::new(),
    };
    for (base, manifest) in islands.iter().filter(|(_, m)| survey.affects(m)) {
        let (new, _) = writer.write(*base, manifest, manifest.parent)?;
        repoint(store, suite, &[(*base, new)])?;
    }
    let Some(first) = chain
        .iter()
        .rposition(|(_, manifest)| survey.affects(manifest))
    else {
        return Ok((current, None));
    };
    let mut parent = chain[first].1.parent;
    let mut newest = None;
    for (base, manifest) in chain[..=first].iter().rev() {
        let (new, written) = writer.write(*base, manifest, parent)?;
        parent = Some(new.manifest);
        newest = Some((new.manifest, written));
    }
    let (sha256, manifest) = newest.expect("the first one is among them");
    let removed = writer.removed.into_iter().collect();
    let next = purge::following(&current, (&sha256, &manifest), removed, Record::default());
    Ok((current, next))
}

/// Lets pins name these generations of a suite, where they were written anew.
pub(super) fn follow_pins(
    store: &dyn Store,
    suite: &Suite,
    kept: &[(Base, Manifest)],
) -> Result<(), PublishError> {
    let moved: Vec<_> = pins(store, suite)?
        .into_iter()
        .filter_map(|pin| {
            let old = pin.generation;
            let same = kept.iter().find(|(base, _)| base.number == old.number);
            same.map(|(base, _)| (old, *base))
        })
        .collect();
    repoint(store, suite, &moved)
}

/// Lets pins name the generations that were written anew.
fn repoint(store: &dyn Store, suite: &Suite, moved: &[(Base, Base)]) -> Result<(), PublishError> {
    for pin in pins(store, suite)? {
        let new = moved
            .iter()
            .find(|(old, new)| pin.generation == *old && old != new);
        if let Some((_, new)) = new {
            let mut pin = pin;
            pin.generation = *new;
            let path = layout::pin(suite, &pin.name);
            store.write(&path, Content::Bytes(&pin.to_bytes()), &Condition::Always)?;
        }
    }
    Ok(())
}

/// Writes generations anew.
struct Rewriter<'a> {
    store: &'a dyn Store,
    sha256: &'a Sha256,
    survey: &'a Survey,
    removed: BTreeSet<Listed>,
}

impl Rewriter<'_> {
    fn write(
        &mut self,
        base: Base,
        manifest: &Manifest,
        parent: Option<Sha256>,
    ) -> Result<(Base, Manifest), PublishError> {
        let mut new = Manifest {
            parent,
            ..manifest.clone()
        };
        // Nobody is led from or to a state of which the content was a part.
        new.indices
            .iter_mut()
            .for_each(|index| index.patches.clear());
        let (store, names) = (self.store, &self.survey.names);
        let made;
        let mut objects = Vec::new();
        if self.survey.affects(manifest) {
            let suite = &manifest.suite;
            let question = Question::Packages(names);
            let current = observed(store, suite, base, manifest.clone(), question)?;
            let admission = purge::without(&current, names, self.sha256)?;
            let admission = admission.expect("the generation is there");
            self.removed.extend(admission.removed().iter().cloned());
            let shelves = clean_shelves(store, manifest, self.sha256)?;
            let admission = admission.with_shelves(shelves);
            made = next(store, &current, admission, &[], manifest.record.clone())?;
            if let Some(made) = &made {
                let assembled = assemble(store, made)?;
                new.indices = assembled.indices;
                new.indices
                    .iter_mut()
                    .for_each(|index| index.patches.clear());
                new.shelves = assembled.shelves;
                objects = assembled.objects;
            }
        }
        let bytes = new.to_bytes();
        let sha256 = Sha256::of(&bytes);
        objects.push((layout::object(ObjectKind::Manifest, &sha256), bytes.into()));
        let files: Vec<_> = objects
            .iter()
            .map(|(path, bytes)| (path, Content::Bytes(bytes)))
            .collect();
        write_all(store, Taken::Repair, &files, &crate::model::Silent)?;
        let number = base.number;
        let base = Base {
            number,
            manifest: sha256,
        };
        Ok((base, new))
    }
}

/// Returns the shelves that have proofs of the content, without these.
fn clean_shelves(
    store: &dyn Store,
    manifest: &Manifest,
    sha256: &Sha256,
) -> Result<Shelves, PublishError> {
    let hex = sha256.hex();
    let mut found = Shelves::new();
    for (name, shelf) in &manifest.shelves {
        let list = read_shelf(store, &manifest.suite, shelf)?;
        let mut left = Vec::new();
        for own in &list {
            if !holds(&proof(store, &manifest.suite, own)?, &hex) {
                left.push(own.clone());
            }
        }
        if left.len() < list.len() {
            found.insert(name.clone(), left);
        }
    }
    Ok(found)
}

/// Erases the content and whatever still names it, except the record and what
/// kept generations consist of; returns what was erased. No generation has it
/// any more.
pub fn erase(
    store: &dyn Store,
    sha256: &Sha256,
    paths: &BTreeSet<ArchivePath>,
    before: &Needed,
) -> Result<Vec<ArchivePath>, PublishError> {
    let mut needed = Needed::default();
    // What clients read now may speak of the content, but does not list it.
    let mut read = Needed::default();
    let mut chunks = BTreeSet::new();
    for suite in suites(store)? {
        let kept = generations(store, &suite)?;
        follow_pins(store, &suite, &kept)?;
        for (at, (base, manifest)) in kept.iter().enumerate() {
            needed.add_generation(&base.manifest, manifest);
            if at == 0 {
                read.add_by_hash(manifest);
                read.add_plain_names(manifest);
            }
            let listed = manifest.listings().flat_map(|index| &index.chunks);
            chunks.extend(listed.map(|chunk| chunk.sha256));
        }
    }
    let hex = sha256.hex();
    let mut doomed = BTreeSet::new();
    doomed.insert(layout::file_list(sha256));
    doomed.extend(before.paths().filter(|path| !needed.has(path)).cloned());
    let mut files = Vec::new();
    for below in [layout::objects(), layout::published(), layout::pool()] {
        let entries = store.list(&below)?.into_iter().map(|entry| entry.path);
        // Of the pool, only what is text can name it.
        let is_text = |path: &ArchivePath| {
            let path = path.as_str();
            !path.starts_with("pool/")
                || [".dsc", ".changes", ".buildinfo"]
                    .iter()
                    .any(|end| path.ends_with(end))
        };
        files.extend(entries.filter(is_text));
    }
    let naming = files.into_par_iter().map(|path| {
        let bytes = store.read(&path)?.unwrap_or_default();
        Ok(holds(&plain(&bytes), &hex).then_some(path))
    });
    let naming: Result<Vec<_>, PublishError> = naming.collect();
    let naming = naming?.into_iter().flatten();
    doomed.extend(naming.filter(|path| !needed.has(path) && !read.has(path)));
    let mut erased = Vec::new();
    for path in paths {
        let other = store.digest(path)?.map(|(_, found)| found != *sha256);
        if other == Some(true) && is_listed(store, &chunks, path)? {
            // Another file has the name by now.
            doomed.remove(path);
            continue;
        }
        // Also one that is gone: a store may keep earlier versions of it.
        store.erase(path)?;
        erased.extend(other.map(|_| path.clone()));
        doomed.remove(path);
    }
    for path in doomed {
        if store.size(&path)?.is_some() {
            store.erase(&path)?;
            erased.push(path);
        }
    }
    Ok(erased)
}

/// Tells whether one of these chunks lists a file of the pool.
fn is_listed(
    store: &dyn Store,
    chunks: &BTreeSet<Sha256>,
    path: &ArchivePath,
) -> Result<bool, PublishError> {
    let path = path.as_str();
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    for chunk in chunks {
        if holds(&read_object(store, ObjectKind::Chunk, chunk)?, name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the state of every kept generation: what may be needed no more when
/// some are written anew.
pub fn state_of_all(store: &dyn Store) -> Result<Needed, PublishError> {
    let mut needed = Needed::default();
    for suite in suites(store)? {
        for (base, manifest) in generations(store, &suite)? {
            needed.add_generation(&base.manifest, &manifest);
        }
    }
    Ok(needed)
}

/// Returns what is compressed in a file; else the file itself.
fn plain(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let encoding = match bytes {
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Encoding::Xz,
        [0x1f, 0x8b, ..] => Encoding::Gz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Encoding::Zst,
        _ => return bytes.into(),
    };
    match encoding.decompress(bytes, TEXT_LIMIT) {
        Ok(plain) => plain.into(),
        Err(_) => bytes.into(),
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    // A digest is in texts only, and texts of indices are long.
    String::from_utf8_lossy(bytes).contains(text)
}
