//! Our own state, restored from what clients read.
//!
//! The signature counts first: only what is signed is taken. The indices say
//! what there is, cutting them is pure, and their pieces are in the published
//! files. What no published file says is lost: earlier generations, pins, and
//! those settings that neither a `Release` nor the indices tell, which are the
//! usual ones again.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::archive::chunk::{self, Chunk};
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{self, Base, Index, IndexFile, Manifest, Piece, Record};
use crate::archive::pdiff::Patch;
use crate::archive::proofs::Shelf;
use crate::archive::settings::{Descriptions, PoolLayout, Settings};
use crate::format::deb822::{self, Syntax};
use crate::format::index::piece::{Encoding, Joining};
use crate::format::index::{self, contents, translation};
use crate::format::release::{self, Release};
use crate::model::{ArchivePath, Component, Finding, Listener, Sha256, Suite};
use crate::publish::error::PublishError;
use crate::publish::head::Head;
use crate::publish::seal::SealError;
use crate::publish::spread::write_all;
use crate::sys::store::{Condition, Content, Store, Taken};

/// A text and the fingerprint of the certificate that signed it.
pub type Signed = (String, String);

/// What a rebuild of one suite came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rebuilt {
    /// Nothing was lost.
    Whole,
    /// The head or the manifest was lost: this is the generation now.
    Restored(Base),
    /// So many chunks and pieces were lost.
    Completed(u64),
    /// It cannot be, for these reasons.
    Refused(Vec<Finding>),
}

/// Lists the suites that clients read, with or without a head.
pub fn published_suites(store: &dyn Store) -> Result<BTreeSet<Suite>, PublishError> {
    let entries = store.list(&layout::published())?.into_iter();
    Ok(entries
        .filter_map(|entry| layout::suite_of_signature(&entry.path))
        .collect())
}

/// Whether what is lost is restored, or only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restoring {
    /// It is written.
    Written,
    /// Nothing is written.
    Planned,
}

/// Restores what is lost of a suite's state, or says what would be. `verify`
/// returns what a signed text says, if a key that counts signed it.
pub fn rebuild(
    store: &dyn Store,
    suite: &Suite,
    verify: &dyn Fn(&str) -> Result<Signed, SealError>,
    record: Record,
    restoring: Restoring,
    listener: &dyn Listener,
) -> Result<Rebuilt, PublishError> {
    listener.begin(format!("rebuilding {suite}"));
    let path = layout::head(suite);
    let there = store.read_revision(&path)?;
    let head = there
        .as_ref()
        .and_then(|o| Head::from_bytes(&path, suite, &o.bytes).ok());
    if let Some(head) = &head
        && let Ok(manifest) = head.manifest(store)
    {
        return complete(store, &manifest, restoring, listener);
    }
    let refuse = |rule, path: &ArchivePath, message: String| {
        let fix = "restore it from a backup, or publish the packages to a new suite";
        Ok(Rebuilt::Refused(vec![
            Finding::error(rule, path.as_str(), message).fix(fix),
        ]))
    };
    let text = |path: ArchivePath| match store.read(&path)? {
        Some(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        None => Err(PublishError::Missing { path }),
    };
    let place = layout::in_release(suite);
    let in_release = text(place.clone())?;
    let (signed, key) = match verify(&in_release) {
        Ok(signed) => signed,
        Err(error) => {
            let message = format!("its signature does not count: {error}");
            return refuse("bad-signature", &place, message);
        }
    };
    let release = match Release::parse(signed.as_bytes()) {
        Ok(release) => release,
        Err(error) => return refuse("invalid-release", &place, error.to_string()),
    };
    let settings = settings_of(&release);
    let (mut indices, mut objects) = (Vec::new(), Vec::new());
    for name in settings.indices() {
        match read_index(store, suite, &settings, &release, &name)? {
            Ok((index, own)) => {
                indices.push(index);
                objects.extend(own);
            }
            Err(what) => {
                return refuse(
                    "not-rebuilt",
                    &layout::listed(suite, &name.to_string()),
                    what,
                );
            }
        }
    }
    let mut shelves = BTreeMap::new();
    for (name, file) in &release.files {
        if let Some(shelf) = layout::shelf_of_name(name) {
            let (size, sha256) = (file.size, file.sha256);
            shelves.insert(shelf.to_owned(), Shelf { size, sha256 });
        }
    }
    let patches = indices
        .iter()
        .map(|index: &Index| index.patches.len())
        .max();
    let number = head.as_ref().map_or(1, |head| head.generation.number);
    let manifest = Manifest {
        schema: manifest::SCHEMA.to_owned(),
        suite: suite.clone(),
        number,
        parent: None,
        date: release.date,
        valid_until: release.valid_until,
        record: Record {
            key: Some(key),
            ..record
        },
        settings: Settings {
            pdiffs: patches.unwrap_or(0) as u32,
            ..told_by_indices(settings, suite, &indices, &objects)
        },
        indices,
        shelves,
    };
    if manifest.release() != release {
        let message = "what is signed is not all that would be restored: \
                       it was not made by this version of debcut"
            .to_owned();
        return refuse("not-rebuilt", &place, message);
    }
    let bytes = manifest.to_bytes();
    let base = Base {
        number,
        manifest: Sha256::of(&bytes),
    };
    if restoring == Restoring::Planned {
        return Ok(Rebuilt::Restored(base));
    }
    objects.push((layout::object(ObjectKind::Manifest, &base.manifest), bytes));
    let files: Vec<_> = objects
        .iter()
        .map(|(p, b)| (p, Content::Bytes(b)))
        .collect();
    write_all(store, Taken::Repair, &files, listener)?;
    let plain = text(layout::release(suite))?;
    let release_gpg = text(layout::release_gpg(suite))?;
    let head = Head::new(suite.clone(), base, plain, release_gpg, in_release);
    let condition = match there {
        Some(there) => Condition::IfRevision(there.revision),
        None => Condition::IfAbsent,
    };
    // The head last: until then there is no such suite.
    store.write(&path, Content::Bytes(&head.to_bytes()), &condition)?;
    Ok(Rebuilt::Restored(base))
}

/// Puts back the chunks and pieces of the current generation that are lost.
fn complete(
    store: &dyn Store,
    manifest: &Manifest,
    restoring: Restoring,
    listener: &dyn Listener,
) -> Result<Rebuilt, PublishError> {
    let release = manifest.release();
    let (mut findings, mut written) = (Vec::new(), 0);
    for index in &manifest.indices {
        let mut lacking = BTreeSet::new();
        let chunks = index
            .chunks
            .iter()
            .map(|c| (ObjectKind::Chunk, c.sha256, c.size));
        let pieces = index.files.iter().flat_map(|file| {
            let kind = ObjectKind::Piece(file.encoding);
            file.pieces
                .iter()
                .map(move |piece| (kind, piece.sha256, piece.size))
        });
        for (kind, sha256, size) in chunks.chain(pieces) {
            let path = layout::object(kind, &sha256);
            if store.size(&path)? != Some(size) {
                lacking.insert(path);
            }
        }
        if lacking.is_empty() {
            continue;
        }
        let suite = &manifest.suite;
        let read = read_index(store, suite, &manifest.settings, &release, &index.name)?;
        let objects = read.map(|(_, objects)| objects).unwrap_or_default();
        let mut files = Vec::new();
        for (path, bytes) in &objects {
            if lacking.remove(path) {
                files.push((path, Content::Bytes(bytes)));
            }
        }
        written += files.len() as u64;
        if restoring == Restoring::Written {
            write_all(store, Taken::Repair, &files, listener)?;
        }
        findings.extend(lacking.iter().map(|path| {
            let message = "it is lost, and the published index does not have it".to_owned();
            Finding::error("not-rebuilt", path.as_str(), message).fix("restore it from a backup")
        }));
    }
    Ok(match (findings.is_empty(), written) {
        (false, _) => Rebuilt::Refused(findings),
        (true, 0) => Rebuilt::Whole,
        (true, written) => Rebuilt::Completed(written),
    })
}

/// Returns the settings that a `Release` tells.
fn settings_of(release: &Release) -> Settings {
    let all = crate::model::Architecture::is_all;
    let architectures = release.architectures.iter().filter(|name| !all(name));
    let mut settings = Settings::new(release.components.clone(), architectures.cloned().collect());
    settings.origin = release.origin.clone();
    settings.label = release.label.clone();
    settings.codename = release.codename.clone();
    settings.version = release.version.clone();
    settings.description = release.description.clone();
    settings.snapshots = release.snapshots.clone();
    settings.upgrades = release.upgrades;
    let valid = release
        .valid_until
        .map(|until| until.unix() - release.date.unix());
    settings.valid_for_seconds = valid.and_then(|seconds| u32::try_from(seconds).ok());
    let encodings = |wanted: fn(&IndexName) -> bool| {
        let listed = |encoding: &Encoding| {
            release.files.keys().any(|file| {
                let name = file.strip_suffix(&format!(".{encoding}"));
                let name = name.and_then(|name| name.parse::<IndexName>().ok());
                name.is_some_and(|name| wanted(&name))
            })
        };
        Encoding::ALL.into_iter().filter(listed).collect()
    };
    settings.encodings = encodings(|name| name.kind().is_some());
    settings.contents = encodings(|name| matches!(name, IndexName::Contents { .. }));
    let is_translation = |name: &IndexName| matches!(name, IndexName::Translation { .. });
    let mut names = release
        .files
        .keys()
        .filter_map(|name| name.parse::<IndexName>().ok());
    if names.any(|name| is_translation(&name)) {
        settings.descriptions = Descriptions::InTranslation;
    }
    settings
}

type Objects = Vec<(ArchivePath, Vec<u8>)>;

/// Completes settings by what a `Release` does not tell and packages do: whose
/// pool they are in, and which component is that of debugging symbols.
fn told_by_indices(
    mut settings: Settings,
    suite: &Suite,
    indices: &[Index],
    objects: &Objects,
) -> Settings {
    let texts: BTreeMap<_, _> = objects.iter().map(|(path, bytes)| (path, bytes)).collect();
    // How many packages of each component there are, and how many for debugging.
    let mut counts = BTreeMap::<&Component, (usize, usize)>::new();
    for index in indices.iter().filter(|index| index.name.kind().is_some()) {
        let component = index.name.component();
        let own = format!("pool/{suite}/{component}/");
        let counted = counts.entry(component).or_default();
        for chunk in &index.chunks {
            let path = layout::object(ObjectKind::Chunk, &chunk.sha256);
            let text = texts.get(&path).copied().map(Vec::as_slice);
            for line in String::from_utf8_lossy(text.unwrap_or_default()).lines() {
                match line.split_once(": ") {
                    Some(("Package", _)) => counted.0 += 1,
                    Some(("Auto-Built-Package", "debug-symbols")) => counted.1 += 1,
                    Some(("Filename" | "Directory", place)) if place.starts_with(&own) => {
                        settings.pool = PoolLayout::OfSuite;
                    }
                    _ => {}
                }
            }
        }
    }
    let usual = settings.components.first();
    let is_for_debugging = |(component, (all, debug)): &(&&Component, &(usize, usize))| {
        *debug > 0 && debug == all && usual != Some(**component)
    };
    let found = counts.iter().find(is_for_debugging);
    settings.debug_component = found.map(|(component, _)| (*component).clone());
    settings
}

/// Reads a published index, and takes it apart; else says why that cannot be.
fn read_index(
    store: &dyn Store,
    suite: &Suite,
    settings: &Settings,
    release: &Release,
    name: &IndexName,
) -> Result<Result<(Index, Objects), String>, PublishError> {
    let Some(plain) = release.files.get(&name.file(None)) else {
        return Ok(Err("its Release does not list it".to_owned()));
    };
    let mut published = Vec::new();
    for encoding in settings.encodings_of(name) {
        let Some(listed) = release.files.get(&name.file(Some(*encoding))) else {
            return Ok(Err(format!("its Release does not list it as .{encoding}")));
        };
        let by_hash = layout::by_hash(suite, name, &listed.sha256);
        let bytes = match store.read(&by_hash)? {
            Some(bytes) => Some(bytes),
            None => store.read(&layout::index_file(suite, name, *encoding))?,
        };
        match bytes.filter(|bytes| Sha256::of(bytes) == listed.sha256) {
            Some(bytes) => published.push((*encoding, listed, bytes)),
            None => return Ok(Err(format!("its .{encoding} is missing or damaged"))),
        }
    }
    // The last is what is unpacked fastest.
    let Some((encoding, _, bytes)) = published.last() else {
        return Ok(Err("it has no compression".to_owned()));
    };
    let text = match encoding.decompress(bytes, plain.size) {
        Ok(text) => text,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if Sha256::of(&text) != plain.sha256 {
        return Ok(Err("its content is not what its Release lists".to_owned()));
    }
    let cut = match cut(settings, name, &text) {
        Ok(cut) => cut,
        Err(error) => return Ok(Err(error)),
    };
    let whole: u64 = cut.iter().map(|(chunk, _)| chunk.size).sum();
    if whole != plain.size {
        return Ok(Err(
            "it is not in the order in which debcut writes one".to_owned()
        ));
    }
    let mut objects = Objects::new();
    let mut files = Vec::new();
    for (encoding, listed, bytes) in &published {
        let Some(pieces) = pieces(*encoding, bytes, &cut) else {
            let what = format!("its .{encoding} was compressed by another version of debcut");
            return Ok(Err(what));
        };
        let piece = |bytes: &Vec<u8>| Piece {
            sha256: Sha256::of(bytes),
            size: bytes.len() as u64,
        };
        let known: Vec<_> = pieces.iter().map(piece).collect();
        let kind = ObjectKind::Piece(*encoding);
        let paths = known
            .iter()
            .map(|piece| layout::object(kind, &piece.sha256));
        objects.extend(paths.zip(pieces));
        files.push(IndexFile {
            encoding: *encoding,
            size: listed.size,
            sha256: listed.sha256,
            pieces: known,
        });
    }
    let mut chunks = Vec::new();
    for (chunk, text) in cut {
        let path = layout::object(ObjectKind::Chunk, &chunk.sha256);
        objects.push((path, text.into_bytes()));
        chunks.push(chunk);
    }
    let index = Index {
        name: name.clone(),
        size: plain.size,
        sha256: plain.sha256,
        chunks,
        files,
        patches: patches(store, suite, release, name)?,
    };
    Ok(Ok((index, objects)))
}

/// Cuts an index as it was cut when it was published.
fn cut(settings: &Settings, name: &IndexName, text: &[u8]) -> Result<Vec<(Chunk, String)>, String> {
    let rule = settings.rule_of(name);
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    match name {
        IndexName::Contents { .. } => contents::parse(&String::from_utf8_lossy(text))
            .map(|lines| chunk::cut(&rule, lines))
            .map_err(|error| failed(&error)),
        IndexName::Translation { .. } => translation::parse(text)
            .map(|entries| chunk::cut(&rule, entries))
            .map_err(|error| failed(&error)),
        IndexName::Packages { .. } | IndexName::Sources { .. } => {
            let kind = name.kind().expect("it lists packages");
            index::parse(text, kind)
                .map(|stanzas| chunk::cut(&rule, stanzas))
                .map_err(|error| failed(&error))
        }
    }
}

/// Returns the pieces of a published file: those of an .xz tell themselves, the
/// others are made again, and must come to the same file.
fn pieces(encoding: Encoding, file: &[u8], cut: &[(Chunk, String)]) -> Option<Vec<Vec<u8>>> {
    if encoding == Encoding::Xz {
        let sizes = cut.iter().map(|(chunk, _)| chunk.size);
        let apart = encoding.take_apart(file, sizes)?;
        let same = |(piece, (chunk, text)): (&Vec<u8>, &(Chunk, String))| {
            let found = encoding.decompress(piece, chunk.size);
            found.is_ok_and(|found| found == text.as_bytes())
        };
        let all = apart.len() == cut.len() && apart.par_iter().zip(cut).all(same);
        return all.then_some(apart);
    }
    let made: Vec<_> = cut
        .par_iter()
        .map(|(_, text)| encoding.compress(text.as_bytes()))
        .collect();
    let mut joining = Joining::new(encoding);
    for piece in &made {
        joining.push(piece).ok()?;
    }
    (joining.finish() == file).then_some(made)
}

/// Reads the list of an index's patches.
fn patches(
    store: &dyn Store,
    suite: &Suite,
    release: &Release,
    name: &IndexName,
) -> Result<Vec<Patch>, PublishError> {
    let file = name.patches("Index");
    let Some(listed) = release.files.get(&file) else {
        return Ok(Vec::new());
    };
    let path = layout::listed_by_hash(suite, &file, &listed.sha256);
    let bytes = store.read(&path)?.unwrap_or_default();
    let Ok(fields) = deb822::paragraph(&bytes, Syntax::Generated) else {
        return Ok(Vec::new());
    };
    let column = |field: &str| -> Vec<release::IndexFile> {
        let text = fields
            .get(field)
            .map(|text| text.to_string())
            .unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.split_whitespace();
            let sha256 = words.next()?.parse().ok()?;
            let size = words.next()?.parse().ok()?;
            Some(release::IndexFile { size, sha256 })
        };
        text.lines().filter_map(line).collect()
    };
    let (from, scripts) = (column("SHA256-History"), column("SHA256-Patches"));
    let downloads = column("SHA256-Download");
    let all = from.into_iter().zip(scripts).zip(downloads);
    Ok(all
        .map(|((from, script), download)| Patch {
            from,
            script,
            download,
        })
        .collect())
}
