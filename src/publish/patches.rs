//! Patches between the states of an index, for clients that have an earlier one.

use std::collections::BTreeMap;

use crate::archive::chunk::Chunk;
use crate::archive::generation::{Generation, Part};
use crate::archive::layout::{self, ObjectKind};
use crate::archive::manifest::{Index, Manifest};
use crate::archive::pdiff::{self, Patch};
use crate::format::compress::gzip;
use crate::format::release::IndexFile;
use crate::model::{ArchivePath, Sha256, Suite};
use crate::publish::error::PublishError;
use crate::publish::head::read_manifest;
use crate::publish::objects::Objects;
use crate::publish::seal::IndexBytes;

/// Patches that are together longer than a quarter of the index are not worth
/// their requests: apt then fetches the whole, and so do we without them.
const WORTH: u64 = 4;

/// Makes the patches of one publish.
pub(super) struct Patching<'a> {
    objects: &'a Objects<'a>,
    suite: &'a Suite,
    kept: usize,
    before: Option<Manifest>,
}

/// An index with its patches.
pub(super) struct Patched {
    /// What the manifest says of it.
    pub(super) index: Index,
    /// The patch that is new, and the file that lists them all.
    pub(super) files: Vec<(ArchivePath, IndexBytes)>,
}

impl<'a> Patching<'a> {
    /// Prepares for the patches that a suite's settings want.
    pub(super) fn new(
        objects: &'a Objects<'a>,
        next: &'a Generation,
    ) -> Result<Self, PublishError> {
        // What was purged is in patches, too.
        let kept = match next.rewritten {
            Some(_) => 0,
            None => next.settings.pdiffs as usize,
        };
        let base = next.base.filter(|_| kept > 0);
        let before = base.map(|base| read_manifest(objects.store(), &base.manifest));
        Ok(Self {
            objects,
            suite: &next.suite,
            kept,
            before: before.transpose()?,
        })
    }

    /// Gives an index that has changed the patches there were and the one from
    /// the state before: the newest of them, and none where they are longer than
    /// they are worth.
    pub(super) fn patched(&self, index: &Index, parts: &[Part]) -> Result<Patched, PublishError> {
        let mut index = Index {
            patches: Vec::new(),
            ..index.clone()
        };
        let before = self.before.as_ref().and_then(|m| m.index(&index.name));
        let mut files = Vec::new();
        if let Some(before) = before.filter(|before| before.size > 0) {
            index.patches = before.patches.clone();
            // A state that came back would lead clients in a circle.
            let again = |patch: &Patch| patch.from.sha256 == index.sha256;
            if let Some(at) = index.patches.iter().position(again) {
                index.patches.drain(..=at);
            }
            if before.sha256 != index.sha256 {
                let (patch, download) = self.patch(before, &index, parts)?;
                let path = layout::patch(self.suite, &index.name, &patch);
                files.push((path, IndexBytes::Made(download)));
                index.patches.retain(|there| there.from != patch.from);
                index.patches.push(patch);
            }
        }
        let surplus = index.patches.len().saturating_sub(self.kept);
        index.patches.drain(..surplus);
        let total: u64 = index.patches.iter().map(|p| p.script.size).sum();
        if total > index.size / WORTH {
            index.patches.clear();
        }
        match pdiff::listing(&index) {
            None => files.clear(),
            Some(text) => {
                let sha256 = Sha256::of(text.as_bytes());
                let path = layout::patch_index_by_hash(self.suite, &index.name, &sha256);
                files.push((path, IndexBytes::Made(text.into_bytes())));
            }
        }
        Ok(Patched { index, files })
    }

    fn patch(
        &self,
        before: &Index,
        after: &Index,
        parts: &[Part],
    ) -> Result<(Patch, Vec<u8>), PublishError> {
        let new = parts.iter().filter_map(|part| match part {
            Part::New { chunk, text } => Some((chunk.sha256, text)),
            Part::Kept { .. } => None,
        });
        let new: BTreeMap<_, _> = new.collect();
        let text = |chunk: &Chunk| match new.get(&chunk.sha256) {
            Some(text) => Ok((*text).clone()),
            None => {
                let bytes = self.objects.read(ObjectKind::Chunk, &chunk.sha256)?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
        };
        let script = pdiff::script(&after.name, &before.chunks, &after.chunks, text);
        let script: String = script.map_err(|error: PublishError| error)?;
        let file = |bytes: &[u8]| IndexFile {
            size: bytes.len() as u64,
            sha256: Sha256::of(bytes),
        };
        let download = gzip(script.as_bytes());
        let from = IndexFile {
            size: before.size,
            sha256: before.sha256,
        };
        let patch = Patch {
            from,
            script: file(script.as_bytes()),
            download: file(&download),
        };
        Ok((patch, download))
    }
}
