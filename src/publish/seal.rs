//! Signing: the bytes that are hashed and signed are the bytes that are written.

use std::collections::BTreeMap;
use std::error::Error;

use rayon::prelude::*;

use crate::archive::generation::{Generation, NextIndex};
use crate::archive::layout::{self, IndexName, ObjectKind};
use crate::archive::manifest::{self, Base, Index, Manifest};
use crate::archive::proofs::{self, Shelf};
use crate::model::{ArchivePath, Sha256, Suite, Timestamp};
use crate::publish::derive::packed;
use crate::publish::error::PublishError;
use crate::publish::head::Head;
use crate::publish::join::{NewFile, join, reassemble};
use crate::publish::objects::Objects;
use crate::publish::patches::Patching;
use crate::publish::plan::PublishPlan;
use crate::sys::openpgp::Signers;
use crate::sys::store::Store;

/// Signs the texts of a suite. Verifies what it made before it returns it: a
/// signature that nobody accepts would lock every client out.
pub trait Seal {
    /// Returns `text` framed with its signature dated `at` (`InRelease`).
    fn clear_sign(&self, text: &str, at: Timestamp) -> Result<String, SealError>;

    /// Returns an armoured signature over `bytes` dated `at` (`Release.gpg`).
    fn detach_sign(&self, bytes: &[u8], at: Timestamp) -> Result<String, SealError>;
}

/// What a signer says when it cannot sign.
pub type SealError = Box<dyn Error + Send + Sync>;

impl Seal for Signers {
    fn clear_sign(&self, text: &str, at: Timestamp) -> Result<String, SealError> {
        Ok(Self::clear_sign(self, text, at)?)
    }

    fn detach_sign(&self, bytes: &[u8], at: Timestamp) -> Result<String, SealError> {
        Ok(Self::detach_sign(self, bytes, at)?)
    }
}

/// A publish whose every byte is known and signed.
pub(super) struct SealedPublish<'a> {
    /// New state: chunks, pieces and the manifest.
    pub(super) objects: Vec<NewFile<'a>>,
    /// New indices, under their by-hash names.
    pub(super) indices: Vec<(ArchivePath, IndexBytes)>,
    /// The indices that change.
    pub(super) changed: Vec<IndexName>,
    /// What the suite is afterwards.
    pub(super) manifest: Manifest,
    /// The commit.
    pub(super) head: Head,
}

/// Where the bytes of a published index come from.
pub(super) enum IndexBytes {
    /// They were put together.
    Made(Vec<u8>),
    /// Another suite has published them there.
    At(ArchivePath),
}

/// Puts a generation's indices together, hashes them once, and signs at `now`
/// a `Release` of this date.
pub(super) fn seal<'a>(
    store: &dyn Store,
    plan: &'a PublishPlan,
    date: Timestamp,
    seal: &dyn Seal,
    now: Timestamp,
) -> Result<SealedPublish<'a>, PublishError> {
    let next = plan.next();
    let Assembled {
        mut objects,
        files,
        changed,
        indices,
        shelves,
    } = assemble(store, next)?;
    let valid_for = next.settings.valid_for_seconds.map(i64::from);
    let manifest = Manifest {
        schema: manifest::SCHEMA.to_owned(),
        suite: next.suite.clone(),
        number: next.number(),
        parent: next.rewritten.or(next.base.map(|base| base.manifest)),
        date,
        valid_until: valid_for.map(|seconds| date.plus_seconds(seconds)),
        record: next.record.clone(),
        settings: next.settings.clone(),
        indices,
        shelves,
    };
    let bytes = manifest.to_bytes();
    let base = Base {
        number: manifest.number,
        manifest: Sha256::of(&bytes),
    };
    let path = layout::object(ObjectKind::Manifest, &base.manifest);
    objects.push((path, bytes.into()));

    let release = manifest.release().text();
    let release = release.expect("settings were checked to be single lines");
    let failed = |source| PublishError::Sign {
        suite: next.suite.clone(),
        source,
    };
    let in_release = seal.clear_sign(&release, now).map_err(failed)?;
    let release_gpg = seal.detach_sign(release.as_bytes(), now).map_err(failed)?;
    Ok(SealedPublish {
        objects,
        indices: files,
        changed,
        manifest,
        head: Head::new(next.suite.clone(), base, release, release_gpg, in_release),
    })
}

/// A generation put together, without its date and its signature.
pub(super) struct Assembled<'a> {
    pub(super) indices: Vec<Index>,
    pub(super) shelves: BTreeMap<String, Shelf>,
    pub(super) objects: Vec<NewFile<'a>>,
    files: Vec<(ArchivePath, IndexBytes)>,
    changed: Vec<IndexName>,
}

/// Puts a generation's indices and lists of proofs together.
pub(super) fn assemble<'a>(
    store: &dyn Store,
    next: &'a Generation,
) -> Result<Assembled<'a>, PublishError> {
    let reading = Objects::ahead(store, next)?;
    let patching = Patching::new(&reading, next)?;
    let (mut objects, mut files) = (Vec::new(), Vec::new());
    let (mut indices, mut changed) = (Vec::new(), Vec::new());
    for index in &next.indices {
        match index {
            NextIndex::Same(index) => indices.push(index.clone()),
            NextIndex::Taken { index, from } => {
                files.extend(published_again(&reading, &next.suite, from, index)?);
                changed.push(index.name.clone());
                let patched = patching.patched(index, &[])?;
                files.extend(patched.files);
                indices.push(patched.index);
            }
            NextIndex::Changed {
                name,
                encodings,
                parts,
            } => {
                let joined = join(&reading, name, encodings, parts)?;
                objects.extend(joined.objects);
                for (file, bytes) in joined.index.files.iter().zip(joined.files) {
                    let path = layout::by_hash(&next.suite, name, &file.sha256);
                    files.push((path, IndexBytes::Made(bytes)));
                }
                let patched = patching.patched(&joined.index, parts)?;
                files.extend(patched.files);
                indices.push(patched.index);
                changed.push(name.clone());
            }
        }
    }
    let packed =
        (next.lists.par_iter()).map(|(deb, list)| (layout::file_list(deb), packed(list).into()));
    objects.par_extend(packed);
    for (from, to) in &next.carried {
        if store.size(to)?.is_none() {
            files.push((to.clone(), IndexBytes::At(from.clone())));
        }
    }
    for file in &next.proofs {
        let path = layout::proof(&next.suite, &file.proof.sha256);
        objects.push((path, file.bytes.as_slice().into()));
    }
    let mut shelves = next.shelves.clone();
    for (name, list) in &next.new_shelves {
        let bytes = proofs::to_bytes(list);
        let shelf = Shelf::of(&bytes);
        objects.push((layout::proof(&next.suite, &shelf.sha256), bytes.into()));
        shelves.insert(name.clone(), shelf);
    }
    Ok(Assembled {
        indices,
        shelves,
        objects,
        files,
        changed,
    })
}

/// Finds the files of an index that a suite has published: copied where this
/// suite lacks them, put together again where nobody has them any more.
fn published_again(
    objects: &Objects<'_>,
    suite: &Suite,
    from: &Suite,
    index: &Index,
) -> Result<Vec<(ArchivePath, IndexBytes)>, PublishError> {
    let store = objects.store();
    let mut lacking = Vec::new();
    for file in &index.files {
        let own = layout::by_hash(suite, &index.name, &file.sha256);
        if store.size(&own)? == Some(file.size) {
            continue;
        }
        let other = layout::by_hash(from, &index.name, &file.sha256);
        let bytes = match store.size(&other)? == Some(file.size) {
            true => IndexBytes::At(other),
            false => IndexBytes::Made(reassemble(objects, file)?),
        };
        lacking.push((own, bytes));
    }
    Ok(lacking)
}
