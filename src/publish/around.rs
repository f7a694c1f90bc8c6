//! What is around a change, as the store and the bases have it.
//!
//! Reads chunks as text and looks for names in it: a suite of 60,000 packages
//! has 50 MB of text, of which a change of one package needs a few chunks, and
//! of these a few paragraphs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use memchr::memmem;

use crate::archive::chunk::Chunk;
use crate::archive::current::Current;
use crate::archive::gate::offer::Offer;
use crate::archive::gate::{Around, Names};
use crate::archive::layout::{IndexName, ObjectKind};
use crate::archive::manifest::{Index, Manifest};
use crate::archive::settings::PoolLayout;
use crate::format::index::contents::FileList;
use crate::format::index::{self, Kind, PoolFile, Stanza};
use crate::model::{Architecture, Component, PackageName, Sha256, Suite};
use crate::publish::base::Bases;
use crate::publish::derive::list_of;
use crate::publish::error::PublishError;
use crate::publish::head::read_object;
use crate::publish::observe::{Question, observe, suites};
use crate::sys::files::{self, Access};
use crate::sys::store::Store;

/// From so many names or paths in one chunk on, its lines are walked once
/// instead of being searched for each.
const MANY: usize = 16;

/// What is around a change of a suite.
pub struct Surroundings<'a> {
    store: &'a dyn Store,
    current: &'a Current,
    bases: &'a Bases<'a>,
    cache: Option<PathBuf>,
    texts: RefCell<BTreeMap<Sha256, Rc<str>>>,
}

impl<'a> Surroundings<'a> {
    /// Looks around the suite that `current` is. What is provided is kept below
    /// `cache`, where there is one, so that it is not looked for every time.
    pub fn new(
        store: &'a dyn Store,
        current: &'a Current,
        bases: &'a Bases<'a>,
        cache: Option<PathBuf>,
    ) -> Self {
        Self {
            store,
            current,
            bases,
            cache,
            texts: RefCell::default(),
        }
    }

    fn text(&self, chunk: &Chunk) -> Result<Rc<str>, PublishError> {
        if let Some(text) = self.texts.borrow().get(&chunk.sha256) {
            return Ok(Rc::clone(text));
        }
        let text = chunk_text(self.store, chunk)?;
        let kept = Rc::clone(&text);
        self.texts.borrow_mut().insert(chunk.sha256, kept);
        Ok(text)
    }

    /// Returns the suite's indices of one kind that hosts of an architecture
    /// read, or the sources.
    fn indices(&self, is: impl Fn(&IndexName) -> bool) -> impl Iterator<Item = &'a Index> {
        let manifest = self.current.manifest();
        let indices = manifest.into_iter().flat_map(|manifest| &manifest.indices);
        indices.filter(move |index| is(&index.name))
    }

    fn packages_of(&self, architecture: &Architecture) -> impl Iterator<Item = &'a Index> {
        self.indices(|name| name.kind() == Some(Kind::Packages) && name.is_for(architecture))
    }

    fn named(&self, index: &Index, names: &Names) -> Result<Vec<Stanza>, PublishError> {
        let mut found = Vec::new();
        for (chunk, names) in by_chunk(&index.chunks, names) {
            if let Some(stanzas) = self.current.chunks.get(&chunk.sha256) {
                let own = stanzas
                    .iter()
                    .filter(|s| names.contains(&s.name().as_str()));
                found.extend(own.cloned());
                continue;
            }
            let kind = index.name.kind().expect("it lists packages");
            found.extend(stanzas_in(&self.text(chunk)?, kind, &names, chunk)?);
        }
        Ok(found)
    }

    /// Returns the catalogue of what an index's packages provide, as it was kept
    /// or by looking for it in the chunks that were not there then.
    fn provided_in(&self, index: &Index, names: &Names) -> Result<Vec<Offer>, PublishError> {
        let place = format!(
            "{} {} {}",
            self.store.place(),
            self.current.suite,
            index.name
        );
        let digest = Sha256::of(place.as_bytes()).hex();
        let kept = self
            .cache
            .as_ref()
            .map(|cache| cache.join("provides").join(&digest));
        let before = kept
            .as_ref()
            .and_then(|path| files::read_if_there(path).ok()?);
        let before = String::from_utf8(before.unwrap_or_default()).unwrap_or_default();
        let mut known = BTreeMap::new();
        for part in before.split('=').skip(1) {
            if let Some((chunk, lines)) = part.split_once('\n') {
                known.insert(chunk.to_owned(), lines.to_owned());
            }
        }
        let mut text = String::new();
        let mut is_new = false;
        for chunk in &index.chunks {
            let hex = chunk.sha256.hex();
            let lines = match known.remove(&hex) {
                Some(lines) => lines,
                None => {
                    is_new = true;
                    provides_in(&chunk_text(self.store, chunk)?, chunk)?
                }
            };
            text.push_str(&format!("={hex}\n{lines}"));
        }
        if let Some(path) = kept.filter(|_| is_new || !known.is_empty()) {
            let directory = path.parent().expect("it is in a directory");
            // Without it, the next publish looks again.
            let _ = files::create_dir(directory)
                .and_then(|()| files::replace(&path, text.as_bytes(), Access::Private));
        }
        let wanted: BTreeSet<&str> = names.iter().map(PackageName::as_str).collect();
        let own = |line: &&str| wanted.contains(line.split('\t').next().unwrap_or_default());
        Ok((text.lines().filter(own).filter_map(Offer::of_line)).collect())
    }
}

impl Around for Surroundings<'_> {
    type Error = PublishError;

    fn packages(&self, of: &Architecture, names: &Names) -> Result<Vec<Stanza>, PublishError> {
        let mut found = Vec::new();
        for index in self.packages_of(of) {
            found.extend(self.named(index, names)?);
        }
        Ok(found)
    }

    fn provided(&self, of: &Architecture, names: &Names) -> Result<Vec<Offer>, PublishError> {
        let mut found = Vec::new();
        for index in self.packages_of(of) {
            found.extend(self.provided_in(index, names)?);
        }
        Ok(found)
    }

    fn mentioning(&self, of: &Architecture, names: &Names) -> Result<Vec<Stanza>, PublishError> {
        let mut found = Vec::new();
        for index in self.packages_of(of) {
            for chunk in &index.chunks {
                let text = chunk_text(self.store, chunk)?;
                let mut last = 0;
                let mut places: Vec<_> = (names.iter())
                    .flat_map(|name| memmem::find_iter(text.as_bytes(), name.as_str()))
                    .collect();
                places.sort_unstable();
                for at in places.into_iter() {
                    if at < last {
                        continue;
                    }
                    let (start, end) = paragraph_at(&text, at);
                    found.extend(parsed(&text[start..end], Kind::Packages, chunk)?);
                    last = end;
                }
            }
        }
        Ok(found)
    }

    fn sources(&self, names: &Names) -> Result<Vec<Stanza>, PublishError> {
        let mut found = Vec::new();
        for index in self.indices(|name| name.kind() == Some(Kind::Sources)) {
            found.extend(self.named(index, names)?);
        }
        Ok(found)
    }

    fn based(&self, of: &Architecture, names: &Names) -> Result<Vec<Offer>, PublishError> {
        Ok(self.bases.offers(of, names))
    }

    fn unread_bases(&self) -> Vec<(String, String)> {
        self.bases.unread()
    }

    fn bringing(
        &self,
        of: &Architecture,
        lists: &[&FileList],
    ) -> Result<BTreeMap<String, Names>, PublishError> {
        let is = |name: &IndexName| matches!(name, IndexName::Contents { .. }) && name.is_for(of);
        let indices: Vec<_> = self.indices(is).filter(|index| index.size > 0).collect();
        if indices.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut paths: Vec<&str> = lists.iter().flat_map(|list| list.paths()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut found = BTreeMap::<String, Names>::new();
        for index in indices {
            for (at, own) in by_chunk_ranges(&index.chunks, &paths) {
                let chunk = &index.chunks[at];
                lines_in(
                    &chunk_text(self.store, chunk)?,
                    &paths[own],
                    |path, packages| {
                        let names = packages.split(',').filter_map(|package| {
                            let name = package.rsplit('/').next().unwrap_or_default();
                            PackageName::new(name).ok()
                        });
                        found.entry(path.to_owned()).or_default().extend(names);
                    },
                );
            }
        }
        Ok(found)
    }

    fn list(&self, deb: &PoolFile) -> Result<FileList, PublishError> {
        list_of(self.store, deb)
    }

    fn elsewhere(
        &self,
        kind: Kind,
        names: &Names,
    ) -> Result<Vec<(Suite, Component, Stanza)>, PublishError> {
        let mut found = Vec::new();
        for suite in suites(self.store)? {
            if suite == self.current.suite {
                continue;
            }
            let other = observe(self.store, &suite, Question::Manifest)?;
            let Some(manifest) = other.manifest() else {
                continue;
            };
            if manifest.settings.pool == PoolLayout::OfSuite {
                continue;
            }
            let mut seen = BTreeSet::new();
            for index in listings(manifest, kind) {
                for (chunk, names) in by_chunk(&index.chunks, names) {
                    // What the suite has as well was judged there.
                    let own = self.current.chunks.contains_key(&chunk.sha256);
                    if own || !seen.insert(chunk.sha256) {
                        continue;
                    }
                    let stanzas = stanzas_in(&self.text(chunk)?, kind, &names, chunk)?;
                    let component = index.name.component();
                    let place = |stanza| (suite.clone(), component.clone(), stanza);
                    found.extend(stanzas.into_iter().map(place));
                }
            }
        }
        Ok(found)
    }
}

fn listings(manifest: &Manifest, kind: Kind) -> impl Iterator<Item = &Index> {
    manifest
        .listings()
        .filter(move |index| index.name.kind() == Some(kind))
}

fn chunk_text(store: &dyn Store, chunk: &Chunk) -> Result<Rc<str>, PublishError> {
    let bytes = read_object(store, ObjectKind::Chunk, &chunk.sha256)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into(),
    })
}

/// Finds the chunk that each name must be in, if it is there at all.
fn by_chunk<'c, 'n>(chunks: &'c [Chunk], names: &'n Names) -> Vec<(&'c Chunk, Vec<&'n str>)> {
    let names: Vec<&str> = names.iter().map(PackageName::as_str).collect();
    let of = by_chunk_ranges(chunks, &names).into_iter();
    of.map(|(at, range)| (&chunks[at], names[range].to_vec()))
        .collect()
}

/// Finds the chunk that each of these sorted keys must be in: each chunk with
/// the range of its keys.
fn by_chunk_ranges(chunks: &[Chunk], keys: &[&str]) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < keys.len() {
        let after = chunks.partition_point(|chunk| *chunk.first <= *keys[at]);
        let next = chunks.get(after).map(|chunk| chunk.first.as_str());
        let len = keys[at..].partition_point(|key| next.is_none_or(|next| *key < next));
        if let Some(chunk) = after.checked_sub(1) {
            found.push((chunk, at..at + len));
        }
        at += len;
    }
    found
}

fn stanzas_in(
    text: &str,
    kind: Kind,
    names: &[&str],
    chunk: &Chunk,
) -> Result<Vec<Stanza>, PublishError> {
    let mut found = Vec::new();
    if names.len() < MANY {
        for name in names {
            let line = format!("Package: {name}\n");
            for at in memmem::find_iter(text.as_bytes(), &line) {
                if at == 0 || text.as_bytes()[at - 1] == b'\n' {
                    let (start, end) = paragraph_at(text, at);
                    found.extend(parsed(&text[start..end], kind, chunk)?);
                }
            }
        }
        return Ok(found);
    }
    let wanted: BTreeSet<&str> = names.iter().copied().collect();
    for paragraph in text.split("\n\n").filter(|text| !text.trim().is_empty()) {
        let mut lines = paragraph.lines();
        let name = lines.find_map(|line| line.strip_prefix("Package: "));
        if name.is_some_and(|name| wanted.contains(name.trim())) {
            found.extend(parsed(paragraph, kind, chunk)?);
        }
    }
    Ok(found)
}

/// Returns where the paragraph starts and ends that has this byte.
fn paragraph_at(text: &str, at: usize) -> (usize, usize) {
    let start = memmem::rfind(&text.as_bytes()[..at], b"\n\n").map_or(0, |end| end + 2);
    let end = memmem::find(&text.as_bytes()[at..], b"\n\n").map_or(text.len(), |len| at + len + 1);
    (start, end)
}

fn parsed(text: &str, kind: Kind, chunk: &Chunk) -> Result<Vec<Stanza>, PublishError> {
    let text = text.trim_matches('\n');
    index::parse(text.as_bytes(), kind).map_err(|source| PublishError::Chunk {
        first: chunk.first.clone(),
        path: crate::archive::layout::object(ObjectKind::Chunk, &chunk.sha256),
        source: Box::new(source),
    })
}

/// Finds what a chunk's packages provide, as lines of a catalogue.
fn provides_in(text: &str, chunk: &Chunk) -> Result<String, PublishError> {
    let mut lines = String::new();
    for at in memmem::find_iter(text.as_bytes(), b"\nProvides:") {
        let (start, end) = paragraph_at(text, at + 1);
        for stanza in parsed(&text[start..end], Kind::Packages, chunk)? {
            lines.extend(Offer::provided(&stanza).iter().map(Offer::line));
        }
    }
    Ok(lines)
}

/// Calls back for each of these sorted paths that a chunk of `Contents` lists,
/// with its packages.
fn lines_in(text: &str, paths: &[&str], mut each: impl FnMut(&str, &str)) {
    if paths.len() < MANY {
        for path in paths {
            let start = format!("{path}\t");
            for at in memmem::find_iter(text.as_bytes(), &start) {
                if at == 0 || text.as_bytes()[at - 1] == b'\n' {
                    let packages = text[at + start.len()..].lines().next();
                    each(path, packages.unwrap_or_default());
                }
            }
        }
        return;
    }
    for line in text.lines() {
        if let Some((path, packages)) = line.rsplit_once('\t')
            && paths.binary_search(&path).is_ok()
        {
            each(path, packages);
        }
    }
}

#[cfg(test)]
mod tests;
